"""On-time delivery, order cycle, R&D cycle, R&D tools (kpi.md B.3, D.3); numbers by hand."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction as F

import pytest

from kpi.records.figure import median
from kpi.records.orders import orders
from kpi.records.periods import Month, RecordPeriods
from kpi.records.rd import rd_cycle, rd_tools
from kpi.records.rows import Order, RdPerson, RdProject, RdTask
from model.ratio import Undefined
from tests.support.records import PERIODS, evaluated, records

MARCH = Month(2025, 3)
AFTER_ONLY = RecordPeriods(after=PERIODS.after)


def order(
    number: str,
    released: date,
    days: int | None,
    late: int | None,
    *,
    cancelled: date | None = None,
) -> Order:
    """Complete after `days` and deliver `late` days after the promise, which is 20 days after release."""
    promised = released + timedelta(days=20)
    return Order(
        number=number,
        product="A",
        quantity=None,
        released=released,
        completed=None if days is None else released + timedelta(days=days),
        promised=promised,
        delivered=None if late is None else promised + timedelta(days=late),
        cancelled=cancelled,
    )


def test_on_time_counts_by_promise_and_undelivered_is_late():
    day = date(2025, 1, 10)
    rows = [
        order("1", day, 5, 0),
        order("2", day, 5, -3),
        order("3", day, 5, 1),
        order("4", day, None, None),
    ]
    found = orders(records(rows), AFTER_ONLY)
    assert found["on-time-delivery"].value == F(2, 4)
    assert found["on-time-delivery"].numbers == "2 ÷ 4"


def test_cancelled_orders_are_left_out_and_counted_in_a_note():
    day = date(2025, 1, 10)
    rows = [order("1", day, 5, 0), order("2", day, None, None, cancelled=date(2025, 1, 20))]
    figure = orders(records(rows), AFTER_ONLY)["on-time-delivery"]
    assert figure.value == 1
    assert "records.cancelled-orders" in figure.codes


def test_on_time_change_relative_with_points_beside():
    before = [order(str(n), date(2024, 1, 10), 5, 0 if n < 8 else 1) for n in range(10)]  # 8 of 10
    after = [order(f"a{n}", date(2025, 1, 10), 5, 0 if n < 9 else 1) for n in range(10)]  # 9 of 10
    figure = orders(records([*before, *after]), PERIODS)["on-time-delivery-change"]
    assert figure.value == F(1, 8)
    assert [(r.name, r.value) for r in figure.readings] == [("points", F(1, 10))]
    assert evaluated(figure.numbers) == F(1, 8)


def test_cycle_is_the_median_mean_beside_it():
    before = [
        order(str(n), date(2024, 1, 10), d, 0) for n, d in enumerate((10, 10, 12, 40))
    ]  # 11; mean 18
    after = [
        order(f"a{n}", date(2025, 1, 10), d, 0) for n, d in enumerate((8, 9, 40))
    ]  # 9; mean 19
    found = orders(records([*before, *after]), PERIODS)
    assert found["order-cycle-before"].value == 11
    assert found["order-cycle"].value == 9
    figure = found["order-cycle-change"]
    assert figure.value == F(2, 11)
    assert [(r.name, r.value) for r in figure.readings] == [("mean", 1 - F(19, 18))]
    assert evaluated(figure.numbers) == F(2, 11)


def test_orders_open_at_the_end_are_counted_in_a_note():
    rows = [
        order("1", date(2024, 1, 10), 5, 0),
        order("2", date(2025, 1, 10), 5, 0),
        order("3", date(2025, 3, 10), None, None),
        order("4", date(2025, 3, 20), 30, 0),  # completed after the period
    ]
    note = orders(records(rows), PERIODS)["order-cycle-change"].notes[-1]
    assert note.code == "records.open-orders"
    assert "建设前 0 个，建设后 2 个" in note.words.zh


@pytest.mark.parametrize(
    ("values", "middle"),
    [((3,), F(3)), ((4, 1), F(5, 2)), ((9, 1, 4), F(4)), ((1, 2, 3, 10), F(5, 2))],
)
def test_median_by_hand(values, middle):
    assert median(values) == middle


def test_median_of_nothing_is_nothing():
    assert median(()) is None


def project(number: str, start: date, days: int | None, kind: str = "改型") -> RdProject:
    end = None if days is None else start + timedelta(days=days)
    return RdProject(number=number, name=number, kind=kind, start=start, end=end)


def test_rd_cycle_of_completed_projects_by_their_end():
    # Before: 200, 300, 400 → 300. After: 240, 250 → 245; the running one and the one that ends later do not count.
    before = [project(f"b{d}", date(2024, 2, 1) - timedelta(days=d), d) for d in (200, 300, 400)]
    after = [project(f"a{d}", date(2025, 2, 1) - timedelta(days=d), d) for d in (240, 250)]
    rest = [project("run", date(2024, 1, 1), None), project("later", date(2024, 1, 1), 800)]
    found = rd_cycle(records([*before, *after, *rest]), PERIODS)
    assert found["rd-cycle-before"].value == 300
    assert found["rd-cycle"].value == 245
    figure = found["rd-cycle-change"]
    assert figure.value == 1 - F(245, 300)
    assert {r.name: r.value for r in figure.readings}["mean"] == 1 - F(245, 300)
    assert evaluated(figure.numbers) == figure.value
    assert "records.few-projects" in figure.codes
    note = next(n for n in found["rd-cycle-before"].notes if n.code == "records.projects")
    assert "3 个，最短 200 天，最长 400 天" in note.words.zh


def test_shift_to_small_projects_is_flagged_when_every_class_got_slower():
    # 全新 400 → 440, 改型 100 → 120, but after the build hardly any 全新 project ends: median 400 → 120.
    before = [
        *(project(f"n{n}", date(2024, 2, 1) - timedelta(days=400), 400, "全新") for n in range(4)),
        project("v", date(2024, 2, 1) - timedelta(days=100), 100, "改型"),
    ]
    after = [
        project("N", date(2025, 2, 1) - timedelta(days=440), 440, "全新"),
        *(project(f"V{n}", date(2025, 2, 1) - timedelta(days=120), 120, "改型") for n in range(4)),
    ]
    figure = rd_cycle(records([*before, *after]), PERIODS)["rd-cycle-change"]
    assert figure.value == 1 - F(120, 400)
    readings = {r.name: r.value for r in figure.readings}
    assert readings["kind:全新"] == F(-1, 10)
    assert readings["kind:改型"] == F(-1, 5)
    assert "records.mix-disagrees" in figure.codes


def test_no_project_before_means_no_comparison():
    after = [project("a", date(2025, 1, 1), 30)]
    assert isinstance(rd_cycle(records(after), PERIODS)["rd-cycle-change"].value, Undefined)


def person(
    name: str, account: str | None, licence: str | None, used: int, month: Month = MARCH
) -> RdPerson:
    return RdPerson(
        month=month,
        person=name,
        tool="CAD" if account else None,
        account=account,
        licence=licence,
        months_used=used,
    )


def test_rd_tool_rate_needs_account_licence_and_use():
    staff = [
        person("1", "a", "L1", 3),
        person("2", "b", "L1", 1),
        person("3", "c", "L1", 0),  # never used
        person("4", "d", None, 3),  # no licence
        person("5", None, None, 0),
    ]
    figure = rd_tools(records(staff), (), PERIODS)["rd-tool-rate"]
    assert figure.value == F(2, 5)
    assert figure.numbers == "2 ÷ 5"
    assert "申报方口径" in figure.formula.zh


def test_rd_tool_rate_as_of_the_last_month_inside_the_period():
    staff = [
        person("1", None, None, 0, Month(2025, 2)),
        person("1", "a", "L1", 2, Month(2025, 3)),
        person("1", None, None, 0, Month(2025, 6)),
    ]
    figure = rd_tools(records(staff), (), PERIODS)["rd-tool-rate"]
    assert figure.value == 1
    assert figure.rows == 1
    outside = rd_tools(records(staff[2:]), (), PERIODS)["rd-tool-rate"].value
    assert isinstance(outside, Undefined)


def test_rd_tool_rate_by_task_is_the_second_line():
    month = Month(2025, 3)
    tasks = [
        RdTask(month=month, task=t, applicable=a, covered=c, tool="x")
        for t, a, c in (
            ("CAD", True, True),
            ("CAE", True, False),
            ("CAPP", True, True),
            ("PDM", False, False),
        )
    ]
    figure = rd_tools((), records(tasks), PERIODS)["rd-tool-rate-by-task"]
    assert figure.value == F(2, 3)
