"""Energy per piece: the ratio of sums must not be believed against the regression (kpi.md D.3)."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction

from kpi.comparison.compared_metrics import ENERGY
from kpi.comparison.daily import DailySeries
from kpi.comparison.energy import EnergyComparison, compare_energy, gain_of_drop
from kpi.comparison.interval import Word
from tests.support.comparison_days import (
    BASELINE,
    REPORTING,
    baseline,
    names,
    options,
    reporting,
    series,
)

OPTIONS = options(ENERGY, "8/100", season=False)


def plant(
    pieces: tuple[int, int], base_load: tuple[int, int], seed: int = 1
) -> tuple[DailySeries, DailySeries]:
    """Return daily (Wh, pieces): base load + 10 Wh a piece + noise; pieces vary by a fifth around their mean."""
    rng = random.Random(seed)

    def values(mean: int, base: int):  # type: ignore[no-untyped-def]
        def one(_i: int) -> tuple[int, int]:
            made = rng.randrange(mean * 4 // 5, mean * 6 // 5)
            return base + 10 * made + rng.randrange(-100, 101), made

        return one

    return (
        series(values(pieces[0], base_load[0]), BASELINE.first, BASELINE.last, planned=1),
        series(values(pieces[1], base_load[1]), REPORTING.first, REPORTING.last, planned=1),
    )


def compared(sides: tuple[DailySeries, DailySeries], threshold: str = "8/100") -> EnergyComparison:
    drivers: dict[date, tuple[Fraction, ...]] = {
        d.date: (Fraction(d.d),) for side in sides for d in side.days
    }
    return compare_energy(
        baseline(sides[0]),
        reporting(sides[1]),
        options(ENERGY, threshold, season=False),
        drivers,
        ["pieces"],
    )


def test_energy_volume_growth_alone_is_inconclusive() -> None:
    # 5000 Wh base load; 500 → 550 pieces: (5000/500 + 10) → (5000/550 + 10) = 20 → 19.09: −4.5 % without any saving,
    # and the machine even got a little worse: base load 5100
    found = compared(plant((500, 550), (5000, 5100)), "3/100")
    assert found.comparison.main is not None
    assert found.comparison.main.change > 0
    assert found.saving is not None
    assert found.saving.share < 0
    assert "energy.sign" in names(found.comparison.findings)
    assert found.comparison.word is Word.INCONCLUSIVE


def test_energy_real_saving_passes_in_both() -> None:
    # base load 5000 → 2500 at the same volume: 20 → 15 Wh a piece
    found = compared(plant((500, 500), (5000, 2500)))
    assert found.comparison.word is Word.PASS
    assert found.model_word is Word.PASS
    assert found.model is not None
    assert float(found.model.coefficients[1]) > 9
    assert "energy.model" in names(found.comparison.findings)


def test_energy_rise_that_volume_explains_is_inconclusive_too() -> None:
    # fewer pieces: 20 → 22.5 Wh a piece, although the base load fell to 4900
    found = compared(plant((500, 400), (5000, 4900)))
    assert found.comparison.main is not None
    assert found.comparison.main.change < 0
    assert found.comparison.word is Word.INCONCLUSIVE


def test_energy_drivers_outside_the_baseline_range_lower_the_word() -> None:
    found = compared(plant((500, 700), (5000, 2000)))
    out = next(f for f in found.comparison.findings if f.name == "energy.drivers-out-of-range")
    assert out.lowers_word
    assert found.comparison.word is Word.POINT_ONLY


def test_energy_without_drivers_never_passes_firmly() -> None:
    before, after = plant((500, 500), (5000, 2500))
    found = compare_energy(baseline(before), reporting(after), OPTIONS)
    assert "energy.no-model" in names(found.comparison.findings)
    assert (found.comparison.word, found.model) == (Word.POINT_ONLY, None)


def test_energy_drivers_that_are_constant_give_no_model() -> None:
    before, after = plant((500, 500), (5000, 2500))
    drivers = {d.date: (Fraction(1),) for side in (before, after) for d in side.days}
    found = compare_energy(baseline(before), reporting(after), OPTIONS, drivers, ["constant"])
    assert "energy.model-unfit" in names(found.comparison.findings)


def test_energy_days_without_drivers_are_said() -> None:
    sides = plant((500, 500), (5000, 2500))
    drivers = {d.date: (Fraction(d.d),) for side in sides for d in side.days[3:]}
    found = compare_energy(baseline(sides[0]), reporting(sides[1]), OPTIONS, drivers, ["pieces"])
    missing = next(f for f in found.comparison.findings if f.name == "energy.drivers-missing")
    assert dict(missing.numbers) == {"days": 6}
    assert found.model is not None
    assert found.model.days == 88


def test_energy_model_that_explains_little_lowers_the_word() -> None:
    sides = plant((500, 500), (5000, 2500))
    rng = random.Random(3)
    drivers = {d.date: (Fraction(rng.randrange(100)),) for side in sides for d in side.days}
    found = compare_energy(baseline(sides[0]), reporting(sides[1]), OPTIONS, drivers, ["dice"])
    assert "energy.model-weak" in names(found.comparison.findings)
    assert found.comparison.word is Word.POINT_ONLY


def test_energy_season_acts_unless_said_otherwise() -> None:
    before, after = plant((500, 500), (5000, 2500))
    found = compare_energy(baseline(before), reporting(after), options(ENERGY, "8/100"))
    assert "season.months" in names(found.comparison.findings)


def test_energy_gain_of_drop_is_the_other_reading() -> None:
    # a drop of 7.407 % is a gain of 8 % (kpi.md §0.3)
    assert gain_of_drop(1 - 1 / Fraction(108, 100)) == Fraction(8, 100)
    assert gain_of_drop(Fraction(1)) is None


def test_energy_disqualified_comparison_has_no_model() -> None:
    before, after = plant((500, 500), (5000, 2500))
    early = options(ENERGY, "8/100", as_of=REPORTING.last)
    found = compare_energy(baseline(before), reporting(after), early, {}, ["pieces"])
    assert (found.comparison.main, found.model, found.saving) == (None, None, None)
