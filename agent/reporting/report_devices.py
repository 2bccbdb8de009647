"""Per-device part of a report: times, counts, slots, gaps, the states of one sample day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from agent.reporting.figure_detail import details, ratio_text
from agent.reporting.figures import Evaluation
from agent.tiles import KIND_NAMES
from config.models import AssetClass
from kpi.calendar import ProductionDay
from kpi.document import Asset, ConfigDocument
from kpi.ratios import asset_slots
from kpi.slots import OUTCOMES, Outcome, PointSlots
from kpi.timeline import STATES
from kpi.workspace import Workspace
from model.state import Atom, MachineState
from reports.catalogue import words
from reports.model import DeviceRow, Gap, StateSegment
from reports.words import Text

MAX_GAPS: Final = 60
"""Longest gaps that are listed one by one; the slot table counts all of them."""
_FIRST_MISSED: Final = OUTCOMES.index(Outcome.MISSED_PLANNED)


def device_rows(
    evaluation: Evaluation, work: Workspace, document: ConfigDocument, gantt: ProductionDay | None
) -> tuple[DeviceRow, ...]:
    """Return one row per asset of the registry over the window of `work`, by id in byte order."""
    slots = asset_slots(work)
    oee = {row["asset"]: row for row in _rows(evaluation, "oee", "assets")}
    upload = {row["asset"]: row for row in _rows(evaluation, "upload-rate", "assets")}
    energy = {row["meter"]: row for row in _rows(evaluation, "energy-per-piece", "wh")}
    rows = []
    for asset in document.assets:
        points: Sequence[PointSlots] = slots[asset.id].points if asset.id in slots else ()
        figures = oee.get(asset.id, {})
        wh = energy.get(asset.id, {})
        gaps = [gap for p in points for gap in point_gaps(asset.id, p)]
        ideal, pbt = ratio_text(figures.get("ideal_good")), figures.get("pbt", 0)
        rate = upload.get(asset.id, {}).get("rate")
        rows.append(
            DeviceRow(
                id=asset.id,
                name=Text(asset.name, asset.name),
                kind=KIND_NAMES[AssetClass(asset.asset_class)],
                connected=any(s.device == asset.id for s in document.streams),
                production=asset.production,
                nc=asset.nc,
                ideal_cycle_ms=asset.ideal_cycle_ms or None,
                state_table=asset.state_table,
                atoms={Atom(k): v for k, v in figures.get("atoms", {}).items()},
                good=figures.get("good"),
                scrap=figures.get("scrap"),
                total=figures.get("total"),
                energy_wh=wh.get("wh"),
                oee=ideal / pbt if ideal is not None and pbt else None,
                outcomes=_outcomes(points),
                upload_rate=ratio_text(rate),
                longest_gap=max(gaps, key=lambda g: g.last_ms - g.first_ms, default=None),
                resets=figures.get("reset", wh.get("reset", 0)),
                quarantined=figures.get("quarantined", wh.get("quarantined", 0)),
                segments=_segments(work, asset, gantt) if figures and gantt else (),
            )
        )
    return tuple(rows)


def all_gaps(work: Workspace) -> tuple[tuple[Gap, ...], int]:
    """Return the longest stretches of missed slots in order of time, at most `MAX_GAPS`, and how many there are."""
    gaps = [
        gap
        for name, s in asset_slots(work).items()
        for p in s.points
        for gap in point_gaps(name, p)
    ]
    gaps.sort(key=lambda g: g.first_ms - g.last_ms)
    listed = sorted(gaps[:MAX_GAPS], key=lambda g: (g.first_ms, g.device, g.signal))
    return tuple(listed), len(gaps)


def point_gaps(asset: str, point: PointSlots) -> list[Gap]:
    """Return the stretches of missed slots of one point; a stretch has one cause."""
    missed = point.outcome >= _FIRST_MISSED
    if not missed.any():
        return []
    ends = point.start_ms + point.length_ms
    new = missed.copy()
    same = (point.outcome[1:] == point.outcome[:-1]) & (point.start_ms[1:] == ends[:-1])
    new[1:] &= ~(missed[:-1] & same)
    starts = np.flatnonzero(new)
    group = np.cumsum(new)[missed] - 1
    last = np.zeros(len(starts), np.int64)
    np.maximum.at(last, group, ends[missed])
    return [
        Gap(
            device=asset,
            signal=point.signal,
            first_ms=int(point.start_ms[row]),
            last_ms=int(end),
            cause=outcome_text(OUTCOMES[int(point.outcome[row])]),
        )
        for row, end in zip(starts.tolist(), last.tolist(), strict=True)
    ]


def outcome_text(outcome: Outcome) -> Text:
    """Return the name of a slot outcome in both languages."""
    key = f"outcome.{outcome.value}"
    return Text(words("zh-CN").t(key), words("en").t(key))


def _rows(evaluation: Evaluation, figure: str, key: str) -> Sequence[Mapping[str, Any]]:
    found = evaluation.figures.get(figure)
    return details(found, key) if found is not None else ()


def _outcomes(points: Sequence[PointSlots]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for point in points:
        for outcome, n in point.counts.items():
            if n:
                counts[outcome.value] = counts.get(outcome.value, 0) + n
    return counts


def _segments(work: Workspace, asset: Asset, day: ProductionDay) -> tuple[StateSegment, ...]:
    """Return the states of an asset on the sample day."""
    timeline = work.timeline(asset.id)
    edges, codes = timeline.edges, timeline.codes
    low = max(0, int(np.searchsorted(edges, day.start_ms, side="right")) - 1)
    found = []
    for i in range(low, len(codes)):
        first, last = max(int(edges[i]), day.start_ms), min(int(edges[i + 1]), day.end_ms)
        if first >= day.end_ms:
            break
        if first < last:
            found.append(
                StateSegment(
                    first_ms=first, last_ms=last, state=MachineState(STATES[int(codes[i])])
                )
            )
    return tuple(found)


def daily_upload(work: Workspace) -> dict[str, Fraction | None]:
    """Return the pooled share of covered slots per production day: a chart, not the official rate."""
    covered: dict[str, int] = {}
    expected: dict[str, int] = {}
    for slots in asset_slots(work).values():
        for point in slots.points:
            good = point.outcome <= OUTCOMES.index(Outcome.HELD_ALIVE)
            for day in work.days:
                inside = (point.start_ms >= day.start_ms) & (point.start_ms < day.end_ms)
                expected[day.date] = expected.get(day.date, 0) + int(inside.sum())
                covered[day.date] = covered.get(day.date, 0) + int((inside & good).sum())
    return {d: Fraction(covered[d], n) if n else None for d, n in expected.items()}
