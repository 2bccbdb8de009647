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
        return self._streams() & document.index_of.keys()

    def _streams(self) -> set[str]:
        own = {f"{meter}.{name}" for meter in self.meters for name in ("energy", "state")}
        return piece_streams(self.assets) | own

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
        streams = present_streams(window, self._streams())
        coverage = coverage_list(view, claim.first, claim.last, streams)
        return outcome(value, reason, coverage, detail)


def _coefficients(window: Window) -> Coefficients:
    """Return the coefficients of the first configuration of the window."""
    return window.runs[0].plant.coefficients if window.runs else _NO_COEFFICIENTS


def _quantities(signals: Signals, meter: str) -> list[Quantity]:
    """Return what the registers that a configuration of the window has booked, by carrier in byte order.

    A register has the carrier of the first of these configurations.
    """
    window, stream = signals.window, f"{meter}.energy"
    by_carrier: dict[str, list[Counted]] = {}
    for one in signals.registers(meter, stream, _ROLES, elapsed):
        counter = configured(window.runs, stream, one.name, one.counts)
        if counter is not None:
            by_carrier.setdefault(carrier_of(counter.first), []).append(one)
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
    stand unchanged in every configuration of the window, and so must the carrier of every register.
    """
    row = _coefficients(window).rows.get(carrier)
    if row is None or any(plant.coefficients.rows.get(carrier) != row for plant in window.plants):
        return None
    role = Role.ENERGY if carrier == ELECTRICITY else Role.CONSUMPTION
    definitions = [
        signal
        for one in registers
        for plant in window.plants
        if (signal := plant.signals.get(stream, {}).get(one.name)) is not None
        and one.counts(signal)
    ]
    if any(signal.role is not role or carrier_of(signal) != carrier for signal in definitions):
        return None
    if role is Role.ENERGY:
        return row.kgce / 1000 if row.unit == "kW.h" else None
    return row.kgce if all(signal.unit == row.unit for signal in definitions) else None


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
