"""Published figures beside ours to the printed digits, thresholds judged with what the case leaves open (E6, U13)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.calc.expected import (
    Agreement,
    Reached,
    compared,
    judged,
    published,
    threshold_of,
    unit_factor,
)
from kpi.calc.figure import Figure
from model.ratio import Ratio, Undefined

F = Fraction


def figure(
    value: Ratio,
    unit: str = "1",
    low: Fraction | None = None,
    high: Fraction | None = None,
    *,
    open_high: bool = False,
) -> Figure:
    return Figure(
        id="x",
        zh="x",
        en="x",
        value=value,
        source="s",
        unit=unit,
        low=low,
        high=high,
        open_high=open_high,
    )


@pytest.mark.parametrize(
    ("text", "value", "places", "unit"),
    [
        ("71.2 %", F("71.2"), 1, "%"),
        ("0.70", F("0.7"), 2, ""),
        ("1,234.5 h", F("1234.5"), 1, "h"),
        ("20 900", F(20900), 0, ""),
        ("-3", F(-3), 0, ""),
    ],
)
def test_printed_numbers(text: str, value: Fraction, places: int, unit: str) -> None:
    found = published(text)
    assert found is not None
    assert (found.value, found.places, found.unit) == (value, places, unit)


@pytest.mark.parametrize("text", ["", "about 7", "7..2", "%", "NaN"])
def test_what_is_no_number(text: str) -> None:
    assert published(text) is None


@pytest.mark.parametrize(
    ("ours", "text", "agreement", "shown"),
    [
        (F(39, 46), "84.8 %", Agreement.EQUAL, "84.8 %"),  # 84.78…
        (F(39, 46), "85 %", Agreement.EQUAL, "85 %"),
        (F(39, 46), "84.7 %", Agreement.CUT, "84.8 %"),  # cut off instead of rounded
        (F(39, 46), "84.6 %", Agreement.DIFFERS, "84.8 %"),
        (
            F(1226, 1600),
            "76.63 %",
            Agreement.EQUAL,
            "76.625 %",
        ),  # exactly between two printed numbers
        (F(1226, 1600), "76.62 %", Agreement.EQUAL, "76.625 %"),
        (F(1226, 1600), "76.61 %", Agreement.DIFFERS, "76.62 %"),
        (F(7, 10), "0.70", Agreement.EQUAL, "0.70"),
        (F(2, 3), "0.66", Agreement.CUT, "0.67"),
        (F(-2, 3), "-0.66", Agreement.CUT, "-0.67"),
    ],
)
def test_agreement_by_the_printed_digits(
    ours: Fraction, text: str, agreement: Agreement, shown: str
) -> None:
    found = compared("x", text, figure(ours))
    assert found is not None
    assert (found.agreement, found.ours) == (agreement, shown)


def test_time_is_compared_in_the_printed_unit() -> None:
    found = compared("mtbf", "41.67 h", figure(F(125, 3) * 3_600_000, "ms"))
    assert found is not None
    assert (found.agreement, found.ours) == (Agreement.EQUAL, "41.67 h")


def test_undefined_figure_has_no_number_of_ours() -> None:
    found = compared("x", "50 %", figure(Undefined("no", "无")))
    assert found is not None
    assert (found.agreement, found.ours) == (Agreement.UNDEFINED, "")


@pytest.mark.parametrize(
    ("unit", "printed", "factor"),
    [
        ("1", "%", F(100)),
        ("1", "", F(1)),
        ("1", "h", None),
        ("ms", "h", F(1, 3_600_000)),
        ("ms", "min", F(1, 60_000)),
        ("ms", "", None),
        ("ms", "%", None),
        ("{pieces}/ms", "/h", F(3_600_000)),
        ("kgce", "kgce", F(1)),
        ("kgce", "", F(1)),
        ("kgce", "t", None),
    ],
)
def test_units_that_can_be_compared(unit: str, printed: str, factor: Fraction | None) -> None:
    assert unit_factor(unit, printed) == factor


@pytest.mark.parametrize(
    ("given", "at_least", "word"),
    [
        (figure(F(64, 100)), True, Reached.REACHED),
        (figure(F(59, 100)), True, Reached.NOT),
        (figure(F(60, 100)), True, Reached.REACHED),  # reached exactly
        # kpi-audit E6: what is unknown may not decide.
        (figure(F(64, 100), low=F(61, 100), high=F(9, 10)), True, Reached.REACHED),
        (figure(F(64, 100), low=F(55, 100), high=F(9, 10)), True, Reached.UNDETERMINED),
        (figure(F(50, 100), low=F(40, 100), high=F(59, 100)), True, Reached.NOT),
        (figure(F(64, 100), low=F(64, 100), open_high=True), True, Reached.REACHED),
        (figure(F(50, 100), low=F(50, 100), open_high=True), True, Reached.UNDETERMINED),
        (figure(Undefined("no", "无")), True, Reached.UNDETERMINED),
        (figure(Undefined("no", "无"), low=F(7, 10), high=F(9, 10)), True, Reached.REACHED),
        (figure(F(59, 100)), False, Reached.REACHED),
        (figure(F(61, 100)), False, Reached.NOT),
        (figure(F(50, 100), low=F(50, 100), open_high=True), False, Reached.UNDETERMINED),
        (figure(F(50, 100), low=F(40, 100), high=F(60, 100)), False, Reached.REACHED),
    ],
)
def test_threshold_of_sixty_percent(given: Figure, at_least: bool, word: Reached) -> None:
    assert judged("x", given, F(60, 100), at_least=at_least).word is word


def test_threshold_is_read_in_the_unit_of_the_figure() -> None:
    assert threshold_of("8.5 %", figure(F(1))) == F(85, 1000)
    assert threshold_of("200 h", figure(F(1), "ms")) == 720_000_000
    assert threshold_of("200 %", figure(F(1), "ms")) is None
