"""The archive of sealed frames: one append-only file per UTC day (docs/formats/archive.md)."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from struct import Struct
from types import TracebackType
from typing import IO, Final

from evidence.block import sub_leaf
from evidence.container import frame_record, withheld_record
from evidence.frame import FIXED_HEADER_BYTES
from evidence.salt import SALT_BYTES
from model.errors import PermanentError, TransientError, VerificationError
from storage.durable import refused, sync_folder

MAGIC: Final = b"PPAR"
VERSION: Final = 1
SLOTS_A_DAY: Final = 1440
_RAW: Final = 0
_ZLIB: Final = 1
_HEAD: Final = Struct(
    "<4sBBHqIII"
)  # magic, version, packing, 0, slot, streams, packed bytes, CRC of the packed bytes
_CRC: Final = Struct("<I")
HEADER_BYTES: Final = _HEAD.size + _CRC.size
_MAX_PAYLOAD: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Damage:
    """A place of the archive that cannot be read; slot -1 where even the header is gone."""

    file: str
    offset: int
    slot: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    length: int
    streams: int
    packing: int
    crc: int


@dataclass(slots=True)
class _Day:
    """Index of one day file. end: offset behind the last whole record."""

    places: dict[int, _Place]
    damage: list[Damage]
    end: int
    size: int


class FrameArchive:
    """Appends the frames of sealed slots and finds them again. For one writer; readers open their own."""

    def __init__(self, folder: Path, *, level: int = 6, read_only: bool = False) -> None:
        """Use `folder`; the file of the last day is recovered now, the others are indexed when first read.

        level: zlib level, 0 = stored unpacked. Raises TransientError if the disk refuses.
        """
        self._folder = folder
        self._level = level
        self._days: dict[int, _Day] = {}
        self._file: IO[bytes] | None = None
        self._file_day = -1
        self._path_day = -1
        self._path = folder
        self._dirty = False
        self._broken = False
        self.torn_bytes = 0
        """Bytes of an incomplete last record that opening cut off (kept beside the file as `.torn-<n>`)."""
        if read_only:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            days = self.days()
            if days:
                self._recover(days[-1])
        except OSError as error:
            raise refused(folder, error) from error

    def __enter__(self) -> FrameArchive:
        """Return the archive."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Flush and close it."""
        self.close()

    def close(self) -> None:
        """Flush and release the file of the current day; safe to call twice."""
        if self._file is None:
            return
        try:
            if not self._broken:
                self.sync()
        finally:
            self._file.close()
            self._file = None

    @property
    def folder(self) -> Path:
        """Return where the files are."""
        return self._folder

    @property
    def broken(self) -> bool:
        """Return whether a write failed half-way: it takes nothing more until it is opened again."""
        return self._broken

    def days(self) -> list[int]:
        """Return the UTC days (days since 1970) that have a file, ascending."""
        found = []
        for path in self._folder.glob("????-??-??.frames"):
            with suppress(ValueError):
                day = datetime.strptime(path.stem, "%Y-%m-%d").replace(tzinfo=UTC)
                found.append(int(day.timestamp()) // 86_400)
        return sorted(found)

    def path(self, day: int) -> Path:
        """Return the file of a UTC day (days since 1970)."""
        if self._path_day != day:
            # Asked for at every minute and at every reading, nearly always for the same day.
            name = f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}.frames"
            self._path_day, self._path = day, self._folder / name
        return self._path

    # writing

    def append(self, slot: int, salts: Sequence[bytes], frames: Sequence[bytes]) -> None:
        """Append the frames of a sealed slot, one per stream in index order; durable only after `sync`.

        A slot that is there already (a crash before its ledger entry was written) is superseded by the new record.
        Raises TransientError if the disk refuses: then the archive is as before.
        """
        payload = b"".join(
            frame_record(salt, frame) for salt, frame in zip(salts, frames, strict=True)
        )
        packed = zlib.compress(payload, self._level) if self._level else payload
        packing = _ZLIB if self._level else _RAW
        crc = zlib.crc32(packed)
        head = _HEAD.pack(MAGIC, VERSION, packing, 0, slot, len(frames), len(packed), crc)
        record = head + _CRC.pack(zlib.crc32(head)) + packed
        day = slot // SLOTS_A_DAY
        try:
            file = self._open_day(day)
            # The open file has no other writer: its index needs no look at the disk.
            index = self._days.get(day) or self._index(day)
            self._write(file, record, index)
        except OSError as error:
            raise refused(self.path(day), error) from error
        index.places[slot] = _Place(
            index.end + HEADER_BYTES, len(packed), len(frames), packing, crc
        )
        index.end += len(record)
        index.size = index.end
        self._dirty = True

    def _write(self, file: IO[bytes], record: bytes, index: _Day) -> None:
        try:
            if file.write(record) != len(record):
                raise OSError("the disk took only a part of the record")  # noqa: TRY301  # undone just below
        except OSError:
            try:
                file.truncate(index.end)
            except OSError:
                self._broken = True
            raise

    def _open_day(self, day: int) -> IO[bytes]:
        if self._broken:
            raise TransientError(
                f"archive {self._folder}: an earlier write failed half-way; it must be opened again",
                f"归档 {self._folder}：先前写入中断，需要重新打开",
            )
        if self._file is not None and self._file_day == day:
            return self._file
        self.close()
        new = not self.path(day).exists()
        if not new:
            self._recover(day)
        self._file = self.path(day).open("ab", buffering=0)
        self._file_day = day
        if new:
            sync_folder(self._folder)
        return self._file

    def sync(self) -> None:
        """Bring every appended frame to the disk; the ledger entry may be written only after this."""
        if self._file is None or not self._dirty:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            self._broken = True
            raise refused(self.path(self._file_day), error) from error
        self._dirty = False

    def _recover(self, day: int) -> None:
        """Cut the incomplete tail of a day file; the bytes are kept in `<name>.torn-<n>`."""
        index = self._index(day)
        if index.end == index.size:
            return
        path = self.path(day)
        with path.open("r+b") as file:
            file.seek(index.end)
            tail = file.read()
            n = 1
            while path.with_name(f"{path.name}.torn-{n}").exists():
                n += 1
            if any(tail):
                path.with_name(f"{path.name}.torn-{n}").write_bytes(tail)
            file.truncate(index.end)
            os.fsync(file.fileno())
        self.torn_bytes += len(tail)
        index.size = index.end

    # reading

    def _index(self, day: int) -> _Day:
        path = self.path(day)
        size = path.stat().st_size if path.exists() else 0
        known = self._days.get(day)
        if known is None or known.size != size:
            self._days[day] = known = _scan(path, size)
        return known

    def slots(self, first: int, last: int) -> Iterator[int]:
        """Yield the slots first … last (both included) that the archive holds, ascending."""
        for day in range(first // SLOTS_A_DAY, last // SLOTS_A_DAY + 1):
            yield from sorted(s for s in self._index(day).places if first <= s <= last)

    def damage(self, day: int) -> list[Damage]:
        """Return the damaged places that the index of a UTC day found; `check_day` also tests every payload."""
        return list(self._index(day).damage)

    def check_day(self, day: int) -> list[Damage]:
        """Read every record of a UTC day and return all damage, of headers and of payloads."""
        index = self._index(day)
        found = list(index.damage)
        for slot, place in index.places.items():
            try:
                self._payload(day, slot, place)
            except VerificationError:
                found.append(Damage(self.path(day).name, place.offset, slot, place.length))
        return found

    def read(self, slot: int) -> list[tuple[bytes, bytes]]:
        """Return (salt, frame) of every stream of `slot` in index order.

        Raises VerificationError if the slot is not in the archive or its record is damaged; other slots are not
        touched.
        """
        day = slot // SLOTS_A_DAY
        place = self._index(day).places.get(slot)
        if place is None:
            raise VerificationError(
                f"archive {self.path(day)} has no frames of slot {slot}",
                f"归档 {self.path(day)} 中没有时隙 {slot} 的帧",
            )
        payload = self._payload(day, slot, place)
        records = []
        at = 0
        for _ in range(place.streams):
            length = int.from_bytes(payload[at : at + 4], "big")
            start = at + 4 + SALT_BYTES
            at = start + length
            records.append((payload[start - SALT_BYTES : start], payload[start:at]))
        return records

    def payloads(self, slots: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Yield (slot, its records as they stand in a `.frames` file) for block slots in ascending order.

        Raises VerificationError for a slot that is absent or damaged.
        """
        for day, group in groupby(slots, key=lambda slot: slot // SLOTS_A_DAY):
            places = self._index(day).places
            wanted = list(group)
            absent = next((slot for slot in wanted if slot not in places), None)
            if absent is not None:
                wanted = wanted[: wanted.index(absent)]
            if wanted:
                with self.path(day).open("rb") as file:
                    for slot in wanted:
                        yield slot, self._unpacked(file, day, slot, places[slot])
            if absent is not None:
                self.read(absent)

    def _payload(self, day: int, slot: int, place: _Place) -> bytes:
        with self.path(day).open("rb") as file:
            return self._unpacked(file, day, slot, place)

    def _unpacked(self, file: IO[bytes], day: int, slot: int, place: _Place) -> bytes:
        file.seek(place.offset)
        packed = file.read(place.length)
        if len(packed) != place.length or zlib.crc32(packed) != place.crc:
            raise VerificationError(
                f"archive {self.path(day)}: the record of slot {slot} is damaged; restore the file from a backup",
                f"归档 {self.path(day)}：时隙 {slot} 的记录已损坏，请从备份恢复该文件",
            )
        return zlib.decompress(packed) if place.packing == _ZLIB else packed

    def container(
        self, slots: Sequence[int], withhold: Callable[[str], bool] | None = None
    ) -> Iterator[bytes]:
        """Yield the bytes of a `.frames` file (format-core §8) over the block slots `slots`, in log order.

        withhold: called with a stream id; true puts its sub-leaf in place of its frame. Raises VerificationError for a
        slot that is absent or damaged.
        """
        for slot in slots:
            for salt, frame in self.read(slot):
                if withhold is not None and withhold(_stream_of(frame)):
                    yield withheld_record(sub_leaf(salt, frame))
                else:
                    yield frame_record(salt, frame)


def _stream_of(frame: bytes) -> str:
    length = int.from_bytes(frame[24:26], "little")
    return frame[FIXED_HEADER_BYTES : FIXED_HEADER_BYTES + length].decode("ascii")


def _scan(path: Path, size: int) -> _Day:
    """Return the index of a day file: headers only; after a bad header the next good one is searched."""
    day = _Day({}, [], 0, size)
    if size == 0:
        return day
    with path.open("rb") as file:
        at = 0
        while at < size:
            file.seek(at)
            place = _header(file.read(HEADER_BYTES), at, size)
            if place is not None:
                day.places[place[0]] = place[1]
                at = place[1].offset + place[1].length
                day.end = at
                continue
            following = _next_header(file, at + 1, size)
            if following is None:
                break
            day.damage.append(Damage(path.name, at, -1, following - at))
            at = following
    return day


def _header(head: bytes, at: int, size: int) -> tuple[int, _Place] | None:
    if len(head) < HEADER_BYTES or _CRC.unpack(head[-4:])[0] != zlib.crc32(head[:-4]):
        return None
    magic, version, packing, _, slot, streams, length, crc = _HEAD.unpack(head[:-4])
    if magic == MAGIC and version > VERSION:
        raise PermanentError(
            f"an archive file has version {version}, this program reads {VERSION}: install the newer plantproof again",
            f"归档文件版本为 {version}，本程序只支持 {VERSION}：请重新安装较新的 plantproof",
        )
    if magic != MAGIC or length > _MAX_PAYLOAD or at + HEADER_BYTES + length > size:
        return None
    return slot, _Place(at + HEADER_BYTES, length, streams, packing, crc)


def _next_header(file: IO[bytes], at: int, size: int) -> int | None:
    """Return the offset of the next whole record whose header checksum is right."""
    chunk = 1 << 20
    while at < size:
        file.seek(at)
        data = file.read(chunk + HEADER_BYTES)
        found = data.find(MAGIC)
        while found >= 0:
            if _header(data[found : found + HEADER_BYTES], at + found, size) is not None:
                return at + found
            found = data.find(MAGIC, found + 1)
        at += chunk
    return None
