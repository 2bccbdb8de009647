"""Registry of a case → every ratio of it, with the names that stand above and below each line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from kpi.calc.figure import Figure, Listed
from kpi.equipment.indicator import Operand
from kpi.findings import Finding
from kpi.registry.content import Registry
from kpi.registry.equipment_ratios import (
    digital_equipment_rate,
    key_equipment_nc_rate,
    key_process_nc_rate,
    key_process_nc_rate_by_process,
    manufacturing_nc_rate,
    nc_ratio,
    smart_share,
)
from kpi.registry.networked_ratios import (
    key_equipment_networked,
    networked,
    production_networked_of_smart,
    smart_networked_share,
)
from kpi.registry.period import RegistryVersion, over_period, registry_findings
from kpi.registry.ratio_readings import EquipmentRatio, Reading

_PERIOD: tuple[int, int] = (0, 1)
"""A registry written by hand holds at one instant."""


@dataclass(frozen=True, slots=True)
class RegistryInput:
    """A registry, and which of its assets were seen alive over the network."""

    registry: Registry
    seen: frozenset[str] | None
    """None = the case does not say of any."""


@dataclass(frozen=True, slots=True)
class RatioFigures:
    """Every reading of every ratio, and what must be said of the lists."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


def registry_figures(case: RegistryInput) -> RatioFigures:
    """Return all ratios over the register of equipment; each reading is a figure of its own."""
    period = over_period([RegistryVersion(0, case.registry)], *_PERIOD)
    seen = case.seen
    every = (
        nc_ratio(period, seen),
        manufacturing_nc_rate(period),
        key_equipment_nc_rate(period),
        key_process_nc_rate(period),
        key_process_nc_rate_by_process(period),
        digital_equipment_rate(period),
        smart_share(period),
        smart_networked_share(period, seen),
        production_networked_of_smart(period, seen),
        networked(period, seen),
        key_equipment_networked(period, seen),
    )
    found = ratio_figures(every)
    return RatioFigures(found.figures, (*registry_findings(period), *found.findings))


def ratio_figures(ratios: Iterable[EquipmentRatio]) -> RatioFigures:
    """Return the readings of ratios as figures, the default reading first and without `@`."""
    every = tuple(ratios)
    figures = [
        _figure(ratio, reading, first=i == 0)
        for ratio in every
        for i, reading in enumerate(ratio.readings)
    ]
    findings = {(f.name, f.subjects): f for r in every for f in r.findings}
    return RatioFigures(tuple(figures), tuple(findings.values()))


def _figure(ratio: EquipmentRatio, reading: Reading, *, first: bool) -> Figure:
    d, wording = ratio.definition, reading.wording
    top, below = (
        Fraction(sum(c.count for c in x)) for x in (reading.numerator, reading.denominator)
    )
    # A mean over assets is not the quotient of its two lists: its numbers are in the lists alone.
    quotient = below > 0 and reading.value == top / below
    return Figure(
        id=d.metric if first else f"{d.metric}@{wording.name}",
        zh=f"{d.zh}（{wording.zh}）",
        en=f"{d.en} ({wording.en})",
        formula_zh=d.formula_zh,
        formula_en=d.formula_en,
        source=d.source,
        value=reading.value,
        operands=(
            Operand("分子 numerator", top, ""),
            Operand("分母 denominator", below, ""),
        )
        if quotient
        else (),
        note_zh=d.ours if first else "",
        note_en=d.ours if first else "",
        lists=(
            Listed("分子", "numerator", tuple(_line(c.id, c.count) for c in reading.numerator)),
            Listed("分母", "denominator", tuple(_line(c.id, c.count) for c in reading.denominator)),
        ),
    )


def _line(name: str, count: int) -> str:
    return name if count == 1 else f"{name}×{count}"
