"""Numbers that no machine gives (orders, workers, maintenance, material, capability, operations) → their indicators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.calc.figure import Figure, figure_of
from kpi.equipment.indicator import Operand, Result, undefined
from kpi.equipment.iso_others import CAPABILITY, capability, given_ratios, rolled_yield
from model.ratio import Undefined


@dataclass(frozen=True, slots=True)
class OperationInput:
    """One operation of a process, in order."""

    name: str
    inspected: int
    good: int
    """Good at the first pass."""


@dataclass(frozen=True, slots=True)
class CapabilityInput:
    """Measured values of one characteristic with its limits."""

    name: str
    values: tuple[Fraction, ...]
    lower: Fraction
    upper: Fraction
    process: bool
    """True = Cp and Cpk, False = Cm and Cmk."""


def number_figures(numbers: dict[str, Fraction]) -> tuple[Figure, ...]:
    """Return every ratio of ISO 22400-2 whose two numbers are given, by the symbols of `kpi.equipment.iso_others`."""
    return tuple(figure_of(r) for r in given_ratios(numbers))


def operation_figures(operations: Sequence[OperationInput]) -> tuple[Figure, ...]:
    """Return the first pass yield of every operation, and the rolled yield of two or more."""
    found: list[Result] = []
    for o in operations:
        found += given_ratios({"GP": Fraction(o.good), "IP": Fraction(o.inspected)})
    figures = [figure_of(r, o.name) for r, o in zip(found, operations, strict=True)]
    if len(operations) > 1:
        figures.append(figure_of(rolled_yield(found, [o.name for o in operations])))
    return tuple(figures)


def capability_figures(given: CapabilityInput) -> tuple[Figure, ...]:
    """Return Cm and Cmk, or Cp and Cpk, of measured values: decimals, as a root is in them."""
    found = capability(given.values, given.lower, given.upper, process=given.process)
    if isinstance(found, Undefined):
        first = 2 if given.process else 0
        return tuple(
            figure_of(undefined(i, found), given.name) for i in CAPABILITY[first : first + 2]
        )
    return tuple(
        Figure(
            id=f"{c.indicator.school}/{c.indicator.id}",
            machine=given.name,
            zh=c.indicator.zh,
            en=c.indicator.en,
            formula_zh=c.indicator.formula,
            formula_en=c.indicator.formula,
            unit="",
            source=c.indicator.source,
            operands=(
                Operand("n", Fraction(len(given.values)), "1"),
                Operand("x̄", c.mean, ""),
                Operand("s²", c.variance, ""),
                Operand("LSL", given.lower, ""),
                Operand("USL", given.upper, ""),
            ),
            value=Fraction(c.value),
            exact=False,
        )
        for c in found
    )
