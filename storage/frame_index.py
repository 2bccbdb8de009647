"""Index of one day file of the archive: where its records lie, and what is damaged (docs/formats/archive.md)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from model.errors import PermanentError
from storage.frame_record import CRC, HEAD, HEADER_BYTES, MAGIC, UNFINISHED, VERSION

_MAX_PAYLOAD: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Damage:
    """A place of the archive that cannot be read; slot -1 where even the header is gone."""

    file: str
    offset: int
    slot: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where the packed payload of a slot lies."""

    offset: int
    length: int
    streams: int
    packing: int
    crc: int


@dataclass(slots=True)
class Day:
    """Index of one day file. end: offset behind the last whole record."""

    places: dict[int, Place]
    damage: list[Damage]
    end: int
    size: int


def scan(path: Path, size: int) -> Day:
    """Return the index of a day file: headers only; after a bad header the next good one is searched."""
    day = Day({}, [], 0, size)
    if size == 0:
        return day
    with path.open("rb") as file:
        at = 0
        while at < size:
            file.seek(at)
            head = file.read(HEADER_BYTES)
            if head == UNFINISHED:
                # Only the last record of a file can be one that is still being written.
                break
            place = _header(head, at, size)
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


def _header(head: bytes, at: int, size: int) -> tuple[int, Place] | None:
    if len(head) < HEADER_BYTES or CRC.unpack(head[-4:])[0] != zlib.crc32(head[:-4]):
        return None
    magic, version, packing, _, slot, streams, length, crc = HEAD.unpack(head[:-4])
    if magic == MAGIC and version > VERSION:
        raise PermanentError(
            f"an archive file has version {version}, this program reads {VERSION}: install the newer plantproof again",
            f"归档文件版本为 {version}，本程序只支持 {VERSION}：请重新安装较新的 plantproof",
        )
    if magic != MAGIC or length > _MAX_PAYLOAD or at + HEADER_BYTES + length > size:
        return None
    return slot, Place(at + HEADER_BYTES, length, streams, packing, crc)


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
