"""The estimates of a comparison: one change with interval and word per choice of days and machines (claims.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Overflow
from fractions import Fraction
from typing import Final

from kpi.claims import Json
from kpi.comparison.estimate import Judging, ci1_estimate
from kpi.comparison.interval import Day, Interval, Word
from kpi.decimals import stored
from kpi.exact import written
from model.errors import PermanentError

_LARGEST_EXPONENT: Final = 4000
"""An interval that reaches 10^4001 is not written."""

Days = Sequence[tuple[int, Day]] | None
"""Number and figures of some days by date; None = a figure of one of them is not limited."""


@dataclass(frozen=True, slots=True)
class SetEstimate:
    """A change over the days of two periods."""

    change: Fraction | None
    """None = it cannot be formed."""
    interval: Interval | None
    """None = undetermined."""
    word: Word

    @property
    def detail(self) -> Json:
        """Return its object in the claim."""
        found: dict[str, Json] = {"word": self.word.value}
        if self.change is not None:
            found["change"] = written(self.change)
        if self.interval is not None:
            found |= {"high": stored(self.interval.high), "low": stored(self.interval.low)}
        return found


NOTHING: Final = SetEstimate(None, None, Word.UNDETERMINED)


def estimate(before: Days, after: Days, judging: Judging) -> SetEstimate:
    """Return the change with interval CI-1 and the word of U10; raises PermanentError for a boundless interval."""
    if before is None or after is None:
        return NOTHING
    old, new = [day for _, day in before], [day for _, day in after]
    try:
        found = ci1_estimate(old, new, judging)
    except Overflow as error:
        raise _too_wide() from error
    if found is None or found.interval is None:
        return SetEstimate(_change(old, new, judging), None, Word.UNDETERMINED)
    ends = (found.interval.low, found.interval.high)
    if max(end.adjusted() for end in ends) > _LARGEST_EXPONENT:
        raise _too_wide()
    return SetEstimate(found.change, found.interval, found.word)


def _change(before: Sequence[Day], after: Sequence[Day], judging: Judging) -> Fraction | None:
    """Return the change of the ratio of sums also where it is too small or too short for an interval."""
    n_b, d_b = sum(x.n for x in before), sum(x.d for x in before)
    n_a, d_a = sum(x.n for x in after), sum(x.d for x in after)
    if min(n_b, d_b, d_a) <= 0:
        return None
    gain = Fraction(n_a * d_b, n_b * d_a) - 1
    return gain if judging.sense == "increase" else -gain


def _too_wide() -> PermanentError:
    return PermanentError(
        "the interval of the comparison is wider than can be written: the counts of its days go up and down",
        "对比的区间过宽，无法写出：各日的计数忽正忽负",
    )
