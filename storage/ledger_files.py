"""The ledger on disk: `entries.log`, `leaves.hash`, `checkpoint`, `docs/` (format-core §5).

Order of a seal: `FrameArchive.sync`, then `Ledger.append`, then (every hour) `Ledger.write_checkpoint`.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO

from evidence.entry_file import HEADER_BYTES, encode_record
from evidence.grammar import HEX64
from evidence.merkle import HASH_BYTES, Tree, leaf_hash
from evidence.note import Note, VerifierKey, parse_note
from model.errors import PermanentError, TransientError, VerificationError
from storage.durable import lock, refused, sync_folder, write_atomically
from storage.ledger_recovery import EpochEnd, Recovery, Survey, read_head, survey


def open_ledger(folder: Path, key: VerifierKey) -> Ledger | EpochEnd:
    """Open or create the ledger in `folder`, recovering by itself from any crash.

    key: verifier key of the log. Returns `EpochEnd` (and changes nothing) when the signed head no longer follows.
    Raises PermanentError if another process writes there, TransientError if the disk refuses.
    """
    try:
        (folder / "docs").mkdir(parents=True, exist_ok=True)
        entries = (folder / "entries.log").open("a+b", buffering=0)
    except OSError as error:
        raise refused(folder, error) from error
    try:
        lock(entries, folder)
        note, damaged = read_head(folder, key)
        leaves_path = folder / "leaves.hash"
        leaves = leaves_path.read_bytes() if leaves_path.exists() else b""
        found = survey(folder / "entries.log", leaves, note.checkpoint if note else None)
        if isinstance(found, EpochEnd):
            entries.close()
            return found
        return Ledger(folder, entries, found, note, head_damaged=damaged)
    except BaseException:
        entries.close()
        raise


class Ledger:
    """An open ledger; one thread at a time. Indices count entries from 0."""

    def __init__(
        self,
        folder: Path,
        entries: IO[bytes],
        found: Survey,
        head: Note | None,
        *,
        head_damaged: bool,
    ) -> None:
        """Take over the files that `open_ledger` surveyed and bring them into order."""
        self._folder = folder
        self._entries = entries
        self._tree: Tree = found.tree
        self._offsets = array("q", found.scan.offsets)
        self._end = found.scan.keep_bytes
        self._head = head
        self._pending: list[bytes] = []
        self._broken = False
        self.recovery = Recovery(
            size=found.tree.size,
            torn_bytes=found.scan.torn_bytes,
            lost=found.lost,
            rebuilt_leaves=found.rebuilt,
            head=head,
            head_damaged=head_damaged,
        )
        try:
            if found.scan.torn_bytes:
                entries.truncate(self._end)
                os.fsync(entries.fileno())
            self._leaves = self._open_leaves(found)
        except OSError as error:
            raise refused(folder, error) from error

    def _open_leaves(self, found: Survey) -> IO[bytes]:
        path = self._folder / "leaves.hash"
        data = b"".join(found.leaves)
        if not path.exists() or path.read_bytes() != data:
            os.fsync(self._entries.fileno())
            write_atomically(path, data)
        sync_folder(self._folder)
        return path.open("a+b", buffering=0)

    def __enter__(self) -> Ledger:
        """Return the open ledger."""
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
        """Flush what is pending and release the files; safe to call twice."""
        if self._entries.closed:
            return
        try:
            if not self._broken:
                self.sync()
        finally:
            self._entries.close()
            self._leaves.close()

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return self._tree.size

    @property
    def broken(self) -> bool:
        """Return whether a write failed half-way: it takes nothing more until it is opened again."""
        return self._broken

    @property
    def head(self) -> Note | None:
        """Return the last signed head, None if there is none yet."""
        return self._head

    def root(self) -> bytes:
        """Return the tree head over all entries appended so far."""
        return self._tree.root()

    def append(self, entry: bytes, *, sync: bool = True) -> int:
        """Append the canonical bytes of an entry and return its index.

        sync: return only when it is on the disk. A replay appends with False and calls `sync` from time to time: what
        was not synced may be lost in a power cut, a prefix always survives. Raises TransientError if the disk refuses;
        then the entry is not in the ledger.
        """
        self._check()
        record = encode_record(entry)
        try:
            if self._entries.write(record) != len(record):
                raise OSError("the disk took only a part of the record")  # noqa: TRY301  # one handler undoes both
        except OSError as error:
            self._undo()
            raise refused(self._folder / "entries.log", error) from error
        leaf = leaf_hash(entry)
        self._offsets.append(self._end + HEADER_BYTES)
        self._end += len(record)
        self._tree.append(leaf)
        self._pending.append(leaf)
        if sync:
            self.sync()
        return self._tree.size - 1

    def _undo(self) -> None:
        try:
            self._entries.truncate(self._end)
        except OSError:
            self._broken = True

    def _check(self) -> None:
        if self._broken:
            raise TransientError(
                f"ledger {self._folder}: an earlier write failed half-way; it must be opened again",
                f"账本 {self._folder}：先前写入中断，需要重新打开",
            )

    def sync(self) -> None:
        """Bring everything appended to the disk: `entries.log` first, then `leaves.hash`."""
        self._check()
        if not self._pending:
            return
        try:
            os.fsync(self._entries.fileno())
            data = b"".join(self._pending)
            if self._leaves.write(data) != len(data):
                raise OSError("the disk took only a part of the leaves")  # noqa: TRY301  # one handler for all
            os.fsync(self._leaves.fileno())
        except OSError as error:
            # After a failed flush nobody knows what is on the disk: opening again reads it.
            self._broken = True
            raise refused(self._folder, error) from error
        self._pending.clear()

    def write_checkpoint(self, note: bytes) -> None:
        """Replace `checkpoint` by a signed head after every entry is on the disk.

        Raises ValueError unless the note states this ledger's present size and root.
        """
        parsed = parse_note(note)
        if (parsed.checkpoint.size, parsed.checkpoint.root) != (self.size, self.root()):
            raise ValueError(
                f"the head of size {parsed.checkpoint.size} is not the head of this ledger of {self.size}"
            )
        self.sync()
        write_atomically(self._folder / "checkpoint", note)
        self._head = parsed

    def entry(self, index: int) -> bytes:
        """Return the bytes of entry `index`; raises VerificationError if bit rot destroyed it."""
        offset = self._offsets[index]
        if offset < 0 or index in self.recovery.lost:
            raise VerificationError(
                f"ledger {self._folder}: entry {index} is damaged; its leaf survives, restore its bytes from a backup",
                f"账本 {self._folder}：第 {index} 条记录已损坏，叶子哈希仍在 leaves.hash 中，内容需从备份恢复",
            )
        end = (
            self._end
            if index + 1 == len(self._offsets)
            else self._offsets[index + 1] - HEADER_BYTES
        )
        self._entries.seek(offset)
        if end < offset:
            # The next entry was lost, so its start is unknown: the record's own length tells.
            self._entries.seek(offset - HEADER_BYTES)
            end = offset + int.from_bytes(self._entries.read(4), "big")
            self._entries.seek(offset)
        return self._entries.read(end - offset)

    def entries(self, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of entries first … last−1 (default: to the end)."""
        for index in range(first, self.size if last is None else last):
            yield self.entry(index)

    def leaves(self, first: int = 0, last: int | None = None) -> list[bytes]:
        """Return the leaf hashes of entries first … last−1 (default: to the end)."""
        stop = self.size if last is None else last
        synced = self.size - len(self._pending)
        self._leaves.seek(first * HASH_BYTES)
        data = self._leaves.read(max(min(stop, synced) - first, 0) * HASH_BYTES)
        found = [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
        return found + self._pending[max(first - synced, 0) : max(stop - synced, 0)]

    def put_document(self, data: bytes) -> str:
        """Store a document under its SHA-256 and return the 64 hex digits; an existing one is left alone."""
        digest = sha256(data).hexdigest()
        path = self._folder / "docs" / digest
        if not path.exists() or path.read_bytes() != data:
            write_atomically(path, data)
        return digest

    def document(self, digest: str) -> bytes:
        """Return the document with SHA-256 `digest`; raises VerificationError if it is absent or changed."""
        if HEX64.fullmatch(digest) is None:
            raise PermanentError(f"{digest!r} is not a SHA-256", f"{digest!r} 不是 SHA-256")
        path = self._folder / "docs" / digest
        data = path.read_bytes() if path.exists() else b""
        if sha256(data).hexdigest() != digest:
            raise VerificationError(
                f"document {path} is absent or damaged; restore it from a backup or a bundle",
                f"文档 {path} 缺失或已损坏，请从备份或证据包中恢复",
            )
        return data
