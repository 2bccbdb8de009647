"""Figures against a certification scheme, as board and report print it: verdict and grade of every clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from agent.assessment.known_figures import BETTER, measured_figures, merged
from agent.reporting.evidence_grades import evidence_grade, worst_coverage
from agent.reporting.figures import Figure
from kpi.bilingual import Bilingual
from kpi.schemes.clauses import Clause, Target
from kpi.schemes.figures import Figure as KnownFigure
from kpi.schemes.judging import judge
from kpi.schemes.logic import Verdict
from kpi.schemes.scheme import Scheme
from kpi.schemes.verdicts import Answer, RowVerdict, SchemeVerdict
from reports.words import Grade, Text, VerdictWord

__all__ = ["Assessed", "Assessment", "assess", "grade_of", "required_text", "worst_coverage"]

_WORDS: Final = {
    Verdict.PASS: VerdictWord.PASS,
    Verdict.FAIL: VerdictWord.FAIL,
    Verdict.UNDETERMINED: VerdictWord.UNDETERMINED,
}


@dataclass(frozen=True, slots=True)
class Assessed:
    """One clause with everything that board and report print of it."""

    row: Clause
    verdict: RowVerdict
    word: VerdictWord
    value: Fraction | None
    figure: str
    """Id of the figure that decides it, or of the one printed beside it; empty if there is none."""
    grade: Grade | None
    evaluated: Text
    required: Text | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A scheme judged against figures."""

    scheme: Scheme
    verdict: VerdictWord
    rows: tuple[Assessed, ...]


CHANGE: Final = "-change"
"""A level is not printed in the cell of a row that asks for a change, nor the other way round."""


def assess(
    scheme: Scheme,
    figures: Mapping[str, Figure],
    *,
    simulated: bool,
    imported: Mapping[str, KnownFigure] = MappingProxyType({}),
) -> Assessment:
    """Return the verdicts of `scheme`; figures of the after period carry the names of its metrics.

    imported: figures of records; one that is measured counts before one that is imported.
    """
    known, _ = merged(measured_figures(figures, simulated=simulated), imported, {})
    judged: SchemeVerdict = judge(scheme, known)
    return Assessment(
        scheme,
        _WORDS[judged.verdict],
        tuple(_assessed(v, figures, simulated=simulated) for v in judged.rows),
    )


def _assessed(verdict: RowVerdict, figures: Mapping[str, Figure], *, simulated: bool) -> Assessed:
    row = verdict.row
    change = row.target is not None and row.target.metric.endswith(CHANGE)
    beside = next(
        (
            claim
            for name in row.beside
            if name.endswith(CHANGE) is change or row.target is None
            if (claim := claim_of(name, figures))
        ),
        "",
    )
    if verdict.known is not None and verdict.known.imports:
        return _by_record(verdict, verdict.known)
    shown = (verdict.known.claim if verdict.known is not None else "") or beside
    figure = figures.get(shown)
    return Assessed(
        row=row,
        verdict=verdict,
        word=_word(verdict.answer),
        value=figure.result.value if figure is not None else None,
        figure=shown,
        grade=_capped(grade_of(shown, figures, simulated=simulated), row) if shown else None,
        evaluated=_evaluated(row, verdict.reason),
        required=required_text(row.target),
    )


def _capped(found: Grade, row: Clause) -> Grade:
    """Return the grade of a figure, at most the best one that its row can reach."""
    return Grade(max(found.value, row.grade.value))


def _by_record(verdict: RowVerdict, known: KnownFigure) -> Assessed:
    """Return a clause that imported records answer: no claim stands behind it, and it says so."""
    row = verdict.row
    value = known.value if isinstance(known.value, Fraction) else None
    ratio = row.target is not None and row.target.unit == "%"
    said = _evaluated(row, verdict.reason)
    said_zh, said_en = (
        "数值来自导入或申报的记录，机器没有测量",
        "from records, not measured by a machine",
    )
    return Assessed(
        row=row,
        verdict=verdict,
        word=_word(verdict.answer),
        value=value if ratio else None,
        figure="",
        grade=None if known.grade is None else Grade(known.grade.letter.value),
        evaluated=Text(f"{said_zh}；{said.zh}", f"{said_en}; {said.en}"),
        required=required_text(row.target),
    )


def claim_of(metric: str, figures: Mapping[str, Figure]) -> str:
    """Return the id of the claim that states a metric, the better one of two; empty if none does."""
    return next((n for n in (BETTER.get(metric, metric), metric) if n in figures), "")


def _word(answer: Answer) -> VerdictWord:
    """Return the word of a clause; what does not take part is not evaluated on board and report."""
    if answer in (Answer.NOT_APPLICABLE, Answer.NOT_CHOSEN):
        return VerdictWord.NOT_EVALUATED
    return VerdictWord(answer.value)


def _evaluated(row: Clause, reason: Bilingual | None) -> Text:
    """Return the reason and the reading of a clause; the wording itself where there is neither."""
    parts = [part for part in (reason, row.reading) if part is not None]
    if not parts:
        return Text(row.zh, "as worded")
    return Text("；".join(p.zh for p in parts), "; ".join(p.en for p in parts))


def required_text(target: Target | None) -> Text | None:
    """Return what a figure must reach, as printed."""
    if target is None:
        return None
    sign = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "="}[target.operator.value]
    shown = target.threshold * (100 if target.unit == "%" else 1)
    text = f"{sign} {_plain(shown)} {target.unit}".strip()
    return Text(text, text)


def _plain(value: Fraction) -> str:
    """Return a threshold as it is written: a whole number, a decimal one, or the fraction itself."""
    if value.denominator == 1:
        return str(value.numerator)
    for places in range(1, 13):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(abs(scaled.numerator)).rjust(places + 1, "0")
            sign = "-" if value < 0 else ""
            return f"{sign}{digits[:-places]}.{digits[-places:]}"
    return f"{value.numerator}/{value.denominator}"


def grade_of(name: str, figures: Mapping[str, Figure], *, simulated: bool) -> Grade:
    """Return the letter of the evidence grade of a figure (agent/reporting/evidence_grades.py)."""
    return Grade(evidence_grade(name, figures, simulated=simulated).letter.value)
