"""The wheel holds the nine packages with all their data, the licences and the two programs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def _on_disk() -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".part"
    }


def test_wheel_holds_every_file_of_the_packages(wheel: zipfile.ZipFile) -> None:
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == _on_disk()


def test_wheel_holds_what_a_run_needs_besides_code(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    for folder, suffix in [
        ("agent/web/static/", ".js"),
        ("agent/web/static/", ".woff2"),
        ("reports/fonts/", ".otf"),
    ]:
        assert any(n.startswith(folder) and n.endswith(suffix) for n in names), (folder, suffix)


def test_wheel_has_licences_and_programs(wheel: zipfile.ZipFile) -> None:
    info = f"plantproof-{PROJECT['project']['version']}.dist-info"
    names = set(wheel.namelist())
    licences = {path.name for path in (ROOT / "THIRD_PARTY_LICENSES").iterdir()}
    assert f"{info}/licenses/LICENSE" in names
    assert {f"{info}/licenses/THIRD_PARTY_LICENSES/{name}" for name in licences} <= names
    programs = wheel.read(f"{info}/entry_points.txt").decode()
    assert "plantproof = agent.cli:main" in programs
    assert "plantproof-verify = evidence.cli:main" in programs
