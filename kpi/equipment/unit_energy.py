"""Claim `unit-energy/1` (docs/formats/claims.md §5): standard coal of meters / weighted good pieces of assets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from kpi.claims import ClaimResult, Json, UnitEnergyClaim, result
from kpi.document_types import ELECTRICITY, SignalSpec
from kpi.equipment.asset_cells import REGISTER_ROLES
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
    """In booked units; None = no register gave a reading."""
    kgce: Fraction | None
    """Standard coal of it; None = no coefficient, or another one later in the window."""


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
    if {c.meter for c in carriers if c.quantity is not None} < set(meters):
        return result(None, Reason.NO_ENERGY, detail)
    coal = [c.kgce for c in carriers if c.kgce is not None]
    if len(coal) < len(carriers):
        return result(None, Reason.NO_COEFFICIENT, detail)
    weighted = [g.weighted for g in good if g.weighted is not None]
    if len(weighted) < len(good):
        return result(None, Reason.NO_REJECT_SIGNAL, detail)
    pieces = sum(weighted, Fraction(0))
    value = quotient(sum(coal, Fraction(0)), pieces) if pieces > 0 else None
    return result(value, Reason.NO_PIECES, detail)


def carrier_sums(space: EquipmentSpace, meter: str) -> list[CarrierSum]:
    """Return what the registers of a meter book, by carrier."""
    answered = space.cells(meter).registers_answered
    booked = {(r.role, r.signal): r.quantity for r in space.sums(meter).registers}
    found: dict[str, CarrierSum] = {}
    for register in _registers(meter, space.work.parts):
        name = register.carrier
        before = found.get(name, CarrierSum(meter, name, None, Fraction(0)))
        quantity, kgce = before.quantity, before.kgce
        if register.signal in answered:
            n = booked.get((register.role, register.signal), 0)
            quantity = (quantity or 0) + n
            kgce = None if kgce is None or register.factor is None else kgce + n * register.factor
        elif register.factor is None:
            kgce = None
        found[name] = CarrierSum(meter, name, quantity, kgce)
    return [found[name] for name in sorted(found, key=str.encode)]


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
    """Return the carrier of a register: electricity if an energy register names none."""
    return spec.carrier or (ELECTRICITY if spec.role is Role.ENERGY else "")


def _factor(specs: Sequence[SignalSpec], parts: Sequence[ConfigSegment]) -> Fraction | None:
    """Return kgce a booked unit of a register if carrier, unit and coefficient stay the same in the window."""
    carrier = _carrier(specs[0])
    rows = {p.document.coefficients.row(carrier) for p in parts}
    row = parts[0].document.coefficients.row(carrier)
    if row is None or len(rows) > 1 or any(_carrier(s) != carrier for s in specs):
        return None
    if specs[0].role is Role.ENERGY:
        return row.kgce / _WH_A_UNIT if row.unit == ENERGY_UNIT else None
    return row.kgce if all(s.unit == row.unit for s in specs) else None


def _good_detail(g: WeightedGood) -> Json:
    found: dict[str, Json] = {"asset": g.asset}
    if g.good is not None and g.weighted is not None:
        found |= {"good": g.good, "weighted": written(g.weighted)}
    return found


def _carrier_detail(c: CarrierSum) -> Json:
    found: dict[str, Json] = {"carrier": c.carrier, "kgce": written(c.kgce), "meter": c.meter}
    if c.quantity is not None:
        found["quantity"] = c.quantity
    return found
