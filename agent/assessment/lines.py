"""An assessed scheme as lines: what stands in each cell of the clause table, in both languages, without layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from agent.assessment.outcome import required_text
from agent.assessment.schemes import SchemeAssessment
from kpi.bilingual import Bilingual
from kpi.display import number_text
from kpi.grades import Grade, Origin
from kpi.metrics import BEFORE, METRICS, metric_of
from kpi.schemes.ambiguities import Ambiguity
from kpi.schemes.clauses import Clause, Proposal, Target
from kpi.schemes.figures import GAIN, Figure, find
from kpi.schemes.forms import Period
from kpi.schemes.scheme import Group, Rule
from kpi.schemes.verdicts import Answer, GroupVerdict, ReadingVerdict, RowVerdict

DASH: Final = "—"
WORDS: Final = {
    Answer.PASS: Bilingual("达到", "met"),
    Answer.POINT_ONLY: Bilingual("点值达到", "met, point only"),
    Answer.INCONCLUSIVE: Bilingual("数据不足", "inconclusive"),
    Answer.FAIL: Bilingual("未达到", "not met"),
    Answer.UNDETERMINED: Bilingual("无法判定", "undetermined"),
    Answer.NOT_EVALUATED: Bilingual("未评定", "not evaluated"),
    Answer.NOT_APPLICABLE: Bilingual("不适用", "does not apply"),
    Answer.NOT_CHOSEN: Bilingual("未选", "not chosen"),
}
_RULES: Final = {
    Rule.ALL: Bilingual("全部", "all"),
    Rule.ONE_OF: Bilingual("任一", "any one"),
    Rule.WEIGHED: Bilingual("综合评价", "weighed"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the clause table: a row, or the head of a group."""

    id: str
    depth: int
    group: bool
    clause: str
    wording: Bilingual
    required: str
    figure: str
    answer: Answer
    grade: str
    remarks: tuple[Bilingual, ...]
    """Reason, readings, what stands beside it; each a sentence of its own."""

    @property
    def word(self) -> Bilingual:
        """Return the verdict word."""
        return WORDS[self.answer]


def lines_of(assessment: SchemeAssessment) -> tuple[Line, ...]:
    """Return the lines of the clause table; what is below a group that takes no part is not listed."""
    return tuple(_lines(assessment, assessment.verdict.root, 0))


def _lines(assessment: SchemeAssessment, verdict: GroupVerdict, depth: int) -> Iterator[Line]:
    if depth:
        yield _group_line(verdict, depth - 1)
        if verdict.answer in (Answer.NOT_APPLICABLE, Answer.NOT_CHOSEN):
            return
    for item in verdict.items:
        if isinstance(item, GroupVerdict):
            yield from _lines(assessment, item, depth + 1)
        else:
            yield _row_line(assessment, item, depth)


def _group_line(verdict: GroupVerdict, depth: int) -> Line:
    group = verdict.group
    remarks = [r for r in (verdict.reason, group.note) if r is not None]
    return Line(
        id=group.id,
        depth=depth,
        group=True,
        clause=group.clause,
        wording=Bilingual(
            f"{group.wording}（{rule_text(group).zh}）", f"{group.en} ({rule_text(group).en})"
        ),
        required="",
        figure="",
        answer=verdict.answer,
        grade="",
        remarks=tuple(remarks),
    )


def rule_text(group: Group) -> Bilingual:
    """Return how the items of a group combine, as printed."""
    if group.rule is Rule.K_OF_N:
        must = len(group.mandatory)
        zh, en = f"{len(group.items)} 选 {group.k}", f"{group.k} of {len(group.items)}"
        if must:
            zh, en = f"{zh}，{must} 项必选", f"{en}, {must} mandatory"
        return Bilingual(zh, en)
    return _RULES[group.rule]


def _row_line(assessment: SchemeAssessment, verdict: RowVerdict, depth: int) -> Line:
    row = verdict.row
    required = required_text(row.target)
    return Line(
        id=row.id,
        depth=depth,
        group=False,
        clause=row.clause,
        wording=Bilingual(row.wording, row.en),
        required="" if required is None else required.zh,
        figure=_figure(verdict.known, row.target),
        answer=verdict.answer,
        grade=grade_text(row, verdict.known),
        remarks=tuple(_remarks(assessment, verdict)),
    )


def _figure(known: Figure | None, target: Target | None) -> str:
    """Return the figure of a row: as many digits as agree with the verdict (U13), with its interval."""
    if known is None or target is None or not isinstance(known.value, Fraction):
        return DASH if known is not None else ""
    text = value_text(known.value, target.metric, target.threshold)
    if known.bounds is not None:
        return f"{text} {bounds_text(known, target.metric)}"
    if known.change is not None:
        low, high = (number_text(100 * x, None, 2) for x in (known.change.low, known.change.high))
        return f"{text} [{low}, {high}]"
    return text


def bounds_text(known: Figure, metric: str) -> str:
    """Return the least and the greatest value that missing data leave open, without unit; empty if none do."""
    if known.bounds is None:
        return ""
    low, high = (
        "∞" if edge is None else value_text(edge, metric).removesuffix(f" {unit_of(metric)}")
        for edge in known.bounds
    )
    return f"[{low}, {high}]"


def unit_of(metric: str) -> str:
    """Return the unit of a metric, empty if it is not known."""
    found = metric_of(metric)
    return found.unit if found is not None else ""


def value_text(value: Fraction, metric: str, threshold: Fraction | None = None) -> str:
    """Return a value with the unit of its metric; the digits compare with the threshold as the exact value does."""
    unit = unit_of(metric)
    factor = 100 if unit == "%" else 1
    shown, edge = value * factor, None if threshold is None else threshold * factor
    decimals = 0 if shown.denominator == 1 else 2
    if unit != "%" and 0 < abs(shown) < 1:
        decimals = _places(abs(shown))
    text = number_text(shown, edge, decimals)
    if unit == "%" and text == "100.00":
        text = number_text(shown, Fraction(100), decimals)  # almost all is never printed as all
    return f"{text} {unit}".strip()


_DIGITS: Final = 4
"""Significant digits of a number below 1, such as tce a piece."""


def _places(value: Fraction) -> int:
    """Return how many decimals show `_DIGITS` significant digits of a value in (0, 1)."""
    zeros = 0
    while value * 10 ** (zeros + 1) < 1:
        zeros += 1
    return zeros + _DIGITS


def grade_text(row: Clause, known: Figure | None) -> str:
    """Return the grade of a cell: that of the figure, at most the best one the row can reach."""
    if known is None or known.grade is None:
        return ""
    return _letter(known.grade, max(known.grade.letter.value, row.grade.value))


def _letter(grade: Grade, letter: str) -> str:
    """Return a letter as printed: simulated data never carry a bare one."""
    return f"{letter} 模拟/sim" if grade.simulated else letter


def _remarks(assessment: SchemeAssessment, verdict: RowVerdict) -> Iterator[Bilingual]:
    row = verdict.row
    if verdict.reason is not None:
        yield verdict.reason
    if verdict.known is not None and verdict.known.bounds is not None:
        yield Bilingual(
            "方括号内为缺失数据留下的最小值与最大值",
            "in brackets: the least and the greatest value that missing data leave open",
        )
    if _unclaimed(verdict.known):
        yield Bilingual(
            "该数不是声明：由已封存的台账与联网声明推得，验证程序不复算",
            "no claim: follows from the sealed registry and the networked claim, the verifier does not recompute it",
        )
    if row.target is not None and verdict.figure not in ("", row.target.metric):
        yield _stands_in(verdict.figure)
    if row.reading is not None:
        yield row.reading
    for name in row.ambiguities:
        entry = assessment.library.ambiguities.get(name)
        if entry is not None:
            yield from _readings(entry, verdict)
    for metric in row.beside:
        yield from _beside(assessment, metric)


def _beside(assessment: SchemeAssessment, metric: str) -> Iterator[Bilingual]:
    """Return a figure that decides nothing, with its bounds and with what it was before."""
    after = _shown(assessment.figures.get(metric), metric)
    if not after:
        return
    before = _shown(assessment.figures.get(f"{metric}{BEFORE}"), metric)
    found = metric_of(metric)
    zh, en = (found.zh, found.en) if found is not None else (metric, metric)
    if before:
        yield Bilingual(
            f"旁列{zh}：建设前 {before}，建设后 {after}（不判定）",
            f"beside: {en} {before} before, {after} after (decides nothing)",
        )
    else:
        yield Bilingual(f"旁列{zh}：{after}（不判定）", f"beside: {en} {after} (decides nothing)")


def _shown(known: Figure | None, metric: str) -> str:
    if known is None or not isinstance(known.value, Fraction):
        return ""
    return f"{value_text(known.value, metric)} {bounds_text(known, metric)}".strip()


def _unclaimed(known: Figure | None) -> bool:
    """Return whether a figure follows from the log and yet no claim states it."""
    return (
        known is not None
        and known.grade is not None
        and known.origin is Origin.MEASURED
        and not known.claim
    )


def _stands_in(name: str) -> Bilingual:
    """Return which figure answers where the log has none of exactly the metric."""
    found = metric_of(name)
    zh, en = (found.zh, found.en) if found is not None else (name, name)
    return Bilingual(f"所用数值：{zh}", f"figure used: {en}")


def _readings(entry: Ambiguity, verdict: RowVerdict) -> Iterator[Bilingual]:
    """Return the default reading, named as ours, and what the others would say."""
    others = [r for r in verdict.readings if r.alternative.reading.startswith(f"{entry.id}.")]
    if not others:
        return
    chosen = entry.chosen
    if chosen is not None and verdict.row.reading is not None:
        pass  # the row says in its own words how it is read
    elif chosen is not None:
        yield Bilingual(
            f"“{entry.phrase}”按本项目默认读作：{chosen.name.zh}",
            f"{entry.phrase}: our default reading is: {chosen.name.en}",
        )
    else:
        yield Bilingual(
            f"“{entry.phrase}”有多种读法，不代为选择",
            f"{entry.phrase}: several readings, we do not decide",
        )
    for other in others:
        yield _other(entry, other)


def _other(entry: Ambiguity, other: ReadingVerdict) -> Bilingual:
    named = entry.reading(other.alternative.reading)
    name = named.name if named is not None else Bilingual(entry.id, entry.id)
    if other.value is None:
        return Bilingual(f"另一读法：{name.zh}：没有数据", f"other reading: {name.en}: no figure")
    target = other.alternative.target
    word = WORDS[other.judged.answer]
    if target is None:
        text = f"{number_text(100 * other.value, None, 1)} 个百分点"
        return Bilingual(
            f"另一读法：{name.zh}：{text}，{word.zh}",
            f"other reading: {name.en}: {number_text(100 * other.value, None, 1)} points, {word.en}",
        )
    text = value_text(other.value, target.metric, target.threshold)
    return Bilingual(
        f"另一读法：{name.zh}：{text}，{word.zh}", f"other reading: {name.en}: {text}, {word.en}"
    )


@dataclass(frozen=True, slots=True)
class CellValue:
    """A cell of an application form that a figure fills."""

    id: str
    label: Bilingual
    metric: Bilingual
    """What the figure is: labels like 提升比例（%） stand in a form several times."""
    value: str
    grade: str
    ours: bool
    """Formula or unit of the cell are ours."""


def cells_of(assessment: SchemeAssessment) -> Iterator[CellValue]:
    """Yield the cells of the scheme's forms for which there is a figure of exactly their metric."""
    for form in assessment.library.forms_of(assessment.scheme.id):
        for cell in form.fields():
            metric = METRICS.get(cell.metric)
            if metric is None or metric.by_year:
                continue
            name = f"{metric.id}{BEFORE}" if cell.period is Period.BEFORE else metric.id
            found = find(assessment.figures, name)
            if found is None or not isinstance(found[1].value, Fraction):
                continue
            grade = found[1].grade
            used = metric if metric.id == GAIN else metric_of(found[0]) or metric
            text = f"{value_text(found[1].value, metric.id)} {bounds_text(found[1], metric.id)}"
            yield CellValue(
                id=cell.id,
                label=Bilingual(cell.label, cell.en),
                metric=Bilingual(used.zh, used.en),
                value=text.strip(),
                grade="" if grade is None else _letter(grade, grade.letter.value),
                ours=bool(cell.proposed),
            )


def ambiguities_of(assessment: SchemeAssessment) -> tuple[Ambiguity, ...]:
    """Return every entry that the scheme, a row or a rule stands under, in the order of the register."""
    scheme = assessment.scheme
    named = {name for group in scheme.root.groups() for name in group.ambiguities}
    named |= {name for row in scheme.rows for name in row.ambiguities}
    named |= {name for rule in scheme.rules for name in rule.ambiguities}
    return tuple(a for name, a in assessment.library.ambiguities.items() if name in named)


def proposals_of(assessment: SchemeAssessment) -> Iterator[tuple[str, str, Proposal]]:
    """Yield id, clause and proposal of every part of the scheme that is ours, rules included."""
    yield from (("", assessment.scheme.source.name, p) for p in assessment.scheme.source.proposed)
    groups: Sequence[Group] = tuple(assessment.scheme.root.groups())
    for group in groups:
        yield from ((group.id, group.clause, p) for p in group.proposed)
        for item in group.items:
            if isinstance(item, Clause):
                yield from ((item.id, item.clause, p) for p in item.proposed)
    for rule in assessment.scheme.rules:
        yield from ((rule.id, rule.clause, p) for p in rule.proposed)
