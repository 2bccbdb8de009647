"""The delivery thread over a real journal and embedded store: what it sends, how it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import delivery_loop
from agent.clock import SystemClock
from agent.delivery_loop import DeliveryLoop, plant_store
from agent.folders import DataFolder, data_folder
from config.document import plant_document
from config.loader import LoadedPlant
from model.batch import make_batch
from model.errors import TransientError
from model.signal import SignalTable
from storage.journal import Journal
from tests.support.plant_run import loaded, write_plant

T0 = 1_800_000_000_000_000_000


@dataclass
class Rig:
    plant: LoadedPlant
    folder: DataFolder
    journal: Journal
    table: SignalTable
    config: int
    loop: DeliveryLoop
    sent: int = 0

    def commit(self, rows: int = 3) -> None:
        batch = make_batch(
            signal=[0] * rows,
            source_ns=[T0 + self.sent + i for i in range(rows)],
            received_ns=T0,
            value=[1] * rows,
        )
        self.sent += rows
        block = self.journal.commit([batch], slot=1, config=self.config)
        assert block is not None
        self.loop.committed(block)

    def stored(self) -> int:
        store = plant_store(self.plant, self.folder)
        try:
            return sum(store.count_by_device(T0 - 1, T0 + 10**9).values())
        finally:
            store.close()


@contextmanager
def rig(tmp_path: Path) -> Iterator[Rig]:
    plant = loaded(write_plant(tmp_path, {"plc-01": 1502}, ["plc-01"]))
    folder = data_folder(plant)
    folder.root.mkdir(parents=True, exist_ok=True)
    document = plant_document(plant)
    with Journal.open(folder.journal(1), clock=SystemClock()) as journal:
        config = journal.register(document.table, document.sha256)
        loop = DeliveryLoop(plant, folder, journal, SystemClock())
        yield Rig(plant, folder, journal, document.table, config, loop)


async def until(done, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.005)


async def test_what_was_committed_last_is_sent_at_the_end_of_the_run(tmp_path):
    with rig(tmp_path) as r:
        task = asyncio.create_task(r.loop.run())
        r.commit()
        await until(lambda: r.loop.state.delivered_rows == 3)
        # Right after a request the next one would come three seconds later.
        r.commit(5)
        task.cancel()
        r.loop.close()
        assert r.loop.state.delivered_rows == 8
        assert r.journal.pending_blocks == 0
        assert r.stored() == 8


async def test_a_store_that_hangs_is_left_behind_and_touches_no_closed_journal(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(delivery_loop, "END_S", 0.05)
    inside, go_on = threading.Event(), threading.Event()
    with rig(tmp_path) as r:
        write = r.loop._store.write

        def hang(blocks):
            inside.set()
            assert go_on.wait(20)
            write(blocks)

        monkeypatch.setattr(r.loop._store, "write", hang)
        r.commit()
        task = asyncio.create_task(r.loop.run())
        await asyncio.to_thread(inside.wait, 10)
        task.cancel()
        r.loop.close()
        assert r.journal.pending_blocks == 1, "not acknowledged: it is sent again after the start"
    thread = r.loop._thread
    assert thread is not None
    assert thread.is_alive()
    go_on.set()
    await asyncio.to_thread(thread.join, 10)
    assert not thread.is_alive()
    assert r.stored() == 3, "what hung arrived after all; sending it again changes nothing"


async def test_a_store_that_refuses_is_named_and_tried_again(tmp_path, monkeypatch):
    with rig(tmp_path) as r:
        write, refusals = r.loop._store.write, [TransientError("down", "停机")]

        def refuse_once(blocks):
            if refusals:
                raise refusals.pop()
            write(blocks)

        monkeypatch.setattr(r.loop._store, "write", refuse_once)
        r.commit()
        task = asyncio.create_task(r.loop.run())
        await until(lambda: r.loop.state.problem_zh == "停机")
        await until(lambda: r.loop.state.delivered_rows == 3)
        assert r.loop.state.problem_en == ""
        task.cancel()
        r.loop.close()


async def test_a_fault_of_the_program_ends_the_run(tmp_path, monkeypatch):
    with rig(tmp_path) as r:

        def broken(_blocks):
            raise ZeroDivisionError

        monkeypatch.setattr(r.loop._store, "write", broken)
        r.commit()
        with pytest.raises(ZeroDivisionError):
            await r.loop.run()
        r.loop.close()
