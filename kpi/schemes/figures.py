"""What is known of a metric: value, bounds, interval of a comparison, where it comes from and how well it is proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from kpi.claims import ClaimResult, Json
from kpi.comparison.details import finding_names, stated_change, valid_days
from kpi.comparison.interval import FEWEST_DAYS, FIRM_DAYS, Word
from kpi.equipment.before_after_findings import lowers
from kpi.grades import Grade, Origin
from kpi.metrics import METRICS
from kpi.schemes.clauses import Operator, Target
from model.ratio import Ratio, Undefined

UPWARD: Final = (Operator.AT_LEAST, Operator.MORE_THAN)
"""Operators under which more is better."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a before/after comparison found, so that it can be judged at any threshold (kpi-audit U10)."""

    point: Fraction
    low: Fraction
    high: Fraction
    sufficient: bool
    """Enough valid days in both periods for any verdict."""
    firm: bool
    """Enough valid days for `pass`, and no drift."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What is known of a metric."""

    value: Ratio
    low: Fraction | None = None
    """Lower bound where unknown data leave a range; None = the value itself."""
    high: Fraction | None = None
    """Upper bound; None = the value itself."""
    unbounded: bool = False
    """There is no upper bound."""
    word: Word | None = None
    """Word that a claim states, at the threshold `word_at`."""
    word_at: Fraction | None = None
    """Threshold of `word`; None = the word holds for whatever is asked."""
    change: Change | None = None
    """Interval of a comparison, for thresholds other than `word_at`."""
    origin: Origin = Origin.MEASURED
    grade: Grade | None = None
    """How well it is proven; None = not graded here."""
    claim: str = ""
    """Id of the claim that states it; empty = none does."""
    imports: tuple[str, ...] = ()
    """SHA-256 of the manifests of the imports that it rests on."""

    @property
    def bounds(self) -> tuple[Fraction, Fraction | None] | None:
        """Return the least and the greatest value (None = no greatest) that missing data leave open, or None."""
        if not isinstance(self.value, Fraction):
            return None
        low = self.value if self.low is None else self.low
        high = None if self.unbounded else self.value if self.high is None else self.high
        return None if low == high else (low, high)


def figure_of(result: ClaimResult, threshold: Fraction | None = None) -> Figure:
    """Return what a claim result says to a row: value, bounds, word and interval of a comparison.

    threshold: of the claim, at which its word was stated; None if it is not a comparison.
    """
    detail = result.detail
    word = detail.get("word")
    if isinstance(word, str):
        change = _change(result) if threshold is not None else None
        return Figure(result.ratio, word=Word(word), word_at=threshold, change=change)
    return bounded(result.ratio, detail.get("low"), detail.get("high"))


def bounded(value: Ratio, low: Json | None, high: Json | None) -> Figure:
    """Return a figure with the bounds that a claim states for it.

    low, high: "n/d" of a detail; of `high`, "unbounded" and "0/0" (which nothing can be said of) leave no upper bound;
    anything that is no text states no bound.
    """
    if isinstance(value, Undefined):
        return Figure(value)
    least, greatest = _fraction(low), _fraction(high)
    return Figure(
        value, low=least, high=greatest, unbounded=isinstance(high, str) and greatest is None
    )


def _fraction(text: Json | None) -> Fraction | None:
    """Return the fraction of "n/d"; None for "0/0", "unbounded" and what is no text."""
    if not isinstance(text, str) or text in ("unbounded", "0/0"):
        return None
    return Fraction(text)


def _change(result: ClaimResult) -> Change | None:
    """Return the interval of a comparison (claims.md §4, §5), None if it states none.

    Of `before-after/2` it spans the main estimate and the worst one, and is firm only if no finding lowers the word.
    """
    days = valid_days(result.detail)
    stated = stated_change(result)
    if stated is None or days is None:
        return None
    value, low, high = stated
    return Change(
        value,
        low,
        high,
        sufficient=min(days) >= FEWEST_DAYS,
        firm=min(days) >= FIRM_DAYS and not lowers(finding_names(result.detail)),
    )


def word_for(figure: Figure, target: Target) -> Word | Undefined | None:
    """Return the word of a comparison at the target's threshold; None if the figure is no comparison.

    The word of a claim holds at its own threshold only; at any other the interval decides (U10): its printed bounds
    have 20 significant digits. A threshold of 0 is strict. Undefined if the claim states no interval for it.
    """
    if figure.word is not None and figure.word_at in (None, target.threshold):
        return figure.word
    if figure.change is not None:
        return word_at(figure.change, target)
    if figure.word is not None:
        return Undefined(
            "the claim was stated for another threshold and gives no interval",
            "该指标是按另一阈值签发的，且没有区间",
        )
    return None


def word_at(change: Change, target: Target) -> Word:
    """Return the word of U10 at a threshold that is to be reached upward."""
    if not change.sufficient:
        return Word.UNDETERMINED
    strict = target.operator is Operator.MORE_THAN or target.threshold == 0
    if _over(change.low, target.threshold, strict=strict):
        return Word.PASS if change.firm else Word.POINT_ONLY
    if _over(change.point, target.threshold, strict=strict):
        return Word.POINT_ONLY
    if not _over(change.high, target.threshold, strict=strict):
        return Word.FAIL
    return Word.INCONCLUSIVE


def _over(value: Fraction, threshold: Fraction, *, strict: bool) -> bool:
    return value > threshold if strict else value >= threshold


def find(figures: Mapping[str, Figure], metric: str) -> tuple[str, Figure] | None:
    """Return the figure that answers for a metric, and its own name: the metric's, or one that stands in for it.

    `energy-utilisation-gain` follows from the drop of unit consumption: 1 / (1 − drop) − 1.
    """
    if metric in figures:
        return metric, figures[metric]
    if metric == GAIN:
        found = find(figures, DROP)
        return None if found is None else (found[0], gain_of(found[1]))
    stand_in = METRICS[metric].stood_in_by if metric in METRICS else ""
    return (stand_in, figures[stand_in]) if stand_in in figures else None


def gain_of(drop: Figure) -> Figure:
    """Return the figure of utilisation = 1 / consumption from that of the drop; monotone, so bounds follow."""

    def up(x: Fraction | None) -> Fraction | None:
        return None if x is None or x >= 1 else 1 / (1 - x) - 1

    if isinstance(drop.value, Undefined):
        return drop
    value, change = up(drop.value), None
    if value is None:
        return replace(
            drop,
            value=Undefined("consumption after is not positive", "建设后能耗不为正数"),
            word=None,
            word_at=None,
            change=None,
        )
    if drop.change is not None:
        low, high = up(drop.change.low), up(drop.change.high)
        if low is not None and high is not None:
            change = replace(drop.change, point=value, low=low, high=high)
    return replace(
        drop,
        value=value,
        low=up(drop.low),
        high=up(drop.high),
        word_at=up(drop.word_at),
        change=change,
    )


DROP: Final = "energy-utilisation-change"
GAIN: Final = "energy-utilisation-gain"
