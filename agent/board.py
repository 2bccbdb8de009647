"""Fills the board: one snapshot a second from live values, one set of figures a minute from the sealed log."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from agent.reporting.comparison_view import ComparisonView
from agent.reporting.figure_views import FIGURE_OF, UNIT_OF, explain, reason_of, value_of
from agent.tiles import Tiles
from agent.today import LOSS_NAMES, Today
from agent.web.state import (
    Alarm,
    BoardSnapshot,
    DeviceTile,
    Explanation,
    HealthItem,
    KpiCard,
    Link,
    LogView,
    ParetoItem,
    SiteView,
    UploadTrend,
)
from config.loader import LoadedPlant
from model.ratio import Undefined
from reports.words import KpiKey, Text, Unit
from storage.upload_rate import UploadRate

TREND_STEP_MS: Final = 300_000
TREND_POINTS: Final = 288
UPLOAD_TARGET: Final = Fraction(9, 10)


@dataclass(slots=True)
class _Trend:
    """Covered and expected slots, counted in five-minute steps."""

    start_ms: int = 0
    covered: int = 0
    expected: int = 0
    points: deque[float | None] = field(default_factory=lambda: deque(maxlen=TREND_POINTS))


class Board:
    """The newest snapshot and the figures behind it; implements `BoardState`."""

    def __init__(self, plant: LoadedPlant, tiles: Tiles, origin: str, utc_offset_min: int) -> None:
        """Start with an empty board."""
        self._tiles = tiles
        self._names = {d.config.id: d.config.name for d in plant.devices}
        self._today = Today()
        self._comparison = ComparisonView()
        self._trend = _Trend()
        self._changed = asyncio.Event()
        self._asked = True
        site = plant.config.site
        self._snapshot = BoardSnapshot(
            seq=0,
            at_ms=0,
            site=SiteView(
                name=site.name,
                enterprise=site.enterprise_name or site.enterprise,
                workshop=site.workshop,
                utc_offset_min=utc_offset_min,
                zone=site.zone,
            ),
            log=LogView(origin=origin),
        )

    def set_today(self, figures: Today) -> None:
        """Take the figures of the running production day."""
        self._today = figures

    def set_comparison(self, view: ComparisonView) -> None:
        """Take the before/after figures and the clause list."""
        self._comparison = view

    @property
    def comparison(self) -> ComparisonView:
        """Return the before/after figures and the clause list."""
        return self._comparison

    @property
    def today(self) -> Today:
        """Return the figures of the running production day."""
        return self._today

    def publish(
        self,
        *,
        at_ms: int,
        tiles: Sequence[DeviceTile],
        upload: UploadRate,
        production: Sequence[str],
        log: LogView,
        health: Sequence[HealthItem],
        alarms: Sequence[Alarm],
    ) -> None:
        """Make the next snapshot and wake every live stream. production: production assets in service now."""
        self._count(upload, at_ms)
        view = self._comparison
        self._snapshot = replace(
            self._snapshot,
            seq=self._snapshot.seq + 1,
            at_ms=at_ms,
            log=log,
            kpis=self._cards([t for t in tiles if t.id in production], upload),
            devices=tiles,
            trend=UploadTrend(
                start_ms=self._trend.start_ms - len(self._trend.points) * TREND_STEP_MS,
                step_ms=TREND_STEP_MS,
                points=tuple(self._trend.points),
                target=float(UPLOAD_TARGET),
            )
            if self._trend.points
            else None,
            scheme=view.scheme,
            clauses=view.clauses,
            compare=view.rows,
            compare_note=view.note,
            pareto=tuple(
                ParetoItem(label=LOSS_NAMES[atom], ms=ms) for atom, ms in self._today.losses[:7]
            ),
            pareto_note=Text("本生产日", "production day"),
            health=health,
            alarms=alarms,
        )
        self._changed.set()
        self._changed = asyncio.Event()

    def _count(self, upload: UploadRate, at_ms: int) -> None:
        trend = self._trend
        step = at_ms // TREND_STEP_MS * TREND_STEP_MS
        covered = upload.outcomes[0] + upload.outcomes[1]
        if trend.start_ms == 0:
            trend.start_ms, trend.covered, trend.expected = step, covered, upload.expected
        if step > trend.start_ms:
            more = upload.expected - trend.expected
            if trend.points or more > 0:
                rate = (covered - trend.covered) / more if more > 0 else None
                trend.points.append(None if rate is None else min(1.0, max(0.0, rate)))
            trend.start_ms, trend.covered, trend.expected = step, covered, upload.expected

    def _cards(self, production: Sequence[DeviceTile], upload: UploadRate) -> tuple[KpiCard, ...]:
        online = sum(t.link is Link.ONLINE for t in production)
        official = upload.official
        # Before the first slot has closed, an unconnected asset alone would make the rate a meaningless 0.
        missing = isinstance(official, Undefined) or upload.expected == 0
        figures = self._today.figures
        oee = figures.get("oee")
        return (
            KpiCard(
                key=KpiKey.NETWORKED,
                value=Fraction(online, len(production)) if production else None,
                decimals=1,
                note=Text(
                    f"{online} / {len(production)} 台生产装备在线；认定口径需连续 14 天",
                    f"{online} of {len(production)} production assets online; the certified figure needs 14 days",
                ),
                window=Text("此刻", "now"),
            ),
            KpiCard(
                key=KpiKey.UPLOAD_RATE,
                value=None if isinstance(official, Undefined) or missing else official,
                reason=Text(
                    "首个时隙还在采集中，约两分钟后出数",
                    "the first slots are still running; about two minutes",
                )
                if missing
                else None,
                target=UPLOAD_TARGET,
                window=Text("近 24 小时", "last 24 hours"),
            ),
            KpiCard(
                key=KpiKey.OEE,
                value=value_of(figures, "oee"),
                reason=reason_of(oee)
                or (
                    None if oee else Text("等待首个封存分钟", "waiting for the first sealed minute")
                ),
                decimals=1,
                note=Text("iso22400 口径", "profile iso22400") if oee else None,
                window=Text("本生产日", "production day"),
            ),
            KpiCard(
                key=KpiKey.PIECES_TODAY,
                value=None if self._today.good is None else Fraction(self._today.good),
                unit=Unit.PIECES,
                decimals=0,
                note=Text("合格件", "good pieces"),
                window=Text("本生产日", "production day"),
            ),
        )

    # BoardState

    def take_asked(self) -> bool:
        """Return whether anybody looked at the board since the last call."""
        asked, self._asked = self._asked, False
        return asked

    def snapshot(self) -> BoardSnapshot:
        """Return the newest snapshot."""
        self._asked = True
        return self._snapshot

    async def wait_change(self, seq: int, timeout: float) -> bool:  # noqa: ASYNC109 - contract of BoardState
        """Return True as soon as the snapshot is newer than `seq`, False after `timeout` seconds."""
        self._asked = True
        if self._snapshot.seq != seq:
            return True
        try:
            async with asyncio.timeout(timeout):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def explain(self, figure: str) -> Explanation | None:
        """Return how a figure was computed: of a KPI card (today) or of a clause or comparison row."""
        if (found := self._comparison.explanations.get(figure)) is not None:
            return found
        try:
            key = KpiKey(figure)
        except ValueError:
            return None
        name = FIGURE_OF.get(key, "oee" if key is KpiKey.PIECES_TODAY else "")
        behind: Mapping[str, object] = self._today.figures
        if name not in behind:
            return None
        return explain(
            figure,
            self._today.figures[name],
            self._names,
            None,
            unit=UNIT_OF.get(key, Unit.PERCENT),
        )
