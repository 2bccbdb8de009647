"""Instants as a person writes them in a case: with date and zone, with date, or as a time of the case's day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from kpi.calendar import DAY_MS, MINUTE_MS, instant
from kpi.document_types import Calendar

_DATED = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{1,2}):(\d{2})(?::([0-5]\d)(?:\.(\d{1,3}))?)?"
    r"\s*(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"
)
_OF_DAY = re.compile(r"(\d{1,2}):(\d{2})(?::([0-5]\d)(?:\.(\d{1,3}))?)?")
_EPOCH = date(1970, 1, 1).toordinal()
_MOST_HOURS = 48


@dataclass(frozen=True, slots=True)
class WrittenMoment:
    """An instant as written."""

    text: str
    day: int | None
    """Days since 1970-01-01; None = the day of the case."""
    minute: int
    """Minutes after 00:00, up to 48 hours."""
    ms: int
    """Milliseconds after that minute."""
    offset_min: int | None
    """Minutes ahead of UTC; None = local time of the case."""

    def unix_ms(self, day: int, calendar: Calendar) -> int:
        """Return the instant; day: that of the case, calendar: knows the offsets of its zone."""
        own = self.day if self.day is not None else day
        if self.offset_min is not None:
            return own * DAY_MS + (self.minute - self.offset_min) * MINUTE_MS + self.ms
        return instant(calendar, own, self.minute) + self.ms


def written_moment(value: object) -> WrittenMoment:
    """Return the instant of a text; raises ValueError."""
    if isinstance(value, WrittenMoment):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if match := _DATED.fullmatch(text):
        year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
        if hour <= 24 and minute < 60:
            try:
                ordinal = date(year, month, day).toordinal()
            except ValueError:
                raise ValueError(_WRONG) from None
            ms = _ms(match[6], match[7])
            return WrittenMoment(text, ordinal - _EPOCH, hour * 60 + minute, ms, _offset(match[8]))
    elif (match := _OF_DAY.fullmatch(text)) and int(match[1]) <= _MOST_HOURS and int(match[2]) < 60:
        return WrittenMoment(
            text, None, int(match[1]) * 60 + int(match[2]), _ms(match[3], match[4]), None
        )
    raise ValueError(_WRONG)


_WRONG = "an instant is written 08:00, 2026-03-02T08:00 or 2026-03-02T08:00+08:00"


def _ms(seconds: str | None, decimals: str | None) -> int:
    return int(seconds or 0) * 1000 + int((decimals or "0").ljust(3, "0"))


def _offset(text: str | None) -> int | None:
    if text is None or text == "Z":
        return None if text is None else 0
    minutes = int(text[1:3]) * 60 + int(text[4:6])
    return -minutes if text[0] == "-" else minutes


Moment = Annotated[
    WrittenMoment,
    PlainValidator(written_moment),
    PlainSerializer(lambda m: m.text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["08:00", "2026-03-02T08:00+08:00"]}),
]
"""`08:00` on the day of the case (up to `48:00`), `2026-03-02T08:00` in its zone, or with an offset."""
