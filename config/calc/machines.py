"""Machines, calendar and window of a case → input of the engine, with findings on what cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from config.base import milliseconds
from config.calc.case import CalcCase
from config.calc.context import Context, whole_ms
from config.calc.equipment import CalendarCase, CountCase, MachineFields
from config.calc.events import state_spans
from config.calc.readings import counters, instant_of
from config.calc.times import time_input
from config.messages import suggestion
from config.yaml_document import Path
from kpi.calc.inputs import (
    EquipmentInput,
    MachineInput,
    PieceInput,
    PlanInput,
    ProductSpan,
    WindowInput,
)
from kpi.calc.log import log_id
from kpi.calendar import DAY_MS, MINUTE_MS
from kpi.document_types import Calendar, ExtraShift, Product, Shift, Stop

_DAY_MIN: Final = 1440
_LONGEST_MS: Final = 3660 * DAY_MS
"""A case is written by hand: ten years are enough, and keep a slip of the pen from running for hours."""


def offsets_only(zone: str, offsets: tuple[tuple[int, int], ...]) -> Calendar:
    """Return a calendar without shifts that knows the offsets of a zone."""
    return Calendar((), 0, frozenset(), (), (), offsets, zone)


def plan_input(case: CalendarCase, context: Context) -> PlanInput:
    """Return the calendar with its stops, and when those were registered that say so."""
    registered: dict[Stop, int] = {}
    stops = []
    for i, s in enumerate(case.stops):
        stop = Stop(
            "*" if s.machine == "*" else log_id(s.machine),
            context.ms(s.start),
            s.kind,
            context.ms(s.end),
        )
        here: Path = ("calendar", "stops", i)
        if stop.to_ms <= stop.from_ms:
            context.stop(
                "calendar.stop-ends-before-it-begins",
                (*here, "to"),
                f"计划停机的结束 {s.end.text} 不晚于开始 {s.start.text}：未采用",
                f"the planned stop ends at {s.end.text}, not after it began at {s.start.text}: it is not used",
            )
            continue
        stops.append(stop)
        if s.registered is not None:
            registered[stop] = context.ms(s.registered)
            if registered[stop] // MINUTE_MS > stop.from_ms // MINUTE_MS:
                context.warn(
                    "calendar.late-stop",
                    (*here, "registered"),
                    f"计划停机在开始之后（{s.registered.text}）才登记：其时间仍为计划时间",
                    f"the planned stop was registered after it had begun ({s.registered.text}): its time stays planned",
                )
    calendar = Calendar(
        breaks=tuple((b.start, _end(b.start, b.end)) for b in case.breaks),
        day_start_min=case.day_start,
        holidays=frozenset(d.isoformat() for d in case.holidays),
        shifts=tuple(
            Shift(s.name, s.start, _end(s.start, s.end), frozenset(s.weekdays)) for s in case.shifts
        ),
        stops=tuple(stops),
        offsets=context.calendar.offsets,
        zone=context.calendar.zone,
        extra=tuple(
            ExtraShift(e.name, e.date.isoformat(), e.start, _end(e.start, e.end))
            for e in case.extra
        ),
    )
    return PlanInput(calendar, registered)


def _end(start: int, end: int) -> int:
    return end if end > start else end + _DAY_MIN


def window_input(case: CalcCase, context: Context) -> WindowInput | None:
    """Return the window: as written, else from the first to the last instant of events and readings."""
    if case.window is not None:
        start, end = context.ms(case.window.start), context.ms(case.window.end)
        if start < 0 or start % MINUTE_MS or end % MINUTE_MS or not 0 < end - start <= _LONGEST_MS:
            told = f"{case.window.start.text} … {case.window.end.text}"
            context.stop(
                "window.unusable",
                ("window",),
                f"窗口 {told} 应为整分钟，结束晚于开始，最长 10 年",
                f"the window {told} must be whole minutes, end after it began, and be ten years long at most",
            )
            return None
        return WindowInput(start, end)
    instants = [t for t in _instants(case, context) if t >= 0]
    if not instants:
        return None
    first, last = min(instants), max(instants)
    if last - first > _LONGEST_MS:
        context.stop(
            "window.unusable",
            (),
            "未写 window，而首个与最后一个时刻相距超过 10 年",
            "no window is written, and the first and last instant are more than ten years apart",
        )
        return None
    start = first // MINUTE_MS * MINUTE_MS
    end = max(-(-last // MINUTE_MS) * MINUTE_MS, start + MINUTE_MS)
    if start < first or end > last > first:
        context.note(
            "window.rounded",
            (),
            "未写 window：取首个至最后一个时刻，并扩展到整分钟",
            "no window is written: it runs from the first to the last instant, extended to whole minutes",
        )
    return WindowInput(start, end)


def _instants(case: CalcCase, context: Context) -> Iterator[int]:
    for fields in (case, *case.machines):
        for event in fields.events:
            yield from (context.ms(event.start), context.ms(event.end))
        for reading in fields.readings:
            yield from (context.ms(moment) for moment, _ in reading.values)


def equipment_input(
    case: CalcCase, context: Context, plan: PlanInput | None, window: WindowInput | None
) -> EquipmentInput | None:
    """Return the machines of a case, None if it has none that anything is said of."""
    parts: list[tuple[str, MachineFields, Path]] = []
    if case.model_fields_set & set(MachineFields.model_fields):
        parts.append(("", case, ()))
    seen: dict[str, int] = {}
    for i, machine in enumerate(case.machines):
        if machine.id in seen:
            line = context.place(("machines", seen[machine.id], "id")).line
            context.stop(
                "machines.id-twice",
                ("machines", i, "id"),
                f"设备编号“{machine.id}”重复（第一次在第 {line} 行）：后一台未采用",
                f"machine id {machine.id!r} stands twice (first in line {line}): the second one is not used",
            )
            continue
        seen[machine.id] = i
        parts.append((machine.id, machine, ("machines", i)))
    machines = tuple(_machine(n, fields, path, context, window) for n, fields, path in parts)
    if not machines:
        return None
    if plan is None and any(m.spans for m in machines):
        context.stop(
            "calendar.missing",
            ("events",) if case.events else ("machines",),
            "有事件而没有日历 calendar：不知道哪些时间是计划时间，需要计划时间的指标都不给出",
            "events without a calendar: what time was planned is not known, so no figure that needs it is given",
        )
    return EquipmentInput(machines=machines, window=window, plan=plan, group=case.group)


def _machine(
    name: str, fields: MachineFields, path: Path, context: Context, window: WindowInput | None
) -> MachineInput:
    time = fields.time
    products = _products(fields, path, context)
    pieces = _pieces(fields, products, path, context)
    if fields.time is not None and fields.events:
        context.warn(
            "time.beside-events",
            (*path, "time"),
            "同时给出 time 与 events：时间采用 time，事件只用于故障次数",
            "both time and events are given: times are those of `time`, events only count failures",
        )
    if pieces and fields.readings:
        context.note(
            "counts.beside-readings",
            (*path, "counts"),
            "同时给出 counts 与 readings：件数采用 counts，读数只列出逐条判定",
            "both counts and readings are given: the pieces are those of counts, readings only show their steps",
        )
    return MachineInput(
        id=name,
        time=time_input(time, (*path, "time"), context) if time is not None else None,
        spans=state_spans(fields, path, context),
        making=_making(fields, path, context),
        products=products,
        pieces=pieces,
        counters=counters(fields, path, context, window.end_ms if window is not None else None),
        failures=time.failures if time is not None else None,
        repairs=time.repairs if time is not None else None,
        repair_ms=whole_ms(time.repair_time) if time is not None else None,
        minor_stop_ms=milliseconds(fields.minor_stop),
        debounce_ms=milliseconds(fields.debounce),
    )


def _making(fields: MachineFields, path: Path, context: Context) -> tuple[ProductSpan, ...]:
    known = [p.id for p in fields.products]
    found = []
    for i, m in enumerate(fields.making):
        here = (*path, "making", i)
        if m.product not in known:
            context.warn(
                "making.unknown-product",
                (*here, "product"),
                f"产品“{m.product}”不在 products 中：按未分配处理，理想节拍取本机最小至最大",
                f"product {m.product!r} is not in products: its pieces are unassigned, between the least and greatest "
                "ideal cycle of the machine",
                hint=suggestion(m.product, known),
            )
        at = instant_of(m.start, (*here, "from"), context)
        if at is not None:
            found.append(ProductSpan(at, m.product))
    return tuple(found)


def _products(fields: MachineFields, path: Path, context: Context) -> tuple[Product, ...]:
    found: dict[str, Product] = {}
    for i, p in enumerate(fields.products):
        here = (*path, "products", i)
        if p.id in found:
            context.stop(
                "products.id-twice",
                (*here, "id"),
                f"产品“{p.id}”重复：后一行未采用",
                f"product {p.id!r} stands twice: the second line is not used",
            )
            continue
        if p.ideal_cycle is not None and p.ideal_cycle <= 0:
            context.stop(
                "products.ideal-cycle-zero",
                (*here, "ideal_cycle"),
                f"产品“{p.id}”的理想节拍为 0：无法计算性能与 OEE，不按 0 或 100 % 处理",
                f"the ideal cycle of product {p.id!r} is 0: no performance and no OEE, neither 0 nor 100 %",
            )
        cycle = p.ideal_cycle if p.ideal_cycle and p.ideal_cycle > 0 else Fraction(0)
        found[p.id] = Product(p.id, cycle, p.factor)
    return tuple(sorted(found.values(), key=lambda p: p.id.encode()))


def _pieces(
    fields: MachineFields, products: tuple[Product, ...], path: Path, context: Context
) -> tuple[PieceInput, ...]:
    known = [p.id for p in products]
    found = []
    for i, c in enumerate(fields.counts):
        here = (*path, "counts", i)
        if not _countable(c, here, context):
            return ()
        product = c.product or (known[0] if len(known) == 1 else "")
        if product and product not in known and known:
            context.warn(
                "counts.unknown-product",
                (*here, "product"),
                f"产品“{product}”不在 products 中：理想节拍取本机最小至最大",
                f"product {product!r} is not in products: between the least and greatest ideal cycle of the machine",
                hint=suggestion(product, known),
            )
        found.append(PieceInput(product, c.made, c.good, c.scrap, c.rework))
    return tuple(found)


def _countable(c: CountCase, path: Path, context: Context) -> bool:
    """Return whether the counts of a line can be used; say what speaks against them."""
    given = {"made": c.made, "good": c.good, "scrap": c.scrap, "rework": c.rework}
    for name, n in given.items():
        if n is not None and n < 0:
            context.stop(
                "counts.negative",
                (*path, name),
                f"{name} 为负数 {n}：件数不能为负，本机的件数均未采用",
                f"{name} is {n}: pieces cannot be negative, none of the counts of this machine is used",
            )
            return False
    parts = (c.good or 0) + (c.scrap or 0) + (c.rework or 0)
    whole = c.good is not None and c.scrap is not None
    if c.made is not None and (parts > c.made or (whole and parts != c.made)):
        context.warn(
            "counts.do-not-add-up",
            (*path, "made"),
            f"made {c.made} 与 good + scrap + rework = {parts} 不一致，差 {c.made - parts}",
            f"made {c.made} and good + scrap + rework = {parts} do not agree, difference {c.made - parts}",
        )
    return True
