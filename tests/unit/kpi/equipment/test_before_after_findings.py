"""Findings, words and undefined values of `before-after/2`, by both engines."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from tests.support.compared_days import NOISE, Diary, plant, steady
from tests.support.equipment_plant import counted, product, rules
from tests.support.kpi_plant import DAY, MIN, asset, shift
from tests.support.one_claim import REFUSALS, Engine, both


def total(days: range) -> int:
    return sum(NOISE[d % 11] for d in days)


NO_FINDINGS: list[str] = []


@both
def test_sound_comparison_has_no_finding_and_passes(engine: Engine) -> None:
    log = steady()
    found = engine(log.sealed(), log.claim("availability/2"))
    before, after = 63 * 200 + total(range(63)), 63 * 260 + total(range(63, 126))
    assert found.value == Fraction(after, before) - 1
    assert found.detail["findings"] == NO_FINDINGS
    assert found.detail["word"] == "pass"
    assert all(
        found.detail[e] == found.detail["main"]
        for e in ("with", "without", "full", "worst", "blind")
    )


@both
@pytest.mark.parametrize(
    ("days", "names"),
    [
        ((63, 64), {"period.unequal", "period.not-whole-weeks-after"}),
        (
            (64, 64),
            {"period.not-whole-weeks-before", "period.not-whole-weeks-after", "period.weekday"},
        ),
        ((63, 70), {"period.unequal"}),
    ],
)
def test_lengths_and_first_weekdays_of_periods(
    engine: Engine, days: tuple[int, int], names: set[str]
) -> None:
    log = steady(days=days)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert {n for n in found["findings"] if n.startswith("period.")} == names
    assert found["main"]["word"] == "pass"
    assert found["word"] == "pass, point only"


@both
def test_days_below_60_are_provisional(engine: Engine) -> None:
    for days, word in ((63, "pass"), (56, "pass, point only")):
        log = steady(days=(days, days))
        found = engine(log.sealed(), log.claim("availability/2")).detail
        assert ("days.provisional" in found["findings"]) is (days < 60)
        assert found["main"]["word"] == found["word"] == word


@both
def test_27_whole_days_are_too_short_for_a_word(engine: Engine) -> None:
    log = steady(days=(28, 27))
    found = engine(log.sealed(), log.claim("availability/2"))
    assert found.value is None
    assert found.detail["undefined"] == "no_baseline"
    assert found.detail["word"] == "undetermined"
    assert found.detail["main"]["word"] == "pass, point only"
    assert "period.too-short-after" in found.detail["findings"]
    assert "period.too-short-before" not in found.detail["findings"]


@both
def test_nineteen_valid_days_are_too_few(engine: Engine) -> None:
    for valid, word in ((20, "pass, point only"), (19, "undetermined")):
        log = Diary((28, 28))
        log.config(plant())
        log.running("a1", lambda day: (260 if day >= 28 else 200 + NOISE[day % 11]) * MIN)
        for day in range(28, 56 - valid):
            # nothing known all day; half a minute beside is told
            slots = [s for s in log.log.pending if log.begin(day) <= s * MIN < log.begin(day + 1)]
            for slot in slots:
                del log.log.pending[slot]
            log.log.bad("a1/state", log.begin(day))
        found = engine(log.sealed(), log.claim("availability/2", assets=("a1",)))
        # 8 or 9 of 28 days are more than a tenth: the machine is not matched, the full set alone has its days
        assert found.detail["matched"] == []
        assert found.detail["full"]["word"] == word
        assert found.detail["main"] == {"word": "undetermined"}


RULES: dict[str, tuple[str, Callable[[dict[str, Any]], None]]] = {
    "shift": ("rules.calendar", lambda d: d["calendar"]["shifts"].append(shift(1200, 1260))),
    "day start": ("rules.calendar", lambda d: d["calendar"].update(breaks=[[720, 721]])),
    "rate": ("rules.counting", lambda d: _counter(d).update(counter=rules((9, MIN)))),
    "scale": ("rules.counting", lambda d: _counter(d).update(scale=[2, 1])),
    "cycle": (
        "rules.ideal-cycle",
        lambda d: d["assets"][0].update(products=[product("", 61_000)]),
    ),
    "factor": (
        "rules.ideal-cycle",
        lambda d: d["assets"][0].update(products=[product("", 60_000, factor=2)]),
    ),
    "table": ("rules.state-table", lambda d: d["state_tables"][0].update(other="run")),
    "debounce": ("rules.state-table", lambda d: d["assets"][0].update(debounce_ms=1)),
    "hold": ("rules.state-table", lambda d: d["streams"][0]["signals"][0].update(hold_ms=10 * DAY)),
}


def _counter(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["streams"][1]["signals"][0]
    return found


@both
@pytest.mark.parametrize("case", RULES)
def test_rule_that_changes_between_the_periods_is_told_and_lowers_the_word(
    engine: Engine, case: str
) -> None:
    name, change = RULES[case]
    log = steady()
    later = copy.deepcopy(log.documents[0][1])
    change(later)
    log.config(later, day=63)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert [n for n in found["findings"] if n.startswith("rules.")] == [name]
    assert found["word"] == "pass, point only"


UNCHANGED: dict[str, Callable[[dict[str, Any]], None]] = {
    "holidays, stops and extra shifts": lambda d: d["calendar"].update(
        holidays=["2026-05-01"],
        extra=[{"date": "2026-05-02", "from_min": 1000, "name": "", "to_min": 1001}],
    ),
    "a scale not in lowest terms": lambda d: _counter(d).update(scale=[3, 3]),
    "another machine": lambda d: d["assets"].append(
        {**copy.deepcopy(d["assets"][0]), "id": "z9", "debounce_ms": 5}
    ),
    "names": lambda d: d["assets"][0].update(name="other", minor_stop_ms=7),
    "the instant of the first offset": lambda d: d["calendar"].update(offsets=[[1000, 480]]),
}


@both
@pytest.mark.parametrize("case", UNCHANGED)
def test_change_that_is_none_of_the_rules(engine: Engine, case: str) -> None:
    log = steady()
    later = copy.deepcopy(log.documents[0][1])
    UNCHANGED[case](later)
    log.config(later, day=63)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert [n for n in found["findings"] if n.startswith("rules.")] == []


@both
def test_rule_that_changes_inside_a_period_and_back_is_told(engine: Engine) -> None:
    log = steady()
    first = log.documents[0][1]
    other = copy.deepcopy(first)
    other["assets"][0]["debounce_ms"] = 1
    log.config(other, day=5)
    log.config(copy.deepcopy(first), day=6)
    found = engine(log.sealed(), log.claim("availability/2")).detail
    assert "rules.state-table" in found["findings"]


@both
def test_unknown_days_that_decide_lower_the_word(engine: Engine) -> None:
    # Gain 30 %, threshold 29 %: without the three unknown days after it is reached, with them as stops it is not.
    def with_dark(dark: tuple[int, ...]) -> Diary:
        log = Diary((63, 63))
        log.config(plant())
        for day in log.every():
            if day in dark:
                log.log.bad("a1/state", log.begin(day))
                continue
            log.log.row("a1/state", log.begin(day), 1)
            ms = (260 if day >= 63 else 200) + NOISE[day % 11] % 2
            log.log.row("a1/state", log.begin(day) + ms * MIN, 2)
        return log

    log = with_dark(())
    threshold = Fraction(29, 100)
    assert engine(log.sealed(), log.claim("availability/2", threshold)).detail["word"] == "pass"
    log = with_dark((70, 80, 95))
    found = engine(log.sealed(), log.claim("availability/2", threshold)).detail
    assert found["main"]["word"] == found["worst"]["word"] == "pass"
    assert found["blind"]["word"] == "fail" or found["blind"]["word"] == "inconclusive"
    assert "days.unknown-decide" in found["findings"]
    assert found["word"] == "pass, point only"


@both
def test_full_set_with_another_word_lowers_it(engine: Engine) -> None:
    # a1 gains 30 %, a2 is in service in one period only and loses what a1 gains.
    log = Diary((63, 63))
    document = plant(("a1", "a2"))
    document["assets"][1]["in_service"] = [log.begin(70), 0]
    log.config(document)
    log.running("a1", lambda day: ((260 if day >= 63 else 200) + NOISE[day % 11]) * MIN)
    log.running("a2", lambda _: 10 * MIN)
    found = engine(log.sealed(), log.claim("availability/2", assets=("a1", "a2"))).detail
    assert found["main"]["word"] == "pass"
    assert found["full"]["word"] == "fail"
    assert {"set.changed", "set.full-differs"} <= set(found["findings"])
    assert found["word"] == "pass, point only"


@both
def test_weaker_of_main_and_worst_is_the_word(engine: Engine) -> None:
    # 40 unknown minutes on every day after, of 480: the days count, but the worst case gains nothing.
    log = steady(after=260)
    for day in range(63):
        log.log.bad("a1/state", log.begin(day) + 432 * MIN)
        log.log.row("a1/state", log.begin(day) + 480 * MIN, 2)
    found = engine(log.sealed(), log.claim("availability/2", Fraction(1, 4))).detail
    assert found["main"]["word"] == "pass"
    # before at most 248 of 480, after 260: a gain below 5 %
    assert found["worst"]["word"] == "fail"
    assert "unknown.pieces" in found["findings"]
    assert found["word"] == "fail"


@both
def test_standstill_of_a_whole_period_has_no_ratio(engine: Engine) -> None:
    log = Diary((28, 28))
    log.config(plant())
    log.running("a1", lambda day: 0 if day < 28 else 100 * MIN)
    found = engine(log.sealed(), log.claim("availability/2"))
    assert found.detail["main"] == {"word": "undetermined"}
    assert found.detail["undefined"] == "no_baseline"
    log = Diary((28, 28))
    log.config(plant())
    log.running("a1", lambda day: 0 if day >= 28 else 100 * MIN)
    found = engine(log.sealed(), log.claim("availability/2"))
    # 28 days, none of which ran: a change of −100 %, but no interval of a logarithm
    assert found.detail["main"] == {"change": "-1/1", "word": "undetermined"}
    assert found.detail["drift"].keys() == set()


@both
def test_id_that_one_of_the_periods_does_not_have_is_invalid(engine: Engine) -> None:
    log = steady(days=(28, 28))
    later = copy.deepcopy(log.documents[0][1])
    later["assets"].append(
        {**asset("b2"), **{k: v for k, v in later["assets"][0].items() if k != "id"}}
    )
    log.config(later, day=28)
    sealed = log.sealed()
    engine(sealed, log.claim("availability/2"))
    with pytest.raises(REFUSALS):
        engine(sealed, log.claim("availability/2", assets=("a1", "b2")))


def test_diary_counts_with_plain_rules() -> None:
    assert counted("good", "count_good")["counter"]["max_rate"] == [0, 1]
