"""What the engine found in the states and counters of a case, in words: gaps, differences, pieces outside figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from kpi.atoms import pbt
from kpi.calc.findings import CaseFinding, Weight
from kpi.calc.sums import MachineSums
from kpi.display import decimal_text, percent_text
from kpi.equipment.sums import CountGap, EquipmentSums
from model.state import Atom

_MINUTE: Final = 60_000
_OFTEN: Final = Fraction(1, 20)
"""From this share of planned time on, running outside the plan is a warning (kpi-audit U1)."""


def equipment_notes(machines: Sequence[MachineSums]) -> tuple[CaseFinding, ...]:
    """Return what must be said of the sums of every machine."""
    return tuple(f for m in machines for f in _of_machine(m))


def _of_machine(found: MachineSums) -> Iterator[CaseFinding]:
    sums, name = found.variants[0], found.machine.id
    time = found.machine.time
    for split in time.splits if time is not None else ():
        atoms = ", ".join(a.value for a in split.atoms)
        yield _finding(
            "time.divided",
            Weight.NOTE,
            name,
            f"“{split.name}”的 {_minutes(split.ms)} 可能是 {atoms}，案例没有说明：取决于它的指标给出范围",
            f"{_minutes(split.ms)} of {split.name!r} may be {atoms}, and the case does not say: figures that depend on "
            "it are given as a range",
        )
    for gap in sums.gaps:
        yield _gap(gap, name)
    yield from _pieces(sums, name)
    outside, planned = sums.atoms[Atom.RUN_X], pbt(sums.atoms)
    if outside and planned and Fraction(outside, planned) > _OFTEN:
        share = percent_text(Fraction(outside, planned))
        yield _finding(
            "time.run-outside-plan",
            Weight.WARN,
            name,
            f"计划外运行 {_minutes(outside)}，占计划时间 {share} %：已计入基数（run_x）",
            f"{_minutes(outside)} of running outside the plan, {share} % of planned time: it is in the base (run_x)",
        )


def _gap(gap: CountGap, name: str) -> CaseFinding:
    most = gap.most
    hidden = (
        ("件数不封顶", "any number of counts")
        if most is None
        else (
            f"至多 {most} 次计数",
            f"at most {most} counts",
        )
    )
    return _finding(
        "counter.gap",
        Weight.WARN if most != 0 else Weight.NOTE,
        name,
        f"计数器 {gap.signal} 有 {_minutes(gap.end_ms - gap.start_ms)} 的缺口（计划时间 {_minutes(gap.planned_ms)}），"
        f"可能漏计{hidden[0]}：OEE 与 TEEP 给出范围；性能与质量率按已计数",
        f"counter {gap.signal} has a gap of {_minutes(gap.end_ms - gap.start_ms)} ({_minutes(gap.planned_ms)} of it "
        f"planned) that may hide {hidden[1]}: OEE and TEEP are given as a range, speed and quality as counted",
    )


def _pieces(sums: EquipmentSums, name: str) -> Iterator[CaseFinding]:
    if sums.mismatch:
        yield _finding(
            "counter.mismatch",
            Weight.WARN,
            name,
            f"总数与合格 + 报废 + 返工相差 {sums.mismatch} 件：产出采用总数，合格采用合格计数",
            f"the total differs from good + scrap + rework by {sums.mismatch} pieces: pieces made are the total, good "
            "ones those counted as good",
        )
    if sums.test_pieces:
        yield _finding(
            "counter.test-pieces",
            Weight.NOTE,
            name,
            f"试验状态下的 {sums.test_pieces} 件不计入任何指标",
            f"{sums.test_pieces} pieces made in state test are in no figure",
        )
    if sums.outside_unbounded:
        yield _finding(
            "counter.gap-outside-plan",
            Weight.WARN,
            name,
            "计划外的未知时间内计数中断：该段可能的产出没有上限",
            "a counter had a gap in unknown time outside the plan: what was made there is not bounded",
        )
    if sums.base_gain_ms:
        yield _finding(
            "time.base-gain",
            Weight.WARN,
            name,
            f"计划外的未知时间 {_minutes(sums.base_gain_ms)} 内有产出：该时间计入 OEE 的基数",
            f"pieces were made in {_minutes(sums.base_gain_ms)} of unknown time outside the plan: it is in the base of "
            "OEE",
        )


def _minutes(ms: int) -> str:
    value = Fraction(ms, _MINUTE)
    return f"{value.numerator if value.denominator == 1 else decimal_text(value, 2)} min"


def _finding(name: str, weight: Weight, machine: str, zh: str, en: str) -> CaseFinding:
    return CaseFinding(
        name=name,
        weight=weight,
        zh=f"{machine}：{zh}" if machine else zh,
        en=f"{machine}: {en}" if machine else en,
    )
