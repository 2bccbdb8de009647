"""How numbers are written: one rounding, at the end, never into a pass."""

from __future__ import annotations

from fractions import Fraction

import pytest

from reports.figures import MINUS, digits, exact, figure, signed
from reports.words import Unit


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (Fraction(4218), 0, "4,218"),
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(25, 1000), 2, "0.02"),  # half to even
        (Fraction(35, 1000), 2, "0.04"),
        (Fraction(-5, 2), 1, MINUS + "2.5"),
        (Fraction(-1, 1000), 1, "0.0"),  # no minus zero
        (Fraction(1234567, 1), 2, "1,234,567.00"),
    ],
)
def test_digits_rounds_half_to_even_and_groups(value: Fraction, decimals: int, text: str) -> None:
    assert digits(value, decimals) == text


def test_figure_in_percent_multiplies_by_hundred() -> None:
    assert figure(Fraction(9362, 10000), Unit.PERCENT, 2) == "93.62"
    assert figure(Fraction(41237, 1000), Unit.WH_PER_PIECE, 1) == "41.2"


def test_figure_just_below_threshold_is_never_printed_as_reaching_it() -> None:
    below = Fraction(899_999, 1_000_000)  # 89.9999 %
    assert figure(below, Unit.PERCENT, 2) == "90.00"
    assert figure(below, Unit.PERCENT, 2, Fraction(9, 10)) == "89.9999"
    assert figure(Fraction(9, 10), Unit.PERCENT, 2, Fraction(9, 10)) == "90.00"


def test_figure_extremely_close_to_threshold_stops_adding_places() -> None:
    below = Fraction(9, 10) - Fraction(1, 10**30)
    assert len(figure(below, Unit.PERCENT, 2, Fraction(9, 10))) < 24


def test_signed_shows_plus_minus_and_a_bare_zero() -> None:
    assert signed(Fraction(178, 1000), 1) == "+17.8"
    assert signed(Fraction(-121, 1000), 1) == MINUS + "12.1"
    assert signed(Fraction(1, 100_000), 1) == "0.0"


def test_exact_is_in_lowest_terms() -> None:
    assert exact(Fraction(226_530, 241_920)) == "839/896"
