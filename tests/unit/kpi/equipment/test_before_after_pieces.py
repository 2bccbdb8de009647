"""OEE and defect rate in `before-after/2`: integers of a day, their ends, one table of products; by both engines."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tests.support.compared_days import Diary, plan, plant
from tests.support.equipment_plant import counted, product, rules, state_signal
from tests.support.kpi_plant import HOUR, MIN, signal
from tests.support.one_claim import REFUSALS, Engine, both

TWO_A_MINUTE = rules((2, MIN))


def pair(rate: Any = None) -> list[dict[str, Any]]:
    more = {} if rate is None else {"counter": rate}
    return [counted("good", "count_good", **more), counted("scrap", "count_scrap", **more)]


def machine_of(
    counters: list[dict[str, Any]],
    good: int = 200,
    scrap: int = 20,
    *,
    restart: tuple[str, int] = ("", 0),
    **more: Any,
) -> Diary:
    """480 planned minutes a day, of which the first 400 run; 60 s a piece.

    Counters are read once a day at the end of the planned time, so what they book lies in the running time of the day.
    restart: a counter and the day on which it begins anew at 0.
    """
    log = Diary()
    log.config(plant(counters=counters, **more))
    log.running("a1", lambda _: 400 * MIN)
    steps = {"good": good, "scrap": scrap, "total": good + scrap, "rework": 0}
    for one in counters:
        name = one["name"]
        day = restart[1] if restart[0] == name else None
        log.counting(
            f"a1/{name}",
            lambda _, n=steps[name]: n,  # type: ignore[misc]
            at=480 * MIN,
            spread=True,
            restart=day,
        )
    return log


def change(found: dict[str, Any], name: str) -> Fraction | str:
    return Fraction(found[name]["change"]) if "change" in found[name] else found[name]["word"]


@both
def test_oee_of_a_day_is_the_floor_of_ideal_time_over_planned_time(engine: Engine) -> None:
    # 200 good pieces of 100/3 ms are 6666 2/3 ms a day: floor 6666.
    log = machine_of(pair(), products=[product("", (100, 3))])
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert found["before"]["n"] == str(28 * 6666)
    assert found["before"]["d"] == str(28 * 480 * MIN)


@both
def test_defect_rate_of_a_day_is_rejects_over_pieces_made(engine: Engine) -> None:
    log = machine_of(pair())
    found = engine(log.sealed(), log.claim("defect-rate/1", 0, sense="reduction")).detail
    assert (found["before"]["n"], found["before"]["d"]) == (str(28 * 20), str(28 * 220))


HIDDEN = 960
"""Of the gap from 16:00 of one day to 16:00 of the next 480 minutes of the second day are planned, at two a minute."""


@both
def test_gap_of_good_pieces_raises_the_end_of_the_period_that_speaks_against_an_increase(
    engine: Engine,
) -> None:
    # N of a day is 200 min. Before: day 5 gains 960 min in the worst case.
    log = machine_of(pair(TWO_A_MINUTE), restart=("good", 5))
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert change(found, "main") == 0
    assert change(found, "worst") == Fraction(28 * 200, 28 * 200 + HIDDEN) - 1
    # After: what a gap hides speaks for an increase; the worst case is the one measured.
    log = machine_of(pair(TWO_A_MINUTE), restart=("good", 33))
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert change(found, "worst") == change(found, "main") == 0
    # A reduction is judged the other way round.
    found = engine(log.log, log.claim("oee/2", 0, sense="reduction")).detail
    assert change(found, "worst") == 1 - Fraction(28 * 200 + HIDDEN, 28 * 200)


@both
def test_gap_of_a_counter_without_highest_rate_leaves_no_worst_case(engine: Engine) -> None:
    log = machine_of(pair(), restart=("good", 5))
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert found["worst"] == {"word": "undetermined"}
    assert found["main"]["word"] == "fail"
    assert "unknown.pieces" in found["findings"]
    # As measured it fails already, and what is unknown can only make it worse.
    assert found["word"] == "fail"


@both
def test_gap_of_scrap_may_hide_rejects_beyond_the_pieces_made(engine: Engine) -> None:
    # made = G + S: 960 hidden rejects are pieces made too. A reduction is judged with them after.
    log = machine_of(pair(TWO_A_MINUTE), restart=("scrap", 33))
    found = engine(log.sealed(), log.claim("defect-rate/1", 0, sense="reduction")).detail
    rate = Fraction(28 * 20 + HIDDEN, 28 * 220 + HIDDEN) / Fraction(20, 220)
    assert change(found, "main") == 0
    assert change(found, "worst") == 1 - rate
    assert found["word"] == "fail"


@both
def test_gap_of_good_pieces_may_hide_that_rejects_were_good(engine: Engine) -> None:
    # Before: at most the pieces made can be good, so the 20 rejects of day 5 may all have been good ones.
    log = machine_of(pair(TWO_A_MINUTE), restart=("good", 5))
    found = engine(log.sealed(), log.claim("defect-rate/1", 0, sense="reduction")).detail
    assert change(found, "worst") == 1 - Fraction(28 * 20, 27 * 20)


@both
def test_gap_of_scrap_may_turn_pieces_of_the_rest_into_rejects(engine: Engine) -> None:
    # good = T − S = 200. The 220 pieces made in the gap, fewer than 960, may all be rejects; 20 of day 33 are known
    # ones beside (§8 adds nothing and takes nothing away): 200 − 220 min are left of that day.
    counters = [
        counted("total", "count_total", counter=TWO_A_MINUTE),
        counted("scrap", "count_scrap", counter=TWO_A_MINUTE),
    ]
    log = machine_of(counters, restart=("scrap", 33))
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert change(found, "main") == 0
    assert change(found, "worst") == Fraction(27 * 200 - 20, 28 * 200) - 1


@both
def test_pieces_in_unknown_time_outside_the_plan_lengthen_the_base_of_the_day(
    engine: Engine,
) -> None:
    # The machine counts more pieces at 20:00 of day 3 (two readings half a second apart), while its state is unknown
    # from 20:00 to 20:30, after the plan. Its cell in that UTC hour has 30 unknown minutes: the base gains them as
    # measured, at least min(30, pieces · 1 min) of them.
    for pieces, least in ((60, 30), (10, 10)):
        log = Diary()
        log.config(plant(counters=pair()))
        log.running("a1", lambda _: 400 * MIN)
        at = log.begin(3) + 12 * HOUR
        log.log.bad("a1/state", at)
        log.log.row("a1/state", at + 30 * MIN, 2)
        log.counting("a1/scrap", lambda _: 20)
        log.counting("a1/good", lambda day, n=pieces: 200 + (n if day == 4 else 0))  # type: ignore[misc]
        # A day later the counter shows what is known already at 20:00 of day 3.
        log.log.row("a1/good", at + 500, 4 * 200)
        log.log.row("a1/good", at + 1000, 4 * 200 + pieces)
        log.log.pending[(log.begin(4) + HOUR - 500) // MIN] = [
            replace(r, value=4 * 200 + pieces) if r.signal == "good" else r
            for r in log.log.pending[(log.begin(4) + HOUR - 500) // MIN]
        ]
        found = engine(log.sealed(), log.claim("oee/2", 0)).detail
        assert found["before"]["d"] == str((28 * 480 + 30) * MIN)
        assert found["before"]["n"] == str((28 * 200 + pieces) * MIN)
        before = Fraction(28 * 200 + pieces, 28 * 480 + least)
        assert change(found, "worst") == Fraction(200, 480) / before - 1


@both
def test_ideal_cycle_of_the_first_ms_counts_in_both_periods(engine: Engine) -> None:
    # From the second period on the enterprise says 120 s a piece: nothing is gained.
    log = machine_of(pair())
    log.config(plant(counters=pair(), products=[product("", 120_000)]), day=28)
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert change(found, "main") == 0
    assert "rules.ideal-cycle" in found["findings"]


def part(products: list[dict[str, Any]]) -> dict[str, Any]:
    document = plant(counters=pair(), products=products)
    state = next(s for s in document["streams"] if s["id"] == "a1.state")
    own = signal("part", "product", "text", hold_ms=400 * HOUR)
    state["signals"].append({**own, "alternate_of": "", "carrier": "", "table": ""})
    return document


@both
@pytest.mark.parametrize(
    ("later", "name", "cycle"),
    [
        # listed before: its cycle of then
        ([product("A", 90_000), product("B", 60_000)], "A", 30),
        # no longer listed: still its cycle of then
        ([product("B", 60_000)], "A", 30),
        # new: its own
        ([product("A", 30_000), product("C", 50_000)], "C", 50),
        # unassigned: the smallest of both tables
        ([product("C", 50_000)], "", 30),
        # listed without a cycle: the smallest
        ([product("A", 0), product("Z", 0)], "Z", 30),
    ],
)
def test_one_table_of_products_for_both_periods(
    engine: Engine, later: list[dict[str, Any]], name: str, cycle: int
) -> None:
    # Before: product A of 30 s. After: the product `name` under another table, which gives it `cycle` seconds.
    log = Diary()
    log.config(part([product("A", 30_000), product("B", 60_000)]))
    log.config(part(later), day=28)
    log.running("a1", lambda _: 400 * MIN)
    for day in log.every():
        log.log.row("a1/part", log.begin(day), "A" if day < 28 else name)
    log.counting("a1/good", lambda _: 200)
    log.counting("a1/scrap", lambda _: 20)
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert found["after"]["n"] == str(28 * 200 * cycle * 1000)
    assert change(found, "main") == Fraction(cycle, 30) - 1


@both
def test_asset_that_loses_its_ideal_cycle_is_not_left_out(engine: Engine) -> None:
    log = machine_of(pair())
    log.config(plant(counters=pair(), products=[]), day=28)
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    # "" is the product of an asset that names none: without any product its pieces have no cycle of their own.
    assert found["left_out"] == ["a1"]
    log = machine_of(pair(), products=[product("A", 60_000)])
    log.config(plant(counters=pair(), products=[]), day=28)
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert found["left_out"] == []
    assert change(found, "main") == 0


@both
def test_day_whose_counters_tell_no_good_pieces_is_unknown(engine: Engine) -> None:
    # On day 3 the configuration knows the total alone: no good piece is known, all may be good.
    totals = [counted("total", "count_total"), counted("scrap", "count_scrap")]
    log = machine_of(totals)
    log.config(plant(counters=totals[:1]), day=3)
    log.config(plant(counters=totals), day=4)
    found = engine(log.sealed(), log.claim("oee/2", 0)).detail
    assert (found["before"]["valid"], found["before"]["unknown"]) == (27, 1)
    found = engine(log.log, log.claim("defect-rate/1", 0, sense="reduction")).detail
    assert (found["before"]["valid"], found["before"]["unknown"]) == (27, 1)
    assert found["blind"] == {"word": "undetermined"}


@both
def test_asset_without_reject_signal_makes_the_claim_undefined(engine: Engine) -> None:
    total = [counted("total", "count_total")]
    log = machine_of(total)
    sealed = log.sealed()
    for metric in ("oee/2", "defect-rate/1"):
        found = engine(sealed, log.claim(metric, 0))
        assert found.value is None
        assert found.detail["undefined"] == "no_reject_signal"
        assert found.detail["word"] == "undetermined"
        assert found.detail["main"] == {"word": "undetermined"}
    assert engine(log.log, log.claim("availability/2", 0)).value == 0


@both
def test_interval_of_counts_that_cancel_out_is_not_written(engine: Engine) -> None:
    # By turns 10^6 pieces made and none good, 10 made and 10^6 good: rejects of 10^6 and 10 − 10^6, 10 for two days.
    # So N = 140 in 28 days, the deviation of a day 10^6: h ≈ 1.7 · √28 · 10^6 / 140 · √2, far above ln 10^4001 = 9213.
    log = Diary()
    log.config(plant(counters=[counted(n, f"count_{n}") for n in ("good", "scrap", "total")]))
    log.running("a1", lambda _: 400 * MIN)
    log.counting("a1/good", lambda day: 10**6 if day % 2 else 0)
    log.counting("a1/scrap", lambda _: 1)
    log.counting("a1/total", lambda day: 10 if day % 2 else 10**6)
    sealed = log.sealed()
    with pytest.raises(REFUSALS):
        engine(sealed, log.claim("defect-rate/1", 0, sense="reduction"))
    assert engine(sealed, log.claim("availability/2", 0)).value == 0


def test_plan_of_the_cases_has_480_minutes() -> None:
    (own,) = plan()["shifts"]
    assert own["to_min"] - own["from_min"] == 480
    assert state_signal()["role"] == "state"
