"""`energy-per-piece/1`: booked Wh of meters per good piece of assets (claims.md §4)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    present_streams,
    ratio,
    require_assets,
)
from evidence.recompute.counters import Mark
from evidence.recompute.daily import daily_of
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.view import LogView
from evidence.statement import Claim

NAME: Final = "energy-per-piece/1"


def energy_streams(meters: tuple[str, ...], assets: tuple[str, ...]) -> set[str]:
    """Return the streams that the claim states coverage of."""
    return {f"{meter}.energy" for meter in meters} | {f"{asset}.count" for asset in assets}


def used_streams(meters: tuple[str, ...], assets: tuple[str, ...]) -> set[str]:
    """Return the streams whose rows are needed: counts are spread over the states of their asset."""
    return energy_streams(meters, assets) | {f"{asset}.state" for asset in assets}


@dataclass(frozen=True, slots=True)
class EnergyPerPiece:
    """A claim of `energy-per-piece/1`; parameters: meters, assets."""

    claim: Claim
    meters: tuple[str, ...]
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the energy streams of the meters, count and state streams of the assets."""
        return used_streams(self.meters, self.assets) & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ Wh / Σ good pieces."""
        claim = self.claim
        daily = daily_of(view, claim.first, claim.last, claim.lead, claim.grace)
        window = daily.window
        require_assets(claim, window, (*self.meters, *self.assets))
        energies: list[Json] = []
        total_wh, silent = 0, False
        for meter in self.meters:
            counting = daily.energy(meter)
            marks = counting.marks
            wh = sum(counting.booked(len(daily.days)))
            fields: dict[str, Json] = {
                "meter": meter,
                "quarantined": marks[Mark.QUARANTINED],
                "reset": marks[Mark.RESET],
            }
            if counting.accepted_between(window.visible_from, window.end):
                fields["wh"] = wh
                total_wh += wh
            else:
                silent = True
            energies.append(fields)
        counts = [daily.figures(asset).count("good") for asset in self.assets]
        pieces: list[Json] = [
            {"asset": asset} if good is None else {"asset": asset, "good": good}
            for asset, good in zip(self.assets, counts, strict=True)
        ]
        known = [good for good in counts if good is not None]
        value = None
        if silent:
            reason = "no_energy"
        elif len(known) < len(counts):
            reason = "no_reject_signal"
        else:
            reason = "no_pieces"
            value = ratio(total_wh, sum(known))
        streams = present_streams(window, energy_streams(self.meters, self.assets))
        coverage = coverage_list(view, claim.first, claim.last, streams)
        return outcome(value, reason, coverage, {"good": pieces, "wh": energies})


def plan_energy_per_piece(claim: Claim) -> EnergyPerPiece:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    meters, assets = parameters.ids("meters"), parameters.ids("assets")
    parameters.finish("W.h")
    return EnergyPerPiece(claim, meters, assets)
