"""Values as a user would write them in a cell of the template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from config.records.columns import Column, Kind, Value
from config.records.numbers import decimal_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def written(column: Column, value: Value, zone: ZoneInfo) -> str:
    """Return the text of a value in the unit of the header; "" for None."""
    if value is None:
        return ""
    match column.kind:
        case Kind.NUMBER | Kind.WHOLE:
            return decimal_text(Fraction(str(value)))
        case Kind.PERCENT:
            return decimal_text(Fraction(str(value)) * 100)
        case Kind.INSTANT:
            local = (_EPOCH + timedelta(milliseconds=int(str(value)))).astimezone(zone)
            return local.strftime("%Y-%m-%d %H:%M:%S")
        case Kind.CHOICE:
            return next(c.zh for c in column.choices if c.value == value)
        case Kind.YES_NO:
            return "是" if value else "否"
        case _:
            return str(value)
