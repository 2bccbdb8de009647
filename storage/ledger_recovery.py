"""What survived of a ledger after a crash, and whether its signed head still follows (format-core §4, §5)."""

from __future__ import annotations

import mmap
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from evidence.entry_file import HEADER_BYTES, EntryScan, LostEntry, scan
from evidence.merkle import HASH_BYTES, Tree
from evidence.note import Checkpoint, Note, VerifierKey, parse_note, verify_note
from evidence.refusal import Refusal


class EpochEndReason(StrEnum):
    """Why a log cannot be continued."""

    HEAD_AHEAD = "head_ahead"
    """The signed head covers more entries than survived."""
    HEAD_DIFFERS = "head_differs"
    """The surviving entries do not have the root that was signed."""
    UNEXPLAINED = "unexplained"
    """Entries are damaged and `leaves.hash` has no second copy of their leaves."""


@dataclass(frozen=True, slots=True)
class EpochEnd:
    """The log at `folder` is over: start epoch n+1 whose genesis names `head`. Nothing was changed on disk."""

    folder: Path
    reason: EpochEndReason
    head: Checkpoint | None
    """The last signed head; None if no readable head survived."""
    surviving: int
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a ledger found and did."""

    size: int
    torn_bytes: int
    """Bytes of an incomplete last record that were cut off `entries.log`."""
    lost: tuple[int, ...]
    """Indices of entries destroyed by bit rot; their leaves come from `leaves.hash`."""
    rebuilt_leaves: int
    """Leaves that were missing or wrong in `leaves.hash` and were computed again from the entries."""
    head: Note | None
    head_damaged: bool
    """A checkpoint file was there but is not a note signed by the log."""


@dataclass(frozen=True, slots=True)
class Survey:
    """Leaves and offsets of all surviving entries, with the tree over them."""

    scan: EntryScan
    leaves: tuple[bytes, ...]
    tree: Tree
    rebuilt: int
    lost: tuple[int, ...]


def survey(entries: Path, leaves_file: bytes, head: Checkpoint | None) -> Survey | EpochEnd:
    """Read `entries` and decide: the log as it can be continued, or the reason why it cannot."""
    found = _scan(entries, leaves_file)
    if found.unexplained:
        return _end(entries, EpochEndReason.UNEXPLAINED, head, len(found.leaves))
    known = [
        leaves_file[i : i + HASH_BYTES]
        for i in range(0, len(leaves_file) - HASH_BYTES + 1, HASH_BYTES)
    ]
    wrong = [i for i, (a, b) in enumerate(zip(found.leaves, known, strict=False)) if a != b]
    missing = max(len(found.leaves) - len(known), 0)
    lost = tuple(entry.index for entry in found.lost)
    result = Survey(found, found.leaves, Tree(), len(wrong) + missing, lost)
    if head is not None and head.size > len(found.leaves):
        return _end(entries, EpochEndReason.HEAD_AHEAD, head, len(found.leaves))
    if _follows(result, head):
        return result
    # A record whose checksum was rotted along with its bytes: the leaf that was signed is in the other file.
    swapped = list(found.leaves)
    for i in wrong:
        swapped[i] = known[i]
    result = replace(
        result,
        leaves=tuple(swapped),
        tree=Tree(),
        rebuilt=missing,
        lost=tuple(sorted({*lost, *wrong})),
    )
    if wrong and _follows(result, head):
        return result
    return _end(entries, EpochEndReason.HEAD_DIFFERS, head, len(found.leaves))


def _follows(result: Survey, head: Checkpoint | None) -> bool:
    """Fill the tree and return whether the signed head is the head of a prefix."""
    size = 0 if head is None else head.size
    result.tree.extend(result.leaves[:size])
    if head is not None and result.tree.root() != head.root:
        return False
    result.tree.extend(result.leaves[size:])
    return True


def _scan(entries: Path, leaves_file: bytes) -> EntryScan:
    if not entries.exists() or entries.stat().st_size == 0:
        return scan(memoryview(b""), memoryview(leaves_file))
    with entries.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        view = memoryview(data)
        try:
            return _keep_rotten_last(scan(view, memoryview(leaves_file)), view, leaves_file)
        finally:
            view.release()


def _keep_rotten_last(found: EntryScan, data: memoryview, leaves_file: bytes) -> EntryScan:
    """Keep a *complete* last record with a wrong checksum whose leaf is on disk: that is rot, not a torn write."""
    index = len(found.leaves)
    leaf = leaves_file[index * HASH_BYTES : (index + 1) * HASH_BYTES]
    length = int.from_bytes(data[found.keep_bytes : found.keep_bytes + 4], "big")
    if (
        not found.torn_bytes
        or not any(leaf)
        or len(leaf) < HASH_BYTES
        or length + HEADER_BYTES != found.torn_bytes
    ):
        return found
    return replace(
        found,
        leaves=(*found.leaves, leaf),
        offsets=(*found.offsets, -1),
        keep_bytes=len(data),
        torn_bytes=0,
        lost=(*found.lost, LostEntry(index, found.keep_bytes, found.torn_bytes)),
    )


def read_head(folder: Path, key: VerifierKey) -> tuple[Note | None, bool]:
    """Return (the note in `checkpoint` if the log signed it, whether a file was there that is not such a note).

    A signed `checkpoint.tmp` counts only where `checkpoint` itself is gone or damaged.
    """
    damaged = False
    for name in ("checkpoint", "checkpoint.tmp"):
        path = folder / name
        if not path.exists():
            continue
        try:
            note = parse_note(path.read_bytes())
            verify_note(note, key, [])
        except Refusal:
            damaged = damaged or name == "checkpoint"
        else:
            return note, damaged
    return None, damaged


def _end(
    entries: Path, reason: EpochEndReason, head: Checkpoint | None, surviving: int
) -> EpochEnd:
    signed = "?" if head is None else str(head.size)
    en = {
        EpochEndReason.HEAD_AHEAD: f"the signed head covers {signed} entries, {surviving} survived",
        EpochEndReason.HEAD_DIFFERS: f"the {surviving} surviving entries do not have the root that was signed",
        EpochEndReason.UNEXPLAINED: f"after entry {surviving} the file is damaged and leaves.hash does not bridge it",
    }[reason]
    zh = {
        EpochEndReason.HEAD_AHEAD: f"已签名的树头包含 {signed} 条记录，现存 {surviving} 条",
        EpochEndReason.HEAD_DIFFERS: f"现存的 {surviving} 条记录与已签名的根哈希不一致",
        EpochEndReason.UNEXPLAINED: f"第 {surviving} 条之后的记录已损坏，且 leaves.hash 无法补足",
    }[reason]
    return EpochEnd(
        entries.parent,
        reason,
        head,
        surviving,
        f"ledger {entries.parent}: {en}; it is kept as it is and a new epoch begins",
        f"账本 {entries.parent}：{zh}；原账本保持不变，将开始新的纪元",
    )
