"""Energy of a case: standard coal by carrier, tce a piece, both readings of 能源利用率提高 (kpi.md B.8)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kpi.calc.figure import Figure
from kpi.calc.inputs import WindowInput
from kpi.document_types import Counter
from kpi.energy.coefficients import CoefficientTable
from kpi.energy.meters import MeterEnergy, RegisterRecord, TransformerRatio, columns, meter_energy
from kpi.energy.unit_energy import (
    Consumption,
    Output,
    PeriodEnergy,
    ReadingGrade,
    total_kgce,
    unit_energy,
    utilisation_change,
    weighted_output,
)
from kpi.equipment.indicator import Operand
from kpi.findings import Finding
from kpi.registry.definitions import DEFINITIONS
from model.ratio import Ratio, Undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterInput:
    """Readings of the register behind an amount, with the ratios of its transformers."""

    values: tuple[tuple[int, int], ...]
    """(instant in Unix ms, ticks), rising."""
    ratios: tuple[tuple[int, Fraction], ...]
    """(instant, primary / secondary), rising; the first also holds before it."""
    tick: Fraction
    """Energy of one tick on the secondary side, in the unit of the use."""
    rules: Counter
    window: WindowInput


@dataclass(frozen=True, slots=True, kw_only=True)
class UseInput:
    """One amount of one carrier; without a number and without a register it is not known."""

    source: str
    carrier: str
    unit: str
    amount: Fraction | None
    grade: ReadingGrade
    share: Fraction
    share_rule: str
    register: RegisterInput | None = None


@dataclass(frozen=True, slots=True)
class PeriodInput:
    """Energy and good output of one period."""

    uses: tuple[UseInput, ...]
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyInput:
    """One period, or two under one table."""

    table: CoefficientTable
    single: PeriodInput | None = None
    before: PeriodInput | None = None
    after: PeriodInput | None = None


@dataclass(frozen=True, slots=True)
class EnergyResult:
    """Figures, and what must be said of them."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    meters: tuple[MeterEnergy, ...]


def energy_result(case: EnergyInput) -> EnergyResult:
    """Return every figure of energy; raises ConfigError if the table has no coefficient for a carrier."""
    figures: list[Figure] = []
    meters: list[MeterEnergy] = []
    findings: list[Finding] = []
    periods: dict[str, PeriodEnergy] = {}
    for name, given in (("", case.single), ("before", case.before), ("after", case.after)):
        if given is not None:
            period, read = _period(case.table, given)
            periods[name] = period
            meters += read
            figures += _period_figures(period, name)
    if "before" in periods and "after" in periods:
        change = utilisation_change(periods["before"], periods["after"])
        findings += change.findings
        figures += [
            _defined("energy-utilisation-change", change.drop),
            _defined("energy-utilisation-gain", change.gain),
        ]
    else:
        carriers = {c.carrier for p in periods.values() for c in p.consumptions}
        findings += case.table.findings(frozenset(carriers))
    findings += [f for m in meters for f in m.findings]
    return EnergyResult(tuple(figures), tuple(findings), tuple(meters))


def _period(table: CoefficientTable, given: PeriodInput) -> tuple[PeriodEnergy, list[MeterEnergy]]:
    consumptions, meters = [], []
    for use in given.uses:
        amount, grade = use.amount, use.grade
        if use.register is not None:
            read = _register(use, use.register)
            meters.append(read)
            amount = None if isinstance(read.energy, Undefined) else read.energy
            grade = read.worst
        consumptions.append(
            Consumption(
                carrier=use.carrier,
                unit=use.unit,
                amount=amount,
                source=use.source,
                grade=grade,
                share=use.share,
                share_rule=use.share_rule,
            )
        )
    period = PeriodEnergy(table=table, consumptions=tuple(consumptions), outputs=given.outputs)
    return period, meters


def _register(use: UseInput, register: RegisterInput) -> MeterEnergy:
    at_ms, ticks, grade = columns([(at, v, use.grade) for at, v in register.values])
    record = RegisterRecord(
        meter=use.source,
        at_ms=at_ms,
        ticks=ticks,
        grade=grade,
        ratios=tuple(TransformerRatio(at, ratio) for at, ratio in register.ratios),
        tick=register.tick,
        unit=use.unit,
        rules=register.rules,
    )
    return meter_energy(record, register.window.start_ms, register.window.end_ms)


def _period_figures(period: PeriodEnergy, name: str) -> list[Figure]:
    total = total_kgce(period)
    found = [_of_use(period, c, name) for c in period.consumptions]
    found.append(
        Figure(
            id=_id("total-energy", name),
            zh="综合能耗" + _ZH[name],
            en="energy in standard coal" + _EN[name],
            formula_zh="Σ 折标系数 × 实物量 × 分摊比例",
            formula_en="Σ coefficient · amount · share",
            unit="kgce",
            source=_table_source(period.table),
            value=total,
        )
    )
    if period.outputs:
        definition = DEFINITIONS["unit-energy"]
        output = weighted_output(period.outputs)
        found.append(
            Figure(
                id=_id("unit-energy", name),
                zh=definition.zh + _ZH[name],
                en=definition.en + _EN[name],
                formula_zh=definition.formula_zh,
                formula_en=definition.formula_en,
                unit="tce/{piece}",
                source=definition.source,
                value=unit_energy(period),
                operands=(
                    *_operand("Σ k·E", total, "kgce"),
                    *_operand("Σ 件数·权重 pieces·weight", output, "{pieces}"),
                ),
                note_zh=definition.ours,
                note_en=definition.ours,
            )
        )
    return found


def _of_use(period: PeriodEnergy, c: Consumption, name: str) -> Figure:
    """Return what one use comes to, by the engine over that use alone."""
    alone = PeriodEnergy(table=period.table, consumptions=(c,), outputs=())
    row = period.table.row(c.carrier)
    return Figure(
        id=_id(f"energy-of-{c.source}", name),
        zh=f"{c.source}（{row.zh}）" + _ZH[name],
        en=f"{c.source} ({row.en})" + _EN[name],
        formula_zh="折标系数 × 实物量 × 分摊比例",
        formula_en="coefficient · amount · share",
        unit="kgce",
        source=row.source,
        value=total_kgce(alone),
        operands=(
            Operand("k", period.table.kgce(c.carrier, c.unit), f"kgce/{c.unit}"),
            *(() if c.amount is None else (Operand("E", c.amount, c.unit),)),
            *(() if c.share == 1 else (Operand("分摊 share", c.share, "1"),)),
        ),
        note_zh=c.share_rule,
        note_en=c.share_rule,
    )


_ZH = {"": "", "before": "（建设前）", "after": "（建成后）"}
_EN = {"": "", "before": " (before)", "after": " (after)"}


def _id(metric: str, name: str) -> str:
    return f"{metric}@{name}" if name else metric


def _table_source(table: CoefficientTable) -> str:
    return f"{table.id} ({table.edition}), SHA-256 {table.sha256[:16]}…"


def _operand(symbol: str, value: Ratio, unit: str) -> tuple[Operand, ...]:
    return () if isinstance(value, Undefined) else (Operand(symbol, value, unit),)


def _defined(metric: str, value: Ratio) -> Figure:
    d = DEFINITIONS[metric]
    return Figure(
        id=metric,
        zh=d.zh,
        en=d.en,
        formula_zh=d.formula_zh,
        formula_en=d.formula_en,
        source=d.source,
        value=value,
        note_zh=d.ours,
        note_en=d.ours,
    )
