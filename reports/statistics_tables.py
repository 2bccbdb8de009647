"""The tables on products, gaps of counters, registry ratios, energy carriers, loops and imports, already written."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from reports.figures import DASH, digits
from reports.statistics_model import ProductRow, RatioRow
from reports.words import Unit
from reports.writer import Writer

Json = dict[str, object]
Rows = list[list[str]]

_LISTED: Final = 40
_HOUR_MS: Final = 3_600_000


def ratios(writer: Writer) -> list[Json]:
    """Return the ratios of the registry with the names on both sides of the line."""
    return [
        {
            "name": writer.say(row.name),
            "before": writer.amount(row.before, Unit.PERCENT, 2),
            "after": _after(writer, row),
            "sets": f"{row.sets[0]} / {row.sets[1]}",
            "above": _names(writer, row.above),
            "below": _names(writer, row.below),
            "grade": row.grade.value if row.grade else DASH,
        }
        for row in writer.data.ratios
    ]


def _after(writer: Writer, row: RatioRow) -> str:
    if row.after is None:
        return writer.say(row.reason) or DASH
    return writer.amount(row.after, Unit.PERCENT, 2)


def _names(writer: Writer, names: Sequence[str]) -> str:
    return writer.texts.t("separator").join(names) or DASH


def products(writer: Writer) -> Rows:
    """Return the pieces by device and product."""
    return [
        [
            row.device,
            row.product or DASH,
            _ideal(writer, row),
            *(_number(n) for n in (row.made, row.good, row.scrap, row.rework)),
        ]
        for row in writer.data.products
    ]


def _number(value: int | None) -> str:
    return DASH if value is None else digits(Fraction(value), 0)


def _ideal(writer: Writer, row: ProductRow) -> str:
    edges = [e for e in (row.ideal_ms, row.ideal_high_ms) if e is not None]
    shown = dict.fromkeys(_seconds(edge) for edge in edges)
    return writer.texts.t("seconds", s="–".join(shown)) if shown else DASH


def _seconds(ms: Fraction) -> str:
    seconds = ms / 1000
    return digits(seconds, 0 if seconds.denominator == 1 else 2)


def counter_gaps(writer: Writer) -> Rows:
    """Return the longest stretches in which counters may have lost pieces, in order of time."""
    longest = sorted(writer.data.counter_gaps, key=lambda g: (-g.planned_ms, g.first_ms))
    listed = sorted(longest[:_LISTED], key=lambda g: (g.first_ms, g.device, g.signal))
    minutes = writer.texts.t
    return [
        [
            gap.device,
            f"{writer.say(gap.role)} {gap.signal}",
            writer.second(gap.first_ms).rpartition(" ")[0],
            writer.second(gap.last_ms).rpartition(" ")[0],
            minutes("minutes", m=digits(Fraction(gap.planned_ms, 60_000), 1)),
            writer.texts.t("kpi.unbounded") if gap.most is None else digits(Fraction(gap.most), 0),
        ]
        for gap in listed
    ]


def more_counter_gaps(writer: Writer) -> str:
    """Return how many gaps of counters are not listed, or nothing."""
    rest = len(writer.data.counter_gaps) - _LISTED
    return writer.texts.t("devices.counter_gaps.more", count=rest) if rest > 0 else ""


def energy(writer: Writer) -> Rows:
    """Return what the meters booked by carrier, with its standard coal."""
    return [
        [
            row.meter,
            writer.say(row.carrier),
            _number(row.quantity),
            DASH if row.kgce is None else digits(row.kgce, 3),
            writer.texts.t("separator").join(f"{writer.say(mark)} {n}" for mark, n in row.marks)
            or DASH,
        ]
        for row in writer.data.energy
    ]


def loops(writer: Writer) -> Rows:
    """Return the hours of the control loops."""

    def hours(ms: int) -> str:
        return digits(Fraction(ms, _HOUR_MS), 1)

    return [
        [
            row.device,
            row.loop,
            *(hours(n) for n in (row.running_ms, row.automatic_ms, row.limit_ms, row.unknown_ms)),
            digits(Fraction(row.changes), 0),
        ]
        for row in writer.data.loops
    ]


def imports(writer: Writer) -> Rows:
    """Return the imports that the report rests on."""
    return [
        [
            str(line.number),
            writer.say(line.table),
            line.file,
            digits(Fraction(line.rows), 0),
            line.by,
            str(line.originals),
            line.digest,
        ]
        for line in writer.data.imports
    ]
