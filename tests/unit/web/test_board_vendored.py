"""Vendored files are what was published, licences are beside them, and nothing points outside."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "agent" / "web" / "static"
ECHARTS_SHA256 = "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0"
"""Of dist/echarts.min.js in the published npm package echarts 6.1.0."""


def test_vendored_files_match_their_manifest() -> None:
    vendor = STATIC / "vendor"
    files = tomllib.loads((vendor / "VENDORED.toml").read_text(encoding="utf-8"))["file"]
    assert {f["path"] for f in files} | {"VENDORED.toml"} == {p.name for p in vendor.iterdir()}
    for entry in files:
        data = (vendor / entry["path"]).read_bytes()
        assert len(data) == entry["bytes"]
        assert hashlib.sha256(data).hexdigest() == entry["sha256"]
        assert entry["version"] in entry["path"]
    assert files[0]["sha256"] == ECHARTS_SHA256


def test_licences_of_vendored_things_are_shipped() -> None:
    folder = ROOT / "THIRD_PARTY_LICENSES"
    for name, mark in {
        "echarts-LICENSE.txt": "Apache License",
        "echarts-NOTICE.txt": "Apache ECharts",
        "echarts-LICENSE-d3.txt": "Bostock",
        "zrender-LICENSE.txt": "BSD 3-Clause",
        "tslib-LICENSE.txt": "Microsoft",
        "plantproof-sans-sc-OFL.txt": "SIL OPEN FONT LICENSE",
    }.items():
        assert mark in (folder / name).read_text(encoding="utf-8"), name


def test_own_pages_scripts_and_styles_name_no_other_host() -> None:
    pages = [
        *(ROOT / "agent" / "web" / "templates").glob("*.html"),
        *STATIC.glob("js/*.js"),
        *STATIC.glob("*.css"),
    ]
    assert len(pages) > 10
    for path in pages:
        assert (
            re.findall(r"(?:https?:)?//[a-z0-9]+\.[a-z]", path.read_text(encoding="utf-8")) == []
        ), path.name


def test_scripts_import_only_what_is_there() -> None:
    for path in STATIC.glob("js/*.js"):
        for name in re.findall(r'from "\./([^"]+)"', path.read_text(encoding="utf-8")):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"
