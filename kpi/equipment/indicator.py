"""One indicator with what a reader needs to recompute it: formula, numbers put in, result, bounds, source."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from model.ratio import Ratio, Undefined


@dataclass(frozen=True, slots=True)
class Indicator:
    """A named figure of one school."""

    id: str
    """Lower case with hyphens, unique within its school."""
    school: str
    """`iso22400`, `tpm`, `semi_e10`, `vdi3423`, or `ours` for a figure that no standard defines."""
    zh: str
    en: str
    formula: str
    """In the symbols of the school."""
    unit: str
    """"1" for a ratio, else a UCUM unit or `{pieces}`."""
    source: str
    """Where the definition comes from; says so where it was not checked against the standard itself."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A number that a formula was given."""

    symbol: str
    value: Fraction
    unit: str


@dataclass(frozen=True, slots=True)
class Result:
    """An indicator for one group and window."""

    indicator: Indicator
    value: Ratio
    operands: tuple[Operand, ...]
    low: Fraction | None = None
    """Least value where data are missing; None with `open_low` = not bounded, else the value itself."""
    high: Fraction | None = None
    open_low: bool = False
    open_high: bool = False
    note_zh: str = ""
    """What a reader must know beside the number."""
    note_en: str = ""

    @property
    def bounded(self) -> bool:
        """Return whether missing data leave a range."""
        return self.open_low or self.open_high or self.low is not None or self.high is not None


def undefined(indicator: Indicator, why: Undefined, *operands: Operand) -> Result:
    """Return the result of an indicator that cannot be known, with the reason."""
    return Result(indicator, why, operands)


def quotient(
    indicator: Indicator, numerator: Operand, denominator: Operand, *more: Operand
) -> Result:
    """Return numerator / denominator exactly; undefined where the denominator is 0. more: further operands to print."""
    operands = (numerator, denominator, *more)
    if denominator.value == 0:
        why = Undefined(f"{denominator.symbol} is 0", f"{denominator.symbol} 为 0")
        return Result(indicator, why, operands)
    return Result(indicator, numerator.value / denominator.value, operands)
