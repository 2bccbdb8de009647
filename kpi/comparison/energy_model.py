"""Daily energy as a linear function of its drivers: fitted on the baseline, forecast to the reporting period (D.3).

Ordinary least squares in exact fractions. Uncertainty by the fractional-savings formula of CalTRACK 2.0 §4.3.2.4 with
the coefficients of Sun and Baltazar; our variant: squared errors and t use n − p with p all coefficients, intercept
included (CalTRACK's text leaves it out), and a negative lag-1 correlation counts as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Final

from kpi.decimals import CONTEXT, decimal_of, root_of
from kpi.student_t import t95

DAILY_COEFFICIENTS: Final = (
    Fraction(-24, 100_000),
    Fraction(3535, 100_000),
    Fraction(100_286, 100_000),
)
"""a, b, d of a·M² + b·M + d for daily data [MEM in kpi-audit E20; same digits in public CalTRACK 2.0 §4.3.2.4.6]."""
MONTHLY_COEFFICIENTS: Final = (
    Fraction(-22, 100_000),
    Fraction(3306, 100_000),
    Fraction(94_054, 100_000),
)
DRIVER_LOW: Final = Fraction(9, 10)
DRIVER_HIGH: Final = Fraction(11, 10)
"""Drivers of the reporting period must lie within 90 % of the least and 110 % of the greatest of the baseline [MEM]."""
LEAST_R2: Final = Fraction(1, 2)
"""SEP: R² ≥ 0.5 [MEM]."""
_MONTH_DAYS: Final = Fraction(365, 12)


@dataclass(frozen=True, slots=True)
class EnergyDay:
    """Energy of one day in Wh and its drivers, in the order of the model's names, intercept left out."""

    date: date
    wh: int
    drivers: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyModel:
    """A fitted baseline."""

    names: tuple[str, ...]
    """Drivers; the intercept is coefficient 0."""
    coefficients: tuple[Fraction, ...]
    days: int
    squared_errors: Fraction
    mean: Fraction
    """Mean daily energy of the baseline, Wh."""
    r2: Fraction | None
    """None = the energy of the baseline does not vary."""
    rho: Fraction
    """Lag-1 correlation of the residuals in date order, 0 if they are all 0."""
    low: tuple[Fraction, ...]
    """Least value of each driver in the baseline."""
    high: tuple[Fraction, ...]

    @property
    def cv_squared(self) -> Fraction:
        """Return CV(RMSE)² = SSE/(n − p) / mean²."""
        return self.squared_errors / (self.days - len(self.coefficients)) / self.mean**2

    def expected(self, day: EnergyDay) -> Fraction:
        """Return the energy that the baseline would have used with the drivers of a day, Wh."""
        return self.coefficients[0] + sum(
            (c * x for c, x in zip(self.coefficients[1:], day.drivers, strict=True)), Fraction(0)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Avoided energy of the reporting period against the forecast of the baseline model."""

    expected: Fraction
    """Σ forecast, Wh."""
    actual: int
    share: Fraction
    """Σ(forecast − actual) / Σ forecast."""
    half_width: Decimal
    """Of the 90 % interval of `share`."""
    outside: int
    """Days on which a driver lies outside 90–110 % of the baseline range."""
    days: int

    @property
    def fsu(self) -> Decimal | None:
        """Return the fractional savings uncertainty; None if nothing was saved or lost."""
        with localcontext(CONTEXT):
            return abs(self.half_width / decimal_of(self.share)) if self.share else None

    @property
    def low(self) -> Decimal:
        """Return the lower end of the 90 % interval."""
        return CONTEXT.subtract(decimal_of(self.share), self.half_width)

    @property
    def high(self) -> Decimal:
        """Return the upper end of the 90 % interval."""
        return CONTEXT.add(decimal_of(self.share), self.half_width)


def fit(days: Sequence[EnergyDay], names: Sequence[str]) -> EnergyModel | None:
    """Return the least-squares model; None with too few days, drivers that depend on each other, or no energy."""
    p = len(names) + 1
    if len(days) <= p or sum(d.wh for d in days) <= 0:
        return None
    rows = [(Fraction(1), *d.drivers) for d in days]
    matrix = [[sum((r[i] * r[j] for r in rows), Fraction(0)) for j in range(p)] for i in range(p)]
    right = [
        sum((r[i] * d.wh for r, d in zip(rows, days, strict=True)), Fraction(0)) for i in range(p)
    ]
    coefficients = _solve(matrix, right)
    if coefficients is None:
        return None
    errors = [
        d.wh - sum((c * x for c, x in zip(coefficients, r, strict=True)), Fraction(0))
        for r, d in zip(rows, days, strict=True)
    ]
    squares = sum((e * e for e in errors), Fraction(0))
    mean = Fraction(sum(d.wh for d in days), len(days))
    total = sum(((d.wh - mean) ** 2 for d in days), Fraction(0))
    lagged = sum((a * b for a, b in pairwise(errors)), Fraction(0))
    columns = list(zip(*(d.drivers for d in days), strict=True)) if names else []
    return EnergyModel(
        names=tuple(names),
        coefficients=tuple(coefficients),
        days=len(days),
        squared_errors=squares,
        mean=mean,
        r2=1 - squares / total if total else None,
        rho=lagged / squares if squares else Fraction(0),
        low=tuple(min(c) for c in columns),
        high=tuple(max(c) for c in columns),
    )


def saving(model: EnergyModel, days: Sequence[EnergyDay], calendar_days: int) -> Saving | None:
    """Return the saving over the days of the reporting period; None if the forecast is not positive.

    calendar_days: length of the reporting period, from which M, its months, follows.
    """
    expected = sum((model.expected(d) for d in days), Fraction(0))
    actual = sum(d.wh for d in days)
    if expected <= 0 or not days:
        return None
    return Saving(
        expected=expected,
        actual=actual,
        share=(expected - actual) / expected,
        half_width=_half_width(model, len(days), calendar_days / _MONTH_DAYS),
        outside=sum(_outside(model, d) for d in days),
        days=len(days),
    )


def _half_width(model: EnergyModel, days: int, months: Fraction) -> Decimal:
    """Return t·(aM² + bM + d)·CV(RMSE)·√(P/P′·(1 + 2/P′)/Q), which is FSU·F."""
    a, b, d = DAILY_COEFFICIENTS
    polynomial = a * months**2 + b * months + d
    rho = max(model.rho, Fraction(0))
    effective = model.days * (1 - rho) / (1 + rho)
    inner = model.cv_squared * (model.days / effective) * (1 + 2 / effective) / days
    with localcontext(CONTEXT):
        return t95(model.days - len(model.coefficients)) * decimal_of(polynomial) * root_of(inner)


def _outside(model: EnergyModel, day: EnergyDay) -> bool:
    return any(
        not low - (1 - DRIVER_LOW) * abs(low) <= x <= high + (DRIVER_HIGH - 1) * abs(high)
        for x, low, high in zip(day.drivers, model.low, model.high, strict=True)
    )


def _solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    """Return the exact solution by Gauss-Jordan elimination, None if the matrix is singular."""
    size = len(right)
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for i in range(size):
        pivot = next((r for r in range(i, size) if rows[r][i]), None)
        if pivot is None:
            return None
        rows[i], rows[pivot] = rows[pivot], rows[i]
        head = rows[i][i]
        rows[i] = [v / head for v in rows[i]]
        for r in range(size):
            if r != i and rows[r][i]:
                factor = rows[r][i]
                rows[r] = [v - factor * w for v, w in zip(rows[r], rows[i], strict=True)]
    return [line[-1] for line in rows]
