"""Orders, people, maintenance, material, operations, capability, registry, points, energy, loops, periods by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.calc.findings import Weight
from kpi.comparison.interval import Word
from tests.support.calc_case import solved

F = Fraction
H = 3_600_000


def test_numbers_of_an_order_give_the_ratios_of_iso_22400() -> None:
    found = solved(
        """
        orders: {execution_time: 10 h, busy_time: 9 h, production_time: 8 h, produced: 1000, produced_first: 1100,
                 scrap: 20, planned_scrap: 25, inspected: 500, good_first_pass: 480}
        workers: {work: 7 h, attendance: 8 h}
        maintenance: {corrective: 1 h, planned: 3 h}
        material: {consumed: 105, good: 98, integrated_good: 99, production_loss: 5, storage_loss: 1, other_loss: 1,
                   throughput: 600, average_inventory: 50}
        """
    )
    expected = {
        "iso22400/allocation-ratio": F(9, 10),
        "iso22400/production-process-ratio": F(8, 10),
        "iso22400/throughput-rate": F(1000, 10 * H),
        "iso22400/worker-efficiency": F(7, 8),
        "iso22400/first-pass-yield": F(480, 500),
        "iso22400/corrective-maintenance-ratio": F(1, 4),
        "iso22400/finished-goods-ratio": F(98, 105),
        "iso22400/integrated-goods-ratio": F(99, 105),
        "iso22400/production-loss-ratio": F(5, 105),
        "iso22400/inventory-turns": F(600, 50),
    }
    for name, value in expected.items():
        assert found.value(name) == value, name


def test_one_number_of_two_gives_no_ratio() -> None:
    assert solved("workers: {work: 7 h}\n").result.figures == ()


def test_ratio_over_nothing_is_undefined() -> None:
    found = solved("workers: {work: 0 h, attendance: 0 h}\n")
    assert "0" in found.undefined("iso22400/worker-efficiency").en


def test_rolled_yield_is_the_product_and_one_operation_has_none() -> None:
    both = solved(
        "operations: [{name: a, inspected: 10, good: 9}, {name: b, inspected: 9, good: 6}]\n"
    )
    assert both.value("ours/rolled-throughput-yield") == F(9, 10) * F(6, 9)
    one = solved("operations: [{name: a, inspected: 10, good: 9}]\n")
    assert one.names == {"a:iso22400/first-pass-yield"}


def test_operation_that_inspected_nothing_leaves_the_rolled_yield_undefined() -> None:
    found = solved(
        "operations: [{name: a, inspected: 0, good: 0}, {name: b, inspected: 9, good: 6}]\n"
    )
    found.undefined("a:iso22400/first-pass-yield")
    found.undefined("ours/rolled-throughput-yield")


def test_capability_of_five_values() -> None:
    # s² = (0 + 1 + 1 + 4 + 4)e-4/4 = 2.5e-4; Cp = 0.2/(6·√2.5e-4) = 2.10818510677…; the mean is in the middle.
    found = solved(
        "capability: [{lower: 11.9, upper: 12.1, values: [12, 12.01, 11.99, 12.02, 11.98]}]\n"
    )
    cp, cpk = found.figure("iso22400/cp"), found.figure("iso22400/cpk")
    assert not cp.exact
    for figure in (cp, cpk):
        assert isinstance(figure.value, Fraction)
        # (0.2/6)² / 2.5e-4 = 40/9, exact; the decimal of 40 digits squared is that.
        assert abs(figure.value**2 - F(40, 9)) < F(1, 10**35)


def test_machine_capability_has_its_own_names() -> None:
    found = solved(
        "capability: [{name: d, kind: machine, lower: 1, upper: 3, values: [1.5, 2, 2.5]}]\n"
    )
    assert found.names == {"d:iso22400/cm", "d:iso22400/cmk"}


def test_ratios_of_the_registry_name_what_they_count() -> None:
    found = solved(
        """
        devices:
          - {id: m1, class: cnc, production: true, nc: true, nc_reason: x, networked: true, observed: true}
          - {id: m2, class: press, production: true, nc: false, counts_as: 2, networked: true, observed: false}
          - {id: m3, class: logistics, production: false, nc: false}
        """
    )
    # m1 of m1 + m2×2; counted by line m1 of m1, m2.
    assert found.value("nc-ratio") == F(1, 3)
    assert found.value("nc-ratio@lines") == F(1, 2)
    lists = {x.en: x.ids for x in found.figure("nc-ratio").lists}
    assert lists == {"numerator": ("m1",), "denominator": ("m1", "m2×2")}
    assert found.value("networked@declared") == F(3, 3)
    assert found.value("networked") == F(1, 3)


def test_slots_by_outcome_give_every_reading_of_the_upload_rate() -> None:
    # Asset a: points 90 % and 50 % → 70 %; asset b: 80 % → mean 75 %. Pooled (90 + 50 + 160)/400 = 75 %; late 10 more.
    found = solved(
        """
        points:
          - {asset: a, signal: s, class: state, slot: 1 min, slots: {on_time: 85, held_alive: 5, missed_network: 10}}
          - {asset: a, signal: n, class: count, slot: 1 min, slots: {on_time: 50, late: 10, missed_device: 40}}
          - {asset: b, signal: s, class: state, slot: 1 min, slots: {on_time: 160, bad_quality: 40}}
        """
    )
    assert found.value("upload-rate") == (F(9, 10) + F(5, 10)) / 2 / 2 + F(8, 10) / 2
    assert found.value("upload-rate@pooled") == F(300, 400)
    assert found.value("upload-rate@pooled-eventual") == F(310, 400)
    assert found.value("upload-rate@reaching") == 0


def test_equipment_of_the_registry_that_was_never_connected_counts_as_zero() -> None:
    found = solved(
        """
        devices: [{id: a, production: true}, {id: b, production: true}, {id: c, production: false}]
        points: [{asset: a, signal: s, class: state, slot: 1 min, slots: {on_time: 80, missed_device: 20}}]
        """
    )
    assert found.value("upload-rate") == F(80, 100) / 2


def test_readings_with_times_become_slots() -> None:
    # Slots of an hour from 08:00 to 12:00: received on time, bad, proven alive, missed.
    found = solved(
        """
        window: {from: "08:00", to: "12:00"}
        points:
          - asset: a
            signal: s
            class: state
            slot: 1 h
            values: [{at: "08:10"}, {at: "09:30", good: false}]
            alive: ["10:20"]
            missed: [{at: "11:30", cause: network}]
        """
    )
    assert found.result.points is not None
    slots = found.result.points.slots["a/s"]
    counted = {o.value: n for o, n in slots.counts.items() if n}
    assert counted == {"on_time": 1, "bad_quality": 1, "held_alive": 1, "missed_network": 1}
    assert found.value("upload-rate") == F(2, 4)


def test_value_after_the_deadline_is_late() -> None:
    text = """
        window: {from: "08:00", to: "09:00"}
        points:
          - {asset: a, signal: s, class: state, slot: 1 h, deadline: 5 min, values: [{at: "08:10", received: "%s"}]}
        """
    assert solved(text % "09:05").value("upload-rate") == 1
    late = solved(text % "09:05:00.001")
    assert late.value("upload-rate") == 0
    assert late.value("upload-rate@eventual") == 1


def test_energy_of_two_periods_in_both_readings() -> None:
    # 1000 kWh/100 pieces before, 900/100 after: drop 10 %, gain 1000/900 − 1 = 1/9.
    found = solved(
        """
        energy:
          own_table: [{carrier: power, unit: kWh, kgce: 0.1229, source: GB/T 2589}]
          before: {uses: [{carrier: power, unit: kWh, amount: 1000}], output: [{quantity: 100}]}
          after: {uses: [{carrier: power, unit: kWh, amount: 900}], output: [{quantity: 100}]}
        """
    )
    assert found.value("energy-utilisation-change") == F(1, 10)
    assert found.value("energy-utilisation-gain") == F(1, 9)
    assert found.value("unit-energy@before") == F("122.9") / 100 / 1000


def test_energy_by_the_table_of_gb_t_2589() -> None:
    # Electricity 0.1229 kgce/kWh (equivalent value).
    found = solved("energy: {period: {uses: [{carrier: electricity, unit: kWh, amount: 300}]}}\n")
    assert found.value("total-energy") == F("36.87")


def test_products_with_weights_are_one_output() -> None:
    # 100·1 + 50·2 = 200 standard pieces; 100 kgce: 0.5 kgce each.
    found = solved(
        """
        energy:
          own_table: [{carrier: power, unit: kWh, kgce: 0.1, source: x}]
          period:
            uses: [{carrier: power, unit: kWh, amount: 2000, share: 1/2, share_rule: 面积}]
            output: [{product: a, quantity: 100}, {product: b, quantity: 50, weight: 2}]
        """
    )
    assert found.value("unit-energy") == F(1, 2000)


def test_new_transformer_ratio_makes_two_segments() -> None:
    # kpi.md C 37: 100/5 to 12:00, then 200/5: (1010 − 1000)·20 + (1020 − 1010)·40 = 600 kWh.
    found = solved(
        """
        window: {from: "08:00", to: "16:00"}
        energy:
          own_table: [{carrier: power, unit: kWh, kgce: 0.1, source: x}]
          period:
            uses:
              - carrier: power
                unit: kWh
                register:
                  values: [["08:00", 1000], ["12:00", 1010], ["16:00", 1020]]
                  ratios: [{ratio: 100/5}, {at: "12:00", ratio: 200/5}]
        """
    )
    assert found.value("total-energy") == 60


def test_amount_that_is_not_known_is_undefined_and_never_zero() -> None:
    found = solved("energy: {period: {uses: [{carrier: electricity, unit: kWh}]}}\n")
    found.undefined("total-energy")


def test_control_rate_counts_time_in_automatic_while_the_unit_runs() -> None:
    # Unit runs 08–18 (10 h), automatic 08–16, its output at the upper end from 14:00: in service 6 of 10 h.
    found = solved(
        """
        window: {from: "08:00", to: "18:00"}
        loops:
          - id: tic-1
            unit: furnace
            normally_automatic: true
            modes: [["08:00", auto], ["16:00", manual]]
            running: [["08:00", running]]
            outputs: [["08:00", 50], ["14:00", 100]]
            hold: 10 h
        """
    )
    assert found.value("automatic-control-rate") == F(6, 10)
    assert found.value("automatic-control-rate@by-mode") == F(8, 10)
    assert found.value("automatic-control-rate-static") == 1


def days(n: int, d: int, count: int) -> str:
    return "[" + ", ".join([f"[{n}, {d}]"] * count) + "]"


@pytest.mark.parametrize(
    ("after", "threshold", "word"),
    [
        # 70 days of 0.5 before; without any noise the interval is the point.
        (60, "20 %", Word.PASS),  # +20 %
        (59, "20 %", Word.FAIL),  # +18 %
    ],
)
def test_comparison_without_noise(after: int, threshold: str, word: Word) -> None:
    found = solved(
        f"""
        periods:
          metric: oee-change
          threshold: {threshold}
          build: {{first: 2026-03-23, last: 2026-05-24}}
          before: {{first: 2026-01-05, days: {days(50, 100, 70)}}}
          after: {{first: 2026-06-01, days: {days(after, 100, 70)}}}
        """
    )
    assert found.value("oee-change") == F(after, 50) - 1
    assert found.value("oee-change@low") == F(after, 50) - 1
    assert found.result.periods is not None
    main = found.result.periods.comparison.main
    assert main is not None
    assert main.word is word


def test_numbers_put_in_give_the_change() -> None:
    found = solved(
        f"""
        periods:
          metric: defect-change
          threshold: 10 %
          before: {{first: 2026-01-05, days: {days(7, 100, 28)}}}
          after: {{first: 2026-03-02, days: {days(4, 100, 28)}}}
        """
    ).figure("defect-change")
    n = {o.symbol: o.value for o in found.operands}
    assert found.value == 1 - (n["N_A"] * n["D_B"]) / (n["N_B"] * n["D_A"]) == F(3, 7)


def test_decimals_and_weekday_pattern_of_daily_values() -> None:
    # Five working days a week, a holiday on Tuesday 2026-01-06, Saturday 10 January worked instead.
    found = solved(
        f"""
        periods:
          metric: energy-change
          threshold: 1/10
          weekdays: [1, 2, 3, 4, 5]
          holidays: [2026-01-06]
          extra: [2026-01-10]
          before: {{first: 2026-01-05, days: {days(1, 1, 28).replace("[1, 1]", "[1.5, 10]")}}}
          after: {{first: 2026-03-02, days: {days(1, 1, 28).replace("[1, 1]", "[1.2, 10]")}}}
        """
    )
    periods = found.loaded.inputs.periods
    assert periods is not None
    dates = [v.date.isoformat() for v in periods.before.days[:6]]
    assert dates == [
        "2026-01-05",
        "2026-01-07",
        "2026-01-08",
        "2026-01-09",
        "2026-01-10",
        "2026-01-12",
    ]
    assert found.value("energy-change") == F(1, 5)  # 0.15 → 0.12


def test_days_that_are_too_few_disqualify_the_comparison() -> None:
    found = solved(
        f"""
        periods:
          metric: oee-change
          threshold: 10 %
          before: {{first: 2026-01-05, days: {days(1, 2, 10)}}}
          after: {{first: 2026-03-02, days: {days(1, 2, 10)}}}
        """
    )
    found.undefined("oee-change")
    assert found.result.periods is not None
    assert found.result.periods.comparison.disqualified


def test_case_holds_only_if_nothing_in_it_contradicts_itself() -> None:
    text = """
        time: {tpm: {loading: 100 min, downtime: 20 min}}
        expect: [{figure: tpm/availability, value: %s}]
        require: [{figure: tpm/availability, at_least: %s}]
        """
    assert solved(text % ("80 %", "80 %")).result.holds()
    assert not solved(text % ("81 %", "80 %")).result.holds()
    assert not solved(text % ("80 %", "80.1 %")).result.holds()
    explained = text.replace("value: %s", "value: %s, note: {zh: 口径不同, en: another base}")
    assert solved(explained % ("81 %", "80 %")).result.holds()


def test_finding_that_takes_figures_away_is_no_answer() -> None:
    found = solved("events: [{from: '08:00', to: '09:00', state: run}]\n")
    assert found.result.holds()
    assert not found.result.holds(found.loaded.findings)
    assert {f.weight for f in found.loaded.findings} == {Weight.STOP}
