"""Exclusions of `before-after/2`, registered or late, by both engines."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kpi.claims import ExcludedDay
from tests.support.compared_days import Diary, plant, steady
from tests.support.kpi_plant import HOUR
from tests.support.one_claim import REFUSALS, Engine, both


def stop(
    log: Diary, day: int, kind: str = "off", asset_: str = "*", cut: int = 0
) -> dict[str, Any]:
    return {
        "asset": asset_,
        "from_ms": log.begin(day),
        "kind": kind,
        "to_ms": log.begin(day + 1) - cut,
    }


def excluded(*stops: Callable[[Diary], dict[str, Any]], at: int = 0, **more: Any) -> Diary:
    """The steady plant, with stops that stand in its configuration from a day on."""
    log = steady(**more)
    later = copy.deepcopy(log.documents[0][1])
    later["calendar"]["stops"] = sorted((s(log) for s in stops), key=lambda s: s["from_ms"])
    if at == 0:
        log.documents[0] = (log.documents[0][0], later)
    else:
        log.config(later, day=at)
    return log


@both
def test_exclusion_registered_before_it_began_is_left_out_of_main(engine: Engine) -> None:
    # Utilisation: a day that is off still has its calendar time.
    log = excluded(lambda log: stop(log, 70))
    found = engine(
        log.sealed(), log.claim("utilisation/2", exclusions=[(70, "registered_stop")])
    ).detail
    assert (found["after"]["excluded"], found["after"]["valid"], found["before"]["valid"]) == (
        1,
        62,
        63,
    )
    assert found["main"] == found["with"] != found["without"]
    assert "exclusions.late" not in found["findings"]


@both
@pytest.mark.parametrize(
    ("make", "at"),
    [
        (lambda log: stop(log, 70), 71),
        (lambda log: stop(log, 70, cut=1), 0),
        (lambda log: stop(log, 70, kind="pm"), 0),
        (lambda log: stop(log, 70, asset_="a1"), 0),
    ],
    ids=["entered the day after", "one ms short", "maintenance", "of one machine"],
)
def test_exclusion_that_is_not_registered_is_in_main_and_late(
    engine: Engine, make: Callable[[Diary], dict[str, Any]], at: int
) -> None:
    log = excluded(make, at=at)
    claim = log.claim("utilisation/2", exclusions=[(70, "holiday"), (71, "force_majeure")])
    found = engine(log.sealed(), claim).detail
    assert "exclusions.late" in found["findings"]
    assert found["main"] == found["without"] != found["with"]
    assert (found["after"]["excluded"], found["after"]["valid"]) == (2, 63)


@both
def test_stop_that_was_withdrawn_registers_nothing(engine: Engine) -> None:
    log = excluded(lambda log: stop(log, 70))
    log.config(plant(), day=70, ms=HOUR)
    found = engine(log.sealed(), log.claim("utilisation/2", exclusions=[(70, "holiday")])).detail
    assert "exclusions.late" in found["findings"]


@both
def test_words_that_hang_on_exclusions_are_told(engine: Engine) -> None:
    # 20 of 63 days after stand still: with them the gain of 30 % is lost.
    log = steady(extra=lambda day: -250 if 70 <= day < 90 else 0)
    days = [(day, "force_majeure") for day in range(70, 90)]
    found = engine(log.sealed(), log.claim("availability/2", exclusions=days)).detail
    assert found["with"]["word"] == "pass, point only" or found["with"]["word"] == "pass"
    assert found["without"]["word"] in ("fail", "inconclusive")
    assert {"exclusions.decide", "exclusions.late"} <= set(found["findings"])
    assert found["main"] == found["without"]


@both
@pytest.mark.parametrize("date", ["2026-03-01", "2026-07-06", "2026-03-2", "02.03.2026"])
def test_exclusion_that_is_no_whole_day_of_a_period_is_invalid(engine: Engine, date: str) -> None:
    # The first day of the before period is 2026-03-02, the last of the after period 2026-07-05.
    log = steady()
    sealed = log.sealed()
    claim = log.claim("availability/2")
    for good in ("2026-03-02", "2026-07-05"):
        engine(sealed, replace(claim, exclusions=(ExcludedDay(good, "holiday"),)))
    with pytest.raises(REFUSALS):
        engine(sealed, replace(claim, exclusions=(ExcludedDay(date, "holiday"),)))
