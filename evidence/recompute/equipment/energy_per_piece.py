"""`energy-per-piece/2`: booked Wh of meters per good piece, counted by equipment statistics (claims.md §5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
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
from evidence.recompute.equipment.oee_claim import asset_statistics, piece_streams
from evidence.recompute.equipment.registers import Mark
from evidence.recompute.equipment.signals import Counted, Signals, elapsed, signals_of
from evidence.recompute.equipment.statistics import AssetStatistics
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.view import LogView
from evidence.recompute.window import window_of
from evidence.statement import Claim
from model.signal import Role

NAME: Final = "energy-per-piece/2"


def listed_streams(meters: Iterable[str], assets: Iterable[str]) -> set[str]:
    """Return the streams that are needed and listed; the state stream of a meter holds its uptime."""
    kinds = ("energy", "state")
    return piece_streams(assets) | {f"{meter}.{kind}" for meter in meters for kind in kinds}


def energy_registers(signals: Signals, meter: str) -> list[Counted]:
    """Return the energy registers of a meter, spread over elapsed time."""
    return signals.registers(meter, f"{meter}.energy", (Role.ENERGY,), elapsed)


@dataclass(frozen=True, slots=True)
class EnergyPerPiece:
    """A claim of `energy-per-piece/2`; parameters: meters, assets."""

    claim: Claim
    meters: tuple[str, ...]
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the streams of meters and assets that are needed."""
        return listed_streams(self.meters, self.assets) & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ Wh / Σ good pieces."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        require_assets(claim, window, (*self.meters, *self.assets))
        signals = signals_of(view, window)
        energies = [_energy(signals, meter) for meter in self.meters]
        everyone = asset_statistics(view, window, self.assets)
        known = [wh for _, wh in energies if wh is not None]
        value = None
        if len(known) < len(energies):
            reason = "no_energy"
        elif not all(one.measured for one in everyone):
            reason = "no_reject_signal"
        else:
            reason = "no_pieces"
            value = ratio(sum(known), sum(good_pieces(one) for one in everyone))
        streams = present_streams(window, listed_streams(self.meters, self.assets))
        coverage = coverage_list(view, claim.first, claim.last, streams)
        detail: dict[str, Json] = {
            "good": [_good(one) for one in everyone],
            "wh": [fields for fields, _ in energies],
        }
        return outcome(value, reason, coverage, detail)


def good_pieces(one: AssetStatistics) -> int:
    """Return the good pieces over the rows that know them."""
    return sum(row.good or 0 for row in one.rows)


def _good(one: AssetStatistics) -> Json:
    return {"asset": one.asset, "good": good_pieces(one)} if one.measured else {"asset": one.asset}


def _energy(signals: Signals, meter: str) -> tuple[Json, int | None]:
    """Return the object of a meter, and its Wh: None without any accepted reading."""
    window = signals.window
    registers = [one.register for one in energy_registers(signals, meter)]
    marks = [one.marks for one in registers]
    fields: dict[str, Json] = {
        "meter": meter,
        "quarantined": sum(one[Mark.QUARANTINED] for one in marks),
        "reset": sum(one[Mark.RESET] + one[Mark.RESTART] for one in marks),
    }
    if all(one.first is None for one in registers):
        return fields, None
    booked = (
        one.bookings.until(window.end) - one.bookings.until(window.start) for one in registers
    )
    fields["wh"] = wh = sum(booked)
    return fields, wh


def plan_energy_per_piece(claim: Claim) -> EnergyPerPiece:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    meters, assets = parameters.ids("meters"), parameters.ids("assets")
    parameters.finish("W.h")
    return EnergyPerPiece(claim, meters, assets)
