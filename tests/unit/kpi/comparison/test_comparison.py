"""U8 vectors V1 and V2 of kpi-audit, words of U10, and the rules around them."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from kpi.comparison.interval import (
    Day,
    Interval,
    Word,
    interval,
    lowered,
    point_change,
    weaker,
    word,
    word_of,
)
from kpi.decimals import printed, stored
from kpi.student_t import t95


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


def test_stored_twenty_and_printed_six_significant_digits_plain() -> None:
    assert stored(Decimal("0.0000012345678901234567890123")) == "0.0000012345678901234567890"
    assert stored(Decimal("-1.5")) == "-1.5"
    assert printed(Decimal("0.014724161323")) == "0.0147242"


def reference(
    before: list[Day], after: list[Day], week: int
) -> tuple[float, float, float, dict[str, tuple[int, float]]]:
    """U8 a second time: numpy floats, circular sums by `roll`, quantiles of scipy. Returns θ, ρ, h, methods."""
    np = pytest.importorskip("numpy")
    stats = pytest.importorskip("scipy.stats")
    periods = []
    for days in (before, after):
        n = np.array([x.n for x in days], dtype=float)
        d = np.array([x.d for x in days], dtype=float)
        periods.append((n, d, n / n.sum() - d / d.sum()))
    sizes = [len(n) for n, _, _ in periods]
    total = sum(sizes)
    v1 = sum(len(u) / (len(u) - 1) * (u @ u) for _, _, u in periods)
    own = sum(len(u) ** 2 * (u @ u) for _, _, u in periods)
    rho = sum(len(u) ** 2 * (u[1:] @ u[:-1]) for _, _, u in periods) / own if own else 0.0
    m = total / 2
    clipped = min(max((m * rho + 1) / (m - 4), 0), 0.9)
    f = (1 + clipped) / (1 - clipped)
    found = {
        "iid": (total - 2, v1),
        "autocorrelation": (max(3, int(total / f) - 2), f * v1),
    }
    for length in (week, 2 * week, 4 * week):
        if length and min(sizes) >= 4 * length:
            v = 0.0
            for _, _, u in periods:
                sums = sum(np.roll(u, -k) for k in range(length))
                v += len(u) / (len(u) - length) / length * (sums @ sums)
            found[f"block {length}"] = (max(3, total // length - 2), v)
    widths = {
        k: (df, float(stats.t.ppf(0.95, min(df, 400)) * v**0.5)) for k, (df, v) in found.items()
    }
    (n_b, d_b, _), (n_a, d_a, _) = periods
    theta = float(np.log(n_a.sum() / d_a.sum() / (n_b.sum() / d_b.sum())))
    return theta, float(rho), max(w for _, w in widths.values()), widths


@pytest.mark.parametrize(
    ("sizes", "week", "seed", "scale"),
    [
        ((20, 20), 5, 1, 1000),  # the least that counts; one block method (4 · 5 = 20)
        ((20, 20), 6, 2, 1000),  # none
        ((22, 41), 5, 3, 1000),  # unequal
        ((91, 91), 7, 4, 1),  # very coarse integers
        ((180, 180), 5, 5, 10**30),  # far beyond 64 bits
        ((364, 364), 7, 6, 57_600_000),
        ((60, 60), 0, 7, 1000),  # week not known: no block method
    ],
)
def test_interval_agrees_with_a_second_implementation(
    sizes: tuple[int, int], week: int, seed: int, scale: int
) -> None:
    rng = random.Random(seed)
    sides = [
        [Day(rng.randrange(40, 90) * scale, rng.randrange(90, 110) * scale) for _ in range(n)]
        for n in sizes
    ]
    found = interval(sides[0], sides[1], "increase", week)
    theta, rho, h, methods = reference(sides[0], sides[1], week)
    assert float(found.theta) == pytest.approx(theta, rel=1e-12)
    assert float(found.rho) == pytest.approx(rho, abs=1e-12)
    assert {m.name: m.df for m in found.methods} == {k: df for k, (df, _) in methods.items()}
    for method in found.methods:
        # the frozen quantiles have six decimals
        assert float(method.half_width) == pytest.approx(methods[method.name][1], rel=1e-6)
    assert float(found.half_width) == pytest.approx(h, rel=1e-6)
    assert float(found.low) == pytest.approx(math.exp(theta - h) - 1, rel=1e-5)


def test_interval_strong_correlation_is_cut_at_nine_tenths() -> None:
    # a step in the middle of each period: ρ is near 1, so f = 1.9/0.1 = 19 and df = ⌊60/19⌋ − 2 = 1 → 3
    half = [Day(500, 1000)] * 15 + [Day(700, 1000)] * 15
    found = interval(half, half, "increase", 0)
    iid, corrected = found.methods
    assert corrected.df == 3
    # V₂ = 19·V₁; 58 degrees for V₁
    expected = iid.half_width / t95(58) * t95(3) * Decimal(19).sqrt()
    assert abs(corrected.half_width - expected) < Decimal("1e-24")


def test_interval_negative_correlation_never_narrows_below_iid() -> None:
    zigzag = [Day(500 + 100 * (i % 2), 1000) for i in range(30)]
    found = interval(zigzag, zigzag, "increase", 0)
    assert found.rho < 0
    iid, corrected = found.methods
    assert (corrected.df, corrected.half_width) == (iid.df, iid.half_width)  # f = 1


def test_interval_more_than_four_hundred_degrees_uses_the_last_row() -> None:
    before, after = period([1], 400, 600, 1), period([1], 400, 690, 2)
    found = interval(before, after, "increase", 7)
    iid = found.methods[0]
    assert iid.df == 798
    # h / √V must be t₀.₉₅(400) = 1.648672
    v = sum(_iid_variance(days) for days in (before, after))
    assert abs(Fraction(iid.half_width) ** 2 / v - Fraction("1.648672") ** 2) < Fraction(1, 10**12)


def _iid_variance(days: list[Day]) -> Fraction:
    n, d = sum(x.n for x in days), sum(x.d for x in days)
    return sum((Fraction(x.n, n) - Fraction(x.d, d)) ** 2 for x in days) * Fraction(
        len(days), len(days) - 1
    )


def test_interval_below_twenty_days_is_refused() -> None:
    with pytest.raises(ValueError, match="20 valid days"):
        interval([Day(1, 2)] * 19, [Day(1, 2)] * 30, "increase", 7)


def test_interval_of_a_period_without_numerator_is_refused() -> None:
    with pytest.raises(ValueError, match="positive sums"):
        interval([Day(0, 2)] * 20, [Day(1, 2)] * 20, "increase", 7)


def test_interval_day_without_a_piece_counts_with_all_its_planned_time() -> None:
    # 20 days of 10/10 and one of 0/10: ratio 200/210; leaving the standstill out would give 1
    before = [Day(5, 10)] * 21
    after = [*[Day(10, 10)] * 20, Day(0, 10)]
    assert point_change(before, after, "increase") == Fraction(200, 210) / Fraction(1, 2) - 1
    assert interval(before, after, "increase", 0).half_width > 0


@pytest.mark.parametrize("side", ["before", "after"])
def test_point_change_needs_positive_sums_u8(side: str) -> None:
    good, bad = [Day(1, 1)], [Day(0, 1)]
    assert point_change(*((bad, good) if side == "before" else (good, bad)), "increase") is None


def test_word_strict_threshold_must_be_exceeded() -> None:
    low, high = Decimal("0.1"), Decimal("0.3")
    assert word_of(low, Fraction(1, 5), high, TENTH) is Word.PASS
    assert word_of(low, Fraction(1, 5), high, TENTH, strict=True) is Word.POINT_ONLY
    assert word_of(Decimal(0), TENTH, TENTH_DECIMAL, TENTH, strict=True) is Word.FAIL
    assert word_of(Decimal(0), TENTH, TENTH_DECIMAL, TENTH) is Word.POINT_ONLY


TENTH_DECIMAL = Decimal("0.1")


def test_word_without_lower_limit_never_passes() -> None:
    assert word_of(None, Fraction(1, 2), Decimal("0.9"), TENTH) is Word.POINT_ONLY


def test_word_lowered_only_a_pass_changes() -> None:
    assert [lowered(w) for w in Word] == [
        Word.POINT_ONLY,
        Word.POINT_ONLY,
        Word.INCONCLUSIVE,
        Word.FAIL,
        Word.UNDETERMINED,
    ]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Word.PASS, Word.POINT_ONLY, Word.POINT_ONLY),
        (Word.POINT_ONLY, Word.INCONCLUSIVE, Word.INCONCLUSIVE),
        (Word.PASS, Word.UNDETERMINED, Word.UNDETERMINED),
        (Word.FAIL, Word.UNDETERMINED, Word.FAIL),
        (Word.PASS, Word.FAIL, Word.FAIL),
    ],
)
def test_word_weaker_of_two_runs_u10(one: Word, other: Word, expected: Word) -> None:
    assert weaker(one, other) is expected
    assert weaker(other, one) is expected
