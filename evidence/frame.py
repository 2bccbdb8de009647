"""Frame: the rows of one stream in one slot as bytes (format-core §2); writer and reader side by side, rule by rule.

`write_frame` is the plain reference writer; the archive's columnar writer is tested byte-equal with it.
`parse_frame` is the strict reader. Most frames hold one to six rows, so its fixed cost counts as much as its cost a
row: whole columns are tested first, rows are looked at one by one only where a flag or a type asks for it.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

from evidence.grammar import (
    MAX_FRAME_BYTES,
    MAX_TEXT_BYTES,
    NO_SOURCE_TIME,
    SLOT_MS,
    TIME_LIMIT_MS,
)
from evidence.refusal import Refusal
from evidence.texts import clean_text
from model.flags import MissedCause, RowFlag
from model.signal import SignalType
from model.status import BAD_TYPE_MISMATCH

MAGIC: Final = b"ppframe1"
FIXED_HEADER_BYTES: Final = 26
ROW_BYTES: Final = 32
COLUMN_OFFSETS: Final = {
    "received_ms": 0,
    "source_ms": 8,
    "value": 16,
    "status": 24,
    "signal": 28,
    "flags": 30,
    "heap": 32,
}
"""Start of each column: header length + this number × rows."""

_E, _H, _M, _N, _T = (
    int(RowFlag.NO_VALUE),
    int(RowFlag.ALIVE),
    int(RowFlag.MISSED),
    int(RowFlag.NOT_FINITE),
    int(RowFlag.TEXT_CUT),
)
_S = int(RowFlag.SIMULATED)
_ALL_FLAGS: Final = 0x1FF
_SPECIAL: Final = _E | _H | _M | _N | _T | (0xFFFF & ~_ALL_FLAGS)
"""Flags that bind the value or other flags; rows without them need only a test by type."""
_EXPONENT: Final = 0x7FF0_0000_0000_0000
_SMALL_ROWS: Final = 32
_TYPES: Final = tuple(SignalType)
_INT, _UINT, _FLOAT, _BOOL, _TEXT = range(5)


def header_bytes(stream: str) -> int:
    """Return h, the length of the header: 26 + length of the id, rounded up to a multiple of 8."""
    return (FIXED_HEADER_BYTES + len(stream) + 7) // 8 * 8


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """A stream as the configuration in force defines it, with the header bytes that follow from it.

    types: type of each signal, in the order of the `signal` column.
    """

    stream: str
    types: tuple[SignalType, ...]
    tail: bytes
    """Header from the id length to the padding."""
    empty: bytes
    """Everything after the slot of a frame without rows."""
    codes: tuple[int, ...]
    unchecked: bool
    """Whether every type is int or uint, whose values need no test."""
    only_float: bool

    @staticmethod
    def of(stream: str, types: Sequence[SignalType]) -> StreamLayout:
        """Return the layout of `stream` with signals of `types`."""
        h = header_bytes(stream)
        tail = (len(stream).to_bytes(2, "little") + stream.encode("ascii")).ljust(h - 24, b"\0")
        codes = tuple(_TYPES.index(kind) for kind in types)
        return StreamLayout(
            stream,
            tuple(types),
            tail,
            bytes(8) + tail,
            codes,
            all(code in (_INT, _UINT) for code in codes),
            all(code == _FLOAT for code in codes),
        )


class FrameColumns(NamedTuple):
    """The rows of a checked frame as equally long columns in commit order.

    source_ms: `NO_SOURCE_TIME` where absent. value: the eight bytes as a signed integer (see `value_of`).
    """

    received_ms: Sequence[int]
    source_ms: Sequence[int]
    value: Sequence[int]
    status: Sequence[int]
    signal: Sequence[int]
    flags: Sequence[int]
    heap: bytes
    missed: int
    """Rows with flag M."""
    late: int
    """Rows without M whose source time is present and more than one slot before this one."""

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.signal)

    def text(self, row: int) -> bytes:
        """Return the heap bytes of a row whose signal is a text and that has a value."""
        start = self.value[row] & 0xFFFF_FFFF
        return self.heap[start : start + (self.value[row] >> 32)]


NO_ROWS: Final = FrameColumns((), (), (), (), (), (), b"", 0, 0)


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One row for the reference writer.

    signal: index in the stream. value: number for numeric types, bytes of the device for text, cause for a missed
    slot, None where there is none.
    """

    received_ms: int
    source_ms: int | None
    signal: int
    value: int | float | bytes | None
    status: int = 0
    flags: int = 0


def write_frame(layout: StreamLayout, slot: int, rows: Sequence[FrameRow]) -> bytes:
    """Return the frame of `rows`, in the given order.

    Texts are made well-formed and cut (flag T); a not finite float gets E and N; a value that its type cannot hold
    exactly gets E and status 80740000. Raises ValueError if the frame would exceed 2^24 bytes or a time is outside
    its range.
    """
    received, source, values, statuses, flags = [], [], [], [], []
    heap = bytearray()
    for row in rows:
        bits, status, row_flags = _encode_value(layout.types[row.signal], row, heap)
        received.append(row.received_ms)
        source.append(_source(row.source_ms))
        values.append(bits)
        statuses.append(status)
        flags.append(row_flags)
    if any(not 0 <= ms < TIME_LIMIT_MS for ms in received):
        raise ValueError("a received time lies outside 1970 to 2261")
    n = len(rows)
    frame = (
        MAGIC
        + Struct("<QII").pack(slot, n, len(heap))
        + layout.tail
        + _columns(n).pack(
            *received, *source, *values, *statuses, *(row.signal for row in rows), *flags
        )
        + heap
    )
    if len(frame) > MAX_FRAME_BYTES:
        raise ValueError(f"{n} rows of {layout.stream} exceed {MAX_FRAME_BYTES} bytes")
    return frame


def _source(source_ms: int | None) -> int:
    if source_ms is None or not 0 <= source_ms < TIME_LIMIT_MS:
        return NO_SOURCE_TIME
    return source_ms


def _encode_value(kind: SignalType, row: FrameRow, heap: bytearray) -> tuple[int, int, int]:
    """Return (value bits as a signed integer, status, flags) of one row; texts go to `heap`."""
    value, flags = row.value, row.flags
    if flags & _E or value is None:
        return 0, row.status, flags | _E
    if flags & _M:
        return int(value), row.status, flags
    if kind is SignalType.TEXT and isinstance(value, bytes):
        text, cut = clean_text(value)
        start = len(heap)
        heap += text
        return len(text) << 32 | start, row.status, flags | (_T if cut else 0)
    if kind is SignalType.FLOAT and isinstance(value, float):
        if not math.isfinite(value):
            return 0, row.status, flags | _E | _N
        return int.from_bytes(Struct("<d").pack(value), "little", signed=True), row.status, flags
    low, high = _RANGES.get(kind, (0, -1))
    if isinstance(value, int) and low <= value <= high:
        bits = value - 2**64 if value >= 2**63 else int(value)
        return bits, row.status, flags
    return 0, BAD_TYPE_MISMATCH, flags | _E


_RANGES: Final = {
    SignalType.INT: (-(2**63), 2**63 - 1),
    SignalType.UINT: (0, 2**64 - 1),
    SignalType.BOOL: (0, 1),
}
_COUNTS = Struct("<II")
_PREFIX = Struct("<8sQ")


@lru_cache(maxsize=4096)
def _columns(n: int) -> Struct:
    return Struct(f"<{n}q{n}q{n}q{n}I{n}H{n}H")


def frame_prefix(slot: int) -> bytes:
    """Return the first 16 bytes of every frame of `slot`."""
    return _PREFIX.pack(MAGIC, slot)


def parse_frame(
    frame: bytes, layout: StreamLayout, prefix: bytes, slot: int, *, simulated: bool
) -> FrameColumns:
    """Return the columns of `frame` after every test of format-core §2 "Verifier demands".

    prefix: `frame_prefix(slot)`, passed in because all frames of a block share it. simulated: whether the log's realm
    is `sim`. Raises `Refusal` of kind frame, time, signal, flags, simulated, value or text; nothing else.
    """
    if frame[:16] != prefix:
        raise _refuse_header(frame, layout, "magic or slot")
    if frame[16:] == layout.empty:
        return NO_ROWS
    tail = layout.tail
    h = 24 + len(tail)
    size = len(frame)
    if size < h or frame[24:h] != tail:
        raise _refuse_header(frame, layout, "stream id")
    n, heap_bytes = _COUNTS.unpack_from(frame, 16)
    if size != h + ROW_BYTES * n + heap_bytes or size > MAX_FRAME_BYTES:
        raise _refuse_header(frame, layout, "length")
    if n == 0:
        raise _refuse("text", layout, slot, "heap without rows", "无数据行却有文本区")
    received, source, value, status, signal, flags = _read_columns(frame, h, n)
    first_source = min(source)
    if (
        min(received) < 0
        or max(received) >= TIME_LIMIT_MS
        or max(source) >= TIME_LIMIT_MS
        or (first_source < 0 and any(NO_SOURCE_TIME < ms < 0 for ms in source))
    ):
        raise _refuse("time", layout, slot, "a time lies outside 1970 to 2261", "时间超出范围")
    if max(signal) >= len(layout.codes):
        raise _refuse("signal", layout, slot, "signal index too large", "信号序号超出范围")
    plain = _check_flags(flags, layout, slot, simulated=simulated)
    heap = frame[size - heap_bytes :] if heap_bytes else b""
    missed = 0
    if plain and layout.unchecked:
        if heap_bytes:
            raise _refuse("text", layout, slot, "heap left over", "文本区有剩余")
    elif plain and layout.only_float and not heap_bytes:
        _check_floats(value, layout, slot)
    else:
        missed = _check_rows(layout, slot, source, value, signal, flags, heap)
    bound = slot * SLOT_MS - SLOT_MS
    late = _count_late(source, flags, bound) if first_source < bound else 0
    return FrameColumns(received, source, value, status, signal, flags, heap, missed, late)


def _check_flags(flags: Sequence[int], layout: StreamLayout, slot: int, *, simulated: bool) -> bool:
    """Check each distinct combination of flags; return whether none of them binds a value."""
    plain = True
    for flag in set(flags):
        if flag & _SPECIAL:
            plain = False
            if not _flags_agree(flag):
                raise _refuse("flags", layout, slot, f"flags {flag:#x}", f"标志 {flag:#x} 矛盾")
        if bool(flag & _S) is not simulated:
            raise _refuse(
                "simulated",
                layout,
                slot,
                "simulated mark contradicts the realm",
                "模拟标记与日志名矛盾",
            )
    return plain


def _read_columns(frame: bytes, h: int, n: int) -> tuple[Sequence[int], ...]:
    if n <= _SMALL_ROWS:
        row = _columns(n).unpack_from(frame, h)
        n2, n3, n4, n5 = 2 * n, 3 * n, 4 * n, 5 * n
        return row[:n], row[n:n2], row[n2:n3], row[n3:n4], row[n4:n5], row[n5:]
    columns = []
    for code, width in (("q", 8), ("q", 8), ("q", 8), ("I", 4), ("H", 2), ("H", 2)):
        column = array(code, frame[h : h + width * n])
        if sys.byteorder == "big":
            column.byteswap()
        columns.append(column)
        h += width * n
    return tuple(columns)


def _flags_agree(flag: int) -> bool:
    """Return whether the flags of a row agree with each other, whatever its type."""
    return not (
        flag & ~_ALL_FLAGS
        or bool(flag & _H) + bool(flag & _M) + bool(flag & _N) > 1
        or (flag & (_H | _N) and not flag & _E)
        or (flag & _M and flag & (_E | _T))
        or (flag & _T and flag & _E)
    )


def _check_floats(value: Sequence[int], layout: StreamLayout, slot: int) -> None:
    """Refuse a not finite number in a column of floats that all have a value.

    In a long column one sum at C speed decides: an infinity or a NaN never leaves it finite. Finite numbers may
    overflow it, so a bad sum only means that each number is looked at.
    """
    if len(value) > _SMALL_ROWS:
        numbers = array("d", array("q", value).tobytes())
        finite = math.isfinite(sum(numbers)) or all(map(math.isfinite, numbers))
    else:
        finite = all(bits & _EXPONENT != _EXPONENT for bits in value)
    if not finite:
        raise _refuse("value", layout, slot, "float is not finite", "浮点值不是有限数")


def _check_rows(  # noqa: C901, PLR0912, PLR0917 - one row loop: a call a row would cost more than the test
    layout: StreamLayout,
    slot: int,
    source: Sequence[int],
    value: Sequence[int],
    signal: Sequence[int],
    flags: Sequence[int],
    heap: bytes,
) -> int:
    """Check flags, values and texts row by row; return the number of missed slots."""
    codes = layout.codes
    missed = 0
    heap_at = 0
    for i, flag in enumerate(flags):
        code = codes[signal[i]]
        bits = value[i]
        if flag & _E:
            if flag & _N and code != _FLOAT:
                raise _refuse(
                    "flags", layout, slot, "N on a signal that is no float", "N 标志用于非浮点信号"
                )
            if bits:
                raise _refuse("value", layout, slot, "value bits under E", "标为无值却有值")
        elif flag & _M:
            missed += 1
            if source[i] == NO_SOURCE_TIME:
                raise _refuse(
                    "time", layout, slot, "missed slot without instant", "缺失时隙没有计划时刻"
                )
            if not 1 <= bits <= len(MissedCause):
                raise _refuse(
                    "value", layout, slot, f"missed-slot cause {bits}", f"缺失原因 {bits} 未定义"
                )
        elif code == _TEXT:
            length = bits >> 32
            if bits & 0xFFFF_FFFF != heap_at or not 0 <= length <= MAX_TEXT_BYTES:
                raise _refuse(
                    "text", layout, slot, "texts do not tile the heap", "文本区不连续或文本过长"
                )
            if flag & _T and length <= MAX_TEXT_BYTES - 4:
                raise _refuse("text", layout, slot, "text cut too short", "文本截得过短")
            _check_utf8(heap[heap_at : heap_at + length], length, layout, slot)
            heap_at += length
        elif flag & _T:
            raise _refuse(
                "flags", layout, slot, "T on a signal that is no text", "T 标志用于非文本信号"
            )
        elif code == _FLOAT:
            if bits & _EXPONENT == _EXPONENT:
                raise _refuse("value", layout, slot, "float is not finite", "浮点值不是有限数")
        elif code == _BOOL and not 0 <= bits <= 1:
            raise _refuse("value", layout, slot, f"bool holds {bits}", f"布尔值为 {bits}")
    if heap_at != len(heap):
        raise _refuse("text", layout, slot, "heap left over", "文本区有剩余")
    return missed


def _check_utf8(text: bytes, length: int, layout: StreamLayout, slot: int) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse("text", layout, slot, "text is not UTF-8", "文本不是 UTF-8") from error
    if len(text) != length:
        raise _refuse("text", layout, slot, "text ends after the heap", "文本超出文本区")


def _count_late(source: Sequence[int], flags: Sequence[int], bound: int) -> int:
    return sum(
        NO_SOURCE_TIME < ms < bound and not flag & _M
        for ms, flag in zip(source, flags, strict=True)
    )


def _refuse(kind: str, layout: StreamLayout, slot: int, en: str, zh: str) -> Refusal:
    return Refusal(
        kind,
        f"frame of {layout.stream} in slot {slot}: {en}",
        f"数据流 {layout.stream} 时隙 {slot} 的帧：{zh}",
    )


def _refuse_header(frame: bytes, layout: StreamLayout, what: str) -> Refusal:
    return Refusal(
        "frame",
        f"frame of {layout.stream}: {what} does not fit ({len(frame)} bytes, {frame[:28].hex()}…)",
        f"数据流 {layout.stream} 的帧头不符（{what}，共 {len(frame)} 字节）",
    )
