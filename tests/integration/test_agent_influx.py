"""The whole agent with a real InfluxDB: down at start, killed, hanging; then rows there = rows committed."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from agent.delivery_loop import plant_store
from agent.folders import data_folder
from storage.journal import Journal
from storage.journal_types import Quota
from storage.points import points_by_device
from storage.store import StoreBlock
from tests.support.light_plant import light_plant
from tests.support.plant_run import AgentProcess, Json, loaded, plantproof, write_plant
from tests.support.servers import InfluxDb2, influxdb2

DEVICES = ["plc-01", "press-01", "meter-01", "meter-02"]


def _with_influx(db: InfluxDb2) -> Any:
    def change(plant: dict[str, Any]) -> None:
        plant["storage"] = {
            "folder": "data",
            "influx": {
                "url": db.url,
                "org": db.org,
                "bucket": db.bucket,
                "token_env": "INFLUX_TOKEN",
                "timeout": "2 s",
            },
        }

    return change


def _points(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Return the distinct points of a journal by device: of all blocks, and of those not acknowledged yet."""
    with Journal.open(path, clock=SystemClock(), quota=Quota(bytes=20 << 30)) as journal:
        delivered, waiting = [], []
        for info in journal.infos():
            block = journal.block(info.seq)
            assert block is not None
            part = StoreBlock(info.seq, journal.table(info.config), block.batch, block.ranks)
            (delivered if info.delivered else waiting).append(part)
        everything = Counter(points_by_device([*delivered, *waiting], 0, 2**62))
        return everything, everything - Counter(points_by_device(delivered, 0, 2**62))


def _wait_caught_up(agent: AgentProcess) -> Json:
    """Return the status in which as many rows are delivered as were collected when the outage ended."""
    present = agent.status()
    assert present is not None
    return agent.wait_status(
        lambda s: (
            not s["problem_en"]
            and s["collected_rows"] - s["undelivered_rows"] >= present["collected_rows"]
        )
    )


@pytest.mark.integration
@pytest.mark.slow
def test_outages_of_influxdb_stop_no_collection_and_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with influxdb2() as db, light_plant() as plant:
        monkeypatch.setenv("INFLUX_TOKEN", db.token)
        site = write_plant(tmp_path, plant.ports, DEVICES, change=_with_influx(db))
        db.process.stop()
        with AgentProcess(site) as agent:
            # Down at start: the agent runs, collects, and says what is wrong.
            status = agent.wait_status(lambda s: s["collected_rows"] > 20 and s["problem_en"])
            assert status["undelivered_rows"] > 0
            assert db.url in status["problem_en"]
            assert "InfluxDB" in status["problem_zh"]
            db.process.start()
            _wait_caught_up(agent)
            # Killed in the middle.
            db.process.kill()
            before = agent.wait_status(lambda s: s["problem_en"])["collected_rows"]
            agent.wait_status(lambda s: s["collected_rows"] > before + 20)
            db.process.start()
            _wait_caught_up(agent)
            # Hanging: requests time out, commits go on.
            db.process.pause()
            before = agent.wait_status(lambda s: s["problem_en"])["collected_rows"]
            agent.wait_status(lambda s: s["collected_rows"] > before + 20)
            db.process.resume()
            early = _wait_caught_up(agent)
            last = agent.wait_status(lambda s: s["at_ms"] > early["at_ms"] and not s["problem_en"])
            assert agent.stop(signal.SIGINT) == 0
            end = json.loads(agent.status_path.read_text("utf-8"))
        plant_file = loaded(site)
        folder = data_folder(plant_file)
        committed, waiting = _points(folder.journal(1))
        store = plant_store(plant_file, folder)
        try:
            found = Counter(store.count_by_device(0, 2**62))
        finally:
            store.close()
        # What the last flush committed may not have been sent before the stop; everything else is there, once.
        assert set(found) == set(DEVICES)
        for device in DEVICES:
            assert committed[device] - waiting[device] <= found[device] <= committed[device]
        # The count of what waits is up to a second older than the rest of a status: so what came since counts.
        since = end["collected_rows"] - early["collected_rows"]
        assert sum(waiting.values()) <= last["undelivered_rows"] + since


@pytest.mark.integration
def test_check_online_says_in_plain_words_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with influxdb2() as db, light_plant() as plant:
        site = write_plant(tmp_path, plant.ports, ["plc-01"], change=_with_influx(db))
        good = plantproof("check", site, "--online", INFLUX_TOKEN=db.token)
        assert good.code == 0
        assert "测试点写入成功" in good.out
        assert "✗" not in good.out
        wrong = plantproof("check", site, "--online", INFLUX_TOKEN="not-the-token")
        assert wrong.code == 69
        assert "✗" in wrong.out
        db.process.stop()
        gone = plantproof("check", site, "--online", "--lang", "en", INFLUX_TOKEN=db.token)
        assert gone.code == 69
        assert db.url in gone.out
        assert os.environ.get("INFLUX_TOKEN") is None
