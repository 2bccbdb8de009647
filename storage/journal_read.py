"""Reading the journal: configurations, headers and blocks."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from threading import RLock
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from model.batch import Batch
from model.errors import PermanentError
from model.signal import SignalTable
from storage import journal_codec
from storage.journal_codec import DamagedBlockError
from storage.journal_types import BlockInfo, JournalBlock, Loss
from storage.signal_tables import decode_table, text_mask

_HEADERS: Final = 256
"""Headers that are read at once."""
_INFO: Final = "seq, slot, config, rows, first_ns, last_ns, committed_ns, size, crc, state=1"


_Method = TypeVar("_Method", bound=Callable[..., Any])


def locked(method: _Method) -> _Method:
    """Let one thread at a time into the methods of a journal."""

    @wraps(method)
    def inside(self: JournalReader, *args: Any, **named: Any) -> Any:
        with self.lock:
            return method(self, *args, **named)

    return cast("_Method", inside)


class JournalReader(ABC):
    """The reading half of the journal over one SQLite connection."""

    def __init__(self, path: Path) -> None:
        """Prepare reading of the journal at `path`; the subclass opens `_db`."""
        self._path = path
        self._db: sqlite3.Connection
        self.lock = RLock()
        self._marks: list[int] = []
        """Delivered blocks whose mark is not written yet."""
        self._tables: dict[int, SignalTable] = {}
        self._text: dict[int, NDArray[np.bool_]] = {}

    @abstractmethod
    def _guard(self) -> AbstractContextManager[None]:
        """Translate errors of SQLite inside the context."""

    @abstractmethod
    def _set_block_aside(self, info: BlockInfo, blob: bytes | None, why: str) -> None:
        """Keep the bytes of a damaged block apart and count it as lost."""

    @abstractmethod
    def _write_marks(self) -> None:
        """Write the marks of delivered blocks that were put off."""

    def _one(self, sql: str, values: Sequence[object] = ()) -> tuple[int, ...]:
        row: tuple[int, ...] = self._db.execute(sql, values).fetchone()
        return row

    @locked
    def table(self, config: int) -> SignalTable:
        """Return the signal table of configuration `config`; raises PermanentError if it is unknown."""
        if config not in self._tables:
            row = self._db.execute("SELECT signals FROM config WHERE id=?", (config,)).fetchone()
            if row is None:
                raise PermanentError(
                    f"journal {self._path}: configuration {config} is not stored",
                    f"日志文件 {self._path}：没有配置 {config}",
                )
            self._tables[config] = decode_table(row[0])
        return self._tables[config]

    @locked
    def config_name(self, config: int) -> str:
        """Return the name given to `register`, "" if it is unknown."""
        row = self._db.execute("SELECT name FROM config WHERE id=?", (config,)).fetchone()
        return str(row[0]) if row else ""

    @locked
    def is_text(self, config: int) -> NDArray[np.bool_]:
        """Return one bool per signal of the table, true where the type is text."""
        if config not in self._text:
            self._text[config] = text_mask(self.table(config))
        return self._text[config]

    @locked
    def infos(
        self, *, after: int = 0, limit: int = -1, pending: bool = False, newest_first: bool = False
    ) -> list[BlockInfo]:
        """Return headers of blocks with a sequence > `after`, oldest first; pending: only undelivered ones."""
        self._write_marks()
        condition = "state=0 AND seq>?" if pending else "seq>?"
        direction = "DESC" if newest_first else "ASC"
        return self._infos(f"{condition} ORDER BY seq {direction} LIMIT ?", (after, limit))

    @locked
    def infos_in(self, start_ns: int, end_ns: int) -> list[BlockInfo]:
        """Return headers of all blocks that may hold rows with an instant in [start_ns, end_ns)."""
        return self._infos("first_ns<? AND last_ns>=? ORDER BY seq", (end_ns, start_ns))

    def _infos(self, condition: str, values: Sequence[object]) -> list[BlockInfo]:
        with self._guard():
            sql = f"SELECT {_INFO} FROM block WHERE {condition}"  # noqa: S608
            rows = self._db.execute(sql, values).fetchall()
        return [_info(row) for row in rows]

    @locked
    def block(self, seq: int) -> JournalBlock | None:
        """Return block `seq`, None if it was evicted or never written.

        A block whose bytes are damaged is set aside in the table `damaged`, counted as loss, and None.
        """
        with self._guard():
            row = self._db.execute(
                f"SELECT {_INFO}, ranks, (SELECT data FROM blob WHERE blob.seq=block.seq) FROM block WHERE seq=?",  # noqa: S608
                (seq,),
            ).fetchone()
        if row is None:
            return None
        info = _info(row[:10])
        try:
            batch = self._decode(info, row[11])
        except DamagedBlockError as error:
            self._set_block_aside(info, row[11], str(error))
            return None
        ranks = None if row[10] is None else np.frombuffer(row[10], dtype=np.uint8)
        return JournalBlock(info, batch, ranks)

    @staticmethod
    def _decode(info: BlockInfo, blob: bytes | None) -> Batch:
        if blob is None:
            raise DamagedBlockError("the blob is missing")
        batch = journal_codec.decode(blob)
        if journal_codec.crc_of(blob) != info.crc or len(batch) != info.rows:
            raise DamagedBlockError("the blob belongs to another block")
        return batch

    @locked
    def slot_blocks(self, first: int, last: int | None = None) -> list[JournalBlock]:
        """Return the blocks committed in slots first … last (default: only `first`) in commit order."""
        infos = self.slot_infos(first, first if last is None else last)
        blocks = (self.block(info.seq) for info in infos)
        return [block for block in blocks if block is not None]

    def batches(self, first: int, last: int) -> Iterator[tuple[int, Batch]]:
        """Yield (sequence, rows) of the blocks first … last, one at a time; those evicted or damaged are absent."""
        # By headers, not by counting: after a damaged file the sequence goes on 2^40 further.
        after = first - 1
        while found := self.infos(after=after, limit=_HEADERS):
            for info in found:
                if info.seq > last:
                    return
                block = self.block(info.seq)
                if block is not None:
                    yield info.seq, block.batch
            after = found[-1].seq

    @locked
    def slot_infos(self, first: int, last: int) -> list[BlockInfo]:
        """Return the headers of the blocks committed in slots first … last in commit order."""
        return self._infos("slot BETWEEN ? AND ? ORDER BY seq", (first, last))

    @locked
    def losses(self) -> list[Loss]:
        """Return every recorded loss, oldest first."""
        rows = self._db.execute(
            "SELECT at_ns, kind, first_seq, last_seq, rows, bytes, detail FROM loss ORDER BY id"
        )
        return [Loss(*row) for row in rows]


def _info(row: tuple[int, ...]) -> BlockInfo:
    seq, slot, config, rows, first, last, committed, size, crc, delivered = row
    return BlockInfo(seq, slot, config, rows, first, last, committed, size, crc, bool(delivered))
