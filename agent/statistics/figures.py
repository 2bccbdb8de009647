"""Figures of `plantproof kpi`: a window of the stored statistics, or of the sealed rows where an edge cuts a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from agent.log_reader import SealedLog
from agent.statistics.query import By, Group, grouped, stored_cells, window_of
from kpi import atoms as time_atoms
from kpi.calendar import MINUTE_MS
from kpi.document_types import ConfigDocument
from kpi.equipment.effectiveness import bounds_of, effectiveness
from kpi.equipment.oee import availability_range
from kpi.equipment.space import equipment_space
from kpi.equipment.sums import EquipmentSums
from kpi.exact import quotient, written
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
from model.state import Atom
from storage.statistics import Change, StatisticsStore

LEAD_SLOTS = 120
GRACE_SLOTS = 10


@dataclass(frozen=True, slots=True)
class KpiReport:
    """Sums of assets over one window."""

    from_ms: int
    to_ms: int
    """The end of the statistics if more was asked for."""
    asked_to_ms: int
    open_ms: int
    """Rows in time may still change hours from here on; the same as `to_ms` = none."""
    by: By
    groups: tuple[Group, ...]
    """By asset and key."""
    from_rows: tuple[str, ...]
    """Assets that were formed from the sealed rows because an edge of the window cuts one of their cells."""
    changes: tuple[Change, ...]
    """Hours of the window that were formed anew because data came late."""
    simulated: bool


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """What is formed from the sums of one group."""

    oee: Fraction | None
    low: Fraction | None
    high: Fraction | None
    unbounded: bool
    availability: Fraction | None
    availability_low: Fraction | None
    availability_high: Fraction | None
    """Range that unknown time leaves; both None without planned time."""
    mtbf_ms: Fraction | None
    """Total of run and set-up time / failures; None without a failure."""
    mttr_ms: Fraction | None


def kpi_report(
    log: SealedLog,
    store: StatisticsStore,
    assets: Sequence[str],
    window: tuple[int, int],
    by: By,
) -> KpiReport:
    """Return the sums of assets over a window.

    Raises PermanentError for an unknown asset, an empty window, or one that the statistics do not reach.
    """
    start, end = window
    progress = store.progress
    seen = progress.seen_ms if progress is not None else 0
    to = min(end, seen)
    if start >= to:
        raise PermanentError(
            f"no finished hour between {start} and {end}: the statistics reach to {seen} (Unix ms)",
            f"{start} 至 {end} 之间没有已完成的小时：统计数据截至 {seen}（Unix 毫秒）",
        )
    documents = dict(zip(log.index.digests, log.index.documents, strict=True))
    names = list(assets) or store.assets()
    unknown = [a for a in assets if not any(a in d.asset for d in documents.values())]
    if unknown:
        raise PermanentError(
            f"no asset {unknown[0]} in any configuration of the log",
            f"日志的配置中没有设备 {unknown[0]}",
        )
    groups: list[Group] = []
    from_rows = []
    for name in names:
        found = _stored(store, name, documents, (start, to), by)
        if found is None:
            from_rows.append(name)
        groups += found or []
    if from_rows:
        groups += _from_rows(log, from_rows, (start, to), by)
    opens = [x for n in names if (x := store.open_ms(n)) is not None]
    return KpiReport(
        from_ms=start,
        to_ms=to,
        asked_to_ms=end,
        open_ms=min([to, *opens]),
        by=by,
        groups=tuple(sorted(groups, key=lambda g: (g.asset.encode(), g.key))),
        from_rows=tuple(from_rows),
        changes=tuple(c for c in store.changes(start, to) if c.asset in names),
        simulated=log.head.origin.simulated,
    )


def _stored(
    store: StatisticsStore,
    asset: str,
    documents: Mapping[str, ConfigDocument],
    window: tuple[int, int],
    by: By,
) -> list[Group] | None:
    """Return the groups of an asset, None if an edge of the window cuts a cell."""
    cells = stored_cells(store, asset, documents, *window)
    if cells is None:
        return []
    try:
        chosen = window_of(cells, *window)
    except PermanentError:
        return None
    return list(grouped(cells, chosen, by))


def _from_rows(
    log: SealedLog, assets: Sequence[str], window: tuple[int, int], by: By
) -> list[Group]:
    """Return the groups of a window in whole minutes from the sealed rows."""
    first, last = window[0] // MINUTE_MS, -(-window[1] // MINUTE_MS)
    lead = min(LEAD_SLOTS, first)
    work = Workspace(
        log.window(first - lead, last + GRACE_SLOTS), Span(first, last, lead, GRACE_SLOTS)
    )
    space = equipment_space(work)
    found: list[Group] = []
    for name in assets:
        cells = space.cells(name)
        found += grouped(cells, window_of(cells, first * MINUTE_MS, last * MINUTE_MS), by)
    return found


def figures_of_group(sums: Sequence[EquipmentSums]) -> GroupFigures:
    """Return the figures of one or more sums, as ratios of sums."""
    found = effectiveness(sums)
    busy = sum(time_atoms.pbt(s.atoms) for s in sums)
    productive = sum(time_atoms.apt(s.atoms) for s in sums)
    setup = sum(s.atoms[Atom.SETUP] for s in sums)
    known = availability_range(sums)
    failures, repairs = sum(s.failures for s in sums), sum(s.repairs for s in sums)
    return GroupFigures(
        oee=found.oee,
        low=found.oee_low,
        high=found.oee_high,
        unbounded=found.unbounded,
        availability=quotient(productive, busy),
        availability_low=known.low if known is not None else None,
        availability_high=known.high if known is not None else None,
        mtbf_ms=quotient(productive + setup, failures),
        mttr_ms=quotient(sum(s.repair_ms for s in sums), repairs),
    )


def json_of(report: KpiReport) -> dict[str, object]:
    """Return the report as JSON: integers, and exact fractions as "num/den"."""
    return {
        "from_ms": report.from_ms,
        "to_ms": report.to_ms,
        "asked_to_ms": report.asked_to_ms,
        "open_ms": report.open_ms,
        "by": report.by.value,
        "simulated": report.simulated,
        "from_rows": list(report.from_rows),
        "late_changes": [
            {"asset": c.asset, "from_ms": c.from_ms, "to_ms": c.to_ms, "version": c.version}
            for c in report.changes
        ],
        "groups": [
            {"asset": g.asset, "key": g.key, **_sums_json(g.sums), **_figures_json([g.sums])}
            for g in report.groups
        ],
        "total": _figures_json([g.sums for g in report.groups]),
    }


def _sums_json(s: EquipmentSums) -> dict[str, object]:
    bounds = bounds_of(s) if s.measured else None
    return {
        "atoms": {a.value: ms for a, ms in s.atoms.items()},
        "rows": [
            {
                "product": r.product,
                "ideal_low": written(r.ideal_low),
                "ideal_high": written(r.ideal_high),
                "made": r.made,
                "good": r.good,
                "scrap": r.scrap,
                "rework": r.rework,
            }
            for r in s.rows
        ],
        "measured": s.measured,
        "has_ideal": s.has_ideal,
        "good_low": bounds.good_low if bounds else None,
        "good_high": bounds.good_high if bounds else None,
        "gaps": [
            {
                "role": g.role.value,
                "signal": g.signal,
                "from_ms": g.start_ms,
                "to_ms": g.end_ms,
                "planned_ms": g.planned_ms,
                "most": g.most,
            }
            for g in s.gaps
        ],
        "failures": s.failures,
        "repairs": s.repairs,
        "repair_ms": s.repair_ms,
        "base_gain_ms": s.base_gain_ms,
        "base_gain_least_ms": s.base_gain_least_ms,
        "outside_unbounded": s.outside_unbounded,
        "test_pieces": s.test_pieces,
        "outside_service": s.outside_service,
        "mismatch": s.mismatch,
        "marks": dict(s.marks),
        "state_tables": list(s.state_tables),
        "registers": [
            {"role": r.role.value, "signal": r.signal, "quantity": r.quantity} for r in s.registers
        ],
        "alternates": [
            {"role": a.role.value, "signal": a.signal, "main": a.main, "difference": a.difference}
            for a in s.alternates
        ],
    }


def _figures_json(sums: Sequence[EquipmentSums]) -> dict[str, object]:
    f = figures_of_group(sums)
    return {
        "oee": written(f.oee),
        "oee_low": written(f.low),
        "oee_high": "unbounded" if f.unbounded else written(f.high),
        "availability": written(f.availability),
        "availability_low": written(f.availability_low),
        "availability_high": written(f.availability_high),
        "mtbf_ms": written(f.mtbf_ms),
        "mttr_ms": written(f.mttr_ms),
    }
