"""The embedded store: column chunks per stream and hour in one SQLite file; serves a plant without InfluxDB."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.batch import Batch, concat, empty_batch
from model.errors import PermanentError
from model.signal import Signal, SignalTable
from storage import journal_codec
from storage.instants import KIND_VALUE, instants, kinds
from storage.journal_files import disk_error
from storage.points import HOUR_NS, points_by_device
from storage.signal_tables import decode_table, encode_table, text_mask
from storage.store import StoreBlock

_SCHEMA: Final = """
CREATE TABLE config (id INTEGER PRIMARY KEY, signals BLOB NOT NULL UNIQUE);
CREATE TABLE source (seq INTEGER PRIMARY KEY);
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY, stream TEXT NOT NULL, hour INTEGER NOT NULL, config INTEGER NOT NULL, rows INTEGER NOT NULL,
  first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, ranks BLOB, data BLOB NOT NULL);
CREATE INDEX chunk_place ON chunk (stream, hour);
"""
_VERSION: Final = 1
_LATEST_HOURS: Final = 168


class EmbeddedStore:
    """A `SampleStore` in one file. A block is written in one transaction; writing it again changes nothing."""

    name = "embedded"

    def __init__(self, path: Path) -> None:
        """Open or create the store at `path`; raises TransientError if the disk refuses, PermanentError if newer."""
        self._path = path
        self._ids: dict[SignalTable, int] = {}
        self._tables: dict[int, SignalTable] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._guard():
            self._db = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=10
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            # The journal still has every block that a power cut takes from here: no flush per write.
            self._db.execute("PRAGMA synchronous=NORMAL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._db.executescript(
                    f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={_VERSION};COMMIT;"
                )
        if version > _VERSION:
            self._db.close()
            raise PermanentError(
                f"store {path} has version {version}, this program reads {_VERSION}: install the newer plantproof",
                f"存储文件 {path} 版本为 {version}，本程序只支持 {_VERSION}：请重新安装较新的 plantproof",
            )

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._db.close()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise disk_error(self._path, error) from error

    # writing

    def write(self, blocks: Sequence[StoreBlock]) -> None:
        """Store the rows of `blocks`, each sequence once; raises TransientError if the disk refuses."""
        with self._guard():
            configs = [self._config(block.table) for block in blocks]
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for block, config in zip(blocks, configs, strict=True):
                    if self._db.execute(
                        "INSERT OR IGNORE INTO source VALUES (?)", (block.seq,)
                    ).rowcount:
                        self._insert(config, self._chunks(block))
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _insert(
        self, config: int, chunks: Iterable[tuple[str, int, Batch, NDArray[np.uint8] | None]]
    ) -> None:
        for stream, hour, rows, ranks in chunks:
            tau = instants(rows)
            values = (stream, hour, config, len(rows), int(tau.min()), int(tau.max()))
            blob = None if ranks is None or not ranks.any() else ranks.tobytes()
            self._db.execute(
                "INSERT INTO chunk (stream, hour, config, rows, first_ns, last_ns, ranks, data) "
                "VALUES (?,?,?,?,?,?,?,?)",
                (*values, blob, journal_codec.encode(rows)),
            )

    @staticmethod
    def _chunks(block: StoreBlock) -> Iterator[tuple[str, int, Batch, NDArray[np.uint8] | None]]:
        stream = np.array(block.table.stream_of, dtype=np.int64)[block.batch.signal]
        hour = instants(block.batch) // HOUR_NS
        text = text_mask(block.table)
        order = np.lexsort((hour, stream))
        key = np.column_stack((stream[order], hour[order]))
        starts = np.flatnonzero(np.concatenate(([True], (key[1:] != key[:-1]).any(axis=1))))
        for a, b in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
            # Rows of one stream and hour stay in commit order.
            rows = np.sort(order[a:b])
            ranks = None if block.ranks is None else block.ranks[rows]
            part = block.batch.select(rows)
            if part.texts and not bool(text[part.signal].any()):
                part = replace(part, texts=())
            yield block.table.streams[int(key[a, 0])], int(key[a, 1]), part, ranks

    def _config(self, table: SignalTable) -> int:
        if table not in self._ids:
            data = encode_table(table)
            self._db.execute("INSERT OR IGNORE INTO config (signals) VALUES (?)", (data,))
            row = self._db.execute("SELECT id FROM config WHERE signals=?", (data,)).fetchone()
            self._ids[table] = int(row[0])
        return self._ids[table]

    def compact(self, before_ns: int) -> int:
        """Join the chunks of every stream and hour that ended before `before_ns`; return how many rows were joined."""
        joined = 0
        with self._guard():
            places = self._db.execute(
                "SELECT stream, hour, config FROM chunk WHERE hour<? GROUP BY stream, hour, config HAVING count(*)>1",
                (before_ns // HOUR_NS,),
            ).fetchall()
            for stream, hour, config in places:
                where = "WHERE stream=? AND hour=? AND config=?"
                rows = self._db.execute(
                    f"SELECT rows, ranks, data FROM chunk {where} ORDER BY id",  # noqa: S608
                    (stream, hour, config),
                ).fetchall()
                batch = concat(
                    [journal_codec.decode(r[2]) for r in rows], text_mask(self._table(config))
                )
                ranks = np.concatenate([_ranks(r[1], r[0]) for r in rows])
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute(f"DELETE FROM chunk {where}", (stream, hour, config))  # noqa: S608
                self._insert(config, [(stream, hour, batch, ranks)])
                self._db.execute("COMMIT")
                joined += len(batch)
        return joined

    def prune(self, before_ns: int) -> None:
        """Delete whole hours that ended before `before_ns` (retention)."""
        with self._guard():
            self._db.execute("DELETE FROM chunk WHERE hour<?", (before_ns // HOUR_NS,))

    # reading

    def _table(self, config: int) -> SignalTable:
        if config not in self._tables:
            row = self._db.execute("SELECT signals FROM config WHERE id=?", (config,)).fetchone()
            self._tables[config] = decode_table(row[0])
        return self._tables[config]

    def _blocks(
        self, streams: Sequence[str] | None, start_ns: int, end_ns: int
    ) -> Iterator[StoreBlock]:
        sql = (
            "SELECT id, config, rows, ranks, data FROM chunk "
            "WHERE hour BETWEEN ? AND ? AND first_ns<? AND last_ns>=?"
        )
        values: list[object] = [start_ns // HOUR_NS, (end_ns - 1) // HOUR_NS, end_ns, start_ns]
        if streams is not None:
            sql += f" AND stream IN ({','.join('?' * len(streams))})"
            values += streams
        with self._guard():
            rows = self._db.execute(sql + " ORDER BY id", values).fetchall()
        for number, config, count, ranks, data in rows:
            batch = journal_codec.decode(data)
            yield StoreBlock(number, self._table(config), batch, _ranks(ranks, count))

    def read(self, signals: Sequence[Signal], start_ns: int, end_ns: int) -> Batch:
        """Return the rows of `signals` with an instant in [start_ns, end_ns), sorted; see `SampleStore.read`."""
        wanted = {(s.device, s.name, s.type): i for i, s in enumerate(signals)}
        parts = []
        for block in self._blocks(sorted({s.stream for s in signals}), start_ns, end_ns):
            place = np.array(
                [wanted.get((s.device, s.name, s.type), -1) for s in block.table.signals],
                dtype=np.int32,
            )[block.batch.signal]
            tau = instants(block.batch)
            rows = (place >= 0) & (tau >= start_ns) & (tau < end_ns)
            if bool(rows.any()):
                parts.append(replace(block.batch.select(rows), signal=place[rows]))
        if not parts:
            return empty_batch()
        is_text = np.array([s.type.value == "text" for s in signals], dtype=np.bool_)
        batch = concat(parts, is_text)
        return batch.select(np.lexsort((batch.received_ns, instants(batch))))

    def latest(self, signals: Sequence[Signal], before_ns: int) -> Batch:
        """Return the newest value row of each signal in the week before `before_ns`; see `SampleStore.latest`."""
        missing = dict(enumerate(signals))
        found: dict[int, Batch] = {}
        for hour in range(before_ns // HOUR_NS, before_ns // HOUR_NS - _LATEST_HOURS, -1):
            if not missing:
                break
            order = list(missing)
            end = min((hour + 1) * HOUR_NS, before_ns)
            rows = self.read([missing[i] for i in order], hour * HOUR_NS, end)
            values = np.flatnonzero(kinds(rows) == KIND_VALUE)
            for row in values.tolist():
                i = order[int(rows.signal[row])]
                found[i] = replace(
                    rows.select(np.array([row])), signal=np.array([i], dtype=np.int32)
                )
            for i in found:
                missing.pop(i, None)
        is_text = np.array([s.type.value == "text" for s in signals], dtype=np.bool_)
        return concat([found[i] for i in sorted(found)], is_text)

    def count_by_device(self, start_ns: int, end_ns: int) -> dict[str, int]:
        """Return the number of points of every device; see `SampleStore.count_by_device`."""
        total: dict[str, int] = {}
        for begin in range(start_ns, end_ns, HOUR_NS):
            stop = min(begin + HOUR_NS, end_ns)
            for device, count in points_by_device(
                self._blocks(None, begin, stop), begin, stop
            ).items():
                total[device] = total.get(device, 0) + count
        return total


def _ranks(blob: bytes | None, rows: int) -> NDArray[np.uint8]:
    return np.zeros(rows, dtype=np.uint8) if blob is None else np.frombuffer(blob, dtype=np.uint8)
