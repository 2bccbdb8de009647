"""A facts file: what an applicant declares, and every fault of it at its place."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from config.facts_file import Declared, parse_facts
from config.faults import ConfigFaultsError, Fault
from config.schemes.files import builtin_library
from kpi.schemes.limits import Photo


def read(text: str) -> Declared:
    return parse_facts(text.encode(), "facts.yaml", builtin_library())


def faults(text: str) -> list[Fault]:
    with pytest.raises(ConfigFaultsError) as caught:
        read(text)
    return list(caught.value.faults)


def test_facts_by_id_or_chinese_name() -> None:
    found = read(
        """\
facts:
  建设状态: 建成
  mode: [discrete, remote]
  high-safety-risk: 否
  complete-machine-maker: yes
  employees: 320
  awarded-on: 2026-03-01
choose:
  CD-SF-C: [CD-SF-C5]
lists:
  CQ18-MODE-DISC-5: {mes-planning: true, mes-energy: false}
figures:
  operating-cost-change: {value: 16.2, unit: "%", note: 2025 年财务决算}
  done-investment: {value: 120.5, unit: 万元}
  revenue-2020: {value: 38000, unit: 万元}
texts:
  CQ18-SF-FORM.brief: 本项目
photos: [{width: 4000, height: 3000}]
"""
    )
    assert found.facts.choices == {
        "build-status": ("finished",),
        "mode": ("discrete", "remote"),
        "high-safety-risk": ("no",),
        "complete-machine-maker": ("yes",),
    }
    assert found.facts.numbers == {"employees": Fraction(320)}
    assert found.facts.dates == {"awarded-on": date(2026, 3, 1)}
    assert found.facts.chosen == {"CD-SF-C": ("CD-SF-C5",)}
    assert found.facts.checks["CQ18-MODE-DISC-5"] == {"mes-planning": True, "mes-energy": False}
    assert found.figures == {
        "operating-cost-change": Fraction(162, 1000),
        "done-investment": Fraction(241, 2),
        "revenue-2020": Fraction(38000),
    }
    assert found.notes == {"operating-cost-change": "2025 年财务决算"}
    assert found.facts.photos == (Photo(4000, 3000),)


def test_empty_list_is_a_declaration_and_nothing_is_not() -> None:
    assert read("facts: {titles: []}").facts.choices == {"titles": ()}
    assert read("facts: {}").facts.choices == {}
    assert read("facts: {}").facts.photos is None


@pytest.mark.parametrize(
    ("text", "line", "column", "en", "hint"),
    [
        ("facts:\n  build-statu: 建成", 2, 3, "unknown fact 'build-statu'", "build-status"),
        ("facts:\n  mode: [discret]", 2, 10, "mode is one of discrete,", "discrete"),
        ("facts:\n  build-status: [finished]", 2, 17, "build-status is one option", ""),
        ("facts:\n  dishonesty: maybe", 2, 15, "dishonesty is yes or no", ""),
        ("facts:\n  awarded-on: 2026", 2, 15, "'2026' is no date", ""),
        ("facts:\n  employees: many", 2, 14, "'many' is no number", ""),
        ("choose:\n  CD-SF-E: [X]", 2, 3, "unknown group with a selection 'CD-SF-E'", "CD-SF-D"),
        ("choose:\n  CD-SF-D: [CD-SF-D9]", 2, 13, "unknown item 'CD-SF-D9'", "CD-SF-D7"),
        ("lists:\n  CQ18-WS-4: {plannin: true}", 2, 15, "unknown entry 'plannin'", "planning"),
        ("lists:\n  CQ18-WS-1: {a: true}", 2, 3, "unknown row with a list 'CQ18-WS-1'", "CQ18-WS-5"),
        ("figures:\n  oee-chang: {value: 1, unit: '%'}", 2, 3, "unknown metric 'oee-chang'", "oee-change"),
        ("figures:\n  rd-tool-rate: {value: 88, unit: 台}", 2, 35, "has the unit %", ""),
        ("figures:\n  rd-tool-rate: {value: x, unit: '%'}", 2, 25, "write an exact number", ""),
        ("texts:\n  CQ18-SF-FORM.brif: 甲", 2, 3, "unknown cell with a limit", "CQ18-SF-FORM.brief"),
        ("textes: {}", 1, 1, "textes: unknown key", "texts"),
    ],
)  # fmt: skip
def test_fault_of_a_facts_file(text: str, line: int, column: int, en: str, hint: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.column) == (line, column)
    assert en in fault.en
    assert any("\u4e00" <= c <= "\u9fff" for c in fault.zh)
    if hint:
        assert fault.hint_en == f"did you mean {hint} ?"


def test_every_fault_is_shown_at_once() -> None:
    found = faults("facts:\n  dishonesty: maybe\n  employees: many\nchoose:\n  X: [Y]\n")
    assert [f.line for f in found] == [2, 3, 5]
