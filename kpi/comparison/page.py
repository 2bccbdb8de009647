"""A comparison as lines of text in Chinese or English, so that every caller prints the same words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from kpi.bilingual import Bilingual
from kpi.comparison.confounders import Seen
from kpi.comparison.daily import DayStatus, ExclusionReason, PeriodDay
from kpi.comparison.estimate import Estimate
from kpi.comparison.interval import Word
from kpi.comparison.result import Comparison
from kpi.decimals import printed
from kpi.display import decimal_text, percent_text
from kpi.findings import Severity

Language = Literal["zh", "en"]

WORDS: Final = {
    Word.PASS: Bilingual("达标", "pass"),
    Word.POINT_ONLY: Bilingual("点值达标", "pass, point only"),
    Word.INCONCLUSIVE: Bilingual("无定论", "inconclusive"),
    Word.FAIL: Bilingual("未达标", "fail"),
    Word.UNDETERMINED: Bilingual("无法判定", "undetermined"),
}
_SEVERITY: Final = {
    Severity.NOTE: Bilingual("说明", "note"),
    Severity.WARN: Bilingual("警告", "warning"),
    Severity.DISQUALIFY: Bilingual("不可比较", "no result"),
}
_STATUS: Final = {
    DayStatus.VALID: Bilingual("有效", "valid"),
    DayStatus.NOT_PLANNED: Bilingual("无计划", "not planned"),
    DayStatus.UNKNOWN: Bilingual("未知过多", "too much unknown"),
    DayStatus.ABSENT: Bilingual("无数据", "no data"),
}
_REASON: Final = {
    ExclusionReason.HOLIDAY: Bilingual("节假日", "holiday"),
    ExclusionReason.FORCE_MAJEURE: Bilingual("不可抗力", "force majeure"),
    ExclusionReason.REGISTERED_STOP: Bilingual("登记停产", "registered stop"),
}
_SEEN: Final = {
    Seen.FLAGGED: Bilingual("有迹象", "flagged"),
    Seen.NOT_FLAGGED: Bilingual(
        "未见迹象（不等于没有）", "not flagged, which is no proof of absence"
    ),
    Seen.NOT_CHECKED: Bilingual("未检查", "not checked"),
}


def comparison_lines(found: Comparison, language: Language) -> list[str]:
    """Return the whole comparison as lines; a disqualified one has findings and no figure."""
    say = _Speaker(language)
    return [
        *_head(found, say),
        *_estimates(found, say),
        *_days(found, say),
        *_findings(found, say),
        *_confounders(found, say),
        *_grade(found, say),
        say(
            "期间规则、区间方法、阈值检查和等级为本系统的规则，官方文件未规定。",
            "Rules for periods, interval, checks and grades are ours; no official text has them.",
        ),
    ]


class _Speaker:
    """Chooses the language."""

    def __init__(self, language: Language) -> None:
        self.zh = language == "zh"

    def __call__(self, zh: str, en: str) -> str:
        return zh if self.zh else en

    def of(self, sentence: Bilingual) -> str:
        return sentence.zh if self.zh else sentence.en


def _head(found: Comparison, say: _Speaker) -> Iterator[str]:
    sign = ">" if found.threshold == 0 else "≥"
    target = f"{sign} {percent_text(found.threshold)} %"
    name = say(found.metric.zh, found.metric.en)
    kind = say("提高", "increase") if found.metric.sense == "increase" else say("降低", "reduction")
    yield f"{name}：{kind} {target}" if say.zh else f"{name}: {kind} {target}"
    yield say(
        f"结论：{WORDS[found.word].zh}（证据等级 {found.grade.label}）",
        f"Word: {found.word.value} (evidence grade {found.grade.label})",
    )


def _estimates(found: Comparison, say: _Speaker) -> Iterator[str]:
    if found.main is None:
        yield say("没有可用的数值。", "There is no figure.")
        return
    yield say("主结果：", "Main figure: ") + _estimate(found.main, found, say)
    if found.main.interval is not None:
        methods = "; ".join(
            f"{m.name} h = {printed(m.half_width)} (df {m.df})" for m in found.main.interval.methods
        )
        rho = decimal_text(found.main.interval.rho, 3)
        yield say(f"区间取最宽者：{methods}；ρ = {rho}", f"Widest counts: {methods}; ρ = {rho}")
    for title, one in (
        (Bilingual("含剔除", "With exclusions"), found.with_exclusions),
        (Bilingual("不剔除", "Without exclusions"), found.without_exclusions),
        (Bilingual("全部设备", "All machines"), found.full_set),
        (
            Bilingual("计入未知日（按已计数）", "With unknown days as counted"),
            found.with_unknown_days,
        ),
        (
            Bilingual("最不利情形（未知件数）", "Worst case (unknown pieces)"),
            found.unfavourable.estimate if found.unfavourable is not None else None,
        ),
    ):
        if one is not None and one != found.main:
            yield say.of(title) + say("：", ": ") + _estimate(one, found, say)
    if found.twin is not None and found.twin.change is not None:
        yield say(
            f"对照指标 {found.twin.name.zh}：{percent_text(found.twin.change)} %",
            f"Twin {found.twin.name.en}: {percent_text(found.twin.change)} %",
        )


def _estimate(one: Estimate, found: Comparison, say: _Speaker) -> str:
    change = percent_text(one.change, found.threshold)
    days = say(
        f"有效日 {one.days_before} / {one.days_after}",
        f"valid days {one.days_before} / {one.days_after}",
    )
    if one.low is None or one.high is None:
        return f"{change} % ({say('无区间', 'no interval')}; {days})"
    low, high = (_bound(x, found.threshold) for x in (one.low, one.high))
    word = say("按区间：", "by the interval: ") + say.of(WORDS[one.word])
    return f"{change} % [{low} … {high} %, 90 %, {one.method}] · {word} · {days}"


def _bound(value: Decimal, threshold: Fraction) -> str:
    """Return a bound in percent; the text compares with the threshold as the bound does (U13)."""
    return percent_text(Fraction(value), threshold, 2)


def _days(found: Comparison, say: _Speaker) -> Iterator[str]:
    for title, days in (
        (Bilingual("基期", "Baseline"), found.before),
        (Bilingual("报告期", "Reporting period"), found.after),
    ):
        if not days:
            continue
        counts = {s: sum(d.status is s for d in days) for s in DayStatus}
        listed = ", ".join(f"{say.of(_STATUS[s])} {n}" for s, n in counts.items() if n)
        yield f"{say.of(title)} {days[0].date} … {days[-1].date}: {listed}"
        yield from _excluded(days, say)


def _excluded(days: Sequence[PeriodDay], say: _Speaker) -> Iterator[str]:
    for day in days:
        if day.exclusion is not None:
            late = "" if day.exclusion.registered_before else say("，事后登记", ", registered late")
            yield f"  {day.date}: {say.of(_REASON[day.exclusion.reason])}{late}"


def _findings(found: Comparison, say: _Speaker) -> Iterator[str]:
    for one in found.findings:
        yield f"{say.of(_SEVERITY[one.severity])} {one.name}: {say.of(one.text)}"


def _confounders(found: Comparison, say: _Speaker) -> Iterator[str]:
    yield say("其他可能的原因：", "What else may have moved the figure:")
    for one in found.confounders:
        by = f" ({', '.join(one.by)})" if one.by else ""
        yield f"  {say.of(one.confounder.text)}: {say.of(_SEEN[one.seen])}{by}"


def _grade(found: Comparison, say: _Speaker) -> Iterator[str]:
    grade = found.grade
    reasons = grade.zh if say.zh else grade.en
    yield say("证据等级 ", "Evidence grade ") + grade.label + ": " + "; ".join(reasons)
