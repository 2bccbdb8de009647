"""The buffer between sources and disk: order, acknowledgement, back-pressure, a disk that refuses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest

from agent import pipeline as pipeline_module
from agent.pipeline import Pipeline
from agent.recorder import Backlog, BrokenFilesError
from agent.sealer import Now
from model.batch import Batch, make_batch
from model.errors import TransientError
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from tests.support.prompt import PATIENCE_S

NOW = Now(0, 0, "U")


def rows(*values: int) -> Batch:
    n = len(values)
    return make_batch(signal=[0] * n, source_ns=[0] * n, received_ns=0, value=list(values))


class FakeRecorder:
    """Keeps what is committed; refuses while `refuse` is set."""

    def __init__(self) -> None:
        self.committed: list[list[int]] = []
        self.flags: set[int] = set()
        self.refuse = False
        self.refuse_next = False
        self.broken = False
        self.stopped = 0
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.backlog: Backlog | None = None

    def commit(self, batches: list[Batch], _now: Now) -> Backlog | None:
        self.entered.set()
        assert self.go_on.wait(PATIENCE_S)
        refused, self.refuse_next = self.refuse or self.refuse_next, False
        if refused:
            raise TransientError("the disk is full", "磁盘已满")
        self.committed.append([v for batch in batches for v in batch.value.tolist()])
        self.flags |= {f for batch in batches for f in batch.flags.tolist()}
        return self.backlog

    def check_files(self) -> None:
        if self.broken:
            raise BrokenFilesError("half-way", "写入中断")

    def stop(self, _now: Now) -> None:
        self.stopped += 1

    @property
    def last_seq(self) -> int:
        return len(self.committed)

    @property
    def all(self) -> list[int]:
        return [v for values in self.committed for v in values]


class Rig:
    """A pipeline over the fake recorder with one source that counts its batches."""

    def __init__(
        self,
        extra: Callable[[Now], list[Batch]] = lambda _now: [],
        table: SignalTable | None = None,
    ) -> None:
        self.recorder = FakeRecorder()
        self.delivered = 0
        self.acknowledged: list[int] = []
        self.seen = 0
        self.pipeline = Pipeline(
            self.recorder,  # type: ignore[arg-type]
            now=lambda: NOW,
            flush=timedelta(milliseconds=5),
            simulated=True,
            observers=(self._observe,),
            delivered=lambda: {"s": self.delivered},
            committed=self._committed,
            extra=extra,
            table=table,
        )

    def _observe(self, batch: Batch) -> None:
        self.seen += len(batch)

    async def _committed(self, counts: Mapping[str, int]) -> None:
        self.acknowledged.append(counts["s"])

    async def send(self, *values: int) -> None:
        await self.pipeline.deliver(rows(*values))
        self.delivered += 1

    async def until(self, done: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not done():
                await asyncio.sleep(0.002)


@contextmanager
def quick_retry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(pipeline_module, "RETRY_S", 0.005)
        yield


async def test_rows_are_committed_in_order_with_the_simulated_flag_and_acknowledged():
    rig = Rig()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(rig.pipeline.run())
        await rig.send(1, 2)
        await rig.send(3)
        await rig.until(lambda: rig.acknowledged)
        task.cancel()
    await rig.pipeline.close()
    assert rig.recorder.all == [1, 2, 3]
    assert rig.recorder.flags == {int(RowFlag.SIMULATED)}
    assert rig.acknowledged == [2]
    assert rig.pipeline.collected_rows == 3
    assert rig.seen == 3
    assert rig.recorder.stopped == 1


async def test_nothing_is_acknowledged_while_the_disk_refuses_and_order_is_kept(monkeypatch):
    rig = Rig()
    rig.recorder.refuse = True
    with quick_retry(monkeypatch):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(rig.pipeline.run())
            await rig.send(1)
            await rig.until(lambda: rig.pipeline.failure)
            await rig.send(2)
            await rig.until(lambda: rig.pipeline.pending_rows == 2)
            assert rig.acknowledged == []
            assert rig.pipeline.collected_rows == 0
            assert rig.pipeline.failure is not None
            assert rig.pipeline.failure.zh == "磁盘已满"
            rig.recorder.refuse = False
            await rig.until(lambda: rig.acknowledged)
            task.cancel()
    assert rig.pipeline.failure is None
    assert rig.recorder.all == [1, 2]
    assert rig.acknowledged == [2]
    await rig.pipeline.close()


async def test_sources_wait_when_too_much_is_pending_and_go_on_afterwards(monkeypatch):
    monkeypatch.setattr(pipeline_module, "MAX_PENDING_ROWS", 4)
    rig = Rig()
    rig.recorder.refuse = True
    with quick_retry(monkeypatch):
        async with asyncio.TaskGroup() as group:
            task = group.create_task(rig.pipeline.run())
            await rig.send(1, 2, 3, 4)
            assert rig.pipeline.overloaded
            waiting = group.create_task(rig.send(5))
            await rig.until(lambda: rig.pipeline.failure)
            assert not waiting.done()
            rig.recorder.refuse = False
            await rig.until(lambda: rig.recorder.all == [1, 2, 3, 4, 5])
            assert waiting.done()
            assert not rig.pipeline.overloaded
            task.cancel()
    await rig.pipeline.close()


@pytest.mark.parametrize("refused", [False, True], ids=["taken", "refused"])
async def test_commit_under_way_at_the_stop_is_counted_and_acknowledged_or_tried_again(
    refused: bool,
):
    rig = Rig()
    rig.recorder.go_on.clear()
    rig.recorder.refuse_next = refused
    task = asyncio.create_task(rig.pipeline.run())
    await rig.send(1, 2)
    await rig.until(rig.recorder.entered.is_set)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    await rig.send(3)
    closing = asyncio.create_task(rig.pipeline.close())
    # Whatever `close` does before the thread is back, none of it may be the last commit.
    await asyncio.sleep(0)
    rig.recorder.go_on.set()
    await closing
    assert rig.recorder.committed == ([[1, 2, 3]] if refused else [[1, 2], [3]])
    assert rig.pipeline.collected_rows == 3
    assert rig.pipeline.pending_rows == 0
    assert rig.acknowledged[-1] == 2
    assert rig.recorder.stopped == 1


async def test_rows_of_the_agent_itself_are_committed_with_the_others():
    rig = Rig(extra=lambda _now: [rows(77)])
    await rig.send(1)
    await rig.pipeline.close()
    assert rig.recorder.all == [1, 77]


async def test_files_that_need_reopening_end_the_run_after_the_rows_are_safe():
    rig = Rig()
    rig.recorder.broken = True
    await rig.send(1)
    with pytest.raises(BrokenFilesError):
        await rig.pipeline.run()
    assert rig.recorder.all == [1]
    assert rig.acknowledged == [1]
    await rig.send(2)
    with pytest.raises(BrokenFilesError):
        await rig.pipeline.close()
    assert rig.recorder.all == [1, 2], "what came meanwhile is safe too"


TWO = SignalTable.of(
    [
        Signal(device="cnc-01", name="load", role=Role.PROCESS_VALUE, type=SignalType.INT),
        Signal(device="cnc-02", name="load", role=Role.PROCESS_VALUE, type=SignalType.INT),
    ]
)


def of(signal: int, value: int) -> Batch:
    return make_batch(signal=[signal], source_ns=[0], received_ns=0, value=[value])


async def test_only_the_source_of_a_full_stream_waits_and_the_operator_is_told(caplog):
    caplog.set_level("INFO")
    rig = Rig(table=TWO)
    rig.recorder.backlog = Backlog(sealing=False, full=frozenset({0}))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(rig.pipeline.run())
        await rig.pipeline.deliver(of(0, 1))
        await rig.until(lambda: rig.pipeline.overload)
        assert rig.pipeline.held_devices == {"cnc-01"}
        assert rig.pipeline.overload is not None
        assert "cnc-01.process" in rig.pipeline.overload.en
        assert "cnc-01.process" in rig.pipeline.overload.zh
        assert "已暂缓读取" in rig.pipeline.overload.zh
        waiting = group.create_task(rig.pipeline.deliver(of(0, 2)))
        await rig.pipeline.deliver(of(1, 3))
        await rig.until(lambda: rig.recorder.all == [1, 3])
        assert not waiting.done()
        # The next block has taken the rows of the stream.
        rig.recorder.backlog = None
        await rig.pipeline.deliver(of(1, 4))
        await rig.until(lambda: rig.recorder.all == [1, 3, 4, 2])
        assert waiting.done()
        assert rig.pipeline.overload is None
        assert rig.pipeline.held_devices == set()
        task.cancel()
    await rig.pipeline.close()
    told = [r.getMessage() for r in caplog.records if r.name == "plantproof.pipeline"]
    assert len(told) == 2
    assert "held back" in told[0]
    assert told[1] == "all sources are read again"


async def test_a_minute_in_pieces_is_sealed_on_without_waiting_for_rows():
    rig = Rig()
    rig.recorder.backlog = Backlog(sealing=True, full=frozenset())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(rig.pipeline.run())
        await rig.send(1)
        # No further row comes: without the sealing the next look would be a second later each.
        async with asyncio.timeout(0.9):
            await rig.until(lambda: len(rig.recorder.committed) >= 5)
        task.cancel()
    await rig.pipeline.close()
    assert rig.recorder.all == [1]
