"""What the recorder writes when the clock or the run is not smooth (format-core §4, "Clock" and "Coverage")."""

from __future__ import annotations

import errno
import os

import pytest

from agent.recorder import BrokenFilesError, ClockStepError
from evidence.entries import Block, Genesis, PreviousHead
from evidence.grammar import Origin
from evidence.note import parse_note
from model.errors import TransientError
from storage.ledger_recovery import read_head
from tests.unit.agent.recorder_rig import (
    MIN_MS,
    ORIGIN,
    SIGNER,
    SLOT0,
    TestClock,
    document,
    running,
    sealed_values,
)


def test_each_minute_becomes_one_block_with_its_monotonic_length(tmp_path):
    clock = TestClock(second=20)
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1, 2)
        clock.forward(40)
        rig.commit(3)
        clock.forward(60)
        rig.commit()
        assert rig.blocks == [(SLOT0, 2, 40_000), (SLOT0 + 1, 1, 60_000)]
        assert sealed_values(rig) == {SLOT0: [1, 2], SLOT0 + 1: [3]}
        assert rig.offs == []


def test_step_back_of_less_than_an_hour_keeps_the_block_open(tmp_path):
    clock = TestClock(second=30)
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.step(-45 * 60)
        clock.forward(20)
        rig.commit(2)
        clock.forward(45 * 60 + 10)
        rig.commit(3)
        # Second 30, 45 min back, then 20 s + 45 min 10 s until the clock shows the next minute.
        assert rig.blocks == [(SLOT0, 2, 2_730_000)]
        assert rig.recorder.slot == SLOT0 + 1
        assert rig.offs == []
        assert sealed_values(rig) == {SLOT0: [1, 2]}


def test_step_back_of_an_hour_to_the_millisecond_is_still_tolerated(tmp_path):
    clock = TestClock()
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.step(-3600)
        rig.commit(2)
        assert rig.blocks == []
        clock.step(-0.001)
        with pytest.raises(ClockStepError):
            rig.commit(3)


def test_step_back_of_more_than_an_hour_seals_and_signs_and_ends_the_epoch(tmp_path):
    clock = TestClock(second=10)
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        clock.forward(60)
        rig.commit(1, 2)
        clock.step(-2 * 3600)
        clock.forward(5)
        with pytest.raises(ClockStepError) as seen:
            rig.commit(3)
        assert "a new epoch of the log begins" in seen.value.en
        assert "账本将开始新的纪元" in seen.value.zh
        # What was collected before the step is sealed; row 3 was refused, so that no source was told it is safe.
        assert sealed_values(rig) == {SLOT0: [], SLOT0 + 1: [1, 2]}
        assert rig.blocks == [(SLOT0, 0, 60_000), (SLOT0 + 1, 2, 5_000)]
        assert len(rig.journal.slot_blocks(0, 2**40)) == 1
        head, _ = read_head(tmp_path / "ledger", rig.key)
        assert head is not None
        assert head.checkpoint.size == rig.ledger.size
        for _ in range(2):
            with pytest.raises(ClockStepError):
                rig.recorder.stop(clock.now)
        assert len(rig.of(Block)) == 2


def test_new_epoch_names_the_last_head_of_the_epoch_before(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        rig.commit(1)
        clock.step(-2 * 3600)
        with pytest.raises(ClockStepError):
            rig.commit(2)
        old = parse_note((tmp_path / "ledger" / "checkpoint").read_bytes()).checkpoint
    second = Origin("sim", ORIGIN.enterprise, ORIGIN.workshop, 2)
    (tmp_path / "two").mkdir()
    previous = PreviousHead(old.origin, old.root, old.size)
    with running(tmp_path / "two", clock, doc, origin=second, previous=previous) as rig:
        rig.commit(2)
        clock.forward(60)
        rig.commit()
        genesis = rig.of(Genesis)[0]
        assert genesis.origin == second
        assert genesis.prev == previous
        # The new log begins where the clock stands now, two hours before the end of the old one.
        assert rig.blocks == [(SLOT0 - 120, 1, 60_000)]


def test_step_forward_gives_one_off_entry_with_reason_clock_step(tmp_path):
    clock = TestClock(second=30)
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.forward(1)
        rig.commit(2)
        clock.step(10 * 60)
        clock.forward(0.3)
        rig.commit(3)
        clock.forward(60)
        rig.commit(4)
        assert rig.offs == [(SLOT0 + 1, 9, "clock_step")]
        assert rig.blocks == [(SLOT0, 2, 1_300), (SLOT0 + 10, 1, 60_000)]
        assert sealed_values(rig) == {SLOT0: [1, 2], SLOT0 + 10: [3]}


def test_program_that_stood_still_for_minutes_says_agent_down(tmp_path):
    clock = TestClock(second=30)
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.forward(10 * 60)
        rig.commit(2)
        clock.forward(60)
        rig.commit(3)
        assert rig.offs == [(SLOT0 + 1, 9, "agent_down")]
        assert rig.blocks == [(SLOT0, 1, 600_000), (SLOT0 + 10, 1, 60_000)]


def test_restart_after_a_crash_seals_the_left_rows_into_the_slot_after_the_last(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        rig.commit(1)
        clock.forward(60)
        rig.commit(2)
        clock.forward(10)
        rig.commit(3)
    clock.forward(5 * 60)
    with running(tmp_path, clock, doc, clean=False) as rig:
        rig.commit(4)
        clock.forward(60)
        rig.commit()
        assert rig.boots == [True, False]
        # Slot 1 ran when the program was killed in it: its rows are recovered, length unknown (0).
        assert rig.blocks == [(SLOT0, 1, 60_000), (SLOT0 + 1, 2, 0), (SLOT0 + 6, 1, 60_000)]
        assert rig.offs == [(SLOT0 + 2, 4, "agent_down")]
        assert sealed_values(rig) == {SLOT0: [1], SLOT0 + 1: [2, 3], SLOT0 + 6: [4]}


def test_restart_within_the_same_minute_goes_on_in_that_minute(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        clock.forward(60)
        rig.commit(1)
    clock.forward(20)
    with running(tmp_path, clock, doc, clean=False) as rig:
        rig.commit(2)
        clock.forward(40)
        rig.commit()
        assert rig.offs == []
        # dur_ms: what this run collected of the minute.
        assert rig.blocks == [(SLOT0, 0, 60_000), (SLOT0 + 1, 2, 40_000)]
        assert sealed_values(rig) == {SLOT0: [], SLOT0 + 1: [1, 2]}


def test_crash_between_the_recovered_block_and_its_mark_seals_no_row_twice(tmp_path, monkeypatch):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        clock.forward(60)
        rig.commit(1)
        clock.forward(60)
        # The disk refuses to seal slot 1, so that rows of two slots are left behind.
        monkeypatch.setattr(rig.archive, "sync", _refuse)
        rig.commit(2)
        monkeypatch.undo()
    clock.forward(10 * 60)
    with running(tmp_path, clock, doc, clean=False, start=False) as rig:
        monkeypatch.setattr(rig.journal, "mark_sealed", lambda _slot: _refuse())
        with pytest.raises(TransientError):
            rig.recorder.start(clock.now, clean=False, torn_bytes=0)
        monkeypatch.undo()
        assert sealed_values(rig) == {SLOT0: [], SLOT0 + 1: [1, 2]}
    clock.forward(60)
    with running(tmp_path, clock, doc, clean=False) as rig:
        rig.commit(3)
        clock.forward(60)
        rig.commit()
        values = sealed_values(rig)
        assert values == {SLOT0: [], SLOT0 + 1: [1, 2], SLOT0 + 13: [3]}
        assert rig.offs == [(SLOT0 + 2, 11, "agent_down")]


def test_crash_after_the_intent_but_before_the_recovered_block_loses_no_row(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        clock.forward(60)
        rig.commit(1)
        rig.intent.write(SLOT0 + 1, rig.journal.last_seq)
    clock.forward(3 * 60)
    with running(tmp_path, clock, doc, clean=False) as rig:
        assert sealed_values(rig) == {SLOT0: [], SLOT0 + 1: [1]}


def test_minute_is_not_sealed_twice_when_the_disk_refuses_only_the_mark(tmp_path, monkeypatch):
    clock = TestClock()
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.forward(60)
        monkeypatch.setattr(rig.journal, "mark_sealed", lambda _slot: _refuse())
        rig.commit(2)
        monkeypatch.undo()
        rig.commit(3)
        clock.forward(60)
        rig.commit()
        assert sealed_values(rig) == {SLOT0: [1], SLOT0 + 1: [2, 3]}
        assert [slot for slot, _, _ in rig.blocks] == [SLOT0, SLOT0 + 1]


def test_refused_minute_is_sealed_when_the_disk_takes_it_again(tmp_path, monkeypatch):
    clock = TestClock()
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.forward(60)
        monkeypatch.setattr(rig.archive, "append", lambda *_: _refuse())
        rig.commit(2)
        clock.forward(60)
        rig.commit(3)
        assert rig.blocks == []
        monkeypatch.undo()
        rig.commit(4)
        assert sealed_values(rig) == {SLOT0: [1], SLOT0 + 1: [2]}
        assert [d for _, _, d in rig.blocks] == [60_000, 60_000]


def test_ledger_that_failed_half_way_asks_to_be_opened_again_and_seals_no_row_twice(
    tmp_path, monkeypatch
):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        rig.commit(1)
        clock.forward(60)
        rig.recorder.check_files()
        entries, flush = rig.ledger._entries.fileno(), os.fsync

        def no_space(descriptor: int) -> None:
            if descriptor == entries:
                raise OSError(errno.ENOSPC, "No space left on device")
            flush(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", no_space)
            rig.commit(2)
        assert rig.recorder.seal_failure is not None
        # The rows are in the journal although nothing can be sealed.
        rig.commit(3)
        assert [len(b.batch) for b in rig.journal.slot_blocks(SLOT0 + 1)] == [1, 1]
        with pytest.raises(BrokenFilesError):
            rig.recorder.check_files()
    clock.forward(1)
    with running(tmp_path, clock, doc, clean=False) as rig:
        rig.recorder.check_files()
        rig.commit(4)
        clock.forward(60)
        rig.commit()
        assert sealed_values(rig) == {SLOT0: [1], SLOT0 + 1: [2, 3, 4]}
        assert rig.accept_rules().covered(rig.ledger.size) == (SLOT0, SLOT0 + 2)


def test_changed_configuration_waits_for_the_end_of_the_minute(tmp_path):
    clock = TestClock()
    old = document(tmp_path)
    with running(tmp_path, clock, old) as rig:
        clock.forward(60)
        rig.commit(1)
    clock.forward(15)
    new = document(tmp_path, ideal_cycle="25 s")
    assert new.sha256 != old.sha256
    with running(tmp_path, clock, new, clean=False, start=False) as rig:
        assert rig.recorder.wait_before_start(clock.now) == 45_000
        clock.forward(45)
        assert rig.recorder.wait_before_start(clock.now) == 0
        rig.recorder.start(clock.now, clean=False, torn_bytes=0)
        rig.commit(2)
        clock.forward(60)
        rig.commit()
        configs = {b.slot: b.config for b in rig.of(Block)}
        # Row 1 was collected under the old configuration and is sealed under it; entry 1 is that configuration.
        assert configs[SLOT0 + 1] == 1
        assert configs[SLOT0 + 2] > 1
        assert rig.configs == 2
        assert sealed_values(rig)[SLOT0 + 1] == [1]


def test_unchanged_configuration_does_not_wait_and_is_not_written_again(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        rig.commit(1)
    with running(tmp_path, clock, doc, clean=False, start=False) as rig:
        assert rig.recorder.wait_before_start(clock.now) == 0
        rig.recorder.start(clock.now, clean=False, torn_bytes=0)
        assert rig.configs == 1


def test_clock_that_went_back_between_two_runs_waits_for_the_slot_counter(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        rig.commit(1)
    clock.step(-30 * 60)
    with running(tmp_path, clock, doc, clean=False) as rig:
        # No block exists yet: the journal's own slot keeps the counter.
        rig.commit(2)
        assert rig.recorder.slot == SLOT0
        clock.forward(31 * 60)
        rig.commit(3)
        assert sealed_values(rig) == {SLOT0: [1, 2]}


def test_log_of_all_this_passes_the_rules_of_the_verifier(tmp_path):
    clock = TestClock()
    doc = document(tmp_path)
    with running(tmp_path, clock, doc) as rig:
        rig.commit(1)
        clock.step(20 * 60)
        rig.commit(2)
        clock.step(-10 * 60)
        clock.forward(11 * 60)
        rig.commit(3)
    clock.forward(7 * 60)
    with running(tmp_path, clock, doc, clean=False) as rig:
        rig.commit(4)
        clock.forward(60)
        rig.commit(5)
        rules = rig.accept_rules()
        assert rules.covered(rules.count) == (SLOT0, rig.recorder.slot)
        assert sum(rules.blocks.rows) == 4
        assert [v for rows in sealed_values(rig).values() for v in rows] == [1, 2, 3, 4]


def _refuse() -> None:
    raise TransientError("the disk is full", "磁盘已满")


def test_minutes_are_posix_minutes(tmp_path):
    clock = TestClock(second=59.999)
    with running(tmp_path, clock, document(tmp_path)) as rig:
        rig.commit(1)
        clock.forward(0.001)
        rig.commit(2)
        assert clock.wall_ms == (SLOT0 + 1) * MIN_MS
        assert rig.blocks == [(SLOT0, 1, 1)]
        assert rig.key.public == SIGNER.public_key
