"""The plant as a process of its own, as `plantproof demo` starts it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.control import send_command
from tests.support.prompt import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
NAMES = {"cnc-01", "cnc-02", "robot-01", "plc-01", "press-01", "meter-01", "meter-02"}


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not reach a process on Windows")
async def test_process_writes_ports_serves_and_stops_cleanly_on_sigterm(tmp_path):
    ports_file = tmp_path / "ports.json"
    with subprocess.Popen(
        [sys.executable, "-m", "simulators.plant", "--ports-file", str(ports_file), "--seed", "11"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            line = await asyncio.to_thread(process.stdout.readline)
            assert line.startswith("ready"), process.stderr.read()
            ports = json.loads(ports_file.read_text(encoding="utf-8"))
            assert ports["seed"] == 11
            assert set(ports["devices"]) == NAMES
            for address in ports["devices"].values():
                _, writer = await asyncio.open_connection("127.0.0.1", address["port"])
                writer.close()
                await writer.wait_closed()
            answer = await send_command(ports["control"]["port"], {"status": True})
            assert answer == {"ok": True, "faults": []}
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()
