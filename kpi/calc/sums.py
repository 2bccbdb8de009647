"""Machines of a case → `EquipmentSums` for the formula layer, by the engine wherever the case has instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

from kpi.calc.inputs import EquipmentInput, MachineInput, PieceInput, TimeInput
from kpi.calc.log import log_id, workspace
from kpi.calc.needs import Need
from kpi.equipment.piece_rows import GOOD, REWORK, SCRAP, TOTAL, Counts
from kpi.equipment.product_line import Ideal
from kpi.equipment.space import equipment_space
from kpi.equipment.sums import EquipmentSums, PieceRow
from kpi.workspace import Workspace
from model.state import Atom

Key = tuple[str, tuple[Atom, ...], bool]
"""A divided time: its name, the atoms that it may be, and whether its machine counts in OEE."""
Choice = Mapping[Key, Atom]
"""The atom that each divided time is wholly in."""


@dataclass(frozen=True, slots=True)
class MachineSums:
    """One machine: its sums for every way in which its divided time may lie in whole atoms."""

    machine: MachineInput
    variants: tuple[EquipmentSums, ...]
    """At least one; several where the case gives time of several atoms as one number."""
    given: frozenset[Need]

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the divided times, the first varying slowest in `variants`."""
        time, counted = self.machine.time, self.variants[0].has_ideal
        return tuple((s.name, s.atoms, counted) for s in time.splits) if time is not None else ()

    def variant(self, choice: Choice) -> EquipmentSums:
        """Return the sums for one choice."""
        at = 0
        for key in self.keys:
            at = at * len(key[1]) + key[1].index(choice[key])
        return self.variants[at]


@dataclass(frozen=True, slots=True)
class CaseSums:
    """All machines, and the log that the engine read where the case has instants."""

    machines: tuple[MachineSums, ...]
    work: Workspace | None


def case_sums(case: EquipmentInput) -> CaseSums:
    """Return the sums of every machine; the engine reads states and counters, hand-written sums stand as they are."""
    work = None
    if case.window is not None and any(m.spans or m.counters for m in case.machines):
        work = workspace(case, case.window)
    return CaseSums(tuple(_machine(case, m, work) for m in case.machines), work)


def _machine(case: EquipmentInput, machine: MachineInput, work: Workspace | None) -> MachineSums:
    read = work is not None and bool(machine.spans or machine.counters)
    sums = equipment_space(work).sums(log_id(machine.id)) if work and read else _nothing(machine)
    sums = replace(sums, asset=machine.id)
    if machine.pieces:
        sums = _with_pieces(sums, machine)
    elif not machine.counters:
        sums = replace(sums, rows=(), measured=False, bounds=None, gaps=())
    if machine.failures is not None:
        sums = replace(sums, failures=machine.failures)
    if machine.repairs is not None and machine.repair_ms is not None:
        sums = replace(sums, repairs=machine.repairs, repair_ms=machine.repair_ms)
    variants: tuple[EquipmentSums, ...] = (sums,)
    if machine.time is not None:
        variants = tuple(replace(sums, atoms=atoms) for atoms in _divided(machine.time))
    return MachineSums(
        machine, variants, _given(machine, variants[0], planned=read and case.plan is not None)
    )


def _given(machine: MachineInput, sums: EquipmentSums, *, planned: bool) -> frozenset[Need]:
    """Return what is known of a machine; planned: the engine read it under a calendar, states or counters alone."""
    events = planned and bool(machine.spans)
    found = {
        Need.TIME: planned or machine.time is not None,
        Need.CALENDAR: machine.time.whole if machine.time is not None else planned,
        Need.COUNTS: bool(sums.rows),
        Need.IDEAL: sums.has_ideal,
        Need.REJECTS: bool(sums.rows) and all(r.scrap is not None for r in sums.rows),
        Need.FAILURES: events or machine.failures is not None,
        Need.REPAIRS: events or (machine.repairs is not None and machine.repair_ms is not None),
    }
    return frozenset(need for need, known in found.items() if known)


def _nothing(machine: MachineInput) -> EquipmentSums:
    return EquipmentSums(
        asset=machine.id,
        atoms=dict.fromkeys(Atom, 0),
        rows=(),
        measured=False,
        has_ideal=any(p.ideal_cycle_ms > 0 for p in machine.products),
    )


def _with_pieces(sums: EquipmentSums, machine: MachineInput) -> EquipmentSums:
    """Return the sums with the counted pieces of the case; they replace what counters say."""
    rows = tuple(_row(p, machine) for p in machine.pieces)
    return replace(
        sums,
        rows=rows,
        measured=all(r.good is not None for r in rows),
        has_ideal=any(p.ideal_cycle_ms > 0 for p in machine.products),
        bounds=None,
        gaps=(),
    )


def _row(piece: PieceInput, machine: MachineInput) -> PieceRow:
    """Return a row by the rule of the engine: made and good follow from the roles that are given."""
    given = (
        (GOOD, piece.good),
        (SCRAP, piece.scrap),
        (TOTAL, piece.made),
        (REWORK, piece.rework),
    )
    counts = Counts(
        sum(bit for bit, n in given if n is not None),
        *(n if n is not None else 0 for _, n in given),
    )
    ideal = _ideal(piece.product, machine)
    return PieceRow(
        product=piece.product,
        ideal_low=ideal.low,
        ideal_high=ideal.high,
        made=counts.made,
        good=counts.good,
        scrap=counts.scrap,
        rework=counts.rework,
    )


def _ideal(name: str, machine: MachineInput) -> Ideal:
    """Return the ideal cycle of a product; of a product without one the least and greatest of the machine."""
    known = {p.id: p.ideal_cycle_ms for p in machine.products if p.ideal_cycle_ms > 0}
    if name in known:
        return Ideal(known[name], known[name])
    return Ideal(min(known.values(), default=None), max(known.values(), default=None))


def _divided(time: TimeInput) -> list[dict[Atom, int]]:
    """Return the atoms for every choice of one whole atom for each divided time."""
    found = []
    for choice in product(*(s.atoms for s in time.splits)):
        atoms = dict(time.atoms)
        for split, atom in zip(time.splits, choice, strict=True):
            atoms[atom] += split.ms
        found.append(atoms)
    return found
