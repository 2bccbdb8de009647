"""The indicators of ISO 22400-2 that no machine signal gives: orders, workers, maintenance, material, capability.

Every number comes from the caller (a record or a case written by hand); what is absent leaves its indicator undefined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from kpi.equipment.indicator import Indicator, Operand, Result, undefined
from kpi.equipment.iso_catalogue import EDITION
from model.ratio import Undefined

_SOURCE: Final = f"{EDITION} (public transcription; not checked against the standard itself)"
_CONTEXT: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class RatioRule:
    """An indicator that is one number over another."""

    indicator: Indicator
    top: str
    bottom: str
    unit: str = "ms"


def _rule(
    name: str, zh: str, en: str, top: str, bottom: str, *, unit: str = "ms", out: str = "1"
) -> RatioRule:
    formula = f"{top} / {f'({bottom})' if ' + ' in bottom else bottom}"
    return RatioRule(Indicator(name, "iso22400", zh, en, formula, out, _SOURCE), top, bottom, unit)


RULES: Final = (
    _rule("allocation-ratio", "分配比", "allocation ratio", "ΣAUBT", "AOET"),
    _rule(
        "throughput-rate",
        "产出速率",
        "throughput rate",
        "PQ",
        "AOET",
        unit="{pieces}",
        out="{pieces}/ms",
    ),
    _rule("production-process-ratio", "生产过程比", "production process ratio", "ΣAPT", "AOET"),
    _rule("worker-efficiency", "人员效率", "worker efficiency", "APWT", "APAT"),
    _rule(
        "actual-to-planned-scrap-ratio",
        "实际与计划废品比",
        "actual to planned scrap ratio",
        "SQ",
        "PSQ",
        unit="{pieces}",
    ),
    _rule(
        "fall-off-ratio",
        "脱落率",
        "fall off ratio",
        "SQ",
        "PQ of the first operation",
        unit="{pieces}",
    ),
    _rule("first-pass-yield", "一次合格率", "first pass yield", "GP", "IP", unit="{pieces}"),
    _rule(
        "equipment-load-ratio",
        "设备负荷率",
        "equipment load ratio",
        "PQ",
        "equipment production capacity",
        unit="{pieces}",
    ),
    _rule(
        "corrective-maintenance-ratio",
        "故障维修比",
        "corrective maintenance ratio",
        "CMT",
        "CMT + PMT",
    ),
    _rule("finished-goods-ratio", "成品率", "finished goods ratio", "GQ", "CM", unit="{material}"),
    _rule(
        "integrated-goods-ratio",
        "综合成品率",
        "integrated goods ratio",
        "IGQ",
        "CM",
        unit="{material}",
    ),
    _rule(
        "production-loss-ratio",
        "生产损失率",
        "production loss ratio",
        "PL",
        "CM",
        unit="{material}",
    ),
    _rule(
        "storage-and-transportation-loss-ratio",
        "储运损失率",
        "storage and transportation loss ratio",
        "STL",
        "CM",
        unit="{material}",
    ),
    _rule("other-loss-ratio", "其他损失率", "other loss ratio", "OL", "CM", unit="{material}"),
    _rule(
        "inventory-turns",
        "库存周转",
        "inventory turns",
        "throughput",
        "average inventory",
        unit="{material}",
    ),
)
"""Indicators that are ratios of given numbers; both readings of an undefined denominator are left to the caller."""

CAPABILITY: Final = tuple(
    Indicator(name, "iso22400", zh, en, formula, "1", _SOURCE)
    for name, zh, en, formula in (
        ("cm", "机器能力指数", "machine capability index Cm", "(USL − LSL) / (6·s)"),
        (
            "cmk",
            "修正机器能力指数",
            "critical machine capability index Cmk",
            "min(USL − x̄, x̄ − LSL) / (3·s)",
        ),
        ("cp", "过程能力指数", "process capability index Cp", "(USL − LSL) / (6·σ̂)"),
        (
            "cpk",
            "修正过程能力指数",
            "critical process capability index Cpk",
            "min(USL − x̄, x̄ − LSL) / (3·σ̂)",
        ),
    )
)
ENERGY: Final = Indicator(
    "comprehensive-energy-consumption",
    "iso22400",
    "综合能耗",
    "comprehensive energy consumption",
    "Σ kᵢ·Eᵢ / PQ",
    "kgce/{piece}",
    _SOURCE,
)
ROLLED: Final = Indicator(
    "rolled-throughput-yield",
    "ours",
    "滚动直通率",
    "rolled throughput yield",
    "Π (GP / IP)",
    "1",
    "not an indicator of ISO 22400-2; as quality handbooks define it (units without scrap and rework, step by step)",
)


def given_ratios(given: dict[str, Fraction]) -> tuple[Result, ...]:
    """Return the indicators whose two numbers are given, by the symbols of `RULES`; "CMT + PMT" is formed from both."""
    numbers = dict(given)
    if "CMT" in numbers and "PMT" in numbers:
        numbers["CMT + PMT"] = numbers["CMT"] + numbers["PMT"]
    found = []
    for rule in RULES:
        if rule.top not in numbers or rule.bottom not in numbers:
            continue
        top = Operand(rule.top, numbers[rule.top], rule.unit)
        bottom_unit = "ms" if rule.bottom in ("AOET", "APAT", "CMT + PMT") else rule.unit
        bottom = Operand(rule.bottom, numbers[rule.bottom], bottom_unit)
        if bottom.value == 0:
            why = Undefined(f"{rule.bottom} is 0", f"{rule.bottom} 为 0")
            found.append(undefined(rule.indicator, why, top, bottom))
        else:
            found.append(Result(rule.indicator, top.value / bottom.value, (top, bottom)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class CapabilityIndex:
    """Cm, Cmk, Cp or Cpk: not a fraction, because a standard deviation is a root."""

    indicator: Indicator
    value: Decimal
    mean: Fraction
    variance: Fraction


def capability(
    values: tuple[Fraction, ...], lower: Fraction, upper: Fraction, *, process: bool
) -> tuple[CapabilityIndex, CapabilityIndex] | Undefined:
    """Return Cm and Cmk (or Cp and Cpk) of measured values with their sample variance (n − 1), precision 40.

    Undefined with fewer than two values, without spread, or with limits the wrong way round.
    """
    n = len(values)
    if n < 2 or lower >= upper:
        return Undefined(
            "at least two values and LSL < USL are needed", "至少需要两个测量值，且 LSL < USL"
        )
    mean = sum(values, Fraction(0)) / n
    variance = sum(((v - mean) ** 2 for v in values), Fraction(0)) / (n - 1)
    if not variance:
        return Undefined("all values are equal: no spread", "所有测量值相同，无离散")
    deviation = _CONTEXT.sqrt(_decimal(variance))
    wide = _CONTEXT.divide(_decimal(upper - lower), _CONTEXT.multiply(Decimal(6), deviation))
    near = _decimal(min(upper - mean, mean - lower))
    narrow = _CONTEXT.divide(near, _CONTEXT.multiply(Decimal(3), deviation))
    first = 2 if process else 0
    return (
        CapabilityIndex(CAPABILITY[first], wide, mean, variance),
        CapabilityIndex(CAPABILITY[first + 1], narrow, mean, variance),
    )


def _decimal(value: Fraction) -> Decimal:
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def rolled_yield(yields: Sequence[Result], names: Sequence[str]) -> Result:
    """Return the product of the first pass yields of all operations, by name; undefined if one is."""
    value = Fraction(1)
    operands = []
    for result, name in zip(yields, names, strict=True):
        if isinstance(result.value, Undefined):
            return undefined(ROLLED, result.value)
        value *= result.value
        operands.append(Operand(name, result.value, "1"))
    return Result(ROLLED, value, tuple(operands))
