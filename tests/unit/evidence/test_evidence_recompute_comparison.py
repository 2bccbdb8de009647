"""The before/after claim over small logs; every expected figure is worked out by hand in the comments."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.refusal import Refusal
from evidence.statement import Claim
from tests.unit.evidence.evidence_builder import (
    FIRST_SLOT,
    LogBuilder,
    asset,
    claim_of,
    plant,
    row,
    signal,
)

T0 = FIRST_SLOT * 60_000
MIN = 60_000
COUNTER = {"first": 0, "max_rate": [10, MIN], "modulus": "0"}


def machine(**changes: Any) -> dict[str, object]:
    return plant(
        [asset("cnc-01", **changes)],
        {
            "cnc-01.state": [signal("state", "state")],
            "cnc-01.count": [
                signal("good", "count_good", counter=COUNTER),
                signal("scrap", "count_scrap", counter=COUNTER),
            ],
        },
    )


def daily_log(days: int) -> LogBuilder:
    """A state row and a counter row every 2 hours: 2 pieces in each before, 3 after; all other slots are off."""
    log = LogBuilder()
    document = machine(ideal_cycle_ms=[600_000, 1])
    for item in document["streams"]:  # type: ignore[attr-defined]
        for one in item["signals"]:
            one["hold_ms"] = 7_200_000
    log.config(document)
    log.boot()
    good = 0
    for step in range(days * 12):
        t = T0 + step * 120 * MIN
        log.block({"cnc-01.state": [row(t, 0, 3)], "cnc-01.count": [row(t, 0, good), row(t, 1, 0)]})
        good += 2 if step < days * 6 else 3
        log.off(119)
    return log


def comparison(days: int, **changes: Any) -> Claim:
    half = days // 2 * 1440
    parameters: dict[str, Any] = {
        "metric": "oee-iso22400/1",
        "sense": "increase",
        "before": [FIRST_SLOT, FIRST_SLOT + half],
        "assets": ["cnc-01"],
        "threshold": [1, 10],
        **changes,
    }
    return claim_of("before-after/1", FIRST_SLOT + half, FIRST_SLOT + 2 * half, **parameters)


def test_before_after_increase_by_hand():
    days = 42
    found = daily_log(days).compute(comparison(days, lead=120))
    detail: Any = found.detail
    # 12 steps of 2 pieces a day before, of 3 after; the last step of each window ends outside and is not seen, so its
    # last day has 22 and 33; the step that ends on the first ms of the after window lies wholly before it
    before_n, spans = (20 * 24 + 22) * 600_000, str(21 * 86_400_000)
    assert detail["before"] == {"days": 21, "valid": 21, "n": str(before_n), "d": spans}
    after_n = (20 * 36 + 33) * 600_000
    assert detail["after"] == {
        "days": 21,
        "valid": 21,
        "n": str(after_n),
        "d": str(21 * 86_400_000),
    }
    assert found.num * 502 == (753 - 502) * found.den
    assert detail["word"] == "pass, point only"  # 21 valid days are provisional
    assert detail["method"] == "ci-1"
    assert set(detail["interval"]) == {"low", "high"}


def test_before_after_too_few_days_is_undetermined():
    found = daily_log(10).compute(comparison(10))
    detail: Any = found.detail
    assert detail["word"] == "undetermined"
    assert "interval" not in detail
    assert found.den > 0


def test_before_after_without_valid_day_has_no_baseline():
    log = LogBuilder()
    log.config(machine())
    log.boot()
    log.block({})
    log.off(2 * 1440)
    found = log.compute(comparison(2))
    assert (found.num, found.den, found.detail["undefined"]) == (0, 0, "no_baseline")  # type: ignore[index]


@pytest.mark.parametrize(
    "changes",
    [
        {"metric": "utilisation/1"},
        {"sense": "more"},
        {"before": [5, 5]},
        {"before": [5]},
        {"threshold": [1, 0]},
        {"threshold": [-1, 5]},
        {"meters": ["m"]},
        {"metric": "energy-per-piece/1"},
    ],
)
def test_before_after_with_other_parameters_is_refused(changes: dict[str, Any]):
    with pytest.raises(Refusal) as caught:
        daily_log(2).compute(comparison(2, **changes))
    assert caught.value.kind == "claim"


def energy_log(days: int) -> LogBuilder:
    """Two counter rows and two register rows a day: 10 pieces a day; 1000 Wh a day before, 900 Wh after."""
    log = LogBuilder()
    log.config(
        plant(
            [asset("a"), asset("m", production=False, state_table="")],
            {
                "a.state": [signal("state", "state")],
                "a.count": [signal("good", "count_good"), signal("scrap", "count_scrap")],
                "m.energy": [signal("energy", "energy")],
            },
        )
    )
    log.boot()
    wh = 0
    for day in range(days):
        t = T0 + day * 1440 * MIN
        log.block({"a.count": [row(t, 0, 10 * day), row(t, 1, 0)], "m.energy": [row(t, 0, wh)]})
        log.off(718)
        wh += 1000 if day < days // 2 else 900
        late = t + 719 * MIN
        log.block(
            {
                "a.count": [row(late, 0, 10 * day + 10), row(late, 1, 0)],
                "m.energy": [row(late, 0, wh)],
            }
        )
        log.off(720)
    return log


def test_before_after_energy_reduction_by_hand():
    days = 40
    claim = comparison(
        days, metric="energy-per-piece/1", sense="reduction", assets=["a"], meters=["m"]
    )
    found = energy_log(days).compute(claim)
    detail: Any = found.detail
    assert detail["before"] == {"d": "200", "days": 20, "n": "20000", "valid": 20}
    assert detail["after"] == {"d": "200", "days": 20, "n": "18000", "valid": 20}
    # 1 − (18000 · 200) / (20000 · 200) = 1/10; no variation, so the interval has no width worth a digit
    assert (found.num, found.den) == (1, 10)
    assert detail["word"] == "pass, point only"
    assert found.coverage == [
        {"absent": 0, "data": 40, "gap": 0, "off": 28760, "stream": "a.count"},
        {"absent": 0, "data": 40, "gap": 0, "off": 28760, "stream": "m.energy"},
    ]


def test_before_after_unknown_good_pieces_has_no_reject_signal():
    log = LogBuilder()
    log.config(plant([asset("a"), asset("m")], {"m.energy": [signal("energy", "energy")]}))
    log.boot()
    log.block({"m.energy": [row(T0, 0, 1)]})
    log.off(2 * 1440)
    claim = comparison(
        2, metric="energy-per-piece/1", sense="reduction", assets=["a"], meters=["m"]
    )
    found = log.compute(claim)
    assert (found.num, found.den) == (0, 0)
    assert found.detail["undefined"] == "no_reject_signal"  # type: ignore[index]
