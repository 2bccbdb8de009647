"""Delivery: order, live share, back-off, quarantine, restart; against a store that fails as told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from model.batch import Batch, make_batch
from model.errors import PermanentError, PlantproofError, TransientError
from model.signal import Role, Signal, SignalTable, SignalType
from storage.delivery import Delivery, DeliveryState
from storage.http_answers import error_of
from storage.journal import Journal
from storage.points import journal_points
from storage.quarantine import Quarantine
from storage.store import BusyStoreError, RefusedPointsError, StoreBlock

SLOT = 29_538_720
T0 = SLOT * 60_000_000_000
SECOND = 1_000_000_000
TABLE = SignalTable.of(
    [
        Signal(device="cnc-01", name="state", role=Role.STATE, type=SignalType.INT),
        Signal(device="press-01", name="state", role=Role.STATE, type=SignalType.INT),
    ]
)


class FakeClock:
    def __init__(self) -> None:
        self.now = T0

    def unix_ns(self) -> int:
        return self.now

    def monotonic_ns(self) -> int:
        return self.now - T0


class FakeStore:
    """Keeps points by key, refuses the poisonous values, raises what it is told."""

    name = "fake"

    def __init__(self) -> None:
        self.points: dict[tuple[int, int], int] = {}
        self.writes: list[list[int]] = []
        self.poison: set[int] = set()
        self.errors: list[PlantproofError] = []

    def write(self, blocks: Sequence[StoreBlock]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.writes.append([b.seq for b in blocks])
        if any(set(b.batch.value.tolist()) & self.poison for b in blocks):
            raise RefusedPointsError("field type conflict")
        for b in blocks:
            for s, t, v in zip(
                b.batch.signal.tolist(),
                b.batch.source_ns.tolist(),
                b.batch.value.tolist(),
                strict=True,
            ):
                self.points[s, t] = v

    def read(self, signals, start_ns, end_ns) -> Batch: ...
    def latest(self, signals, before_ns) -> Batch: ...
    def count_by_device(self, start_ns, end_ns) -> dict[str, int]: ...
    def close(self) -> None: ...


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.store = FakeStore()
        self.open()

    def open(self, **options) -> None:
        self.journal = Journal.open(self.folder / "j.db", clock=self.clock)
        self.config = self.journal.register(TABLE, "a")
        self.quarantine = Quarantine(self.folder / "q.db")
        self.delivery = Delivery(
            self.journal, self.store, self.quarantine, self.clock, jitter=lambda: 1.0, **options
        )

    def close(self) -> None:
        self.journal.close()
        self.quarantine.close()

    def fill(self, blocks: int, rows: int = 2) -> None:
        for _ in range(blocks):
            first = self.journal.last_seq * 1000
            batch = make_batch(
                signal=[i % 2 for i in range(rows)], source_ns=[T0 + first + i for i in range(rows)],
                received_ns=T0, value=range(first, first + rows),
            )  # fmt: skip
            self.journal.append([batch], slot=SLOT, config=self.config)


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_oldest_first_with_every_fourth_write_for_the_newest(bench):
    bench.fill(40)
    for _ in range(8):
        bench.delivery.deliver_once(4)
    assert bench.store.writes == [
        [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [37, 38, 39, 40],
        [13, 14, 15, 16], [17, 18, 19, 20], [21, 22, 23, 24], [33, 34, 35, 36],
    ]  # fmt: skip
    assert bench.delivery.status().backlog_rows == 16


def test_restart_continues_with_what_is_not_acknowledged(bench):
    bench.fill(12)
    for _ in range(4):
        bench.delivery.deliver_once(2)
    bench.close()
    bench.open()
    bench.store.writes.clear()
    while bench.delivery.deliver_once(2).blocks:
        pass
    assert sorted(seq for write in bench.store.writes for seq in write) == [7, 8, 9, 10]
    assert len(bench.store.points) == 24
    assert bench.journal.status().pending_blocks == 0


def test_small_blocks_go_together_up_to_the_row_limit(bench):
    bench.close()
    bench.open(max_rows=10)
    bench.fill(12, rows=4)
    bench.delivery.deliver_once()
    assert bench.store.writes == [[1, 2]]


def test_nothing_waiting_says_so(bench):
    step = bench.delivery.deliver_once()
    assert (step.blocks, step.rows) == (0, 0)
    assert step.wait_s == 1.0


def test_transient_fault_backs_off_doubles_and_recovers(bench):
    bench.fill(1)
    bench.store.errors = [TransientError("down", "停机") for _ in range(8)]
    waits = []
    for _ in range(8):
        step = bench.delivery.deliver_once()
        waits.append(step.wait_s)
        assert bench.delivery.deliver_once().wait_s == pytest.approx(step.wait_s), (
            "no request before the time is up"
        )
        bench.clock.now += int(step.wait_s * SECOND) + 1
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    status = bench.delivery.status()
    assert (status.state, status.zh) == (DeliveryState.WAITING, "停机")
    assert status.backlog_rows == 2
    assert bench.delivery.deliver_once().rows == 2
    assert bench.delivery.status().state is DeliveryState.OK


def test_retry_after_is_obeyed(bench):
    bench.fill(1)
    bench.store.errors = [BusyStoreError("busy", "忙", retry_after_s=90.0)]
    assert bench.delivery.deliver_once().wait_s == 90.0


def test_permanent_fault_is_shown_kept_and_tried_again_slowly(bench):
    bench.fill(3)
    bench.store.errors = [PermanentError("token", "令牌") for _ in range(12)]
    waits = []
    for _ in range(12):
        waits.append(bench.delivery.deliver_once().wait_s)
        bench.clock.now += 400 * SECOND
    assert waits[-1] == 300.0
    assert bench.delivery.status().state is DeliveryState.PERMANENT
    assert bench.journal.status().pending_rows == 6
    bench.fill(1)  # collection goes on meanwhile
    assert bench.delivery.deliver_once().blocks == 4


def test_refused_points_are_isolated_with_their_reason_and_the_rest_is_delivered(bench):
    bench.fill(5, rows=100)
    bench.store.poison = {1007, 1008, 3099}
    step = bench.delivery.deliver_once()
    assert (step.blocks, step.rows, step.quarantined) == (5, 500, 3)
    assert len(bench.store.points) == 497
    assert bench.journal.status().pending_blocks == 0
    points = bench.quarantine.points()
    assert [(p.seq, p.row, p.device, p.batch.value.tolist()) for p in points] == [
        (4, 99, "press-01", [3099]),
        (2, 8, "cnc-01", [1008]),
        (2, 7, "press-01", [1007]),
    ]
    assert bench.quarantine.by_reason() == {"field type conflict": 3}
    status = bench.delivery.status()
    assert (status.delivered_rows, status.quarantined_rows, status.backlog_rows) == (497, 3, 0)


def test_quarantine_after_a_crash_before_the_mark_counts_once(bench):
    bench.fill(1, rows=10)
    bench.store.poison = {5}
    bench.delivery.deliver_once()
    bench.journal._db.execute("UPDATE block SET state=0")
    bench.close()
    bench.open()
    bench.delivery.deliver_once()
    assert len(bench.quarantine) == 1


def test_store_that_refuses_everything_costs_a_bounded_number_of_requests(bench):
    bench.fill(1, rows=5000)
    bench.store.poison = set(range(5000))
    step = bench.delivery.deliver_once()
    assert step.quarantined == 5000
    assert len(bench.store.writes) < 500
    assert len(bench.quarantine) == 5000


def test_store_that_says_it_refuses_all_costs_one_request(bench):
    bench.fill(3, rows=100)
    bench.store.errors = [RefusedPointsError("outside retention", whole=True)]
    step = bench.delivery.deliver_once()
    assert (step.blocks, step.quarantined) == (3, 300)
    assert bench.store.writes == []
    assert bench.quarantine.by_reason() == {"outside retention": 300}
    assert bench.journal.status().pending_blocks == 0


@pytest.mark.parametrize(
    ("dropped", "whole"),
    [("dropped=7", True), ("dropped 7 points", True), ("dropped=6", False), ("", False)],
)
def test_whole_refusal_is_read_from_the_answer(dropped, whole):
    body = f"partial write: {dropped} outside retention policy - oldest point x".encode()
    error = error_of(422, body, {}, "InfluxDB", lines=7)
    assert isinstance(error, RefusedPointsError)
    assert error.whole is whole
    assert "7" not in error.en
    assert "oldest" not in error.en


def test_collected_equals_delivered_plus_quarantined_plus_backlog(bench):
    bench.fill(30, rows=7)
    bench.store.poison = {2003}
    for _ in range(3):
        bench.delivery.deliver_once(5)
    status = bench.delivery.status()
    assert status.delivered_rows + status.quarantined_rows + status.backlog_rows == 210
    assert sum(journal_points(bench.journal, T0, T0 + 60 * SECOND).values()) == 210


@pytest.mark.parametrize(
    ("status", "body", "kind", "word"),
    [
        (400, b'{"message":"unable to parse: missing fields"}', RefusedPointsError, "missing fields"),
        (400, b'{"error":"partial write: field type conflict: input field"}', RefusedPointsError, "conflict"),
        (422, b'{"message":"points beyond retention policy dropped=2"}', RefusedPointsError, "retention"),
        (400, b'{"message":"Please provide either orgID or org"}', PermanentError, "orgID"),
        (413, b"", RefusedPointsError, "too large"),
        (401, b'{"message":"unauthorized access"}', PermanentError, "token"),
        (403, b"", PermanentError, "rights"),
        (404, b'{"message":"bucket not found"}', PermanentError, "bucket not found"),
        (429, b"", BusyStoreError, "busy"),
        (503, b"", BusyStoreError, "busy"),
        (500, b"oops", BusyStoreError, "oops"),
        (302, b"", PermanentError, "address"),
    ],
)  # fmt: skip
def test_answers_are_told_apart(status, body, kind, word):
    error = error_of(status, body, {"Retry-After": "7"}, "InfluxDB x")
    assert type(error) is kind
    assert word in error.en
    assert error.zh != error.en
    if isinstance(error, BusyStoreError):
        assert error.retry_after_s == 7.0


def offered(bench: Bench, blocks: int, rows: int = 2) -> None:
    """Commit blocks and hand each to delivery, as the agent does."""
    for _ in range(blocks):
        first = bench.journal.last_seq * 1000
        batch = make_batch(
            signal=[i % 2 for i in range(rows)],
            source_ns=[T0 + first + i for i in range(rows)],
            received_ns=T0,
            value=range(first, first + rows),
        )
        block = bench.journal.commit([batch], slot=SLOT, config=bench.config)
        assert block is not None
        bench.delivery.offer(block)


def test_blocks_come_from_memory_while_the_store_keeps_up(bench, monkeypatch):
    monkeypatch.setattr(bench.journal, "block", lambda _seq: pytest.fail("read back"))
    for _ in range(5):
        offered(bench, 3)
        bench.delivery.deliver_once()
    assert bench.store.writes == [[n, n + 1, n + 2] for n in (1, 4, 7, 10, 13)]
    assert bench.journal.status().pending_blocks == 0
    assert len(bench.store.points) == 30


def test_after_an_outage_the_journal_is_read_for_what_memory_does_not_hold(bench, monkeypatch):
    monkeypatch.setattr("storage.delivery.FRESH_ROWS", 6)
    bench.store.errors = [TransientError("down", "停机")]
    offered(bench, 2)
    assert bench.delivery.deliver_once().blocks == 0
    offered(bench, 10)
    bench.clock.now += 2 * SECOND
    while bench.delivery.deliver_once().blocks:
        pass
    assert sorted(seq for write in bench.store.writes for seq in write) == list(range(1, 13))
    assert len(bench.store.points) == 24
    # Nothing of it is held any more: new blocks come from memory again.
    monkeypatch.setattr(bench.journal, "block", lambda _seq: pytest.fail("read back"))
    offered(bench, 2)
    bench.delivery.deliver_once()
    assert bench.store.writes[-1] == [13, 14]


def test_evicted_blocks_are_forgotten(bench):
    bench.store.errors = [TransientError("down", "停机")]
    offered(bench, 3)
    bench.delivery.deliver_once()
    # What the quota takes: the two oldest blocks, not delivered.
    bench.journal.mark_sealed(SLOT)
    bench.journal._remove([(1, 2, 1, 0), (2, 2, 1, 0)], "evicted_unsent")
    bench.clock.now += 2 * SECOND
    while bench.delivery.deliver_once().blocks:
        pass
    assert bench.store.writes == [[3]]
    offered(bench, 1)
    bench.delivery.deliver_once()
    assert bench.store.writes == [[3], [4]]
    assert bench.journal.status().pending_blocks == 0
