"""Lock files pin every dependency by hash and name no place to download it from."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SERVERS = ROOT / "tests" / "servers"


def _normal(name: str) -> str:
    """Return the normalised form of a package name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(name: str) -> dict[str, str]:
    """Return the text after the name, hashes included, of each pin of a requirements file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    blocks = re.findall(
        r"^([A-Za-z0-9._-]+)((?:\[[a-z0-9,._-]+\])?==.*(?:\n {4}.*)*)", text, re.MULTILINE
    )
    pins: dict[str, str] = {}
    for package, rest in blocks:
        pins[_normal(package)] = pins.get(_normal(package), "") + rest
    return pins


def _wanted(requirements: list[str]) -> set[str]:
    return {_normal(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in requirements}


@pytest.mark.parametrize("name", ["run", "dev"])
def test_requirements_have_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=", ""), re.MULTILINE)
    pins = _pins(name)
    assert pins
    for package, pin in pins.items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", pin), package


def test_requirements_cover_what_the_project_declares() -> None:
    assert _wanted(PROJECT["project"]["dependencies"]) <= _pins("run").keys()
    assert _wanted(PROJECT["build-system"]["requires"]) <= _pins("run").keys()
    assert _wanted(PROJECT["dependency-groups"]["dev"]) <= _pins("dev").keys()


def test_dev_requirements_contain_the_run_requirements_unchanged() -> None:
    run, dev = _pins("run"), _pins("dev")
    assert {name: dev.get(name) for name in run} == run


def _extras(pin: str) -> set[str]:
    found = re.match(r"\[([^\]]+)\]", pin)
    return {_normal(extra) for extra in found[1].split(",")} if found else set()


def test_a_package_that_is_wanted_with_an_extra_is_pinned_with_it() -> None:
    """pip 23.2 refuses the pin `a==1` for a requirement `a[x]>=1`: once an index offers a newer `a` it stops with
    "all requirements must have their versions pinned with ==". What each package wants is read from its metadata."""
    pins = _pins("dev")
    seen = 0
    for package in pins:
        try:
            wanted = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # a package of another system
        for line in wanted:
            found = re.match(r"([A-Za-z0-9._-]+)\s*\[([^\]]+)\]", line)
            if found is None or "extra ==" in line or _normal(found[1]) not in pins:
                continue
            seen += 1
            extras = {_normal(extra) for extra in found[2].split(",")}
            assert extras <= _extras(pins[_normal(found[1])]), f"{package} wants {line}"
    assert seen  # pytest-cov wants coverage[toml] at least


def test_node_lock_has_integrity_and_no_address() -> None:
    packages = json.loads((SERVERS / "node" / "package-lock.json").read_text())["packages"]
    declared = json.loads((SERVERS / "node" / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == declared
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name


def test_go_module_pins_the_server_version() -> None:
    module = (SERVERS / "influxd" / "go.mod").read_text()
    assert "github.com/influxdata/influxdb/v2 v2.9.1\n" in module
    assert "replace" not in module
    sums = (SERVERS / "influxd" / "go.sum").read_text()
    assert "github.com/influxdata/influxdb/v2 v2.9.1 h1:" in sums
