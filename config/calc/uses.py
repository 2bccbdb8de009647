"""Energy of a case → amounts under one coefficient table, with a finding where the table has no number."""

from __future__ import annotations

from fractions import Fraction

from config.calc.case import CalcCase
from config.calc.context import Context
from config.calc.energy import ChoiceCase, EnergyCase, EnergyPeriod, RegisterCase, UseCase
from config.calc.equipment import counter_rate
from config.calc.readings import instant_of
from config.coefficient_files import builtin_coefficients
from config.messages import suggestion
from config.yaml_document import Path
from kpi.calc.energy import EnergyInput, PeriodInput, RegisterInput, UseInput
from kpi.calc.inputs import WindowInput
from kpi.document_types import Counter
from kpi.energy.coefficients import Basis, Coefficient, CoefficientTable, Kind, Mark
from kpi.energy.unit_energy import Output
from model.errors import ConfigError


def energy_input(
    case: CalcCase, context: Context, window: WindowInput | None
) -> EnergyInput | None:
    """Return the energy of a case; None with findings if a coefficient is missing, None if there is none."""
    energy = case.energy
    if energy is None:
        return None
    table = _table(energy, context)
    if table is None:
        return None
    sound = True
    for name in ("period", "before", "after"):
        period = getattr(energy, name)
        if isinstance(period, EnergyPeriod):
            for i, use in enumerate(period.uses):
                sound &= _has_coefficient(table, use, ("energy", name, "uses", i), context)
    if not sound:
        return None
    return EnergyInput(
        table=table,
        single=_period(energy.period, "period", context, window),
        before=_period(energy.before, "before", context, window),
        after=_period(energy.after, "after", context, window),
    )


def _table(energy: EnergyCase, context: Context) -> CoefficientTable | None:
    if energy.own_table:
        table: CoefficientTable | None = CoefficientTable(
            "case", "案例自带系数", "coefficients of the case", "case", _own_rows(energy)
        )
    else:
        known = builtin_coefficients()
        table = known.get(energy.table)
        if table is None:
            context.stop(
                "energy.unknown-table",
                ("energy", "table"),
                f"没有折标系数表“{energy.table}”；可用：{'、'.join(known)}",
                f"no coefficient table {energy.table!r}; known: {', '.join(known)}",
                hint=suggestion(energy.table, known),
            )
    for carrier, choice in energy.choose.items():
        if table is None:
            break
        table = _chosen(table, carrier, choice, context)
    return table


def _own_rows(energy: EnergyCase) -> tuple[Coefficient, ...]:
    return tuple(
        Coefficient(
            carrier=r.carrier,
            zh=r.carrier,
            en=r.carrier,
            kind=Kind.FUEL,
            basis=Basis.EQUIVALENT,
            unit=r.unit,
            mark=Mark.SRC,
            source=r.source,
            kgce=r.kgce,
        )
        for r in energy.own_table
    )


def _chosen(
    table: CoefficientTable, carrier: str, choice: ChoiceCase, context: Context
) -> CoefficientTable | None:
    try:
        value: str | Fraction = Fraction(choice.value)
    except (ValueError, ZeroDivisionError):
        value = choice.value
    try:
        return table.choose(carrier, value, choice.reason)
    except ConfigError as exc:
        context.stop("energy.choice", ("energy", "choose", carrier), exc.zh, exc.en)
        return None


def _has_coefficient(table: CoefficientTable, use: UseCase, path: Path, context: Context) -> bool:
    try:
        table.kgce(use.carrier, use.unit)
    except ConfigError as exc:
        context.stop("energy.no-coefficient", (*path, "carrier"), exc.zh, exc.en)
        return False
    return True


def _period(
    period: EnergyPeriod | None, name: str, context: Context, window: WindowInput | None
) -> PeriodInput | None:
    if period is None:
        return None
    return PeriodInput(
        tuple(
            _use(use, ("energy", name, "uses", i), context, window)
            for i, use in enumerate(period.uses)
        ),
        tuple(
            Output(product=o.product or "1", quantity=_quantity(o.quantity), weight=o.weight)
            for o in period.output
        ),
    )


def _quantity(pieces: int | None) -> Fraction | None:
    return None if pieces is None else Fraction(pieces)


def _use(use: UseCase, path: Path, context: Context, window: WindowInput | None) -> UseInput:
    register = use.register_
    return UseInput(
        source=use.source or use.carrier,
        carrier=use.carrier,
        unit=use.unit,
        amount=use.amount,
        grade=use.grade,
        share=use.share,
        share_rule=use.share_rule,
        register=None
        if register is None
        else _register(register, (*path, "register"), context, window),
    )


def _register(
    register: RegisterCase, path: Path, context: Context, window: WindowInput | None
) -> RegisterInput | None:
    read = [
        (at, value)
        for i, (moment, value) in enumerate(register.values)
        if (at := instant_of(moment, (*path, "values", i), context)) is not None
    ]
    values = tuple(sorted(read))
    if list(values) != read:
        context.warn(
            "readings.unsorted",
            (*path, "values"),
            "电表读数未按时间排列：已按时间重新排序",
            "the readings of the register are not in order of time: they are put in order",
        )
    if not values:
        return None
    pieces, per_ms = counter_rate(register.max_rate, None)
    ratios = tuple(
        sorted((0 if r.at is None else context.ms(r.at), r.ratio) for r in register.ratios)
    )
    return RegisterInput(
        values=values,
        ratios=ratios or ((0, Fraction(1)),),
        tick=register.tick,
        rules=Counter(0, register.modulus, pieces, per_ms),
        # Readings at both ends are the window of a register that the case gives no other.
        window=window or WindowInput(values[0][0], values[-1][0] + 1),
    )
