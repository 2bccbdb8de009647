"""Licences, decisions and guides are there and keep up with the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LICENCES = ROOT / "THIRD_PARTY_LICENSES"
ADR_SECTIONS = ["Context", "Drivers", "Options", "Outcome", "Consequences", "Is / Is not"]
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
GUIDES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]


def _text(relative: str) -> str:
    return (ROOT / relative).read_text(encoding="utf-8")


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE))


def test_licence_of_the_project_is_the_whole_apache_text() -> None:
    text = _text("LICENSE")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_licence_page_lists_every_run_time_package() -> None:
    pin = r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,._-]+\])?=="
    locked = set(re.findall(pin, _text("requirements/run.txt"), re.MULTILINE))
    rows = dict(
        re.findall(
            r"^\| (\S+) \| (.+) \|$", _text("THIRD_PARTY_LICENSES/python-packages.md"), re.MULTILINE
        )
    )
    rows.pop("package")
    assert rows.keys() == locked
    assert not {name for name, licence in rows.items() if licence in {"None", "UNKNOWN", ""}}


@pytest.mark.parametrize("adr", ADRS, ids=lambda path: path.name)
def test_decision_has_every_section_in_order(adr: Path) -> None:
    text = adr.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ADR_SECTIONS
    number = "NNNN" if adr.name == "0000-template.md" else adr.name[:4]
    assert text.startswith(f"# {number}: ")
    assert re.search(
        r"^Date: \S+ · Status: (proposed|accepted|replaced by \d{4})", text, re.MULTILINE
    )


def test_decisions_are_numbered_without_gap() -> None:
    assert [int(adr.name[:4]) for adr in ADRS] == list(range(len(ADRS)))


def test_guides_name_every_make_target_and_no_other() -> None:
    named = set(re.findall(r"`make ([a-z]+)", _text("CONTRIBUTING.md")))
    assert named == _make_targets()
    for guide in GUIDES:
        assert set(re.findall(r"\bmake ([a-z]+)`", _text(guide))) <= _make_targets(), guide


def test_every_make_target_is_phony_and_explained() -> None:
    makefile = _text("Makefile")
    phony = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())
    assert _make_targets() <= phony
    assert set(re.findall(r"^([a-z]+):[^#\n]*## ", makefile, re.MULTILINE)) == _make_targets()


@pytest.mark.parametrize("guide", [*GUIDES, "docs/adr/0001-flat-packages-as-an-application.md"])
def test_links_and_paths_in_guides_exist(guide: str) -> None:
    text = _text(guide)
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    quoted = re.findall(r"`((?:docs|tests|scripts|requirements)/[\w./-]+)`", text)
    absent = [path for path in linked + quoted if not (ROOT / path).exists()]
    assert absent == []
