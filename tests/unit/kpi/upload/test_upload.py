"""U7: outcomes of slots, the official mean of means, coverage, networked and NC ratio by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import NcRatioClaim, NetworkedClaim, UploadRateClaim
from kpi.evaluate import evaluate
from kpi.reasons import Reason
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
from model.flags import MissedCause, RowFlag
from model.status import UNCERTAIN
from tests.support.kpi_plant import DAY, MIN, SLOT0, T0, PlantLog, asset, calendar, document, signal


def state(**more: Any) -> dict[str, Any]:
    return signal("state", "state", required=True, **more)


def one_point(length: int = 10, **more: Any) -> PlantLog:
    log = PlantLog()
    log.config(document([asset("a1")], {"a1": [state(**more)]}))
    log.blocks(SLOT0, SLOT0 + length + 5)
    return log


def outcomes(log: PlantLog, length: int = 10, first: int = 0) -> dict[str, int]:
    found = evaluate(UploadRateClaim(Span(SLOT0 + first, SLOT0 + length, 0, 5)), log.rows())
    (point,) = found.detail["points"]  # type: ignore[misc,union-attr]
    return point["outcomes"]  # type: ignore[index,call-overload,return-value]


def test_upload_u7_vector_official_is_the_mean_of_means_pooled_is_not() -> None:
    log = PlantLog()
    log.config(
        document(
            [asset("x"), asset("y")],
            {"x": [state()], "y": [state(slot_ms=10 * MIN)]},
        )
    )
    for k in range(10):
        log.row("x/state", T0 + k * MIN, 1)
        log.row("y/state", T0 + 10 * k * MIN, 1)
    log.blocks(SLOT0, SLOT0 + 100)
    found = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 100, 0, 0)), log.rows())
    assert found.value == Fraction(11, 20)
    assert found.detail["pooled"] == "2/11"  # 20/110
    assert found.detail["longest_gap"] == {
        "asset": "x",
        "minutes": 90,
        "signal": "state",
        "slot": SLOT0 + 10,
    }


def test_outcome_of_every_kind_has_its_precedence() -> None:
    log = one_point()
    log.row("a1/state", T0 + 59_999, 1, delay=60_001)  # received exactly at slot end + deadline
    log.row("a1/state", T0 + MIN + 59_999, 1, delay=60_002)  # 1 ms later
    log.alive("a1/state", T0 + 2 * MIN)
    log.missed("a1/state", T0 + 2 * MIN, MissedCause.DEVICE)
    log.row("a1/state", T0 + 3 * MIN, 1, status=UNCERTAIN)
    log.missed("a1/state", T0 + 3 * MIN, MissedCause.DEVICE)
    log.bad("a1/state", T0 + 4 * MIN)
    log.missed("a1/state", T0 + 5 * MIN, MissedCause.DEVICE)
    log.missed("a1/state", T0 + 5 * MIN, MissedCause.NETWORK)
    log.missed("a1/state", T0 + 6 * MIN, MissedCause.PLANNED)
    log.row("a1/state", T0 + 7 * MIN, 1, flags=RowFlag.IMPORTED)  # an import proves nothing
    log.bad("a1/state", T0 + 8 * MIN)
    log.row("a1/state", T0 + 8 * MIN + 1, 1)
    assert outcomes(log) == {
        "on_time": 2,
        "held_alive": 1,
        "late": 1,
        "bad_quality": 2,
        "missed_network": 1,
        "missed_planned": 1,
        "missed_agent": 2,
    }


def test_outcome_arrival_cannot_be_dated_back_before_the_sealing_slot() -> None:
    log = one_point()
    # claims to be received at once, but sealed four minutes later: counts as received one slot before that
    log.row("a1/state", T0, 1, slot=SLOT0 + 4)
    assert outcomes(log)["late"] == 1
    log = one_point()
    log.row("a1/state", T0, 1, slot=SLOT0 + 3)  # 60000·(s − 1) = slot end + deadline
    assert outcomes(log)["on_time"] == 1


def test_slots_cut_by_service_and_stops_are_not_expected() -> None:
    stop = {"asset": "*", "from_ms": T0 + 3 * MIN + 1, "kind": "pm", "to_ms": T0 + 5 * MIN}
    log = PlantLog()
    log.config(
        document(
            [asset("a1", in_service=[T0 + 1, T0 + 9 * MIN])],
            {"a1": [state()]},
            calendar(stops=[stop]),
        )
    )
    log.blocks(SLOT0, SLOT0 + 12)
    # slots 1..8 lie in service; 3 and 4 meet the stop
    assert outcomes(log) == {"missed_agent": 6}


def test_upload_registered_asset_without_point_counts_zero() -> None:
    log = PlantLog()
    log.config(
        document([asset("a1"), asset("b1"), asset("m1", production=False)], {"a1": [state()]})
    )
    for k in range(10):
        log.row("a1/state", T0 + k * MIN, 1)
    log.blocks(SLOT0, SLOT0 + 10)
    found = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 10, 0, 0)), log.rows())
    assert found.value == Fraction(1, 2)
    assert found.detail["assets"] == [
        {"asset": "a1", "rate": "1/1"},
        {"asset": "b1", "rate": "0/1"},
    ]


def test_upload_asset_planned_off_is_listed_and_left_out_of_the_mean() -> None:
    stop = {"asset": "b1", "from_ms": T0, "kind": "off", "to_ms": T0 + DAY}
    log = PlantLog()
    log.config(
        document(
            [asset("a1"), asset("b1")],
            {"a1": [state()], "b1": [state()]},
            calendar(stops=[stop]),
        )
    )
    for k in range(5):
        log.row("a1/state", T0 + k * MIN, 1)
    log.blocks(SLOT0, SLOT0 + 10)
    found = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 10, 0, 0)), log.rows())
    assert found.value == Fraction(1, 2)
    assert found.detail["assets"] == [
        {"asset": "a1", "rate": "1/2"},
        {"asset": "b1", "rate": "0/0"},
    ]


def test_upload_without_any_asset_is_undefined() -> None:
    log = PlantLog()
    log.config(document([asset("m1", production=False)], {}))
    log.blocks(SLOT0, SLOT0 + 3)
    found = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 3, 0, 0)), log.rows())
    assert found.reason is Reason.NO_EXPECTED_SLOT


def test_upload_removed_asset_is_still_expected() -> None:
    log = PlantLog()
    log.config(document([asset("a1"), asset("b1")], {"a1": [state()], "b1": [state()]}))
    log.blocks(SLOT0, SLOT0 + 5)
    log.config(document([asset("a1")], {"a1": [state()]}))
    log.blocks(SLOT0 + 5, SLOT0 + 10)
    for k in range(5):
        log.row("a1/state", T0 + k * MIN, 1)
        log.row("b1/state", T0 + k * MIN, 1)
    for k in range(5, 10):
        log.row("a1/state", T0 + k * MIN, 1)
    found = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 10, 0, 0)), log.rows())
    assert found.detail["assets"] == [
        {"asset": "a1", "rate": "1/1"},
        {"asset": "b1", "rate": "1/2"},
    ]
    ratio = evaluate(NcRatioClaim(Span(SLOT0, SLOT0 + 10, 0, 0)), log.rows())
    assert ratio.detail == {"nc": ["a1", "b1"], "registered": ["a1", "b1"], "removed": ["b1"]}


def test_nc_ratio_counts_sets_and_only_what_was_nc_all_the_time() -> None:
    log = PlantLog()
    first = [
        asset("a1", counts_as=3),
        asset("b1"),
        asset("c1", nc=False),
        asset("m1", production=False),
    ]
    second = [asset("a1", counts_as=3), asset("b1", nc=False), asset("c1", nc=True)]
    log.config(document(first, {}))
    log.blocks(SLOT0, SLOT0 + 5)
    log.config(document(second, {}))
    log.blocks(SLOT0 + 5, SLOT0 + 10)
    found = evaluate(NcRatioClaim(Span(SLOT0, SLOT0 + 10, 0, 0)), log.rows())
    assert found.value == Fraction(3, 5)
    assert found.detail["nc"] == ["a1"]


def test_networked_needs_alive_slots_and_enough_days_in_service() -> None:
    log = PlantLog()
    log.config(
        document(
            [
                asset("a1"),
                asset("b1"),
                asset("c1", in_service=[T0 + MIN, 0]),
                asset("d1", counts_as=2),
            ],
            {n: [state()] for n in ("a1", "b1", "c1")},
        )
    )
    length = 1440
    for k in range(length):
        for name in ("a1", "c1"):
            log.row(f"{name}/state", T0 + k * MIN, 1, delay=300_000)  # late counts as alive
        if k % 10:
            log.row("b1/state", T0 + k * MIN, 1)  # 90 %
    log.blocks(SLOT0, SLOT0 + length + 6)
    rows = log.rows()
    span = Span(SLOT0, SLOT0 + length, 0, 6)
    found = evaluate(NetworkedClaim(span, Fraction(19, 20), 1), rows)
    assert (found.value, found.detail["observed"]) == (Fraction(1, 5), ["a1"])
    assert evaluate(NetworkedClaim(span, Fraction(9, 10), 0), rows).value == Fraction(3, 5)
    assert evaluate(NetworkedClaim(span), rows).value == 0  # one day is no fortnight


def test_coverage_counts_minutes_of_data_gap_off_and_absence() -> None:
    log = PlantLog()
    log.config(document([asset("a1")], {}))
    log.blocks(SLOT0 + 2, SLOT0 + 4)  # two minutes before the first block, two without the stream
    log.config(document([asset("a1")], {"a1": [state()]}))
    log.blocks(SLOT0 + 4, SLOT0 + 7)
    log.off(SLOT0 + 7, 5)
    log.row("a1/state", T0 + 4 * MIN, 1)
    log.missed("a1/state", T0 + 5 * MIN, MissedCause.DEVICE)
    found = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 10, 0, 0)), log.rows())
    (c,) = found.coverage
    assert (c.stream, c.data, c.gap, c.off, c.absent) == ("a1.state", 1, 2, 3, 4)


def test_evaluate_rows_that_are_not_loaded_are_refused() -> None:
    rows = one_point().rows()
    object.__setattr__(rows, "to_slot", SLOT0 + 12)
    with pytest.raises(PermanentError, match="are needed"):
        evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 10, 0, 5)), rows)


def test_duplicates_the_same_value_at_one_instant_counts_once_another_is_the_later_state() -> None:
    log = one_point()
    for value in (1, 2, 1):  # the third repeats the first, so the state is 2 = fault
        log.row("a1/state", T0, value)
    work = Workspace(log.rows(), Span(SLOT0, SLOT0 + 10, 0, 5))
    assert len(work.selection.tau) == 2
    assert work.timeline("a1").codes.tolist()[0] == 2  # MachineState.FAULT is the third member
