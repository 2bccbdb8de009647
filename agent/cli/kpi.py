"""`plantproof kpi`: times, counts and OEE of any window from the statistics of the sealed log."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.common import (
    JsonOption,
    LanguageOption,
    PlantFile,
    fail,
    load_or_exit,
    print_json,
    resolve_language,
)
from agent.cli.instants import instant_ms
from agent.language import choose
from agent.statistics.query import By
from model.errors import PlantproofError
from model.state import Atom

if TYPE_CHECKING:
    from agent.folders import DataFolder
    from agent.log_reader import SealedLog
    from agent.statistics.figures import GroupFigures, KpiReport
    from agent.statistics.query import Group
    from kpi.document_types import Calendar
    from kpi.equipment.sums import EquipmentSums

_ATOMS: dict[Atom, tuple[str, str]] = {
    Atom.RUN: ("运行", "run"),
    Atom.SETUP: ("换型", "setup"),
    Atom.MINOR: ("短停", "minor"),
    Atom.FAULT: ("故障", "fault"),
    Atom.WAIT: ("等待", "wait"),
    Atom.IDLE: ("无单", "idle"),
    Atom.IDLE_FAULT: ("无单故障", "idle fault"),
    Atom.TEST: ("试运行", "test"),
    Atom.UNK: ("未知", "unknown"),
    Atom.PM: ("计划维护", "pm"),
    Atom.BRK: ("休息", "break"),
    Atom.OFF: ("未排产", "off"),
    Atom.RUN_X: ("计划外运行", "run outside"),
    Atom.UNK_X: ("计划外未知", "unknown outside"),
}


def kpi(
    file: PlantFile = Path("site.yaml"),
    *,
    start: Annotated[
        str, typer.Option("--from", help="起点（含），2026-10-01 或 2026-10-01T08:00 / start")
    ],
    end: Annotated[str, typer.Option("--to", help="终点（不含） / end (excluded)")],
    by: Annotated[By, typer.Option(help="分组：设备、班次、生产日、产品 / group by")] = By.ASSET,
    asset: Annotated[
        list[str] | None, typer.Option(help="只看这些设备，可重复 / only these assets")
    ] = None,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="先由封存数据重新生成统计 / form the statistics anew first"),
    ] = False,
    pack: Annotated[
        bool,
        typer.Option(
            "--pack",
            help="已结束的日子另存为列文件：--rebuild 更快，另占与归档相近的空间 / finished days also as columns",
        ),
    ] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """时间、计数与 OEE / Times, counts and OEE with bounds, from the statistics of the sealed log.

    A date without time means the start of the production day on that date. Figures are ratios of sums.
    """
    from agent.folders import data_folder
    from agent.log_reader import SealedLog
    from agent.statistics.figures import json_of, kpi_report
    from storage.statistics import StatisticsStore

    language = resolve_language(lang)
    plant = load_or_exit(file, language=language, as_json=as_json)
    try:
        folder = data_folder(plant)
        window = instant_ms(start, plant.config), instant_ms(end, plant.config)
        log = SealedLog.open(folder)
        if pack:
            _pack(log)
        if rebuild:
            _rebuild(folder, log)
        path = folder.statistics(max(folder.last_epoch(), 1))
        with StatisticsStore(path, read_only=True) as store:
            report = kpi_report(log, store, asset or (), window, by)
    except PlantproofError as exc:
        fail(exc, language=language, as_json=as_json)
    if as_json:
        print_json(json_of(report))
        return
    calendar = log.index.documents[-1].calendar
    for line in _text(report, calendar, language):
        print(line)


def _pack(log: SealedLog) -> None:
    """Write the finished days that have no columns yet."""
    from storage.column_day import column_path
    from storage.column_pack import pack_day

    for day in log.archive.days()[:-1]:
        path = column_path(log.archive.folder, day)
        if not path.exists():
            pack_day(log.archive, day, path)


def _rebuild(folder: DataFolder, log: SealedLog) -> None:
    from agent.statistics.keeper import REBUILD_STEP_BYTES, StatisticsKeeper
    from storage.statistics import StatisticsStore

    with StatisticsStore(folder.statistics(max(folder.last_epoch(), 1))) as store:
        keeper = StatisticsKeeper(store, log.archive, step_bytes=REBUILD_STEP_BYTES)
        keeper.rebuild(log.index, processes=min(os.cpu_count() or 1, 2))


def _text(report: KpiReport, calendar: Calendar, language: str) -> Iterator[str]:
    """Yield the lines of the report."""

    def at(ms: int) -> str:
        local = datetime.fromtimestamp(ms / 1000, UTC) + timedelta(
            minutes=calendar.offset_min_at(ms)
        )
        return f"{local:%Y-%m-%d %H:%M}"

    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    if report.simulated:
        yield say("【模拟数据】", "[SIMULATED DATA]")
    yield say(
        f"{at(report.from_ms)} 至 {at(report.to_ms)}（当地时间，不含终点）",
        f"{at(report.from_ms)} to {at(report.to_ms)} (local time, end excluded)",
    )
    if report.to_ms < report.asked_to_ms:
        yield say(
            f"  统计数据截至 {at(report.to_ms)}，其后不外推",
            f"  the statistics reach to {at(report.to_ms)}; nothing is extrapolated beyond",
        )
    if report.open_ms < report.to_ms:
        yield say(
            f"  {at(report.open_ms)} 之后的小时尚未结清，可能变化",
            f"  hours after {at(report.open_ms)} are still open and may change",
        )
    for change in report.changes:
        yield say(
            f"  迟到数据：{change.asset} {at(change.from_ms)} 起的小时已重算（版本 {change.version}）",
            f"  late data: {change.asset} formed anew from {at(change.from_ms)} on (version {change.version})",
        )
    for name in report.from_rows:
        yield say(
            f"  {name}：窗口边界落在统计单元内，由封存数据直接计算",
            f"  {name}: an edge of the window cuts a cell, formed from the sealed rows",
        )
    from agent.statistics.figures import figures_of_group

    for group in report.groups:
        yield ""
        yield _head(group, report.by, language)
        yield from _lines(group.sums, figures_of_group([group.sums]), language)
    if len(report.groups) > 1:
        yield ""
        total = figures_of_group([g.sums for g in report.groups])
        yield say("合计（和之比）", "total (ratio of sums)")
        yield f"  {_oee(total, language)}"


def _head(group: Group, by: By, language: str) -> str:
    if by is By.ASSET:
        return group.asset
    none = {
        By.SHIFT: choose(language, "班外", "outside shifts"),
        By.PRODUCT: choose(language, "未指定产品", "no product"),
    }
    return f"{group.asset} · {group.key or none.get(by, '')}"


def _lines(s: EquipmentSums, f: GroupFigures, language: str) -> Iterator[str]:
    def say(zh: str, en: str) -> str:
        return choose(language, zh, en)

    times = [f"{choose(language, *_ATOMS[a])} {_hours(s.atoms[a])}" for a in _ATOMS if s.atoms[a]]
    yield say("  时间（小时）  ", "  time (h)  ") + (
        "  ".join(times) or say("不在役", "not in service")
    )
    for row in s.rows:
        unknown = say("未测", "not measured")
        counts = [
            f"{say(zh, en)} {unknown if n is None else n}"
            for zh, en, n in (
                ("产出", "made", row.made),
                ("合格", "good", row.good),
                ("报废", "scrap", row.scrap),
                ("返工", "rework", row.rework),
            )
        ]
        name = f"{row.product}  " if row.product else ""
        if all(n is None for n in (row.made, row.good, row.scrap, row.rework)):
            continue
        yield say("  件数  ", "  pieces  ") + name + "  ".join(counts)
    if s.test_pieces or s.outside_service or s.mismatch:
        yield say(
            f"  另计：试运行 {s.test_pieces}，不在役 {s.outside_service}，三计数器之差 {s.mismatch}",
            f"  apart: tests {s.test_pieces}, out of service {s.outside_service}, mismatch {s.mismatch}",
        )
    yield f"  {_oee(f, language, s)}"
    available = _percent(f.availability, language) + _range(f.availability_low, f.availability_high)
    yield "  " + say(
        f"可用率 {available}  故障 {s.failures} 次  "
        f"MTBF {_hours_or(f.mtbf_ms, language)}  MTTR {_hours_or(f.mttr_ms, language)}",
        f"availability {available}  failures {s.failures}  "
        f"MTBF {_hours_or(f.mtbf_ms, language)}  MTTR {_hours_or(f.mttr_ms, language)}",
    )
    for register in s.registers:
        yield f"  {register.signal} ({register.role.value})  {register.quantity}"
    if s.gaps:
        planned = sum(g.planned_ms for g in s.gaps)
        yield say(
            f"  计数缺口 {len(s.gaps)} 处，计划时间内 {_hours(planned)} 小时",
            f"  counter gaps {len(s.gaps)}, {_hours(planned)} h of them planned",
        )
    if s.marks:
        yield say("  计数异常  ", "  counter marks  ") + "  ".join(
            f"{name} {n}" for name, n in sorted(s.marks.items())
        )


def _oee(f: GroupFigures, language: str, s: EquipmentSums | None = None) -> str:
    if f.oee is None:
        reason = choose(language, "无计划时间", "no planned time")
        if s is not None and not s.has_ideal:
            reason = choose(language, "没有理想节拍", "no ideal cycle")
        elif s is not None and not s.measured:
            reason = choose(language, "质量未测量", "quality is not measured")
        return f"OEE —（{reason}）" if language == "zh" else f"OEE — ({reason})"
    if f.unbounded:
        most = choose(language, "无上界", "unbounded")
        bounds = f"  [{_percent(f.low, language)} – {most}]"
    else:
        bounds = _range(f.low, f.high)
    return f"OEE {_percent(f.oee, language)}{bounds}"


def _range(low: Fraction | None, high: Fraction | None) -> str:
    from kpi.display import range_texts

    if low is None or high is None or low == high:
        return ""
    least, most = range_texts(low, high)
    return f"  [{least} % – {most} %]"


def _percent(value: Fraction | None, language: str) -> str:
    from kpi.display import percent_text

    return choose(language, "无", "none") if value is None else f"{percent_text(value)} %"


def _hours(ms: int | Fraction) -> str:
    from kpi.display import decimal_text

    return decimal_text(Fraction(ms) / 3_600_000, 2)


def _hours_or(ms: Fraction | None, language: str) -> str:
    return choose(language, "无", "none") if ms is None else f"{_hours(ms)} h"
