"""Schemes for tests: the built-in ones, and small ones written as a file would be."""

from __future__ import annotations

from typing import Any

import yaml

from config.schemes.files import builtin_library, builtin_sources
from config.schemes.library import SchemeLibrary, build_library
from kpi.schemes.clauses import Clause
from kpi.schemes.forms import FormField
from kpi.schemes.rules import SchemeRule
from kpi.schemes.scheme import Group, Scheme

DOCUMENT = {
    "kind": "document",
    "id": "D",
    "number": "甲〔2026〕1号",
    "title": {"zh": "甲", "en": "a"},
    "issuer": {"zh": "乙", "en": "b"},
    "seed": "000:1",
    "issued": "2026-01-31",
    "term": {"kind": "years", "years": 2, "clause": "第九条"},
}


def row(name: str = "r1", **more: Any) -> dict[str, Any]:
    """Return a row with a threshold of 90 %; a value of None takes a key out."""
    found = {
        "id": name,
        "clause": "1",
        "zh": "甲",
        "en": "a",
        "seed": "000:1",
        "source": ["M"],
        "metric": "upload-rate",
        "operator": ">=",
        "threshold": 90,
        "unit": "%",
        "grade": "A",
        **more,
    }
    return {k: v for k, v in found.items() if v is not None}


def people(name: str, **more: Any) -> dict[str, Any]:
    """Return a row that only people can judge."""
    return row(
        name, metric=None, operator=None, threshold=None, unit=None, source=["N"], grade="D", **more
    )


def group(name: str, rule: str, *items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a group."""
    return {
        "id": name,
        "zh": "甲",
        "en": "a",
        "seed": "000:1",
        "rule": rule,
        "items": list(items),
        **more,
    }


def scheme_file(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a scheme file."""
    return {
        "kind": "scheme",
        "id": "S",
        "zh": "甲",
        "en": "a",
        "document": "D",
        "clause": "1",
        "seed": "000:1",
        "lead": "甲",
        "items": list(items),
        **more,
    }


def library_of(*files: dict[str, Any]) -> SchemeLibrary:
    """Return what some files say, together with the built-in facts and the ambiguity register."""
    shared = [s for s in builtin_sources() if s[0] in ("facts.yaml", "ambiguities.yaml")]
    own = [
        (f"{i}.yaml", yaml.safe_dump(f, allow_unicode=True).encode()) for i, f in enumerate(files)
    ]
    return build_library([*shared, *own])


def scheme_of(
    *items: dict[str, Any], rules: list[dict[str, Any]] | None = None, **more: Any
) -> Scheme:
    """Return a small scheme."""
    document = {**DOCUMENT, "rules": rules or []}
    return library_of(document, scheme_file(*items, **more)).schemes["S"]


def builtin(name: str) -> Scheme:
    """Return a built-in scheme."""
    return builtin_library().schemes[name]


def clause(name: str) -> Clause:
    """Return a row of the built-in schemes by id."""
    return next(r for s in builtin_library().schemes.values() for r in s.rows if r.id == name)


def branch(name: str) -> Group:
    """Return a group of the built-in schemes by id."""
    schemes = builtin_library().schemes.values()
    return next(g for s in schemes for g in s.root.groups() if g.id == name)


def rule(name: str) -> SchemeRule:
    """Return a rule of the built-in documents by id."""
    return next(r for rules in builtin_library().rules.values() for r in rules if r.id == name)


def cell(name: str) -> FormField:
    """Return a cell of the built-in forms by id."""
    forms = builtin_library().forms.values()
    return next(f for form in forms for f in form.fields() if f.id == name)


def section(name: str) -> tuple[FormField, ...]:
    """Return the cells of a section of the built-in forms by id."""
    forms = builtin_library().forms.values()
    return next(s.fields for form in forms for s in form.sections if s.id == name)


def rows_with_number() -> list[Clause]:
    """Return every row of the built-in schemes that a number decides."""
    schemes = builtin_library().schemes.values()
    return [r for s in schemes for r in s.rows if r.target is not None]
