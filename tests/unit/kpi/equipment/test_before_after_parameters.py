"""Parameters that make `before-after/2` invalid: the verifier refuses them, the agent forms no such claim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from evidence.refusal import Refusal
from kpi.claims import ClaimResult, ExcludedDay, claim_object
from model.errors import PermanentError
from tests.support.compared_days import Diary, plant
from tests.support.kpi_plant import MIN
from tests.support.plain_engine import recompute


def small() -> Diary:
    log = Diary()
    log.config(plant())
    log.running("a1", lambda _: 200 * MIN)
    return log


DAY = "2026-03-03"


def excluded(*days: tuple[str, str]) -> list[dict[str, str]]:
    return [{"date": date, "reason": reason} for date, reason in days]


def overlap(item: dict[str, Any]) -> None:
    item["before"] = [item["before"][0], item["window"][0] + 1]


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "before reaches into the window": overlap,
    "before is empty": lambda i: i.update(before=[i["before"][0]] * 2),
    "metric of version 1": lambda i: i.update(metric="oee-iso22400/1"),
    "sense": lambda i: i.update(sense="change"),
    "threshold below 0": lambda i: i.update(threshold=[-1, 10]),
    "threshold without denominator": lambda i: i.update(threshold=[1, 0]),
    "reason": lambda i: i.update(exclusions=excluded((DAY, "rain"))),
    "a date twice": lambda i: i.update(exclusions=excluded((DAY, "holiday"), (DAY, "holiday"))),
    "dates that fall": lambda i: i.update(
        exclusions=excluded((DAY, "holiday"), ("2026-03-02", "holiday"))
    ),
    "exclusion with another key": lambda i: i.update(
        exclusions=[{"date": DAY, "reason": "holiday", "who": "x"}]
    ),
    "no exclusions": lambda i: i.pop("exclusions"),
    "meters of another metric": lambda i: i.update(meters=["m1"]),
    "assets not in order": lambda i: i.update(assets=["b", "a1"]),
    "unit": lambda i: i.update(unit="W.h"),
    "something more": lambda i: i.update(strict=1),
}


@pytest.mark.parametrize("case", CHANGES)
def test_verifier_refuses_a_claim_with_other_parameters(case: str) -> None:
    log = small()
    sealed = log.sealed()
    claim = log.claim("availability/2", exclusions=[(1, "holiday")])
    item: Any = claim_object("c", claim, ClaimResult(Fraction(0), None, {}))
    assert recompute(sealed, dict(item)).den == 1
    CHANGES[case](item)
    with pytest.raises(Refusal):
        recompute(sealed, item)


def test_agent_forms_no_claim_with_such_parameters() -> None:
    claim = small().claim("availability/2")
    with pytest.raises(PermanentError):
        replace(claim, before=replace(claim.before, last=claim.span.first + 1))
    for days in (
        (ExcludedDay(DAY, "rain"),),
        (ExcludedDay(DAY, "holiday"), ExcludedDay(DAY, "holiday")),
        (ExcludedDay(DAY, "holiday"), ExcludedDay("2026-03-02", "holiday")),
    ):
        with pytest.raises(PermanentError):
            replace(claim, exclusions=days)
    for changed in (
        {"meters": ("m1",)},
        {"metric": "energy-per-piece/2"},
        {"before": replace(claim.before, lead=0)},
    ):
        with pytest.raises(ValueError, match=r"meters|lead"):
            replace(claim, **changed)
