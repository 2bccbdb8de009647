"""Statistics of a plant on disk: cells as integers by (asset, UTC day), in SQLite (docs/formats/statistics-store.md).

Everything here can be computed again from the sealed log: losing the file loses time, no figure.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from model.errors import PermanentError
from storage.durable import lock, refused
from storage.journal_files import disk_error
from storage.statistics_codec import DayRecords, Numbers, day_of

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE name (kind TEXT NOT NULL, id INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE day (
  asset TEXT NOT NULL, day INTEGER NOT NULL, version INTEGER NOT NULL, cells BLOB NOT NULL, vals BLOB NOT NULL,
  wide BLOB NOT NULL, gaps BLOB NOT NULL, quantities BLOB NOT NULL, answers BLOB NOT NULL,
  PRIMARY KEY (asset, day)) WITHOUT ROWID;
CREATE TABLE tail (
  asset TEXT NOT NULL, seen_ms INTEGER NOT NULL, open_ms INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (asset, seen_ms)) WITHOUT ROWID;
CREATE TABLE change (
  id INTEGER PRIMARY KEY, asset TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
  version INTEGER NOT NULL, sealed_slot INTEGER NOT NULL);
CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK (id = 0), slot INTEGER NOT NULL, seen_ms INTEGER NOT NULL);
"""
_KINDS: Final = ("config", "shift", "product", "counter", "rate")
_MOST_NAMES: Final = 65_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the log is in."""

    slot: int
    """Blocks before this slot were read."""
    seen_ms: int
    """Cells end here."""


@dataclass(frozen=True, slots=True)
class Change:
    """Hours that were formed anew because data came late."""

    asset: str
    from_ms: int
    to_ms: int
    version: int
    """Of the first day that changed."""
    sealed_slot: int
    """The log was read to here."""


@dataclass(frozen=True, slots=True)
class AssetDays:
    """The stored days of one asset: one tuple of byte strings (`statistics_codec.KINDS`) per day, in order."""

    asset: str
    days: tuple[int, ...]
    versions: tuple[int, ...]
    blobs: tuple[tuple[bytes, ...], ...]


class StatisticsStore:
    """Reads and writes the statistics of one epoch of a log; one writer, any number of readers."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open or create the file.

        Raises TransientError if the disk refuses, PermanentError if the file is newer or, read-only, absent.
        """
        self._path = path
        self._number: dict[tuple[str, str], int] = {}
        self._lock: IO[bytes] | None = None
        if read_only and not path.exists():
            raise PermanentError(
                f"there are no statistics yet ({path}): start the agent, or run plantproof kpi --rebuild",
                f"尚无统计数据（{path}）：请启动采集程序，或运行 plantproof kpi --rebuild",
            )
        with self._guard():
            if read_only:
                self._db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
            else:
                self._lock = _locked(path.with_suffix(".lock"))
                self._db = sqlite3.connect(
                    path, isolation_level=None, check_same_thread=False, timeout=10
                )
                self._db.execute("PRAGMA journal_mode=WAL")
                # What a power cut takes is computed again from the sealed log.
                self._db.execute("PRAGMA synchronous=NORMAL")
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if version == 0 and not read_only:
                script = f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;"
                self._db.executescript(script)
        if version > _VERSION:
            self.close()
            raise PermanentError(
                f"statistics {path} have version {version}, this program reads {_VERSION}: install a newer plantproof",
                f"统计文件 {path} 版本为 {version}，本程序只支持 {_VERSION}：请重新安装较新的 plantproof",
            )
        self._load_names()

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise disk_error(self._path, error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything inside or nothing; raises TransientError if the disk refuses."""
        with self._guard():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self._load_names()
                raise

    # names

    @property
    def numbers(self) -> Numbers:
        """Return what gives out the numbers of names; new ones are written in the running transaction."""
        return Numbers(*(self._numbering(kind) for kind in _KINDS))

    def names(self, kind: str) -> Mapping[int, str]:
        """Return the names of a kind by number."""
        return {i: text for (k, text), i in self._number.items() if k == kind}

    def _numbering(self, kind: str) -> _Numbering:
        return _Numbering(self._db, kind, self._number)

    def _load_names(self) -> None:
        with self._guard():
            rows = self._db.execute("SELECT id, kind, text FROM name").fetchall()
        self._number = {(kind, text): int(i) for i, kind, text in rows}

    # days

    def put_day(self, asset: str, day: int, records: DayRecords) -> None:
        """Write a day of an asset; its version stays, that of a new day is 1."""
        self._db.execute(
            "INSERT INTO day VALUES (?,?,1,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET cells=excluded.cells, "
            "vals=excluded.vals, wide=excluded.wide, gaps=excluded.gaps, quantities=excluded.quantities, "
            "answers=excluded.answers",
            (asset, day, *records.blobs()),
        )

    def next_version(self, asset: str, day: int) -> int:
        """Give a day its next version, because finished hours of it changed, and return it."""
        row = self._db.execute(
            "UPDATE day SET version=version+1 WHERE asset=? AND day=? RETURNING version",
            (asset, day),
        ).fetchone()
        return int(row[0])

    def day(self, asset: str, day: int) -> DayRecords | None:
        """Return a day of an asset, None if it is not there."""
        row = self._db.execute(
            "SELECT cells, vals, wide, gaps, quantities, answers FROM day WHERE asset=? AND day=?",
            (asset, day),
        ).fetchone()
        return day_of(row) if row is not None else None

    def asset_days(self, asset: str, first: int, last: int) -> AssetDays:
        """Return the days first … last (both included) of an asset that are there."""
        with self._guard():
            rows = self._db.execute(
                "SELECT day, version, cells, vals, wide, gaps, quantities, answers FROM day "
                "WHERE asset=? AND day BETWEEN ? AND ? ORDER BY day",
                (asset, first, last),
            ).fetchall()
        return AssetDays(
            asset,
            tuple(r[0] for r in rows),
            tuple(r[1] for r in rows),
            tuple(r[2:] for r in rows),
        )

    def assets(self) -> list[str]:
        """Return the assets with statistics, in byte order."""
        with self._guard():
            rows = self._db.execute("SELECT DISTINCT asset FROM day").fetchall()
        return sorted((r[0] for r in rows), key=str.encode)

    # tails, changes, progress

    def put_tail(self, asset: str, seen_ms: int, open_ms: int, data: bytes) -> None:
        """Keep where an asset goes on from an instant; open_ms: first hour that later rows may still change."""
        self._db.execute(
            "INSERT OR REPLACE INTO tail VALUES (?,?,?,?)", (asset, seen_ms, open_ms, data)
        )

    def open_ms(self, asset: str) -> int | None:
        """Return the first hour of an asset that rows in time may still change; None without statistics."""
        with self._guard():
            row = self._db.execute(
                "SELECT open_ms FROM tail WHERE asset=? ORDER BY seen_ms DESC LIMIT 1", (asset,)
            ).fetchone()
        return int(row[0]) if row is not None else None

    def drop_tails(self, asset: str, keep: Sequence[int]) -> None:
        """Forget the tails of an asset but those at some instants."""
        marks = ",".join("?" * len(keep))
        self._db.execute(
            f"DELETE FROM tail WHERE asset=? AND seen_ms NOT IN ({marks})",  # noqa: S608 - only question marks
            (asset, *keep),
        )

    def tail(self, asset: str, before_ms: int) -> tuple[int, bytes] | None:
        """Return (instant, bytes) of the last tail of an asset at or before an instant; None if there is none."""
        with self._guard():
            row = self._db.execute(
                "SELECT seen_ms, data FROM tail WHERE asset=? AND seen_ms<=? ORDER BY seen_ms DESC LIMIT 1",
                (asset, before_ms),
            ).fetchone()
        return (int(row[0]), row[1]) if row is not None else None

    def tail_instants(self, asset: str) -> list[int]:
        """Return the instants of the tails of an asset, rising."""
        rows = self._db.execute(
            "SELECT seen_ms FROM tail WHERE asset=? ORDER BY seen_ms", (asset,)
        ).fetchall()
        return [int(r[0]) for r in rows]

    def put_change(self, change: Change) -> None:
        """Remember that hours were formed anew."""
        self._db.execute(
            "INSERT INTO change (asset, from_ms, to_ms, version, sealed_slot) VALUES (?,?,?,?,?)",
            (change.asset, change.from_ms, change.to_ms, change.version, change.sealed_slot),
        )

    def changes(self, from_ms: int, to_ms: int) -> list[Change]:
        """Return the changes that touch [from, to), oldest first."""
        with self._guard():
            rows: Iterable[tuple[str, int, int, int, int]] = self._db.execute(
                "SELECT asset, from_ms, to_ms, version, sealed_slot FROM change "
                "WHERE from_ms<? AND to_ms>? ORDER BY id",
                (to_ms, from_ms),
            ).fetchall()
        return [Change(*r) for r in rows]

    @property
    def progress(self) -> Progress | None:
        """Return how far the log is in, None before the first hour."""
        with self._guard():
            row = self._db.execute("SELECT slot, seen_ms FROM progress").fetchone()
        return Progress(int(row[0]), int(row[1])) if row is not None else None

    def put_progress(self, progress: Progress) -> None:
        """Remember how far the log is in."""
        self._db.execute(
            "INSERT OR REPLACE INTO progress VALUES (0,?,?)", (progress.slot, progress.seen_ms)
        )

    def clear(self) -> None:
        """Forget everything, to begin anew."""
        for table in ("day", "tail", "change", "progress", "name"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own
        self._number.clear()


def _locked(path: Path) -> IO[bytes]:
    """Return the open lock file of the only writer; raises LedgerInUseError if another process writes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise refused(path, error) from error
    try:
        lock(file, path)
    except BaseException:
        file.close()
        raise
    return file


class _Numbering:
    """Gives out the numbers of the names of one kind."""

    def __init__(
        self, db: sqlite3.Connection, kind: str, known: dict[tuple[str, str], int]
    ) -> None:
        self._db = db
        self._kind = kind
        self._known = known

    def __call__(self, text: str) -> int:
        key = self._kind, text
        if key not in self._known:
            number = sum(kind == self._kind for kind, _ in self._known)
            if self._kind != "product" and number >= _MOST_NAMES:
                raise PermanentError(
                    f"statistics: more than {_MOST_NAMES} names of kind {self._kind}",
                    f"统计：{self._kind} 名称超过 {_MOST_NAMES} 个",
                )
            self._db.execute("INSERT INTO name VALUES (?,?,?)", (self._kind, number, text))
            self._known[key] = number
        return self._known[key]
