"""Operating cost before and after (kpi.md D.3): monthly, arithmetic only, with the volume it was spent on.

There are a dozen months and no independent draws, so there is no interval and no statistical word. The official figure
is cost a day; it falls when less is made. Beside it stand cost a unit, and cost at the volume of the reporting period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from kpi.comparison.twins import same_direction
from kpi.findings import Finding, disqualified, disqualify, note, percent, warn


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCost:
    """Cost of one month by element, in one currency unit.

    days: working days; volume: standard units made, None = unknown.
    """

    month: date
    """Its first day."""
    elements: tuple[tuple[str, Fraction], ...]
    days: int
    volume: Fraction | None

    @property
    def total(self) -> Fraction:
        """Return the cost of the month."""
        return sum((v for _, v in self.elements), Fraction(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CostComparison:
    """Reductions (positive = cheaper) as exact fractions; None = disqualified or not known."""

    per_day: Fraction | None
    """Official: 1 − (cost a working day after / before)."""
    per_unit: Fraction | None
    at_volume_after: Fraction | None
    """1 − cost after / (fixed cost a day before · days after + variable cost a unit before · volume after)."""
    months_before: int
    months_after: int
    findings: tuple[Finding, ...]


def compare_costs(
    before: Sequence[MonthlyCost],
    after: Sequence[MonthlyCost],
    *,
    fixed: frozenset[str],
    price_indices_stated: bool,
) -> CostComparison:
    """Return the arithmetic of operating costs.

    fixed: elements that do not follow the volume, the rest is variable. price_indices_stated: whether prices of both
    periods were brought to one level. Source: kpi.md D.3, A.7 row 9.
    """
    findings = _findings(before, after, fixed, price_indices_stated=price_indices_stated)
    if disqualified(findings):
        return _result(before, after, (None, None, None), findings)
    old, new = _totals(before, fixed), _totals(after, fixed)
    per_day = _reduction(old.cost / old.days, new.cost / new.days)
    per_unit = at_volume = None
    if old.volume and new.volume:
        per_unit = _reduction(old.cost / old.volume, new.cost / new.volume)
        expected = old.fixed / old.days * new.days + old.variable / old.volume * new.volume
        at_volume = _reduction(expected, new.cost)
    if per_day is not None:
        for name, zh, en, other in (
            ("unit", "单位成本", "cost a unit", per_unit),
            ("volume", "按报告期产量折算的成本", "cost at the volume after", at_volume),
        ):
            findings.append(_twin(name, (zh, en), per_day, other))
    return _result(before, after, (per_day, per_unit, at_volume), findings)


@dataclass(frozen=True, slots=True)
class _Totals:
    cost: Fraction
    fixed: Fraction
    days: int
    volume: Fraction | None

    @property
    def variable(self) -> Fraction:
        return self.cost - self.fixed


def _totals(months: Sequence[MonthlyCost], fixed: frozenset[str]) -> _Totals:
    volumes = [m.volume for m in months if m.volume is not None]
    return _Totals(
        cost=sum((m.total for m in months), Fraction(0)),
        fixed=sum((v for m in months for n, v in m.elements if n in fixed), Fraction(0)),
        days=sum(m.days for m in months),
        volume=sum(volumes, Fraction(0)) if len(volumes) == len(months) else None,
    )


def _reduction(before: Fraction, after: Fraction) -> Fraction | None:
    return 1 - after / before if before > 0 else None


def _result(
    before: Sequence[MonthlyCost],
    after: Sequence[MonthlyCost],
    changes: tuple[Fraction | None, Fraction | None, Fraction | None],
    findings: Sequence[Finding],
) -> CostComparison:
    return CostComparison(
        per_day=changes[0],
        per_unit=changes[1],
        at_volume_after=changes[2],
        months_before=len(before),
        months_after=len(after),
        findings=tuple(findings),
    )


def _findings(
    before: Sequence[MonthlyCost],
    after: Sequence[MonthlyCost],
    fixed: frozenset[str],
    *,
    price_indices_stated: bool,
) -> list[Finding]:
    lists = [{tuple(sorted(n for n, _ in m.elements)) for m in side} for side in (before, after)]
    if not all(sum(m.days for m in side) for side in (before, after)):
        return [
            disqualify(
                "cost.no-days",
                "某一期没有工作日或没有成本记录。",
                "A period has no working days or no cost on record.",
            )
        ]
    every = lists[0] | lists[1]
    if len(every) != 1:
        odd = sorted({n for names in every for n in names if any(n not in x for x in every)})
        return [
            disqualify(
                "cost.elements-differ",
                f"各月的成本项目不一致（{'、'.join(odd)}）：不是同一口径，不能比较。",
                f"The months do not have the same cost elements ({', '.join(odd)}): not one scope, nothing "
                "to compare.",
                elements=", ".join(odd),
            )
        ]
    found: list[Finding] = [
        warn(
            "cost.no-interval",
            f"成本按月统计（{len(before)} 个月对 {len(after)} 个月）：只有算术结果，没有置信区间。",
            f"Costs are monthly ({len(before)} against {len(after)} months): arithmetic only, no interval.",
            before=len(before),
            after=len(after),
        )
    ]
    if len(before) != len(after) or {m.month.month for m in before} != {
        m.month.month for m in after
    }:
        found.append(
            warn(
                "cost.months-differ",
                "两期月份不同：季节和结算时点会影响成本。",
                "The months differ between the periods: season and closing dates act on costs.",
            )
        )
    unknown = fixed - {n for names in every for n in names}
    if unknown:
        found.append(
            warn(
                "cost.fixed-unknown",
                f"固定成本项目不在成本表中：{'、'.join(sorted(unknown))}。",
                f"Fixed elements that the costs do not have: {', '.join(sorted(unknown))}.",
                elements=", ".join(sorted(unknown)),
            )
        )
    if not price_indices_stated:
        found.append(
            warn(
                "cost.prices",
                "未说明两期是否换算到同一价格水平：降价会显示为降本。",
                "It is not stated whether both periods are at one price level: lower prices look like lower cost.",
            )
        )
    return found


def _twin(name: str, title: tuple[str, str], official: Fraction, other: Fraction | None) -> Finding:
    if other is None:
        return warn(
            f"cost.{name}-unknown",
            f"{title[0]}无法得出（产量未知）：产量减少也会使日均成本下降。",
            f"No {title[1]}: the volume is unknown, and making less lowers cost a day as well.",
        )
    zh = f"日均成本降低 {percent(official)}，{title[0]}降低 {percent(other)}"
    en = f"Cost a day falls by {percent(official)}, {title[1]} by {percent(other)}"
    if same_direction(official, other):
        return note(f"cost.{name}-agrees", zh + "。", en + ".", official=official, twin=other)
    return warn(
        f"cost.{name}-sign",
        zh + "：方向不一致，变化来自产量。",
        en + ": not the same direction; the volume made the change.",
        lowers_word=True,
        official=official,
        twin=other,
    )
