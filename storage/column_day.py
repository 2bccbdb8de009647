"""A finished UTC day of frames as columns by stream (docs/formats/archive.md, version 2): the same, read quickly.

Times are kept relative to the minute of their frame, every column in as few bytes as its numbers need, what is constant
in none. Nothing is lost: the records of the `.frames` file come out again byte for byte, which packing checks.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from evidence.container import frame_record
from evidence.frame import MAGIC as FRAME_MAGIC
from evidence.frame import header_bytes
from evidence.grammar import NO_SOURCE_TIME, SLOT_MS
from evidence.salt import SALT_BYTES
from model.errors import PermanentError, VerificationError
from storage.durable import refused, sync_folder
from storage.frame_archive import SLOTS_A_DAY, FrameArchive

MAGIC: Final = b"PPCD"
VERSION: Final = 2
RUN_BYTES: Final = 128 << 20
"""A run of blocks ends before its frames are more than this: packing and reading need so much memory."""
_HEAD: Final = Struct("<4sBBHqQII")
"""magic, version, 0, 0, day, place, bytes and CRC-32 of the packed directory."""
_FRAME_HEAD: Final = Struct("<8sQII")
_WIDTHS: Final = {0: "<u1", 1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}
_COLUMNS: Final = ("rows", "heap", "received", "source", "value", "status", "signal", "flags")

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class StreamDay:
    """The rows of one stream in some blocks, in order; texts are places in `heap`."""

    slots: Int64
    """Slot of every block."""
    rows: Int64
    """Rows of every block."""
    received: Int64
    source: Int64
    """`NO_SOURCE_TIME` = none."""
    value: Int64
    status: NDArray[np.uint32]
    signal: NDArray[np.uint16]
    flags: NDArray[np.uint16]
    heap: bytes
    heap_at: Int64
    """Where the heap of every block begins in `heap`."""


@dataclass(frozen=True, slots=True)
class _Section:
    """Where the columns of one stream stand: (width, lowest value) of each; width 0 = all are the lowest value."""

    stream: str
    at: int
    size: int
    crc: int
    count: int
    columns: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """Blocks one after the other that have the same streams."""

    slots: tuple[int, ...]
    sections: tuple[_Section, ...]


def column_path(folder: Path, day: int) -> Path:
    """Return the file of a UTC day (days since 1970) beside its `.frames` file."""
    name = np.datetime64(day, "D").astype(str)
    return folder / f"{name}.columns"


class ColumnDay:
    """Reads one file; a damaged section is refused, the others stay readable."""

    def __init__(self, path: Path) -> None:
        """Read the directory; raises VerificationError if it is damaged, PermanentError if the file is newer."""
        self._path = path
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                raise _damaged(path, "header")
            magic, version, _, _, day, at, size, crc = _HEAD.unpack(head)
            file.seek(at)
            packed = file.read(size)
        if magic == MAGIC and version > VERSION:
            raise PermanentError(
                f"{path} has version {version}, this program reads {VERSION}: install the newer plantproof",
                f"{path} 版本为 {version}，本程序只支持 {VERSION}：请重新安装较新的 plantproof",
            )
        if magic != MAGIC or zlib.crc32(packed) != crc:
            raise _damaged(path, "directory")
        self.day = int(day)
        self._runs = tuple(_run(r) for r in json.loads(zlib.decompress(packed)))

    @property
    def slots(self) -> list[int]:
        """Return the slots of the blocks, ascending."""
        return [s for run in self._runs for s in run.slots]

    def streams(self, wanted: frozenset[str] | None = None) -> Iterator[tuple[str, int, StreamDay]]:
        """Yield (stream, number of its run, rows) of every wanted stream of every run; None = all."""
        with self._path.open("rb") as file:
            for number, run in enumerate(self._runs):
                for section in run.sections:
                    if wanted is None or section.stream in wanted:
                        file.seek(section.at)
                        data = file.read(section.size)
                        yield section.stream, number, self._decoded(run, section, data)

    def run_slots(self) -> list[tuple[int, ...]]:
        """Return the slots of every run."""
        return [run.slots for run in self._runs]

    def payloads(self) -> Iterator[tuple[int, bytes]]:
        """Yield (slot, its records as they stand in a `.frames` file) of every block."""
        for run in self._runs:
            frames = []
            with self._path.open("rb") as file:
                for section in run.sections:
                    file.seek(section.at)
                    data = file.read(section.size)
                    salts = data[: SALT_BYTES * len(run.slots)]
                    rows = self._decoded(run, section, data)
                    frames.append(list(_rendered(section.stream, salts, rows)))
            for i, slot in enumerate(run.slots):
                yield slot, b"".join(records[i] for records in frames)

    def _decoded(self, run: _Run, section: _Section, data: bytes) -> StreamDay:
        if zlib.crc32(data) != section.crc:
            raise _damaged(self._path, section.stream)
        blocks = len(run.slots)
        at = SALT_BYTES * blocks
        columns: list[NDArray[Any]] = []
        for name, (width, low) in zip(_COLUMNS, section.columns, strict=True):
            count = blocks if name in ("rows", "heap") else section.count
            columns.append(_wide(data, at, count, width, low))
            at += width * count
        rows, heap_sizes, received, source, value, status, signal, flags = columns
        slots = np.array(run.slots, dtype=np.int64)
        minute = np.repeat(slots * SLOT_MS, rows)
        none = _none_of(section.columns[_COLUMNS.index("source")])
        absent = source == none if none is not None else None
        source = source + minute
        if absent is not None and absent.any():
            source[absent] = NO_SOURCE_TIME
        return StreamDay(
            slots=slots,
            rows=rows,
            received=received + minute,
            source=source,
            value=value,
            status=status.astype(np.uint32),
            signal=signal.astype(np.uint16),
            flags=flags.astype(np.uint16),
            heap=data[at:],
            heap_at=np.cumsum(heap_sizes) - heap_sizes,
        )


def pack_day(archive: FrameArchive, day: int, path: Path) -> int:
    """Write a UTC day of the archive as columns and return the bytes of the file.

    The records are rendered again and compared before the file gets its name. Raises VerificationError for a damaged
    or absent record, TransientError if the disk refuses.
    """
    slots = list(archive.slots(day * SLOTS_A_DAY, (day + 1) * SLOTS_A_DAY - 1))
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(bytes(_HEAD.size))
            directory = [_written(file, *run) for run in _runs(archive, slots)]
            packed = zlib.compress(json.dumps(directory, separators=(",", ":")).encode(), 6)
            place = file.tell()
            file.write(packed)
            file.seek(0)
            file.write(
                _HEAD.pack(MAGIC, VERSION, 0, 0, day, place, len(packed), zlib.crc32(packed))
            )
            file.flush()
            os.fsync(file.fileno())
        for (slot, old), (again, new) in zip(
            archive.payloads(slots), ColumnDay(temporary).payloads(), strict=True
        ):
            if slot != again or old != new:
                raise _damaged(temporary, f"slot {slot}")
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise refused(path, error) from error
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
) -> list[Any]:
    """Write the sections of a run and return its entry of the directory."""
    entries = []
    for stream, records in zip(streams, columns, strict=True):
        data, count, forms = _section(stream, slots, records)
        entries.append([stream, file.tell(), len(data), zlib.crc32(data), count, forms])
        file.write(data)
    return [slots, entries]


def _section(
    stream: str, slots: Sequence[int], records: Sequence[tuple[bytes, bytes]]
) -> tuple[bytes, int, list[list[int]]]:
    """Return the bytes of one stream, its rows, and (width, lowest value) of its columns."""
    h = header_bytes(stream)
    frames = [frame for _, frame in records]
    heads = [_FRAME_HEAD.unpack_from(f) for f in frames]
    rows = np.array([n for _, _, n, _ in heads], dtype=np.int64)
    heap = np.array([size for _, _, _, size in heads], dtype=np.int64)

    def column(first: int, last: int, kind: str) -> Int64:
        parts = [
            f[h + first * n : h + last * n] for f, n in zip(frames, rows.tolist(), strict=True)
        ]
        return np.frombuffer(b"".join(parts), kind).astype(np.int64)

    minute = np.repeat(np.array(slots, dtype=np.int64) * SLOT_MS, rows)
    source = column(8, 16, "<i8")
    absent = source == NO_SOURCE_TIME
    columns = {
        "rows": rows,
        "heap": heap,
        "received": column(0, 8, "<i8") - minute,
        "source": np.where(absent, 0, source) - np.where(absent, 0, minute),
        "value": column(16, 24, "<i8"),
        "status": column(24, 28, "<u4"),
        "signal": column(28, 30, "<u2"),
        "flags": column(30, 32, "<u2"),
    }
    data, forms = [b"".join(salt for salt, _ in records)], []
    for name in _COLUMNS:
        narrow, width, low = _narrow(columns[name], absent if name == "source" else None)
        data.append(narrow)
        forms.append([width, low])
    data += [f[h + 32 * n :] for f, n in zip(frames, rows.tolist(), strict=True)]
    return b"".join(data), int(rows.sum()), forms


def _narrow(values: Int64, absent: NDArray[np.bool_] | None) -> tuple[bytes, int, int]:
    """Return numbers in as few bytes as they need, that width, and the lowest: what is written is the rest above it.

    absent: written as the highest number of the width, which no other number then is.
    """
    present = values if absent is None else values[~absent]
    low = int(present.min()) if len(present) else 0
    span = (int(present.max()) - low if len(present) else 0) + (absent is not None)
    if span == 0:
        return b"", 0, low
    width = next(w for w in (1, 2, 4, 8) if span < 2 ** (8 * w))
    rest = values.view(np.uint64) - np.uint64(low % 2**64)
    if absent is not None:
        rest = np.where(absent, np.uint64(2 ** (8 * width) - 1), rest)
    return rest.astype(_WIDTHS[width]).tobytes(), width, low


def _wide(data: bytes, at: int, count: int, width: int, low: int) -> Int64:
    if not width:
        return np.full(count, low, dtype=np.int64)
    rest = np.frombuffer(data, _WIDTHS[width], count, at)
    if width == 8:
        return (rest + np.uint64(low % 2**64)).view(np.int64)
    found: Int64 = rest.astype(np.int64)
    if low:
        found += low
    return found


def _none_of(form: tuple[int, int]) -> int | None:
    """Return what stands for no source time after widening; None if every row has one."""
    width, low = form
    if not width:
        return None
    none: int = (2 ** (8 * width) - 1 + low) % 2**64
    return none - 2**64 if none >= 2**63 else none


def _rendered(stream: str, salts: bytes, rows: StreamDay) -> Iterator[bytes]:
    """Yield the record of every frame of a stream."""
    h = header_bytes(stream)
    tail = (len(stream).to_bytes(2, "little") + stream.encode("ascii")).ljust(h - 24, b"\0")
    ends = np.append(rows.heap_at[1:], len(rows.heap)).tolist()
    at = 0
    places = zip(rows.slots.tolist(), rows.rows.tolist(), rows.heap_at.tolist(), ends, strict=True)
    for i, (slot, n, low, high) in enumerate(places):
        part = slice(at, at + n)
        at += n
        frame = b"".join(
            [
                _FRAME_HEAD.pack(FRAME_MAGIC, slot, n, high - low),
                tail,
                rows.received[part].tobytes(),
                rows.source[part].tobytes(),
                rows.value[part].tobytes(),
                rows.status[part].tobytes(),
                rows.signal[part].tobytes(),
                rows.flags[part].tobytes(),
                rows.heap[low:high],
            ]
        )
        yield frame_record(salts[SALT_BYTES * i : SALT_BYTES * (i + 1)], frame)


def _stream_of(frame: bytes) -> str:
    length = int.from_bytes(frame[24:26], "little")
    return frame[26 : 26 + length].decode("ascii")


def _run(item: Any) -> _Run:
    slots, entries = item
    return _Run(
        tuple(slots),
        tuple(
            _Section(stream, at, size, crc, count, tuple((w, low) for w, low in forms))
            for stream, at, size, crc, count, forms in entries
        ),
    )


def _damaged(path: Path, what: str) -> VerificationError:
    return VerificationError(
        f"{path}: {what} is damaged; delete the file, the .frames file of the day has the same frames",
        f"{path}：{what} 已损坏；请删除该文件，当天的 .frames 文件含有同样的帧",
    )
