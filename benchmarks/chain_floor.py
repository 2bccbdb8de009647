"""The floor of the chain: socket → decode → fsynced journal → line protocol → InfluxDB, and nothing else, in one loop.

    python -m benchmarks.chain_floor PLANT.yaml

Made of the same parts as the agent, without slots, re-read, live values, sealing, board, status, watchdogs and threads:
`bench_chain` runs it as the yardstick of the same minute on the same machine. Every `FLUSH_S` what has arrived is
committed and sent in one request. SIGINT ends it.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from agent.clock import SystemClock
from agent.delivery_loop import plant_tags
from agent.sources import build_sources, protocols
from config.document import plant_document
from config.loader import load_plant
from connectors.opcua.client import Session
from connectors.opcua.convert import to_batch
from connectors.opcua.source import OpcUaSource
from model.batch import Batch
from model.flags import RowFlag
from storage.journal import Journal
from storage.journal_types import Quota
from storage.line_protocol import LineEncoder

FLUSH_S = 0.5
REQUESTS = 3


async def run(site: Path) -> None:
    """Collect until the task is cancelled."""
    clock = SystemClock()
    plant = load_plant(site, protocols=protocols(), environment=os.environ)
    table = plant_document(plant).table
    (source,) = build_sources(plant, table, clock).sources
    assert isinstance(source, OpcUaSource)
    await source.connect()
    session: Session = source._session  # type: ignore[assignment]
    influx = plant.config.storage.influx
    assert influx is not None
    at = urlsplit(influx.url)
    link = http.client.HTTPConnection(at.hostname or "", at.port)
    where = "/api/v2/write?" + urlencode(
        {"org": influx.org, "bucket": influx.bucket, "precision": "ns"}
    )
    headers = {"Authorization": f"Token {(site.parent / 'token').read_text()}"}
    encoder = LineEncoder(table, plant_tags(plant), unsigned=True)
    folder = site.parent / "data"
    folder.mkdir(exist_ok=True)
    journal = Journal.open(folder / "journal.sqlite", clock=clock, quota=Quota())
    config = journal.register(table, "floor")
    rows, told = 0, False
    waiting: list[Batch] = []
    acks: list[tuple[int, int]] = []

    async def publish() -> None:
        nonlocal acks
        while True:
            mine, acks = acks, []
            message = await session.publish(mine, source._elements)
            if message is None or message.readings is None:
                continue
            acks.append((message.subscription, message.sequence))
            batch = to_batch(message.readings, source._targets, clock.unix_ns())
            waiting.append(batch.with_flag(RowFlag.SIMULATED))

    async with asyncio.TaskGroup() as group:
        for _ in range(REQUESTS):
            group.create_task(publish())
        while True:
            await asyncio.sleep(FLUSH_S)
            if not waiting:
                continue
            block = journal.commit(waiting, slot=0, config=config)
            waiting.clear()
            if block is None:
                continue
            link.request("POST", where, encoder.encode(block.batch, block.ranks), headers)
            answer = link.getresponse()
            answer.read()
            if answer.status != 204:
                raise RuntimeError(f"InfluxDB answers {answer.status}")
            journal.acknowledge([block.info.seq])
            rows += block.info.rows
            if not told:
                # `bench_chain` waits for the first rows of all points.
                (folder / "status.json").write_text(f'{{"collected_rows": {rows}}}')
                told = rows > 3 * len(table.signals)


def main() -> None:
    """Run until SIGINT."""
    logging.basicConfig(level=logging.WARNING)

    async def work() -> None:
        task = asyncio.ensure_future(run(Path(sys.argv[1])))
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(work())


if __name__ == "__main__":
    main()
