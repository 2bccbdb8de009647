"""Mean of the largest of several correlated estimates, by Clark's moments (Operations Research 9, 1961); no randomness.

CI-1 takes the widest of up to five half-widths. Planning has to know how wide that is on average before any day was
measured; a simulation would answer another way each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Final

from kpi.decimals import CONTEXT

_PI: Final = Decimal("3.141592653589793238462643383279502884197")
_FAR: Final = Decimal(12)
"""Beyond so many standard deviations the normal distribution is 0 or 1 to 32 digits."""
_SMALL: Final = Decimal("1e-30")


def normal_density(x: Decimal) -> Decimal:
    """Return the standard normal density."""
    with localcontext(CONTEXT):
        return (-x * x / 2).exp() / (2 * _PI).sqrt()


def normal_distribution(x: Decimal) -> Decimal:
    """Return P(Z ≤ x): ½ + φ(x)·Σ x^(2k+1)/(1·3·…·(2k+1)), about 30 digits for |x| ≤ 6, at least 10 beyond."""
    with localcontext(CONTEXT):
        if abs(x) > _FAR:
            return Decimal(x > 0)
        term = total = x
        k = 1
        while abs(term) > _SMALL:
            k += 2
            term = term * x * x / k
            total += term
        return Decimal("0.5") + normal_density(x) * total


def mean_of_largest(means: Sequence[Decimal], covariances: Sequence[Sequence[Decimal]]) -> Decimal:
    """Return E max of jointly normal values, taking them in one by one.

    means: at least one; covariances: symmetric, same size. Exact for two values, an approximation for more.
    """
    with localcontext(CONTEXT):
        mean, variance = means[0], covariances[0][0]
        covariance = list(covariances[0])
        for j in range(1, len(means)):
            spread = variance + covariances[j][j] - 2 * covariance[j]
            if spread <= _SMALL:
                mean = max(mean, means[j])
                continue
            a = spread.sqrt()
            alpha = (mean - means[j]) / a
            p = normal_distribution(alpha)
            q = 1 - p
            top = a * normal_density(alpha)
            first = mean * p + means[j] * q + top
            second = (
                (mean**2 + variance) * p
                + (means[j] ** 2 + covariances[j][j]) * q
                + (mean + means[j]) * top
            )
            covariance = [
                c * p + other * q for c, other in zip(covariance, covariances[j], strict=True)
            ]
            mean, variance = first, second - first**2
        return mean


def bell_nodes() -> list[tuple[Decimal, Decimal]]:
    """Return (z, weight) of a trapezoid rule over the standard normal, z from −4 to 4 in quarters; weights sum to 1."""
    with localcontext(CONTEXT):
        nodes = [Decimal(i) / 4 for i in range(-16, 17)]
        weights = [(-z * z / 2).exp() for z in nodes]
        total = sum(weights, Decimal(0))
        return [(z, w / total) for z, w in zip(nodes, weights, strict=True)]
