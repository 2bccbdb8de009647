"""A disk that refuses, by the kernel's own limit: nothing acknowledged is lost, and it goes on afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_full_disk_refuses_with_a_cure_and_loses_nothing(tmp_path):
    child = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("full_disk.py")), str(tmp_path)],
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr.decode()
    found = json.loads(child.stdout)
    journal = found["journal"]
    assert journal["done"] > 5
    assert journal["again"] == journal["done"] + 1, "the refused batch took no sequence"
    assert journal["whole"]
    assert journal["losses"] == 0
    assert "j.db" in journal["message"]
    assert "Free space" in journal["message"]
    assert found["archive"]["done"] > 50
    assert found["archive"]["whole"]
    assert found["ledger"]["index"] == found["ledger"]["done"]
    assert found["ledger"]["size"] == found["reopened"]["size"]
    assert found["reopened"] == {"size": found["ledger"]["size"], "torn": 0, "last": '{"again":1}'}
