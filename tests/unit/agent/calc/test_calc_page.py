"""Page and JSON of the calculator: readable at 100 columns in both languages, every number with what it came from."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from agent.calc.lines import WIDTH, padded, table, wrapped
from agent.calc.page import page_lines
from agent.calc.result_json import case_json
from config.calc.examples import example_bytes, example_names
from kpi.calc.figure import operand_texts, time_text, unit_text
from kpi.equipment.indicator import Operand
from tests.support.calc_case import Solved, solved

GOLDEN = Path(__file__).parent / "golden"
F = Fraction
MIN, H = 60_000, 3_600_000


def case(name: str) -> Solved:
    return solved(example_bytes(name).decode(), f"{name}.yaml")


def page(found: Solved, language: str = "en", *, full: bool = False) -> list[str]:
    return page_lines(found.loaded, found.result, language, full=full)


def text(found: Solved, language: str = "en") -> str:
    """Return the page on one line, so that a sentence is found wherever it was broken."""
    return " ".join(" ".join(page(found, language)).split())


@pytest.mark.parametrize(("name", "language"), [("oee-com-shift", "zh"), ("unknown-time", "en")])
def test_page_as_it_was_looked_at_by_eye(name: str, language: str) -> None:
    golden = GOLDEN / f"calc-{name}.{language}.txt"
    assert page(case(name), language) == golden.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", example_names())
def test_no_line_is_wider_than_a_page(name: str, language: str) -> None:
    lines = page(case(name), language, full=True)
    assert max(cell_len(line) for line in lines) <= WIDTH
    assert all(line == line.rstrip() for line in lines)


def test_every_figure_is_on_the_page_with_its_exact_fraction_and_formula() -> None:
    found = case("oee-com-shift")
    printed = text(found)
    for figure in found.result.figures:
        assert figure.name in printed
        assert figure.formula_en in printed
        if isinstance(figure.value, Fraction):
            assert str(figure.value) in printed


def test_text_and_verdict_agree_at_a_threshold() -> None:
    # 0.09996 against 10 %: one decimal would read "10.0 %" beside "not reached" (kpi-audit U13).
    found = solved(
        """
        time: {atoms: {run: 2499 min, wait: 22501 min}}
        require: [{figure: iso22400/availability, at_least: 10 %}]
        """
    )
    assert found.value("iso22400/availability") == F("0.09996")
    assert "iso22400/availability ≥ 10.0 %: not reached (9.996 %)" in text(found)
    assert "availability 9.996 % = 2499/25000" in text(found)


def test_range_that_crosses_a_threshold_is_undetermined() -> None:
    found = solved(
        """
        time: {atoms: {run: 330 min, idle: 60 min, unk: 110 min}}
        require: [{figure: iso22400/availability, at_least: 75 %}]
        """
    )
    assert "undetermined (the range crosses the threshold)" in text(found)
    assert "无法判定（范围跨过阈值）" in text(found, "zh")


def test_case_without_anything_says_what_can_be_written() -> None:
    found = solved("{}")
    assert "The case holds nothing to compute" in text(found)
    assert "案例中没有可计算的内容" in text(found, "zh")


def test_missing_inputs_are_told_for_each_figure() -> None:
    printed = text(solved("time: {tpm: {loading: 460 min, downtime: 70 min}}\n"))
    assert "`counts` (pieces) or `readings` (counter readings)" in printed
    assert "tpm/oee" in printed.partition("What is missing")[2]


def test_machines_of_a_group_show_headlines_and_all_with_full() -> None:
    found = case("three-parts")
    short, whole = page(found), page(found, full=True)
    assert not any("a123:iso22400/scrap-ratio" in line for line in short)
    assert any("a123:iso22400/scrap-ratio" in line for line in whole)
    assert any(line.startswith("  iso22400/scrap-ratio") for line in short)


def test_finding_names_file_line_and_column() -> None:
    found = solved("products: [{ideal_cycle: 0 s}]\n", "werk.yaml")
    assert "no figure werk.yaml:1:26 [products.ideal-cycle-zero]" in text(found)
    assert "不出数 werk.yaml:1:26" in text(found, "zh")


def test_instants_are_printed_in_the_zone_of_the_case() -> None:
    found = solved(
        """
        zone: Europe/Berlin
        readings: [{counts: made, values: [["2026-07-01T08:00", 1], ["2026-07-01T08:00:00.5", 2]]}]
        """
    )
    assert "07-01 08:00:00 1" in text(found)
    assert "07-01 08:00:00.500 2" in text(found)


def test_slots_are_listed_by_outcome() -> None:
    printed = text(case("workshop"))
    assert (
        "m2/run_state: expected 1000, on time 760, held alive 40, late 50, missed: device 150"
        in printed
    )


@pytest.mark.parametrize(
    ("ms", "printed"),
    [
        ([320 * MIN, 500 * MIN], ["320 min", "500 min"]),  # 8.33 h is no short decimal
        ([7 * H, 24 * H], ["7 h", "24 h"]),
        ([44_136_000, 24 * H], ["12.26 h", "24 h"]),
        ([0, 90 * MIN], ["0", "1.5 h"]),
        ([F(1000, 3), 0], ["1000/3 ms", "0"]),
        ([F(4_413_600_000, 167), 44_136_000], ["1226/167 h", "12.26 h"]),
        ([400, 30 * MIN], ["0.4 s", "1800 s"]),
        ([1, 7 * H], ["0.001 s", "25200 s"]),
        ([0], ["0"]),
    ],
)
def test_times_of_a_formula_are_exact_and_in_one_unit(
    ms: list[Fraction], printed: list[str]
) -> None:
    assert operand_texts([Operand("", F(x), "ms") for x in ms]) == printed


def test_one_time_is_exact() -> None:
    assert time_text(48_000) == "48 s"
    assert time_text(F(60_000, 7)) == "60/7 s"


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (F(39, 46), "1", "84.8 %"),
        (F(125, 3) * H, "ms", "41.67 h"),
        (F(90_000), "ms", "1.5 min"),
        (F(0), "ms", "0 ms"),
        (F(72, H), "{pieces}/ms", "72 pcs/h"),
        (F("36.87"), "kgce", "36.87 kgce"),
        (F("0.00029496"), "tce/{piece}", "0.0002950 tce/pc"),
    ],
)
def test_numbers_as_a_person_reads_them(value: Fraction, unit: str, printed: str) -> None:
    assert unit_text(value, unit) == printed


def test_columns_are_aligned_by_width_and_not_by_characters() -> None:
    assert padded("产出", 6) == "产出  "
    assert padded("7", 3, right=True) == "  7"
    assert list(table([("名称", "1"), ("ab", "22")], frozenset({1}))) == [
        "  名称   1",
        "  ab    22",
    ]


def test_table_wider_than_a_page_is_wrapped() -> None:
    lines = list(table([("x" * 60, "y" * 60)]))
    assert max(cell_len(line) for line in lines) <= WIDTH
    assert len(lines) == 2


def test_long_address_is_cut_and_never_too_wide() -> None:
    lines = list(wrapped("“https://" + "a" * 300 + "”，来源。", "  ", "    "))
    assert max(cell_len(line) for line in lines) <= WIDTH


def as_json(found: Solved) -> dict[str, Any]:
    """Return the JSON of a case as a program reads it."""
    loaded: dict[str, Any] = json.loads(json.dumps(case_json(found.loaded, found.result)))
    return loaded


def test_json_has_every_figure_exactly() -> None:
    found = case("unknown-time")
    figures = {f["name"]: f for f in as_json(found)["figures"]}
    assert set(figures) == found.names
    oee = figures["iso22400/oee"]
    assert (oee["value"], oee["low"], oee["high"]) == ("16/25", "16/25", "113/125")
    assert oee["shown"] == "64.0 %"
    assert {o["symbol"]: o["value"] for o in oee["operands"]} == {
        "Σ PRI·GQ": str(320 * MIN),
        "PBT": str(500 * MIN),
    }
    assert oee["zh"] != oee["en"]
    assert oee["source"]


def test_json_has_findings_steps_and_comparison_of_published_figures() -> None:
    data = as_json(case("unknown-time"))
    assert {f["name"] for f in data["findings"]} == {"readings.closing", "counter.gap"}
    assert all(f["zh"] and f["en"] for f in data["findings"])
    good = data["counters"][0]
    assert [s["booked"] for s in good["steps"]] == [0, 120, 200, 0, 0]
    assert good["total"] == 320
    assert [e["agreement"]["id"] for e in data["expect"]] == ["equal", "equal"]
    assert data["require"][0]["word"]["id"] == "reached"


def test_json_of_divided_time_and_of_what_is_missing() -> None:
    data = as_json(case("oee-com-shift"))
    (machine,) = data["machines"]
    assert {s["name"]: s["ms"] for s in machine["not_divided"]} == {
        "operating": 373 * MIN,
        "downtime": 47 * MIN,
        "excluded": 60 * MIN,
    }
    availability = next(f for f in data["figures"] if f["name"] == "iso22400/availability")
    assert availability["value"] is None
    assert availability["undefined"]["en"]
    assert (availability["low"], availability["high"]) == ("0", "373/420")
    assert {f for m in data["missing"] for f in m["figures"]} == {"iso22400/mtbf", "iso22400/mttr"}


def test_json_of_a_comparison_has_all_its_intervals() -> None:
    comparison = as_json(case("before-after"))["comparison"]
    names = [i["name"] for i in comparison["main"]["intervals"]]
    assert names == ["iid", "autocorrelation", "block 7", "block 14"]
    assert comparison["main"]["change"] == "3529/22755"
    assert comparison["word"]["zh"] == "点值达标"
    assert comparison["main"]["valid_days"] == [56, 56]


def test_json_of_slots_and_lists() -> None:
    data = as_json(case("workshop"))
    assert data["slots"]["m1/run_state"] == {
        "expected": 1000,
        "on_time": 900,
        "missed_network": 100,
    }
    ratio = next(f for f in data["figures"] if f["name"] == "nc-ratio")
    assert [x["ids"] for x in ratio["lists"]] == [["m1", "m2"], ["m1", "m2", "m3×2", "m4"]]
