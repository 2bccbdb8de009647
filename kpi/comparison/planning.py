"""How long to measure before and after so that a gain can be proven (kpi.md D.6, kpi-audit E18): said before it begins.

The half-width that CI-1 will have is predicted from the noise of a day and its correlation from day to day: mean
and spread of each of its methods under AR(1), then the mean of the largest of them. Against simulation it is within
1 % from 60 valid days a period, 3 % from 40, and 14 % low at 20 days with a correlation of 0.6 (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from kpi.comparison.drift import FEWEST_WEEKS as DRIFT_WEEKS
from kpi.comparison.interval import (
    FEWEST_DAYS,
    FIRM_DAYS,
    Day,
    Sense,
    day_variance,
    pooled_correlation,
)
from kpi.comparison.periods import DEFAULT_WEEKS, FEWEST_WEEKS, MOST_WEEKS
from kpi.comparison.widest import bell_nodes, mean_of_largest
from kpi.decimals import CONTEXT, decimal_of, root_of
from kpi.student_t import t95

POWER_FACTOR: Final = Decimal("1.512")
"""(1.645 + 0.842) / 1.645: a true gain of so many half-widths above the threshold is proven in 80 % of cases (E18)."""
SHOWN_WEEKS: Final = (4, 8, 13, 26, 52)
MOST_RHO: Final = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Noise:
    """Day-to-day noise of a metric. Raises ValueError outside the ranges.

    day: standard deviation of a day as a share of the mean, above 0; rho: correlation of neighbouring days, 0…0.9;
    week_days: production days a week, 1…7.
    """

    day: Fraction
    rho: Fraction
    week_days: int

    def __post_init__(self) -> None:
        """Refuse what the prediction is not made for."""
        if self.day <= 0 or not 0 <= self.rho <= MOST_RHO or not 1 <= self.week_days <= 7:
            raise ValueError(f"noise outside its range: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What a length of the periods makes provable. Gains are fractions of one; for a reduction they are reductions."""

    weeks: int
    days: int
    """Valid days a period, if none is lost."""
    half_width: Decimal
    """Predicted h of CI-1."""
    observed: Decimal
    """Gain that must be observed to prove the threshold; half of the plants with this true gain do not show it."""
    true_gain: Decimal
    """True gain that proves the threshold with a chance of 80 %."""

    @property
    def firm(self) -> bool:
        """Return whether the word can be firm: 60 valid days and 8 whole weeks."""
        return self.days >= FIRM_DAYS and self.weeks >= DRIFT_WEEKS


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The answer: measure so many weeks before and after."""

    weeks: int
    row: PlanRow
    enough: bool | None
    """Whether the expected gain is proven with a chance of 80 %; None = no gain was named."""


def noise_of(days: Sequence[Day], week_days: int) -> Noise | None:
    """Return the noise of daily values in date order; None below 20 days, without a ratio, or if nothing varies.

    day² = n·V₁ of U8; rho is corrected for the length as in U8 and cut to 0…0.9.
    """
    n = len(days)
    if n < FEWEST_DAYS or min(sum(x.n for x in days), sum(x.d for x in days)) <= 0:
        return None
    variance = day_variance(days)
    if not variance:
        return None
    rho = (n * pooled_correlation([days]) + 1) / (n - 4)
    with localcontext(CONTEXT):
        day = Fraction(root_of(variance))
    return Noise(day, min(max(rho, Fraction(0)), MOST_RHO), week_days)


def predicted_half_width(noise: Noise, days: int) -> Decimal:
    """Return the mean h of CI-1 for two periods of so many valid days (at least 20; ValueError below)."""
    if days < FEWEST_DAYS:
        raise ValueError(f"CI-1 needs {FEWEST_DAYS} valid days, not {days}")
    rho = noise.rho
    factor = (1 + rho) / (1 - rho)
    lengths = [x * noise.week_days for x in (1, 2, 4) if days >= 4 * x * noise.week_days]
    # Correlated days make the variance within a period too small by this factor on average.
    within = 1 - (factor - 1) / (days - 1)
    with localcontext(CONTEXT):
        scale = root_of(2 * noise.day**2 / days * within)
        # The method for independent days is never wider than the corrected one (f ≥ 1, fewer degrees of freedom).
        mean, spread = _corrected(rho, days)
        means, loads = [mean * scale], [[spread / mean]]
        for length in lengths:
            # Each lag's sample correlation has variance 1/(2·days); a block method weighs lag k with 1 − k/l.
            load = [decimal_of(Fraction(length - k, length)) for k in range(1, length)]
            load = [x / Decimal(2 * days).sqrt() for x in load]
            bias = 1 - sum((x * x for x in load), Decimal(0)) / 2
            means.append(
                t95(max(3, 2 * days // length - 2))
                * scale
                * root_of(_block_factor(rho, factor, length, days) / within)
                * bias
            )
            loads.append(load)
        covariances = [
            [
                m * n * sum((a * b for a, b in zip(x, y, strict=False)), Decimal(0))
                for n, y in zip(means, loads, strict=True)
            ]
            for m, x in zip(means, loads, strict=True)
        ]
        return mean_of_largest(means, covariances)


def plan(
    noise: Noise, threshold: Fraction, sense: Sense, weeks: Sequence[int] = SHOWN_WEEKS
) -> tuple[PlanRow, ...]:
    """Return one row for each number of weeks that holds at least 20 valid days. Source: E18."""
    return tuple(
        _row(noise, threshold, sense, w) for w in weeks if w * noise.week_days >= FEWEST_DAYS
    )


def advise(
    noise: Noise, threshold: Fraction, sense: Sense, expected: Fraction | None = None
) -> Advice:
    """Return how long to measure.

    At least 13 weeks, as many as make the word firm, and with an expected true gain as many as prove it with a chance
    of 80 %, at most two years; `enough` says whether that is reached.
    """
    least = DEFAULT_WEEKS
    while least < MOST_WEEKS and least * noise.week_days < FIRM_DAYS:
        least += 1
    if expected is None:
        return Advice(weeks=least, row=_row(noise, threshold, sense, least), enough=None)
    aim = decimal_of(expected)
    if _row(noise, threshold, sense, MOST_WEEKS).true_gain > aim:
        return Advice(weeks=MOST_WEEKS, row=_row(noise, threshold, sense, MOST_WEEKS), enough=False)
    low, high = FEWEST_WEEKS, MOST_WEEKS
    while low < high:
        middle = (low + high) // 2
        enough_days = middle * noise.week_days >= FEWEST_DAYS
        if enough_days and _row(noise, threshold, sense, middle).true_gain <= aim:
            high = middle
        else:
            low = middle + 1
    count = max(low, least)
    while _row(noise, threshold, sense, count).true_gain > aim:
        count += 1
    return Advice(weeks=count, row=_row(noise, threshold, sense, count), enough=True)


def _row(noise: Noise, threshold: Fraction, sense: Sense, weeks: int) -> PlanRow:
    days = weeks * noise.week_days
    h = predicted_half_width(noise, days)
    with localcontext(CONTEXT):
        limit = decimal_of(threshold)
        if sense == "increase":
            observed = (1 + limit) * h.exp() - 1
            true_gain = (1 + limit) * (POWER_FACTOR * h).exp() - 1
        else:
            observed = 1 - (1 - limit) * (-h).exp()
            true_gain = 1 - (1 - limit) * (-POWER_FACTOR * h).exp()
    return PlanRow(weeks=weeks, days=days, half_width=h, observed=observed, true_gain=true_gain)


def _corrected(rho: Fraction, days: int) -> tuple[Decimal, Decimal]:
    """Return mean and standard deviation of t·√f over the estimates of rho that samples of this length give."""
    total = 2 * days
    spread = root_of((1 - rho**2) / total) * days / (days - 4)
    values = []
    for z, weight in bell_nodes():
        found = min(max(decimal_of(rho) + spread * z, Decimal(0)), decimal_of(MOST_RHO))
        factor = (1 + found) / (1 - found)
        values.append((t95(max(3, int(total / factor) - 2)) * factor.sqrt(), weight))
    mean = sum((v * w for v, w in values), Decimal(0))
    variance = sum(((v - mean) ** 2 * w for v, w in values), Decimal(0))
    return mean, variance.sqrt()


def _block_factor(rho: Fraction, factor: Fraction, length: int, days: int) -> Fraction:
    """Return E V_l / (2·day²/days): the sum of correlations inside a block, less what the estimated mean takes away."""
    inside = 1 + 2 * sum(Fraction(length - k, length) * rho**k for k in range(1, length))
    return (inside - length * factor / days) * Fraction(days, days - length)
