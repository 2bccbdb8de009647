"""More rows than memory or frames hold: real journal, ledger and archive; nothing acknowledged is lost or reordered.

Arithmetic of the tests: a row takes 32 bytes in a frame, the header of `plc-01.count` 26 + 12 bytes, padded to 40
(format-core §2). So a full frame holds (2^24 - 40) / 32 = 524,286 rows.
"""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from agent import seal_queue
from agent.recorder import Backlog
from config.document import PlantDocument
from evidence.entries import Block
from evidence.frame import COLUMN_OFFSETS, header_bytes
from evidence.grammar import MAX_FRAME_BYTES
from model.batch import make_batch
from model.errors import TransientError
from model.flags import RowFlag
from model.signal import SignalTable
from storage.frame_archive import FrameArchive
from tests.support.plant_run import entries_of
from tests.unit.agent.recorder_rig import Rig, TestClock, document, running

FULL = 524_286
COUNT = "plc-01.count"


@dataclass
class Feeder:
    """Commits rows of three signals of three streams; the values of each count 0, 1, 2, …"""

    sent: dict[str, int]

    @staticmethod
    def new() -> Feeder:
        return Feeder({})

    def send(self, rig: Rig, *counts: tuple[str, str, int]) -> Backlog | None:
        """Commit so many rows of each (device, signal) as one flush."""
        batches = []
        for device, name, n in counts:
            first = self.sent.get(f"{device}.{name}", 0)
            self.sent[f"{device}.{name}"] = first + n
            index = rig.document.table.by_name[device, name]
            value = np.arange(first, first + n)
            if name in ("energy", "power"):
                value = value.astype(np.float64).view(np.int64)
            batches.append(
                make_batch(
                    signal=np.full(n, index, dtype=np.int32),
                    source_ns=rig.clock.unix_ns() + np.arange(n),
                    received_ns=rig.clock.unix_ns(),
                    value=value,
                    flags=int(RowFlag.SIMULATED),
                )
            )
        return rig.recorder.commit(batches, rig.clock.now)


def finish(rig: Rig, most: int = 1000) -> int:
    """Commit nothing, again and again, until no minute waits; return how often."""
    for times in range(most):
        if rig.recorder.commit([], rig.clock.now) is None and not rig.recorder.waiting:
            return times
    raise AssertionError("the minutes are never sealed")


def sealed(folder: Path, table: SignalTable) -> dict[int, dict[str, list[int]]]:
    """Return the values of every stream by slot, cut out of the frames by their layout (format-core §2)."""
    archive = FrameArchive(folder / "frames", read_only=True)
    found: dict[int, dict[str, list[int]]] = {}
    for entry in entries_of(folder / "ledger"):
        if isinstance(entry, Block):
            found[entry.slot] = {}
            for stream, (_, frame) in zip(table.streams, archive.read(entry.slot), strict=True):
                assert len(frame) <= MAX_FRAME_BYTES
                n = int.from_bytes(frame[16:20], "little")
                start = header_bytes(stream) + COLUMN_OFFSETS["value"] * n
                bits = np.frombuffer(frame, "<i8", n, start)
                numbers = bits.view(np.float64) if stream.startswith("meter") else bits
                found[entry.slot][stream] = numbers.astype(int).tolist()
    return found


def joined(found: dict[int, dict[str, list[int]]], stream: str) -> list[int]:
    """Return the values of a stream over all slots in log order."""
    return [value for slot in sorted(found) for value in found[slot][stream]]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> PlantDocument:
    return document(tmp_path_factory.mktemp("plant"))


def test_a_minute_beyond_the_bound_gives_the_bytes_of_one_that_was_held(tmp_path, plant):
    frames = []
    for name, bound in (("held", 1_500_000), ("read-back", 10_000)):
        folder = tmp_path / name
        folder.mkdir()
        clock = TestClock(second=10)
        with running(folder, clock, plant, rows_in_memory=bound) as rig:
            feed = Feeder.new()
            for _ in range(6):
                clock.forward(3)
                feed.send(rig, ("plc-01", "good", 3_000), ("meter-01", "energy", 2_000))
                feed.send(rig, ("plc-01", "scrap", 7), ("plc-01", "state", 1_000))
            assert (rig.recorder.held_rows > 0) is (name == "held")
            clock.forward(60)
            feed.send(rig, ("plc-01", "good", 5))
            finish(rig)
            (slot,) = [b.slot for b in rig.of(Block)]
            frames.append([frame for _, frame in rig.archive.read(slot)])
            assert rig.of(Block)[0].rows == 6 * (3_000 + 2_000 + 7 + 1_000)
    assert frames[0] == frames[1]


def test_rows_in_memory_never_exceed_the_bound(tmp_path, plant):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant, rows_in_memory=50_000) as rig:
        feed = Feeder.new()
        for _ in range(20):
            clock.forward(1)
            feed.send(rig, ("plc-01", "good", 9_000))
            assert rig.recorder.held_rows <= 50_000
        clock.forward(60)
        feed.send(rig, ("plc-01", "good", 30_000))
        # The minute before waits no longer; the new one is held again.
        finish(rig)
        assert rig.recorder.held_rows == 30_000


def test_what_exceeds_a_frame_goes_first_into_the_next_one(tmp_path, plant):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant) as rig:
        feed = Feeder.new()
        for _ in range(7):
            feed.send(rig, ("plc-01", "good", 100_000), ("meter-01", "energy", 100))
        clock.forward(60)
        feed.send(rig, ("plc-01", "good", 10), ("meter-01", "energy", 1))
        clock.forward(60)
        feed.send(rig, ("plc-01", "good", 10))
        finish(rig)
        found = sealed(tmp_path, plant.table)
        assert [len(found[s][COUNT]) for s in sorted(found)] == [FULL, 700_000 - FULL + 10]
        assert joined(found, COUNT) == list(range(700_010))
        assert [len(found[s]["meter-01.energy"]) for s in sorted(found)] == [700, 1]
        assert [b.rows for b in rig.of(Block)] == [FULL + 700, 700_000 - FULL + 11]
        rig.accept_rules()


def test_carried_rows_of_several_blocks_and_minutes_keep_their_order(tmp_path, plant):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant, rows_in_memory=10_000) as rig:
        feed = Feeder.new()
        for _ in range(3):
            for part in (150_000, 299_999, 1, 150_000):
                feed.send(rig, ("plc-01", "good", part), ("plc-01", "state", 3))
            clock.forward(60)
        for _ in range(4):
            feed.send(rig, ("plc-01", "good", 1))
            finish(rig)
            clock.forward(60)
        feed.send(rig)
        finish(rig)
        found = sealed(tmp_path, plant.table)
        assert joined(found, COUNT) == list(range(3 * 600_000 + 4))
        assert joined(found, "plc-01.state") == list(range(36))
        # 1,800,000 rows fill three frames and a part of the fourth.
        assert [len(found[s][COUNT]) for s in sorted(found)][:3] == [FULL] * 3
        rig.accept_rules()


@pytest.mark.parametrize("moment", ["after the block", "before its entry", "in the middle"])
def test_a_crash_loses_no_carried_row_and_seals_none_twice(tmp_path, plant, moment, monkeypatch):
    clock = TestClock(second=1)
    feed = Feeder.new()
    with running(tmp_path, clock, plant, rows_in_memory=10_000) as rig:
        for _ in range(7):
            feed.send(rig, ("plc-01", "good", 100_000), ("meter-01", "energy", 100))
        if moment == "after the block":
            clock.forward(60)
            feed.send(rig, ("plc-01", "good", 10))
            finish(rig)
            assert len(rig.of(Block)) == 1
        elif moment == "before its entry":
            clock.forward(60)
            monkeypatch.setattr(rig.sealer, "close_slot", _refuse)
            feed.send(rig, ("plc-01", "good", 10))
            for _ in range(5):
                rig.commit()
            assert rig.recorder.seal_failure is not None
            monkeypatch.undo()
        else:
            monkeypatch.setattr(seal_queue, "STEP_ROWS", 1)
            clock.forward(60)
            feed.send(rig, ("plc-01", "good", 10))
            rig.commit()
            assert rig.recorder.waiting
            assert rig.of(Block) == []
            monkeypatch.undo()
    clock.forward(5)
    with running(tmp_path, clock, plant, clean=False) as rig:
        feed.send(rig, ("plc-01", "good", 7))
        for _ in range(3):
            clock.forward(60)
            rig.commit()
            finish(rig)
        found = sealed(tmp_path, plant.table)
        assert joined(found, COUNT) == list(range(700_017))
        assert joined(found, "meter-01.energy") == list(range(700))
        rig.accept_rules()


def test_a_second_crash_before_the_next_block_still_knows_what_is_carried(tmp_path, plant):
    clock = TestClock(second=1)
    feed = Feeder.new()
    with running(tmp_path, clock, plant) as rig:
        for _ in range(6):
            feed.send(rig, ("plc-01", "good", 100_000))
        clock.forward(60)
        rig.commit()
        finish(rig)
        feed.send(rig, ("plc-01", "good", 3))
    for _ in range(2):
        clock.forward(1)
        with running(tmp_path, clock, plant, clean=False):
            pass
    clock.forward(10 * 60)
    with running(tmp_path, clock, plant, clean=False):
        found = sealed(tmp_path, plant.table)
        assert [len(found[s][COUNT]) for s in sorted(found)] == [FULL, 600_003 - FULL]
        assert joined(found, COUNT) == list(range(600_003))


def test_a_recovered_minute_may_overflow_too(tmp_path, plant):
    clock = TestClock(second=1)
    feed = Feeder.new()
    with running(tmp_path, clock, plant, rows_in_memory=10_000) as rig:
        for _ in range(7):
            feed.send(rig, ("plc-01", "good", 100_000))
    clock.forward(5 * 60)
    with running(tmp_path, clock, plant, clean=False, rows_in_memory=10_000) as rig:
        feed.send(rig, ("plc-01", "good", 5))
        clock.forward(60)
        rig.commit()
        finish(rig)
        found = sealed(tmp_path, plant.table)
        assert joined(found, COUNT) == list(range(700_005))
        assert [b.dur_ms == 0 for b in rig.of(Block)] == [True, False]
        rig.accept_rules()


def test_a_disk_that_refuses_half_way_has_the_minute_sealed_again(tmp_path, plant, monkeypatch):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant) as rig:
        feed = Feeder.new()
        for _ in range(4):
            feed.send(rig, ("plc-01", "good", 100_000), ("meter-01", "energy", 100_000))
        clock.forward(60)
        day = next((tmp_path / "frames").glob("*.frames"), None)
        before = day.stat().st_size if day else 0
        monkeypatch.setattr("storage.frame_record.RecordWriter.finish", _refuse)
        feed.send(rig, ("plc-01", "good", 10))
        finish_while_refused(rig)
        assert rig.of(Block) == []
        path = next((tmp_path / "frames").glob("*.frames"))
        assert path.stat().st_size == before
        monkeypatch.undo()
        finish(rig)
        assert rig.recorder.seal_failure is None
        found = sealed(tmp_path, plant.table)
        assert joined(found, COUNT) == list(range(400_000))
        assert joined(found, "meter-01.energy") == list(range(400_000))


def finish_while_refused(rig: Rig) -> None:
    for _ in range(100):
        rig.commit()
        if rig.recorder.seal_failure is not None:
            return
    raise AssertionError("the disk never refused")


def test_a_large_minute_is_sealed_between_commits(tmp_path, plant, monkeypatch):
    monkeypatch.setattr(seal_queue, "STEP_ROWS", 100_000)
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant) as rig:
        feed = Feeder.new()
        for _ in range(4):
            feed.send(rig, ("plc-01", "good", 100_000), ("meter-01", "energy", 1))
        clock.forward(60)
        backlog = feed.send(rig, ("plc-01", "good", 3))
        assert backlog == Backlog(sealing=True, full=frozenset())
        assert rig.of(Block) == []
        # Two pieces, for the counter (12.8 MB, beyond 4 MiB) and for the energy, look at four blocks of 100,001 rows
        # each, one with every commit: one with the commit above, seven more leave something over.
        assert finish(rig) == 7
        clock.forward(60)
        rig.commit()
        assert [b.rows for b in rig.of(Block)] == [400_004, 3]


def test_streams_are_full_after_two_frames_and_free_after_the_next_block(tmp_path, plant):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant) as rig:
        feed = Feeder.new()
        count = plant.table.streams.index(COUNT)
        answers = [feed.send(rig, ("plc-01", "good", 100_000)) for _ in range(11)]
        # 2 x (2^24 - 256) / 32 = 1,048,560 rows: the eleventh hundred thousand is too much.
        assert answers[:10] == [None] * 10
        assert answers[10] == Backlog(sealing=False, full=frozenset({count}))
        clock.forward(60)
        finish(rig)
        assert feed.send(rig, ("plc-01", "good", 1)) is None
        for _ in range(2):
            clock.forward(60)
            rig.commit()
            finish(rig)
        assert joined(sealed(tmp_path, plant.table), COUNT) == list(range(1_100_001))


def test_minutes_that_a_disk_refuses_to_seal_hold_nobody_back(tmp_path, plant, monkeypatch):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant, rows_in_memory=200_000) as rig:
        monkeypatch.setattr(rig.archive, "append", _refuse)
        monkeypatch.setattr(rig.archive, "begin", _refuse)
        feed = Feeder.new()
        for _ in range(12):
            assert feed.send(rig, ("plc-01", "good", 100_000)) is None
            assert rig.recorder.held_rows <= 200_000
            clock.forward(60)
        assert len(rig.recorder.waiting) == 11
        monkeypatch.undo()
        finish(rig)
        assert joined(sealed(tmp_path, plant.table), COUNT) == list(range(1_200_000))


def test_a_changed_configuration_waits_until_carried_rows_have_their_minute(tmp_path, plant):
    clock = TestClock(second=1)
    feed = Feeder.new()
    with running(tmp_path, clock, plant) as rig:
        for _ in range(6):
            feed.send(rig, ("plc-01", "good", 100_000))
        clock.forward(60)
        rig.commit()
        finish(rig)
        assert len(rig.of(Block)) == 1
    new = document(tmp_path, ideal_cycle="25 s")
    clock.forward(10)
    with running(tmp_path, clock, new, clean=False, start=False) as rig:
        # The carried rows fill the minute that runs now: the change waits for the next one, 49 s away.
        assert rig.recorder.wait_before_start(clock.now) == 49_000
        clock.forward(49)
        assert rig.recorder.wait_before_start(clock.now) == 0
        rig.recorder.start(clock.now, clean=False, torn_bytes=0)
        feed.send(rig, ("plc-01", "good", 2))
        clock.forward(60)
        rig.commit()
        blocks = rig.of(Block)
        assert [b.rows for b in blocks] == [FULL, 600_000 - FULL, 2]
        assert blocks[0].config == blocks[1].config != blocks[2].config
        assert joined(sealed(tmp_path, plant.table), COUNT) == list(range(600_002))
        rig.accept_rules()


def test_sealing_from_the_journal_needs_bounded_memory(tmp_path, plant):
    """Two million rows, 68 MB as columns and 64 MB as frames, more than 200 MB with what making frames takes besides.

    Needed at once: the rows of two full frames (36 MB), and of one of them its rows apart (18 MB), its ordered columns
    (32 bytes a row and 8 of order), their bytes, and the frame: five times 17 MB.
    """
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant, rows_in_memory=10_000) as rig:
        feed = Feeder.new()
        for _ in range(20):
            feed.send(
                rig,
                ("plc-01", "good", 40_000),
                ("plc-01", "state", 30_000),
                ("meter-01", "energy", 30_000),
            )
        clock.forward(60)
        tracemalloc.start()
        try:
            finish(rig)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # 800,000 of count and 600,000 of each of the others; a frame holds 524,286 of the first. The headers of
        # `plc-01.state` and `meter-01.energy` have the same padded length.
        assert [b.rows for b in rig.of(Block)] == [3 * FULL]
        assert peak < 9 * MAX_FRAME_BYTES
        for _ in range(2):
            clock.forward(60)
            rig.commit()
            finish(rig)
        found = sealed(tmp_path, plant.table)
        assert joined(found, COUNT) == list(range(800_000))
        assert joined(found, "plc-01.state") == list(range(600_000))
        assert joined(found, "meter-01.energy") == list(range(600_000))


def _refuse(*_: object, **__: object) -> None:
    raise TransientError("the disk is full", "磁盘已满")


def test_held_rows_with_one_value_in_a_column_are_sealed_like_any_other(tmp_path, plant):
    clock = TestClock(second=1)
    with running(tmp_path, clock, plant) as rig:
        feed = Feeder.new()
        feed.send(rig, ("plc-01", "good", 4))
        (_, held), *_ = rig.recorder._minute.held
        assert [c.strides for c in (held.status, held.flags, held.received_ns)] == [(0,)] * 3
        feed.send(rig, ("plc-01", "good", 3), ("meter-01", "energy", 2))
        clock.forward(60)
        rig.commit()
        found = sealed(tmp_path, plant.table)
        assert joined(found, COUNT) == list(range(7))
        assert joined(found, "meter-01.energy") == [0, 1]
