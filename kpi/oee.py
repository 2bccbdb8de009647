"""OEE after ISO 22400-2: Σ ideal time of good pieces / Σ planned busy time, with bounds (kpi-audit U1, U3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi import atoms as time_atoms
from kpi.atoms import planned_ms
from kpi.claims import ClaimResult, Json, OeeClaim, UtilisationClaim, result
from kpi.days import AssetDay, AssetDays, asset_days
from kpi.exact import quotient, written
from kpi.reasons import Reason
from kpi.workspace import Workspace
from model.signal import Role
from model.state import Atom


@dataclass(frozen=True, slots=True)
class AssetOee:
    """Integers and ideal times of one asset over the window."""

    days: AssetDays
    pbt: int
    apt: int
    ideal_good: Fraction | None
    """Ideal ms of the good pieces; None = good not known."""
    ideal_total: Fraction | None
    high: Fraction | None
    """Ideal ms of good pieces at most, counter gaps included; None = unbounded or not known."""


def oee(work: Workspace, request: OeeClaim) -> ClaimResult:
    """Return the OEE of a group of assets as one ratio of sums; undefined without a reject signal."""
    work.require(request.assets, "assets")
    names = sorted(set(request.assets))
    all_days = {name: asset_days(work, name) for name in names}
    left_out = [n for n in names if not has_ideal(all_days[n])]
    group = [asset_oee(work, all_days[n]) for n in names if n not in left_out]
    measured = all(g.days.pieces.scrap is not None for g in group)
    busy, productive = sum(g.pbt for g in group), sum(g.apt for g in group)
    unknown = sum(g.days.atoms[Atom.UNK] for g in group)
    good = _sum([g.ideal_good for g in group]) if measured else None
    total = _sum([g.ideal_total for g in group])
    value = quotient(good, busy) if good is not None else None
    detail: dict[str, Json] = {
        "assets": [_asset_detail(g) for g in group],
        "availability": written(quotient(productive, busy)),
        "availability_high": written(quotient(productive + unknown, busy)),
        "availability_low": written(quotient(productive, busy)),
        "effectiveness": written(quotient(total, productive) if total is not None else None),
        "high": _high(group, busy) if value is not None else "0/0",
        "left_out": left_out,
        "low": written(value),
        "quality_ideal": written(quotient(good, total) if good is not None and total else None),
        "unknown_ms": unknown,
    }
    reason = Reason.NO_PLANNED_TIME if measured else Reason.NO_REJECT_SIGNAL
    return result(value, reason, detail)


def utilisation(work: Workspace, request: UtilisationClaim) -> ClaimResult:
    """Return production time / calendar time in service."""
    work.require(request.assets, "assets")
    productive = calendar = 0
    rows: list[Json] = []
    for name in sorted(set(request.assets)):
        atoms = time_atoms.as_mapping(work.atoms(name).sum(axis=0).tolist())
        apt, every = time_atoms.apt(atoms), sum(atoms.values())
        productive, calendar = productive + apt, calendar + every
        rows.append({"apt": apt, "asset": name, "calendar": every})
    return result(quotient(productive, calendar), Reason.NO_PLANNED_TIME, {"assets": rows})


def has_ideal(days: AssetDays) -> bool:
    """Return whether an asset has an ideal cycle on every day, so that it takes part in OEE."""
    return all(d.ideal_cycle_ms > 0 for d in days.days)


def asset_oee(work: Workspace, days: AssetDays) -> AssetOee:
    """Return the sums of one asset over the window."""
    good = _sum([ideal_good(d) for d in days.days])
    pieces = [d.pieces.total for d in days.days]
    total = _sum(
        [
            None if n is None else n * d.ideal_cycle_ms
            for n, d in zip(pieces, days.days, strict=True)
        ]
    )
    pbt = sum(d.pbt for d in days.days)
    high = None
    if good is not None:
        lost = _lost_ideal(work, days)
        high = None if lost is None else max(good, min(good + lost, Fraction(pbt)))
    return AssetOee(days, pbt, sum(d.apt for d in days.days), good, total, high)


def ideal_good(day: AssetDay) -> Fraction | None:
    """Return the ideal ms of the good pieces of a day; None = not known."""
    return None if day.pieces.good is None else day.pieces.good * day.ideal_cycle_ms


def _lost_ideal(work: Workspace, days: AssetDays) -> Fraction | None:
    """Return the ideal ms of pieces that counter gaps may hide; None = not limited."""
    asset, span = days.asset, work.span
    document = work.day_config(asset, span.start_ms).document
    has_good = bool(document.signals_of(asset, Role.COUNT_GOOD))
    runs = work.runs(asset, Role.COUNT_GOOD if has_good else Role.COUNT_TOTAL)
    lost = Fraction(0)
    for gap in (g for run in runs.runs for g in run.gaps):
        start = max(gap.start_ms, span.start_ms)
        end = span.end_ms if gap.end_ms is None else min(gap.end_ms, span.end_ms)
        planned = planned_ms(work.segments(asset), start, end)
        if not planned:
            continue
        if not gap.rules.limited:
            return None
        cycle = next(d.ideal_cycle_ms for d in reversed(days.days) if d.day.start_ms <= start)
        lost += (planned * gap.rules.pieces // gap.rules.per_ms) * cycle
    return lost


def _high(group: Sequence[AssetOee], busy: int) -> str:
    """Return the upper bound as written in the claim."""
    high = _sum([g.high for g in group])
    return "unbounded" if high is None else written(quotient(high, busy))


def _asset_detail(g: AssetOee) -> Json:
    pieces = g.days.pieces
    found: dict[str, Json] = {
        "apt": g.apt,
        "asset": g.days.asset,
        "atoms": {a.value: v for a, v in g.days.atoms.items()},
        "pbt": g.pbt,
        "quarantined": g.days.quarantined,
        "reset": g.days.reset,
    }
    known = {"good": pieces.good, "scrap": pieces.scrap, "total": pieces.total}
    ideal = {"ideal_good": g.ideal_good, "ideal_total": g.ideal_total}
    found.update({k: v for k, v in known.items() if v is not None})
    found.update({k: written(v) for k, v in ideal.items() if v is not None})
    return found


def _sum(values: list[Fraction | None]) -> Fraction | None:
    known = [v for v in values if v is not None]
    return sum(known, Fraction(0)) if len(known) == len(values) else None
