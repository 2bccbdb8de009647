"""The journal: a batch is *collected* once `Journal.append` has returned (docs/formats/journal.md)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from model.batch import Batch, concat
from model.clock import Clock
from model.errors import PermanentError, TransientError
from model.signal import SignalTable
from storage import journal_codec
from storage.instants import SameInstant, instants
from storage.journal_files import PAGE_BYTES, Opened, disk_error, is_corrupt, open_database
from storage.journal_read import locked
from storage.journal_room import JournalRoom
from storage.journal_types import BlockInfo, JournalBlock, JournalStatus, Loss, Quota
from storage.signal_tables import encode_table

_PENDING: Final = 0
_MARK: Final = "UPDATE block SET state=1 WHERE seq=?"
_ALARM_PER_CENT: Final = 80
"""Collection.md, complaint 28."""
_BLOCK_OVERHEAD: Final = 4 * PAGE_BYTES
_WARM_BLOCKS: Final = 32


class Journal(JournalRoom):
    """Blocks of samples in one SQLite file, WAL, `synchronous=FULL`.

    Every call is synchronous. One lock makes it safe to append in one thread and to deliver in another: a call waits at
    most for one other call, never for a store or a network.
    """

    def __init__(self, opened: Opened, path: Path, clock: Clock, quota: Quota) -> None:
        """Take over a database that `open_database` prepared; use `Journal.open`."""
        super().__init__(path, clock, quota)
        self._attach(opened)

    @classmethod
    def open(cls, path: Path, *, clock: Clock, quota: Quota | None = None) -> Journal:
        """Open or create the journal at `path`. It opens by itself whatever a crash or a bad disk left behind.

        Raises TransientError if the disk refuses, PermanentError if a newer version wrote the file.
        """
        quota = quota or Quota()
        if quota.bytes < 1 << 20:
            raise PermanentError(
                f"journal quota is {quota.bytes} bytes, at least 1 MiB is needed",
                f"日志配额为 {quota.bytes} 字节，至少需要 1 MiB",
            )
        return cls(open_database(path, quota_bytes=quota.bytes), path, clock, quota)

    def __enter__(self) -> Journal:
        """Return the open journal."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Mark the file as cleanly closed and release it; safe to call twice."""
        # A failing disk must not keep the agent from stopping: the next start then checks the whole file.
        with suppress(sqlite3.Error, TransientError):
            self._write_marks()
            self._db.execute("UPDATE meta SET value=1 WHERE key='clean'")
        self._db.close()

    def _attach(self, opened: Opened) -> None:
        self._db = opened.db
        self._marks = []
        self._same: dict[int, SameInstant] = {}
        if opened.set_aside:
            self._record(
                Loss(
                    self._clock.unix_ns(),
                    "file_damaged",
                    0,
                    0,
                    max(opened.known_rows - opened.salvaged_rows, 0),
                    opened.damaged_bytes,
                    f"set aside as {opened.set_aside[0].name}; {opened.salvaged_blocks} blocks were copied from it",
                )
            )
        meta = dict(self._db.execute("SELECT key, value FROM meta"))
        self._next = max(
            int(meta.get("next_seq", 1)), self._one("SELECT coalesce(max(seq),0) FROM block")[0] + 1
        )
        self._sealed = int(meta.get("sealed_slot", -1))
        self._last_slot = max(
            self._one("SELECT coalesce(max(slot),-1) FROM block")[0], self._sealed
        )
        self._count()

    def _count(self) -> None:
        self._total = list(
            self._one("SELECT count(*), coalesce(sum(rows),0), coalesce(sum(size),0) FROM block")
        )
        self._pending = list(
            self._one(
                "SELECT count(*), coalesce(sum(rows),0), coalesce(sum(size),0) FROM block WHERE state=0"
            )
        )
        self._lost()

    @contextmanager
    def _guard(self) -> Iterator[None]:  # type: ignore[explicit-override]
        """Translate errors of SQLite; a damaged file is replaced on the spot, so that the next call works."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise disk_error(self._path, error) from error
            self._db.close()
            self._attach(open_database(self._path, quota_bytes=self._quota.bytes, damaged=True))
            self._restore_tables()
            raise TransientError(
                f"journal {self._path}: the file was damaged ({error}) and has been set aside; "
                "what was not acknowledged will be written again",
                f"日志文件 {self._path} 已损坏（{error}），已自动另存；未确认的数据将重新写入",
            ) from error

    def _restore_tables(self) -> None:
        for config, table in self._tables.items():
            self._db.execute(
                "INSERT OR IGNORE INTO config (id, name, signals) VALUES (?,'',?)",
                (config, encode_table(table)),
            )

    # configurations

    @locked
    def register(self, table: SignalTable, name: str) -> int:
        """Store the signal table of a configuration and return its id; the same table and name give the same id.

        name: what the ledger calls it (SHA-256 of the configuration document).
        """
        data = encode_table(table)
        with self._guard():
            row = self._db.execute(
                "SELECT id FROM config WHERE name=? AND signals=?", (name, data)
            ).fetchone()
            if row is None:
                with self._transaction() as db:
                    row = (
                        db.execute(
                            "INSERT INTO config (name, signals) VALUES (?,?)", (name, data)
                        ).lastrowid,
                    )
                    db.execute(
                        "INSERT OR REPLACE INTO config_copy VALUES (?,?,?)", (row[0], name, data)
                    )
        self._tables[int(row[0])] = table
        return int(row[0])

    # writing

    def append(self, batches: Sequence[Batch], *, slot: int, config: int) -> int:
        """Write all rows of `batches` as one block, as `commit` does, and return the sequence of the last block."""
        self.commit(batches, slot=slot, config=config)
        return self._next - 1

    @locked
    def commit(self, batches: Sequence[Batch], *, slot: int, config: int) -> JournalBlock | None:
        """Write all rows of `batches` as one block and return it after the commit: they are *collected*.

        slot: the slot counter at this commit, never less than before (ValueError). Without rows nothing is written
        (None). Raises TransientError if the disk refuses: then nothing was acknowledged.
        """
        if slot < self._last_slot:
            raise ValueError(f"slot counter went back from {self._last_slot} to {slot}")
        full = [batch for batch in batches if len(batch)]
        if not full:
            return None
        batch = concat(full, self.is_text(config))
        blob = journal_codec.encode(batch)
        tau = instants(batch)
        ranks = self._same_instant(config).ranks(batch)
        seq = self._next
        info = BlockInfo(
            seq,
            slot,
            config,
            len(batch),
            int(tau.min()),
            int(tau.max()),
            self._clock.unix_ns(),
            len(blob),
            journal_codec.crc_of(blob),
            delivered=False,
        )
        with self._guard():
            self._make_room_for(len(blob) + _BLOCK_OVERHEAD)
            with self._transaction() as db:
                db.execute(
                    "INSERT INTO block VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    (
                        seq,
                        slot,
                        config,
                        info.rows,
                        info.first_ns,
                        info.last_ns,
                        info.committed_ns,
                        info.size,
                        info.crc,
                        _PENDING,
                        None if ranks is None else ranks.tobytes(),
                    ),
                )
                db.execute("INSERT INTO blob VALUES (?,?,?,?)", (seq, slot, config, blob))
                if self._marks:
                    db.executemany(_MARK, [(s,) for s in self._marks])
        self._marks.clear()
        self._next = seq + 1
        self._last_slot = slot
        for counts in (self._total, self._pending):
            counts[:] = (counts[0] + 1, counts[1] + len(batch), counts[2] + len(blob))
        return JournalBlock(info, batch, ranks)

    def _same_instant(self, config: int) -> SameInstant:
        if config not in self._same:
            same = SameInstant(self.is_text(config))
            self._same = {config: same}
            recent = self.infos(after=self._next - 1 - _WARM_BLOCKS)
            for info in recent:
                block = self.block(info.seq) if info.config == config else None
                if block is not None:
                    same.ranks(block.batch)
        return self._same[config]

    @locked
    def mark_sealed(self, slot: int) -> None:
        """Record that the frames of every slot up to `slot` are in the archive and the ledger."""
        if slot > self._sealed:
            self._relaxed("UPDATE meta SET value=? WHERE key='sealed_slot'", [(slot,)])
            self._sealed = slot

    @locked
    def acknowledge(self, seqs: Iterable[int]) -> None:
        """Record that the store has the blocks `seqs`, or that what it refused is in quarantine.

        The mark is written with the next block, or with the next look at what waits; one lost in between is set again,
        because the block is then delivered again.
        """
        # Marks still waiting mean that nothing was committed since: then they are not put off any longer.
        self._write_marks()
        wanted = sorted(set(seqs))
        places = ",".join("?" * len(wanted))
        sql = f"SELECT seq, rows, size FROM block WHERE state=0 AND seq IN ({places})"  # noqa: S608
        with self._guard():
            rows = self._db.execute(sql, wanted).fetchall()
        self._marks = [row[0] for row in rows]
        self._pending = [
            self._pending[0] - len(rows),
            self._pending[1] - sum(row[1] for row in rows),
            self._pending[2] - sum(row[2] for row in rows),
        ]

    def _write_marks(self) -> None:  # type: ignore[explicit-override]
        if self._marks:
            self._relaxed(_MARK, [(seq,) for seq in self._marks])
            self._marks = []

    def _relaxed(self, sql: str, values: list[tuple[int, ...]]) -> None:
        """Write marks without waiting for the disk: one lost in a power cut is set again (delivery is idempotent)."""
        with self._guard():
            self._db.execute("PRAGMA synchronous=NORMAL")
            try:
                with self._transaction() as db:
                    db.executemany(sql, values)
            finally:
                self._db.execute("PRAGMA synchronous=FULL")

    # reading

    @property
    def last_seq(self) -> int:
        """Return the sequence of the newest block ever written, 0 if there was none."""
        return self._next - 1

    @property
    def pending_blocks(self) -> int:
        """Return the number of blocks that wait for delivery."""
        return self._pending[0]

    @property
    def last_slot(self) -> int:
        """Return the slot counter of the newest block or seal, -1 if there is none."""
        return self._last_slot

    @property
    def sealed_slot(self) -> int:
        """Return the last slot given to `mark_sealed`, -1 if none."""
        return self._sealed

    def _set_block_aside(  # type: ignore[explicit-override]
        self, info: BlockInfo, blob: bytes | None, why: str
    ) -> None:
        self._write_marks()
        with self._guard(), self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO damaged VALUES (?,?)", (info.seq, blob or b""))
            db.execute("DELETE FROM blob WHERE seq=?", (info.seq,))
            db.execute("DELETE FROM block WHERE seq=?", (info.seq,))
            loss = Loss(
                self._clock.unix_ns(),
                "block_damaged",
                info.seq,
                info.seq,
                info.rows,
                info.size,
                why,
            )
            self._insert_loss(db, loss)
        self._count()

    @locked
    def status(self) -> JournalStatus:
        """Return what the board shows; cheap enough for once a second."""
        used = self._used_bytes()
        waiting = used * self._pending[2] // max(self._total[2], 1)
        free = shutil.disk_usage(self._path.parent).free
        oldest = self._oldest_pending_ns() if self._pending[0] else 0
        return JournalStatus(
            used_bytes=used,
            quota_bytes=self._quota.bytes,
            free_bytes=free,
            alarm=waiting * 100 >= self._quota.bytes * _ALARM_PER_CENT
            or free < self._quota.reserve_bytes,
            blocks=self._total[0],
            rows=self._total[1],
            pending_blocks=self._pending[0],
            pending_rows=self._pending[1],
            pending_bytes=self._pending[2],
            oldest_pending_ns=oldest,
            losses=self._losses,
            lost_rows=self._lost_rows,
            evicted_rows=self._one("SELECT value FROM meta WHERE key='evicted_rows'")[0],
        )

    def _oldest_pending_ns(self) -> int:
        """Return when the oldest block that waits was committed; 0 = none."""
        rows = self._db.execute(
            "SELECT seq, committed_ns FROM block WHERE state=0 ORDER BY seq LIMIT ?",
            (len(self._marks) + 1,),
        )
        return next((int(at) for seq, at in rows if seq not in self._marks), 0)
