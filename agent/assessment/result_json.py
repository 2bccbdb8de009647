"""An assessed scheme as JSON values: exact fractions, every row, every rule; it says whether the data are simulated."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from agent.assessment.lines import cells_of, lines_of, proposals_of
from agent.assessment.schemes import SchemeAssessment


def as_json(assessment: SchemeAssessment, language: str) -> dict[str, Any]:
    """Return the assessment as JSON values; exact values are `num/den`."""
    verdict, scheme, force = assessment.verdict, assessment.scheme, assessment.verdict.force
    return {
        "scheme": scheme.id,
        "title": scheme.zh if language == "zh" else scheme.en,
        "document": scheme.document,
        "clause": scheme.clause,
        "on": assessment.on.isoformat(),
        "force": None
        if force is None
        else {"state": force.force.value, "text": force.text.of(language)},
        "simulated": assessment.simulated,
        "source": assessment.source.text.of(language) if assessment.source else "",
        "verdict": verdict.verdict.value,
        "reason": verdict.reason.of(language) if verdict.reason else "",
        "tally": _tally(assessment),
        "rows": _rows(assessment, language),
        "combinations": [
            {
                "group": group.group.id,
                "k": c.k,
                "of": c.of,
                "mandatory": list(c.mandatory),
                "chosen": None if c.chosen is None else list(c.chosen),
                "passed": c.passed,
                "failed": c.failed,
                "open": c.open,
                "possible": c.possible,
            }
            for group, c in verdict.combinations
        ],
        "rules": [
            {
                "id": r.rule.id,
                "kind": r.rule.kind.value,
                "state": r.state.value,
                "text": r.text.of(language) if r.text else "",
                "parts": [p.id for p in r.parts],
            }
            for r in verdict.rules
        ],
        "cells": [
            {"id": c.id, "label": c.label.of(language), "value": c.value, "grade": c.grade}
            for c in cells_of(assessment)
        ],
        "contradictions": [c.text.of(language) for c in assessment.contradictions],
        "texts": {
            name: {"within": c.within, "text": c.text.of(language)}
            for name, c in assessment.texts.items()
        },
        "ours": [
            {"id": name, "clause": clause, "what": p.what.value, "reason": p.reason.of(language)}
            for name, clause, p in proposals_of(assessment)
        ],
    }


def _tally(assessment: SchemeAssessment) -> dict[str, Any]:
    tally = assessment.verdict.tally
    return {
        "passed": {o.value: n for o, n in tally.passed.items()},
        "failed": {o.value: n for o, n in tally.failed.items()},
        "undetermined": tally.undetermined,
        "no_figure": tally.no_figure,
        "people": tally.people,
        "left_out": tally.left_out,
    }


def _rows(assessment: SchemeAssessment, language: str) -> list[dict[str, Any]]:
    lines = {line.id: line for line in lines_of(assessment)}
    found = []
    for verdict in assessment.verdict.rows:
        row, known, line = verdict.row, verdict.known, lines.get(verdict.row.id)
        value = known.value if known is not None else None
        found.append(
            {
                "id": row.id,
                "clause": row.clause,
                "wording": row.zh if language == "zh" else row.en,
                "verbatim": row.verbatim,
                "seed": row.seed,
                "metric": row.target.metric if row.target else "",
                "required": line.required if line else "",
                "value": _exact(value),
                "shown": line.figure if line else "",
                "figure": verdict.figure,
                "origin": known.origin.value if known is not None else "",
                "answer": verdict.answer.value,
                "grade": line.grade if line else "",
                "base": row.base.of(language) if row.base else "",
                "remarks": [r.of(language) for r in line.remarks] if line else [],
                "readings": [
                    {
                        "reading": r.alternative.reading,
                        "value": _exact(r.value),
                        "answer": r.judged.answer.value,
                    }
                    for r in verdict.readings
                ],
                "ambiguities": list(row.ambiguities),
            }
        )
    return found


def _exact(value: object) -> str:
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else ""
