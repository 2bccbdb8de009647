"""Findings that need the result: what exclusions, the machine set, unknown pieces and drift do to the word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kpi.comparison.drift import FEWEST_WEEKS, Drift
from kpi.comparison.estimate import Estimate, Unfavourable
from kpi.findings import Finding, disqualify, note, percent, warn

_SIDES: Final = {"before": ("基期", "baseline"), "after": ("报告期", "reporting period")}


def no_ratio() -> Finding:
    """Return the finding on sums that are not positive."""
    return disqualify(
        "sums.not-positive",
        "某一期的分子或分母之和不是正数，比值没有意义。",
        "The sum of the numerators or denominators of a period is not positive: there is no ratio.",
    )


def declared_finding() -> Finding:
    """Return the finding on a baseline that nobody measured (D.2)."""
    return warn(
        "period.no-baseline",
        "没有实测基期（采集程序与改造同时到位）：基期为申报值，只给算术变化，不给区间，不作统计结论。",
        "There is no measured baseline (the agent arrived with the retrofit): the figure before is "
        "declared; only the "
        "arithmetic is given, no interval and no statistical word.",
        lowers_word=True,
        lowers_grade=True,
    )


def word_findings(
    main: Estimate, other: Estimate | None, full: Estimate | None, *, full_differs: bool
) -> list[Finding]:
    """Return findings where another choice of days or machines gives another word.

    other: the result with the opposite treatment of exclusions; full: of all machines; full_differs: whether the sets
    differ.
    """
    found: list[Finding] = []
    if other is not None and other.word is not main.word:
        found.append(
            warn(
                "exclusions.decide",
                f"是否剔除登记的日子决定结论：主结果为 {main.word.value}（{percent(main.change)}），"
                f"另一结果为 {other.word.value}（{percent(other.change)}）。",
                f"Leaving days out decides the word: {main.word.value} ({percent(main.change)}) in the main figure, "
                f"{other.word.value} ({percent(other.change)}) otherwise.",
                lowers_word=True,
                main=main.change,
                other=other.change,
            )
        )
    if full_differs and full is None:
        found.append(
            warn(
                "set.full-unknown",
                "全部设备的结果无法得出，只有匹配设备的结果。",
                "There is no result of all machines, only of the matched ones.",
                lowers_word=True,
                lowers_grade=True,
            )
        )
    if full is not None and full.word is not main.word:
        found.append(
            warn(
                "set.full-differs",
                f"匹配设备的结论为 {main.word.value}（{percent(main.change)}），全部设备为 "
                f"{full.word.value}（{percent(full.change)}）。",
                f"The matched machines say {main.word.value} ({percent(main.change)}), all machines "
                f"{full.word.value} "
                f"({percent(full.change)}).",
                lowers_word=True,
                lowers_grade=True,
                matched=main.change,
                all=full.change,
            )
        )
    return found


def unknown_day_findings(main: Estimate, blind: Estimate | None) -> list[Finding]:
    """Return the finding where the days on which the agent was blind decide the word."""
    if blind is None or blind.word is main.word:
        return []
    return [
        warn(
            "days.unknown-decide",
            f"未知过多而不计入的日子决定结论：主结果 {percent(main.change)}（{main.word.value}），"
            f"按已计数计入这些日子为 {percent(blind.change)}（{blind.word.value}）。",
            f"Days left out as unknown decide the word: {percent(main.change)} ({main.word.value}) in the main figure, "
            f"{percent(blind.change)} ({blind.word.value}) with what was counted on them.",
            lowers_word=True,
            lowers_grade=True,
            main=main.change,
            with_unknown=blind.change,
        )
    ]


def unknown_piece_findings(main: Estimate, worst: Unfavourable | None) -> list[Finding]:
    """Return the finding on pieces that counters may have lost."""
    if worst is None:
        return []
    if worst.estimate is None:
        return [
            warn(
                "unknown.unbounded",
                "计数器丢失的件数没有上限（台账未登记最大产量）：最不利情形无法排除，结论不确定。",
                "Pieces lost by a counter are not bounded (no maximum rate in the registry): the worst "
                "case cannot be ruled out.",
                lowers_word=True,
            )
        ]
    return [
        warn(
            "unknown.pieces",
            f"有件数未知：按实测变化 {percent(main.change)}（{main.word.value}），"
            f"按最不利情形 {percent(worst.estimate.change)}（{worst.estimate.word.value}），取较弱的结论。",
            f"Some pieces are unknown: {percent(main.change)} as measured ({main.word.value}), "
            f"{percent(worst.estimate.change)} in the worst case ({worst.estimate.word.value}); the weaker "
            "word counts.",
            measured=main.change,
            worst=worst.estimate.change,
        )
    ]


def drift_findings(side: str, found: Drift | None) -> list[Finding]:
    """Return the finding that prints the slope with its 90 % interval; drift, or no test at all, is a warning.

    side: "before" or "after". Source: U9, U10, kpi-audit E16.
    """
    zh_name, en_name = _SIDES[side]
    if found is None:
        return [
            warn(
                f"drift.not-tested-{side}",
                f"{zh_name}完整的周（每周至少 3 个有效日）不足 {FEWEST_WEEKS} 个，或没有比值，未作漂移检验。",
                f"The {en_name} has fewer than {FEWEST_WEEKS} complete weeks with three valid days: drift "
                "was not tested.",
                lowers_word=True,
            )
        ]
    low, high = (f"{100 * v:.1f} %" for v in (found.slope_low, found.slope_high))
    zh = f"{zh_name} {found.weeks} 周内的斜率为均值的 {percent(found.slope)}（90 % 区间 {low} 至 {high}）"
    en = (
        f"Slope of the {en_name} over {found.weeks} weeks: {percent(found.slope)} of the mean "
        f"(90 % interval {low} to {high})"
    )
    if not found.found:
        return [
            note(
                f"drift.none-found-{side}",
                zh + "；未发现漂移（不等于没有漂移）。",
                en + "; no drift found, which does not mean there is none.",
                slope=found.slope,
                weeks=found.weeks,
            )
        ]
    which = [
        names
        for flag, names in (
            (found.trend, ("趋势", "trend")),
            (found.persistent, ("隔周持续", "persistence over two weeks")),
        )
        if flag
    ]
    return [
        warn(
            f"drift.{side}",
            zh + f"；发现漂移（{'、'.join(n[0] for n in which)}）：任何方法的区间都会偏窄。",
            en
            + f"; drift found ({', '.join(n[1] for n in which)}): the interval of any method is too narrow.",
            lowers_word=True,
            lowers_grade=True,
            slope=found.slope,
            weeks=found.weeks,
        )
    ]


def lowering(findings: Sequence[Finding]) -> bool:
    """Return whether any finding allows `pass, point only` at best."""
    return any(f.lowers_word for f in findings)
