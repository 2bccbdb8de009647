"""Snapshot of a slot ledger as bytes, so that a restart or reload continues it. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from struct import error as struct_error
from typing import Any

import numpy as np

from model.errors import PermanentError
from model.signal import SignalTable
from storage.slot_group import EXCLUDED, NONE, SlotGroup
from storage.slot_ledger import Expected, SlotLedger
from storage.slot_outcome import OUTCOMES

_VERSION = 2
_MAGIC = b"PPS2"
"""A snapshot of version 1 is one zlib stream; it is still read."""
_LENGTH = Struct(">I")


@dataclass(frozen=True, slots=True)
class Restored:
    """A ledger that continues, and the mark that was given to `snapshot` (the last journal sequence it had seen)."""

    ledger: SlotLedger
    mark: int
    saved_ns: int


def snapshot(ledger: SlotLedger, *, mark: int, now_ns: int) -> bytes:
    """Return the state of `ledger`. mark: last journal sequence it has observed.

    Closed slots are taken as they are packed, so that the work of a minute does not grow with the day.
    """
    names = [[ledger.table.signals[i].device, ledger.table.signals[i].name] for i in ledger.points]
    head = {
        "days": ledger.days,
        "groups": [_group(g) for g in ledger.groups],
        "mark": mark,
        "points": names,
        "saved_ns": now_ns,
        "v": _VERSION,
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    parts = [zlib.compress(text, 1)]
    for group in ledger.groups:
        parts.append(zlib.compress(group.open.tobytes(), 1))
        parts += [group.closed[slot] for slot in sorted(group.closed)]
    parts += [
        zlib.compress(ledger.counts_of_day(day).astype("<i4").tobytes(), 1) for day in ledger.days
    ]
    return _MAGIC + b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def _group(group: SlotGroup) -> dict[str, object]:
    return {
        "closed": sorted(group.closed),
        "deadline_ms": group.deadline_ms,
        "first": group.first,
        "next": group.next,
        "points": group.points.tolist(),
        "slot_ms": group.slot_ms,
    }


def restore(
    data: bytes, table: SignalTable, *, expected: Expected, now_ns: int, day_offset_ms: int = 0
) -> Restored:
    """Return the ledger of `snapshot` for `table`; points are matched by device, name, slot length and deadline.

    A point that is new begins with its first slot at or after `now_ns`; one that is gone is dropped. After a restart
    call `observe` for the journal after `mark`, then `skip_down(last commit, now)`. Raises PermanentError if the bytes
    are not a snapshot: then begin with a new ledger.
    """
    try:
        parts = _parts(data) if data.startswith(_MAGIC) else _parts_of_version_1(data)
        head = json.loads(next(parts))
        if head["v"] not in (1, _VERSION):
            raise PermanentError(
                f"slot snapshot version {head['v']}, this program reads {_VERSION}"
            )
        ledger = SlotLedger(table, now_ns=now_ns, expected=expected, day_offset_ms=day_offset_ms)
        _fill(ledger, head, parts)
        return Restored(ledger, int(head["mark"]), int(head["saved_ns"]))
    except (KeyError, TypeError, ValueError, struct_error, zlib.error, StopIteration) as error:
        raise PermanentError(
            f"slot snapshot unreadable ({error}); counting starts anew",
            f"时隙快照无法读取（{error}），将重新开始统计",
        ) from error


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield head, then for every group its open slots and each closed one, then the counts of every day."""
    at = len(_MAGIC)
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size + length
        if at > len(data):
            raise ValueError("it ends too early")
        yield zlib.decompress(data[at - length : at])


def _parts_of_version_1(data: bytes) -> Iterator[bytes]:
    """Yield the same parts of a snapshot of version 1: one ring of kept and open slots a group."""
    raw = zlib.decompress(data)
    size = int.from_bytes(raw[:4], "big")
    head = json.loads(raw[4 : 4 + size])
    at = 4 + size
    groups = []
    for saved in head["groups"]:
        group = _empty(saved)
        rows = group.kept + group.ahead
        columns = len(group.points)
        ring = np.frombuffer(raw, np.uint8, rows * columns, at).reshape(rows, columns)
        at += ring.size
        for slot in (*group.kept_slots(), *range(group.next, group.next + group.ahead)):
            group.store(slot, ring[slot % rows])
        saved["closed"] = sorted(group.closed)
        groups.append(group)
    yield json.dumps(head).encode()
    for group in groups:
        yield group.open.tobytes()
        yield from (zlib.decompress(group.closed[slot]) for slot in sorted(group.closed))
    length = 4 * len(head["points"]) * OUTCOMES
    for _ in head["days"]:
        yield raw[at : at + length]
        at += length


def _empty(saved: dict[str, Any]) -> SlotGroup:
    """Return the group that a head describes, without codes."""
    points = np.array(saved["points"], dtype=np.intp)
    group = SlotGroup(int(saved["slot_ms"]), int(saved["deadline_ms"]), points, int(saved["first"]))
    group.next = int(saved["next"])
    return group


def _fill(ledger: SlotLedger, head: dict[str, Any], parts: Iterator[bytes]) -> None:
    """Copy slots and day counts of the points that both tables have."""
    table = ledger.table
    now_of = {
        (table.signals[i].device, table.signals[i].name): p for p, i in enumerate(ledger.points)
    }
    new_point = [now_of.get((device, name), -1) for device, name in head["points"]]
    for saved in head["groups"]:
        old = _empty(saved)
        old.open = np.frombuffer(next(parts), np.uint8).reshape(old.open.shape)
        for slot in saved["closed"]:
            old.store(int(slot), np.frombuffer(next(parts), np.uint8))
        for group in ledger.groups:
            if (group.slot_ms, group.deadline_ms) == (old.slot_ms, old.deadline_ms):
                _merge(ledger, group, old, new_point)
    kept = [(p, q) for p, q in enumerate(new_point) if q >= 0]
    for day in head["days"]:
        counts = np.frombuffer(next(parts), dtype="<i4").reshape(len(new_point), OUTCOMES)
        mine = ledger.day_counts(int(day))
        for p, q in kept:
            mine[q] = counts[p]


def _merge(ledger: SlotLedger, group: SlotGroup, old: SlotGroup, new_point: list[int]) -> None:
    column = {int(p): c for c, p in enumerate(group.points)}
    pairs = [
        (c, column[new_point[p]])
        for c, p in enumerate(old.points.tolist())
        if new_point[p] in column
    ]
    if not pairs:
        return
    begin = group.first
    group.first, group.next = old.first, old.next
    source = np.array([a for a, _ in pairs], dtype=np.intp)
    target = np.array([b for _, b in pairs], dtype=np.intp)
    fresh = np.setdiff1d(np.arange(len(group.points)), target)
    for slot in (*group.kept_slots(), *range(group.next, group.next + group.ahead)):
        codes = np.full(len(group.points), NONE, dtype=np.uint8)
        codes[target] = old.codes_of(slot)[source]
        if slot < begin:
            codes[fresh] = EXCLUDED
        group.store(slot, codes)
    for slot in group.kept_slots():
        ledger.count_window(group, slot)
