"""Daily values of the measured metrics, from the sealed rows of a window: what `compare` is fed by the claim engine.

Only production days that lie wholly in the window are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from kpi.atoms import planned_ms
from kpi.comparison.daily import DailySeries, DailyValue, DayBounds
from kpi.comparison.interval import Day
from kpi.counters import Gap
from kpi.days import AssetDay, asset_days
from kpi.energy.energy_per_piece import meter_days
from kpi.oee import has_ideal, ideal_good
from kpi.workspace import Workspace
from model.signal import Role
from model.state import Atom


def oee_series(work: Workspace, asset: str) -> DailySeries | None:
    """Return N = ⌊ideal ms of good pieces⌋ and D = planned busy ms; None without ideal cycle or reject signal.

    Unknown: planned ms without a known state, which also tells how long the agent was blind. Bounds: pieces that
    counter gaps may hide (U3). Source: claims.md §4, U3, U11.
    """
    return _ideal_series(work, asset, calendar_time=False)


def teep_series(work: Workspace, asset: str) -> DailySeries | None:
    """Return the same numerator over the time in service, which no schedule can shrink."""
    return _ideal_series(work, asset, calendar_time=True)


def availability_series(work: Workspace, asset: str) -> DailySeries:
    """Return N = production ms and D = planned busy ms; bounds: unknown ms as not run and as run."""
    return DailySeries(
        asset,
        tuple(_time_value(d, d.pbt, d.atoms[Atom.UNK]) for d in _whole(work, asset)),
    )


def utilisation_series(work: Workspace, asset: str) -> DailySeries:
    """Return N = production ms and D = ms in service; every day in service counts."""
    return DailySeries(
        asset,
        tuple(_time_value(d, sum(d.atoms.values()), _unknown(d)) for d in _whole(work, asset)),
    )


def defect_series(work: Workspace, asset: str) -> DailySeries | None:
    """Return N = rejects and D = pieces made; None if either is not known."""
    days = []
    for day in _whole(work, asset):
        scrap, total = day.pieces.scrap, day.pieces.total
        if scrap is None or total is None:
            return None
        days.append(
            DailyValue(
                date=_date(day), n=scrap, d=total, planned=day.pbt, unknown=day.atoms[Atom.UNK]
            )
        )
    return DailySeries(asset, tuple(days))


def energy_series(
    work: Workspace, meters: Sequence[str], assets: Sequence[str], name: str
) -> DailySeries | None:
    """Return N = Wh of the meters and D = good pieces of the assets as one series; None if good pieces are not known.

    A day on which a meter gave no reading is unknown.
    """
    work.require(meters, "meters")
    work.require(assets, "assets")
    energy = [meter_days(work, m) for m in sorted(set(meters))]
    pieces = [asset_days(work, a) for a in sorted(set(assets))]
    if any(p.pieces.good is None for p in pieces):
        return None
    days = []
    for i, day in enumerate(work.days):
        if not day.whole:
            continue
        planned = sum(p.days[i].pbt for p in pieces)
        answered = all(m.answered_on[i] for m in energy)
        days.append(
            DailyValue(
                date=date.fromisoformat(day.date),
                n=sum(m.wh[i] for m in energy),
                d=sum(p.days[i].pieces.good or 0 for p in pieces),
                planned=planned,
                unknown=0 if answered else planned,
            )
        )
    return DailySeries(name, tuple(days))


def _ideal_series(work: Workspace, asset: str, *, calendar_time: bool) -> DailySeries | None:
    work.require((asset,), "assets")
    days = asset_days(work, asset)
    if not has_ideal(days) or days.pieces.scrap is None:
        return None
    gaps = _count_gaps(work, asset)
    found = []
    for day in (d for d in days.days if d.day.whole):
        good = ideal_good(day) or Fraction(0)
        base = sum(day.atoms.values()) if calendar_time else day.pbt
        value = Day(int(good // 1), base)
        lost = _lost_ideal(work, day, gaps, asset)
        high = None if lost is None else _at_most(good, lost, day.pbt)
        found.append(
            DailyValue(
                date=_date(day),
                n=value.n,
                d=base,
                planned=base,
                unknown=_unknown(day) if calendar_time else day.atoms[Atom.UNK],
                bounds=None
                if high == value.n
                else DayBounds(value, None if high is None else Day(high, base)),
            )
        )
    return DailySeries(asset, tuple(found))


def _at_most(good: Fraction, lost: Fraction, planned: int) -> int:
    """Return the most ideal ms of a day: not above the planned time unless that much was counted (claims.md §4)."""
    return int(max(good, min(good + lost, Fraction(planned))) // 1)


def _count_gaps(work: Workspace, asset: str) -> list[Gap]:
    document = work.day_config(asset, work.span.start_ms).document
    has_good = bool(document.signals_of(asset, Role.COUNT_GOOD))
    runs = work.runs(asset, Role.COUNT_GOOD if has_good else Role.COUNT_TOTAL)
    return [gap for run in runs.runs for gap in run.gaps]


def _lost_ideal(work: Workspace, day: AssetDay, gaps: Sequence[Gap], asset: str) -> Fraction | None:
    """Return the ideal ms that gaps may hide on a day, pieces rounded up; None = no rate limits them."""
    lost = 0
    for gap in gaps:
        start = max(gap.start_ms, day.day.start_ms)
        end = day.day.end_ms if gap.end_ms is None else min(gap.end_ms, day.day.end_ms)
        planned = planned_ms(work.segments(asset), start, end) if start < end else 0
        if not planned:
            continue
        if not gap.rules.limited:
            return None
        lost += -(-planned * gap.rules.pieces // gap.rules.per_ms)
    return lost * day.ideal_cycle_ms


def _time_value(day: AssetDay, base: int, unknown: int) -> DailyValue:
    low = Day(day.apt, base)
    return DailyValue(
        date=_date(day),
        n=day.apt,
        d=base,
        planned=base,
        unknown=unknown,
        bounds=DayBounds(low, Day(day.apt + unknown, base)) if unknown else None,
    )


def _unknown(day: AssetDay) -> int:
    return day.atoms[Atom.UNK] + day.atoms[Atom.UNK_X]


def _whole(work: Workspace, asset: str) -> list[AssetDay]:
    work.require((asset,), "assets")
    return [d for d in asset_days(work, asset).days if d.day.whole]


def _date(day: AssetDay) -> date:
    return date.fromisoformat(day.day.date)
