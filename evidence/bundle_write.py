"""Assembling a bundle as a stream of members, SHA256SUMS last; nothing is read or written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from evidence.bundle import CHECKPOINT, ENTRIES, LEAVES, STATEMENT, SUMS, check_names
from evidence.container import CHUNK_BYTES
from evidence.merkle import leaf_hash

Member = tuple[str, Iterator[bytes]]
"""Name and the pieces of the content; the pieces must be consumed before the next member is asked for."""


@dataclass(frozen=True, slots=True)
class FramesFile:
    """One `.frames` member: slots first to last, both included, and its records in log and index order."""

    first: int
    last: int
    records: Iterable[bytes]

    @property
    def name(self) -> str:
        """Return the member name."""
        return f"frames/{self.first}-{self.last}.frames"


@dataclass(frozen=True, slots=True)
class BundleParts:
    """What a bundle is made of.

    entries: the canonical bytes of every entry up to the size of `checkpoint`, read twice (entries and leaves), so it
    must be iterable again. documents: bytes by digest. extra: further members such as `report.pdf`, `kpi/oee.json`,
    `README.txt`.
    """

    checkpoint: bytes
    statement: bytes
    entries: Iterable[bytes]
    documents: Mapping[bytes, bytes]
    frames: Iterable[FramesFile]
    extra: Mapping[str, bytes] = field(default_factory=dict)


def bundle_members(parts: BundleParts) -> Iterator[Member]:
    """Yield every member of the bundle; `SHA256SUMS` comes last because it needs the others' digests."""
    sums: dict[str, str] = {}
    for name, pieces in _members(parts):
        yield name, _summed(name, pieces, sums)
    check_names([*sums, SUMS])
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums, key=str.encode))
    yield SUMS, iter([lines.encode("ascii")])


def _members(parts: BundleParts) -> Iterator[tuple[str, Iterable[bytes]]]:
    for name in sorted(parts.extra):
        yield name, [parts.extra[name]]
    yield STATEMENT, [parts.statement]
    yield CHECKPOINT, [parts.checkpoint]
    yield ENTRIES, _joined(entry + b"\n" for entry in parts.entries)
    yield LEAVES, _joined(leaf_hash(entry) for entry in parts.entries)
    for digest in sorted(parts.documents):
        yield f"docs/{digest.hex()}", [parts.documents[digest]]
    for file in parts.frames:
        yield file.name, _joined(file.records)


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in larger pieces."""
    buffer: list[bytes] = []
    size = 0
    for piece in pieces:
        buffer.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(buffer)
            buffer, size = [], 0
    if buffer:
        yield b"".join(buffer)


def _summed(name: str, pieces: Iterable[bytes], sums: dict[str, str]) -> Iterator[bytes]:
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    sums[name] = digest.hexdigest()
