"""A snapshot as the JSON that pages and stream carry, and the difference of two of them.

The JSON is language-neutral: numbers are written once here, texts carry both languages, words are catalogue keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from agent.web.state import (
    BoardSnapshot,
    ClauseRow,
    CompareRow,
    DeviceTile,
    Explanation,
    KpiCard,
)
from reports.figures import digits, exact, figure, signed
from reports.words import Text, Unit

Json = dict[str, object]

KEYED: Final = ("kpi", "dev")
"""Sections that are sent entry by entry and field by field."""
_SPARK_DECIMALS: Final = 3
_ROUGH_DECIMALS: Final = 5


def view(snapshot: BoardSnapshot) -> Json:
    """Return everything the board shows as JSON values."""
    log = snapshot.log
    return {
        "seq": snapshot.seq,
        "t": snapshot.at_ms,
        "simulated": snapshot.simulated,
        "site": {
            "name": snapshot.site.name,
            "enterprise": snapshot.site.enterprise,
            "workshop": snapshot.site.workshop,
            "zone": snapshot.site.zone,
            "offset": snapshot.site.utc_offset_min,
        },
        "log": {
            "origin": log.origin,
            "size": digits(Fraction(log.size), 0),
            "root": log.root,
            "signed": log.signed_ms,
            "anchored": log.anchored_ms,
            "minutes": digits(Fraction(log.sealed_minutes), 0),
        },
        "kpi": {card.key.value: _card(card) for card in snapshot.kpis},
        "dev": {tile.id: _tile(tile) for tile in snapshot.devices},
        "trend": snapshot.trend
        and {
            "start": snapshot.trend.start_ms,
            "step": snapshot.trend.step_ms,
            "points": [_rough(p) for p in snapshot.trend.points],
            "target": snapshot.trend.target,
        },
        "scheme": _text(snapshot.scheme),
        "clauses": [_clause(row) for row in snapshot.clauses],
        "compare": [_compare(row) for row in snapshot.compare],
        "compareNote": _text(snapshot.compare_note),
        "pareto": [{"label": _text(item.label), "ms": item.ms} for item in snapshot.pareto],
        "paretoNote": _text(snapshot.pareto_note),
        "health": [
            {"key": item.key, "level": item.level.value, "text": _text(item.text)}
            for item in snapshot.health
        ],
        "alarms": [
            {"id": a.id, "level": a.level.value, "t": a.at_ms, "text": _text(a.text)}
            for a in snapshot.alarms
        ],
    }


def explanation(found: Explanation) -> Json:
    """Return how a figure was computed as JSON values."""
    return {
        "id": found.id,
        "title": _text(found.title),
        "formula": _text(found.formula),
        "algorithm": found.algorithm,
        "text": None if found.value is None else figure(found.value, found.unit, found.decimals),
        "exact": None if found.value is None else exact(found.value),
        "reason": _text(found.reason),
        "unit": found.unit.value,
        "window": found.window_ms and list(found.window_ms),
        "operands": [
            {"label": _text(o.label), "value": o.value, "unit": _text(o.unit)}
            for o in found.operands
        ],
        "members": [
            {
                "id": m.id,
                "name": _text(m.name),
                "included": m.included,
                "detail": _text(m.detail),
            }
            for m in found.members
        ],
        "excluded": [_text(e) for e in found.excluded],
        "grade": found.grade and found.grade.value,
        "source": _text(found.source),
    }


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> Json | None:
    """Return what changed from `old` to `new`, or None when only a whole new snapshot can say it.

    `kpi` and `dev` hold, per id, the changed fields; every other section stands whole. `seq` and `t` are always in it.
    A section whose set or order of ids changed needs a snapshot.
    """
    changed: Json = {"seq": new["seq"], "t": new["t"]}
    for section, value in new.items():
        before = old.get(section)
        if section in changed:
            continue
        if section not in KEYED:
            if value != before:
                changed[section] = value
            continue
        if not isinstance(before, dict) or not isinstance(value, dict):
            return None
        if list(before) != list(value):  # equal dicts may still differ in order
            return None
        if before == value:
            continue
        changed[section] = {
            name: {key: field for key, field in fields.items() if before[name].get(key) != field}
            for name, fields in value.items()
            if before[name] != fields
        }
    return changed


def _text(text: Text | None) -> Json | None:
    return None if text is None else {"zh": text.zh, "en": text.en}


def _rough(value: Fraction | float | None) -> float | None:
    """Return a number for drawing only (bars, needles, curves); what people read is written by `figure`."""
    return None if value is None else round(float(value), _ROUGH_DECIMALS)


def _card(card: KpiCard) -> Json:
    value, target = card.value, card.target
    return {
        "text": None if value is None else figure(value, card.unit, card.decimals, target),
        "ratio": _rough(value),
        "unit": card.unit.value,
        "target": _rough(target),
        "targetText": None if target is None else _goal(target, card.unit),
        "margin": None
        if value is None or target is None
        else figure(abs(value - target), card.unit, card.decimals),
        "short": value is not None and target is not None and value < target,
        "reason": _text(card.reason),
        "note": _text(card.note),
        "verdict": card.verdict and card.verdict.key,
        "window": _text(card.window),
    }


def _tile(tile: DeviceTile) -> Json:
    factor = 100 if tile.value_unit == "%" else 1
    return {
        "name": _text(tile.name),
        "kind": _text(tile.kind),
        "link": tile.link.value,
        "state": tile.state and tile.state.value,
        "since": tile.since_ms,
        "value": None if tile.value is None else digits(tile.value * factor, tile.decimals),
        "label": _text(tile.value_label),
        "unit": tile.value_unit,
        "good": None if tile.good is None else digits(Fraction(tile.good), 0),
        "spark": [None if p is None else round(p, _SPARK_DECIMALS) for p in tile.spark],
        "note": _text(tile.note),
    }


def _goal(target: Fraction, unit: Unit) -> str:
    """Return a goal with as few places as it has, at most two: 90 %, 7.5 %."""
    factor = 100 if unit is Unit.PERCENT else 1
    return next(
        (
            figure(target, unit, places)
            for places in (0, 1)
            if (target * factor * 10**places).denominator == 1
        ),
        figure(target, unit, 2),
    )


def _clause(row: ClauseRow) -> Json:
    value = row.value
    return {
        "id": row.id,
        "number": row.number,
        "wording": _text(row.wording),
        "evaluated": None if row.evaluated.zh == row.wording.zh else _text(row.evaluated),
        "verdict": row.verdict.key,
        "required": _text(row.required),
        "text": None if value is None else figure(value, row.unit, row.decimals, row.threshold),
        "unit": row.unit.value,
        "grade": row.grade and row.grade.value,
        "explain": row.explain,
    }


def _compare(row: CompareRow) -> Json:
    def shown(value: Fraction | None) -> str | None:
        return None if value is None else figure(value, row.unit, row.decimals)

    return {
        "key": row.key.value,
        "before": shown(row.before),
        "after": shown(row.after),
        "beforeRatio": _rough(row.before),
        "afterRatio": _rough(row.after),
        "change": None if row.change is None else signed(row.change, row.decimals),
        "word": row.word.key,
        "unit": row.unit.value,
        "threshold": None if row.threshold is None else _goal(row.threshold, Unit.PERCENT),
        "explain": row.explain,
    }
