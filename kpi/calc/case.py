"""A whole case → every figure that it suffices for, its findings, published figures beside ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from kpi.calc.energy import EnergyInput, EnergyResult, energy_result
from kpi.calc.equipment import EquipmentResult, equipment_result
from kpi.calc.expected import (
    Agreement,
    Compared,
    Judged,
    Reached,
    by_name,
    compared,
    judged,
    nearest,
    threshold_of,
)
from kpi.calc.figure import Figure
from kpi.calc.findings import NOWHERE, CaseFinding, Place, Weight, of_plant
from kpi.calc.given import (
    CapabilityInput,
    OperationInput,
    capability_figures,
    number_figures,
    operation_figures,
)
from kpi.calc.inputs import EquipmentInput, WindowInput
from kpi.calc.loops import LoopResult, loop_result
from kpi.calc.notes import equipment_notes
from kpi.calc.periods import PeriodsInput, PeriodsResult, periods_result
from kpi.calc.points import PointResult, PointsInput, point_result
from kpi.calc.ratios import RatioFigures, RegistryInput, registry_figures
from kpi.calc.steps import CounterSteps, all_steps
from kpi.registry.automatic_control import LoopRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectInput:
    """A published figure."""

    figure: str
    value: str
    """As printed."""
    note_zh: str = ""
    note_en: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireInput:
    """A threshold."""

    figure: str
    value: str
    at_least: bool
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseInput:
    """Everything that a case holds; a part that it lacks is None or empty."""

    equipment: EquipmentInput | None = None
    numbers: Mapping[str, Fraction] = field(default_factory=dict)
    """By the symbols of ISO 22400-2."""
    capability: tuple[CapabilityInput, ...] = ()
    operations: tuple[OperationInput, ...] = ()
    registry: RegistryInput | None = None
    points: PointsInput | None = None
    energy: EnergyInput | None = None
    loops: tuple[LoopRecord, ...] = ()
    loop_window: WindowInput | None = None
    periods: PeriodsInput | None = None
    expect: tuple[ExpectInput, ...] = ()
    require: tuple[RequireInput, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """Everything that a case suffices for."""

    equipment: EquipmentResult | None
    steps: tuple[CounterSteps, ...]
    given: tuple[Figure, ...]
    ratios: RatioFigures | None
    points: PointResult | None
    energy: EnergyResult | None
    loops: LoopResult | None
    periods: PeriodsResult | None
    compared: tuple[Compared, ...]
    judged: tuple[Judged, ...]
    findings: tuple[CaseFinding, ...]

    def holds(self, findings: Iterable[CaseFinding] = ()) -> bool:
        """Return whether what a case says of itself holds; findings: those of reading it.

        No finding takes figures away, every published figure agrees or has a note, every threshold is reached.
        """
        agreed = (Agreement.EQUAL, Agreement.CUT)
        return (
            all(f.weight is not Weight.STOP for f in (*findings, *self.findings))
            and all(c.agreement in agreed or c.note_en for c in self.compared)
            and all(j.word is Reached.REACHED for j in self.judged)
        )

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return all figures in the order in which they are printed."""
        found: list[Figure] = []
        if self.equipment is not None:
            for one in self.equipment.machines:
                found += one.figures
            if self.equipment.group is not None:
                found += self.equipment.group.figures
        found += self.given
        for part in (self.ratios, self.points, self.energy, self.loops, self.periods):
            if part is not None:
                found += part.figures
        return tuple(found)


def calculate(case: CaseInput) -> CaseResult:
    """Return every figure of a case; raises ConfigError if its coefficient table lacks a carrier."""
    equipment = equipment_result(case.equipment) if case.equipment is not None else None
    machines = case.equipment.machines if case.equipment is not None else ()
    given = (
        *number_figures(dict(case.numbers)),
        *operation_figures(case.operations),
        *(f for c in case.capability for f in capability_figures(c)),
    )
    ratios = registry_figures(case.registry) if case.registry is not None else None
    points = point_result(case.points) if case.points is not None else None
    energy = energy_result(case.energy) if case.energy is not None else None
    window = case.loop_window
    loops = loop_result(case.loops, window) if case.loops and window is not None else None
    bare = CaseResult(
        equipment=equipment,
        steps=all_steps([(m.id, m.counters) for m in machines]),
        given=given,
        ratios=ratios,
        points=points,
        energy=energy,
        loops=loops,
        periods=periods_result(case.periods) if case.periods is not None else None,
        compared=(),
        judged=(),
        findings=(),
    )
    findings = [*equipment_notes(equipment.sums.machines)] if equipment is not None else []
    findings += [
        of_plant(f)
        for part in (ratios, points, energy, loops)
        if part is not None
        for f in part.findings
    ]
    return _beside(case, bare, findings)


def _beside(case: CaseInput, bare: CaseResult, findings: list[CaseFinding]) -> CaseResult:
    """Return the result with published figures and thresholds beside it."""
    figures = by_name(bare.figures)
    together, words = [], []
    for e in case.expect:
        figure = _named(e.figure, figures, e.place, findings)
        if figure is None:
            continue
        row = compared(e.figure, e.value, figure, (e.note_zh, e.note_en))
        if row is None:
            findings.append(_no_number(e.value, figure, e.place))
        else:
            together.append(row)
    for r in case.require:
        figure = _named(r.figure, figures, r.place, findings)
        if figure is None:
            continue
        threshold = threshold_of(r.value, figure)
        if threshold is None:
            findings.append(_no_number(r.value, figure, r.place))
        else:
            words.append(judged(r.figure, figure, threshold, at_least=r.at_least))
    return replace(bare, compared=tuple(together), judged=tuple(words), findings=tuple(findings))


def _named(
    name: str, figures: Mapping[str, Figure], place: Place, findings: list[CaseFinding]
) -> Figure | None:
    if name in figures:
        return figures[name]
    near = nearest(name, figures)
    findings.append(
        CaseFinding(
            name="expect.no-such-figure",
            weight=Weight.STOP,
            zh=f"案例没有得出“{name}”这个指标",
            en=f"the case gives no figure {name!r}",
            place=place,
            hint_zh=f"是不是想写 {near} ？" if near else "",
            hint_en=f"did you mean {near} ?" if near else "",
        )
    )
    return None


def _no_number(text: str, figure: Figure, place: Place) -> CaseFinding:
    return CaseFinding(
        name="expect.not-comparable",
        weight=Weight.STOP,
        zh=f"“{text}”不是可与 {figure.name} 比较的数：单位应与指标相符（比率写 %，时间写 h、min、s）",
        en=f"{text!r} cannot be compared with {figure.name}: write a number in its unit (% for a ratio, h, min or s "
        "for a time)",
        place=place,
    )
