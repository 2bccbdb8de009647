"""Snapshot of a slot ledger as bytes, so that a restart or reload continues it. Pure."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import PermanentError
from model.signal import SignalTable
from storage.slot_group import EXCLUDED, SlotGroup
from storage.slot_ledger import Expected, SlotLedger
from storage.slot_outcome import OUTCOMES

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Restored:
    """A ledger that continues, and the mark that was given to `snapshot` (the last journal sequence it had seen)."""

    ledger: SlotLedger
    mark: int
    saved_ns: int


def snapshot(ledger: SlotLedger, *, mark: int, now_ns: int) -> bytes:
    """Return the state of `ledger`. mark: last journal sequence it has observed."""
    names = [[ledger.table.signals[i].device, ledger.table.signals[i].name] for i in ledger.points]
    head = {
        "days": ledger.days,
        "groups": [_group(g) for g in ledger.groups],
        "mark": mark,
        "points": names,
        "saved_ns": now_ns,
        "v": _VERSION,
    }
    arrays = [g.ring.tobytes() for g in ledger.groups]
    arrays += [ledger.counts_of_day(day).astype("<i4").tobytes() for day in ledger.days]
    text = json.dumps(head, separators=(",", ":")).encode()
    return zlib.compress(len(text).to_bytes(4, "big") + text + b"".join(arrays), 1)


def _group(group: SlotGroup) -> dict[str, object]:
    return {
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
        raw = zlib.decompress(data)
        size = int.from_bytes(raw[:4], "big")
        head = json.loads(raw[4 : 4 + size])
        if head["v"] != _VERSION:
            raise PermanentError(
                f"slot snapshot version {head['v']}, this program reads {_VERSION}"
            )
        ledger = SlotLedger(table, now_ns=now_ns, expected=expected, day_offset_ms=day_offset_ms)
        _fill(ledger, head, memoryview(raw)[4 + size :])
        return Restored(ledger, int(head["mark"]), int(head["saved_ns"]))
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise PermanentError(
            f"slot snapshot unreadable ({error}); counting starts anew",
            f"时隙快照无法读取（{error}），将重新开始统计",
        ) from error


def _fill(ledger: SlotLedger, head: dict[str, Any], arrays: memoryview) -> None:
    """Copy rings and day counts of the points that both tables have."""
    table = ledger.table
    at = 0
    now_of = {
        (table.signals[i].device, table.signals[i].name): p for p, i in enumerate(ledger.points)
    }
    new_point = [now_of.get((device, name), -1) for device, name in head["points"]]
    for saved in head["groups"]:
        points = np.array(saved["points"], dtype=np.intp)
        old = SlotGroup(
            int(saved["slot_ms"]), int(saved["deadline_ms"]), points, int(saved["first"])
        )
        ring = np.frombuffer(arrays[at : at + old.ring.size], dtype=np.uint8).reshape(
            old.ring.shape
        )
        at += old.ring.size
        old.next = int(saved["next"])
        for group in ledger.groups:
            if (group.slot_ms, group.deadline_ms) == (old.slot_ms, old.deadline_ms):
                _merge(ledger, group, old, ring, new_point)
    size = len(new_point) * OUTCOMES
    kept = [(p, q) for p, q in enumerate(new_point) if q >= 0]
    for day in head["days"]:
        counts = np.frombuffer(arrays[at : at + 4 * size], dtype="<i4").reshape(-1, OUTCOMES)
        at += 4 * size
        mine = ledger.day_counts(int(day))
        for p, q in kept:
            mine[q] = counts[p]


def _merge(
    ledger: SlotLedger,
    group: SlotGroup,
    old: SlotGroup,
    ring: NDArray[np.uint8],
    new_point: list[int],
) -> None:
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
    group.ring[:, target] = ring[:, source]
    fresh = np.setdiff1d(np.arange(len(group.points)), target)
    for slot in range(group.next - group.kept, min(begin, group.next + group.ahead)):
        group.ring[slot % len(group.ring), fresh] = EXCLUDED
    for slot in range(max(group.next - group.kept, group.first), group.next):
        ledger.count_window(group, slot)
