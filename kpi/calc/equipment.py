"""Figures of machines: every indicator of every school that the case suffices for, by the formula layer.

Where a case gives time of several atoms as one number, the formulas run once for every whole atom that it may be: a
ratio linear in the times has its least and greatest value there, so what they have in common is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, product
from math import prod
from typing import Final

from kpi.calc.figure import Figure, figure_of
from kpi.calc.inputs import EquipmentInput
from kpi.calc.needs import NEEDS, NEVER, Need
from kpi.calc.sums import CaseSums, MachineSums, case_sums
from kpi.equipment.indicator import Operand, Result
from kpi.equipment.iso22400 import equipment_indicators
from kpi.equipment.schools import school_indicators
from kpi.equipment.sums import EquipmentSums
from kpi.profiles import Profile
from model.ratio import Undefined

_OTHERS: Final = (Profile.TPM, Profile.SEMI_E10, Profile.VDI3423)
MOST_WAYS: Final = 1024
"""With more ways to divide the time of a group, a figure that depends on it gets no range."""
Group = tuple[EquipmentSums, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Figures that the case does not suffice for, and what they lack."""

    machine: str
    lacks: frozenset[Need]
    figures: tuple[str, ...]
    """By `school/indicator`."""


@dataclass(frozen=True, slots=True)
class EquipmentFigures:
    """Figures of one machine, or of all together (machine "")."""

    machine: str
    figures: tuple[Figure, ...]
    missing: tuple[Missing, ...]
    never: tuple[Figure, ...]
    """Indicators that are not stated whatever is given, with the reason."""


@dataclass(frozen=True, slots=True)
class EquipmentResult:
    """All machines of a case."""

    machines: tuple[EquipmentFigures, ...]
    group: EquipmentFigures | None
    """None with one machine, or if the case says that they are no group."""
    sums: CaseSums


def equipment_result(case: EquipmentInput) -> EquipmentResult:
    """Return every figure of equipment that the case suffices for."""
    sums = case_sums(case)
    single = len(sums.machines) == 1
    machines = tuple(_figures([m], m.machine.id) for m in sums.machines)
    group = _figures(sums.machines, "") if not single and case.group else None
    return EquipmentResult(machines, group, sums)


def _figures(members: Sequence[MachineSums], name: str) -> EquipmentFigures:
    given = _common(members)
    merged = _merged(members, ideal=Need.IDEAL in given)
    found, never, lacking = [], [], dict[frozenset[Need], list[str]]()
    for result in merged:
        figure = figure_of(result, name)
        lacks = NEEDS[figure.id] - given
        if figure.id in NEVER:
            never.append(figure)
        elif lacks:
            lacking.setdefault(lacks, []).append(figure.id)
        else:
            found.append(figure)
    missing = tuple(Missing(name, lacks, tuple(ids)) for lacks, ids in lacking.items())
    return EquipmentFigures(name, tuple(found), missing, tuple(never))


def _common(members: Sequence[MachineSums]) -> frozenset[Need]:
    """Return what all members give; one ideal cycle is enough, as the others are then left out of OEE."""
    common = frozenset(Need).intersection(*(m.given for m in members))
    return common | {Need.IDEAL} if any(Need.IDEAL in m.given for m in members) else common


def _merged(members: Sequence[MachineSums], *, ideal: bool) -> list[Result]:
    """Return the results over every way to divide the time of the members.

    Machines that call a time alike divide it alike: a figure of a group depends on sums over the group alone, and the
    sums that divisions of each machine can reach are those of the joint ones.
    """
    keys = list(dict.fromkeys(k for m in members for k in m.keys))
    if prod(len(atoms) for _, atoms, _ in keys) <= MOST_WAYS:
        choices = product(*(atoms for _, atoms, _ in keys))
        joint = (dict(zip(keys, choice, strict=True)) for choice in choices)
        groups: Iterable[Group] = (tuple(m.variant(c) for m in members) for c in joint)
        return _over(groups, ideal=ideal, exact=True)
    return _over(_one_by_one(members), ideal=ideal, exact=False)


def _one_by_one(members: Sequence[MachineSums]) -> Iterable[Group]:
    """Return groups in which one member at a time is varied: enough to see whether a sum depends on it at all."""
    first = tuple(m.variants[0] for m in members)
    yield first
    for i, m in enumerate(members):
        for variant in islice(m.variants, 1, None):
            yield (*first[:i], variant, *first[i + 1 :])


def _over(groups: Iterable[Group], *, ideal: bool, exact: bool) -> list[Result]:
    columns = zip(*(_results(g, ideal=ideal) for g in groups), strict=True)
    return [_common_result(column, exact=exact) for column in columns]


def _results(group: Group, *, ideal: bool) -> list[Result]:
    """Return every indicator of every school for one group.

    Without any ideal cycle all members count as having one: only indicators that need none are kept then, and the
    quality ratio by pieces is one of them.
    """
    members = group if ideal else tuple(replace(s, has_ideal=True) for s in group)
    return [
        *equipment_indicators(members),
        *(r for school in _OTHERS for r in school_indicators(members, school)),
    ]


def _common_result(column: Sequence[Result], *, exact: bool) -> Result:
    """Return the result that all ways to divide the time have in common, else their range."""
    first = column[0]
    if all(r == first for r in column):
        return first
    known = [r for r in column if isinstance(r.value, Fraction)]
    value = first.value if len({r.value for r in column}) == 1 else _UNDIVIDED
    common = replace(first, value=value, operands=_shared(column))
    if not exact or not known:
        return common if value is first.value else replace(common, low=None, high=None)
    lows = [r.value if r.low is None else r.low for r in known]
    highs = [r.value if r.high is None else r.high for r in known]
    vanishing = any(
        isinstance(r.value, Undefined) and r.operands and r.operands[0].value > 0 for r in column
    )
    open_low = any(r.open_low for r in known)
    open_high = vanishing or any(r.open_high for r in known)
    return replace(
        common,
        low=None if open_low else min(x for x in lows if isinstance(x, Fraction)),
        high=None if open_high else max(x for x in highs if isinstance(x, Fraction)),
        open_low=open_low,
        open_high=open_high,
    )


def _shared(column: Sequence[Result]) -> tuple[Operand, ...]:
    """Return the numbers put in that do not depend on how the time is divided."""
    return tuple(o for o in column[0].operands if all(o in r.operands for r in column))


_UNDIVIDED: Final = Undefined(
    "depends on how the time given as one number is divided",
    "取决于合写的时间如何划分",
)
