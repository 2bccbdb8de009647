"""Rows of a table as canonical JSON (docs/formats/records.md) and back: equal rows give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from config.records.columns import Column, Kind, Value
from config.records.numbers import decimal_text
from config.records.table import ReadRow, Table
from evidence import canonical
from evidence.canonical import Json
from evidence.refusal import Refusal
from kpi.records.periods import Month


def encode_rows(table: Table, rows: Sequence[ReadRow]) -> bytes:
    """Return the canonical bytes of the rows with their line numbers, originals and notes."""
    return canonical.encode(
        {
            "rows": [_row_json(table, row) for row in rows],
            "table": table.id,
            "template": table.version,
            "v": 1,
        }
    )


def _row_json(table: Table, row: ReadRow) -> Json:
    values: dict[str, Json] = {}
    for column in table.columns:
        value = getattr(row.row, column.field)
        if value is not None:
            values[column.field] = _value_json(column, value)
    found: dict[str, Json] = {"line": row.line, "values": values}
    if row.evidence:
        found["evidence"] = list(row.evidence)
    if row.note:
        found["note"] = row.note
    return found


def _value_json(column: Column, value: Value) -> Json:
    match column.kind:
        case Kind.NUMBER | Kind.PERCENT | Kind.WHOLE:
            return decimal_text(Fraction(str(value)))
        case Kind.MONTH | Kind.DATE:
            return str(value)
        case Kind.CHOICE:
            return value if isinstance(value, int) else str(value)
        case Kind.YEAR | Kind.INSTANT | Kind.YES_NO | Kind.TEXT:
            if isinstance(value, bool | int | str):
                return value
            raise TypeError(f"{column.field}: {type(value).__name__} in a column of {column.kind}")


def decode_rows(table: Table, data: bytes) -> tuple[ReadRow, ...]:
    """Return the rows of canonical bytes; raises `Refusal` (kind "records") if they are not those of this table."""
    top = canonical.parse_object(data)
    if (top.get("table"), top.get("template"), top.get("v")) != (table.id, table.version, 1):
        raise _bad(f"not rows of {table.id} version {table.version}")
    items = top.get("rows")
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise _bad("rows is no list")
    return tuple(_read_row(table, item) for item in items)


def _read_row(table: Table, item: Json) -> ReadRow:
    if not isinstance(item, Mapping):
        raise _bad("a row is no object")
    stored, line = item.get("values"), item.get("line")
    if not isinstance(stored, Mapping) or not isinstance(line, int):
        raise _bad("a row has no values or no line")
    fields = {c.field for c in table.columns}
    if not set(stored) <= fields or not {c.field for c in table.columns if c.required} <= set(
        stored
    ):
        raise _bad(f"row {line} has other fields than {table.id}")
    values = {
        c.field: _value(c, stored[c.field]) if c.field in stored else None for c in table.columns
    }
    evidence, note = item.get("evidence", []), item.get("note", "")
    if not isinstance(evidence, Sequence) or isinstance(evidence, str):
        raise _bad(f"row {line}: evidence is no list")
    return ReadRow(line, table.row(**values), tuple(str(e) for e in evidence), str(note))


def _value(column: Column, stored: Json) -> Value:
    try:
        match column.kind:
            case Kind.NUMBER | Kind.PERCENT:
                return Fraction(_text(stored))
            case Kind.WHOLE:
                return int(_text(stored))
            case Kind.MONTH:
                year, _, month = _text(stored).partition("-")
                return Month(int(year), int(month))
            case Kind.DATE:
                return date.fromisoformat(_text(stored))
            case Kind.CHOICE:
                return next(c.value for c in column.choices if c.value == stored)
            case _:
                return _plain(column.kind, stored)
    except (TypeError, ValueError, StopIteration) as error:
        raise _bad(f"{column.field}: {str(stored)[:40]!r}") from error


def _plain(kind: Kind, stored: Json) -> Value:
    match stored:
        case bool():
            if kind is Kind.YES_NO:
                return stored
        case int():
            if kind in (Kind.YEAR, Kind.INSTANT):
                return stored
        case str():
            if kind is Kind.TEXT:
                return stored
        case _:
            pass
    raise TypeError(kind)


def _text(stored: Json) -> str:
    if not isinstance(stored, str):
        raise TypeError("text expected")
    return stored


def _bad(what: str) -> Refusal:
    return Refusal("records", f"stored rows: {what}", f"存储的记录行不合法：{what}")
