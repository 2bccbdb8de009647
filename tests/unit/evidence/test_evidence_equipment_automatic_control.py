"""`automatic-control/1` (claims.md §5); expected values by hand in the comments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.interface import Outcome
from tests.unit.evidence.equipment_builder import (
    MIN,
    T0,
    add_blocks,
    compute,
    log_of,
    machine,
    signal,
)
from tests.unit.evidence.equipment_runs import LONG, at, counter, detail
from tests.unit.evidence.evidence_builder import E, proof

LOOP = {
    "auto": ["2", "3"],
    "high": [100, 1],
    "id": "tic-101",
    "low": [0, 1],
    "mode": "tic_mode",
    "output": "tic_out",
}
LOOP_STATE = [
    signal("state", "state", **LONG),
    signal("tic_mode", "loop_mode", **LONG),
    signal("tic_out", "loop_output", "float", scale=[1, 10], **LONG),
]


def automatic(
    states: list[FrameRow],
    minutes: int = 60,
    start: int = 0,
    loops: Sequence[dict[str, Any]] = (LOOP,),
    **changes: Any,
) -> Outcome:
    document = machine(
        [counter("good")], changes.pop("state", LOOP_STATE), loops=list(loops), **changes
    )
    return compute(
        log_of(document, {"m.state": states}, minutes), "automatic-control/1", minutes, start=start
    )


def loop(found: Outcome) -> dict[str, int]:
    """The one loop of a claim, in minutes."""
    (figures,) = detail(found)["loops"]
    assert (figures["asset"], figures["id"]) == ("m", "tic-101")
    return {
        key.removesuffix("_ms"): value if key == "changes" else value // MIN
        for key, value in figures.items()
        if key not in ("asset", "id")
    }


def test_automatic_share_of_running_time():
    # run 0–40, idle 40–60; mode 2 until 10, 1 until 25, 3 until the end: automatic 10 + 15 of 40
    states = [at(0, 3), at(40, 1), at(0, 2, 1), at(10, 1, 1), at(25, 3, 1), at(50, 1, 1)]
    found = automatic(states)
    assert (found.num, found.den) == (5, 8)
    # the change at minute 50 falls into idle time
    assert loop(found) == {"running": 40, "automatic": 25, "limit": 0, "unknown": 0, "changes": 2}
    assert [item["stream"] for item in found.coverage] == ["m.state"]  # type: ignore[index,call-overload]


def test_automatic_mode_that_is_unknown_counts_in_the_denominator_alone():
    # mode known from minute 20, broken from 30, automatic again from 45 on
    broken = at(30, None, 1, flags=E)
    states = [at(0, 3), at(20, 2, 1), broken, at(45, 2, 1)]
    found = automatic(states)
    assert loop(found) == {"running": 60, "automatic": 25, "limit": 0, "unknown": 35, "changes": 0}
    assert (found.num, found.den) == (5, 12)


def test_automatic_at_a_limit_for_longer_than_five_minutes_does_not_count():
    # 0.1 × output: at 99.5 % of the span from minute 10 for 6 min, from 30 for 5 min: only the first counts
    states = [
        at(0, 3),
        at(0, 2, 1),
        at(0, 500.0, 2),
        at(10, 995.0, 2),
        at(16, 500.0, 2),
        at(30, 0.0, 2),
        at(35, 500.0, 2),
    ]
    found = automatic(states)
    assert loop(found) == {"running": 60, "automatic": 54, "limit": 6, "unknown": 0, "changes": 0}
    assert (found.num, found.den) == (9, 10)


@pytest.mark.parametrize(
    ("output", "is_at_limit"),
    [
        (995.0, True),  # 99.5 = 100 − 100/200
        (994.9375, False),
        (5.0, True),
        (5.0625, False),
        (1500.0, True),  # beyond the limit
        (-1.0, True),
    ],
)
def test_automatic_limit_is_a_two_hundredth_of_the_span(output: float, is_at_limit: bool):
    found = automatic([at(0, 3), at(0, 2, 1), at(0, output, 2)])
    assert loop(found)["limit"] == (60 if is_at_limit else 0)


def test_automatic_limit_interval_is_taken_whole_over_both_limits_and_from_before_the_window():
    # at the lower limit from minute 8, at the upper from 12 to 15: one interval of 7 min; window from minute 10
    states = [
        at(0, 3),
        at(0, 2, 1),
        at(0, 500.0, 2),
        at(8, 0.0, 2),
        at(12, 1000.0, 2),
        at(15, 500.0, 2),
    ]
    found = automatic(states, start=10)
    assert loop(found) == {"running": 50, "automatic": 45, "limit": 5, "unknown": 0, "changes": 0}


def test_automatic_unknown_output_is_not_at_a_limit_and_parts_the_interval():
    # at a limit 10–14 and 15–19, unknown for a minute between: neither is longer than five minutes
    states = [
        at(0, 3),
        at(0, 2, 1),
        at(10, 1000.0, 2),
        at(14, None, 2, flags=E),
        at(15, 1000.0, 2),
        at(19, 500.0, 2),
    ]
    assert loop(automatic(states))["limit"] == 0


def test_automatic_only_automatic_time_is_at_a_limit():
    # output at a limit all the time, manual until 20
    states = [at(0, 3), at(0, 1, 1), at(20, 2, 1), at(0, 1000.0, 2)]
    found = automatic(states)
    assert loop(found) == {"running": 60, "automatic": 0, "limit": 40, "unknown": 0, "changes": 1}


def test_automatic_loop_without_output_is_never_at_a_limit():
    states = [at(0, 3), at(0, 2, 1), at(0, 1000.0, 2)]
    assert loop(automatic(states, loops=[{**LOOP, "output": ""}]))["limit"] == 0


def test_automatic_state_is_the_merged_and_debounced_one():
    # a stop of 30 s joins the running time
    states = [at(0, 3), at(10, 4), at(10.5, 3), at(0, 2, 1)]
    assert loop(automatic(states, debounce_ms=MIN))["running"] == 60
    assert automatic(states).den == 1
    assert detail(automatic(states))["loops"][0]["running_ms"] == 59 * MIN + 30_000


def test_automatic_loop_is_there_where_the_configuration_in_force_has_it():
    # the loop exists in minutes 0–20, and its mode is held through 20–40 without it
    with_loop = machine([counter("good")], LOOP_STATE, loops=[LOOP])
    without = machine([counter("good")], LOOP_STATE)
    log = log_of(with_loop, {"m.state": [at(0, 3), at(0, 2, 1)]}, 20)
    log.config(without)
    add_blocks(log, {}, 20)
    log.config(with_loop)
    add_blocks(log, {}, 20)
    found = compute(log, "automatic-control/1", 60)
    assert loop(found) == {"running": 40, "automatic": 40, "limit": 0, "unknown": 0, "changes": 0}
    # a loop that only a configuration before the window has is not listed
    found = compute(log, "automatic-control/1", 40, start=20)
    assert (found.den, detail(found)) == (0, {"loops": [], "undefined": "no_running_time"})


def test_automatic_share_is_over_all_loops_in_order_of_their_id():
    second = {**LOOP, "id": "a-1", "mode": "other", "output": ""}
    state = [*LOOP_STATE, signal("other", "loop_mode", **LONG)]
    found = automatic([at(0, 3), at(0, 2, 1), at(0, 1, 3)], loops=[LOOP, second], state=state)
    assert [item["id"] for item in detail(found)["loops"]] == ["a-1", "tic-101"]
    assert (found.num, found.den) == (1, 2)


def test_automatic_without_running_time_is_undefined():
    found = automatic([at(0, 1), at(0, 2, 1)])
    assert (found.den, detail(found)["undefined"]) == (0, "no_running_time")


def test_automatic_mode_without_spelling_is_known_and_not_automatic():
    state = [LOOP_STATE[0], signal("tic_mode", "loop_mode", "float", **LONG)]
    found = automatic([at(0, 3), at(0, 2.0, 1)], state=state, loops=[{**LOOP, "output": ""}])
    assert loop(found) == {"running": 60, "automatic": 0, "limit": 0, "unknown": 0, "changes": 0}


def test_proof_of_life_holds_the_mode():
    short = [LOOP_STATE[0], signal("tic_mode", "loop_mode", hold_ms=10 * MIN), LOOP_STATE[2]]
    states = [at(0, 3), at(0, 2, 1), proof(T0 + 9 * MIN, 1)]
    assert loop(automatic(states, state=short))["automatic"] == 19
