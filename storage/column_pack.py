"""Writes a finished UTC day of the archive as columns and proves that the same frames come out again."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from evidence.frame import header_bytes
from evidence.grammar import NO_SOURCE_TIME, SLOT_MS
from model.errors import PermanentError
from storage.column_day import (
    COLUMNS,
    FRAME_HEAD,
    HEAD,
    MAGIC,
    RUN_HEAD,
    SECTION,
    VERSION,
    WIDTHS,
    ColumnDay,
    Int64,
    damaged,
)
from storage.durable import refused, sync_folder
from storage.frame_archive import SLOTS_A_DAY, FrameArchive

RUN_BYTES: Final = 128 << 20
"""A run of blocks ends when its frames are so many bytes: packing needs about four times as much memory."""


def pack_day(archive: FrameArchive, day: int, path: Path) -> int:
    """Write a UTC day (days since 1970) of the archive as columns and return the bytes of the file.

    The records are rendered again and compared before the file gets its name. Raises VerificationError for a damaged or
    absent record, PermanentError for a column that is too big, TransientError if the disk refuses.
    """
    slots = list(archive.slots(day * SLOTS_A_DAY, (day + 1) * SLOTS_A_DAY - 1))
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(bytes(HEAD.size))
            directory = [_written(file, *run) for run in _runs(archive, slots)]
            packed = zlib.compress(b"".join(directory), 6)
            place = file.tell()
            file.write(packed)
            file.seek(0)
            crc = zlib.crc32(packed)
            file.write(HEAD.pack(MAGIC, VERSION, 0, 0, day, place, len(packed), crc))
            file.flush()
            os.fsync(file.fileno())
        for (slot, old), (again, new) in zip(
            archive.payloads(slots), ColumnDay(temporary).payloads(), strict=True
        ):
            if slot != again or old != new:
                raise damaged(temporary, f"slot {slot}")
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return path.stat().st_size


_Records = list[tuple[bytes, bytes]]
"""(salt, frame) of one stream, block by block."""


def _runs(
    archive: FrameArchive, slots: Sequence[int]
) -> Iterator[tuple[tuple[str, ...], list[int], list[_Records]]]:
    """Yield runs of blocks with the same streams: the streams, the slots, and by stream its records."""
    streams: tuple[str, ...] = ()
    own: list[int] = []
    columns: list[_Records] = []
    size = 0
    for slot in slots:
        records = archive.read(slot)
        names = tuple(_stream_of(frame) for _, frame in records)
        if own and (names != streams or size >= RUN_BYTES):
            yield streams, own, columns
            own = []
        if not own:
            streams, columns, size = names, [[] for _ in names], 0
        own.append(slot)
        for column, record in zip(columns, records, strict=True):
            column.append(record)
            size += len(record[1])
    if own:
        yield streams, own, columns


def _written(
    file: IO[bytes], streams: tuple[str, ...], slots: list[int], columns: list[_Records]
) -> bytes:
    """Write the sections of a run and return its part of the directory."""
    sections = np.zeros(len(streams), SECTION)
    for i, (stream, records) in enumerate(zip(streams, columns, strict=True)):
        data, rows, forms = _section(stream, slots, records)
        if len(data) >= 2**32:
            raise PermanentError(
                f"{stream}: a day of more than 4 GiB cannot be written as columns",
                f"{stream}：单日数据超过 4 GiB，无法按列存储",
            )
        widths, lows = zip(*forms, strict=True)
        sections[i] = (file.tell(), len(data), zlib.crc32(data), rows, widths, lows)
        file.write(data)
    names = [len(s).to_bytes(2, "little") + s.encode("ascii") for s in streams]
    head = RUN_HEAD.pack(len(slots), len(streams)) + np.array(slots, "<i8").tobytes()
    return b"".join([head, *names, sections.tobytes()])


def _section(
    stream: str, slots: Sequence[int], records: _Records
) -> tuple[bytes, int, list[tuple[int, int]]]:
    """Return the bytes of one stream, its rows, and (width, lowest number) of its columns."""
    h = header_bytes(stream)
    frames = [frame for _, frame in records]
    heads = [FRAME_HEAD.unpack_from(f) for f in frames]
    rows = np.array([n for _, _, n, _ in heads], dtype=np.int64)
    counts = rows.tolist()

    def column(first: int, last: int, kind: str) -> Int64:
        parts = [f[h + first * n : h + last * n] for f, n in zip(frames, counts, strict=True)]
        return np.frombuffer(b"".join(parts), kind).astype(np.int64)

    minute = np.repeat(np.array(slots, dtype=np.int64) * SLOT_MS, rows)
    source = column(8, 16, "<i8")
    absent = source == NO_SOURCE_TIME
    columns = {
        "rows": rows,
        "heap": np.array([size for _, _, _, size in heads], dtype=np.int64),
        "received": column(0, 8, "<i8") - minute,
        "source": np.where(absent, minute, source) - minute,
        "value": column(16, 24, "<i8"),
        "status": column(24, 28, "<u4"),
        "signal": column(28, 30, "<u2"),
        "flags": column(30, 32, "<u2"),
    }
    data, forms = [b"".join(salt for salt, _ in records)], []
    for name in COLUMNS:
        narrow, width, low = _narrow(columns[name], absent if name == "source" else None)
        data.append(narrow)
        forms.append((width, low))
    data += [f[h + 32 * n :] for f, n in zip(frames, counts, strict=True)]
    return b"".join(data), int(rows.sum()), forms


def _narrow(values: Int64, absent: NDArray[np.bool_] | None) -> tuple[bytes, int, int]:
    """Return numbers in as few bytes as they need, that width, and the lowest.

    absent: written as the highest number of the width, which no other number then is.
    """
    present = values if absent is None else values[~absent]
    low = int(present.min()) if len(present) else 0
    span = (int(present.max()) - low if len(present) else 0) + (absent is not None)
    if span == 0:
        return b"", 0, low
    width = next((w for w in (1, 2, 4) if span < 2 ** (8 * w)), 8)
    rest: NDArray[Any] = values.view(np.uint64) - np.uint64(low % 2**64)
    if absent is not None:
        rest = np.where(absent, np.uint64(2 ** (8 * width) - 1), rest)
    return rest.astype(WIDTHS[width]).tobytes(), width, low


def _stream_of(frame: bytes) -> str:
    length = int.from_bytes(frame[24:26], "little")
    return frame[26 : 26 + length].decode("ascii")
