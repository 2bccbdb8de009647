"""A table of coefficients from a parsed file: every fault names the row, the key and the value seen."""

from __future__ import annotations

from collections.abc import Mapping

from kpi.energy.coefficients import Basis, Choice, Coefficient, CoefficientTable, Kind, Mark
from kpi.energy.units import unit_of
from kpi.fields import Fields


def table_from_mapping(data: Mapping[str, object], path: str = "coefficients") -> CoefficientTable:
    """Return the table of a parsed file; raises ConfigError that names the row and key."""
    f = Fields.of(data, path)
    f.only("id", "zh", "en", "edition", "rows")
    rows = tuple(_row(r) for r in f.children("rows"))
    carriers = [r.carrier for r in rows]
    if not rows or len(set(carriers)) != len(carriers):
        raise f.error(
            "rows", "at least one row, each with its own carrier", "至少一行，且每行的 carrier 不同"
        )
    return CoefficientTable(f.text("id"), f.text("zh"), f.text("en"), f.text("edition"), rows)


def _row(f: Fields) -> Coefficient:
    f.only(
        *("carrier", "zh", "en", "kind", "basis", "unit", "kgce", "choices", "between", "mark"),
        *("source", "note"),
    )
    unit_of(f.text("unit"))
    given = [k for k in ("kgce", "choices", "between") if f.has(k)]
    if len(given) > 1:
        raise f.error(
            given[1], "only one of kgce, choices, between", "kgce、choices、between 三者只写其一"
        )
    value = f.number("kgce") if f.has("kgce") else None
    if value is not None and value <= 0:
        raise f.error("kgce", "a number above 0", "大于 0 的数")
    between = None
    if f.has("between"):
        ends = f.child("between")
        between = (ends.number("low"), ends.number("high"))
        if not 0 < between[0] < between[1]:
            raise f.error("between", "0 < low < high")
    return Coefficient(
        carrier=f.text("carrier"),
        zh=f.text("zh"),
        en=f.text("en"),
        kind=Kind(f.one_of("kind", tuple(k.value for k in Kind))),
        basis=Basis(f.one_of("basis", tuple(b.value for b in Basis))),
        unit=f.text("unit"),
        mark=Mark(f.one_of("mark", tuple(m.value for m in Mark))),
        source=f.text("source"),
        kgce=value,
        choices=tuple(_choice(c) for c in f.children("choices")) if f.has("choices") else (),
        between=between,
        note=f.text("note") if f.has("note") else "",
    )


def _choice(f: Fields) -> Choice:
    f.only("name", "kgce", "mark", "source")
    return Choice(
        name=f.text("name"),
        kgce=f.number("kgce"),
        mark=Mark(f.one_of("mark", tuple(m.value for m in Mark))),
        source=f.text("source"),
    )
