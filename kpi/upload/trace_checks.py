"""What the data give away, as findings with numbers: copies, frozen points, clocks, deadbands, back-fill (B.6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.calendar import MINUTE_MS, Interval
from kpi.display import percent_text
from kpi.findings import Finding, note, warn
from kpi.upload.clock import ClockFaults
from kpi.upload.traces import (
    COUNTERS,
    Trace,
    Twins,
    coarse_step,
    frozen_while_moving,
    still_while_running,
    twin_counters,
    twin_traces,
)
from model.signal import Role

BACK_FILL_LIMIT: Final = Fraction(1, 10)
"""Share of rows read later from the device's history from which the finding is a warning (ours)."""
_MOVE_WITH_COUNT: Final = (Role.ENERGY, Role.POWER, Role.SPINDLE_SPEED, Role.HEARTBEAT)
"""Roles that cannot stand still while pieces are counted."""


@dataclass(frozen=True, slots=True)
class AssetTraces:
    """The traces of one asset with what they are judged by."""

    asset: str
    traces: tuple[Trace, ...]
    running: tuple[Interval, ...]
    """Proven state run."""
    ideal_cycle_ms: Fraction
    """0 = none."""
    slot_ms: Mapping[str, int]
    """Slot of each signal of the traces."""
    partners: tuple[Trace, ...] = ()
    """Energy and power of meters that measure this asset alone."""


def trace_findings(assets: Sequence[AssetTraces]) -> tuple[Finding, ...]:
    """Return copies between assets, points frozen while others move, still analogue points, coarse counters."""
    everything = [t for a in assets for t in a.traces]
    twins = twin_traces(everything)
    found = [_twins(t) for t in twins]
    same = {(t.first, t.second) for t in twins}
    found += [_twins(t) for t in twin_counters(everything) if (t.first, t.second) not in same]
    for a in assets:
        found += [*_frozen(a), *_still(a), *_coarse(a)]
    return tuple(found)


def clock_findings(faults: Mapping[str, ClockFaults]) -> tuple[Finding, ...]:
    """Return impossible time stamps and the share of back-filled rows, by point id."""
    found = []
    for point, f in faults.items():
        if f.backward or f.future or f.duplicated:
            found.append(
                warn(
                    "upload.time-stamps",
                    f"{point}：{f.rows} 行中，时间倒退 {f.backward} 行、来自未来 {f.future} 行、"
                    f"同一时刻出现不同值 {f.duplicated} 行",
                    f"{point}: of {f.rows} rows, {f.backward} go backward in time, {f.future} are from "
                    f"the future, {f.duplicated} repeat a time with another value",
                    (point,),
                    rows=f.rows,
                    backward=f.backward,
                    future=f.future,
                    duplicated=f.duplicated,
                )
            )
    rows = sum(f.rows for f in faults.values())
    filled = sum(f.back_filled for f in faults.values())
    if filled:
        share = Fraction(filled, rows)
        make = warn if share >= BACK_FILL_LIMIT else note
        found.append(
            make(
                "upload.back-filled",
                f"{percent_text(share)} % 的行（{filled}/{rows}）是事后从设备历史补采的，不作按时计",
                f"{percent_text(share)} % of the rows ({filled}/{rows}) were read later from the history "
                "of the devices; they are not on time",
                rows=rows,
                back_filled=filled,
                share=share,
            )
        )
    return tuple(found)


def contradiction_findings(
    where: Mapping[str, Sequence[Interval]], untestable: Iterable[str]
) -> tuple[Finding, ...]:
    """Return the contradictions of each asset, and the assets to which the rule cannot be applied."""
    found = []
    for asset, intervals in where.items():
        if intervals:
            minutes = sum(b - a for a, b in intervals) // MINUTE_MS
            found.append(
                warn(
                    "upload.run-without-production",
                    f"{asset}：{len(intervals)} 段（共 {minutes} 分钟）状态为运行，但既无计数也无电量增长；"
                    "其保持时隙作废",
                    f"{asset}: {len(intervals)} stretches ({minutes} minutes) with state run, "
                    "but neither counts nor energy advance; their held slots are void",
                    (asset,),
                    stretches=len(intervals),
                    minutes=minutes,
                    first_ms=intervals[0][0],
                )
            )
    silent = tuple(untestable)
    if silent:
        found.append(
            note(
                "upload.contradiction-not-tested",
                f"{len(silent)} 台设备缺少计数、理想节拍或电表，无法检验“运行无产出”",
                f"{len(silent)} assets lack counter, ideal cycle or meter: "
                "run without production could not be tested",
                silent,
                count=len(silent),
            )
        )
    return tuple(found)


def _twins(t: Twins) -> Finding:
    lag = "" if t.shift_ms is None else f"，时差 {t.shift_ms} ms"
    lag_en = "" if t.shift_ms is None else f", {t.shift_ms} ms apart"
    return warn(
        "upload.twin-traces" if t.shift_ms is not None else "upload.twin-counters",
        f"{t.first} 与 {t.second} 在 {t.days} 天内数据完全相同（{t.rows} 行{lag}）：疑为一台设备登记两次或数据复制",
        f"{t.first} and {t.second} are identical on {t.days} days ({t.rows} rows{lag_en}): "
        "one machine registered twice, or a copy",
        (t.first, t.second),
        days=t.days,
        rows=t.rows,
        shift_ms="by minute" if t.shift_ms is None else t.shift_ms,
    )


def _frozen(a: AssetTraces) -> list[Finding]:
    found = []
    for counter in (t for t in a.traces if t.role in COUNTERS):
        for still in (t for t in (*a.traces, *a.partners) if t.role in _MOVE_WITH_COUNT):
            hit = frozen_while_moving(still, counter)
            if hit is not None:
                minutes = (hit.end_ms - hit.start_ms) // MINUTE_MS
                found.append(
                    warn(
                        "upload.frozen-value",
                        f"{hit.point} 连续 {minutes} 分钟不变，其间 {hit.partner} 变化 {hit.moves} 次",
                        f"{hit.point} kept one value for {minutes} minutes in which "
                        f"{hit.partner} moved {hit.moves} times",
                        (hit.point, hit.partner),
                        minutes=minutes,
                        moves=hit.moves,
                        start_ms=hit.start_ms,
                    )
                )
    return found


def _still(a: AssetTraces) -> list[Finding]:
    return [
        warn(
            "upload.never-moves",
            f"{t.id} 在 {ran // MINUTE_MS} 分钟运行时间内从未变化（{len(t.tau)} 次采集）：死区过宽或点已失效",
            f"{t.id} never moved in {ran // MINUTE_MS} minutes of running time ({len(t.tau)} looks): "
            "its deadband is too wide, or the point is dead",
            (t.id,),
            minutes=ran // MINUTE_MS,
            looks=len(t.tau),
        )
        for t in a.traces
        if (ran := still_while_running(t, a.running)) is not None
    ]


def _coarse(a: AssetTraces) -> list[Finding]:
    cycle = max(1, -(-a.ideal_cycle_ms.numerator // a.ideal_cycle_ms.denominator))
    if not a.ideal_cycle_ms:
        return []
    return [
        warn(
            "upload.coarse-counter",
            f"{t.id} 通常一次跳 {step} 件，而一个时隙内按理想节拍至多 {-(-a.slot_ms[t.signal] // cycle)} 件："
            "死区或采样过粗",
            f"{t.id} usually jumps by {step} pieces, while a slot brings at most "
            f"{-(-a.slot_ms[t.signal] // cycle)} at the ideal cycle: deadband or sampling is too coarse",
            (t.id,),
            step=step,
        )
        for t in a.traces
        if t.role in COUNTERS and (step := coarse_step(t, a.slot_ms[t.signal], cycle)) is not None
    ]
