"""Both languages say the same things, and no Chinese stands outside the catalogues."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from agent.web.app import catalogue as board_catalogue
from agent.web.state import Level, Link
from model.state import Atom, MachineState
from reports.catalogue import LANGUAGES, PLACEHOLDER, Catalogue, closest, words
from reports.content import STEPS, UNPROVABLE
from reports.words import Grade, KpiKey, Unit, VerdictWord
from reports.writer import catalogue as report_catalogue

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("reports/locales", "reports/chapters", "agent/web/locales")
HAN = re.compile(r"[\u3400-\u9fff]")
SOURCES = sorted(
    path
    for pattern in (
        "reports/**/*.py",
        "reports/**/*.typ",
        "agent/web/**/*.py",
        "agent/web/**/*.html",
        "agent/web/**/*.js",
        "agent/web/**/*.css",
    )
    for path in ROOT.glob(pattern)
    if "vendor" not in path.parts
)


def _read(folder: str, language: str) -> dict[str, str]:
    return json.loads((ROOT / folder / f"{language}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_catalogue_languages_have_same_keys_and_placeholders_and_no_empty_text(folder: str) -> None:
    zh, en = (_read(folder, language) for language in LANGUAGES)
    assert list(zh) == list(en)
    for key in zh:
        assert zh[key].strip(), key
        assert en[key].strip(), key
        assert set(PLACEHOLDER.findall(zh[key])) == set(PLACEHOLDER.findall(en[key])), key


@pytest.mark.parametrize("folder", FOLDERS)
def test_catalogue_english_holds_no_han_but_the_marked_words(folder: str) -> None:
    allowed = {"nav.language", "simulated.banner"}  # a language names itself; the banner shows both
    assert {key for key, text in _read(folder, "en").items() if HAN.search(text)} <= allowed


def _texts_of(source: str) -> list[str]:
    """Return the string constants of a module, without docstrings and without the two texts of an error."""
    tree = ast.parse(source)
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id.endswith("Error")
        ):
            skipped.update(ast.walk(node))
    return [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and n not in skipped
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_holds_no_han_outside_catalogues(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        text = "".join(_texts_of(text))
    assert HAN.findall(text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_has_a_word_for_every_member(language: str) -> None:
    board, report = board_catalogue(language), report_catalogue(language)
    for entries in (board.entries, report.entries):
        for key in (
            *(f"kpi.{k.value}.label" for k in KpiKey),
            *(f"unit.{u.value}" for u in Unit),
            *(f"verdict.{v.key}" for v in VerdictWord),
            *(f"state.{s.value}" for s in MachineState),
            *(f"atom.{a.value}" for a in Atom),
            *(f"grade.{g.value}" for g in Grade),
        ):
            assert key in entries, key
    assert all(f"link.{link.value}" in board.entries for link in Link)
    assert all(f"level.{level.value}" in board.entries for level in Level)
    assert all(f"unprovable.{i}" in report.entries for i in range(1, UNPROVABLE + 1))
    assert f"unprovable.{UNPROVABLE + 1}" not in report.entries
    assert f"verify.steps.{STEPS}" in report.entries


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_holds_every_key_that_templates_and_scripts_ask_for(language: str) -> None:
    entries = board_catalogue(language).entries
    for path in SOURCES:
        if path.suffix in {".html", ".js"}:
            for key in re.findall(
                r"""\bt\(\s*["']([a-z_.]+[a-z_])["'][,)\s]""", path.read_text(encoding="utf-8")
            ):
                assert key in entries, f"{path.name}: {key}"


def test_t_replaces_names_and_refuses_unknown_ones() -> None:
    texts = Catalogue("en", {"a": "x {name} y"})
    assert texts.t("a", name=3) == "x 3 y"
    with pytest.raises(KeyError):
        texts.t("b")
    with pytest.raises(KeyError):
        texts.t("a")


def test_over_refuses_a_key_in_both() -> None:
    with pytest.raises(ValueError, match=r"kpi\.oee\.label"):
        words("en").over(Catalogue("en", {"kpi.oee.label": "again"}))


@pytest.mark.parametrize(
    ("wish", "language"), [("en-GB", "en"), ("zh", "zh-CN"), ("fr", "zh-CN"), (None, "zh-CN")]
)
def test_closest_prefers_chinese_unless_english_is_wished(wish: str | None, language: str) -> None:
    assert closest(wish) == language
