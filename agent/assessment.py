"""Figures against a certification scheme: verdict of every clause, evidence grade of every cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from agent.figure_views import details, ratio_text
from agent.figures import Figure
from kpi.clauses import Clause, RowVerdict, Scheme, SchemeVerdict, judge
from kpi.clauses import Figure as Known
from kpi.comparison import Word
from kpi.grades import Letter, Origin, PeriodEvidence, grade
from kpi.logic import Verdict
from model.ratio import Undefined
from reports.words import Grade, Text, VerdictWord

_DECLARED: Final = frozenset({"nc-ratio"})
"""Figures that are counted from the registry, which the enterprise declares; machines only corroborate it."""
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
    """Id of the figure that decides it, or of the twin printed beside it; empty if there is none."""
    grade: Grade | None
    evaluated: Text
    required: Text | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A scheme judged against figures."""

    scheme: Scheme
    verdict: VerdictWord
    rows: tuple[Assessed, ...]


def assess(scheme: Scheme, figures: Mapping[str, Figure], *, simulated: bool) -> Assessment:
    """Return the verdicts of `scheme`; figures of the after period carry the names of its metrics."""
    judged: SchemeVerdict = judge(scheme, {name: _known(f) for name, f in figures.items()})
    return Assessment(
        scheme,
        _WORDS[judged.verdict],
        tuple(_assessed(v, figures, simulated=simulated) for v in judged.rows),
    )


def _known(figure: Figure) -> Known:
    """Return what a figure says to the judge: its value, its bounds, the word of a comparison."""
    detail = figure.result.detail
    word = detail.get("word")
    if figure.result.value is None:
        why = figure.result.ratio
        return Known(why if isinstance(why, Undefined) else Undefined("", ""))
    return Known(
        figure.result.value,
        ratio_text(detail.get("low")),
        ratio_text(detail.get("high")),
        unbounded=detail.get("high") == "unbounded",
        word=Word(str(word)) if word is not None else None,
    )


def _assessed(verdict: RowVerdict, figures: Mapping[str, Figure], *, simulated: bool) -> Assessed:
    row = verdict.row
    deciding = row.target.metric if row.target is not None and row.target.metric in figures else ""
    shown = deciding or (row.twin if row.twin in figures else "")
    figure = figures.get(shown)
    word = _WORDS[verdict.verdict]
    if deciding:
        stated = figures[deciding].result.detail.get("word")
        word = VerdictWord(str(stated)) if stated is not None else word
    elif word is VerdictWord.UNDETERMINED:
        word = VerdictWord.NOT_EVALUATED
    reading_zh = row.reading
    if verdict.zh:
        reading_zh = f"{verdict.zh}；{row.reading}" if row.reading else verdict.zh
    required = None
    if row.target is not None:
        sign = {">=": "≥", ">": ">", "<=": "≤", "<": "<"}[row.target.operator.value]
        shown_threshold = row.target.threshold * (100 if row.target.unit == "%" else 1)
        text = f"{sign} {_plain(shown_threshold)} {row.target.unit}".strip()
        required = Text(text, text)
    return Assessed(
        row=row,
        verdict=verdict,
        word=word,
        value=figure.result.value if figure is not None else None,
        figure=shown,
        grade=grade_of(shown, figures, simulated=simulated) if shown else None,
        evaluated=Text(reading_zh or row.zh, verdict.en or "as worded"),
        required=required,
    )


def _plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else str(float(value))


def grade_of(name: str, figures: Mapping[str, Figure], *, simulated: bool) -> Grade:
    """Return the evidence grade of a figure (kpi.md D.7); no baseline is sealed in this version, so at best B.

    A figure of one period is not compared, so sealing does not matter to it.
    """
    if name in _DECLARED:
        evidence = PeriodEvidence(origin=Origin.DECLARED, simulated=simulated)
        return _letter(grade(evidence, None, sealed_before=False).letter)
    after = _evidence(figures, "", name, simulated=simulated)
    comparison = name.endswith("-change")
    before = _evidence(figures, "-before", name, simulated=simulated) if comparison else None
    return _letter(grade(after, before, sealed_before=False).letter)


def _letter(letter: Letter) -> Grade:
    return Grade(letter.value)


def _evidence(
    figures: Mapping[str, Figure], suffix: str, name: str, *, simulated: bool
) -> PeriodEvidence:
    return PeriodEvidence(
        origin=Origin.MEASURED,
        coverage=worst_coverage(figures, suffix, _assets_of(figures[name])),
        simulated=simulated,
    )


def _assets_of(figure: Figure) -> frozenset[str] | None:
    """Return the assets that a figure rests on; None = all with required points."""
    request = figure.request
    names = (*getattr(request, "assets", ()), *getattr(request, "meters", ()))
    return frozenset(names) or None


def worst_coverage(
    figures: Mapping[str, Figure], suffix: str, assets: frozenset[str] | None
) -> Fraction:
    """Return the lowest slot coverage of the assets in a period (0 if it is not known)."""
    upload = figures.get(f"upload-rate{suffix}")
    if upload is None:
        return Fraction(0)
    if assets is None:
        assets = frozenset(str(point["asset"]) for point in details(upload, "points"))
    rates = [
        ratio_text(row["rate"]) or Fraction(0)
        for row in details(upload, "assets")
        if row["asset"] in assets
    ]
    return min(rates, default=Fraction(0))
