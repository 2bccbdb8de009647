"""The measuring plan as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from agent.language import choose
from kpi.comparison.interval import Sense
from kpi.comparison.planning import Advice, Noise, PlanRow
from kpi.display import decimal_text, percent_text


@dataclass(frozen=True, slots=True)
class PlanTable:
    """Rows and answer for one thing to prove."""

    sense: Sense
    threshold: Fraction
    rows: Sequence[PlanRow]
    advice: Advice


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A whole plan."""

    noise: Noise
    source: tuple[str, str]
    """Where the noise comes from, zh and en."""
    estimated: bool
    expected: Fraction | None
    tables: Sequence[PlanTable]


def plan_lines(page: PlanPage, language: str) -> Iterator[str]:
    """Yield the plan as lines."""

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    noise = page.noise
    day, rho = percent_text(noise.day), decimal_text(noise.rho, 2)
    yield say(
        f"日间波动 {day} %，相邻两日相关 {rho}，每周 {noise.week_days} 个生产日（{page.source[0]}）",
        f"Noise of a day {day} %, correlation of neighbouring days {rho}, {noise.week_days} production days a week "
        f"({page.source[1]})",
    )
    yield say(
        "需观测：达到它才能证明；真实变化恰为该值时只有一半把握。需真实：有 80 % 把握证明所需的真实变化。",
        "observed: needed to prove it; a plant whose true change is that size proves it half of the time. "
        "true: needed for a chance of 80 %.",
    )
    yield say(
        "h：预测的 90 % 区间半宽（对数）。这些是本系统的方法，官方文件未规定。",
        "h: predicted half-width of the 90 % interval (logarithm). The method is ours; no official text has one.",
    )
    yield say(
        "未计漂移检验的误报：约七分之一的正常比较会被误报为有漂移，此时至多“点值达标”。",
        "Not counted: in about one of seven sound comparisons the drift test gives a false alarm; the word is then at "
        "best `pass, point only`.",
    )
    for table in page.tables:
        yield ""
        yield from _table_lines(table, language)
    yield ""
    for table in page.tables:
        yield _answer(table, page.expected, language)


def plan_json(page: PlanPage) -> dict[str, Any]:
    """Return the plan as JSON values; fractions as text."""
    noise = page.noise
    return {
        "noise": {
            "day": decimal_text(noise.day, 6),
            "rho": decimal_text(noise.rho, 6),
            "days_per_week": noise.week_days,
            "source": page.source[1],
            "estimated": page.estimated,
        },
        "tables": [
            {
                "sense": table.sense,
                "threshold": str(table.threshold),
                "rows": [_row(row) for row in table.rows],
                "advice": {"enough": table.advice.enough, **_row(table.advice.row)},
            }
            for table in page.tables
        ],
    }


def _table_lines(table: PlanTable, language: str) -> Iterator[str]:
    kind = _kind(table.sense, language)
    limit = percent_text(table.threshold)
    yield choose(language, f"证明{kind} {limit} %", f"To prove a {kind} of {limit} %")
    yield choose(
        language,
        "  周数   有效日        h   需观测 %   需真实 %",
        "  weeks    days        h  observed %     true %",
    )
    for row in table.rows:
        mark = "" if row.firm else choose(language, "  暂定", "  provisional")
        observed, true_gain = _shown(row.observed), _shown(row.true_gain)
        yield (
            f"  {row.weeks:5d} {row.days:8d} {row.half_width:8.3f} {observed:>10} {true_gain:>10}{mark}"
        )


def _answer(table: PlanTable, expected: Fraction | None, language: str) -> str:
    advice, limit = table.advice, percent_text(table.threshold)
    kind = _kind(table.sense, language)
    true_gain = _shown(advice.row.true_gain)
    if advice.enough is False and expected is not None:
        wish = percent_text(expected)
        return choose(
            language,
            f"{kind} {limit} %：各测两年也不够，真实变化需 {true_gain} %（预期 {wish} %）。请先设法减小波动。",
            f"{kind} of {limit} %: two years each are not enough, the true change would have to be {true_gain} % "
            f"(you expect {wish} %). Reduce the noise first.",
        )
    return choose(
        language,
        f"{kind} {limit} %：建设前后各测 {advice.weeks} 周；真实变化 {true_gain} % 时有 80 % 把握证明。",
        f"{kind} of {limit} %: measure {advice.weeks} weeks before and {advice.weeks} after; a true change of "
        f"{true_gain} % is then proven with a chance of 80 %.",
    )


def _kind(sense: Sense, language: str) -> str:
    if sense == "increase":
        return choose(language, "提高", "gain")
    return choose(language, "降低", "reduction")


def _shown(value: Decimal) -> str:
    return percent_text(Fraction(value))


def _row(row: PlanRow) -> dict[str, Any]:
    return {
        "weeks": row.weeks,
        "days": row.days,
        "firm": row.firm,
        "half_width": f"{row.half_width:.6f}",
        "observed": f"{row.observed:.6f}",
        "true_80": f"{row.true_gain:.6f}",
    }
