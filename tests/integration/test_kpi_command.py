"""`plantproof kpi` on a sealed history of four hours: figures by hand, groups, edges inside cells, faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.statistics import StatisticsStore
from tests.support.mini_history import MiniHistory, mini_history
from tests.support.plant_run import Answer
from tests.support.plant_run import invoke as plantproof

FROM = "2027-01-15T16:00"
FIRST_MS = 1_800_000_000_000
"""The first minute of the history; its 250 minutes end at 20:10 local, so hours are finished up to 20:00."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    found = mini_history(tmp_path_factory.mktemp("history"))
    before = plantproof(
        "kpi", site(found), "--from", FROM, "--to", "2027-01-15T17:00", "--lang", "en"
    )
    assert before.code != 0
    assert "plantproof kpi --rebuild" in before.err
    kpi(found, "2027-01-15T17:00", "--rebuild")
    return found


def site(history: MiniHistory) -> Path:
    return history.folder / "site.yaml"


def kpi(history: MiniHistory, to: str, *more: str, start: str = FROM) -> Answer:
    return plantproof("kpi", site(history), "--from", start, "--to", to, *more)


def groups(history: MiniHistory, to: str, *more: str) -> list[dict[str, Any]]:
    answer = kpi(history, to, "--json", *more)
    assert answer.code == 0, answer.err
    found: list[dict[str, Any]] = answer.json["data"]["groups"]
    return found


def test_times_pieces_and_oee_of_two_hours(history: MiniHistory) -> None:
    [plc] = groups(history, "2027-01-15T18:00", "--asset", "plc-01")
    # rows at second 5 of every minute: running in minutes 0–19 of 25, stopped for 5, which is a minor stop
    atoms = {k: v for k, v in plc["atoms"].items() if v}
    assert atoms == {"unk": 5_000, "minor": 4 * 300_000, "run": 7_200_000 - 5_000 - 1_200_000}
    # two good pieces a minute, the last reading at minute 119; one scrap every 20 minutes: at 20, 40, 60, 80, 100
    [row] = plc["rows"]
    assert (row["good"], row["scrap"], row["made"]) == (238, 5, 243)
    assert row["ideal_low"] == row["ideal_high"] == "20000/1"
    # 238 · 20 s of 7200 s
    assert plc["oee"] == plc["oee_low"] == plc["oee_high"] == "119/180"
    # 5995 s of 7200 s; with the 5 s that are not known 6000 s at most
    assert plc["availability"] == plc["availability_low"] == "1199/1440"
    assert plc["availability_high"] == "5/6"
    assert (plc["failures"], plc["mtbf_ms"], plc["marks"]) == (0, "0/0", {})


def test_bounds_and_marks_of_a_counter_that_begins_anew(history: MiniHistory) -> None:
    [plc] = groups(history, "2027-01-15T20:00", "--asset", "plc-01")
    # at minute 180 both counters restart at 0: 179·2 pieces before, then minute 239 reads 59·2
    [row] = plc["rows"]
    assert row["good"] == 179 * 2 + 59 * 2
    assert row["scrap"] == 8 + 2
    assert plc["marks"] == {"reset": 2}
    # the minute of the restart may hide pieces
    assert plc["good_high"] > plc["good_low"] == row["good"]


def test_an_edge_inside_a_cell_is_formed_from_the_sealed_rows(history: MiniHistory) -> None:
    answer = kpi(history, "2027-01-15T17:17", "--json", "--asset", "plc-01")
    data = answer.json["data"]
    assert data["from_rows"] == ["plc-01"]
    [plc] = data["groups"]
    assert plc["atoms"]["run"] == 77 * 60_000 - 5_000 - 3 * 300_000
    # 152 good pieces by minute 76, 152 · 20 s of 4620 s
    assert plc["oee"] == "152/231"


def test_groups_add_up_to_the_whole(history: MiniHistory) -> None:
    [whole] = groups(history, "2027-01-15T18:00", "--asset", "press-01")
    for by, key in (("shift", "早班"), ("day", "2027-01-15"), ("product", "")):
        [one] = groups(history, "2027-01-15T18:00", "--asset", "press-01", "--by", by)
        assert one["key"] == key
        assert {**one, "key": ""} == whole
    assert [g["asset"] for g in groups(history, "2027-01-15T18:00")] == [
        "cnc-02",
        "meter-02",
        "plc-01",
        "press-01",
    ]


def test_a_register_is_summed_and_has_no_oee(history: MiniHistory) -> None:
    [meter] = groups(history, "2027-01-15T18:00", "--asset", "meter-02")
    # the register rises by 50 of 10 Wh a minute: the reading of minute 119 less that of minute 0
    [register] = meter["registers"]
    assert register == {"role": "energy", "signal": "energy", "quantity": 119 * 50 * 10}
    assert meter["oee"] == "0/0"


def test_what_lies_beyond_the_statistics_is_said_and_not_extrapolated(history: MiniHistory) -> None:
    answer = kpi(history, "2027-01-16", "--asset", "plc-01", "--lang", "en")
    assert answer.code == 0
    assert "the statistics reach to 2027-01-15 20:00; nothing is extrapolated beyond" in answer.out
    data = kpi(history, "2027-01-16", "--json").json["data"]
    assert (data["to_ms"], data["asked_to_ms"]) == (
        FIRST_MS + 4 * 3_600_000,
        FIRST_MS + 16 * 3_600_000,
    )
    later = kpi(history, "2027-01-17", "--lang", "en", start="2027-01-16")
    assert later.code != 0
    assert "no finished hour" in later.err


def test_text_in_both_languages_says_simulated_first(history: MiniHistory) -> None:
    zh = kpi(history, "2027-01-15T18:00", "--lang", "zh").out
    en = kpi(history, "2027-01-15T18:00", "--lang", "en").out
    assert zh.startswith("【模拟数据】\n2027-01-15 16:00 至 2027-01-15 18:00")
    assert en.startswith("[SIMULATED DATA]\n2027-01-15 16:00 to 2027-01-15 18:00")
    # 5995 s of run, 119/180 = 66.1 %
    assert "运行 1.67  短停 0.33" in zh
    assert "OEE 66.1 %" in zh
    assert "run 1.67  minor 0.33" in en
    assert "made 243  good 238  scrap 5  rework not measured" in en


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--asset", "plc-09"), "no asset plc-09"),
        (("--by", "week"), "week"),
    ],
)
def test_wrong_questions_are_refused(
    history: MiniHistory, arguments: tuple[str, str], words: str
) -> None:
    answer = kpi(history, "2027-01-15T18:00", "--lang", "en", *arguments)
    assert answer.code != 0
    assert answer.out == ""
    assert words in answer.err


def test_an_instant_that_is_none_is_refused(history: MiniHistory) -> None:
    answer = kpi(history, "2027-13-01", "--lang", "en")
    assert answer.code != 0
    assert "2027-13-01" in answer.err


def test_packing_and_forming_anew_changes_no_figure(history: MiniHistory) -> None:
    before = groups(history, "2027-01-15T20:00")
    assert groups(history, "2027-01-15T20:00", "--pack", "--rebuild") == before
    # the only day is not over yet, so there is nothing to pack
    assert list(history.data.frames(1).glob("*.columns")) == []


def test_another_writer_is_said(history: MiniHistory) -> None:
    store = StatisticsStore(history.data.statistics(1))
    try:
        answer = kpi(history, "2027-01-15T18:00", "--rebuild", "--lang", "en")
        assert answer.code != 0
        # asking goes on beside it
        assert kpi(history, "2027-01-15T18:00").code == 0
    finally:
        store.close()
