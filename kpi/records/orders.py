"""On-time delivery (订单准时交付率) and order cycle (订单完成周期) from production orders; rules ours (001:698-702)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kpi.records.change import (
    Sense,
    Side,
    change,
    change_figure,
    level_figures,
    points_reading,
    quotient_side,
)
from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    exact,
    median,
    missing,
)
from kpi.records.periods import Dates, RecordPeriods
from kpi.records.rows import Order
from model.ratio import Ratio

ON_TIME = Words(
    "期内承诺交期的订单中按期交付的 ÷ 全部（未交付算不准时，已取消不计）",
    "orders promised in the period and delivered in time ÷ all promised (undelivered = late, cancelled left out)",
)
CYCLE = Words(
    "期内完成订单“完成日期 − 下达日期”的中位数（天）",
    "median of completion − release, days, of the orders completed in the period",
)

Orders = tuple[Record[Order], ...]


def orders(records: Sequence[Record[Order]], periods: RecordPeriods) -> dict[str, RecordFigure]:
    """Return `on-time-delivery` and `order-cycle` (天), both before and after, and their improvements."""
    if not records:
        return {}
    after, before = periods.after, periods.before
    timely = (None if before is None else _on_time(records, before), _on_time(records, after))
    cycles = (None if before is None else _cycle(records, before), _cycle(records, after))
    found = level_figures("on-time-delivery", *timely, unit="1", formula=ON_TIME)
    found |= level_figures("order-cycle", *cycles, unit="天", formula=CYCLE)
    if before is None or timely[0] is None or cycles[0] is None:
        return found
    found["on-time-delivery-change"] = change_figure(
        "on-time-delivery-change",
        timely[0],
        timely[1],
        Sense.INCREASE,
        formula=ON_TIME,
        readings=(points_reading(timely[0].value, timely[1].value, Sense.INCREASE),),
    )
    means = [_mean(_completed(records, p)) for p in (before, after)]
    found["order-cycle-change"] = change_figure(
        "order-cycle-change",
        cycles[0],
        cycles[1],
        Sense.REDUCTION,
        formula=CYCLE,
        readings=(
            OtherReading(
                "mean",
                Words("另一读法：平均数", "other reading: mean"),
                change(means[0], means[1], Sense.REDUCTION),
            ),
        ),
        notes=_open_orders(records, before, after),
    )
    return found


def _on_time(records: Sequence[Record[Order]], period: Dates) -> Side:
    promised: Orders = tuple(r for r in records if period.holds(r.row.promised))
    asked = tuple(r for r in promised if r.row.cancelled is None)
    timely = [r for r in asked if r.row.delivered is not None and r.row.delivered <= r.row.promised]
    notes = []
    if len(asked) < len(promised):
        n = len(promised) - len(asked)
        notes.append(
            Note(
                "records.cancelled-orders",
                Words(f"已取消的订单 {n} 个，未计入", f"{n} cancelled orders are left out"),
            )
        )
    return quotient_side(
        Fraction(len(timely)),
        Fraction(len(asked)),
        numbers=f"{len(timely)} ÷ {len(asked)}",
        used=asked,
        nothing=missing("期内没有承诺交期的订单", "no order was promised for the period"),
        notes=notes,
    )


def _completed(records: Sequence[Record[Order]], period: Dates) -> Orders:
    return tuple(
        r for r in records if r.row.completed is not None and period.holds(r.row.completed)
    )


def _days(done: Orders) -> list[int]:
    return [(r.row.completed - r.row.released).days for r in done if r.row.completed is not None]


def _cycle(records: Sequence[Record[Order]], period: Dates) -> Side:
    done = _completed(records, period)
    middle = median(_days(done))
    if middle is None:
        return Side(missing("期内没有完成的订单", "no order was completed in the period"), "", ())
    return Side(middle, exact(middle), done)


def _mean(done: Orders) -> Ratio:
    days = _days(done)
    if not days:
        return missing("期内没有完成的订单", "no order was completed in the period")
    return Fraction(sum(days), len(days))


def _open_orders(records: Sequence[Record[Order]], before: Dates, after: Dates) -> tuple[Note, ...]:
    """Return how many orders of each period were still open at its end: they are in no cycle."""
    counts = [
        sum(
            r.row.released <= p.last
            and r.row.cancelled is None
            and (r.row.completed is None or r.row.completed > p.last)
            for r in records
        )
        for p in (before, after)
    ]
    return (
        Note(
            "records.open-orders",
            Words(
                f"期末未完成的订单：建设前 {counts[0]} 个，建设后 {counts[1]} 个，未计入周期",
                f"orders still open at the end: {counts[0]} before, {counts[1]} after; they are in no cycle",
            ),
        ),
    )
