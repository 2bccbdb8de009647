"""JSON values as the columns of a batch: values, instants and qualities. Pure."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from connectors.mqtt.config import QualityFormat, TimeFormat
from model.flags import RowFlag
from model.signal import SignalType
from model.status import (
    BAD,
    BAD_NO_DATA,
    BAD_TYPE_MISMATCH,
    GOOD,
    UNCERTAIN,
)

MAX_TEXT_BYTES: Final = 1024
"""Longest text of a row (format-core §2)."""
_MAX_TIME_NS: Final = 9_214_646_400 * 10**9
"""2262-01-01, the end of the instants that a row can have."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PER_UNIT: Final = {
    TimeFormat.S: 10**9,
    TimeFormat.MS: 10**6,
    TimeFormat.US: 10**3,
    TimeFormat.NS: 1,
}
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:?\d\d)", re.ASCII
)
_WHOLE: Final = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)


class Cell(NamedTuple):
    """One value as a row has it; `text` is the text itself, its number is given by the batch."""

    value: int
    status: int
    flags: int
    text: bytes | None = None


NULL: Final = Cell(0, BAD_NO_DATA, RowFlag.NO_VALUE)
MISMATCH: Final = Cell(0, BAD_TYPE_MISMATCH, RowFlag.NO_VALUE)
_NOT_FINITE: Final = Cell(0, BAD_NO_DATA, RowFlag.NO_VALUE | RowFlag.NOT_FINITE)


def to_cell(value: object, kind: SignalType, *, text_numbers: bool) -> Cell:
    """Return the cell of a JSON value; null is "no value", what the type cannot hold exactly is a mismatch."""
    if value is None:
        return NULL
    if kind is SignalType.TEXT:
        return _text(value) if isinstance(value, str) else MISMATCH
    if isinstance(value, str):
        number = _number(value) if text_numbers else None
        return MISMATCH if number is None else to_cell(number, kind, text_numbers=False)
    if not isinstance(value, int | float):
        return MISMATCH
    if kind is SignalType.FLOAT:
        return _float(value)
    return _whole(value, kind)


def _number(text: str) -> int | float | None:
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else None


def _float(value: int | float) -> Cell:
    try:
        as_float = float(value)
    except OverflowError:
        return MISMATCH
    if as_float - as_float != 0:
        return _NOT_FINITE
    if isinstance(value, int) and int(as_float) != value:
        return MISMATCH
    return Cell(struct.unpack("<q", struct.pack("<d", as_float))[0], GOOD, 0)


def _whole(value: int | float, kind: SignalType) -> Cell:
    if isinstance(value, float) and not value.is_integer():  # also NaN and the infinities
        return MISMATCH
    whole = int(value)
    if kind is SignalType.INT:
        return Cell(whole, GOOD, 0) if -(2**63) <= whole < 2**63 else MISMATCH
    if kind is SignalType.BOOL:
        return Cell(whole, GOOD, 0) if whole in {0, 1} else MISMATCH
    if not 0 <= whole < 2**64:
        return MISMATCH
    return Cell(whole - 2**64 if whole >= 2**63 else whole, GOOD, 0)


def _text(value: str) -> Cell:
    data = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    if len(data) <= MAX_TEXT_BYTES:
        return Cell(0, GOOD, 0, data)
    whole = data[:MAX_TEXT_BYTES].decode("utf-8", "ignore").encode()
    return Cell(0, GOOD, RowFlag.TEXT_CUT, whole)


def to_unix_ns(value: object, form: TimeFormat) -> int | None:
    """Return UTC nanoseconds, or None if `value` is no instant of `form` between 1970 and 2262.

    An ISO 8601 text without offset is no instant: nobody knows which zone it means.
    """
    if form is TimeFormat.ISO8601:
        ns = _iso_ns(value) if isinstance(value, str) else None
    else:
        ns = _unix_ns(value, _PER_UNIT[form])
    return ns if ns is not None and 0 <= ns < _MAX_TIME_NS else None


def _unix_ns(value: object, ns_per_unit: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int):
        return value * ns_per_unit
    # repr gives the shortest decimal of a float, which is what the device wrote.
    text = value.strip() if isinstance(value, str) else repr(value)
    if not _DECIMAL.fullmatch(text):
        return None
    try:
        return int(Decimal(text) * ns_per_unit)
    except (InvalidOperation, OverflowError):
        return None


def _iso_ns(text: str) -> int | None:
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return None
    offset = "+00:00" if match[4] in "Zz" else match[4]
    try:
        instant = datetime.fromisoformat(f"{match[1]}T{match[2]}{offset}")
        seconds = (instant - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError):
        return None
    return seconds * 10**9 + int((match[3] or "")[:9].ljust(9, "0"))


def to_status(value: object, form: QualityFormat) -> int:
    """Return the status that a quality means; what is not understood is bad."""
    if form is QualityFormat.WORD:
        word = value.strip().lower() if isinstance(value, str) else value
        if word is True or word in {"good", "ok"}:
            return GOOD
        return UNCERTAIN if word == "uncertain" else BAD
    if isinstance(value, bool) or not isinstance(value, int):
        return BAD
    if form is QualityFormat.STATUS_CODE:
        return value if 0 <= value < 2**32 else BAD
    return {3: GOOD, 1: UNCERTAIN}.get(value >> 6 if 0 <= value <= 255 else -1, BAD)
