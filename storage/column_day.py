"""A finished UTC day of frames as columns by stream (docs/formats/archive.md, version 2): the same, read quickly.

Times are kept relative to the minute of their frame, every column in as few bytes as its numbers need, what is constant
in none. Nothing is lost: the records of the `.frames` file come out again byte for byte.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from struct import Struct, error
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evidence.container import frame_record
from evidence.frame import MAGIC as FRAME_MAGIC
from evidence.frame import header_bytes
from evidence.grammar import NO_SOURCE_TIME, SLOT_MS
from evidence.salt import SALT_BYTES
from model.errors import PermanentError, VerificationError

MAGIC: Final = b"PPCD"
VERSION: Final = 2
HEAD: Final = Struct("<4sBBHqQII")
"""magic, version, 0, 0, day, place, bytes and CRC-32 of the packed directory."""
RUN_HEAD: Final = Struct("<II")
"""Blocks and streams of a run."""
FRAME_HEAD: Final = Struct("<8sQII")
COLUMNS: Final = ("rows", "heap", "received", "source", "value", "status", "signal", "flags")
"""Rows and heap bytes of every block, then the columns of the rows."""
SECTION: Final = np.dtype(
    [
        ("at", "<u8"),
        ("size", "<u4"),
        ("crc", "<u4"),
        ("rows", "<u8"),
        ("width", "u1", (len(COLUMNS),)),  # bytes of a number: 0 (all are the lowest), 1, 2, 4, 8
        ("low", "<i8", (len(COLUMNS),)),  # lowest number: what is written is the rest above it
    ]
)
WIDTHS: Final = {0: "<u1", 1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}
_TIMES: Final = ("received", "source")
_BY_BLOCK: Final = 2
"""The first so many columns have a number per block, the others one per row."""

Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Run:
    """Blocks one after the other that have the same streams."""

    slots: Int64
    streams: tuple[str, ...]
    sections: NDArray[Any]
    """`SECTION` of every stream."""

    @cached_property
    def rows(self) -> list[int]:
        """Return the number of rows of every stream."""
        found: list[int] = self.sections["rows"].tolist()
        return found

    @cached_property
    def first_ms(self) -> list[int]:
        """Return an instant of every stream before which it has no row."""
        low = self.sections["low"][:, [COLUMNS.index(name) for name in _TIMES]].min(axis=1)
        found: list[int] = (low + int(self.slots[0]) * SLOT_MS).tolist()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The rows of one stream in the blocks of a run, as they are written."""

    stream: str
    slots: Int64
    count: int
    """Number of rows."""
    widths: tuple[int, ...]
    lows: tuple[int, ...]
    data: bytes

    @property
    def salts(self) -> bytes:
        """Return the salts of the blocks one after the other."""
        return self.data[: SALT_BYTES * len(self.slots)]

    @property
    def heap(self) -> bytes:
        """Return the heaps of the blocks one after the other."""
        return self.data[self._place(len(COLUMNS)) :]

    def constant(self, name: str) -> int | None:
        """Return the only number of a column (of a time, relative to its minute); None if there may be several."""
        i = COLUMNS.index(name)
        return None if self.widths[i] else self.lows[i]

    def below(self, name: str) -> int:
        """Return a number that none of a column reaches (of a time, relative to its minute)."""
        i = COLUMNS.index(name)
        return self.lows[i] + int(256 ** self.widths[i])

    def write_column(self, name: str, out: Int64) -> bool:
        """Write a column as 64-bit numbers, a time relative to its minute.

        Returns whether rows have no source time: these are `NO_SOURCE_TIME`.
        """
        i = COLUMNS.index(name)
        width, low = self.widths[i], self.lows[i]
        if not width:
            out[:] = low
            return False
        narrow = np.frombuffer(self.data, WIDTHS[width], len(out), self._place(i))
        if width == 8:
            out[:] = (narrow + np.uint64(low % 2**64)).view(np.int64)
        else:
            out[:] = narrow
            if low:
                out += low
        if name != "source":
            return False
        absent = narrow == 256**width - 1
        if not absent.any():
            return False
        out[absent] = NO_SOURCE_TIME
        return True

    def _place(self, column: int) -> int:
        """Return where a column begins in `data`; the heap is the one after the last."""
        blocks = len(self.slots)
        ahead = blocks * (SALT_BYTES + sum(self.widths[: min(column, _BY_BLOCK)]))
        return ahead + self.count * sum(self.widths[_BY_BLOCK:column])


class StreamRows:
    """The rows of one stream in sections one after the other; a column is made when it is asked for."""

    def __init__(self, sections: Sequence[Section]) -> None:
        """Take at least one section, all of one stream, in order."""
        self.sections = sections

    @cached_property
    def slots(self) -> Int64:
        """Return the slot of every block."""
        return np.concatenate([s.slots for s in self.sections])

    @cached_property
    def rows(self) -> Int64:
        """Return the rows of every block."""
        return self.column("rows")

    def by_block(self, values: Int64) -> Int64:
        """Return a column with the value of its block for every row."""
        each = self.constant("rows")
        if each:
            return np.broadcast_to(values[:, None], (len(values), each)).reshape(-1)
        return np.repeat(values, self.rows)

    @cached_property
    def heap(self) -> bytes:
        """Return the heaps of the blocks one after the other."""
        return b"".join([s.heap for s in self.sections])

    @cached_property
    def heap_edges(self) -> Int64:
        """Return where the heap of every block begins in `heap`, and the end."""
        return np.append(np.int64(0), np.cumsum(self.column("heap")))

    def constant(self, name: str) -> int | None:
        """Return the only number of a column (of a time, relative to its minute); None if there may be several."""
        found = {s.constant(name) for s in self.sections}
        return found.pop() if len(found) == 1 else None

    def column(self, name: str) -> Int64:
        """Return a column as 64-bit numbers, a time in Unix ms (`NO_SOURCE_TIME` = none)."""
        by_block = COLUMNS.index(name) < _BY_BLOCK
        counts = [len(s.slots) if by_block else s.count for s in self.sections]
        found = np.empty(sum(counts), dtype=np.int64)
        at, some_absent = 0, False
        for section, n in zip(self.sections, counts, strict=True):
            some_absent |= section.write_column(name, found[at : at + n])
            at += n
        if name not in _TIMES:
            return found
        absent = found == NO_SOURCE_TIME if some_absent else None
        each = self.constant("rows")
        if each:
            minutes = found.reshape(-1, each)
            minutes += (self.slots * SLOT_MS)[:, None]
        else:
            found += np.repeat(self.slots * SLOT_MS, self.rows)
        if absent is not None:
            found[absent] = NO_SOURCE_TIME
        return found

    def records(self) -> Iterator[bytes]:
        """Yield the record of every frame as it stands in a `.frames` file."""
        stream = self.sections[0].stream
        name = stream.encode("ascii")
        tail = len(name).to_bytes(2, "little") + name
        tail = tail.ljust(header_bytes(stream) - FRAME_HEAD.size, b"\0")
        salts = b"".join([s.salts for s in self.sections])
        heap, edges = self.heap, self.heap_edges.tolist()
        kinds = ("<i8", "<i8", "<i8", "<u4", "<u2", "<u2")
        columns = [
            self.column(c).astype(k, copy=False)
            for c, k in zip(COLUMNS[_BY_BLOCK:], kinds, strict=True)
        ]
        at = 0
        for i, (slot, n) in enumerate(zip(self.slots.tolist(), self.rows.tolist(), strict=True)):
            low, high = edges[i], edges[i + 1]
            parts = [c[at : at + n].tobytes() for c in columns]
            head = FRAME_HEAD.pack(FRAME_MAGIC, slot, n, high - low)
            frame = b"".join([head, tail, *parts, heap[low:high]])
            at += n
            yield frame_record(salts[SALT_BYTES * i : SALT_BYTES * (i + 1)], frame)


def column_path(folder: Path, day: int) -> Path:
    """Return the file of a UTC day (days since 1970) beside its `.frames` file."""
    return folder / f"{np.datetime64(day, 'D')}.columns"


class ColumnDay:
    """Reads one file; a damaged section is refused, the others stay readable."""

    def __init__(self, path: Path) -> None:
        """Read the directory; raises VerificationError if it is damaged, PermanentError if the file is newer."""
        self.path = path
        with path.open("rb") as file:
            head = file.read(HEAD.size)
            if len(head) < HEAD.size or head[:4] != MAGIC:
                raise damaged(path, "header")
            _, version, _, _, day, at, size, crc = HEAD.unpack(head)
            if version > VERSION:
                raise PermanentError(
                    f"{path} has version {version}, this program reads {VERSION}: install the newer plantproof",
                    f"{path} 版本为 {version}，本程序只支持 {VERSION}：请重新安装较新的 plantproof",
                )
            file.seek(at)
            packed = file.read(size)
        if len(packed) != size or zlib.crc32(packed) != crc:
            raise damaged(path, "directory")
        self.day = int(day)
        try:
            self.runs = tuple(_runs(zlib.decompress(packed)))
        except (zlib.error, ValueError, error) as cause:
            raise damaged(path, "directory") from cause

    @property
    def slots(self) -> Int64:
        """Return the slots of the blocks, rising."""
        return np.concatenate([np.zeros(0, np.int64), *(run.slots for run in self.runs)])

    def read(self, run: Run, places: Iterable[int]) -> list[Section]:
        """Return some streams of a run, by their places in it; raises VerificationError for damage."""
        found = []
        with self.path.open("rb", buffering=0) as file:
            for i in places:
                form = run.sections[i]
                file.seek(int(form["at"]))
                data = file.read(int(form["size"]))
                if zlib.crc32(data) != int(form["crc"]):
                    raise damaged(self.path, run.streams[i])
                widths, lows = tuple(form["width"].tolist()), tuple(form["low"].tolist())
                found.append(Section(run.streams[i], run.slots, run.rows[i], widths, lows, data))
        return found

    def payloads(self) -> Iterator[tuple[int, bytes]]:
        """Yield (slot, its records as they stand in a `.frames` file) of every block."""
        for run in self.runs:
            sections = self.read(run, range(len(run.streams)))
            streams = [StreamRows([s]).records() for s in sections]
            for slot in run.slots.tolist():
                yield slot, b"".join(next(records) for records in streams)


def _runs(data: bytes) -> Iterator[Run]:
    """Yield the runs of an unpacked directory."""
    at = 0
    while at < len(data):
        blocks, streams = RUN_HEAD.unpack_from(data, at)
        at += RUN_HEAD.size
        slots = np.frombuffer(data, "<i8", blocks, at)
        at += 8 * blocks
        names = []
        for _ in range(streams):
            size = int.from_bytes(data[at : at + 2], "little")
            names.append(data[at + 2 : at + 2 + size].decode("ascii"))
            at += 2 + size
        yield Run(slots, tuple(names), np.frombuffer(data, SECTION, streams, at))
        at += SECTION.itemsize * streams


def damaged(path: Path, what: str) -> VerificationError:
    """Return the error of a damaged part of a file."""
    return VerificationError(
        f"{path}: {what} is damaged; delete the file, the .frames file of the day has the same frames",
        f"{path}：{what} 已损坏；请删除该文件，当天的 .frames 文件含有同样的帧",
    )
