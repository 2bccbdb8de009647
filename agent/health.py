"""Status strip and alarms of the board from the state of the parts."""

from __future__ import annotations

from collections.abc import Collection

from agent.delivery_loop import DeliveryState
from agent.web.state import Alarm, HealthItem, Level
from model.errors import TransientError
from model.slots import NS_PER_MS
from model.source import SourceState, SourceStatus
from reports.words import Text
from storage.journal_types import JournalStatus


def health_of(
    sources: Collection[SourceStatus],
    journal: JournalStatus,
    delivery: DeliveryState,
    failure: TransientError | None,
    clock: str,
) -> tuple[HealthItem, ...]:
    """Return one line per part: sources, time-series store, journal, anchor, clock."""
    good = sum(s.state is SourceState.OK for s in sources)
    level = Level.OK if good == len(sources) else Level.WARN if good else Level.BAD
    fill = 100 * journal.used_bytes / max(1, journal.quota_bytes)
    synchronised = clock == "S"
    return (
        HealthItem(
            key="sources",
            level=level if sources else Level.NONE,
            text=Text(
                f"{good} / {len(sources)} 个数据源正常", f"{good} of {len(sources)} sources fine"
            ),
        ),
        HealthItem(
            key="influx",
            level=Level.BAD if delivery.problem_en else Level.OK,
            text=_store_text(delivery, journal),
        ),
        HealthItem(
            key="journal",
            level=Level.BAD if failure else Level.WARN if journal.alarm else Level.OK,
            text=Text(failure.zh, failure.en)
            if failure
            else Text(
                f"占用 {fill:.1f} %，未上传 {journal.pending_rows} 行",
                f"{fill:.1f} % full, {journal.pending_rows} rows not delivered",
            ),
        ),
        HealthItem(
            key="anchor",
            level=Level.WARN,
            text=Text("尚未锚定（仅为自证）", "not anchored (self-asserted)"),
        ),
        HealthItem(
            key="clock",
            level=Level.OK if synchronised else Level.WARN,
            text=Text("已同步（系统自述）", "synchronised (self-reported)")
            if synchronised
            else Text("同步状态未知", "synchronisation unknown"),
        ),
    )


def _store_text(delivery: DeliveryState, journal: JournalStatus) -> Text:
    if delivery.problem_en:
        return Text(delivery.problem_zh, delivery.problem_en)
    if delivery.store == "embedded":
        return Text("内置存储（未配置 InfluxDB）", "embedded store (no InfluxDB configured)")
    return Text(
        f"{delivery.store}，待上传 {journal.pending_rows} 行",
        f"{delivery.store}, {journal.pending_rows} rows to deliver",
    )


def alarms_of(
    sources: Collection[SourceStatus], delivery: DeliveryState, failure: TransientError | None
) -> tuple[Alarm, ...]:
    """Return what a person should look at now."""
    found = [
        Alarm(
            id=f"source-{s.source}-{s.since_ns}",
            level=Level.BAD if s.state is SourceState.PERMANENT else Level.WARN,
            at_ms=s.since_ns // NS_PER_MS,
            text=Text(f"{s.source}：{s.zh}", f"{s.source}: {s.en}"),
        )
        for s in sources
        if s.state in (SourceState.RECOVERABLE, SourceState.PERMANENT)
    ]
    if delivery.problem_en:
        found.append(
            Alarm(
                id=f"store-{delivery.since_ms}",
                level=Level.WARN,
                at_ms=delivery.since_ms,
                text=Text(delivery.problem_zh, delivery.problem_en),
            )
        )
    if failure is not None:
        found.append(
            Alarm(id="journal", level=Level.BAD, at_ms=0, text=Text(failure.zh, failure.en))
        )
    return tuple(found)
