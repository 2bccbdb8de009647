"""Claim `unit-energy/1` (docs/formats/claims.md §5): standard coal of meters / weighted good pieces of assets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.claims import ClaimResult, Json, UnitEnergyClaim, result
from kpi.document_types import ELECTRICITY, SignalSpec
from kpi.equipment.asset_cells import REGISTER_ROLES
from kpi.equipment.cells import CounterId
from kpi.equipment.piece_rows import piece_rows
from kpi.equipment.product_line import weight_of
from kpi.equipment.space import EquipmentSpace, equipment_space
from kpi.exact import quotient, written
from kpi.history import ConfigSegment
from kpi.reasons import Reason
from kpi.workspace import Workspace
from model.signal import Role

ENERGY_UNIT: Final = "kW.h"
"""Unit of the coefficient of an energy register, which books W.h."""
_WH_A_UNIT: Final = 1000


@dataclass(frozen=True, slots=True)
class CarrierSum:
    """What the registers of one meter book of one carrier."""

    meter: str
    carrier: str
    quantity: int | None
    """In booked units; None = a register gave no reading."""
    factor: Fraction | None
    """kgce a booked unit; None = no coefficient that holds all the time."""
    marks: Mapping[str, int]
    """Readings of the window by mark, positive ones only."""

    @property
    def kgce(self) -> Fraction | None:
        """Return the standard coal of it, None if quantity or coefficient is not known."""
        if self.quantity is None or self.factor is None:
            return None
        return self.quantity * self.factor


@dataclass(frozen=True, slots=True)
class WeightedGood:
    """Good pieces of one asset, each with the weight of its product; None = not measured."""

    asset: str
    good: int | None
    weighted: Fraction | None


def unit_energy(work: Workspace, request: UnitEnergyClaim) -> ClaimResult:
    """Return kgce per weighted good piece with the coefficients of the first configuration of the window."""
    work.require(request.meters, "meters")
    work.require(request.assets, "assets")
    space = equipment_space(work)
    meters = sorted(set(request.meters))
    carriers = [c for m in meters for c in carrier_sums(space, m)]
    good = [weighted_good(space, a) for a in sorted(set(request.assets))]
    detail: dict[str, Json] = {
        "coefficients": work.parts[0].document.coefficients.id,
        "good": [_good_detail(g) for g in good],
        "meters": [_carrier_detail(c) for c in carriers],
    }
    if any(c.factor is None for c in carriers):
        return result(None, Reason.NO_COEFFICIENT, detail)
    coal = [c.kgce for c in carriers if c.kgce is not None]
    if len(coal) < len(carriers) or {c.meter for c in carriers} < set(meters):
        return result(None, Reason.NO_ENERGY, detail)
    weighted = [g.weighted for g in good if g.weighted is not None]
    if len(weighted) < len(good):
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    pieces = sum(weighted, Fraction(0))
    value = quotient(sum(coal, Fraction(0)), pieces) if pieces > 0 else None
    return result(value, Reason.NO_PIECES, detail)


def carrier_sums(space: EquipmentSpace, meter: str) -> list[CarrierSum]:
    """Return what the registers that a configuration of the window has book, by carrier."""
    by_carrier: dict[str, list[_Register]] = {}
    for register in _registers(meter, space.work.parts):
        by_carrier.setdefault(register.carrier, []).append(register)
    return [
        _carrier_sum(space, meter, carrier, by_carrier[carrier])
        for carrier in sorted(by_carrier, key=str.encode)
    ]


def _carrier_sum(
    space: EquipmentSpace, meter: str, carrier: str, registers: Sequence[_Register]
) -> CarrierSum:
    low, high = space.work.span.start_ms, space.work.span.end_ms
    counters = space.record(meter).counters
    quantities = {(r.role, r.signal): r.quantity for r in space.sums(meter).registers}
    booked = [counters[CounterId(r.role, r.signal)].booked for r in registers]
    factors = {r.factor for r in registers}
    return CarrierSum(
        meter,
        carrier,
        sum(quantities.get((r.role, r.signal), 0) for r in registers)
        if all(b.answered for b in booked)
        else None,
        factors.pop() if len(factors) == 1 else None,
        Counter(mark.value for b in booked for tau, mark in b.marks if low <= tau < high),
    )


def weighted_good(space: EquipmentSpace, asset: str) -> WeightedGood:
    """Return the good pieces of an asset and their weight."""
    if not space.sums(asset).measured:
        return WeightedGood(asset, None, None)
    cells = space.cells(asset)
    rows = piece_rows(cells, np.ones(len(cells.table), dtype=np.bool_))
    good, weighted = 0, Fraction(0)
    for p in rows.parts:
        n = p.counts.good or 0
        good += n
        weighted += n * weight_of(cells.documents[p.part], asset, p.product)
    return WeightedGood(asset, good, weighted)


@dataclass(frozen=True, slots=True)
class _Register:
    role: Role
    signal: str
    carrier: str
    factor: Fraction | None
    """kgce a booked unit; None = no coefficient that holds all the time."""


def _registers(meter: str, parts: Sequence[ConfigSegment]) -> list[_Register]:
    """Return the registers that a meter has in some configuration of the window."""
    specs: dict[tuple[Role, str], list[SignalSpec]] = {}
    for part in parts:
        for role in REGISTER_ROLES:
            for spec in part.document.signals_of(meter, role):
                specs.setdefault((role, spec.name), []).append(spec)
    return [
        _Register(role, name, _carrier(found[0]), _factor(found, parts))
        for (role, name), found in specs.items()
    ]


def _carrier(spec: SignalSpec) -> str:
    """Return the carrier of a register: electricity if it names none."""
    return spec.carrier or ELECTRICITY


def _factor(specs: Sequence[SignalSpec], parts: Sequence[ConfigSegment]) -> Fraction | None:
    """Return kgce a booked unit of a register if carrier, unit and coefficient stay the same in the window."""
    carrier, is_energy = _carrier(specs[0]), specs[0].role is Role.ENERGY
    rows = {p.document.coefficients.row(carrier) for p in parts}
    row = parts[0].document.coefficients.row(carrier)
    if row is None or len(rows) > 1 or any(_carrier(s) != carrier for s in specs):
        return None
    if is_energy is not (carrier == ELECTRICITY):
        return None
    if is_energy:
        return row.kgce / _WH_A_UNIT if row.unit == ENERGY_UNIT else None
    return row.kgce if all(s.unit == row.unit for s in specs) else None


def _good_detail(g: WeightedGood) -> Json:
    found: dict[str, Json] = {"asset": g.asset}
    if g.good is not None and g.weighted is not None:
        found |= {"good": g.good, "weighted": written(g.weighted)}
    return found


def _carrier_detail(c: CarrierSum) -> Json:
    found: dict[str, Json] = {
        "carrier": c.carrier,
        "kgce": written(c.kgce),
        "marks": dict(c.marks),
        "meter": c.meter,
    }
    if c.quantity is not None:
        found["quantity"] = c.quantity
    return found
