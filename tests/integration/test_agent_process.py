"""`plantproof run` as a process: stopping, reports beside it, two agents, realm, a full disk."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.folders import DataFolder
from evidence.entries import Block, Boot, Config, Export, Genesis, PreviousHead
from evidence.note import parse_note
from model.flags import RowFlag
from tests.support.forger import accepted, read_members
from tests.support.light_plant import RunningPlant, light_plant
from tests.support.plant_run import (
    AgentProcess,
    entries_of,
    folder_of,
    invoke,
    journal_of,
    sealed_rows,
    states,
    write_plant,
)
from tests.support.process import accepts
from tests.support.prompt import PATIENCE_S, without_waiting
from tests.support.whole_log import check_whole_log

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals of POSIX"),
]
MODBUS = ["plc-01", "meter-01", "meter-02"]


@pytest.fixture(scope="module")
def plant() -> Iterator[RunningPlant]:
    with light_plant() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, plant: RunningPlant) -> Path:
    return write_plant(tmp_path, plant.ports, ["plc-01", "press-01", "meter-01", "meter-02"])


def collecting(status: dict[str, Any]) -> bool:
    return bool(status["collected_rows"] > 0)


def boots(site: Path) -> list[bool]:
    ledger = folder_of(site).ledger(1)
    return [entry.clean for entry in entries_of(ledger) if isinstance(entry, Boot)]


class LiveBrowser:
    """Reads the live stream of a board as a browser does, until the server ends it."""

    def __init__(self, board: str) -> None:
        self.events: list[str] = []
        self.first = threading.Event()
        path = "events"
        self._answer = urllib.request.urlopen(board + path, timeout=PATIENCE_S)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        with self._answer:
            for line in self._answer:
                if line.startswith(b"event: "):
                    self.events.append(line[7:].strip().decode())
                    self.first.set()

    def join(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


# stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_signal_stops_in_order_with_a_browser_connected(site: Path, number: signal.Signals):
    """In order means that no part ran into its limit: each of them writes an error or a warning when it does."""
    with AgentProcess(site, "--port", 0) as agent:
        agent.wait(lambda: agent.board)
        browser = LiveBrowser(agent.board)
        agent.wait_collecting()
        assert browser.first.wait(PATIENCE_S)
        code = agent.stop(number)
        browser.join()
        assert code == 0, agent.log
        assert browser.events[0] == "snap"
        assert browser.events[-1] == "bye"
        assert "Traceback" not in agent.log
        assert "ERROR" not in agent.log
        assert "did not close in order" not in agent.log
    assert json.loads(folder_of(site).status.read_text("utf-8"))["pid"] == 0
    answer = invoke("status", site, "--lang", "en")
    assert answer.code == 1
    assert "not running" in answer.out


def test_orderly_stop_is_followed_by_a_clean_start_and_a_kill_by_an_unclean_one(site: Path):
    with AgentProcess(site) as agent:
        agent.wait_collecting()
        assert agent.stop() == 0
    with AgentProcess(site) as agent:
        agent.wait_collecting()
        agent.kill()
    with AgentProcess(site) as agent:
        agent.wait_collecting()
        assert agent.stop() == 0
    assert boots(site) == [True, True, False]


def test_rows_of_the_last_moment_are_committed_at_the_stop(site: Path):
    with AgentProcess(site) as agent:
        agent.wait_collecting()
        assert agent.stop() == 0
    folder = folder_of(site)
    status = json.loads(folder.status.read_text("utf-8"))
    rows = [row for block in journal_of(folder.journal(1)) for row in block.rows]
    assert status["pending_rows"] == 0
    assert len(rows) == status["collected_rows"]
    assert all(row[6] & RowFlag.SIMULATED for row in rows)


def test_stop_while_a_changed_configuration_waits_for_the_next_minute(
    tmp_path: Path, plant: RunningPlant
):
    site = write_plant(tmp_path, plant.ports, MODBUS)
    # The clock of the agent is set to the begin of a minute, so that its rows are not sealed before it stops.
    offset = site.with_name("clock-offset")
    offset.write_text(str(-int(time.time() % 60)))
    with AgentProcess(site, fast=(time.time_ns(), 1)) as agent:
        agent.wait_collecting()
        assert agent.stop() == 0
    offset.unlink()
    slot = journal_of(folder_of(site).journal(1))[-1].slot
    # The second run lives in the first second of that very minute, however long the machine takes to start it.
    standing = ((slot * 60 + 1) * 10**9, 0)
    write_plant(tmp_path, plant.ports, MODBUS, change=lambda p: p["site"].update(name="另一个车间"))
    with AgentProcess(site, fast=standing) as agent:
        agent.wait(lambda: "a changed configuration waits 59000 ms" in agent.log)
        with without_waiting(59):
            assert agent.stop(signal.SIGINT) == 0, agent.log
    entries = entries_of(folder_of(site).ledger(1))
    assert sum(isinstance(e, Config) for e in entries) == 1
    assert boots(site) == [True], (
        "nothing was written, and the mark of the clean stop is still there"
    )
    assert (folder_of(site).root / "clean").exists()


# two agents


def test_second_agent_on_the_same_data_is_refused_and_harms_nothing(site: Path):
    with AgentProcess(site) as first:
        first.wait_collecting()
        with AgentProcess(site, "--no-board", "--lang", "en", log="second.log") as second:
            assert second.process.wait(PATIENCE_S) == 1
            assert "is in use by another plantproof process; stop that one first" in second.log
            assert "Traceback" not in second.log
        assert first.process.poll() is None
        assert first.stop() == 0
    assert boots(site) == [True]
    assert (folder_of(site).root / "clean").exists()


def test_board_port_that_is_taken_ends_the_start_with_a_reason(site: Path):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with AgentProcess(site, "--port", port, "--lang", "en") as agent:
            assert agent.process.wait(PATIENCE_S) == 1
            assert f"the board cannot listen on 127.0.0.1:{port}" in agent.log
            assert "Traceback" not in agent.log


# reports


def test_report_beside_the_running_agent_and_after_it(tmp_path: Path, plant: RunningPlant):
    site = write_plant(tmp_path, plant.ports, MODBUS)
    folder = folder_of(site)
    fast = (time.time_ns(), 120)
    with AgentProcess(site, fast=fast) as agent:
        agent.wait_collecting()

        def sealed() -> list[int]:
            return blocks(folder, 1)

        agent.wait(lambda: len(sealed()) >= 3)
        first = sealed()[0]
        window = ["--from", iso(first), "--to", iso(first + 6)]
        # Two slots are sealed in a second: one that is hours away is not reached while the command runs.
        early = invoke(
            "report", site, "--from", iso(first), "--to", iso(first + 600), "--lang", "en"
        )
        assert early.code == 1
        found = re.search(r"the log is sealed up to slot (\d+); the window needs (\d+) ", early.err)
        assert found is not None, early.err
        assert int(found[2]) == first + 600 + 10
        assert int(found[1]) < int(found[2])
        agent.wait(lambda: len(sealed()) >= 24)
        done = invoke("report", site, *window, "--json")
        assert done.code == 0, done.out + done.err
        exports = [e for e in entries_of(folder.ledger(1)) if isinstance(e, Export)]
        digest = done.json["data"]["statement_sha256"]
        assert [e.sha256.hex() for e in exports] == [digest], "recorded by the running agent"
        check_report(done.json["data"])
        assert agent.process.poll() is None
        assert agent.stop() == 0
    again = invoke("report", site, *window, "--out", tmp_path / "later", "--json")
    assert again.code == 0, again.out + again.err
    check_report(again.json["data"])
    assert Path(again.json["data"]["bundle"]).parent == tmp_path / "later"
    assert len([e for e in entries_of(folder.ledger(1)) if isinstance(e, Export)]) == 2
    # A report made in between does not make the next start look like one after a crash.
    assert (folder.root / "clean").exists()
    # The lead of a before period ends at the start of the log: both periods then take the shorter lead.
    before = ["--before-from", iso(first + 1), "--before-to", iso(first + 5)]
    after = ["--from", iso(first + 7), "--to", iso(first + 12)]
    both = invoke("report", site, *after, *before, "--json")
    assert both.code == 0, both.out + both.err
    check_report(both.json["data"])
    too_far = invoke(
        "report", site, "--from", iso(first), "--to", iso(first + 5000), "--lang", "zh"
    )
    assert too_far.code == 1
    assert "统计窗口需要到" in too_far.err


def check_report(data: dict[str, str]) -> None:
    """Check that a stranger verifies it, and that it says simulated."""
    members = read_members(Path(data["bundle"]))
    verified = accepted(members, Path(data["policy"]).read_bytes())
    assert verified.simulated
    assert verified.claims
    assert "模拟数据" in members["README.txt"].decode("utf-8")
    assert members["report.pdf"] == Path(data["report"]).read_bytes()


def iso(slot: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M+00:00", time.gmtime(slot * 60))


# the clock


def test_clock_set_back_two_hours_begins_a_new_epoch_without_a_restart(
    tmp_path: Path, plant: RunningPlant
):
    site = write_plant(tmp_path, plant.ports, MODBUS)
    folder = folder_of(site)
    with AgentProcess(site, fast=(time.time_ns(), 60)) as agent:
        agent.wait_collecting()
        agent.wait(lambda: len(blocks(folder, 1)) >= 2)
        partial = site.with_name("clock-offset.part")
        partial.write_text("-7200")
        partial.rename(site.with_name("clock-offset"))
        agent.wait(lambda: folder.last_epoch() == 2)
        agent.wait(lambda: len(blocks(folder, 2)) >= 2)
        assert agent.stop() == 0, agent.log
    assert "the clock went back by more than an hour" in agent.log
    first, second = entries_of(folder.ledger(1)), entries_of(folder.ledger(2))
    head = parse_note((folder.ledger(1) / "checkpoint").read_bytes()).checkpoint
    assert head.size == len(first), "the old log is signed to its end"
    genesis = second[0]
    assert isinstance(genesis, Genesis)
    assert genesis.prev == PreviousHead(head.origin, head.root, head.size)
    ends = (blocks(folder, 1)[-1], blocks(folder, 2)[0])
    # 120 slots back, less what passed until the new epoch was open: a slot is a second here.
    assert 60 < ends[0] - ends[1] <= 120
    for epoch in (1, 2):
        check_whole_log(folder, site, epoch)
        journal = [r for b in journal_of(folder.journal(epoch)) for r in b.rows]
        sealed = [row for rows in sealed_rows(folder, epoch).values() for row in rows]
        if epoch == 1:
            assert sorted(map(str, journal)) == sorted(map(str, sealed)), "all of it is sealed"
        assert len(sealed) > 0


def blocks(folder: DataFolder, epoch: int) -> list[int]:
    """Return the sealed slots of an epoch, at any moment."""
    return [e.slot for e in entries_of(folder.ledger(epoch)) if isinstance(e, Block)]


# realm


def test_real_plant_refuses_simulators_and_says_so_in_its_status(
    tmp_path: Path, plant: RunningPlant
):
    site = write_plant(tmp_path, plant.ports, ["plc-01", "press-01"], realm="ev")
    with AgentProcess(site) as agent:
        status = agent.wait_status(lambda s: set(states(s).values()) == {"permanent"})
        for source in status["sources"]:
            assert "simulat" in source["en"], source
            assert "仿真" in source["zh"] or "模拟" in source["zh"], source
        assert agent.stop() == 0
    rows = [row for block in journal_of(folder_of(site).journal(1)) for row in block.rows]
    assert [row for row in rows if not row[6] & RowFlag.MISSED] == [], "no value was taken"
    answer = invoke("status", site, "--lang", "en")
    assert "✗ plc-01: permanent" in answer.out


def test_board_of_a_simulated_plant_says_so(site: Path):
    with AgentProcess(site, "--port", 0) as agent:
        agent.wait(lambda: agent.board)
        agent.wait_collecting()
        with urllib.request.urlopen(agent.board, timeout=PATIENCE_S) as page:
            html = page.read().decode("utf-8")
        assert "模拟" in html or "仿真" in html
        with urllib.request.urlopen(agent.board + "api/board", timeout=PATIENCE_S) as answer:
            snapshot = json.load(answer)
        assert snapshot["simulated"] is True
        assert agent.stop() == 0


# a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 MB of its own; the journal leaves 64 MB of it alone."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    folder = tmp_path / "disk"
    folder.mkdir()
    made = -1
    if mount and umount and os.name == "posix" and os.geteuid() == 0:
        made = subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=96m", "plantproof-test", folder],
            capture_output=True,
            check=False,
        ).returncode
    if made != 0:
        pytest.skip(
            "mounting a small disk in memory needs root: run the tests as root to see this one"
        )
    try:
        yield folder
    finally:
        subprocess.run([str(umount), folder], check=True)


@pytest.mark.parametrize("left_kb", [40_000, 0], ids=["below-the-reserve", "not-a-byte-left"])
def test_full_disk_is_reported_loses_nothing_and_collection_goes_on(
    small_disk: Path, plant: RunningPlant, left_kb: int
):
    def change(content: dict[str, Any]) -> None:
        for device in content["devices"]:
            device["connection"] |= {"every_poll": True, "poll_interval": "100 ms"}

    site = write_plant(small_disk.parent, plant.ports, MODBUS, change=change)
    text = site.read_text("utf-8").replace("folder: data", f"folder: {small_disk / 'data'}")
    site.write_text(text, encoding="utf-8")
    folder = folder_of(site)
    filler = small_disk / "filler"
    with AgentProcess(site, fast=(time.time_ns(), 30)) as agent:
        agent.wait_collecting()
        agent.wait(lambda: any(isinstance(e, Block) for e in entries_of(folder.ledger(1))))
        fill(filler, left_kb)
        if left_kb:
            # The journal refuses before the disk is full, so that sealing and this very report still have room.
            full = agent.wait_status(lambda s: s["problem_en"])
            assert "less than the reserve of 67108864 bytes free" in full["problem_en"]
            assert full["problem_zh"]
            frozen = agent.wait_status(lambda s: s["at_ms"] > full["at_ms"])
            assert frozen["collected_rows"] == full["collected_rows"], "nothing is called collected"
            assert frozen["pending_rows"] > 0
        else:
            agent.wait(lambda: "rows cannot be committed" in agent.log)
        time.sleep(3)
        assert agent.process.poll() is None, agent.log
        kept = journal_of(folder.journal(1))
        filler.unlink()
        agent.wait(lambda: "rows are committed again" in agent.log)
        again = agent.wait_status(lambda s: not s["problem_en"] and s["collected_rows"])
        agent.wait_status(lambda s: s["blocks"] > again["blocks"])
        assert agent.stop() == 0, agent.log
    assert "Traceback" not in agent.log
    journal = journal_of(folder.journal(1))
    assert journal[: len(kept)] == kept
    status = json.loads(folder.status.read_text("utf-8"))
    assert status["lost_rows"] == 0
    frames = sealed_rows(folder)
    last = max(frames)
    sealed = sum(map(len, frames.values()))
    # To make room the journal drops blocks that are delivered and sealed; every row is in the frames or still in it.
    assert sealed + sum(len(b.rows) for b in journal if b.slot > last) == status["collected_rows"]


def fill(path: Path, left_kb: int) -> None:
    """Fill the disk until so much is left."""
    free = shutil.disk_usage(path.parent).free - left_kb * 1024
    with path.open("wb", buffering=0) as file:
        try:
            file.write(bytes(max(free, 0)))
            while not left_kb:
                file.write(bytes(4096))
        except OSError:
            pass


def test_ports_of_the_plant_are_open(plant: RunningPlant):
    assert all(accepts(port) for port in plant.ports.values())
