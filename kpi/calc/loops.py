"""Control loops of a case → 自控投用率 in all its readings (kpi.md B.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from kpi.calc.figure import Figure
from kpi.calc.inputs import WindowInput
from kpi.equipment.indicator import Operand
from kpi.equipment.iso22400 import ms
from kpi.findings import Finding
from kpi.registry.automatic_control import ControlRate, LoopRecord, automatic_control
from kpi.registry.definitions import DEFINITIONS
from model.ratio import Ratio


@dataclass(frozen=True, slots=True)
class LoopResult:
    """The rate of all loops, and what must be said of it."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    rate: ControlRate


def loop_result(records: Sequence[LoopRecord], window: WindowInput) -> LoopResult:
    """Return the automatic-control rate over a window; every loop of the list has a record, an empty one if need be."""
    rate = automatic_control(records, window.start_ms, window.end_ms)
    in_service = ms("Σ 投用 in service", sum(t.in_service for t in rate.loops))
    running = ms("Σ 运行 running", sum(t.running for t in rate.loops))
    automatic = ms("Σ 自动 automatic", sum(t.automatic for t in rate.loops))
    known = ms("Σ 运行 running", sum(t.running - t.unknown_unit for t in rate.loops))
    static = (
        Operand(
            "正常自动 automatic", Fraction(sum(r.loop.normally_automatic for r in records)), ""
        ),
        Operand("回路 loops", Fraction(len(records)), ""),
    )
    main = _figure("automatic-control-rate", rate.value, (in_service, running))
    figures = (
        main,
        _reading(
            main, "by-mode", ("只看方式", "by mode alone"), rate.by_mode, (automatic, running)
        ),
        _reading(
            main,
            "known-units",
            ("不计运行未知的时间", "without time in which it is not known whether the unit runs"),
            rate.known_units,
            (in_service, known),
        ),
        _figure("automatic-control-rate-static", rate.static, static),
    )
    return LoopResult(figures, rate.findings, rate)


def _figure(metric: str, value: Ratio, operands: tuple[Operand, ...]) -> Figure:
    d = DEFINITIONS[metric]
    return Figure(
        id=metric,
        zh=d.zh,
        en=d.en,
        formula_zh=d.formula_zh,
        formula_en=d.formula_en,
        source=d.source,
        value=value,
        operands=operands,
        note_zh=d.ours,
        note_en=d.ours,
    )


def _reading(
    main: Figure, name: str, words: tuple[str, str], value: Ratio, operands: tuple[Operand, ...]
) -> Figure:
    return replace(
        main,
        id=f"{main.id}@{name}",
        zh=f"{main.zh}（{words[0]}）",
        en=f"{main.en} ({words[1]})",
        value=value,
        operands=operands,
        note_zh="",
        note_en="",
    )
