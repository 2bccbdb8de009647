"""Before against after: daily integers of valid days, point change, interval and word (claims.md §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kpi.claims import BeforeAfterClaim, ClaimResult, Json, result
from kpi.comparison.drift import Drift, drift
from kpi.comparison.interval import FEWEST_DAYS, Day, Interval, interval, point_change, word
from kpi.days import AssetDays, asset_days
from kpi.decimals import stored
from kpi.energy.energy_per_piece import meter_days
from kpi.oee import has_ideal, ideal_good
from kpi.reasons import Reason
from kpi.workspace import Workspace
from model.state import Atom


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a comparison."""

    days: int
    """Production days wholly inside it."""
    valid: tuple[Day, ...]
    """Valid ones in date order."""
    dates: tuple[date, ...]
    """Local date of each valid day."""
    known: bool = True
    """Whether the counts that the metric needs are known; if not, no day is valid."""
    span: tuple[date, date] | None = None
    """First and last production day wholly inside; None = there is none."""

    @property
    def drift(self) -> Drift | None:
        """Return the drift test of the period, None if it has too few whole weeks to be tested."""
        first, last = self.span or (None, None)
        return drift(list(zip(self.dates, self.valid, strict=True)), first, last)

    @property
    def detail(self) -> Json:
        """Return the object of the claim."""
        return {
            "d": str(sum(x.d for x in self.valid)),
            "days": self.days,
            "n": str(sum(x.n for x in self.valid)),
            "valid": len(self.valid),
        }


def before_after(before: Workspace, after: Workspace, request: BeforeAfterClaim) -> ClaimResult:
    """Return the change of a metric between two periods with its interval and word."""
    b, a = periods(before, after, request)
    known = b.known and a.known
    change = point_change(b.valid, a.valid, request.sense) if known else None
    fewest = min(len(b.valid), len(a.valid))
    found: Interval | None = None
    if change is not None and fewest >= FEWEST_DAYS:
        week = _week_days(before)
        found = interval(b.valid, a.valid, request.sense, week)
    detail: dict[str, Json] = {
        "after": a.detail,
        "before": b.detail,
        "method": "ci-1",
        "word": word(found, change, request.threshold, fewest).value,
    }
    if found is not None:
        detail["interval"] = {"high": stored(found.high), "low": stored(found.low)}
    return result(change, Reason.NO_BASELINE if known else Reason.NO_REJECT_SIGNAL, detail)


def periods(
    before: Workspace, after: Workspace, request: BeforeAfterClaim
) -> tuple[Period, Period]:
    """Return the valid days of both periods, from which value, interval and drift follow."""
    works = (before, after)
    for work in works:
        work.require(request.assets, "assets")
        work.require(request.meters, "meters")
    if request.metric == "oee-iso22400/1":
        return _oee_periods(works, request)
    return _energy_period(before, request), _energy_period(after, request)


def _week_days(before: Workspace) -> int:
    """Return the weekdays with a shift in the calendar in force at the first ms of the before period."""
    return before.parts[0].document.calendar.week_days


def _oee_periods(
    works: tuple[Workspace, Workspace], request: BeforeAfterClaim
) -> tuple[Period, Period]:
    names = sorted(set(request.assets))
    tables = [[asset_days(work, n) for n in names] for work in works]
    kept = [i for i in range(len(names)) if all(has_ideal(t[i]) for t in tables)]
    groups = [[t[i] for i in kept] for t in tables]
    return _oee_period(works[0], groups[0]), _oee_period(works[1], groups[1])


def _oee_period(work: Workspace, group: Sequence[AssetDays]) -> Period:
    whole = [i for i, d in enumerate(work.days) if d.whole]
    if any(x.pieces.scrap is None for x in group):
        return Period(len(whole), (), (), known=False)
    valid: dict[int, Day] = {}
    for i in whole:
        rows = [g.days[i] for g in group]
        n = sum(int(v // 1) for r in rows if (v := ideal_good(r)) is not None)
        d = sum(r.pbt for r in rows)
        unknown = sum(r.atoms[Atom.UNK] for r in rows)
        if n > 0 and d > 0 and 10 * unknown <= d:
            valid[i] = Day(n, d)
    return _period(work, whole, valid)


def _energy_period(work: Workspace, request: BeforeAfterClaim) -> Period:
    meters = [meter_days(work, m) for m in sorted(set(request.meters))]
    assets = [asset_days(work, a) for a in sorted(set(request.assets))]
    whole = [i for i, d in enumerate(work.days) if d.whole]
    if any(a.pieces.good is None for a in assets):
        return Period(len(whole), (), (), known=False)
    valid: dict[int, Day] = {}
    for i in whole:
        n = sum(m.wh[i] for m in meters)
        d = sum(a.days[i].pieces.good or 0 for a in assets)
        if n > 0 and d > 0 and all(m.answered_on[i] for m in meters):
            valid[i] = Day(n, d)
    return _period(work, whole, valid)


def _period(work: Workspace, whole: Sequence[int], valid: Mapping[int, Day]) -> Period:
    dates = tuple(date.fromisoformat(work.days[i].date) for i in valid)
    span = None
    if whole:
        first, last = (date.fromisoformat(work.days[i].date) for i in (whole[0], whole[-1]))
        span = first, last
    return Period(len(whole), tuple(valid.values()), dates, span=span)
