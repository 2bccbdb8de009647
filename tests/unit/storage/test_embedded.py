"""The embedded store: idempotent writes, reading back, latest, counts, compaction."""

from __future__ import annotations

import numpy as np
import pytest

from model.batch import NO_TIME, make_batch
from model.errors import PermanentError
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from storage.embedded import EmbeddedStore
from storage.store import StoreBlock

T0 = 29_538_720 * 60_000_000_000
HOUR = 3_600_000_000_000
STATE = Signal(device="cnc-01", name="state", role=Role.STATE, type=SignalType.INT)
PROGRAM = Signal(device="cnc-01", name="program", role=Role.PROGRAM, type=SignalType.TEXT)
POWER = Signal(device="meter-01", name="power", role=Role.POWER, type=SignalType.FLOAT)
TABLE = SignalTable.of([STATE, PROGRAM, POWER])
INDEX = TABLE.by_name


def block(
    seq: int, rows: list[tuple[tuple[str, str], int, float | int | bytes]], **columns
) -> StoreBlock:
    texts = [v for _, _, v in rows if isinstance(v, bytes)]
    values = [
        texts.index(v)
        if isinstance(v, bytes)
        else int(np.float64(v).view(np.int64))
        if isinstance(v, float)
        else v
        for _, _, v in rows
    ]
    batch = make_batch(
        signal=[INDEX[name] for name, _, _ in rows],
        source_ns=[T0 + t for _, t, _ in rows],
        received_ns=T0 + seq,
        value=values,
        texts=texts,
        **columns,
    )
    return StoreBlock(seq, TABLE, batch)


S, P, W = ("cnc-01", "state"), ("cnc-01", "program"), ("meter-01", "power")


@pytest.fixture
def store(tmp_path):
    store = EmbeddedStore(tmp_path / "ts.db")
    yield store
    store.close()


def test_read_gives_rows_of_the_asked_signals_by_instant(store):
    store.write([block(1, [(S, 5, 1), (W, 3, 1.5), (P, 4, b"O1")])])
    store.write([block(2, [(S, 1, 2), (P, 9, b"O2"), (S, 2 * HOUR, 3)])])
    batch = store.read([PROGRAM, STATE], T0, T0 + HOUR)
    assert (batch.source_ns - T0).tolist() == [1, 4, 5, 9]
    assert batch.signal.tolist() == [1, 0, 1, 0]
    assert [batch.texts[v] for v in batch.value[batch.signal == 0]] == [b"O1", b"O2"]
    assert batch.value[batch.signal == 1].tolist() == [2, 1]
    power = store.read([POWER], T0, T0 + 3 * HOUR)
    assert power.floats.tolist() == [1.5]


def test_read_bounds_are_half_open(store):
    store.write([block(1, [(S, 0, 1), (S, 10, 2), (S, 20, 3)])])
    assert store.read([STATE], T0, T0 + 20).value.tolist() == [1, 2]
    assert store.read([STATE], T0 + 20, T0 + 21).value.tolist() == [3]
    assert len(store.read([STATE], T0 + 21, T0 + 22)) == 0


def test_writing_a_block_again_changes_nothing(store):
    for _ in range(3):
        store.write([block(7, [(S, 5, 1), (S, 6, 2)])])
    assert store.read([STATE], T0, T0 + HOUR).value.tolist() == [1, 2]


def test_latest_is_the_newest_value_row_even_hours_back(store):
    store.write([block(1, [(S, 0, 1), (P, 0, b"O1")])])
    store.write([block(2, [(S, 5 * HOUR, 2), (W, 5 * HOUR, 2.5)])])
    store.write([block(3, [(S, 6 * HOUR, 0)], flags=int(RowFlag.NO_VALUE | RowFlag.ALIVE))])
    latest = store.latest([STATE, PROGRAM, POWER], T0 + 7 * HOUR)
    assert latest.signal.tolist() == [0, 1, 2]
    assert latest.value[0] == 2
    assert latest.texts[latest.value[1]] == b"O1"
    assert latest.floats[2] == 2.5
    assert store.latest([STATE], T0 + 5 * HOUR).value.tolist() == [1]


def test_counts_are_of_distinct_points(store):
    store.write([block(1, [(S, 5, 1), (W, 5, 1.5)])])
    store.write([block(2, [(S, 5, 1), (S, 6, 1)])])
    alive = make_batch(
        signal=[INDEX[S]],
        source_ns=[NO_TIME],
        received_ns=T0 + 5,
        value=[0],
        flags=int(RowFlag.NO_VALUE | RowFlag.ALIVE),
    )
    store.write([StoreBlock(3, TABLE, alive)])
    assert store.count_by_device(T0, T0 + HOUR) == {"cnc-01": 3, "meter-01": 1}
    assert store.count_by_device(T0, T0 + 6) == {"cnc-01": 2, "meter-01": 1}


def test_compact_joins_chunks_and_keeps_every_row(store):
    for i in range(40):
        store.write([block(i + 1, [(S, i * HOUR // 10, i), (P, i, b"O%d" % i)])])
    before = store.read([STATE, PROGRAM], T0, T0 + 5 * HOUR)
    assert store.compact(T0 + 2 * HOUR) > 0
    after = store.read([STATE, PROGRAM], T0, T0 + 5 * HOUR)
    assert after.source_ns.tolist() == before.source_ns.tolist()
    assert [after.texts[v] for v in after.value[after.signal == 1]] == [
        b"O%d" % i for i in range(40)
    ]
    chunks = store._db.execute(
        "SELECT count(*) FROM chunk WHERE hour<?", (T0 // HOUR + 2,)
    ).fetchone()[0]
    assert chunks == 3, "state of two hours, program of one"
    assert store.compact(T0 + 2 * HOUR) == 0
    store.prune(T0 + HOUR)
    assert len(store.read([STATE], T0, T0 + HOUR)) == 0
    assert len(store.read([STATE], T0 + HOUR, T0 + 5 * HOUR)) == 30


def test_reopened_store_reads_blocks_of_an_older_configuration(tmp_path):
    store = EmbeddedStore(tmp_path / "ts.db")
    store.write([block(1, [(S, 5, 1)])])
    store.close()
    store = EmbeddedStore(tmp_path / "ts.db")
    table = SignalTable.of([POWER, STATE])
    batch = make_batch(signal=[table.by_name[S]], source_ns=[T0 + 6], received_ns=T0, value=[2])
    store.write([StoreBlock(2, table, batch)])
    assert store.read([STATE], T0, T0 + HOUR).value.tolist() == [1, 2]
    store.close()


def test_newer_file_is_refused(tmp_path):
    store = EmbeddedStore(tmp_path / "ts.db")
    store._db.execute("PRAGMA user_version=9")
    store.close()
    with pytest.raises(PermanentError, match="version 9"):
        EmbeddedStore(tmp_path / "ts.db")
