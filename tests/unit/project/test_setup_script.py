"""`scripts/setup.sh` names in one line what is missing on the machine, and the cure."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell script")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """An empty checkout that holds only what the script reads."""
    for name in ("scripts/setup.sh", "requirements/run.txt", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def _interpreter(folder: Path, *, version: str, refuses: str) -> Path:
    """Write a stand-in for Python that refuses every call whose arguments contain `refuses`."""
    path = folder / "fake-python"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *"{refuses}"*) exit 1;; *platform*) echo {version};; esac\nexit 0\n'
    )
    path.chmod(0o755)
    return path


def _set_up(checkout: Path, python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "scripts/setup.sh", *arguments],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "HOME": str(checkout), "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_old_python_is_named_with_the_cure(checkout: Path) -> None:
    python = _interpreter(checkout, version="3.9.2", refuses="version_info")
    result = _set_up(checkout, python, "run")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert "Python 3.11 or newer is missing" in result.stderr
    assert "PYTHON=/path/to/python3.11" in result.stderr
    assert not (checkout / ".venv").exists()


def test_missing_venv_module_is_named_with_the_cure(checkout: Path) -> None:
    python = _interpreter(checkout, version="3.11.2", refuses="ensurepip")
    result = _set_up(checkout, python, "run")
    assert result.returncode == 1
    assert len(result.stdout.splitlines()) == 1
    assert "the venv module" in result.stderr
    assert "apt-get install python3-venv" in result.stderr


def test_unknown_set_is_refused(checkout: Path) -> None:
    result = _set_up(checkout, Path(sys.executable), "everything")
    assert result.returncode == 1
    assert "use run or dev" in result.stderr
