"""Snapshot → JSON → delta: a merged stream always equals the newest snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from agent.web.state import KpiCard, Level
from agent.web.view import Json, difference, explanation, view
from reports.words import KpiKey, Unit, VerdictWord
from tests.support.board import ALARM, EV_ORIGIN, EXPLANATION, early, full


def merged(state: Json, delta: Json) -> Json:
    """Apply a delta as the contract says (second implementation of static/js/merge.js)."""
    result = {**state, **delta}
    for section in ("kpi", "dev"):
        if section in delta:
            entries = dict(state[section])
            for name, fields in delta[section].items():
                entries[name] = {**entries[name], **fields}
            result[section] = entries
    return result


def test_view_is_json_and_survives_a_round_trip() -> None:
    data = view(full())
    assert json.loads(json.dumps(data)) == data


def test_view_is_simulated_by_origin_alone() -> None:
    assert view(full())["simulated"] is True
    assert view(full(EV_ORIGIN))["simulated"] is False


def test_view_writes_numbers_once() -> None:
    kpi = view(full())["kpi"]
    assert kpi["upload_rate"]["text"] == "93.62"
    assert kpi["upload_rate"]["margin"] == "3.62"
    assert kpi["upload_rate"]["targetText"] == "90"
    assert kpi["upload_rate"]["short"] is False
    assert kpi["pieces_today"]["text"] == "7,530"
    assert kpi["energy_per_piece"]["text"] == "41.2"


def test_view_of_a_rate_just_below_target_is_short_and_not_rounded_up() -> None:
    card = KpiCard(key=KpiKey.UPLOAD_RATE, value=Fraction(899_999, 10**6), target=Fraction(9, 10))
    shown = view(replace(full(), kpis=(card,)))["kpi"]["upload_rate"]
    assert shown["short"] is True
    assert shown["text"] == "89.9999"


def test_view_of_an_early_board_has_no_numbers() -> None:
    data = view(early())
    assert {card["text"] for card in data["kpi"].values()} == {None}
    assert {tile["value"] for tile in data["dev"].values()} == {None}
    assert data["trend"] is None
    assert data["log"]["signed"] is None


def test_view_keeps_missing_points_missing() -> None:
    data = view(full())
    assert data["trend"]["points"][60:63] == [None, None, None]
    assert data["dev"]["meter-02"]["spark"][23:] == [None] * 17


def test_view_uses_catalogue_keys_for_words() -> None:
    words = {row["verdict"] for row in view(full())["clauses"]}
    assert words == {"pass", "pass_point", "inconclusive", "fail", "undetermined", "not_evaluated"}
    assert VerdictWord("pass, point only").key == "pass_point"


def test_difference_of_equal_views_is_only_the_clock() -> None:
    data = view(full())
    assert difference(data, dict(data)) == {"seq": 1, "t": data["t"]}


def test_difference_carries_changed_fields_only() -> None:
    old, new = view(full()), view(full(tick=1))
    delta = difference(old, new)
    assert delta is not None
    assert set(delta) == {"seq", "t", "kpi", "dev"}
    assert set(delta["kpi"]) == {"upload_rate", "oee", "pieces_today"}
    assert set(delta["kpi"]["pieces_today"]) == {"text", "ratio"}
    assert "name" not in delta["dev"]["cnc-01"]
    assert len(json.dumps(delta)) < len(json.dumps(new)) / 3


@given(st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_merging_deltas_gives_the_newest_view(ticks: list[int]) -> None:
    state = view(full())
    for tick in ticks:
        newest = view(full(tick=tick))
        delta = difference(state, newest)
        assert delta is not None
        state = merged(state, delta)
        assert state == newest


def test_difference_with_another_set_or_order_of_devices_asks_for_a_snapshot() -> None:
    base = full()
    old = view(base)
    assert difference(old, view(replace(base, devices=base.devices[1:]))) is None
    assert difference(old, view(replace(base, devices=base.devices[::-1]))) is None


def test_difference_replaces_lists_whole() -> None:
    base = full()
    delta = difference(view(base), view(replace(base, seq=2, alarms=(ALARM,))))
    assert delta is not None
    assert delta["alarms"][0]["level"] == Level.BAD.value
    assert set(delta) == {"seq", "t", "alarms"}


def test_explanation_shows_exact_and_rounded_value() -> None:
    data = explanation(EXPLANATION)
    assert data["text"] == "93.62"
    assert data["exact"] == "4681/5000"
    assert [m["included"] for m in data["members"]] == [True, False]


def test_explanation_without_value_gives_the_reason() -> None:
    data = explanation(replace(EXPLANATION, value=None, unit=Unit.PERCENT))
    assert data["text"] is None
    assert data["exact"] is None


def test_clause_that_only_repeats_its_wording_is_shown_as_narrative() -> None:
    row = full().clauses[0]
    shown = view(replace(full(), clauses=(replace(row, evaluated=row.wording),)))["clauses"][0]
    assert shown["evaluated"] is None
