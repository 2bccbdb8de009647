"""The page of the calculator keeps up with it: each example is a case; keys, findings and shipped cases are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.cli.app import app
from config.calc.case import CalcCase
from config.calc.equipment import (
    AtomTimes,
    IsoTimes,
    SemiTimes,
    TimeCase,
    TpmTimes,
    VdiTimes,
)
from config.calc.examples import example_names
from kpi.calc.findings import Weight
from tests.support.calc_case import solved

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "calc.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FINDING = re.compile(r'"((?:[a-z]+)\.[a-z0-9-]+)"')


def test_page_has_an_example_of_every_part() -> None:
    assert len(BLOCKS) == 7


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_example_of_the_page_is_a_case_without_a_stop(block: str) -> None:
    found = solved(block)
    assert found.result.figures
    assert [f.name for f in found.findings if f.weight is Weight.STOP] == []


def test_first_example_is_as_the_page_says() -> None:
    found = solved(BLOCKS[0])
    assert found.result.holds(found.loaded.findings)


def test_every_key_of_a_case_is_on_the_page() -> None:
    keys = {f.alias or name for name, f in CalcCase.model_fields.items()} - {"title", "source"}
    absent = [k for k in keys if not re.search(rf"(^|[`{{\s]){k}[`:]", PAGE, re.MULTILINE)]
    assert absent == []


def test_every_word_of_every_school_is_on_the_page() -> None:
    models = (AtomTimes, IsoTimes, TpmTimes, SemiTimes, VdiTimes)
    words = {w for m in models for w in m.model_fields} | set(TimeCase.model_fields)
    assert [w for w in sorted(words) if not re.search(rf"\b{w}\b", PAGE)] == []


def test_every_finding_of_a_case_is_on_the_page_and_no_other() -> None:
    named: set[str] = set()
    for folder, pattern in (("config/calc", "*.py"), ("kpi/calc", "*.py")):
        for path in (ROOT / folder).glob(pattern):
            named |= set(FINDING.findall(path.read_text(encoding="utf-8")))
    named |= {f"{key}.row-twice" for key in ("devices", "processes", "points")}
    section = PAGE.partition("## 九")[2].partition("## 十")[0]
    told = set(re.findall(r"`([a-z]+\.[a-z-]+)`", section))
    assert told == named


def test_every_case_that_ships_is_on_the_page() -> None:
    section = PAGE.partition("## 十、")[2]
    assert set(re.findall(r"^\| `([a-z-]+)`", section, re.MULTILINE)) == set(example_names())


def test_options_of_the_page_exist() -> None:
    from typer.main import get_command  # noqa: PLC0415

    commands = get_command(app).commands  # type: ignore[attr-defined]
    options = {o for p in commands["calc"].params for o in p.opts}
    assert set(re.findall(r"plantproof calc .*?(--[a-z]+)", PAGE)) <= options
    assert "--calc" in {o for p in commands["schema"].params for o in p.opts}
