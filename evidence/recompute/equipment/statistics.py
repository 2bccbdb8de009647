"""What a window says about one asset: sums, failures, gaps and what they can hide (statistics.md §5 to §8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from evidence.recompute.equipment.asset_work import AssetWork
from evidence.recompute.equipment.gaps import Gap
from evidence.recompute.equipment.registers import Mark
from evidence.recompute.equipment.signals import Signals
from evidence.recompute.equipment.states import Failure, failures_of
from evidence.recompute.equipment.sums import (
    GOOD,
    OUTSIDE_PLAN,
    PIECE_ROLES,
    SCRAP,
    TOTAL,
    PieceRow,
    Sums,
    sums_of,
)
from evidence.recompute.intervals import Cover, intersection
from evidence.recompute.window import Window
from model.signal import Role
from model.state import MachineState


@dataclass(frozen=True, slots=True)
class Pieces:
    """What the cells of one asset in some time add up to, and what the gaps of its counters can hide there.

    ideal: smallest and largest ideal ms a piece of all its products, None without any. extra: pieces that the gaps of a
    role can hide, None = not limited. lost: pieces whose rejects gaps can hide.
    """

    sums: Sums
    ideal: tuple[Fraction, Fraction] | None
    extra: Mapping[Role, int | None]
    lost: int

    @property
    def rows(self) -> tuple[PieceRow, ...]:
        """Return the pieces by product, ideal cycle and counters present."""
        return self.sums.rows


@dataclass(frozen=True, slots=True)
class AssetStatistics:
    """One asset over one window. measured: its good pieces are measured, else it has no reject signal.

    repair_ms: ms with atom fault of the repaired failures. gaps: by role, signal, beginning. tables: ids of the state
    tables in force. outside_unbounded: a deciding counter is not proven in some unknown time outside the plan.
    """

    asset: str
    pieces: Pieces
    failures: int
    repairs: int
    repair_ms: int
    marks: Mapping[Mark, int]
    gaps: tuple[Gap, ...]
    tables: tuple[str, ...]
    measured: bool
    outside_unbounded: bool

    @property
    def left_out(self) -> bool:
        """Return whether the asset takes no part in OEE: some planned or running time has no ideal cycle at all."""
        return self.sums.no_ideal

    @property
    def sums(self) -> Sums:
        """Return the sums of the cells."""
        return self.pieces.sums

    @property
    def rows(self) -> tuple[PieceRow, ...]:
        """Return the pieces by product, ideal cycle and counters present."""
        return self.sums.rows


def statistics_of(signals: Signals, asset: str) -> AssetStatistics:
    """Return the statistics of an asset over the window of `signals`, worked out once."""
    found = signals.statistics.get(asset)
    if not isinstance(found, AssetStatistics):
        found = signals.statistics[asset] = _work_out(AssetWork(signals, asset))
    return found


def pieces_of(
    work: AssetWork,
    sums: Sums,
    gaps: Iterable[Gap],
    ideal: tuple[Fraction, Fraction] | None,
    factor: int | None = None,
) -> Pieces:
    """Return sums of cells with what gaps of the same time can hide; factor: see `AssetWork.hidden`."""
    gaps = list(gaps)
    from_rest = any(row.good_from_rest for row in sums.rows)
    return Pieces(
        sums,
        ideal,
        {role: work.hidden(gaps, role, factor) for role in PIECE_ROLES},
        work.lost(gaps, factor) if from_rest else 0,
    )


def _work_out(work: AssetWork) -> AssetStatistics:
    window, ideal = work.window, work.ideal
    sums = sums_of(work.cells, work.roles, work.product, None if ideal is None else ideal[0])
    gaps = work.gaps(window.start, window.end)
    failures = _failures(work)
    repaired = [f for f in failures if f.repaired and window.start <= f.last < window.end]
    decided = _deciding_roles(sums.rows)
    unknown = [(p.start, p.end) for p in work.states if p.state is MachineState.UNKNOWN]
    outside = [(s.start, s.end) for s in work.segments if s.kind in OUTSIDE_PLAN]
    dark = Cover(intersection(unknown, outside))
    return AssetStatistics(
        asset=work.asset,
        pieces=pieces_of(work, sums, gaps, ideal),
        failures=sum(window.start <= failure.first < window.end for failure in failures),
        repairs=len(repaired),
        repair_ms=sum(failure.ms for failure in repaired),
        marks=sum((one.register.marks for one in work.counted), Counter[Mark]()),
        gaps=tuple(gaps),
        tables=_tables(window, work.asset),
        measured=work.is_measured,
        outside_unbounded=any(
            gap.configured and gap.role in decided and dark.length(start, end) > 0
            for gap in gaps
            for start, end in gap.parts
        ),
    )


def _failures(work: AssetWork) -> list[Failure]:
    planned = work.planned

    def planned_in(start: int, end: int) -> tuple[int, int, int] | None:
        first, last = planned.first_in(start, end), planned.last_in(start, end)
        if first is None or last is None:
            return None
        return first, last, planned.length(start, end)

    pieces = [piece for piece in work.states if piece.end > work.window.start]
    return list(failures_of(pieces, planned_in))


def _deciding_roles(rows: Iterable[PieceRow]) -> frozenset[Role]:
    """Return the roles of the counters that decide the good pieces of some row."""
    decided: set[Role] = set()
    for row in rows:
        if row.good_from_rest:
            decided |= {TOTAL, SCRAP}
        elif row.good is not None:
            decided.add(GOOD)
    return frozenset(decided)


def _tables(window: Window, asset: str) -> tuple[str, ...]:
    """Return the ids of the tables that the state signals of an asset are read with, in byte order."""
    stream = f"{asset}.state"
    found = {
        plant.table_of(asset, signal)
        for plant in window.plants
        for signal in plant.of_role(stream, Role.STATE)
    }
    return tuple(sorted(found - {""}))
