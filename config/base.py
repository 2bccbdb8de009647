"""Base of every model of what a user writes, and the small types they share."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema


class ConfigModel(BaseModel):
    """Frozen, unknown keys are errors, the string below a field is its description."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )


_UNITS = {
    "ms": 1,
    "s": 1000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "毫秒": 1,
    "秒": 1000,
    "分": 60_000,
    "分钟": 60_000,
    "小时": 3_600_000,
    "天": 86_400_000,
}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+|[一-鿿]+)\s*")
_RATE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:件)?\s*/\s*([0-9]*)\s*([a-z]+|[一-鿿]+)\s*")
_LONGEST_MS = 1_000_000 * _UNITS["d"]
_CLOCK = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in _UNITS:
        raise ValueError("a duration needs a number and a unit: 500 ms, 1.5 s, 5 min, 2 h, 7 d")
    ms = Fraction(match[1]) * _UNITS[match[2]]
    if ms.denominator != 1:
        raise ValueError("durations are whole milliseconds")
    if ms > _LONGEST_MS:
        raise ValueError("a duration is at most 1000000 d")
    return timedelta(milliseconds=int(ms))


def _cycle(value: object) -> object:
    """Exact rational milliseconds a piece from `90 s` or `7/min`."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str):
        if (match := _DURATION.fullmatch(value)) and match[2] in _UNITS:
            return Fraction(match[1]) * _UNITS[match[2]]
        if (match := _RATE.fullmatch(value)) and match[3] in _UNITS and Fraction(match[1]) > 0:
            return Fraction(int(match[2] or 1) * _UNITS[match[3]]) / Fraction(match[1])
    raise ValueError("an ideal cycle is a time per piece (90 s) or a rate (7/min)")


def _fraction(value: object) -> object:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str | int) and not isinstance(value, bool):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    raise ValueError("write an exact number as text: 1000, 0.01 or 1/3")


def _clock(value: object) -> object:
    """Minutes after local midnight from `08:00`; 24:00 to 48:00 mean the next day."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value.strip())):
        return int(match[1]) * 60 + int(match[2])
    raise ValueError('a time of day is written "08:00" (with quotes or without)')


_text = WithJsonSchema({"type": "string"})
Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(lambda d: f"{d // timedelta(milliseconds=1)} ms", return_type=str),
    _text,
]
"""A length of time: `500 ms`, `1.5 s`, `5 min`, `2 h`, `7 d`."""
PositiveDuration = Annotated[Duration, Field(gt=timedelta(0))]
CycleTime = Annotated[Fraction, BeforeValidator(_cycle), PlainSerializer(str), _text]
"""Exact time per piece: `90 s`, `7/min`."""
ExactNumber = Annotated[
    Fraction,
    BeforeValidator(_fraction),
    PlainSerializer(str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]}),
]
"""An exact rational number: `1000`, `0.01`, `1/3`."""
TimeOfDay = Annotated[int, BeforeValidator(_clock), Field(ge=0, le=2880), _text]
"""Minutes after local midnight, written `08:00`; the end of a night shift may be `32:00` or earlier than its start."""
Port = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, Field(min_length=1, max_length=253)]


def milliseconds(duration: timedelta) -> int:
    """Return whole milliseconds."""
    return duration // timedelta(milliseconds=1)
