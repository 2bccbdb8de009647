"""U6 step by step, and the vectorised walk against the rule."""

from __future__ import annotations

import numpy as np
import pytest

from kpi.counters import CounterRun, Event, counter_run, decide
from kpi.document import Counter
from kpi.readings import compact

LIMIT = Counter(first=0, modulus=65_536, pieces=60, per_ms=60_000)
NO_ROLL = Counter(first=0, modulus=0, pieces=60, per_ms=60_000)
MINUTE = 60_000


@pytest.mark.parametrize(
    ("old", "new", "dt", "rules", "booked", "event"),
    [
        (5, 5, 0, LIMIT, 0, None),
        (5, 6, 0, LIMIT, 1, None),  # cap = ⌈0⌉ + 1
        (5, 7, 0, LIMIT, None, None),
        (0, 61, MINUTE, LIMIT, 61, None),  # cap = 60 + 1, reached exactly
        (0, 62, MINUTE, LIMIT, None, None),
        (0, 1_000_000, MINUTE, LIMIT, None, None),  # +1 000 000 jump is quarantined
        (0, 1_000_000, MINUTE, Counter(0, 0, 0, 1), 1_000_000, None),  # without limit it is booked
        (65_530, 20, MINUTE, LIMIT, 26, Event.AMBIGUOUS),  # 26 by rollover, 20 by reset: both fit
        (65_530, 20, 30_000, LIMIT, 26, Event.AMBIGUOUS),
        (65_500, 20, 30_000, LIMIT, 20, Event.RESET),  # rollover would be 56 > cap 31
        (65_500, 40, 30_000, LIMIT, None, None),  # neither fits
        (40_000, 3, MINUTE, LIMIT, 3, Event.RESET),
        (9_998, 3, MINUTE, Counter(0, 10_000, 60, 60_000), 5, Event.AMBIGUOUS),
        (9_998, 3, MINUTE, Counter(1, 9_999, 60, 60_000), 4, Event.AMBIGUOUS),
        (100, 40, MINUTE, NO_ROLL, 40, Event.RESET),
        (100, 98, MINUTE, NO_ROLL, None, None),  # 98 pieces in a minute do not fit
        (100, 98, 2 * MINUTE, NO_ROLL, 98, Event.RESET),
        (100, 0, MINUTE, Counter(1, 0, 60, 60_000), None, None),  # below its first value
        (100, 99, 65_536_000, LIMIT, 0, Event.LOST),  # could have rolled over any number of times
        (100, 99, 65_535_000, LIMIT, 65_535, Event.AMBIGUOUS),
    ],
)
def test_decide_u6(
    old: int, new: int, dt: int, rules: Counter, booked: int | None, event: Event | None
) -> None:
    assert decide(old, new, dt, rules) == (booked, event)


def run(*readings: tuple[int, int], rules: Counter = LIMIT) -> CounterRun:
    """Run over (second, reading) pairs."""
    tau = np.array([t * 1000 for t, _ in readings], dtype=np.int64)
    return counter_run(
        compact([v for _, v in readings]), tau, [rules], np.zeros(len(tau), dtype=np.int32)
    )


def booked(found: CounterRun) -> dict[int, int]:
    return {int(t) // 1000: int(n) for t, n in zip(found.end, found.count, strict=True)}


def words(found: CounterRun) -> list[tuple[int, str]]:
    return [(t // 1000, e.value) for t, e in found.events]


def test_counter_run_first_reading_is_a_base_not_production() -> None:
    found = run((0, 500))
    assert booked(found) == {}
    assert found.accepted.tolist() == [0]


def test_counter_run_single_spike_books_nothing_and_leaves_a_gap() -> None:
    found = run((0, 100), (60, 1_000_100), (120, 104))
    assert booked(found) == {120: 4}
    assert words(found) == [(60, "quarantined")]
    assert [(g.start_ms, g.end_ms) for g in found.gaps] == [(0, 120_000)]
    assert found.accepted.tolist() == [0, 120_000]


def test_counter_run_three_agreeing_readings_make_the_new_level() -> None:
    found = run((0, 100), (60, 50_000), (120, 50_010), (180, 50_020), (240, 50_025))
    assert booked(found) == {240: 5}
    assert words(found) == [(60, "quarantined"), (120, "quarantined"), (180, "quarantined")]
    assert [(g.start_ms, g.end_ms) for g in found.gaps] == [(0, 180_000)]


def test_counter_run_readings_that_disagree_start_the_run_again() -> None:
    found = run((0, 100), (60, 50_000), (120, 20_000), (180, 20_001), (240, 20_002), (300, 20_003))
    assert booked(found) == {300: 1}
    assert len(words(found)) == 4


def test_counter_run_quarantine_at_the_end_is_an_open_gap() -> None:
    found = run((0, 100), (60, 101), (120, 50_000))
    assert booked(found) == {60: 1}
    assert [(g.start_ms, g.end_ms) for g in found.gaps] == [(60_000, None)]


def test_counter_run_reset_books_from_first_and_marks_a_gap() -> None:
    found = run((0, 40_000), (60, 40_010), (120, 7), (180, 9))
    assert booked(found) == {60: 10, 120: 7, 180: 2}
    assert words(found) == [(120, "reset")]
    assert [(g.start_ms, g.end_ms) for g in found.gaps] == [(60_000, 120_000)]


def test_counter_run_readings_beyond_64_bits_stay_exact() -> None:
    big = Counter(0, 0, 0, 1)
    found = run((0, 2**63), (60, 2**64 - 1), rules=big)
    assert booked(found) == {60: 2**63 - 1}


def plain(
    readings: list[tuple[int, int]], rules: Counter
) -> tuple[dict[int, int], list[tuple[int, str]]]:
    """The sequential rule of claims.md §2, written down once more without any short cut."""
    books: dict[int, int] = {}
    marks: list[tuple[int, str]] = []
    (t0, level), rest = readings[0], readings[1:]
    candidate, length = (0, 0), 0
    for t, v in rest:
        count, event = decide(level, v, (t - t0) * 1000, rules)
        if event:
            marks.append((t, event.value))
        if count is not None:
            books[t] = books.get(t, 0) + count
            (t0, level), length = (t, v), 0
            continue
        marks.append((t, "quarantined"))
        ok = (
            v >= candidate[1]
            and decide(candidate[1], v, (t - candidate[0]) * 1000, rules)[0] is not None
        )
        length = length + 1 if length and ok else 1
        candidate = (t, v)
        if length == 3:
            (t0, level), length = (t, v), 0
    return {t: n for t, n in books.items() if n}, marks


@pytest.mark.parametrize("seed", range(40))
def test_counter_run_random_series_equal_the_sequential_rule(seed: int) -> None:
    rng = np.random.default_rng(seed)
    value, t, readings = 0, 0, []
    for _ in range(200):
        t += int(rng.integers(1, 90))
        value += int(rng.integers(0, 4))
        kick = rng.random()
        if kick < 0.05:
            value = int(rng.choice([0, 1, 60_000, 65_535, 30_000]))
        readings.append((t, int(rng.integers(0, 65_536)) if kick > 0.97 else value % 65_536))
    found = run(*readings)
    assert (booked(found), words(found)) == plain(readings, LIMIT)
