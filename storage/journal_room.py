"""Room in the journal: its hard quota, what is evicted in which order, and the record of what was lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Final

from model.clock import Clock
from storage.journal_files import PAGE_BYTES, disk_error
from storage.journal_read import JournalReader, locked
from storage.journal_types import Loss, Quota

_PENDING: Final = 0
_EVICT_BLOCKS: Final = 64
_COMMITS_A_LOOK: Final = 16
"""Commits between two looks at quota and disk, far from both limits."""

_EVICTION: Final = (
    ("", "state=1 AND slot<=:sealed"),
    ("evicted_unsent", "slot<=:sealed"),
    ("evicted_unsealed", "slot>:sealed"),
)
"""Order of eviction: delivered and sealed (no loss), sealed but not delivered, not even sealed; oldest first."""


class JournalRoom(JournalReader):
    """The half of the journal that makes room and counts; `Journal` adds writing."""

    def __init__(self, path: Path, clock: Clock, quota: Quota) -> None:
        """Prepare counts; the subclass opens the database and fills them."""
        super().__init__(path)
        self._clock = clock
        self._quota = quota
        self._next = 1
        self._sealed = -1
        self._total = [0, 0, 0]
        self._pending = [0, 0, 0]
        self._losses = 0
        self._lost_rows = 0
        self._credit = 0
        """Bytes that may be written before the room is looked at again."""
        self._commits_left = 0

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            # A failed COMMIT leaves the transaction open; a full disk has already rolled it back.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _used_bytes(self) -> int:
        pages = self._one("PRAGMA page_count")[0] - self._one("PRAGMA freelist_count")[0]
        return pages * PAGE_BYTES

    def _make_room_for(self, need: int) -> None:
        """Make room for a block. Asking the disk costs as much as a small block: what it said holds for a while."""
        if need > self._credit or self._commits_left <= 0:
            self._make_room(need)
            limit = self._quota.bytes - self._quota.bytes // 8
            free = shutil.disk_usage(self._path.parent).free - self._quota.reserve_bytes
            self._credit = max(min(limit - self._used_bytes(), free) // 4, 0)
            self._commits_left = _COMMITS_A_LOOK
        self._credit -= need
        self._commits_left -= 1

    def _make_room(self, need: int) -> None:
        self._write_marks()
        limit = self._quota.bytes - self._quota.bytes // 8
        while self._used_bytes() + need > limit:
            if not self._evict(_EVICTION):
                raise disk_error(
                    self._path,
                    OSError(f"one block needs {need} of {self._quota.bytes} bytes of quota"),
                )
        while shutil.disk_usage(self._path.parent).free < self._quota.reserve_bytes:
            if self._one("PRAGMA freelist_count")[0] * PAGE_BYTES > need:
                return
            if not self._evict(_EVICTION[:1]):
                raise disk_error(
                    self._path,
                    OSError(f"less than the reserve of {self._quota.reserve_bytes} bytes free"),
                )

    def _evict(self, order: Sequence[tuple[str, str]]) -> int:
        """Remove up to 64 blocks of the first class that has any and return how many."""
        for kind, condition in order:
            found = self._db.execute(
                f"SELECT seq, rows, size, state FROM block WHERE {condition} ORDER BY seq LIMIT {_EVICT_BLOCKS}",  # noqa: S608
                {"sealed": self._sealed},
            ).fetchall()
            # Small steps, so that no more is given up than the next minutes need.
            enough = list(accumulate(row[2] for row in found))
            found = found[: 1 + sum(total < self._quota.bytes // 64 for total in enough[:-1])]
            if found:
                self._remove(found, kind)
                return len(found)
        return 0

    def _remove(self, found: Sequence[tuple[int, int, int, int]], kind: str) -> None:
        rows, size = sum(r[1] for r in found), sum(r[2] for r in found)
        with self._transaction() as db:
            db.executemany("DELETE FROM blob WHERE seq=?", [(r[0],) for r in found])
            db.executemany("DELETE FROM block WHERE seq=?", [(r[0],) for r in found])
            db.execute("UPDATE meta SET value=? WHERE key='next_seq'", (self._next,))
            if kind:
                detail = "the quota was reached"
                loss = Loss(
                    self._clock.unix_ns(), kind, found[0][0], found[-1][0], rows, size, detail
                )
                self._insert_loss(db, loss)
            else:
                db.execute("UPDATE meta SET value=value+? WHERE key='evicted_rows'", (rows,))
        waiting = [r for r in found if r[3] == _PENDING]
        for counts, gone in ((self._total, found), (self._pending, waiting)):
            sums = (len(gone), sum(r[1] for r in gone), sum(r[2] for r in gone))
            counts[:] = (a - b for a, b in zip(counts, sums, strict=True))
        if kind:
            self._lost()

    @locked
    def trim(self, *, committed_before_ns: int) -> int:
        """Remove blocks that are delivered, sealed and older than given; return the number of rows removed."""
        removed = 0
        self._write_marks()
        with self._guard():
            while found := self._db.execute(
                f"SELECT seq, rows, size, state FROM block WHERE state=1 AND slot<=? AND committed_ns<? "  # noqa: S608
                f"ORDER BY seq LIMIT {_EVICT_BLOCKS}",
                (self._sealed, committed_before_ns),
            ).fetchall():
                self._remove(found, "")
                removed += sum(r[1] for r in found)
        return removed

    @staticmethod
    def _insert_loss(db: sqlite3.Connection, loss: Loss) -> None:
        # What is evicted minute after minute is one loss that grows, not thousands of rows.
        grown = db.execute(
            "UPDATE loss SET last_seq=?, rows=rows+?, bytes=bytes+? WHERE id=(SELECT max(id) FROM loss) AND kind=? "
            "AND kind LIKE 'evicted%' AND last_seq=?",
            (loss.last_seq, loss.rows, loss.bytes, loss.kind, loss.first_seq - 1),
        )
        if grown.rowcount:
            return
        db.execute(
            "INSERT INTO loss (at_ns, kind, first_seq, last_seq, rows, bytes, detail) VALUES (?,?,?,?,?,?,?)",
            (
                loss.at_ns,
                loss.kind,
                loss.first_seq,
                loss.last_seq,
                loss.rows,
                loss.bytes,
                loss.detail,
            ),
        )

    def _record(self, loss: Loss) -> None:
        self._insert_loss(self._db, loss)

    def _lost(self) -> None:
        self._losses, self._lost_rows = self._one(
            "SELECT count(*), coalesce(sum(rows),0) FROM loss"
        )
