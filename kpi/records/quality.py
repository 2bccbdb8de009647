"""Defect rate (产品不良品率) from the lots of the quality system: pooled, relative change (kpi.md A.7 no. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kpi.records.change import (
    Sense,
    Side,
    change,
    change_figure,
    level_figures,
    points_reading,
    quotient_side,
)
from kpi.records.figure import Note, OtherReading, Record, RecordFigure, Words, exact, missing
from kpi.records.periods import Dates, RecordPeriods
from kpi.records.rows import Lot
from model.ratio import Ratio, Undefined

DEFECTS = Words("Σ 不良数量 ÷ Σ 生产数量（按批次）", "Σ defective ÷ Σ made, by lot")
FEW: Final = 10
"""Below so many bad pieces in a period the figure says "few events" (kpi.md D.3)."""

Lots = tuple[Record[Lot], ...]


def defects(records: Sequence[Record[Lot]], periods: RecordPeriods) -> dict[str, RecordFigure]:
    """Return `defect-rate`, `defect-rate-before` and `defect-change` (relative reduction)."""
    if not records:
        return {}
    lots_after = _inside(records, periods.after)
    after = _rate(lots_after)
    if periods.before is None:
        return level_figures("defect-rate", None, after, unit="1", formula=DEFECTS)
    lots_before = _inside(records, periods.before)
    before = _rate(lots_before)
    found = level_figures("defect-rate", before, after, unit="1", formula=DEFECTS)
    mix = {
        name: change(
            _standardised(lots_before, weights), _standardised(lots_after, weights), Sense.REDUCTION
        )
        for name, weights in (("after", lots_after), ("before", lots_before))
    }
    found["defect-change"] = change_figure(
        "defect-change",
        before,
        after,
        Sense.REDUCTION,
        formula=DEFECTS,
        readings=(
            points_reading(before.value, after.value, Sense.REDUCTION),
            OtherReading(
                "mix-after",
                Words("按建设后产品结构标准化", "standardised to the product mix after"),
                mix["after"],
            ),
            OtherReading(
                "mix-before",
                Words("按建设前产品结构标准化", "standardised to the product mix before"),
                mix["before"],
            ),
        ),
        notes=_notes(
            lots_before, lots_after, change(before.value, after.value, Sense.REDUCTION), mix
        ),
    )
    return found


def _inside(records: Sequence[Record[Lot]], period: Dates) -> Lots:
    return tuple(r for r in records if period.holds(r.row.day))


def _rate(lots: Lots) -> Side:
    if not lots:
        return Side(missing("期内没有批次", "no lot in the period"), "", ())
    bad, made = sum(r.row.defective for r in lots), sum(r.row.made for r in lots)
    return quotient_side(
        Fraction(bad),
        Fraction(made),
        numbers=f"{exact(bad)} ÷ {exact(made)}",
        used=lots,
        nothing=missing("生产数量合计为 0", "nothing was made"),
    )


def _by_product(lots: Lots) -> dict[str, tuple[int, int]]:
    """Return defective and made of each product that was made at all."""
    found: dict[str, tuple[int, int]] = {}
    for r in lots:
        bad, made = found.get(r.row.product, (0, 0))
        found[r.row.product] = (bad + r.row.defective, made + r.row.made)
    return {p: pair for p, pair in found.items() if pair[1]}


def _standardised(lots: Lots, weights: Lots) -> Ratio:
    """Return the defect rate with the product mix of `weights`; every weighted product must have been made."""
    rates, mix = _by_product(lots), _by_product(weights)
    absent = sorted(set(mix) - set(rates))
    if absent or not mix:
        return missing(
            f"有产品只在一期生产：{'、'.join(absent)}" if absent else "期内没有批次",
            f"made in one period only: {', '.join(absent)}" if absent else "no lot in the period",
        )
    weighted = sum(
        (Fraction(made * rates[p][0], rates[p][1]) for p, (_, made) in mix.items()), Fraction(0)
    )
    return weighted / sum(made for _, made in mix.values())


def _notes(before: Lots, after: Lots, raw: Ratio, mix: dict[str, Ratio]) -> tuple[Note, ...]:
    notes = []
    fewest = min(sum(r.row.defective for r in lots) for lots in (before, after))
    if fewest < FEW:
        notes.append(
            Note(
                "records.few-events",
                Words(
                    f"某一期不良品只有 {fewest} 件（少于 {FEW} 件），比例很不稳定",
                    f"only {fewest} defective pieces in one period (fewer than {FEW}): the ratio is unstable",
                ),
            )
        )
    against = [name for name, value in mix.items() if _opposite(raw, value)]
    if against:
        notes.append(
            Note(
                "records.mix-disagrees",
                Words(
                    "按产品结构标准化后方向相反（辛普森悖论）：变化来自产品结构",
                    "standardised to one product mix the direction turns (Simpson): the mix makes the change",
                ),
            )
        )
    return tuple(notes)


def _opposite(raw: Ratio, other: Ratio) -> bool:
    return not isinstance(raw, Undefined) and not isinstance(other, Undefined) and raw * other < 0
