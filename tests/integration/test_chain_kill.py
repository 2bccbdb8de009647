"""kill -9 of the whole agent at random moments, fifty times: no acknowledged sample is lost, it starts by itself."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.log_reader import SealedLog
from evidence.entries import Block, Boot, Off
from tests.support.agent_forks import agent_forks
from tests.support.forger import accepted, read_members
from tests.support.light_plant import RunningPlant, light_plant
from tests.support.plant_run import (
    ROOT,
    AgentProcess,
    JournalRows,
    by_stream,
    entries_of,
    folder_of,
    journal_of,
    plantproof,
    sealed_rows,
    write_plant,
)
from tests.support.prompt import PATIENCE_S
from tests.support.whole_log import check_whole_log

DEVICES = ["plc-01", "press-01", "meter-01", "meter-02"]
SEED = 20_261_121
FACTOR = 40
"""The wall clock runs so much faster, so that a minute ends every one and a half seconds."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="SIGKILL and fork are POSIX"),
]


@pytest.fixture(scope="module")
def plant() -> Iterator[RunningPlant]:
    with light_plant() as running:
        yield running


def write_busy_plant(folder: Path, plant: RunningPlant, poll: str) -> Path:
    """Write a plant file whose Modbus devices give every reading."""

    def change(content: dict[str, Any]) -> None:
        for device in content["devices"]:
            if device["connection"]["protocol"] == "modbus":
                device["connection"] |= {"every_poll": True, "poll_interval": poll}

    return write_plant(folder, plant.ports, DEVICES, change=change)


def assert_nothing_lost(site: Path, acknowledged: dict[int, JournalRows]) -> int:
    """Compare the journal with the frames row by row and in order; return the number of sealed rows.

    acknowledged: every block that was on disk at the moment of some kill.
    """
    folder = folder_of(site)
    journal = journal_of(folder.journal(1))
    after = {block.seq: block for block in journal}
    for seq, block in acknowledged.items():
        assert after[seq] == block, f"block {seq} changed or vanished"
    assert [block.seq for block in journal] == list(range(1, len(journal) + 1))
    frames = sealed_rows(folder)
    sealed = by_stream(row for slot in sorted(frames) for row in frames[slot])
    collected = by_stream(row for block in journal for row in block.rows)
    left: dict[str, int] = {}
    for stream, rows in collected.items():
        n = len(sealed.get(stream, []))
        # The sealed rows are exactly the first ones of the journal: none lost, none twice, none out of order.
        assert rows[:n] == sealed.get(stream, []), stream
        left[stream] = len(rows) - n
    assert set(sealed) <= set(collected)
    last = max(frames, default=-1)
    unsealed = [block for block in journal if block.slot > last]
    # What is not sealed are the rows of the minute that ran at the end.
    assert len({block.slot for block in unsealed}) <= 1
    assert sum(left.values()) == sum(len(block.rows) for block in unsealed)
    return sum(map(len, sealed.values()))


def test_forty_six_kills_and_more_over_many_minutes(tmp_path: Path, plant: RunningPlant):
    site = write_busy_plant(tmp_path, plant, "100 ms")
    folder = folder_of(site)
    log = tmp_path / "agent.log"
    rng = random.Random(SEED)
    acknowledged: dict[int, JournalRows] = {}
    anchor = time.time_ns()
    kills = opened = rows = 0
    longest_s = 1.5
    with agent_forks(site, ROOT, log, anchor_ns=anchor, factor=FACTOR) as forks:
        # A run that is killed before it opened the log is a case too, but most must come further: on a busy machine
        # that takes longer lives and more of them.
        while kills < 46 or opened < 36 or rows <= 500:
            assert kills < 300, log.read_text("utf-8")[-3000:]
            pid = forks.start()
            time.sleep(rng.uniform(0.05, longest_s))
            os.kill(pid, signal.SIGKILL)
            assert forks.wait() == -signal.SIGKILL, log.read_text("utf-8")[-3000:]
            kills += 1
            if folder.journal(1).exists():
                acknowledged |= {block.seq: block for block in journal_of(folder.journal(1))}
            rows = sum(len(block.rows) for block in acknowledged.values())
            before = opened
            opened = sum(isinstance(e, Boot) for e in entries_of(folder.ledger(1)))
            longest_s *= 1.1 if opened == before else 1.0
        pid = forks.start()
        before = len(entries_of(folder.ledger(1)))
        deadline = time.monotonic() + PATIENCE_S
        while sum(isinstance(e, Block) for e in entries_of(folder.ledger(1))[before:]) < 3:
            assert time.monotonic() < deadline, log.read_text("utf-8")[-3000:]
            time.sleep(0.1)
        os.kill(pid, signal.SIGTERM)
        assert forks.wait() == 0, log.read_text("utf-8")[-3000:]
    assert "Traceback" not in log.read_text("utf-8")
    assert folder.last_epoch() == 1, "no log was given up"
    assert rows > 500
    assert assert_nothing_lost(site, acknowledged) > 500

    entries = entries_of(folder.ledger(1))
    boots = [entry.clean for entry in entries if isinstance(entry, Boot)]
    # A run that was killed before it opened the log left no boot entry; every other but the first was unclean.
    assert 36 <= len(boots) <= kills + 1
    assert boots == [True] + [False] * (len(boots) - 1)
    covered = _covered(entries)
    assert covered == list(range(covered[0], covered[-1] + 1)), "no slot is missing, none twice"
    rules = check_whole_log(folder, site)
    assert rules.blocks.durations.count(0) > 0, "some minutes were recovered after a crash"

    # A stranger verifies a report over the whole of it.
    first = next(entry.slot for entry in entries if isinstance(entry, Block))
    start, end = _iso(first + 1), _iso(covered[-1] - 11)
    report = plantproof("report", site, "--from", start, "--to", end, "--json")
    assert report.code == 0, report.err
    data = report.json["data"]
    verified = accepted(read_members(Path(data["bundle"])), Path(data["policy"]).read_bytes())
    found = {finding.code for finding in verified.findings}
    assert {"unclean-boot", "recovered"} <= found


def test_four_kills_of_the_installed_command(tmp_path: Path, plant: RunningPlant):
    site = write_busy_plant(tmp_path, plant, "100 ms")
    folder = folder_of(site)
    rng = random.Random(SEED)
    acknowledged: dict[int, JournalRows] = {}
    for _ in range(4):
        with AgentProcess(site) as agent:
            agent.wait_collecting()
            time.sleep(rng.uniform(0, 1.2))
            agent.kill()
        acknowledged |= {block.seq: block for block in journal_of(folder.journal(1))}
    assert len(acknowledged) >= 4
    with AgentProcess(site) as agent:
        agent.wait_collecting()
        assert agent.stop() == 0, agent.log
    assert_nothing_lost(site, acknowledged)
    boots = [e.clean for e in entries_of(folder.ledger(1)) if isinstance(e, Boot)]
    assert boots == [True] + [False] * 4
    check_whole_log(folder, site)
    assert str(SealedLog.open(folder).head.origin) == "sim/91500000DEMO000001/ws1/1"


def _covered(entries: list[object]) -> list[int]:
    slots: list[int] = []
    for entry in entries:
        if isinstance(entry, Block):
            slots.append(entry.slot)
        elif isinstance(entry, Off):
            slots += range(entry.slot, entry.slot + entry.slots)
    return slots


def _iso(slot: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M+00:00", time.gmtime(slot * 60))
