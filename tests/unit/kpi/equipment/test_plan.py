"""Shifts, extra shifts, production days and daylight saving by hand (statistics.md §4; cases 12, 14, 15, 39)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from config.zone_offsets import zone_offsets
from kpi.calendar import Kind, instant, iso_date, segments
from kpi.document import ConfigDocument, parse_document
from kpi.equipment.plan import UNSHIFTED, Plans, whole_days
from kpi.history import ConfigSegment
from tests.support.equipment_plant import machine
from tests.support.kpi_plant import DAY, HOUR, MIN, T0, asset, calendar, shift

# T0 = 2026-03-01T00:00Z = Sunday 08:00 at +08:00
MIDNIGHT = T0 - 8 * HOUR
DAY0 = MIDNIGHT // DAY + 1
"""2026-03-01 in days since 1970: 20513."""


def document(**more: Any) -> ConfigDocument:
    return parse_document(machine([asset("a1")], {}, calendar(**more)))


def laid_out(doc: ConfigDocument, start: int, end: int) -> list[tuple[float, str, str]]:
    """(hours after local midnight of 2026-03-01, shift, production day) from `start` on."""
    plans = Plans()
    shifts, days = plans.shift_and_day([ConfigSegment(start, end, doc, ())])
    edges = np.unique(np.concatenate([shifts.edges[:-1], days.edges[:-1]]))
    return [
        (
            (int(x) - MIDNIGHT) / HOUR,
            "" if c == UNSHIFTED else plans.shifts[int(c)].name,
            iso_date(int(d)),
        )
        for x, c, d in zip(edges, shifts.at(edges), days.at(edges), strict=True)
    ]


def named(name: str, start: int, end: int, weekdays: Any = range(1, 8)) -> dict[str, Any]:
    return {"from_min": start, "name": name, "to_min": end, "weekdays": list(weekdays)}


def test_day_of_the_epoch_is_right() -> None:
    # 2026-03-01: 56 years of 365 days, 14 leap days from 1972 to 2024, 31 + 28 days of 2026
    assert DAY0 == 56 * 365 + 14 + 59 == 20_513


def test_shift_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    # C14: day from 06:00; early 06:00-14:00, night 22:00-06:00
    doc = document(shifts=[named("early", 360, 840), named("night", 1320, 1800)], day_start_min=360)
    assert laid_out(doc, MIDNIGHT + 5 * HOUR, MIDNIGHT + 32 * HOUR) == [
        (5.0, "night", "2026-02-28"),
        (6.0, "early", "2026-03-01"),
        (14.0, "", "2026-03-01"),
        (22.0, "night", "2026-03-01"),
        (30.0, "early", "2026-03-02"),
    ]


def test_shift_that_starts_before_the_day_edge_belongs_to_the_day_before() -> None:
    # day from 08:00, early shift from 06:00: floor((360 − 480)/1440) = −1; its whole time is one day
    doc = document(shifts=[named("early", 360, 840)], day_start_min=480)
    assert laid_out(doc, MIDNIGHT + 5 * HOUR, MIDNIGHT + 15 * HOUR) == [
        (5.0, "", "2026-02-28"),
        (6.0, "early", "2026-02-28"),
        (14.0, "", "2026-03-01"),
    ]


def test_overlapping_shifts_belong_to_the_one_that_starts_first() -> None:
    doc = document(
        shifts=[named("b", 600, 840), named("a", 480, 720), named("c", 480, 540)], day_start_min=0
    )
    # a and c start together: list order decides; a ends at 12:00, b goes on to 14:00
    assert laid_out(doc, MIDNIGHT + 7 * HOUR, MIDNIGHT + 15 * HOUR) == [
        (7.0, "", "2026-03-01"),
        (8.0, "a", "2026-03-01"),
        (12.0, "b", "2026-03-01"),
        (14.0, "", "2026-03-01"),
    ]


def test_extra_shift_on_a_holiday_is_planned_and_comes_after_the_pattern_in_ties() -> None:
    extra = [{"date": "2026-03-01", "from_min": 600, "name": "overtime", "to_min": 720}]
    doc = parse_document(
        machine(
            [asset("a1")],
            {},
            calendar(shifts=[named("day", 600, 660)], holidays=["2026-03-01"], extra=extra),
        )
    )
    cal = doc.calendar
    found = segments(doc.assets[0], cal, (), MIDNIGHT + 9 * HOUR, MIDNIGHT + 13 * HOUR)
    hours = [((s.start_ms - MIDNIGHT) / HOUR, s.kind) for s in found]
    assert hours == [(9.0, Kind.OFF), (10.0, Kind.PLANNED), (12.0, Kind.OFF)]
    # on a working day both start at 10:00: the pattern first, the extra shift has the rest
    plain = parse_document(
        machine([asset("a1")], {}, calendar(shifts=[named("day", 600, 660)], extra=extra))
    )
    assert [x[:2] for x in laid_out(plain, MIDNIGHT + 10 * HOUR, MIDNIGHT + 13 * HOUR)] == [
        (10.0, "day"),
        (11.0, "overtime"),
        (12.0, ""),
    ]


def test_shifts_and_unshifted_add_to_calendar_time() -> None:
    doc = document(shifts=[named("early", 450, 900), named("late", 840, 1380)])
    plans = Plans()
    start, end = MIDNIGHT + 3 * HOUR + 7, MIDNIGHT + 9 * DAY + 11
    shifts, _ = plans.shift_and_day([ConfigSegment(start, end, doc, ())])
    assert int(np.diff(shifts.edges).sum()) == end - start


BERLIN = [list(x) for x in zone_offsets("Europe/Berlin")]
SPRING = 1_774_746_000_000
"""2026-03-29T01:00Z: 02:00 becomes 03:00 in Berlin. 20541 days · 86400 s + 3600 s."""
AUTUMN = 1_792_890_000_000
"""2026-10-25T01:00Z: 03:00 becomes 02:00. 20751 days · 86400 s + 3600 s."""


def berlin(**more: Any) -> ConfigDocument:
    return parse_document(
        machine([asset("a1")], {}, calendar(offsets=BERLIN, zone="Europe/Berlin", **more))
    )


def test_dst_changes_are_where_the_calendar_says() -> None:
    assert SPRING == 20_541 * DAY + HOUR
    assert AUTUMN == 20_751 * DAY + HOUR
    assert [SPRING, 120] in BERLIN
    assert [AUTUMN, 60] in BERLIN


@pytest.mark.parametrize(("day", "hours"), [(20_541, 23), (20_751, 25), (20_600, 24)])
def test_dst_case_15_a_day_has_23_24_or_25_hours(day: int, hours: int) -> None:
    cal = berlin().calendar
    assert instant(cal, day + 1, 0) - instant(cal, day, 0) == hours * HOUR


def test_dst_a_skipped_minute_is_the_instant_of_the_change_and_a_double_one_its_first() -> None:
    cal = berlin().calendar
    # spring: 02:30 does not exist; autumn: 02:30 is 00:30Z first, 01:30Z again
    assert instant(cal, 20_541, 150) == SPRING
    assert instant(cal, 20_541, 180) == SPRING
    assert instant(cal, 20_751, 150) == AUTUMN - 30 * MIN
    assert instant(cal, 20_751, 180) == AUTUMN + HOUR  # 03:00 comes after the hour that repeats


@pytest.mark.parametrize(("day", "hours"), [(20_540, 7), (20_750, 9)])
def test_dst_night_shift_22_to_6_lasts_seven_or_nine_hours_and_is_one_day(
    day: int, hours: int
) -> None:
    doc = berlin(shifts=[named("night", 1320, 1800)], day_start_min=360)
    start, end = instant(doc.calendar, day, 1200), instant(doc.calendar, day + 1, 420)
    plans = Plans()
    shifts, days = plans.shift_and_day([ConfigSegment(start, end, doc, ())])
    lengths = dict(zip(shifts.codes.tolist(), np.diff(shifts.edges).tolist(), strict=True))
    assert lengths[0] == hours * HOUR
    # 20:00 to 22:00 and the night belong to `day`, 06:00 to 07:00 to the next
    assert days.codes.tolist() == [day, day + 1]
    planned = [
        s for s in segments(doc.assets[0], doc.calendar, (), start, end) if s.kind is Kind.PLANNED
    ]
    assert sum(s.end_ms - s.start_ms for s in planned) == hours * HOUR


def test_dst_calendar_of_version_1_has_the_offset_of_the_window_for_all_time() -> None:
    cal = berlin().calendar
    assert cal.of_version_1(SPRING - 1).offsets == ((0, 60),)
    assert cal.of_version_1(SPRING).offsets == ((0, 120),)


def whole(doc: ConfigDocument, start: int, end: int) -> list[str]:
    return [iso_date(d) for d in whole_days([ConfigSegment(start, end, doc, ())])]


def test_whole_day_lies_inside_with_its_night_shift() -> None:
    # day from 06:00; the night shift 22:00-06:00 belongs to the day before midnight
    doc = document(shifts=[named("night", 1320, 1800)], day_start_min=360)
    six = MIDNIGHT + 6 * HOUR
    assert whole(doc, six, six + 2 * DAY) == ["2026-03-01", "2026-03-02"]
    assert whole(doc, six + 1, six + 2 * DAY) == ["2026-03-02"]
    assert whole(doc, six, six + 2 * DAY - 1) == ["2026-03-01"]


def test_whole_day_with_a_shift_beyond_its_edge_needs_that_too() -> None:
    # day from 08:00; night 22:00-09:00 reaches an hour into the next date's day
    doc = document(shifts=[named("night", 1320, 1980)], day_start_min=480)
    eight = MIDNIGHT + 8 * HOUR
    assert whole(doc, eight, eight + DAY) == []
    # 08:00–09:00 still belongs to 2026-02-28; that day began before
    assert whole(doc, eight, eight + DAY + HOUR) == ["2026-03-01"]


def test_whole_day_calendar_before_and_after_the_window_goes_on_as_at_its_edges() -> None:
    first = document(shifts=[named("night", 1320, 1980)], day_start_min=480)
    last = document(shifts=[shift(480, 1200)], day_start_min=480)
    eight = MIDNIGHT + 8 * HOUR
    parts = [
        ConfigSegment(eight, eight + 12 * HOUR, first, ()),
        ConfigSegment(eight + 12 * HOUR, eight + 2 * DAY, last, ()),
    ]
    # the night shift of the first calendar before the window reaches into it (to 09:00): 2026-02-28 is not whole;
    # with the second calendar from 20:00 on, 2026-03-01 and 02 end at 08:00
    assert [iso_date(d) for d in whole_days(parts)] == ["2026-03-01", "2026-03-02"]
