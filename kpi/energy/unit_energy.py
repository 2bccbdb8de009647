"""Energy of a period in standard coal, per (weighted) piece, and what changed between two periods (kpi.md B.8).

One coefficient table, one list of product weights and one rule of sharing hold for both periods, or there is no
figure. What was not metered is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kpi.energy.coefficients import CoefficientTable
from kpi.findings import Finding, listed, note, warn
from model.ratio import Ratio, Undefined, ratio_of

KG_PER_TONNE: Final = 1000
VOLUME_RANGE: Final = (Fraction(9, 10), Fraction(11, 10))
"""Output of the after period over that before, outside of which a base load alone changes unit consumption (D.1)."""


class ReadingGrade(StrEnum):
    """How an amount of energy came about, best first."""

    MEASURED = "measured"
    MANUAL = "manual"
    """Read off by a person, or taken from a bill."""
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumption:
    """One amount of one carrier in a period."""

    carrier: str
    unit: str
    amount: Fraction | None
    """None = the meter gave nothing: not known."""
    source: str
    """Id of the meter or bill."""
    grade: ReadingGrade = ReadingGrade.MEASURED
    share: Fraction = Fraction(1)
    """Part that belongs to the workshop."""
    share_rule: str = ""
    """The written rule of the share, where it is not 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Good output of one product; weight = standard energy or standard time a piece, frozen at the baseline."""

    product: str
    quantity: Fraction | None
    weight: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEnergy:
    """Energy and output of one period."""

    table: CoefficientTable
    consumptions: tuple[Consumption, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class EnergyChange:
    """Both readings of 能源利用率提高, exact; the drop of unit consumption is our default, because it is stricter."""

    before: Ratio
    """tce a (weighted) piece."""
    after: Ratio
    drop: Ratio
    """1 − after/before."""
    gain: Ratio
    """before/after − 1: the reciprocal of unit consumption as "utilisation"."""
    worst: ReadingGrade
    findings: tuple[Finding, ...]

    @property
    def value(self) -> Ratio:
        """Return the default reading."""
        return self.drop


def total_kgce(period: PeriodEnergy) -> Ratio:
    """Return Σ k·E·share in kgce; undefined if any amount is not known or nothing was consumed.

    Raises ConfigError if the table has no coefficient for a carrier, or the site did not choose one.
    """
    silent = [c.source for c in period.consumptions if c.amount is None]
    if silent:
        return Undefined(
            f"no reading of {listed(silent)}: the energy is not known, not zero",
            f"{listed(silent)} 没有读数：能耗未知，不按零计",
        )
    if not period.consumptions:
        return Undefined("no energy was metered", "没有计量任何能源")
    return sum(
        (
            period.table.kgce(c.carrier, c.unit) * c.amount * c.share
            for c in period.consumptions
            if c.amount is not None
        ),
        Fraction(0),
    )


def weighted_output(outputs: Sequence[Output]) -> Ratio:
    """Return Σ quantity·weight; undefined if a quantity is not known."""
    silent = [o.product for o in outputs if o.quantity is None]
    if silent:
        return Undefined(
            f"the output of {listed(silent)} is not known", f"{listed(silent)} 的产量未知"
        )
    return sum((o.quantity * o.weight for o in outputs if o.quantity is not None), Fraction(0))


def unit_energy(period: PeriodEnergy) -> Ratio:
    """Return tce a (weighted) piece."""
    energy, output = total_kgce(period), weighted_output(period.outputs)
    if isinstance(energy, Undefined):
        return energy
    if isinstance(output, Undefined):
        return output
    return ratio_of(
        energy, KG_PER_TONNE * output, en="no good piece in the period", zh="期间内没有合格品"
    )


def utilisation_change(before: PeriodEnergy, after: PeriodEnergy) -> EnergyChange:
    """Return the change of energy utilisation; undefined if both periods do not share table, weights and rules.

    Raises ConfigError as `total_kgce` does.
    """
    barred = _barred(before, after)
    grades = [c.grade for c in (*before.consumptions, *after.consumptions)]
    order = list(ReadingGrade)
    worst = max(grades, key=order.index, default=ReadingGrade.MEASURED)
    findings = (*_findings(before, after, worst), *_volume(before, after))
    if barred is not None:
        return EnergyChange(barred, barred, barred, barred, worst, findings)
    one, other = unit_energy(before), unit_energy(after)
    if isinstance(one, Undefined) or isinstance(other, Undefined):
        why = one if isinstance(one, Undefined) else other
        return EnergyChange(one, other, why, why, worst, findings)
    quotient = ratio_of(other, one, en=_NONE_BEFORE[1], zh=_NONE_BEFORE[0])
    inverse = ratio_of(one, other, en=_NONE_AFTER[1], zh=_NONE_AFTER[0])
    return EnergyChange(
        one,
        other,
        1 - quotient if isinstance(quotient, Fraction) else quotient,
        inverse - 1 if isinstance(inverse, Fraction) else inverse,
        worst,
        findings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEnergy:
    """Unit consumption of one product before and after, and its output after."""

    product: str
    before: Fraction
    """kgce a piece."""
    after: Fraction
    quantity_after: Fraction


def product_saving(products: Iterable[ProductEnergy]) -> Fraction:
    """Return ΔE = Σ (e_after − e_before)·Q_after in kgce; negative = saved. GB/T 13234, product method [MEM]."""
    return sum(((p.after - p.before) * p.quantity_after for p in products), Fraction(0))


_NONE_BEFORE: Final = ("建设前能耗为零，无法比较", "no energy before: nothing to compare with")
_NONE_AFTER: Final = ("建成后能耗为零，无法取倒数", "no energy after: there is no reciprocal")


def _barred(before: PeriodEnergy, after: PeriodEnergy) -> Undefined | None:
    """Return why the periods may not be compared at all."""
    if before.table.sha256 != after.table.sha256:
        return Undefined(
            f"two coefficient tables ({before.table.id} {before.table.sha256[:8]}, {after.table.id} "
            f"{after.table.sha256[:8]}): one table must hold for both periods",
            f"两期采用了不同的折标系数表（{before.table.id} {before.table.sha256[:8]}、"
            f"{after.table.id} {after.table.sha256[:8]}）：必须用同一张表",
        )
    weights = {o.product: o.weight for o in before.outputs}
    changed = [o.product for o in after.outputs if weights.get(o.product, o.weight) != o.weight]
    if changed:
        return Undefined(
            f"the weight of {listed(changed)} was changed after the baseline",
            f"{listed(changed)} 的产品权重在基线之后被修改",
        )
    shares = {c.source: (c.share, c.share_rule) for c in before.consumptions}
    moved = [
        c.source
        for c in after.consumptions
        if shares.get(c.source, (c.share, c.share_rule)) != (c.share, c.share_rule)
    ]
    if moved:
        return Undefined(
            f"the share of {listed(moved)} was changed after the baseline",
            f"{listed(moved)} 的分摊规则在基线之后被修改",
        )
    return None


def _findings(before: PeriodEnergy, after: PeriodEnergy, worst: ReadingGrade) -> list[Finding]:
    both = {c.carrier for c in (*before.consumptions, *after.consumptions)}
    found = list(after.table.findings(frozenset(both)))
    old, new = ({c.source for c in p.consumptions} for p in (before, after))
    lost = sorted(old - new)
    if lost:
        found.append(
            warn(
                "energy.source-missing-after",
                f"建成后缺少建设前有的计量：{listed(lost)}；缺少的能耗会被当作节能",
                f"meters of the time before are missing after: {listed(lost)}; energy not metered looks saved",
                tuple(lost),
                count=len(lost),
            )
        )
    added = sorted(new - old)
    if added:
        found.append(
            note(
                "energy.source-new-after",
                f"建成后新增的计量：{listed(added)}；建设前没有对应数据",
                f"meters that are new after: {listed(added)}; there is nothing of them before",
                tuple(added),
                count=len(added),
            )
        )
    found += _new_products(before, after)
    unruled = sorted(
        {
            c.source
            for c in (*before.consumptions, *after.consumptions)
            if c.share != 1 and not c.share_rule
        }
    )
    if unruled:
        found.append(
            warn(
                "energy.share-without-rule",
                f"{listed(unruled)} 按比例分摊，但没有写明规则",
                f"{listed(unruled)} are shared without a written rule",
                tuple(unruled),
                count=len(unruled),
            )
        )
    if worst is not ReadingGrade.MEASURED:
        found.append(_graded((*before.consumptions, *after.consumptions)))
    return found


def _new_products(before: PeriodEnergy, after: PeriodEnergy) -> list[Finding]:
    """Return the products that the baseline does not have, so that their weight was not frozen with it."""
    known = {o.product for o in before.outputs}
    new = sorted({o.product for o in after.outputs} - known)
    if not new:
        return []
    return [
        warn(
            "energy.new-product",
            f"产品 {listed(new)} 建设前没有产量，其权重未在基线冻结",
            f"products without output before: {listed(new)}; their weight was not frozen with the baseline",
            tuple(new),
            count=len(new),
        )
    ]


def _graded(consumptions: Iterable[Consumption]) -> Finding:
    others = sorted({c.source for c in consumptions if c.grade is not ReadingGrade.MEASURED})
    return warn(
        "energy.not-measured",
        f"{listed(others)} 为人工抄录或估算，不是自动计量",
        f"{listed(others)} were read by hand or estimated, not metered",
        tuple(others),
        count=len(others),
    )


def _volume(before: PeriodEnergy, after: PeriodEnergy) -> list[Finding]:
    """Return a warning where the output changed so much that a base load alone changes unit consumption."""
    one, other = weighted_output(before.outputs), weighted_output(after.outputs)
    if isinstance(one, Undefined) or isinstance(other, Undefined) or not one:
        return []
    growth = other / one
    if VOLUME_RANGE[0] <= growth <= VOLUME_RANGE[1]:
        return []
    return [
        warn(
            "energy.volume",
            "两期产量相差超过 10 %：基础负荷会使单耗随产量变化，应另以回归方法核对",
            "the outputs of the periods differ by more than 10 %: with a base load, unit consumption moves with "
            "the volume alone; check by regression",
            growth=growth,
        )
    ]
