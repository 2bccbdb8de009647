"""CI-1 in the agent's engine and in the verifier's: the same digits and the same word for any days."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.recompute.interval import interval as plain_interval
from evidence.recompute.interval import word as plain_word
from kpi.comparison.interval import Day, interval, point_change, word
from kpi.decimals import stored

DAY = st.tuples(st.integers(0, 10**12), st.integers(1, 10**12))
PERIOD = st.lists(DAY, min_size=20, max_size=70).filter(lambda days: any(n for n, _ in days))
THRESHOLD = st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(8, 100), Fraction(3, 20)])


@settings(max_examples=60, deadline=None)
@given(PERIOD, PERIOD, st.integers(0, 7), st.booleans(), THRESHOLD)
def test_both_engines_give_the_same_interval_and_word(
    before: list[tuple[int, int]],
    after: list[tuple[int, int]],
    week: int,
    gain: bool,
    threshold: Fraction,
) -> None:
    sense = "increase" if gain else "reduction"
    days = [[Day(n, d) for n, d in side] for side in (before, after)]
    ours = interval(days[0], days[1], sense, week)  # type: ignore[arg-type]
    plain = plain_interval(before, after, week, gain=gain)
    assert (stored(ours.low), stored(ours.high)) == plain.texts()
    change = point_change(days[0], days[1], sense)  # type: ignore[arg-type]
    assert change is not None
    fewest = min(len(before), len(after))
    assert word(ours, change, threshold, fewest).value == plain_word(
        plain, change, threshold, fewest
    )
