"""`unit-energy/1`: standard coal equivalent of all carriers per weighted good piece (claims.md §5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import (
    Parameters,
    coverage_list,
    outcome,
    present_streams,
    ratio,
    require_assets,
    text_of,
)
from evidence.recompute.energy import used_streams
from evidence.recompute.equipment.exact import exact_sum, known_sum
from evidence.recompute.equipment.gaps import configured
from evidence.recompute.equipment.oee_claim import asset_statistics, piece_streams
from evidence.recompute.equipment.registers import Mark
from evidence.recompute.equipment.signals import Counted, Signals, elapsed, signals_of
from evidence.recompute.equipment.statistics import AssetStatistics
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.plant_model import Coefficients, PlantSignal
from evidence.recompute.view import LogView
from evidence.recompute.window import Window, window_of
from evidence.statement import Claim
from model.signal import Role

NAME: Final = "unit-energy/1"
ELECTRICITY: Final = "electricity"
_ROLES: Final = (Role.ENERGY, Role.CONSUMPTION)
_NO_COEFFICIENTS: Final = Coefficients("", {})


def carrier_of(signal: PlantSignal) -> str:
    """Return the carrier of a register; without one it is electricity."""
    return signal.carrier or ELECTRICITY


class Quantity(NamedTuple):
    """What one meter booked of one carrier, in booked units; None if a register of it has no accepted reading."""

    meter: str
    carrier: str
    booked: int | None
    coefficient: Fraction | None
    """Standard coal equivalent of one booked unit in kg, None if there is none."""
    marks: Mapping[Mark, int]

    @property
    def kgce(self) -> Fraction | None:
        """Return the standard coal equivalent in kg."""
        if self.booked is None or self.coefficient is None:
            return None
        return self.booked * self.coefficient


@dataclass(frozen=True, slots=True)
class UnitEnergy:
    """A claim of `unit-energy/1`; parameters: meters, assets."""

    claim: Claim
    meters: tuple[str, ...]
    assets: tuple[str, ...]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the streams of meters and assets; the state stream of a meter holds its uptime."""
        uptime = {f"{meter}.state" for meter in self.meters}
        return (used_streams(self.meters, self.assets) | uptime) & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ kgce of the meters / Σ weighted good pieces of the assets."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        require_assets(claim, window, (*self.meters, *self.assets))
        signals = signals_of(view, window)
        quantities = [one for meter in self.meters for one in _quantities(signals, meter)]
        everyone = asset_statistics(view, window, self.assets)
        known = {one.meter for one in quantities}
        value = None
        if any(one.coefficient is None for one in quantities):
            reason = "no_coefficient"
        elif any(one.booked is None for one in quantities) or known != set(self.meters):
            reason = "no_energy"
        elif not all(one.measured for one in everyone):
            reason = "no_reject_signal"
        else:
            reason = "no_pieces"
            pieces = exact_sum(_weighted(one) for one in everyone)
            if pieces > 0:
                value = ratio(known_sum(one.kgce for one in quantities), pieces)
        coefficients = _coefficients(window)
        detail: dict[str, Json] = {
            "coefficients": coefficients.id,
            "good": [_good(one) for one in everyone],
            "meters": [_meter(one) for one in quantities],
        }
        wanted = piece_streams(self.assets) | {f"{meter}.energy" for meter in self.meters}
        streams = present_streams(window, wanted)
        coverage = coverage_list(view, claim.first, claim.last, streams)
        return outcome(value, reason, coverage, detail)


def _coefficients(window: Window) -> Coefficients:
    """Return the coefficients of the first configuration of the window."""
    return window.runs[0].plant.coefficients if window.runs else _NO_COEFFICIENTS


def _quantities(signals: Signals, meter: str) -> list[Quantity]:
    """Return what a meter booked, by carrier in byte order."""
    window, stream = signals.window, f"{meter}.energy"
    by_carrier: dict[str, list[Counted]] = {}
    for one in signals.registers(meter, stream, _ROLES, elapsed, carrier_of):
        if configured(window.runs, stream, one.name, one.counts) is None and not _booked(
            one, window
        ):
            continue  # of a configuration before or after the window alone
        by_carrier.setdefault(one.carrier, []).append(one)
    found = []
    for carrier in sorted(by_carrier):
        registers = by_carrier[carrier]
        answered = all(one.register.first is not None for one in registers)
        found.append(
            Quantity(
                meter,
                carrier,
                sum(_booked(one, window) for one in registers) if answered else None,
                _coefficient(window, stream, carrier, registers),
                sum((one.register.marks for one in registers), Counter[Mark]()),
            )
        )
    return found


def _booked(one: Counted, window: Window) -> int:
    bookings = one.register.bookings
    return bookings.until(window.end) - bookings.until(window.start)


def _coefficient(
    window: Window, stream: str, carrier: str, registers: Sequence[Counted]
) -> Fraction | None:
    """Return the kgce of one booked unit of the registers of one carrier, None if there is no coefficient for it.

    Electricity is booked in W.h and its row is a kW.h; another carrier is booked in the unit of its row. The row must
    stand unchanged in every configuration of the window.
    """
    row = _coefficients(window).rows.get(carrier)
    if row is None or any(plant.coefficients.rows.get(carrier) != row for plant in window.plants):
        return None
    if carrier == ELECTRICITY:
        energy = all(one.role is Role.ENERGY for one in registers)
        return row.kgce / 1000 if energy and row.unit == "kW.h" else None
    if any(one.role is not Role.CONSUMPTION for one in registers):
        return None
    units = {unit for one in registers for unit in _units(window, stream, one)}
    return row.kgce if units == {row.unit} else None


def _units(window: Window, stream: str, one: Counted) -> set[str]:
    """Return the units of a register in the window; if no configuration of it has it, those that its rows came in."""
    for plants in (window.plants, window.sealing_plants):
        signals = [plant.signals.get(stream, {}).get(one.name) for plant in plants]
        units = {signal.unit for signal in signals if signal is not None and one.counts(signal)}
        if units:
            return units
    return set()


def _weighted(one: AssetStatistics) -> Fraction:
    """Return Σ good × weight of the product."""
    return exact_sum((row.good or 0) * row.key.weight for row in one.rows)


def _good(one: AssetStatistics) -> Mapping[str, Json]:
    if not one.measured:
        return {"asset": one.asset}
    good = sum(row.good or 0 for row in one.rows)
    return {"asset": one.asset, "good": good, "weighted": text_of(_weighted(one))}


def _meter(one: Quantity) -> Mapping[str, Json]:
    fields: dict[str, Json] = {
        "carrier": one.carrier,
        "kgce": text_of(one.kgce),
        "marks": {mark.value: count for mark, count in one.marks.items() if count},
        "meter": one.meter,
    }
    if one.booked is not None:
        fields["quantity"] = one.booked
    return fields


def plan_unit_energy(claim: Claim) -> UnitEnergy:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    meters, assets = parameters.ids("meters"), parameters.ids("assets")
    parameters.finish("kgce")
    return UnitEnergy(claim, meters, assets)
