"""A bundle as the verifier sees it: named members that can be read as streams (format-core §8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from io import BytesIO
from typing import Final, Protocol

from evidence.container import CHUNK_BYTES, Read
from evidence.grammar import MAX_FILES, is_member_name
from evidence.refusal import Refusal

SUMS: Final = "SHA256SUMS"
STATEMENT: Final = "statement.dsse.json"
CHECKPOINT: Final = "log/checkpoint"
ENTRIES: Final = "log/entries.ndjson"
LEAVES: Final = "log/leaves.hash"
REQUIRED: Final = (SUMS, STATEMENT, CHECKPOINT, ENTRIES, LEAVES)
MAX_SMALL_BYTES: Final = 64 << 20
"""Largest member that is ever held in memory as a whole (statement, document, checkpoint)."""


class Bundle(Protocol):
    """Named members; names are checked by `check_names`, sizes are those of the uncompressed bytes."""

    def sizes(self) -> Mapping[str, int]:
        """Return the size in bytes of every member but nothing else, in any order."""
        ...

    def open(self, name: str) -> AbstractContextManager[Read]:
        """Return a context whose value reads up to n bytes; raises `Refusal` if the transport is damaged."""
        ...


class MemoryBundle:
    """A bundle held in a mapping, for tests and for checks before a file is written."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = dict(members)

    def sizes(self) -> Mapping[str, int]:
        """Return the size of every member."""
        return {name: len(data) for name, data in self._members.items()}

    @contextmanager
    def open(self, name: str) -> Iterator[Read]:
        """Return a reader of one member."""
        yield BytesIO(self._members[name]).read


def check_names(names: Sequence[str]) -> None:
    """Refuse impossible names, names equal without case, and too many files (kind "file")."""
    if len(names) > MAX_FILES:
        raise Refusal(
            "file", f"{len(names)} files, at most {MAX_FILES}", f"文件数 {len(names)} 过多"
        )
    for name in names:
        if not is_member_name(name):
            raise Refusal(
                "file", f"file name {name[:120]!r} not allowed", f"文件名 {name[:120]!r} 不允许"
            )
    if len({name.lower() for name in names}) != len(names):
        raise Refusal("file", "two file names differ only by case", "两个文件名相同（不计大小写）")


def read_small(bundle: Bundle, name: str) -> bytes:
    """Return a whole member; raises `Refusal` (kind "missing-file" or "file")."""
    size = bundle.sizes().get(name)
    if size is None:
        raise Refusal("missing-file", f"{name} is not in the bundle", f"证据包中没有 {name}")
    if size > MAX_SMALL_BYTES:
        raise Refusal("file", f"{name} has {size} bytes", f"{name} 有 {size} 字节，过大")
    return b"".join(read_chunks(bundle, name))


def read_chunks(bundle: Bundle, name: str) -> Iterator[bytes]:
    """Yield the bytes of a member piece by piece."""
    with bundle.open(name) as read:
        while chunk := read(CHUNK_BYTES):
            yield chunk


def digest_of(bundle: Bundle, name: str) -> str:
    """Return the SHA-256 of a member in hex."""
    digest = sha256()
    for chunk in read_chunks(bundle, name):
        digest.update(chunk)
    return digest.hexdigest()
