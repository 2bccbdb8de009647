"""Energy registers: transformer change (case 37), rollover, grades, import and export, power against register."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from config.coefficient_files import builtin_coefficients
from kpi.claims import EnergyPerPieceClaim
from kpi.document import Counter
from kpi.energy.meters import (
    RegisterRecord,
    TransformerRatio,
    columns,
    meter_energy,
)
from kpi.energy.meters_log import electricity_of, power_samples, register_records, scale_findings
from kpi.energy.meters_power import power_check
from kpi.energy.meters_totals import consumption, totals
from kpi.energy.unit_energy import ReadingGrade, unit_energy
from kpi.evaluate import evaluate
from kpi.registry.content import EnergyMeter, Flow
from kpi.window import PointKey, Span
from kpi.workspace import Workspace
from model.ratio import Undefined
from tests.support.kpi_plant import (
    DAY,
    HOUR,
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    counter,
    document,
    signal,
)


def record(readings: list[tuple[int, int]], **more: Any) -> RegisterRecord:
    """Readings as (hour, ticks)."""
    return graded([(h * HOUR, v, ReadingGrade.MEASURED) for h, v in readings], **more)


def graded(readings: list[tuple[int, int, ReadingGrade]], **more: Any) -> RegisterRecord:
    at_ms, ticks, grade = columns(readings)
    return RegisterRecord(**{"meter": "e1", "at_ms": at_ms, "ticks": ticks, "grade": grade, **more})


def test_case_37_transformer_change_at_noon_is_two_segments_without_a_step() -> None:
    # raw kWh on the secondary side: 100 at 0 h, 106 at noon, 109 at 24 h; CT 100/5 → 200/5 at noon
    found = meter_energy(
        record(
            [(0, 100), (12, 106), (24, 109)],
            tick=Fraction(1000),
            ratios=(
                TransformerRatio(0, Fraction(100, 5)),
                TransformerRatio(12 * HOUR, Fraction(200, 5)),
            ),
        ),
        0,
        24 * HOUR,
    )
    # 6 kWh · 20 + 3 kWh · 40 = 120 + 120 kWh
    assert found.energy == 240_000
    assert [(s.ratio, s.ticks, s.energy) for s in found.segments] == [
        (20, 6, 120_000),
        (40, 3, 120_000),
    ]
    assert (found.low, found.high) == (240_000, 240_000)
    assert [f.name for f in found.findings] == ["energy.ratio-changed"]


def test_transformer_change_between_two_readings_leaves_a_range() -> None:
    # 9 ticks between 0 and 18 h, ratio 20 until 12 h, then 40: shared by time 6 · 20 + 3 · 40 = 240
    found = meter_energy(
        record(
            [(0, 0), (18, 9)],
            ratios=(TransformerRatio(0, Fraction(20)), TransformerRatio(12 * HOUR, Fraction(40))),
        ),
        0,
        18 * HOUR,
    )
    assert found.energy == 240
    assert (found.low, found.high) == (180, 360)  # all 9 at 20, all 9 at 40


def test_short_step_across_the_change_is_shared_too() -> None:
    one = graded(
        [(0, 0, ReadingGrade.MEASURED), (MIN, 10, ReadingGrade.MEASURED)],
        ratios=(TransformerRatio(0, Fraction(1)), TransformerRatio(MIN // 2, Fraction(3))),
    )
    assert meter_energy(one, 0, 2 * MIN).energy == 5 * 1 + 5 * 3


def test_windows_of_a_register_add() -> None:
    one = record(
        [(0, 0), (5, 50), (7, 52), (24, 400)],
        ratios=(TransformerRatio(0, Fraction(20)), TransformerRatio(6 * HOUR, Fraction(40))),
    )
    whole = meter_energy(one, 0, 24 * HOUR).known
    cuts = [0, 3 * HOUR, 6 * HOUR, 13 * HOUR + 1, 24 * HOUR]
    assert sum(meter_energy(one, a, b).known for a, b in pairwise(cuts)) == whole
    # 0–5 h 50 · 20; 5–7 h 2, half at 20, half at 40; 348 · 40
    assert whole == 1000 + 20 + 40 + 13_920


def test_rollover_and_reset_follow_the_counter_rules() -> None:
    rules = Counter(first=0, modulus=10_000, pieces=100, per_ms=HOUR)
    found = meter_energy(record([(0, 9998), (1, 3), (2, 13)], rules=rules), 0, 2 * HOUR)
    assert found.energy == 5 + 10  # 9998 → 3 is 5 with modulus 10 000
    reset = meter_energy(record([(0, 500), (1, 7), (2, 9)]), 0, 2 * HOUR)
    assert reset.energy == 7 + 2
    assert [(f.name, f.numbers) for f in reset.findings] == [
        ("energy.register-irregular", {"reset": 1})
    ]


def test_missing_meter_is_unknown_not_zero() -> None:
    found = meter_energy(record([]), 0, DAY)
    assert isinstance(found.energy, Undefined)
    assert "不按零计" in found.energy.zh
    assert isinstance(totals([found]).imported, Undefined)


@pytest.mark.parametrize("hours", [[(1, 0), (24, 9)], [(0, 0), (23, 9)], [(3, 0), (9, 9)]])
def test_readings_that_do_not_span_the_window_leave_the_rest_unknown(
    hours: list[tuple[int, int]],
) -> None:
    found = meter_energy(record(hours), 0, 24 * HOUR)
    assert isinstance(found.energy, Undefined)
    assert found.known == 9
    assert meter_energy(record(hours), 0, 24 * HOUR, tolerance_ms=15 * HOUR).energy == 9


def test_import_and_export_stay_apart() -> None:
    used = meter_energy(record([(0, 0), (24, 100)]), 0, DAY)
    fed = meter_energy(record([(0, 0), (24, 30)], meter="e1-export", flow=Flow.EXPORT), 0, DAY)
    found = totals([used, fed])
    assert (found.imported, found.exported, found.net) == (100, 30, 70)
    assert totals([used]).exported == 0
    assert isinstance(totals([fed]).imported, Undefined)


def test_registers_of_two_units_are_not_added() -> None:
    one = meter_energy(record([(0, 0), (24, 100)]), 0, DAY)
    other = meter_energy(record([(0, 0), (24, 100)], unit="kW.h"), 0, DAY)
    with pytest.raises(ValueError, match="one unit"):
        totals([one, other])


def test_estimated_and_manual_readings_are_graded() -> None:
    measured, manual, guess = ReadingGrade
    readings = [
        (0, 0, measured),
        (6, 10, manual),
        (12, 20, guess),
        (18, 30, guess),
        (24, 40, measured),
    ]
    found = meter_energy(graded([(h * HOUR, v, g) for h, v, g in readings]), 0, DAY)
    assert found.worst is ReadingGrade.ESTIMATED
    assert [(f.name, f.numbers["count"]) for f in found.findings] == [
        ("energy.manual-readings", 1),
        ("energy.estimated-readings", 2),
    ]


def log_with_scale_change() -> PlantLog:
    """A meter whose CT goes from 100/5 to 200/5 at noon; raw rises by 6 a half day before and by 3 after."""

    def plant(ratio: int) -> dict[str, Any]:
        energy = signal(
            "energy",
            "energy",
            scale=[ratio * 1000, 1],
            slot_ms=15 * MIN,
            counter=counter(rate=(0, 1)),
        )
        return document(
            [asset("a"), asset("e1", production=False, energy_of=["a"], **{"class": "meter"})],
            {"a": [signal("good", "count_good"), signal("scrap", "count_scrap")], "e1": [energy]},
        )

    log = PlantLog()
    log.config(plant(20))
    log.blocks(SLOT0, SLOT0 + 720)
    log.config(plant(40))
    log.blocks(SLOT0 + 720, SLOT0 + 1440 + 10)
    for h in range(13):
        log.row(
            "e1/energy", T0 + h * HOUR - (h == 12), 1000 + h // 2
        )  # the reading of noon just before it
    for h in range(13, 25):
        log.row("e1/energy", T0 + h * HOUR, 1006 + (h - 12) // 4)
    for h in range(25):
        log.row("a/good", T0 + h * HOUR, 100 * h)
        log.row("a/scrap", T0 + h * HOUR, 0)
    return log


def test_case_37_from_the_log_where_the_claim_books_a_step() -> None:
    span = Span(SLOT0, SLOT0 + 1440, 0, 10)
    work = Workspace(log_with_scale_change().rows(), span)
    (register,) = register_records(work, "e1")
    found = meter_energy(register, span.start_ms, span.end_ms, tolerance_ms=HOUR)
    # 6 ticks of 20 kWh before noon, 2 of 40 kWh after it; the reading of 24:00 lies outside the window
    assert [s.ratio for s in found.segments] == [20_000, 40_000]
    assert found.known == 6 * 20_000 + 2 * 40_000
    assert [f.name for f in scale_findings(work)] == ["energy.scale-changed"]
    claim = evaluate(EnergyPerPieceClaim(span, ("e1",), ("a",)), work)
    (wh,) = claim.detail["wh"]  # type: ignore[misc]
    # the claim reads 1006 · 20 000 before and 1006 · 40 000 after noon: 20 120 000 Wh that nobody used
    assert wh["wh"] == found.known + 1006 * 20_000  # type: ignore[index,call-overload]


def test_configuration_change_that_leaves_the_scale_makes_no_segment() -> None:
    log = PlantLog()
    energy = signal("energy", "energy", scale=[1000, 1])
    log.config(document([asset("e1", production=False)], {"e1": [energy]}))
    log.blocks(SLOT0, SLOT0 + 30)
    log.config(document([asset("e1", production=False), asset("a")], {"e1": [energy]}))
    log.blocks(SLOT0 + 30, SLOT0 + 61)
    for k in range(61):
        log.row("e1/energy", T0 + k * MIN, k)
    span = Span(SLOT0, SLOT0 + 61, 0, 0)
    work = Workspace(log.rows(), span)
    (register,) = register_records(work, "e1")
    found = meter_energy(register, span.start_ms, span.end_ms)
    assert [(s.ratio, s.ticks) for s in found.segments] == [(1000, 60)]
    assert found.findings == ()
    assert scale_findings(work) == ()


def test_float_register_of_the_log_is_exact() -> None:
    log = PlantLog()
    energy = signal("energy", "energy", "float", scale=[1000, 1], counter=counter(rate=(0, 1)))
    log.config(document([asset("e1", production=False)], {"e1": [energy]}))
    for k in range(61):
        log.row("e1/energy", T0 + k * MIN, 10.25 + k * 0.125)
    log.blocks(SLOT0, SLOT0 + 61)
    span = Span(SLOT0, SLOT0 + 61, 0, 0)
    (register,) = register_records(Workspace(log.rows(), span), "e1")
    assert meter_energy(register, span.start_ms, span.end_ms).energy == 60 * 125


def test_meter_of_the_frozen_list_becomes_a_consumption() -> None:
    listed = EnergyMeter(
        id="e1", carrier="electricity", unit="kW.h", share=Fraction(1, 4), share_rule="按面积"
    )
    used = meter_energy(record([(0, 0), (24, 100)]), 0, DAY)
    fed = meter_energy(record([(0, 0), (24, 30)], flow=Flow.EXPORT), 0, DAY)
    found = consumption(listed, [used, fed])
    assert (found.amount, found.unit, found.share) == (100, "W.h", Fraction(1, 4))
    assert consumption(listed, []).amount is None
    assert consumption(listed, [meter_energy(record([]), 0, DAY)]).amount is None


def test_tce_a_piece_from_the_log_is_the_claim_times_the_coefficient() -> None:
    log = PlantLog()
    energy = signal("energy", "energy", slot_ms=MIN, counter=counter(rate=(0, 1)))
    log.config(
        document(
            [asset("a"), asset("e1", production=False), asset("e2", production=False)],
            {
                "a": [signal("good", "count_good"), signal("scrap", "count_scrap")],
                "e1": [energy],
                "e2": [energy],
            },
        )
    )
    for k in range(121):
        log.row("a/good", T0 + k * MIN, k)
        log.row("a/scrap", T0 + k * MIN, 0)
        log.row("e1/energy", T0 + k * MIN, 500 * k)
    log.blocks(SLOT0, SLOT0 + 130)
    span = Span(SLOT0, SLOT0 + 120, 0, 5)
    work = Workspace(log.rows(), span)
    table = builtin_coefficients()["gb-t-2589-2020-annex-a"]
    claim = evaluate(EnergyPerPieceClaim(span, ("e1",), ("a",)), work)
    # 500 Wh a piece = 0.5 kWh · 0.1229 kgce = 0.06145 kgce = 0.00006145 tce
    assert claim.value == 500
    assert unit_energy(electricity_of(work, ["e1"], ["a"], table)) == Fraction("0.00006145")
    both = unit_energy(electricity_of(work, ["e1", "e2"], ["a"], table))
    assert isinstance(both, Undefined)
    assert "e2" in both.en


def test_power_of_the_log_is_scaled_exactly() -> None:
    log = PlantLog()
    log.config(
        document([asset("e1")], {"e1": [signal("power", "power", "float", scale=[1000, 1])]})
    )
    log.row("e1/power", T0, 1.5)
    log.bad("e1/power", T0 + MIN)
    log.row("e1/power", T0 + 2 * MIN, 2.25)
    log.blocks(SLOT0, SLOT0 + 5)
    work = Workspace(log.rows(), Span(SLOT0, SLOT0 + 5, 0, 0))
    assert power_samples(work, PointKey("e1.energy", "power")) == (
        (T0, Fraction(1500)),
        (T0 + 2 * MIN, Fraction(2250)),
    )


def test_power_against_register_by_trapezoids_as_numpy_does() -> None:
    rng = np.random.default_rng(7)
    times = np.cumsum(rng.integers(1000, 60_000, 500))
    watts = rng.integers(0, 9000, 500)
    power = [(int(t), Fraction(int(w))) for t, w in zip(times, watts, strict=True)]
    wh = float(np.trapezoid(watts, times)) / HOUR
    register = [(power[0][0], Fraction(0)), (power[-1][0], Fraction(round(wh)))]
    found = power_check("e1", register, power, hold_ms=60_000)
    assert found.covered == 1
    assert float(found.integral_wh) == pytest.approx(wh, rel=1e-12)
    assert found.findings == ()


def ramp(step: int, hours: int = 10) -> list[tuple[int, Fraction]]:
    """1 kW, sampled every `step` minutes."""
    return [(m * MIN, Fraction(1000)) for m in range(0, hours * 60 + 1, step)]


@pytest.mark.parametrize(
    ("wh", "finding"), [(9500, True), (9524, False), (10_526, False), (10_527, True)]
)
def test_power_and_register_may_differ_by_5_percent_of_the_register(wh: int, finding: bool) -> None:
    # the integral is 10 000 Wh: |10 000 − r| ≤ r/20 for r from 9523.8 to 10 526.3
    found = power_check("e1", [(0, Fraction(0)), (10 * HOUR, Fraction(wh))], ramp(1), 60_000)
    assert found.integral_wh == 10_000
    assert bool(found.findings) is finding
    if finding:
        assert found.findings[0].name == "energy.power-against-register"


def test_power_known_for_less_than_nine_tenths_is_not_compared() -> None:
    hole = [p for p in ramp(1) if not 60 * MIN < p[0] < 121 * MIN]  # 61 of 600 minutes
    found = power_check("e1", [(0, Fraction(0)), (10 * HOUR, Fraction(1))], hole, 60_000)
    assert found.covered == Fraction(539, 600)
    assert [f.name for f in found.findings] == ["energy.power-not-compared"]


def test_power_is_cut_at_the_readings_of_the_register() -> None:
    # a ramp 0 → 4000 W over 4 h; the register was read at 1 h and 3 h: mean 2000 W over 2 h
    power = [(0, Fraction(0)), (4 * HOUR, Fraction(4000))]
    found = power_check("e1", [(HOUR, Fraction(50)), (3 * HOUR, Fraction(4050))], power, 4 * HOUR)
    assert found.integral_wh == 4000
    assert found.findings == ()
    with pytest.raises(ValueError, match="two readings"):
        power_check("e1", [(0, Fraction(0))], power, HOUR)
