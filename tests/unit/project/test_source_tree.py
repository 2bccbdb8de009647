"""Rules of the source tree that no linter knows."""

from __future__ import annotations

import importlib
import importlib.metadata
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
MOST_LINES = 600


def test_no_source_file_is_longer_than_six_hundred_lines() -> None:
    sources = [
        path
        for folder in [*PACKAGES, "tests", "scripts", "benchmarks"]
        for suffix in ("*.py", "*.sh", "*.js", "*.c")
        for path in (ROOT / folder).rglob(suffix)
        if "vendor" not in path.parts
    ]
    assert len(sources) > len(PACKAGES)
    lengths = {path: len(path.read_bytes().splitlines()) for path in sources}
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MOST_LINES}
    assert too_long == {}


def test_every_folder_of_python_code_is_a_package() -> None:
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    bare = [
        str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()
    ]
    assert bare == []


@pytest.mark.parametrize("package", PACKAGES)
def test_package_is_ours_and_of_no_other_distribution(package: str) -> None:
    module = importlib.import_module(package)
    assert Path(module.__file__).is_relative_to(ROOT)
    owners = set(importlib.metadata.packages_distributions().get(package, []))
    assert owners <= {"plantproof"}


def test_tools_and_contracts_cover_every_package() -> None:
    tools = PROJECT["tool"]
    assert set(tools["mypy"]["packages"]) == set(PACKAGES)
    assert set(tools["coverage"]["run"]["source"]) == set(PACKAGES)
    assert set(tools["importlinter"]["root_packages"]) == set(PACKAGES)
    assert {path.parent.name for path in ROOT.glob("*/py.typed")} == set(PACKAGES)
