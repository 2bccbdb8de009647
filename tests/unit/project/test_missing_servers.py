"""A test that needs a server says which one is missing and what installs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ASK = """
import sys
from tests.support.servers import ServerMissing, require
try:
    require(sys.argv[1])
except ServerMissing as missing:
    print(missing)
"""


def reason(name: str) -> str:
    """Return why `name` cannot be had where no program and no built server is found."""
    nothing = {"PATH": "/nonexistent", "PLANTPROOF_SERVERS": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-c", ASK, name],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **nothing},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.parametrize("name", ["influxdb2", "libmodbus", "victoriametrics", "chromium"])
def test_missing_server_is_named_with_what_installs_it(name: str) -> None:
    assert reason(name) == f"{name} is not installed here; `make servers` installs it"


@pytest.mark.parametrize("name", ["node_opcua", "modbus_serial"])
def test_missing_node_is_named_first(name: str) -> None:
    expected = (
        "needs Node.js, which is not installed here: install node and npm, then `make servers`"
    )
    assert reason(name) == f"{name} {expected}"
