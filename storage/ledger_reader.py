"""Read-only view of a ledger folder up to its signed head; safe beside the agent that writes it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from evidence.entry_file import HEADER_BYTES
from evidence.note import Note, parse_note
from model.errors import PermanentError, VerificationError


class LedgerReader:
    """Entries and documents of one ledger as they stood at one signed head."""

    def __init__(self, folder: Path) -> None:
        """Read the checkpoint; raises PermanentError if nothing is signed yet."""
        self.folder = folder
        path = folder / "checkpoint"
        if not path.exists():
            raise PermanentError(
                f"{folder} holds no signed head yet: start the agent and wait for the first minute",
                f"{folder} 中还没有已签名的账本头：请先启动采集程序并等待第一个分钟块",
            )
        self.note = path.read_bytes()

    @cached_property
    def head(self) -> Note:
        """Return the parsed note (its signature is for the verifier to check)."""
        return parse_note(self.note)

    @property
    def size(self) -> int:
        """Return the number of entries that the head covers."""
        return self.head.checkpoint.size

    def entries(self) -> Iterator[bytes]:
        """Yield the bytes of the first `size` entries in order.

        Raises VerificationError at an entry that is damaged on disk.
        """
        with (self.folder / "entries.log").open("rb") as file:
            for index in range(self.size):
                header = file.read(HEADER_BYTES)
                data = file.read(int.from_bytes(header[:4], "big"))
                if zlib.crc32(data) != int.from_bytes(header[4:8], "big") or not data:
                    raise VerificationError(
                        f"ledger {self.folder}: entry {index} is damaged; restore it from a backup",
                        f"账本 {self.folder}：第 {index} 条记录已损坏，请从备份恢复",
                    )
                yield data

    def document(self, digest: bytes) -> bytes:
        """Return a document by digest; raises VerificationError if it is absent or changed."""
        return _document(self.folder, digest)


class LedgerTail:
    """Reads a growing ledger from its start on, each call only what is new; signed or not."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; reads nothing."""
        self._folder = folder
        self._offset = 0

    def new_entries(self) -> Iterator[bytes]:
        """Yield the entries that are complete on disk and were not yielded yet."""
        path = self._folder / "entries.log"
        if not path.exists():
            return
        with path.open("rb") as file:
            file.seek(self._offset)
            while True:
                header = file.read(HEADER_BYTES)
                length = int.from_bytes(header[:4], "big")
                data = file.read(length)
                if len(header) < HEADER_BYTES or len(data) < length:
                    return
                if zlib.crc32(data) != int.from_bytes(header[4:8], "big"):
                    return
                self._offset += HEADER_BYTES + length
                yield data

    def document(self, digest: bytes) -> bytes:
        """Return a document by digest; raises VerificationError if it is absent or changed."""
        return _document(self._folder, digest)


def _document(folder: Path, digest: bytes) -> bytes:
    path = folder / "docs" / digest.hex()
    data = path.read_bytes() if path.exists() else b""
    if sha256(data).digest() != digest:
        raise VerificationError(
            f"document {path} is absent or damaged; restore it from a backup or a bundle",
            f"文档 {path} 缺失或已损坏，请从备份或证据包中恢复",
        )
    return data
