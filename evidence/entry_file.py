"""Codec of `entries.log` and the recovery decision after a crash (format-core §5), pure over the bytes of the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from evidence.grammar import MAX_ENTRY_BYTES
from evidence.merkle import HASH_BYTES, leaf_hash

HEADER_BYTES: Final = 8


def encode_record(entry: bytes) -> bytes:
    """Return u32be length ‖ u32be CRC-32 ‖ entry; raises ValueError for an impossible length."""
    if not 1 <= len(entry) <= MAX_ENTRY_BYTES:
        raise ValueError(f"an entry has 1 to {MAX_ENTRY_BYTES} bytes, not {len(entry)}")
    return len(entry).to_bytes(4, "big") + crc32(entry).to_bytes(4, "big") + entry


@dataclass(frozen=True, slots=True)
class LostEntry:
    """An entry that bit rot destroyed; its leaf survives in `leaves.hash`."""

    index: int
    offset: int
    bytes: int


@dataclass(frozen=True, slots=True)
class EntryScan:
    """What `scan` found and decided.

    leaves: one hash an entry, a lost one taken from `leaves.hash`. keep_bytes: length to cut `entries.log` to.
    torn_bytes: what the cut removes. unexplained: the file cannot be continued (rot with no second copy of the
    leaf); keep both files as they are and start a new epoch.
    """

    leaves: tuple[bytes, ...]
    offsets: tuple[int, ...]
    """Start of each entry's bytes in the file, -1 for a lost one."""
    keep_bytes: int
    torn_bytes: int
    lost: tuple[LostEntry, ...]
    unexplained: bool


def read_record(data: memoryview, offset: int) -> bytes | None:
    """Return the entry of the record at `offset`, None unless it is complete and its checksum is right."""
    start = offset + HEADER_BYTES
    if start > len(data):
        return None
    length = int.from_bytes(data[offset : offset + 4], "big")
    if not 1 <= length <= MAX_ENTRY_BYTES or start + length > len(data):
        return None
    entry = bytes(data[start : start + length])
    if crc32(entry) != int.from_bytes(data[offset + 4 : start], "big"):
        return None
    return entry


def iter_records(data: memoryview) -> Iterator[bytes]:
    """Yield the entries up to the first bad record."""
    offset = 0
    while (entry := read_record(data, offset)) is not None:
        yield entry
        offset += HEADER_BYTES + len(entry)


def scan(data: memoryview, leaves_file: memoryview) -> EntryScan:
    """Read `entries.log` after a crash and decide what to keep.

    Only an incomplete last record is cut. A bad record with good ones after it is bit rot: its leaf comes from
    `leaves_file`, and the position of the next good entry in that file tells how many entries the gap held.
    """
    known = [
        bytes(leaves_file[i : i + HASH_BYTES])
        for i in range(0, len(leaves_file) - HASH_BYTES + 1, HASH_BYTES)
    ]
    leaves: list[bytes] = []
    offsets: list[int] = []
    lost: list[LostEntry] = []
    offset = 0
    while offset < len(data):
        entry = read_record(data, offset)
        if entry is None:
            following = _next_good(data, offset + 1)
            if following is None:
                return _result(leaves, offsets, offset, len(data) - offset, lost)
            entry = read_record(data, following)
            count = _gap(known, len(leaves), leaf_hash(entry or b""))
            if count is None:
                return _result(leaves, offsets, len(data), 0, lost, unexplained=True)
            lost.extend(
                LostEntry(len(leaves) + i, offset, following - offset) for i in range(count)
            )
            leaves.extend(known[len(leaves) : len(leaves) + count])
            offsets.extend([-1] * count)
            offset = following
            continue
        leaves.append(leaf_hash(entry))
        offsets.append(offset + HEADER_BYTES)
        offset += HEADER_BYTES + len(entry)
    return _result(leaves, offsets, len(data), 0, lost)


def _result(
    leaves: list[bytes],
    offsets: list[int],
    keep: int,
    torn: int,
    lost: list[LostEntry],
    *,
    unexplained: bool = False,
) -> EntryScan:
    return EntryScan(tuple(leaves), tuple(offsets), keep, torn, tuple(lost), unexplained)


def _next_good(data: memoryview, offset: int) -> int | None:
    """Return the offset of the next record with a right checksum that holds an object, if there is one."""
    for position in range(offset, len(data) - HEADER_BYTES):
        if data[position] == 0 and data[position + HEADER_BYTES] == ord("{"):
            entry = read_record(data, position)
            if entry is not None:
                return position
    return None


def _gap(known: list[bytes], index: int, leaf: bytes) -> int | None:
    """Return how many entries lie between `index` and the entry with `leaf`, at least one."""
    for position in range(index + 1, len(known)):
        if known[position] == leaf:
            return position - index
    # the entry after the gap may be newer than leaves.hash: then the gap ends where that file ends
    return len(known) - index if len(known) > index else None
