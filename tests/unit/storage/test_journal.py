"""The journal: append, read back, acknowledge, quota, damage, disk full, kill -9."""

from __future__ import annotations

import random
import signal as signals
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from model.batch import Batch, make_batch
from model.errors import PermanentError, TransientError
from model.signal import Role, Signal, SignalTable, SignalType
from storage import journal_types
from storage.journal import Journal
from storage.journal_files import GENERATION_STEP
from storage.journal_types import Quota

SLOT = 29_538_720
T0 = SLOT * 60_000_000_000
ROOT = Path(__file__).resolve().parents[3]

TABLE = SignalTable.of(
    [
        Signal(device="cnc-01", name="state", role=Role.STATE, type=SignalType.INT),
        Signal(device="cnc-01", name="good", role=Role.COUNT_GOOD, type=SignalType.INT),
        Signal(device="cnc-01", name="program", role=Role.PROGRAM, type=SignalType.TEXT),
    ]
)


class FixedClock:
    def __init__(self) -> None:
        self.now = T0

    def unix_ns(self) -> int:
        self.now += 1_000_000
        return self.now

    def monotonic_ns(self) -> int:
        return self.now


def rows(first: int, n: int, *, incompressible: bool = False) -> Batch:
    rng = random.Random(first)
    values = [rng.getrandbits(63) for _ in range(n)] if incompressible else range(first, first + n)
    return make_batch(
        signal=[0] * n,
        source_ns=[T0 + first * 1000 + i for i in range(n)],
        received_ns=T0 + first * 1000,
        value=values,
    )


def opened(path: Path, **quota: int) -> Journal:
    return Journal.open(path, clock=FixedClock(), quota=Quota(**quota) if quota else None)


def test_append_returns_rising_sequences_and_block_gives_rows_back(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        one = journal.append([rows(0, 3), rows(3, 2)], slot=SLOT, config=config)
        two = journal.append([rows(5, 1)], slot=SLOT, config=config)
        assert (one, two) == (1, 2)
        block = journal.block(1)
        assert block is not None
        assert block.batch.value.tolist() == [0, 1, 2, 3, 4]
        assert (block.info.slot, block.info.config, block.info.rows) == (SLOT, config, 5)
        assert (block.info.first_ns, block.info.last_ns) == (T0, T0 + 3001)


def test_append_of_texts_from_several_batches_keeps_each_text_with_its_row(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        a = make_batch(signal=[2], source_ns=[T0], received_ns=T0, value=[0], texts=[b"O1"])
        b = make_batch(
            signal=[0, 2], source_ns=[T0, T0 + 1], received_ns=T0, value=[7, 0], texts=[b"O2"]
        )
        journal.append([a, b], slot=SLOT, config=config)
        block = journal.block(1)
        assert block is not None
        assert [block.batch.texts[i] for i in (block.batch.value[0], block.batch.value[2])] == [
            b"O1",
            b"O2",
        ]
        assert block.batch.value[1] == 7


def test_append_without_rows_writes_nothing(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        assert journal.append([], slot=SLOT, config=config) == 0
        assert journal.append([rows(0, 1)], slot=SLOT, config=config) == 1
        assert journal.append([rows(0, 0)], slot=SLOT, config=config) == 1


def test_append_with_a_slot_that_goes_back_is_refused(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        journal.append([rows(0, 1)], slot=SLOT, config=config)
        with pytest.raises(ValueError, match="went back"):
            journal.append([rows(1, 1)], slot=SLOT - 1, config=config)


def test_slot_blocks_gives_the_blocks_of_the_slot_in_commit_order(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        for slot, first in ((SLOT, 0), (SLOT, 10), (SLOT + 1, 20), (SLOT + 3, 30)):
            journal.append([rows(first, 1)], slot=slot, config=config)
        assert [b.info.seq for b in journal.slot_blocks(SLOT)] == [1, 2]
        assert [b.info.seq for b in journal.slot_blocks(SLOT + 1, SLOT + 3)] == [3, 4]


def test_reopen_continues_sequence_slot_tables_and_pending(tmp_path):
    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "abc")
        for i in range(4):
            journal.append([rows(i, 2)], slot=SLOT + i, config=config)
        journal.acknowledge([1, 3])
        journal.mark_sealed(SLOT + 1)
    with opened(path) as journal:
        assert journal.last_seq == 4
        assert journal.last_slot == SLOT + 3
        assert journal.sealed_slot == SLOT + 1
        assert journal.table(config) == TABLE
        assert journal.config_name(config) == "abc"
        assert journal.register(TABLE, "abc") == config
        assert [i.seq for i in journal.infos(pending=True)] == [2, 4]
        assert [i.seq for i in journal.infos(pending=True, newest_first=True, limit=1)] == [4]
        status = journal.status()
        assert (status.blocks, status.rows, status.pending_blocks, status.pending_rows) == (
            4,
            8,
            2,
            4,
        )
        assert status.lost_rows == 0
        assert not journal.losses()


def test_old_configuration_still_decodes_after_a_reload(tmp_path):
    other = SignalTable.of(
        [Signal(device="robot-01", name="state", role=Role.STATE, type=SignalType.UINT)]
    )
    with opened(tmp_path / "j.db") as journal:
        first = journal.register(TABLE, "a")
        journal.append([rows(0, 1)], slot=SLOT, config=first)
        second = journal.register(other, "b")
        journal.append([rows(1, 1)], slot=SLOT, config=second)
        assert second != first
        infos = journal.infos()
    with opened(tmp_path / "j.db") as journal:
        assert [journal.table(i.config) for i in infos] == [TABLE, other]


def test_damaged_blob_is_set_aside_and_counted_and_the_others_stay(tmp_path):
    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "a")
        for i in range(3):
            journal.append([rows(i, 5)], slot=SLOT, config=config)
    db = sqlite3.connect(path)
    blob = bytearray(db.execute("SELECT data FROM blob WHERE seq=2").fetchone()[0])
    blob[len(blob) // 2] ^= 1
    db.execute("UPDATE blob SET data=? WHERE seq=2", (bytes(blob),))
    db.commit()
    db.close()
    with opened(path) as journal:
        assert [b.info.seq for b in journal.slot_blocks(SLOT)] == [1, 3]
        (loss,) = journal.losses()
        assert (loss.kind, loss.first_seq, loss.rows) == ("block_damaged", 2, 5)
        status = journal.status()
        assert (status.lost_rows, status.pending_rows) == (5, 10)
    db = sqlite3.connect(path)
    assert bytes(db.execute("SELECT data FROM damaged WHERE seq=2").fetchone()[0]) == bytes(blob)
    db.close()


@pytest.mark.parametrize("seed", range(12))
def test_damaged_file_opens_by_itself_and_keeps_what_is_readable(tmp_path, seed):
    """Random 4 KiB of the file overwritten: it opens, appends, and no row comes back changed."""
    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "a")
        for i in range(60):
            journal.append([rows(1000 * i, 400, incompressible=True)], slot=SLOT, config=config)
    data = bytearray(path.read_bytes())
    rng = random.Random(seed)
    pages = len(data) // 4096  # the first eleven hold the roots of the tables
    at = 0 if seed == 0 else 4096 * rng.randrange(11, pages)
    data[at : at + 4096] = rng.randbytes(4096)
    path.write_bytes(data)
    with opened(path) as journal:
        config = journal.register(TABLE, "a")
        try:
            kept = [journal.block(i.seq) for i in journal.infos()]
        except TransientError:
            # Damage that quick_check cannot see shows at the first read; then the file is replaced.
            kept = [journal.block(i.seq) for i in journal.infos()]
        for block in kept:
            if block is not None:
                expected = rows(1000 * (block.info.seq - 1), 400, incompressible=True)
                assert block.batch.value.tolist() == expected.value.tolist()
        lost = 60 - sum(b is not None for b in kept)
        if lost:
            assert journal.losses()
        if seed:
            assert lost <= 2, "a page of data costs the blocks on it"
        seq = journal.append([rows(0, 1)], slot=SLOT, config=journal.register(TABLE, "a"))
        assert seq > 60
        again = journal.block(seq)
        assert again is not None


@pytest.mark.parametrize(
    "table", ["block", "config", "config_copy", "meta", "loss", "block_slot", "block_pending"]
)
def test_destroyed_root_page_of_a_small_table_costs_no_block(tmp_path, table):
    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "abc")
        for i in range(60):
            journal.append([rows(1000 * i, 400, incompressible=True)], slot=SLOT, config=config)
    db = sqlite3.connect(path)
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name=?", (table,)).fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    data[4096 * (root - 1) : 4096 * root] = random.Random(1).randbytes(4096)
    path.write_bytes(data)
    with opened(path) as journal:
        assert [x.kind for x in journal.losses()] == ["file_damaged"]
        assert journal.losses()[0].rows == 0
        blocks = journal.slot_blocks(SLOT)
        assert [b.info.seq for b in blocks] == list(range(1, 61))
        assert all(
            b.batch.value[0] == rows(1000 * i, 400, incompressible=True).value[0]
            for i, b in enumerate(blocks)
        )
        assert journal.table(config) == TABLE
        assert journal.register(TABLE, "abc") == config


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 8192, b"not a database at all", b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_foreign_or_zeroed_file_is_set_aside(tmp_path, content):
    path = tmp_path / "j.db"
    path.write_bytes(content)
    with opened(path) as journal:
        seq = journal.append([rows(0, 1)], slot=SLOT, config=journal.register(TABLE, "a"))
        if content:
            assert seq == GENERATION_STEP + 1
            assert (tmp_path / "j.db.damaged-1").read_bytes() == content
            (loss,) = journal.losses()
            assert loss.kind == "file_damaged"
            assert "j.db.damaged-1" in loss.detail
        else:
            assert seq == 1


def test_cut_file_opens(tmp_path):
    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "a")
        for i in range(40):
            journal.append([rows(1000 * i, 300, incompressible=True)], slot=SLOT, config=config)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with opened(path) as journal:
        assert [x.kind for x in journal.losses()] == ["file_damaged"]
        kept = [journal.block(i.seq) for i in journal.infos()]
        assert any(kept)
        assert journal.last_seq >= GENERATION_STEP


def test_newer_schema_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "j.db"
    opened(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version=99")
    db.commit()
    db.close()
    with pytest.raises(PermanentError, match="version 99"):
        opened(path)
    assert not list(tmp_path.glob("*damaged*"))


def fill(journal: Journal, config: int, blocks: int, slot: int = SLOT) -> None:
    for i in range(blocks):
        journal.append(
            [rows(journal.last_seq * 1000, 300, incompressible=True)], slot=slot + i, config=config
        )


def test_quota_evicts_delivered_and_sealed_first_and_counts_no_loss(tmp_path):
    with opened(tmp_path / "j.db", bytes=1 << 20, reserve_bytes=0) as journal:
        config = journal.register(TABLE, "a")
        fill(journal, config, 60)
        journal.acknowledge(range(31, 61))
        journal.mark_sealed(SLOT + 59)
        journal.acknowledge([])
        fill(journal, config, 240, SLOT + 60)
        kinds = {x.kind for x in journal.losses()}
        first = journal.losses()[0] if journal.losses() else None
        status = journal.status()
        assert status.evicted_rows == 30 * 300
        assert status.used_bytes <= 1 << 20
        assert first is not None
        assert first.first_seq == 1
        assert kinds == {"evicted_unsent", "evicted_unsealed"}
        assert journal.last_seq == 300
        assert status.rows + status.evicted_rows + status.lost_rows == 300 * 300
        assert status.pending_rows == status.rows
        assert status.alarm


def test_quota_file_never_exceeds_the_limit(tmp_path):
    path = tmp_path / "j.db"
    with opened(path, bytes=1 << 20, reserve_bytes=0) as journal:
        config = journal.register(TABLE, "a")
        for _ in range(10):
            fill(journal, config, 40, max(journal.last_slot, SLOT))
            assert path.stat().st_size <= 1 << 20


def test_alarm_is_off_below_eighty_per_cent(tmp_path):
    with opened(tmp_path / "j.db", bytes=1 << 24, reserve_bytes=0) as journal:
        fill(journal, journal.register(TABLE, "a"), 5)
        assert not journal.status().alarm


def test_trim_removes_only_delivered_sealed_old_blocks(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        for i in range(6):
            journal.append([rows(i, 1)], slot=SLOT + i, config=config)
        journal.acknowledge([1, 2, 4])
        journal.mark_sealed(SLOT + 2)
        assert journal.trim(committed_before_ns=T0 + 3600 * 10**9) == 2
        assert [i.seq for i in journal.infos()] == [3, 4, 5, 6]
        assert not journal.losses()
        journal.acknowledge([3, 5, 6])
        journal.mark_sealed(SLOT + 9)
        journal.trim(committed_before_ns=T0 + 3600 * 10**9)
    with opened(tmp_path / "j.db") as journal:
        assert journal.infos() == []
        assert journal.append([rows(0, 1)], slot=SLOT + 9, config=config) == 7, (
            "sequences are never used twice"
        )


def test_disk_with_less_than_the_reserve_refuses_with_a_cure(tmp_path):
    path = tmp_path / "j.db"
    with opened(path, bytes=1 << 24, reserve_bytes=0) as journal:
        config = journal.register(TABLE, "a")
        journal.append([rows(0, 1)], slot=SLOT, config=config)
    with opened(path, bytes=1 << 24, reserve_bytes=1 << 60) as journal:
        with pytest.raises(TransientError) as caught:
            journal.append([rows(1, 1)], slot=SLOT, config=config)
        assert str(path) in caught.value.en
        assert "MB free" in caught.value.en
        assert "Free space" in caught.value.en
        assert "请清理磁盘空间" in caught.value.zh
        assert journal.last_seq == 1
        assert journal.status().rows == 1
        assert journal.status().alarm


def test_full_database_refuses_and_works_again_afterwards(tmp_path):
    """SQLite's own SQLITE_FULL, through its page limit: nothing acknowledged, nothing half written."""
    with opened(tmp_path / "j.db", bytes=1 << 24, reserve_bytes=0) as journal:
        config = journal.register(TABLE, "a")
        journal.append([rows(0, 1)], slot=SLOT, config=config)
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(TransientError, match="full"):
            journal.append([rows(1, 3000, incompressible=True)], slot=SLOT, config=config)
        assert journal.last_seq == 1
        journal._db.execute("PRAGMA max_page_count=100000")
        assert journal.append([rows(1, 3000, incompressible=True)], slot=SLOT, config=config) == 2
        assert [i.rows for i in journal.infos()] == [1, 3000]


def test_two_values_at_one_instant_get_ranks_that_survive_a_restart(tmp_path):
    def at(instant: int, value: int) -> Batch:
        return make_batch(signal=[0], source_ns=[T0 + instant], received_ns=T0, value=[value])

    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "a")
        journal.append([at(5, 1)], slot=SLOT, config=config)
        journal.append([at(5, 2), at(5, 1)], slot=SLOT, config=config)
    with opened(path) as journal:
        journal.append([at(5, 3)], slot=SLOT, config=config)
        journal.append([at(6, 3)], slot=SLOT, config=config)
        ranks = [b.ranks for b in journal.slot_blocks(SLOT)]
        assert [None if r is None else r.tolist() for r in ranks] == [None, [1, 0], [2], None]


def test_loss_bound_is_stated_in_both_languages():
    assert "0 acknowledged" in journal_types.LOSS_BOUND_EN
    assert "0 条" in journal_types.LOSS_BOUND_ZH


def test_kill_nine_fifty_times_loses_no_acknowledged_row(tmp_path):
    """Real SIGKILL at random points; the parent knows exactly what was acknowledged."""
    path = tmp_path / "j.db"
    rng = random.Random(20261121)
    acknowledged: dict[int, tuple[int, int]] = {}
    number = 1
    for _ in range(50):
        child = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("journal_writer.py")),
                str(path),
                str(number),
            ],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(rng.randint(1, 25))]
        child.send_signal(signals.SIGKILL)
        lines += child.stdout.read().splitlines(keepends=True)
        assert child.wait() == -signals.SIGKILL
        child.stdout.close()
        for line in lines:
            if line.endswith(b"\n"):
                seq, first, n = map(int, line.split())
                acknowledged[seq] = (first, n)
                number = max(number, first + n)
        number += 1_000_000  # a block committed but not printed must not look like a later one
    assert len(acknowledged) > 500
    with opened(path) as journal:
        assert journal.losses() == []
        for seq, (first, n) in acknowledged.items():
            block = journal.block(seq)
            assert block is not None, f"acknowledged block {seq} is lost"
            assert block.batch.value.tolist() == list(range(first, first + n))
        unprinted = journal.status().blocks - len(acknowledged)
        assert 0 <= unprinted <= 50, "at most the block in flight at each kill was not acknowledged"


def states_on_disk(path: Path) -> list[int]:
    """Return the delivery state of every block as another connection sees it."""
    db = sqlite3.connect(path)
    try:
        return [row[0] for row in db.execute("SELECT state FROM block ORDER BY seq")]
    finally:
        db.close()


def test_marks_of_delivered_blocks_are_written_with_the_next_block(tmp_path):
    path = tmp_path / "j.db"
    with opened(path) as journal:
        config = journal.register(TABLE, "a")
        for n in range(4):
            journal.append([rows(n * 10, 3)], slot=SLOT, config=config)
        journal.acknowledge([1, 3])
        assert states_on_disk(path) == [0, 0, 0, 0]
        # Everything that asks sees them as delivered all the same.
        assert journal.pending_blocks == 2
        status = journal.status()
        assert (status.pending_rows, status.oldest_pending_ns) == (
            6,
            journal.infos()[1].committed_ns,
        )
        journal.acknowledge([2])
        journal.append([rows(90, 1)], slot=SLOT, config=config)
        assert states_on_disk(path) == [1, 1, 1, 0, 0]
        assert [i.seq for i in journal.infos(pending=True)] == [4, 5]
        journal.acknowledge([4, 4, 99])
        assert [i.seq for i in journal.infos(pending=True)] == [5]
        journal.acknowledge([5])
    assert states_on_disk(path) == [1, 1, 1, 1, 1], "an orderly end writes them"


def test_marks_that_a_kill_takes_are_set_again(tmp_path):
    path = tmp_path / "j.db"
    journal = opened(path)
    config = journal.register(TABLE, "a")
    journal.append([rows(0, 3)], slot=SLOT, config=config)
    journal.acknowledge([1])
    # What a kill leaves: the files as they are now.
    copy = tmp_path / "killed"
    copy.mkdir()
    for file in tmp_path.glob("j.db*"):
        (copy / file.name).write_bytes(file.read_bytes())
    journal.close()
    with opened(copy / "j.db") as after:
        assert [i.seq for i in after.infos(pending=True)] == [1]
        after.acknowledge([1])
        assert after.infos(pending=True) == []


def test_a_commit_gives_its_block_back_as_it_will_be_read(tmp_path):
    with opened(tmp_path / "j.db") as journal:
        config = journal.register(TABLE, "a")
        assert journal.commit([], slot=SLOT, config=config) is None
        block = journal.commit([rows(0, 3), rows(0, 2)], slot=SLOT, config=config)
        assert block is not None
        read = journal.block(1)
        assert read is not None
        assert read.info == block.info
        assert read.batch.value.tolist() == block.batch.value.tolist() == [0, 1, 2, 0, 1]
        assert [seq for seq, _ in journal.batches(1, 9)] == [1]
