"""U8 vectors V1 and V2 of kpi-audit, words of U10, and the rules around them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from kpi.comparison import Day, Interval, Word, interval, point_change, printed, word


def period(plan: list[int], days: int, base: int, k: int) -> list[Day]:
    """Formula of the vectors in kpi-audit U8."""
    found = []
    for i in range(days):
        p = plan[i % len(plan)]
        found.append(Day((base + (37 * ((i + k) // 4) + 11 * i) % 97 - 48) * p, 1000 * p))
    return found


VECTORS = {
    "V1": (
        [1440] * 6 + [480],
        56,
        7,
        "0.211411125774",
        "0.144175487567",
        {
            "iid": (110, "0.014724161323"),
            "autocorrelation": (65, "0.019058263990"),
            "block 7": (14, "0.016341474268"),
            "block 14": (6, "0.015639928178"),
        },
        ("0.133281292568", "0.155086794111", "0.177311856006"),
    ),
    "V2": (
        [960] * 5,
        65,
        5,
        "0.213572021412",
        "0.139981533591",
        {
            "iid": (128, "0.012731339494"),
            "autocorrelation": (77, "0.016410128557"),
            "block 5": (24, "0.014085508569"),
            "block 10": (11, "0.015366257084"),
        },
        ("0.131530798653", "0.150252557627", "0.169284077731"),
    ),
}


def close(value: Decimal | Fraction, text: str) -> bool:
    exact = Fraction(value)
    return abs(exact - Fraction(text)) <= Fraction(1, 2 * 10**12) + Fraction(1, 10**30)


@pytest.mark.parametrize("name", VECTORS)
def test_interval_kpi_audit_u8_vector_is_reproduced(name: str) -> None:
    plan, days, week, rho, theta, methods, (low, point, high) = VECTORS[name]
    before, after = period(plan, days, 600, 1), period(plan, days, 690, 2)
    found = interval(before, after, "increase", week)
    assert close(found.rho, rho)
    assert close(found.theta, theta)
    by_name = {m.name: m for m in found.methods}
    assert {n: by_name[n].df for n in methods} == {n: df for n, (df, _) in methods.items()}
    for n, (_, width) in methods.items():
        assert close(by_name[n].half_width, width), n
    assert close(found.low, low)
    assert close(found.high, high)
    change = point_change(before, after, "increase")
    assert change is not None
    assert close(change, point)


def test_interval_block_of_four_weeks_needs_sixteen_weeks() -> None:
    before, after = period([1], 111, 600, 1), period([1], 112, 690, 2)
    assert "block 28" not in {m.name for m in interval(before, after, "increase", 7).methods}
    before = period([1], 112, 600, 1)
    assert "block 28" in {m.name for m in interval(before, after, "increase", 7).methods}


def test_interval_reduction_is_the_mirror_of_the_ratio() -> None:
    before, after = period([1], 60, 690, 1), period([1], 60, 600, 2)
    up = interval(before, after, "increase", 7)
    down = interval(before, after, "reduction", 7)
    assert (down.low, down.high) == (up.high.copy_negate(), up.low.copy_negate())
    assert point_change(before, after, "reduction") == -(
        point_change(before, after, "increase") or 0
    )


def test_interval_without_any_variation_is_a_point() -> None:
    found = interval([Day(10, 100)] * 30, [Day(11, 100)] * 30, "increase", 7)
    assert found.rho == 0
    assert found.half_width == 0
    assert abs(found.low - Decimal("0.1")) < Decimal("1e-38")


def test_point_change_uses_sums_not_mean_of_ratios() -> None:
    before = [Day(10, 10), Day(0 + 1, 90)]
    assert point_change(before, [Day(22, 100)], "increase") == Fraction(22, 11) - 1
    assert point_change([], [Day(1, 1)], "increase") is None


def bounds(low: str, high: str) -> Interval:
    return Interval(Decimal(0), Fraction(0), (), Decimal(low), Decimal(high))


TENTH = Fraction(1, 10)


@pytest.mark.parametrize(
    ("low", "point", "high", "threshold", "days", "expected"),
    [
        ("0.1", "0.2", "0.3", TENTH, 60, Word.PASS),  # L = T counts as reached
        ("0.1", "0.2", "0.3", TENTH, 59, Word.POINT_ONLY),  # provisional lowers pass
        ("0.1", "0.2", "0.3", TENTH, 19, Word.UNDETERMINED),
        ("0.09", "0.1", "0.3", TENTH, 60, Word.POINT_ONLY),
        ("0.01", "0.09", "0.1", TENTH, 60, Word.INCONCLUSIVE),  # U = T is not below it
        ("0.01", "0.05", "0.0999", TENTH, 60, Word.FAIL),
        ("0.01", "0.05", "0.0999", TENTH, 20, Word.FAIL),  # fail stays for a provisional period
        ("0", "0.05", "0.1", Fraction(0), 60, Word.POINT_ONLY),  # "> 0" is strict
        ("0.0001", "0.05", "0.1", Fraction(0), 60, Word.PASS),
        ("-0.1", "0", "0.1", Fraction(0), 60, Word.INCONCLUSIVE),
        ("-0.1", "-0.05", "0", Fraction(0), 60, Word.FAIL),
    ],
)
def test_word_u10_table(
    low: str, point: str, high: str, threshold: Fraction, days: int, expected: Word
) -> None:
    assert word(bounds(low, high), Fraction(point), threshold, days) is expected


def test_word_without_interval_is_undetermined() -> None:
    assert word(None, Fraction(1, 2), TENTH, 100) is Word.UNDETERMINED


def test_printed_twenty_significant_digits_plain() -> None:
    assert printed(Decimal("0.0000012345678901234567890123")) == "0.0000012345678901234567890"
    assert printed(Decimal("-1.5")) == "-1.5"
