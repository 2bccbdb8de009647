"""Cherry-pick index (kpi-audit U12): how favourable is the chosen baseline among all that were allowed?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate
from typing import Final

from kpi.comparison.daily import DailySeries, Exclusion, period_days, select
from kpi.comparison.interval import FEWEST_DAYS, Day, Sense
from kpi.comparison.periods import WEEK, Baseline
from kpi.findings import Finding, note, percent, warn

FAVOURABLE: Final = Fraction(9, 10)
"""An index from here on is a warning, if at least so many starts were allowed:"""
FEWEST_STARTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CherryPick:
    """Where the chosen baseline stands."""

    starts: int
    """Allowed start weeks, the chosen one included."""
    smaller: int
    """Starts whose baseline gives a smaller change than the chosen one."""
    smallest: Fraction
    """Smallest change of all allowed starts."""
    largest: Fraction
    chosen: Fraction

    @property
    def index(self) -> Fraction:
        """Return the share of allowed starts that give a smaller change, 0…1."""
        return Fraction(self.smaller, self.starts)


def cherry_pick(
    history: Iterable[DailySeries],
    exclusions: Sequence[Exclusion],
    chosen: Baseline,
    last_allowed: date,
    after: Day,
    *,
    sense: Sense,
    with_exclusions: bool,
) -> CherryPick | None:
    """Return the index over all start weeks of the same length before the build period; None if only one is possible.

    history: daily values of the assets of the main figure, from the first day on record. last_allowed: last date that
    belongs to no build period. after: ΣN and ΣD of the reporting period. A start is allowed if its period holds 20
    valid days on which all these assets were in service.
    Source: U12.
    """
    series = tuple(history)
    dates = [d.date for s in series for d in s.days if d.date <= last_allowed]
    if not dates or after.d <= 0:
        return None
    first = min(*dates, chosen.first)
    span = Baseline(first, max(last_allowed, chosen.last))
    days = period_days(series, span, exclusions)
    recorded = Counter(d.date for s in series for d in s.days)
    kept = {
        d.date
        for d in select(days, with_exclusions=with_exclusions)
        if recorded[d.date] == len(series)
    }
    sums = [
        list(accumulate(values, initial=0))
        for values in zip(
            *((d.measured.n, d.measured.d, 1) if d.date in kept else (0, 0, 0) for d in days),
            strict=True,
        )
    ]
    changes: dict[date, Fraction] = {}
    start = chosen.first - timedelta(days=WEEK * ((chosen.first - first).days // WEEK))
    while start + timedelta(days=chosen.days - 1) <= span.last:
        i = (start - first).days
        n, d, count = (column[i + chosen.days] - column[i] for column in sums)
        if count >= FEWEST_DAYS and n > 0 and d > 0:
            gain = Fraction(after.n * d, n * after.d) - 1
            changes[start] = gain if sense == "increase" else -gain
        start += timedelta(days=WEEK)
    own = changes.get(chosen.first)
    if own is None or len(changes) < 2:
        return None
    return CherryPick(
        starts=len(changes),
        smaller=sum(c < own for c in changes.values()),
        smallest=min(changes.values()),
        largest=max(changes.values()),
        chosen=own,
    )


def cherry_pick_findings(found: CherryPick | None) -> list[Finding]:
    """Return the finding that prints the index; a favourable baseline is a warning."""
    if found is None:
        return [
            note(
                "cherry.not-possible",
                "建设前的数据只够一个起始周，无法给出基期选择指数。",
                "The data before the build period allow one start week only: no cherry-pick index.",
            )
        ]
    zh = (
        f"基期选择指数 {percent(found.index)}：在 {found.starts} 个可选起始周中，有 {found.smaller} 个给出的变化更小"
        f"（范围 {percent(found.smallest)} 至 {percent(found.largest)}）。"
    )
    en = (
        f"Cherry-pick index {percent(found.index)}: {found.smaller} of {found.starts} allowed start weeks "
        "give a smaller change "
        f"(from {percent(found.smallest)} to {percent(found.largest)})."
    )
    if found.index >= FAVOURABLE and found.starts >= FEWEST_STARTS:
        return [
            warn(
                "cherry.favourable",
                zh + "所选基期几乎是最有利的。",
                en + " The chosen baseline is nearly the most favourable one.",
                lowers_grade=True,
                index=found.index,
                starts=found.starts,
            )
        ]
    return [note("cherry.index", zh, en, index=found.index, starts=found.starts)]
