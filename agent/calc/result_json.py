"""The result of a case as JSON values: exact numbers as fractions, every text in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from agent.calc.texts import AGREEMENTS, COUNTED, MARKS, NEEDS, REACHED
from config.calc.reading import LoadedCase
from kpi.bilingual import Bilingual
from kpi.calc.case import CaseResult
from kpi.calc.expected import Compared, Judged
from kpi.calc.figure import Figure, unit_text
from kpi.calc.findings import CaseFinding
from kpi.calc.periods import PeriodsResult
from kpi.calc.points import PointResult
from kpi.calc.steps import CounterSteps
from kpi.calc.sums import MachineSums
from kpi.comparison.estimate import Estimate
from kpi.comparison.page import WORDS
from kpi.equipment.indicator import Operand
from model.ratio import Undefined
from model.state import Atom


def case_json(loaded: LoadedCase, result: CaseResult) -> dict[str, Any]:
    """Return everything that the page of a case says, and the long fractions that it leaves out."""
    case = loaded.case
    equipment = result.equipment
    limits = {j.figure.name: j.threshold for j in reversed(result.judged)}
    missing = [m for one in equipment.machines for m in one.missing] if equipment else []
    return {
        "case": loaded.name,
        "title": None if case.title is None else _both(case.title.zh, case.title.en),
        "source": None if case.source is None else case.source.model_dump(),
        "findings": [_finding(f) for f in (*loaded.findings, *result.findings)],
        "machines": [_machine(m) for m in equipment.sums.machines] if equipment else [],
        "counters": [_counter(c) for c in result.steps],
        "figures": [_figure(f, limits.get(f.name)) for f in result.figures],
        "slots": _slots(result.points) if result.points is not None else {},
        "comparison": _comparison(result.periods) if result.periods is not None else None,
        "expect": [_compared(c) for c in result.compared],
        "require": [_judged(j) for j in result.judged],
        "missing": [
            {
                "machine": m.machine,
                "needs": [_words(NEEDS[n]) for n in NEEDS if n in m.lacks],
                "figures": list(m.figures),
            }
            for m in missing
        ],
    }


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _words(text: Bilingual) -> dict[str, str]:
    return _both(text.zh, text.en)


def _exact(value: Fraction | int | None) -> str | None:
    return None if value is None else str(value)


def _finding(f: CaseFinding) -> dict[str, Any]:
    return {
        "name": f.name,
        "weight": f.weight.value,
        **_both(f.zh, f.en),
        "hint": _both(f.hint_zh, f.hint_en) if f.hint_en else None,
        "line": f.place.line or None,
        "column": f.place.column or None,
        "text": f.place.text,
    }


def _figure(f: Figure, threshold: Fraction | None) -> dict[str, Any]:
    known = isinstance(f.value, Fraction)
    return {
        "name": f.name,
        "id": f.id,
        "machine": f.machine,
        **_both(f.zh, f.en),
        "formula": _both(f.formula_zh, f.formula_en),
        "operands": [_operand(o) for o in f.operands],
        "unit": f.unit,
        "value": str(f.value) if known else None,
        "exact": f.exact,
        "shown": unit_text(f.value, f.unit, threshold) if isinstance(f.value, Fraction) else None,
        "undefined": _both(f.value.zh, f.value.en) if isinstance(f.value, Undefined) else None,
        "bounded": f.bounded,
        "low": _exact(f.low),
        "high": _exact(f.high),
        "open_low": f.open_low,
        "open_high": f.open_high,
        "lists": [{**_both(x.zh, x.en), "ids": list(x.ids)} for x in f.lists],
        "source": f.source,
        "note": _both(f.note_zh, f.note_en) if f.note_en else None,
    }


def _operand(o: Operand) -> dict[str, str]:
    return {"symbol": o.symbol, "value": str(o.value), "unit": o.unit}


def _machine(m: MachineSums) -> dict[str, Any]:
    time, first = m.machine.time, m.variants[0]
    atoms = time.atoms if time is not None else first.atoms
    return {
        "id": m.machine.id,
        "atoms_ms": {a.value: atoms[a] for a in Atom},
        "not_divided": [
            {"name": s.name, "ms": s.ms, "atoms": [a.value for a in s.atoms]}
            for s in (time.splits if time is not None else ())
        ],
        "pieces": [
            {
                "product": r.product,
                "ideal_ms": [_exact(r.ideal_low), _exact(r.ideal_high)],
                "made": r.made,
                "good": r.good,
                "scrap": r.scrap,
                "rework": r.rework,
            }
            for r in first.rows
        ],
    }


def _counter(c: CounterSteps) -> dict[str, Any]:
    return {
        "machine": c.machine,
        "name": c.counter.name,
        "counts": _words(COUNTED[c.counter.role]),
        "steps": [
            {
                "at_ms": s.at_ms,
                "reading": s.reading,
                "level": s.level,
                "booked": s.booked,
                "accepted": s.accepted,
                "marks": [{"id": m.value, **_words(MARKS[m])} for m in s.marks],
            }
            for s in c.steps
        ],
        "booked": c.gross,
        "corrected": c.correction,
        "total": c.net,
    }


def _slots(found: PointResult) -> dict[str, Any]:
    return {
        name: {
            "expected": p.expected,
            **{o.value: n for o, n in sorted(p.counts.items()) if n},
        }
        for name, p in sorted(found.slots.items())
    }


def _comparison(found: PeriodsResult) -> dict[str, Any]:
    c = found.comparison
    return {
        "metric": c.metric.id,
        "sense": c.metric.sense,
        "threshold": str(c.threshold),
        "word": {"id": c.word.value, **_both(WORDS[c.word].zh, WORDS[c.word].en)},
        "grade": c.grade.label,
        "main": _estimate(c.main),
        "with_exclusions": _estimate(c.with_exclusions),
        "without_exclusions": _estimate(c.without_exclusions),
        "with_unknown_days": _estimate(c.with_unknown_days),
        "findings": _named((f.name, f.severity.value, f.text.zh, f.text.en) for f in c.findings),
        "confounders": [
            {**_both(n.confounder.text.zh, n.confounder.text.en), "seen": n.seen.value}
            for n in c.confounders
        ],
    }


def _named(rows: Iterable[tuple[str, str, str, str]]) -> list[dict[str, str]]:
    return [
        {"name": name, "severity": severity, **_both(zh, en)} for name, severity, zh, en in rows
    ]


def _estimate(one: Estimate | None) -> dict[str, Any] | None:
    if one is None:
        return None
    methods = one.interval.methods if one.interval is not None else ()
    return {
        "method": one.method,
        "valid_days": [one.days_before, one.days_after],
        "change": str(one.change),
        "low": _decimal(one.low),
        "high": _decimal(one.high),
        "word": one.word.value,
        "rho": None if one.interval is None else str(one.interval.rho),
        "intervals": [
            {"name": m.name, "half_width": str(m.half_width), "degrees_of_freedom": str(m.df)}
            for m in methods
        ],
    }


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _compared(c: Compared) -> dict[str, Any]:
    return {
        "figure": c.name,
        "published": c.published,
        "ours": c.ours or None,
        "agreement": {"id": c.agreement.value, **_words(AGREEMENTS[c.agreement])},
        "note": _both(c.note_zh, c.note_en) if c.note_en else None,
    }


def _judged(j: Judged) -> dict[str, Any]:
    return {
        "figure": j.name,
        "sense": "at_least" if j.at_least else "at_most",
        "threshold": str(j.threshold),
        "word": {"id": j.word.value, **_words(REACHED[j.word])},
    }
