"""With PLANTPROOF_NO_SKIP=1 a skipped test fails the session, unless third-party data is absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CASES = [
    ("pytest.skip('no reason that counts')", pytest.ExitCode.TESTS_FAILED),
    ("shared_data('no/such/file')", pytest.ExitCode.OK),
]


@pytest.mark.parametrize(("body", "expected"), CASES)
def test_skip_in_ci(tmp_path: Path, body: str, expected: int) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import pytest_configure as pytest_configure\n"
    )
    (tmp_path / "test_one.py").write_text(
        "import pytest\nfrom tests.support.shared import shared_data\n"
        f"def test_one():\n    {body}\n"
    )
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            tmp_path,
            tmp_path,
        ],
        cwd=ROOT,
        env={**os.environ, "PLANTPROOF_NO_SKIP": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == expected, result.stdout
    assert ("skipped although" in result.stdout) == (expected != pytest.ExitCode.OK)
