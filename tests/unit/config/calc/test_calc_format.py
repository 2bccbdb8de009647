"""Format of a case: every fault of writing has file, line, column and a text in both languages (docs/calc.md)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from config.calc.case import CalcCase
from config.calc.equipment import counter_rate
from config.calc.moment import WrittenMoment, written_moment
from config.calc.reading import load_case, parse_case
from config.faults import ConfigFaultsError
from tests.support.calc_case import faults, only_fault, solved


def test_unknown_key_is_refused_with_the_nearest_name() -> None:
    fault = only_fault("product:\n  - {ideal_cycle: 1 s}\n")
    assert (fault.line, fault.column) == (1, 1)
    assert "products" in fault.hint_en
    assert "products" in fault.hint_zh


def test_unknown_key_deep_inside_has_its_own_line_and_column() -> None:
    fault = only_fault("time:\n  tpm:\n    loading: 8 h\n    downtimes: 1 h\n")
    assert (fault.line, fault.column) == (4, 5)
    assert "downtime" in fault.hint_en


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("time: {tpm: {loading: 460}}", "a number and a unit", "时长"),
        ("time: {tpm: {loading: 0.0001 ms}}", "whole milliseconds", "整毫秒"),
        ("time: {tpm: {loading: 1000001 d}}", "at most 1000000 d", "最长"),
        ("time: {tpm: {loading: 1 h}, atoms: {run: 1 h}}", "exactly one of", "一个"),
        ("time: {failures: 3}", "exactly one of", "一个"),
        ("products: [{ideal_cycle: fast}]", "a time per piece", "理想节拍"),
        ("products: [{ideal_cycle: 1234567890123456 ms}]", "15 digits", "15 位"),
        ("events: [{from: 8 o'clock, to: '09:00', state: run}]", "an instant is", "时刻"),
        ("events: [{from: '08:00', to: '49:00', state: run}]", "an instant is", "时刻"),
        ("events: [{from: '2026-02-30T08:00', to: '09:00', state: run}]", "an instant", "时刻"),
        ("events: [{from: '2026-02-03T08:00+19:00', to: '09:00', state: run}]", "an insta", "时刻"),
        ("events: [{from: '08:00', to: '09:00', state: working}]", "must be one of", "只能是"),
        ("readings: [{counts: good, values: []}]", "at least 1", "至少"),
        (
            "readings: [{counts: good, max_rate: 5, values: [['08:00', 1]]}]",
            "must be text",
            "必须是文字",
        ),
        (
            "readings: [{counts: good, max_rate: fast, values: [['08:00', 1]]}]",
            "a highest rate",
            "最大速率",
        ),
        (
            "readings: [{counts: good, max_rate: 5 min, values: [['08:00', 1]]}]",
            "a highest rate",
            "最大速率",
        ),
        (
            "readings: [{counts: good, values: [['08:00', 18446744073709551616]]}]",
            "at most",
            "不能大于",
        ),
        ("zone: Mars/Olympus", "unknown time zone", "时区"),
        ("machines: [{id: M1}]", "does not match", "不符合"),
        ("machines: [{id: m1}]\ntime: {tpm: {loading: 1 h}}", "not both", "不能两处"),
        ("expect: [{figure: nc-ratio}]", "is missing", "缺少"),
        ("require: [{figure: nc-ratio}]", "at_least or at_most", "二选一"),
        ("require: [{figure: x, at_least: 1 %, at_most: 2 %}]", "at_least or", "二选一"),
        ("energy: {period: {uses: [{carrier: gas, unit: BTU}]}}", "an energy unit", "能源单位"),
        (
            "energy: {period: {uses: [{carrier: gas, unit: kWh, share: 2}]}}",
            "at most 1",
            "不能大于",
        ),
        ("periods: {metric: oee-change, threshold: a lot}", "a share is", "比例"),
        (
            "points: [{asset: a, signal: s, class: state, slot: 1 s, slots: {}, values: []}]",
            "not both",
            "二选一",
        ),
        ("points: [{asset: a, signal: s, class: state, slot: 0 s}]", "greater than", "必须大于"),
        ("calendar: {shifts: []}", "at least 1", "至少"),
        ("operations: [{name: a, inspected: -1, good: 1}]", "at least 0", "不能小于"),
        ("capability: [{lower: 1, upper: 2, values: [1.5x]}]", "an exact number", "精确的数"),
    ],
)
def test_fault_of_writing_in_both_languages(text: str, en: str, zh: str) -> None:
    found = [f for f in faults(text) if en in f.en]
    assert found, [f.en for f in faults(text)]
    assert zh in found[0].zh
    assert found[0].file == "case.yaml"
    assert found[0].line >= 1
    assert found[0].column >= 1


def test_every_fault_is_told_not_only_the_first() -> None:
    found = faults("time: {tpm: {loading: 460}}\nzone: Nowhere\nproduct: []\n")
    assert [f.line for f in found] == [1, 2, 3]


def test_case_that_is_no_mapping_is_refused() -> None:
    assert only_fault("- 1\n- 2\n").en


def test_text_that_is_no_yaml_is_refused_with_its_place() -> None:
    fault = only_fault("time: {tpm: {loading: 8 h}\n")
    assert fault.line >= 1
    assert fault.zh != fault.en


def test_key_that_stands_twice_is_refused() -> None:
    fault = only_fault("zone: Asia/Shanghai\nzone: Asia/Shanghai\n")
    assert fault.line == 2


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFaultsError) as caught:
        load_case(tmp_path / "none.yaml")
    assert "cannot be read" in caught.value.faults[0].en
    assert "无法读取" in caught.value.faults[0].zh


def test_case_beyond_four_megabytes_is_refused() -> None:
    with pytest.raises(ConfigFaultsError) as caught:
        parse_case(b"#" * (4 << 20) + b"\n", "big.yaml")
    assert "far fewer" in caught.value.faults[0].en


def test_empty_case_says_what_it_may_hold_and_gives_nothing() -> None:
    found = solved("{}")
    assert found.result.figures == ()
    assert found.result.equipment is None


@pytest.mark.parametrize(
    ("text", "counts", "ms"),
    [
        ("60/min", 60, 60_000),
        ("72/h", 72, 3_600_000),
        ("1.5/s", 3, 2000),  # 1.5 a second = 3 in 2 s
        ("5000/h", 5000, 3_600_000),
    ],
)
def test_highest_rate_is_exact(text: str, counts: int, ms: int) -> None:
    found = counter_rate(text, None)
    assert Fraction(found[0], found[1]) == Fraction(counts, ms)


def test_highest_rate_follows_from_the_shortest_ideal_cycle_with_half_more() -> None:
    # 60 s a piece: 1 count a minute; 1.5 times that is 90/h.
    pieces, per_ms = counter_rate("", Fraction(60_000))
    assert Fraction(pieces, per_ms) == Fraction(90, 3_600_000)


@pytest.mark.parametrize("text", ["", "unlimited"])
def test_highest_rate_is_not_limited_without_an_ideal_cycle_or_on_demand(text: str) -> None:
    assert counter_rate(text, None) == (0, 1)


@pytest.mark.parametrize(
    ("text", "day", "minute", "ms", "offset"),
    [
        ("08:00", None, 480, 0, None),
        ("32:30", None, 1950, 0, None),  # 08:30 of the next day
        ("08:00:05.25", None, 480, 5250, None),
        ("1970-01-02T00:01", 1, 1, 0, None),
        ("1970-01-02 00:01Z", 1, 1, 0, 0),
        ("1970-01-02T00:01:01+08:00", 1, 1, 1000, 480),
        ("1970-01-02T00:01-03:30", 1, 1, 0, -210),
    ],
)
def test_instants_as_they_are_written(
    text: str, day: int | None, minute: int, ms: int, offset: int | None
) -> None:
    assert written_moment(text) == WrittenMoment(text, day, minute, ms, offset)


def test_times_of_a_day_are_of_the_date_and_zone_of_the_case() -> None:
    # 2026-03-02 08:00 in Shanghai is 00:00 UTC: 20 514 days · 86 400 000 ms.
    found = solved(
        """
        date: 2026-03-02
        window: {from: "08:00", to: "2026-03-02T10:00"}
        calendar: {shifts: [{name: a, start: "08:00", end: "10:00"}]}
        events: [{from: "2026-03-02T00:00Z", to: "2026-03-02T03:00+01:00", state: run}]
        """
    )
    assert found.loaded.inputs.equipment is not None
    window = found.loaded.inputs.equipment.window
    assert window is not None
    assert (window.start_ms, window.end_ms) == (
        20_514 * 86_400_000,
        20_514 * 86_400_000 + 7_200_000,
    )
    assert found.value("iso22400/availability") == 1


def test_state_off_is_a_word_and_not_a_boolean() -> None:
    case = parse_case(b"events: [{from: '08:00', to: '09:00', state: off}]", "case.yaml").case
    assert case.events[0].state.value == "off"


def test_every_field_of_the_format_is_described() -> None:
    undescribed = [
        f"{name}.{field}"
        for name, model in CalcCase.model_json_schema()["$defs"].items()
        if name.endswith(("Case", "Times", "Row", "Change", "Period", "Coefficient", "List"))
        for field, schema in model.get("properties", {}).items()
        if not schema.get("description")
    ]
    assert undescribed == []
