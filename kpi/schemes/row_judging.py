"""One row against figures and declared facts: exact comparison, never rounded, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.bilingual import Bilingual
from kpi.comparison.interval import Word
from kpi.metrics import BEFORE, METRICS, Better
from kpi.schemes.clauses import (
    Alternative,
    Clause,
    Decision,
    ListRule,
    Operator,
    SourceClass,
    Target,
)
from kpi.schemes.facts import Facts, holds
from kpi.schemes.figures import UPWARD, Figure, find, word_for
from kpi.schemes.verdicts import Answer, Judged, ReadingVerdict, RowVerdict
from model.ratio import Undefined

_ABSENT: Final = {
    SourceClass.MEASURED: Bilingual("没有实测数据", "not measured"),
    SourceClass.REGISTRY: Bilingual("设备台账中没有所需数据", "the registry does not hold it"),
    SourceClass.IMPORTED: Bilingual(
        "由企业提供材料（导入经营记录）",
        "to be provided by the enterprise (imported records)",
    ),
    SourceClass.NARRATIVE: Bilingual(
        "由企业提供材料并经专家评审",
        "described by the enterprise and judged by experts",
    ),
    SourceClass.PROOF: Bilingual(
        "由企业提供材料（证明文件）",
        "to be provided by the enterprise (certificates)",
    ),
}
_WORDS: Final = {
    Word.PASS: (Answer.PASS, None),
    Word.FAIL: (Answer.FAIL, None),
    Word.POINT_ONLY: (
        Answer.POINT_ONLY,
        Bilingual(
            "点值达到阈值；但区间未达到，或有效生产日少于 60 天（暂定）",
            "the point reaches the threshold; the interval does not, or fewer than 60 valid days make it provisional",
        ),
    ),
    Word.INCONCLUSIVE: (
        Answer.INCONCLUSIVE,
        Bilingual("数据不足以判断", "the data do not decide it"),
    ),
    Word.UNDETERMINED: (
        Answer.UNDETERMINED,
        Bilingual("有效生产日不足", "too few valid production days"),
    ),
}
_BOTH_SIDES: Final = Bilingual(
    "缺失数据使结果可能在阈值两侧",
    "missing data leave the figure on both sides of the threshold",
)
_DISAGREE: Final = Bilingual(
    "各读法结论不一致，本程序不代为选择",
    "the readings disagree, and this program does not choose between them",
)
_SOME_READINGS: Final = Bilingual(
    "并非每种读法都有数据，本程序不代为选择",
    "not every reading has a figure, and this program does not choose between them",
)
_OPTIONAL: Final = Bilingual("选填，不计入结论", "optional, never counted")


def judge_row(row: Clause, figures: Mapping[str, Figure], facts: Facts) -> RowVerdict:
    """Return the verdict of one row.

    A row that only people can judge is `not evaluated`, never passed; it fails only by the applicant's own declaration
    that an entry of its list is missing.
    """
    applies = holds(row.when, facts)
    if applies is False:
        return RowVerdict(row, Answer.NOT_APPLICABLE, _condition(row, met=False))
    if row.target is None:
        answer, said = _by_people(row, facts)
        if applies is None:
            answer, said = Answer.NOT_EVALUATED, _condition(row, met=None)
        return RowVerdict(row, answer, said, optional=row.optional)
    judged = judge_target(row.target, figures)
    readings = tuple(_alternative(a, row.target, figures) for a in row.alternatives)
    answer, reason = judged.answer, judged.reason
    if row.decision is Decision.UNANIMOUS:
        answer, reason = _unanimous([judged, *(r.judged for r in readings)])
    elif judged.known is None:
        reason = _ABSENT[row.sources[-1]]
    if applies is None:
        answer = Answer.NOT_EVALUATED if judged.known is None else Answer.UNDETERMINED
        reason = _condition(row, met=None)
    if row.optional and reason is None:
        reason = _OPTIONAL
    return RowVerdict(
        row, answer, reason, judged.figure, judged.known, readings, optional=row.optional
    )


def _unanimous(found: Sequence[Judged]) -> tuple[Answer, Bilingual | None]:
    """Return the answer that every reading gives; without one the row is open."""
    known = [j for j in found if j.known is not None]
    if not known:
        return Answer.NOT_EVALUATED, _ABSENT[SourceClass.IMPORTED]
    if len(known) < len(found):
        return Answer.UNDETERMINED, _SOME_READINGS
    answers = {j.answer for j in known}
    return (
        (known[0].answer, known[0].reason)
        if len(answers) == 1
        else (Answer.UNDETERMINED, _DISAGREE)
    )


def judge_target(target: Target, figures: Mapping[str, Figure]) -> Judged:
    """Return what the figures say to a target; `known` is None if there is no figure at all."""
    found = find(figures, target.metric)
    if found is None:
        return Judged(Answer.NOT_EVALUATED, None, "", None)
    name, figure = found
    word, value = word_for(figure, target), figure.value
    if isinstance(word, Undefined):
        return Judged(Answer.UNDETERMINED, _text(word), name, figure)
    if isinstance(value, Undefined):
        answer = Answer.UNDETERMINED if word is None else _WORDS[word][0]
        return Judged(answer, _text(value), name, figure)
    if word is not None:
        return Judged(*_WORDS[word], name, figure)
    answer = _by_bounds(figure, value, target)
    reason = _BOTH_SIDES if answer is Answer.UNDETERMINED else None
    return Judged(answer, reason, name, figure)


def reaches(value: Fraction, target: Target) -> bool:
    """Return whether an exact value reaches the target."""
    match target.operator:
        case Operator.AT_LEAST:
            return value >= target.threshold
        case Operator.MORE_THAN:
            return value > target.threshold
        case Operator.AT_MOST:
            return value <= target.threshold
        case Operator.LESS_THAN:
            return value < target.threshold
        case Operator.EQUAL:
            return value == target.threshold


def _by_bounds(figure: Figure, value: Fraction, target: Target) -> Answer:
    low = value if figure.low is None else figure.low
    high = value if figure.high is None else figure.high
    if target.operator is Operator.EQUAL:
        if figure.unbounded or low != high:
            inside = low <= target.threshold and (figure.unbounded or target.threshold <= high)
            return Answer.UNDETERMINED if inside else Answer.FAIL
        return Answer.PASS if reaches(value, target) else Answer.FAIL
    upward = target.operator in UPWARD
    worst, best = (low, high) if upward else (high, low)
    open_best = figure.unbounded and upward
    open_worst = figure.unbounded and not upward
    if not open_worst and reaches(worst, target):
        return Answer.PASS
    if not open_best and not reaches(best, target):
        return Answer.FAIL
    return Answer.UNDETERMINED


def _by_people(row: Clause, facts: Facts) -> tuple[Answer, Bilingual]:
    """Return the answer to a row that no number decides, with what is declared of its list."""
    reason = _ABSENT[row.sources[-1]]
    declared = facts.checks.get(row.id)
    if row.checklist is None or not declared:
        return Answer.NOT_EVALUATED, reason
    items = row.checklist.items
    have = [i for i in items if declared.get(i.id) is True]
    lack = [i for i in items if declared.get(i.id) is False]
    count = Bilingual(
        f"企业申报具备 {len(have)}/{len(items)} 项",
        f"declared: {len(have)} of {len(items)} entries",
    )
    every = row.checklist.rule is ListRule.ALL
    if lack and (every or (not have and len(lack) == len(items) and not row.checklist.open)):
        zh = "、".join(i.name.zh for i in lack)
        en = ", ".join(i.name.en for i in lack)
        return Answer.FAIL, Bilingual(
            f"{count.zh}，自报缺：{zh}", f"{count.en}; missing by its own word: {en}"
        )
    return Answer.NOT_EVALUATED, Bilingual(f"{count.zh}；{reason.zh}", f"{count.en}; {reason.en}")


def _alternative(
    alternative: Alternative, target: Target, figures: Mapping[str, Figure]
) -> ReadingVerdict:
    if alternative.target is not None:
        judged = judge_target(alternative.target, figures)
        value = None if judged.known is None else judged.known.value
        return ReadingVerdict(alternative, judged, None if isinstance(value, Undefined) else value)
    points = points_between(figures, alternative.points_of)
    if points is None:
        return ReadingVerdict(alternative, Judged(Answer.NOT_EVALUATED, None, "", None), None)
    known = figures[alternative.points_of]
    judged = Judged(*_by_points(points, target), alternative.points_of, known)
    return ReadingVerdict(alternative, judged, points.value)


@dataclass(frozen=True, slots=True)
class Points:
    """Difference before → after of a ratio metric (1/10 = 10 points), positive when it is better."""

    value: Fraction
    least: Fraction | None
    """With missing data against the claimant; None = not bounded."""
    greatest: Fraction | None
    """With missing data for the claimant; None = not bounded."""


def _by_points(points: Points, target: Target) -> tuple[Answer, Bilingual | None]:
    """Return the answer of a difference: it has no interval, so it reaches at best as a point."""
    if points.greatest is not None and not reaches(points.greatest, target):
        return Answer.FAIL, None
    if points.least is None or not reaches(points.least, target):
        return Answer.UNDETERMINED, _BOTH_SIDES
    return Answer.POINT_ONLY, None


def points_between(figures: Mapping[str, Figure], metric: str) -> Points | None:
    """Return the difference of a metric before → after with the bounds of both figures; None unless both are known."""
    after, before = figures.get(metric), figures.get(f"{metric}{BEFORE}")
    if after is None or before is None:
        return None
    if isinstance(after.value, Undefined) or isinstance(before.value, Undefined):
        return None
    low_after, high_after = after.bounds or (after.value, after.value)
    low_before, high_before = before.bounds or (before.value, before.value)
    value = after.value - before.value
    lowest = None if high_before is None else low_after - high_before
    highest = None if high_after is None else high_after - low_before
    if METRICS[metric].better is not Better.DOWN:
        return Points(value, lowest, highest)
    return Points(
        -value,
        None if highest is None else -highest,
        None if lowest is None else -lowest,
    )


def _condition(row: Clause, *, met: bool | None) -> Bilingual:
    name = row.when.name if row.when is not None else Bilingual("", "")
    if met is None:
        return Bilingual(
            f"未申报“{name.zh}”，无法判断本条是否适用",
            f"'{name.en}' is not declared, so whether this row applies is not known",
        )
    return Bilingual(f"按申报的“{name.zh}”不适用", f"does not apply by the declared '{name.en}'")


def _text(why: Undefined) -> Bilingual:
    return Bilingual(why.zh, why.en)
