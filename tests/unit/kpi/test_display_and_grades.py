"""U13 and the evidence grades."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.display import decimal_text, number_text, percent_text, range_texts
from kpi.grades import Letter, Origin, PeriodEvidence, grade

TENTH = Fraction(1, 10)


@pytest.mark.parametrize(
    ("value", "threshold", "text"),
    [
        (Fraction("0.09996"), TENTH, "9.996"),  # U13 vector: 10.0 and 10.00 would read as reached
        (Fraction("0.1"), TENTH, "10.0"),
        (Fraction("0.10004"), TENTH, "10.004"),
        (Fraction("0.4996"), Fraction(1, 2), "49.96"),  # 49.96 % is not 50.0 %
        (Fraction(1, 3), None, "33.3"),
        (Fraction("0.0625"), None, "6.2"),  # half to even: 6.25 → 6.2
        (Fraction("0.0635"), None, "6.4"),  # 6.35 → 6.4
        (Fraction("-0.0004"), None, "0.0"),
        (Fraction("-0.12345"), None, "-12.3"),
        (TENTH + Fraction(1, 10**20), TENTH, "100000000000000000010/10000000000000000000"),
    ],
)
def test_percent_text_u13(value: Fraction, threshold: Fraction | None, text: str) -> None:
    shown = percent_text(value, threshold)
    if "/" in text:
        num, den = map(int, text.split("/"))
        assert Fraction(shown) == Fraction(num, den)
    else:
        assert shown == text


def test_decimal_text_small_and_whole_numbers() -> None:
    assert decimal_text(Fraction(5, 1000), 2) == "0.00"  # 0.005 → even
    assert decimal_text(Fraction(15, 1000), 2) == "0.02"
    assert decimal_text(Fraction(7, 2), 0) == "4"
    assert number_text(Fraction(1234567, 1000), None, 2) == "1234.57"


GOOD = PeriodEvidence(origin=Origin.MEASURED, coverage=Fraction(9, 10))


@pytest.mark.parametrize(
    ("after", "before", "sealed", "letter"),
    [
        (GOOD, GOOD, True, Letter.A),
        (GOOD, GOOD, False, Letter.B),
        (GOOD, None, False, Letter.A),
        (PeriodEvidence(origin=Origin.MEASURED, coverage=Fraction(89, 100)), GOOD, True, Letter.B),
        (
            GOOD,
            PeriodEvidence(origin=Origin.MEASURED, coverage=Fraction(1), drift=True),
            True,
            Letter.B,
        ),
        (GOOD, PeriodEvidence(origin=Origin.IMPORTED), True, Letter.C),
        (PeriodEvidence(origin=Origin.IMPORTED), GOOD, True, Letter.D),
        (GOOD, PeriodEvidence(origin=Origin.DECLARED), True, Letter.D),
        (PeriodEvidence(origin=Origin.IMPORTED), None, True, Letter.C),
        (PeriodEvidence(origin=Origin.DECLARED), None, True, Letter.D),
    ],
)
def test_grade_d7(
    after: PeriodEvidence, before: PeriodEvidence | None, sealed: bool, letter: Letter
) -> None:
    found = grade(after, before, sealed_before=sealed)
    assert found.letter is letter
    assert found.label == letter.value
    assert len(found.zh) == len(found.en) > 0


def test_grade_of_simulated_data_never_stands_without_saying_so() -> None:
    sim = PeriodEvidence(origin=Origin.MEASURED, coverage=Fraction(1), simulated=True)
    found = grade(sim, None, sealed_before=True)
    assert found.simulated
    assert "模拟" in found.label
    assert "模拟" in found.zh[0]


def test_ends_of_a_range_that_differ_read_apart() -> None:
    # 68.72 % and 68.74 % are both 68.7 with one decimal
    assert range_texts(Fraction(6872, 10_000), Fraction(6874, 10_000)) == ("68.72", "68.74")
    assert range_texts(Fraction(0), Fraction(1)) == ("0.0", "100.0")
    assert range_texts(Fraction(1, 3), Fraction(1, 3)) == ("33.3", "33.3")
    tiny = Fraction(1, 10**16)
    assert range_texts(Fraction(1, 2), Fraction(1, 2) + tiny)[0] == "50"
