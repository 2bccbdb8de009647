"""Points that the store refused, with the reason: kept apart, counted, never in the way of the others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model.batch import Batch
from storage import journal_codec
from storage.journal_files import disk_error

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS refused (
  seq INTEGER NOT NULL, row INTEGER NOT NULL, at_ns INTEGER NOT NULL, device TEXT NOT NULL, signal TEXT NOT NULL,
  reason TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (seq, row)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class RefusedPoint:
    """One refused row. seq, row: its place in the journal. batch: the row itself."""

    seq: int
    row: int
    at_ns: int
    device: str
    signal: str
    reason: str
    batch: Batch


class Quarantine:
    """Refused points in one SQLite file. Putting a point in twice keeps one."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; raises TransientError if the disk refuses."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._guard():
            self._db = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=10
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            self._count = int(self._db.execute("SELECT count(*) FROM refused").fetchone()[0])

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise disk_error(self._path, error) from error

    def __len__(self) -> int:
        """Return the number of refused points."""
        return self._count

    def put(self, points: list[RefusedPoint]) -> None:
        """Keep `points`; they are on the disk when this returns."""
        values = [
            (p.seq, p.row, p.at_ns, p.device, p.signal, p.reason, journal_codec.encode(p.batch))
            for p in points
        ]
        with self._guard():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                before = self._db.total_changes
                self._db.executemany("INSERT OR IGNORE INTO refused VALUES (?,?,?,?,?,?,?)", values)
                self._count += self._db.total_changes - before
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def points(self, limit: int = 1000) -> list[RefusedPoint]:
        """Return the newest refused points, newest first."""
        rows = self._db.execute(
            "SELECT seq, row, at_ns, device, signal, reason, data FROM refused ORDER BY seq DESC, row DESC LIMIT ?",
            (limit,),
        )
        return [
            RefusedPoint(seq, row, at_ns, device, signal, reason, journal_codec.decode(data))
            for seq, row, at_ns, device, signal, reason, data in rows
        ]

    def by_reason(self) -> dict[str, int]:
        """Return the number of refused points per reason."""
        return dict(
            self._db.execute("SELECT reason, count(*) FROM refused GROUP BY reason ORDER BY 2 DESC")
        )

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._db.close()
