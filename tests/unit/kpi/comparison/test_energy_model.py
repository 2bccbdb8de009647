"""Regression, forecast and savings uncertainty (kpi.md D.3, kpi-audit E20), against numpy and by hand."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from kpi.comparison.energy_model import (
    DAILY_COEFFICIENTS,
    MONTHLY_COEFFICIENTS,
    EnergyDay,
    fit,
    saving,
)
from kpi.student_t import t95

FIRST = date(2026, 3, 2)


def day(i: int, wh: int, *drivers: int | str) -> EnergyDay:
    return EnergyDay(FIRST + timedelta(days=i), wh, tuple(Fraction(x) for x in drivers))


def test_fit_recovers_base_load_and_slope_exactly() -> None:
    model = fit([day(i, 500 + 3 * i, i) for i in range(30)], ["pieces"])
    assert model is not None
    assert model.coefficients == (500, 3)
    assert (model.squared_errors, model.r2, model.rho) == (0, 1, 0)
    assert (model.low, model.high) == ((0,), (29,))


def test_fit_equals_numpy_least_squares() -> None:
    np = pytest.importorskip("numpy")
    rng = random.Random(5)
    days = [
        day(
            i,
            80_000 + 900 * (p := rng.randrange(50, 150)) + rng.randrange(9000),
            p,
            rng.randrange(20),
            i % 2,
        )
        for i in range(91)
    ]
    model = fit(days, ["pieces", "degree days", "weekend"])
    assert model is not None
    x = np.array([[1, *map(float, d.drivers)] for d in days])
    y = np.array([d.wh for d in days], dtype=float)
    beta, rss, _, _ = np.linalg.lstsq(x, y, rcond=None)
    assert [float(c) for c in model.coefficients] == pytest.approx(list(beta), rel=1e-8)
    assert float(model.squared_errors) == pytest.approx(float(rss[0]), rel=1e-8)
    residuals = y - x @ beta
    rho = (residuals[1:] @ residuals[:-1]) / (residuals @ residuals)
    assert float(model.rho) == pytest.approx(float(rho), abs=1e-8)
    assert model.r2 is not None
    assert float(model.r2) == pytest.approx(1 - float(rss[0]) / float(((y - y.mean()) ** 2).sum()))
    # CV(RMSE) with n − p, p the four coefficients
    assert float(model.cv_squared) == pytest.approx(float(rss[0]) / 87 / float(y.mean()) ** 2)


@pytest.mark.parametrize(
    ("days", "names"),
    [
        ([day(i, 10, i) for i in range(2)], ["x"]),  # as many coefficients as days
        ([day(i, 10 + i, i, 2 * i) for i in range(9)], ["x", "twice x"]),
        ([day(i, 0, i) for i in range(9)], ["x"]),  # no energy
        ([day(i, 10 + i, 7) for i in range(9)], ["constant"]),
    ],
)
def test_fit_that_cannot_be_made_is_none(days: list[EnergyDay], names: list[str]) -> None:
    assert fit(days, names) is None


def noisy_model():  # type: ignore[no-untyped-def]
    rng = random.Random(9)
    return fit(
        [day(i, 1000 + 5 * (i % 10) + rng.randrange(-40, 41), i % 10) for i in range(60)], ["x"]
    )


def test_saving_by_hand() -> None:
    model = fit([day(i, 500 + 3 * i, i) for i in range(30)], ["pieces"])
    assert model is not None
    # forecast at 10 and 20: 530 and 560; used 500 and 535: saved 55 of 1090
    found = saving(model, [day(100, 500, 10), day(101, 535, 20)], 91)
    assert found is not None
    assert (found.expected, found.actual, found.share) == (1090, 1035, Fraction(55, 1090))
    assert (found.half_width, found.outside) == (0, 0)  # a perfect model
    assert found.low == found.high


def test_saving_uncertainty_formula_term_by_term() -> None:
    model = noisy_model()
    assert model is not None
    days = [day(100 + i, 900, i % 10) for i in range(49)]
    found = saving(model, days, 364)
    assert found is not None
    months = 364 / (365 / 12)
    a, b, d = (-0.00024, 0.03535, 1.00286)
    rho = max(float(model.rho), 0.0)
    effective = 60 * (1 - rho) / (1 + rho)
    expected = (
        float(t95(58))
        * (a * months**2 + b * months + d)
        * float(model.cv_squared) ** 0.5
        * (60 / effective * (1 + 2 / effective) / 49) ** 0.5
    )
    assert float(found.half_width) == pytest.approx(expected, rel=1e-12)
    assert found.fsu is not None
    assert float(found.fsu) == pytest.approx(expected / abs(float(found.share)), rel=1e-12)


@pytest.mark.parametrize(
    ("coefficients", "factor"),
    [(DAILY_COEFFICIENTS, "1.20632"), (MONTHLY_COEFFICIENTS, "1.13098")],
)
def test_saving_polynomial_of_kpi_audit_e20_at_six_months(
    coefficients: tuple[Fraction, Fraction, Fraction], factor: str
) -> None:
    a, b, d = coefficients
    assert a * 36 + b * 6 + d == Fraction(factor)


@pytest.mark.parametrize(
    ("x", "outside"),
    # baseline 0…9: allowed 0…9.9; 90 % of 0 is 0
    [(0, 0), (9, 0), ("9.9", 0), (10, 1), (-1, 1)],
)
def test_saving_counts_days_outside_ninety_to_a_hundred_and_ten_percent(
    x: int | str, outside: int
) -> None:
    model = noisy_model()
    assert model is not None
    found = saving(model, [day(100, 900, x)], 91)
    assert found is not None
    assert found.outside == outside


def test_saving_without_positive_forecast_or_days_is_none() -> None:
    model = fit([day(i, 500 + 3 * i, i) for i in range(30)], ["pieces"])
    assert model is not None
    assert saving(model, [day(0, 5, -1000)], 91) is None
    assert saving(model, [], 91) is None
