"""All seven devices of the demo over real sockets, each with another fault, in one run of the agent.

The points have slots of 5 s and deadlines of 2 s, so that a fault of some seconds costs whole slots. What is asserted
are the rows of the sealed frames, read by the code of the verifier.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent.folders import DataFolder
from config.yaml_document import parse_yaml
from evidence.entries import Block
from model.flags import MissedCause, RowFlag
from model.status import BAD_NO_DATA
from simulators.control import send_command
from tests.support.plant_run import (
    NO_MS,
    ROOT,
    AgentProcess,
    Json,
    Row,
    entries_of,
    folder_of,
    journal_of,
    sealed_rows,
    states,
    write_plant,
)
from tests.support.prompt import PATIENCE_S

pytestmark = pytest.mark.slow

DEVICES = ["cnc-01", "cnc-02", "robot-01", "plc-01", "press-01", "meter-01", "meter-02"]
SLOT_MS = 5_000
FAULT_S = 20.0
SETTLED_MS = 3_000
"""What a device sent before its fault has arrived by then; two whole slots are left in any phase of the clock."""
SKEW_S = 120.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Instants in Unix ms: asked for, certainly begun, certainly not yet over."""

    asked_ms: int
    begun_ms: int
    until_ms: int

    @property
    def slots(self) -> list[int]:
        """Return the slots in which nothing from before or after the fault can lie."""
        return whole_slots(self.begun_ms + SETTLED_MS, self.until_ms)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run saw. Instants in Unix ms.

    start_ms: all devices were read but meter-01, which is off. back_ms: meter-01 was about to come on. all_ms: it
    was read too, before any other fault.
    """

    rows: list[Row]
    start_ms: int
    back_ms: int
    all_ms: int
    faults: dict[str, Fault]
    before_back: Json
    during: Json
    at_end: Json
    log: str

    def of(self, device: str, signal: str) -> list[Row]:
        """Return the rows of a signal."""
        return [r for r in self.rows if r[0].startswith(f"{device}.") and r[1] == signal]

    def tau(self, row: Row) -> int:
        """Return the instant of a row: of the device, else received."""
        return row[3] if row[2] == NO_MS else row[2]

    def missed(self, device: str, signal: str) -> list[tuple[int, int]]:
        """Return (start of the slot, cause) of every missed slot."""
        return [(r[2], int(str(r[4]))) for r in self.of(device, signal) if r[6] & RowFlag.MISSED]


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Json]:
    folder = tmp_path_factory.mktemp("simulators")
    ports = folder / "ports.json"
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "simulators.plant"),
                *("--ports-file", str(ports), "--speed", "30"),
            ],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
        ) as process,
    ):
        try:
            limit = time.monotonic() + PATIENCE_S
            while not ports.exists():
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < limit
                time.sleep(0.1)
            yield json.loads(ports.read_text("utf-8"))
        finally:
            process.kill()


def quick_slots(plant: dict[str, Any]) -> None:
    """Give every required point slots of 5 s by stating the signals of the profiles again.

    plc-01, of which every change of state is looked at, may take its time: a busy machine is no fault of it.
    """
    for device in plant["devices"]:
        if device["id"] == "plc-01":
            device["connection"]["timeout"] = "10 s"
        path = ROOT / "config" / "profiles" / f"{device['profile']}.yaml"
        document, faults = parse_yaml(path.read_bytes(), path.name)
        assert not faults
        device["signals"] = [
            {**signal, "slot": "5 s", "deadline": "2 s"}
            for signal in document.value["signals"]
            if signal.get("required")
        ]


@pytest.fixture(scope="module")
def seen(simulators: Json, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    ports = {name: entry["port"] for name, entry in simulators["devices"].items()}
    control = simulators["control"]["port"]

    faults: dict[str, Fault] = {}

    def command(**words: Any) -> Any:
        return asyncio.run(send_command(control, words, timeout_s=PATIENCE_S))

    def fault(device: str, kind: str, seconds: float = FAULT_S, **more: float) -> None:
        asked_ms = now_ms()
        command(device=device, fault=kind, seconds=seconds, **more)
        faults[device] = Fault(asked_ms, now_ms(), asked_ms + int(seconds * 1000))

    site = write_plant(tmp_path_factory.mktemp("plant"), ports, DEVICES, change=quick_slots)
    folder = folder_of(site)
    fault("meter-01", "disconnect", 3600)
    with AgentProcess(site) as agent:
        before_back = agent.wait_status(
            lambda s: sum(state == "ok" for state in states(s).values()) == 6
        )
        start_ms = now_ms()
        time.sleep(11)  # a whole slot and its deadline, in any phase of the clock
        back_ms = now_ms()
        command(clear="meter-01")
        agent.wait(lambda: "source meter-01: ok" in agent.log)
        all_ms = now_ms()
        fault("plc-01", "disconnect")
        fault("cnc-02", "freeze")
        fault("robot-01", "bad_quality")
        fault("press-01", "counter_reset")
        fault("meter-02", "slow", value=3.0)
        fault("cnc-01", "clock_skew", value=SKEW_S)
        during = agent.wait_status(lambda s: states(s)["plc-01"] == "recoverable")
        agent.wait(lambda: command(status=True)["faults"] == [])
        agent.wait(lambda: agent.log.count("source plc-01: ok") == 2)
        time.sleep(5)  # one more slot for all of them
        end_ms = now_ms()
        last = end_ms // 60_000
        agent.wait(lambda: _sealed_until(folder) >= last)
        at_end = agent.wait_status(lambda s: s["at_ms"] >= end_ms)
        assert agent.stop() == 0, agent.log
        log = agent.log
    rows = [row for slot_rows in sealed_rows(folder).values() for row in slot_rows]
    return Seen(rows, start_ms, back_ms, all_ms, faults, before_back, during, at_end, log)


def _sealed_until(folder: DataFolder) -> int:
    return max((e.slot for e in entries_of(folder.ledger(1)) if isinstance(e, Block)), default=-1)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def whole_slots(first_ms: int, last_ms: int) -> list[int]:
    """Return the starts of the slots that lie wholly within two instants."""
    first = -(-first_ms // SLOT_MS) * SLOT_MS
    return list(range(first, last_ms // SLOT_MS * SLOT_MS, SLOT_MS))


def test_device_off_at_start_does_not_keep_the_others_from_collecting(seen: Seen):
    shown = states(seen.before_back)
    assert shown.pop("meter-01") == "recoverable"
    assert set(shown.values()) == {"ok"}
    assert seen.before_back["collected_rows"] > 0
    reason = next(s for s in seen.before_back["sources"] if s["name"] == "meter-01")
    assert reason["en"]
    assert reason["zh"]


def test_device_off_at_start_gets_missed_rows_with_its_cause(seen: Seen):
    missed = dict(seen.missed("meter-01", "energy"))
    dead = whole_slots(seen.start_ms, seen.back_ms)
    assert dead
    for slot in dead:
        # A closed port on a machine that answers: the network is fine, the device is not.
        assert missed[slot] == MissedCause.DEVICE, (slot, missed)


def test_device_off_at_start_is_picked_up_without_a_restart(seen: Seen):
    assert states(seen.at_end)["meter-01"] == "ok"
    values = [r for r in seen.of("meter-01", "energy") if not r[6] & RowFlag.NO_VALUE]
    measured = [r for r in values if not r[6] & RowFlag.MISSED]
    assert measured
    assert min(r[3] for r in measured) >= seen.back_ms
    assert [slot for slot, _ in seen.missed("meter-01", "energy") if slot > seen.all_ms] == []


def test_missed_rows_are_formed_as_the_format_says(seen: Seen):
    missed = [r for r in seen.rows if r[6] & RowFlag.MISSED]
    assert missed
    for _, _, source_ms, received_ms, value, status, flags in missed:
        assert source_ms % SLOT_MS == 0
        # Slot end and deadline have passed when it is written.
        assert received_ms >= source_ms + SLOT_MS + 2_000
        assert value in set(MissedCause)
        assert status == BAD_NO_DATA
        assert flags == RowFlag.MISSED | RowFlag.SIMULATED


def test_device_lost_for_a_while_misses_its_slots_and_comes_back(seen: Seen):
    assert states(seen.during)["plc-01"] == "recoverable"
    assert states(seen.at_end)["plc-01"] == "ok"
    missed = dict(seen.missed("plc-01", "state"))
    fault = seen.faults["plc-01"]
    assert len(fault.slots) >= 2
    for slot in fault.slots:
        assert missed[slot] == MissedCause.DEVICE, (slot, missed)
    after = [r for r in seen.of("plc-01", "state") if r[3] > fault.until_ms]
    assert any(not r[6] & (RowFlag.NO_VALUE | RowFlag.MISSED) for r in after)


def test_frozen_device_stays_alive_and_keeps_its_last_value(seen: Seen):
    """OPC UA: it answers, so that every slot has a proof; nothing tells a frozen device from a resting one."""
    assert seen.missed("cnc-02", "good") == []
    fault = seen.faults["cnc-02"]
    # Dated within the fault and received before its end: afterwards it reports changes of that time.
    frozen = [
        r
        for r in seen.of("cnc-02", "good")
        if fault.begun_ms <= seen.tau(r) and r[3] <= fault.until_ms
    ]
    assert frozen
    assert all(r[6] & RowFlag.ALIVE for r in frozen), frozen


def test_bad_quality_rows_keep_the_status_of_the_device(seen: Seen):
    bad = [r for r in seen.of("robot-01", "state") if r[5] >> 30 == 2 and not r[6] & RowFlag.MISSED]
    assert bad
    assert {r[5] for r in bad} == {0x808B_0000}, "BadDeviceFailure as the device sent it"
    for row in bad:
        assert row[6] & RowFlag.NO_VALUE
        assert row[4] == 0
        assert row[3] >= seen.faults["robot-01"].asked_ms
    good = [r for r in seen.of("robot-01", "state") if r[3] > bad[-1][3] and r[5] == 0]
    assert good, "it is good again afterwards"


def test_counter_reset_is_kept_as_the_device_sent_it(seen: Seen):
    values = [
        (r[3], int(str(r[4])))
        for r in seen.of("press-01", "good")
        if not r[6] & (RowFlag.NO_VALUE | RowFlag.MISSED)
    ]
    drops = [(t, b) for (_, a), (t, b) in pairwise(values) if b < a]
    assert len(drops) == 1
    asked_ms = seen.faults["press-01"].asked_ms
    assert drops[0][0] >= asked_ms
    assert drops[0][1] < 100
    assert min(v for t, v in values if t < asked_ms) > drops[0][1]


def test_slow_device_is_late_or_missed_but_never_invented(seen: Seen):
    """Answers after 3 s, the limit of one answer is 1 s: no value arrives, the slots say so."""
    fault = seen.faults["meter-02"]
    first, last = fault.begun_ms + SETTLED_MS, fault.until_ms
    inside = [r for r in seen.of("meter-02", "energy") if first <= r[3] <= last]
    measured = [r for r in inside if not r[6] & (RowFlag.NO_VALUE | RowFlag.MISSED)]
    assert measured == []
    slots = {slot for slot, _ in seen.missed("meter-02", "energy")}
    bad = {r[3] // SLOT_MS * SLOT_MS for r in inside if r[6] & RowFlag.NO_VALUE}
    assert len(fault.slots) >= 2
    assert set(fault.slots) <= slots | bad


def test_clock_skew_of_the_device_is_kept_beside_our_own_time(seen: Seen):
    rows = [r for r in seen.of("cnc-01", "good") if r[2] != NO_MS and not r[6] & RowFlag.MISSED]
    ahead = [r for r in rows if r[2] - r[3] > 60_000]
    assert ahead
    for row in ahead:
        assert row[3] >= seen.faults["cnc-01"].asked_ms
        assert abs(row[2] - row[3] - SKEW_S * 1000) < 5_000


def test_every_row_of_a_simulated_plant_carries_the_mark(seen: Seen):
    assert len(seen.rows) > 200
    assert all(r[6] & RowFlag.SIMULATED for r in seen.rows)


def test_log_says_each_change_once(seen: Seen):
    lines = [
        line.split("plc-01: ", 1)[1] for line in seen.log.splitlines() if "source plc-01" in line
    ]
    said = [line.removeprefix("recoverable: ")[:24] for line in lines]
    # Lost, then refused while the port is closed, then back; the many attempts in between are not repeated.
    assert said == ["ok", "the connection to the Mo", "cannot connect to the Mo", "ok"]
    assert "Traceback" not in seen.log


def test_real_plant_refuses_a_simulated_opcua_server(simulators: Json, tmp_path: Path):
    ports = {name: entry["port"] for name, entry in simulators["devices"].items()}
    site = write_plant(tmp_path, ports, ["cnc-02", "robot-01"], realm="ev")
    with AgentProcess(site) as agent:
        status = agent.wait_status(lambda s: set(states(s).values()) == {"permanent"})
        assert agent.stop() == 0
    for source in status["sources"]:
        assert "simulat" in source["en"], source
        assert "仿真" in source["zh"], source
    rows = [row for block in journal_of(folder_of(site).journal(1)) for row in block.rows]
    assert [row for row in rows if not row[6] & RowFlag.MISSED] == [], "no value was taken"
