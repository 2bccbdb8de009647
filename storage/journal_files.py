"""Opening the journal's SQLite file whatever state it is in: schema, check, setting a damaged file aside, salvage."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model.errors import PermanentError, TransientError
from storage import journal_codec
from storage.instants import instants
from storage.journal_codec import DamagedBlockError

SCHEMA_VERSION: Final = 1
PAGE_BYTES: Final = 4096
GENERATION_STEP: Final = 1 << 40
"""First sequence number of a file that follows a damaged one: higher than any number the damaged one can hold."""

_CHECK_ALWAYS_BELOW: Final = 256 << 20
"""A larger file that was closed cleanly is not read through at start (its blocks have their own checksums)."""

_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE config (id INTEGER PRIMARY KEY, name TEXT NOT NULL, signals BLOB NOT NULL);
CREATE TABLE block (
  seq INTEGER PRIMARY KEY, slot INTEGER NOT NULL, config INTEGER NOT NULL, rows INTEGER NOT NULL,
  first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, committed_ns INTEGER NOT NULL, size INTEGER NOT NULL,
  crc INTEGER NOT NULL, state INTEGER NOT NULL, ranks BLOB);
CREATE INDEX block_slot ON block (slot);
CREATE INDEX block_pending ON block (seq) WHERE state = 0;
CREATE INDEX block_done ON block (seq) WHERE state = 1;
CREATE TABLE blob (seq INTEGER PRIMARY KEY, slot INTEGER NOT NULL, config INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE config_copy (id INTEGER PRIMARY KEY, name TEXT NOT NULL, signals BLOB NOT NULL);
CREATE TABLE loss (
  id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, kind TEXT NOT NULL, first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, detail TEXT NOT NULL);
CREATE TABLE damaged (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
"""


_BLOCK_COLUMNS: Final = (
    "seq, slot, config, rows, first_ns, last_ns, committed_ns, size, crc, state, ranks"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A usable database and what had to be done to get it."""

    db: sqlite3.Connection
    set_aside: tuple[Path, ...] = ()
    damaged_bytes: int = 0
    """Size of the damaged file."""
    salvaged_blocks: int = 0
    salvaged_rows: int = 0
    known_rows: int = 0
    """Rows that the headers of the damaged file list, as far as they can be read."""


def open_database(path: Path, *, quota_bytes: int, damaged: bool = False) -> Opened:
    """Open or create the journal at `path`; a damaged file is renamed and what can be read is copied from it.

    damaged: it is known to be damaged. Raises TransientError if the disk refuses, PermanentError if a newer
    version wrote the file.
    """
    pages = quota_bytes // PAGE_BYTES
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not damaged:
            return Opened(_connect(path, pages=pages))
    except OSError as error:
        raise disk_error(path, error) from error
    except sqlite3.DatabaseError as error:
        if not (is_corrupt(error) or is_plain(error)):
            raise disk_error(path, error) from error
    size = path.stat().st_size
    aside = set_aside(path)
    try:
        db = _connect(path, pages=pages, generation=_generation(aside[0]))
        blocks, rows, known = salvage(aside[0], db)
    except sqlite3.Error as error:
        raise disk_error(path, error) from error
    return Opened(db, aside, size, blocks, rows, known)


def is_corrupt(error: sqlite3.DatabaseError) -> bool:
    """Return whether SQLite says that the file is damaged (not: full, read-only, locked, misused)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_plain(error: sqlite3.DatabaseError) -> bool:
    """Return whether it is our own finding, or a table or column that is not there: at start, damage of page 1."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code == sqlite3.SQLITE_ERROR


def disk_error(path: Path, error: Exception) -> TransientError:
    """Return the error of a disk that refuses, naming file, free space and cure."""
    try:
        room = f"{shutil.disk_usage(path.parent).free / 1e6:.0f} MB"
    except OSError:
        room = "?"
    return TransientError(
        f"journal {path}: cannot write ({error}); {room} free on that disk. Nothing of this batch was acknowledged. "
        "Free space on that disk or move the data folder to a larger one; collection then goes on by itself.",
        f"日志文件 {path} 无法写入（{error}）；该磁盘剩余 {room}。本批数据未被确认。"
        "请清理磁盘空间，或将数据目录迁移到更大的磁盘；之后采集会自动继续。",
    )


def _connect(path: Path, *, pages: int, generation: int = 0) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        db.execute(f"PRAGMA page_size={PAGE_BYTES}")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cell_size_check=ON")
        db.execute("PRAGMA temp_store=MEMORY")
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        if version == 0 and not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            db.executescript(
                f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;"
            )
            start = generation * GENERATION_STEP
            db.executemany(
                "INSERT INTO meta VALUES (?,?)",
                [("clean", 0), ("next_seq", start + 1), ("sealed_slot", -1), ("evicted_rows", 0)],
            )
        elif version > SCHEMA_VERSION:
            raise _newer(path, version)  # noqa: TRY301
        else:
            _check(db, path)
        db.execute("UPDATE meta SET value=0 WHERE key='clean'")
        db.execute(f"PRAGMA max_page_count={pages}")
        db.execute(f"PRAGMA wal_autocheckpoint={max(16, min(1000, pages // 16))}")
    except BaseException:
        db.close()
        raise
    return db


def _newer(path: Path, version: int) -> PermanentError:
    return PermanentError(
        f"journal {path} has schema version {version}, this program reads up to {SCHEMA_VERSION}: "
        "it was written by a newer plantproof; install that version again",
        f"日志文件 {path} 的版本为 {version}，本程序最高支持 {SCHEMA_VERSION}："
        "该文件由更新版本的 plantproof 写入，请重新安装新版本",
    )


def _check(db: sqlite3.Connection, path: Path) -> None:
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
    if not {"meta", "config", "config_copy", "block", "blob", "loss", "damaged"} <= names:
        raise sqlite3.DatabaseError("tables are missing")
    db.execute("SELECT seq, slot, config, data FROM blob LIMIT 0")
    clean = db.execute("SELECT value FROM meta WHERE key='clean'").fetchone()
    if clean and clean[0] and path.stat().st_size > _CHECK_ALWAYS_BELOW:
        return
    verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"quick_check: {verdict}")


def set_aside(path: Path) -> tuple[Path, ...]:
    """Rename the database and its companions to `<name>.damaged-<n>` and return the new paths, the database first."""
    n = 1
    while path.with_name(f"{path.name}.damaged-{n}").exists():
        n += 1
    moved = []
    for suffix in ("", "-wal", "-shm"):
        old = path.with_name(path.name + suffix)
        if old.exists():
            moved.append(old.rename(path.with_name(f"{path.name}.damaged-{n}{suffix}")))
    return tuple(moved)


def _generation(aside: Path) -> int:
    return int(aside.name.rpartition("-")[2])


def salvage(damaged: Path, db: sqlite3.Connection) -> tuple[int, int, int]:
    """Copy every block that can still be read from `damaged` into `db`.

    Returns (blocks copied, rows copied, rows that the readable headers list).
    """
    _restore_length(damaged)
    with contextlib.closing(sqlite3.connect(damaged, isolation_level=None)) as old:
        db.execute("BEGIN IMMEDIATE")
        try:
            for sql, insert in _SMALL_TABLES:
                with contextlib.suppress(sqlite3.DatabaseError):
                    for row in old.execute(sql):
                        db.execute(insert, row)
            counts = _copy_blocks(old, db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    return counts


def _restore_length(damaged: Path) -> None:
    """Extend a cut file with zeros to the length in its header: SQLite reads no page at all of a shorter one."""
    with damaged.open("r+b") as file:
        head = file.read(100)
        pages = int.from_bytes(head[28:32], "big")
        size = damaged.stat().st_size
        if head.startswith(b"SQLite format 3\0") and 0 < pages * PAGE_BYTES - size < size * 64:
            file.truncate(pages * PAGE_BYTES)


_SMALL_TABLES: Final = (
    ("SELECT id, name, signals FROM config", "INSERT OR IGNORE INTO config VALUES (?,?,?)"),
    ("SELECT id, name, signals FROM config_copy", "INSERT OR IGNORE INTO config VALUES (?,?,?)"),
    (
        "SELECT at_ns, kind, first_seq, last_seq, rows, bytes, detail FROM loss",
        "INSERT INTO loss (at_ns, kind, first_seq, last_seq, rows, bytes, detail) VALUES (?,?,?,?,?,?,?)",
    ),
    (
        "SELECT key, value FROM meta WHERE key IN ('sealed_slot','evicted_rows')",
        "INSERT OR REPLACE INTO meta VALUES (?,?)",
    ),
)


_SELECT_BLOCK: Final = f"SELECT {_BLOCK_COLUMNS} FROM block"  # noqa: S608  # our own column names
_INSERT_BLOCK: Final = (
    f"INSERT OR IGNORE INTO block ({_BLOCK_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608
)
_INSERT_BLOB: Final = "INSERT OR IGNORE INTO blob VALUES (?,?,?,?)"


def _copy_blocks(old: sqlite3.Connection, db: sqlite3.Connection) -> tuple[int, int, int]:
    """Copy by the headers first; what only the blobs still know gets a new header from its own bytes."""
    db.execute("INSERT OR IGNORE INTO config_copy SELECT * FROM config")
    configs = {row[0] for row in db.execute("SELECT id FROM config")}
    known: dict[int, int] = {}
    for row in _readable(old, _SELECT_BLOCK):
        known[row[0]] = row[3]
        with contextlib.suppress(sqlite3.DatabaseError):
            data = old.execute("SELECT data FROM blob WHERE seq=?", (row[0],)).fetchone()
            if data is not None and row[2] in configs:
                db.execute(_INSERT_BLOCK, row)
                db.execute(_INSERT_BLOB, (row[0], row[1], row[2], data[0]))
    have = {row[0] for row in db.execute("SELECT seq FROM block")}
    for seq, slot, config, data in _readable(old, "SELECT seq, slot, config, data FROM blob"):
        if seq in have or config not in configs:
            continue
        with contextlib.suppress(DamagedBlockError):
            batch = journal_codec.decode(data)
            tau = instants(batch)
            times = (int(tau.min()), int(tau.max()), int(batch.received_ns.max()))
            header = (
                seq,
                slot,
                config,
                len(batch),
                *times,
                len(data),
                journal_codec.crc_of(data),
                0,
                None,
            )
            db.execute(_INSERT_BLOCK, header)
            db.execute(_INSERT_BLOB, (seq, slot, config, data))
            known[seq] = len(batch)
    blocks, rows = db.execute("SELECT count(*), coalesce(sum(rows),0) FROM block").fetchone()
    return blocks, rows, sum(known.values())


def _readable(old: sqlite3.Connection, select: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a table that can be read; after a bad page the search goes on at doubling distances."""
    seq, step = -1, 1
    while step <= GENERATION_STEP:
        try:
            row = old.execute(
                f"{select} WHERE seq >= ? ORDER BY seq LIMIT 1", (seq + step,)
            ).fetchone()
        except sqlite3.DatabaseError:
            step *= 2
            continue
        if row is None:
            return
        yield row
        seq, step = int(row[0]), 1
