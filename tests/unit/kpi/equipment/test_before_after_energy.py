"""`energy-per-piece/2`, and energy in `before-after/2`, counted by hand, by both engines."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import EquipmentEnergyClaim
from kpi.window import Span
from tests.support.compared_days import Diary, plant
from tests.support.equipment_plant import counted, rules
from tests.support.kpi_plant import DAY, HOUR, MIN
from tests.support.one_claim import REFUSALS, Engine, both

METER = counted("energy", "energy")
SECOND = counted("second", "energy")


def log_of(
    meters: dict[str, list[dict[str, Any]]] | None = None,
    days: tuple[int, int] = (28, 28),
    counters: list[dict[str, Any]] | None = None,
) -> Diary:
    """A machine that makes 100 good pieces and 10 rejects a day, read once a day; meters are left to the case."""
    log = Diary(days)
    log.config(plant(meters=meters or {"m1": [METER]}, counters=counters))
    log.running("a1", lambda _: 400 * MIN)
    log.counting("a1/good", lambda _: 100)
    log.counting("a1/scrap", lambda _: 10)
    return log


def window(log: Diary) -> EquipmentEnergyClaim:
    return EquipmentEnergyClaim(log.spans[0], ("m1",), ("a1",))


@both
def test_energy_per_good_piece_of_a_window(engine: Engine) -> None:
    log = log_of()
    log.counting("m1/energy", lambda _: 5000)
    found = engine(log.sealed(), window(log))
    assert found.value == Fraction(28 * 5000, 28 * 100)
    assert found.detail == {
        "good": [{"asset": "a1", "good": 2800}],
        "wh": [{"meter": "m1", "quarantined": 0, "reset": 0, "wh": 140_000}],
    }
    assert [c["stream"] for c in found.coverage] == ["a1.state", "a1.count", "m1.energy"]


@both
def test_changed_ratio_of_a_transformer_makes_no_step(engine: Engine) -> None:
    # The register counts 50 units a day. From day 10 on a unit is 200 Wh, before 100 Wh: the old reading is taken anew.
    log = Diary()
    for day, scale in ((0, 100), (10, 200)):
        log.config(plant(meters={"m1": [{**METER, "scale": [scale, 1]}]}), day=day)
    log.running("a1", lambda _: 400 * MIN)
    log.counting("a1/good", lambda _: 100)
    log.counting("a1/scrap", lambda _: 10)
    log.counting("m1/energy", lambda _: 50)
    found = engine(log.sealed(), window(log))
    assert found.detail["wh"][0]["wh"] == 10 * 50 * 100 + 18 * 50 * 200


@both
def test_restart_and_reset_are_counted_together_and_alternates_not_at_all(engine: Engine) -> None:
    other = {**SECOND, "alternate_of": "energy"}
    log = log_of({"m1": [{**METER, "alternate_of": ""}, other]})
    log.counting("m1/energy", lambda _: 5000, restart=7)
    log.counting("m1/second", lambda _: 4000)
    found = engine(log.sealed(), window(log))
    # On day 7 the register stands at 0 just before the reading of 5000: booked 0 at the reset, then 5000.
    assert found.detail["wh"] == [{"meter": "m1", "quarantined": 0, "reset": 1, "wh": 140_000}]


@both
def test_meter_without_a_reading_leaves_no_energy(engine: Engine) -> None:
    log = log_of({"m1": [METER], "m2": [METER]})
    log.counting("m1/energy", lambda _: 5000)
    sealed = log.sealed()
    claim = EquipmentEnergyClaim(log.spans[0], ("m1", "m2"), ("a1",))
    found = engine(sealed, claim)
    assert found.detail["undefined"] == "no_energy"
    assert found.detail["wh"][1] == {"meter": "m2", "quarantined": 0, "reset": 0}
    assert engine(sealed, window(log)).value == 50
    with pytest.raises(REFUSALS):
        engine(sealed, EquipmentEnergyClaim(log.spans[0], ("m3",), ("a1",)))


@both
def test_reasons_in_order(engine: Engine) -> None:
    total = [counted("total", "count_total")]
    log = log_of(counters=total)
    log.counting("m1/energy", lambda _: 5000)
    log.counting("a1/total", lambda _: 100)
    found = engine(log.sealed(), window(log))
    assert found.detail["undefined"] == "no_reject_signal"
    assert found.detail["good"] == [{"asset": "a1"}]
    log = log_of()
    log.counting("m1/energy", lambda _: 5000)
    sealed = log.sealed()
    # Between two readings nothing is counted: 12:00 to 20:00 of the first day.
    first = log.begin(0) // MIN + 240
    found = engine(
        sealed, EquipmentEnergyClaim(Span(first, first + 480, 600, 10), ("m1",), ("a1",))
    )
    assert found.detail["undefined"] == "no_pieces"


def compared(engine: Engine, log: Diary, meters: tuple[str, ...] = ("m1",), **more: Any) -> Any:
    claim = log.claim("energy-per-piece/2", 0, sense="reduction", meters=meters, **more)
    return engine(log.sealed(), claim)


@both
def test_energy_of_the_plant_is_one_asset(engine: Engine) -> None:
    log = log_of()
    log.counting("m1/energy", lambda day: 5000 if day < 28 else 4000)
    found = compared(engine, log)
    assert found.value == Fraction(1, 5)
    assert found.detail["assets"] == found.detail["matched"] == ["plant"]
    assert (found.detail["before"]["n"], found.detail["before"]["d"]) == ("140000", "2800")
    # Nothing varies: the interval is a point.
    assert found.detail["main"]["low"] == found.detail["main"]["high"]
    assert found.detail["main"]["word"] == "pass, point only"


def silent(log: Diary, point: str, *days: int) -> None:
    """Take the readings of some days away."""
    name = point.split("/")[1]
    for slot, rows in log.log.pending.items():
        if any(log.begin(d) <= slot * MIN < log.begin(d + 1) for d in days):
            log.log.pending[slot] = [r for r in rows if r.signal != name]


@both
def test_day_without_a_reading_of_the_meter_is_unknown(engine: Engine) -> None:
    # Day 30 has no reading. From 09:00 of day 29 to half a second before 09:00 of day 31 the register goes up by
    # 5000 Wh, spread over 48 h less half a second: 23 h of them lie in day 29, 24 h in day 30, the rest in day 31.
    log = log_of()
    log.counting("m1/energy", lambda _: 5000)
    silent(log, "m1/energy", 30)
    found = compared(engine, log).detail
    assert (found["after"]["valid"], found["after"]["unknown"]) == (27, 1)
    whole = 48 * HOUR - 500
    in_29, until_31 = (5000 * h * HOUR // whole for h in (23, 47))
    # 27 days of 5000 at their own readings, beside them what is spread over days 29 and 31
    assert found["after"]["n"] == str(27 * 5000 + in_29 + 5000 - until_31)
    # blind: all 28 days; after all 28 · 5000 Wh
    assert Fraction(found["blind"]["change"]) == 0


@both
def test_day_before_the_first_and_after_the_last_reading_has_no_bound(engine: Engine) -> None:
    log = log_of()
    log.counting("m1/energy", lambda _: 5000)
    silent(log, "m1/energy", 55)
    found = compared(engine, log).detail
    assert (found["after"]["valid"], found["after"]["unknown"]) == (27, 1)
    assert found["blind"] == {"word": "undetermined"}
    assert "days.unknown-decide" in found["findings"]


@both
def test_every_register_of_a_meter_must_answer(engine: Engine) -> None:
    log = log_of({"m1": [METER, SECOND]})
    log.counting("m1/energy", lambda _: 5000)
    log.counting("m1/second", lambda _: 1000)
    silent(log, "m1/second", 30, 31)
    found = compared(engine, log).detail
    assert (found["after"]["valid"], found["after"]["unknown"]) == (26, 2)


@both
@pytest.mark.parametrize(("restart", "unknown"), [(35, 2)])
def test_days_that_a_reset_of_the_register_meets_are_unknown(
    engine: Engine, restart: int, unknown: int
) -> None:
    # From 09:00 of day 34 to half a second before 09:00 of day 35 energy may have been lost.
    log = log_of()
    log.counting("m1/energy", lambda _: 5000, restart=restart)
    found = compared(engine, log).detail
    assert found["after"]["unknown"] == unknown
    assert found["after"]["n"] == str((28 - unknown) * 5000)
    assert found["blind"] == {"word": "undetermined"}


@both
def test_readings_in_quarantine_to_the_end_make_the_days_from_the_last_proof_on_unknown(
    engine: Engine,
) -> None:
    # At most 20 kWh an hour: 10^9 Wh more on day 55 are not believed.
    log = log_of({"m1": [{**METER, "counter": rules((20_000, HOUR))}]})
    level = 0
    log.log.row("m1/energy", log.begin(0) - HOUR, 0)
    for day in log.every():
        level += 5000 if day != 55 else 10**9
        log.log.row("m1/energy", log.begin(day) + HOUR, level)
    found = compared(engine, log).detail
    # last proof at 09:00 of day 54
    assert (found["after"]["valid"], found["after"]["unknown"]) == (26, 2)


@both
def test_pieces_that_gaps_hide_are_in_the_worst_case(engine: Engine) -> None:
    # Good pieces are read at 16:00, at most two a minute; the counter begins anew on day 5: 960 more may have been
    # made on that day (480 planned minutes). A reduction is judged with the least before.
    log = Diary()
    rate = rules((2, MIN))
    own = [counted(n, f"count_{n}", counter=rate) for n in ("good", "scrap")]
    log.config(plant(meters={"m1": [METER]}, counters=own))
    log.running("a1", lambda _: 400 * MIN)
    log.counting("a1/good", lambda _: 100, at=480 * MIN, spread=True, restart=5)
    log.counting("a1/scrap", lambda _: 10, at=480 * MIN, spread=True)
    log.counting("m1/energy", lambda _: 5000)
    found = compared(engine, log).detail
    assert Fraction(found["main"]["change"]) == 0
    assert Fraction(found["worst"]["change"]) == 1 - Fraction(28 * 100 + 960, 28 * 100)


@both
def test_asset_that_is_not_measured_leaves_no_day(engine: Engine) -> None:
    log = log_of(counters=[counted("total", "count_total")])
    log.counting("m1/energy", lambda _: 5000)
    log.counting("a1/total", lambda _: 100)
    found = compared(engine, log)
    assert found.value is None
    assert found.detail["undefined"] == "no_reject_signal"
    assert (found.detail["assets"], found.detail["matched"]) == (["plant"], [])
    assert (found.detail["before"]["n"], found.detail["before"]["valid"]) == ("0", 0)
    assert found.detail["full"] == {"word": "undetermined"}


@both
def test_rules_of_the_meters_are_compared(engine: Engine) -> None:
    log = log_of()
    log.config(plant(meters={"m1": [{**METER, "scale": [2, 1]}]}), day=28)
    log.counting("m1/energy", lambda _: 5000)
    found = compared(engine, log).detail
    assert [n for n in found["findings"] if n.startswith("rules.")] == ["rules.counting"]
    # Pieces of a day are not touched by it, the energy is doubled.
    assert Fraction(found["main"]["change"]) == -1


def test_days_of_the_cases_have_24_hours() -> None:
    log = log_of()
    assert log.begin(1) - log.begin(0) == DAY
