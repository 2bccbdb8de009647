"""Calendar of version 2: changes of offset, extra shifts, shift occurrences, production days (statistics.md §4)."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from evidence.recompute.equipment.calendar_pieces import calendar_pieces, days_beyond
from evidence.recompute.equipment.civil_time import CivilTime
from evidence.recompute.equipment.segments import PlantCalendar
from evidence.recompute.limits import MAX_STEPS
from evidence.recompute.plant_model import (
    Asset,
    Calendar,
    Coefficients,
    ExtraShift,
    Plant,
    Shift,
    Stop,
)
from evidence.refusal import Refusal
from tests.unit.evidence.equipment_builder import HOUR, MIN

DAY = 24 * HOUR
EVERY_DAY = frozenset(range(1, 8))
UNIX_DAY = date(1970, 1, 1)


def number(text: str) -> int:
    return (date.fromisoformat(text) - UNIX_DAY).days


MONDAY = number("2026-03-02")
SPRING = number("2026-03-29")
"""In Berlin the clock goes from 02:00 to 03:00 at 01:00Z."""
AUTUMN = number("2026-10-25")
"""In Berlin the clock goes from 03:00 back to 02:00 at 01:00Z."""


def calendar(**changes: Any) -> Calendar:
    """Return a calendar in UTC with no shift at all."""
    fields: dict[str, Any] = {
        "offset_min": 0,
        "day_start_min": 0,
        "holidays": frozenset(),
        "shifts": (),
        "breaks": (),
        "stops": (),
    }
    return Calendar(**{**fields, **changes})


def berlin(**changes: Any) -> Calendar:
    changed = ((SPRING * DAY + HOUR, 120), (AUTUMN * DAY + HOUR, 60))
    return calendar(offset_min=60, changes=changed, **changes)


def clock(minutes: int) -> int:
    """Minutes from midnight as hours of a wall clock: 230 = 02:30."""
    return minutes // 100 * 60 + minutes % 100


def test_minute_of_a_local_date_in_a_fixed_offset():
    # 08:00 at +08:00 is 00:00Z
    assert CivilTime(calendar(offset_min=480)).instant(MONDAY, 480) == MONDAY * DAY
    # 08:00 at -05:00 is 13:00Z
    assert CivilTime(calendar(offset_min=-300)).instant(MONDAY, 480) == MONDAY * DAY + 13 * HOUR


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        (159, 59),  # 01:59 at +1 is 00:59Z
        (200, 100),  # 02:00 does not exist: the instant of the change, 01:00Z
        (230, 100),
        (259, 100),
        (300, 100),  # 03:00 at +2 is 01:00Z
        (301, 101),
        (2400, 2200),  # the next midnight at +2
    ],
)
def test_skipped_minute_is_the_instant_of_the_change(wall: int, utc: int):
    found = CivilTime(berlin()).instant(SPRING, clock(wall))
    assert found == SPRING * DAY + clock(utc) * MIN


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        (159, -1),  # 01:59 at +2 is 23:59Z the day before
        (200, 0),  # 02:00 happens at 00:00Z and at 01:00Z: the first
        (259, 59),
        (300, 200),  # 03:00 is never reached at +2; at +1 it is 02:00Z
        (330, 230),
        (2400, 2300),
    ],
)
def test_ambiguous_minute_is_its_first_occurrence(wall: int, utc: int):
    found = CivilTime(berlin()).instant(AUTUMN, clock(wall))
    expected = -1 if utc < 0 else clock(utc)
    assert found == AUTUMN * DAY + expected * MIN


def test_minute_that_an_earlier_change_had_passed_is_still_its_first_occurrence():
    # +0 until 10:00Z, +2 until 11:00Z, then +0 again: wall 10:00→12:00 … 13:00→11:00; 12:30 is first seen at 10:30Z
    jumping = calendar(changes=((10 * HOUR, 120), (11 * HOUR, 0)))
    at = CivilTime(jumping).instant
    assert [at(0, m) // MIN for m in (599, 600, 720, 750, 779, 780, 900)] == [
        599,
        600,  # 10:00 to 11:59 are skipped
        600,
        630,
        659,
        780,  # 13:00 is not reached at +2, and at +0 only at 13:00Z
        900,
    ]


def test_offset_before_the_first_change_holds_for_all_time_before():
    assert CivilTime(berlin()).instant(0, 60) == 0


def spans(cal: Calendar, low: int, high: int) -> list[tuple[float, float, str]]:
    """Kinds of [low, high) in hours after `low`."""
    found: list[tuple[float, float, str]] = []
    for piece in calendar_pieces(cal, low, high):
        start, end = (piece.start - low) / HOUR, (piece.end - low) / HOUR
        if found and found[-1][2] == piece.kind:
            found[-1] = (found[-1][0], end, piece.kind)
        else:
            found.append((start, end, piece.kind))
    return found


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (MONDAY, 24)])
def test_shift_round_the_clock_has_23_or_25_hours_on_a_day_of_change(day: int, hours: int):
    cal = berlin(shifts=(Shift(0, 1440, frozenset({day_of_week(day)})),))
    start = CivilTime(cal).instant(day, 0)
    found = spans(cal, start - HOUR, start + 26 * HOUR)
    assert found[:2] == [(0, 1, "off"), (1, 1 + hours, "planned")]


def day_of_week(day: int) -> int:
    return date.fromordinal(UNIX_DAY.toordinal() + day).isoweekday()


def test_night_shift_over_the_change_of_spring_is_an_hour_shorter():
    # Saturday 22:00 (21:00Z) to Sunday 06:00 (04:00Z): 7 hours; day start 08:00, so all of it is Saturday's
    cal = berlin(shifts=(Shift(1320, 1800, frozenset({6})),), day_start_min=480)
    saturday = (SPRING - 1) * DAY
    pieces = [p for p in calendar_pieces(cal, saturday, saturday + 2 * DAY) if p.shift]
    assert [(p.start - saturday, p.end - saturday, p.day) for p in pieces] == [
        (21 * HOUR, 28 * HOUR, SPRING - 1)
    ]


def test_break_inside_a_skipped_hour_is_empty():
    # 02:00 to 03:00 does not exist; the shift 00:00 to 06:00 is 23:00Z to 04:00Z
    cal = berlin(shifts=(Shift(0, 360, EVERY_DAY),), breaks=((120, 180),))
    assert spans(cal, SPRING * DAY - HOUR, SPRING * DAY + 4 * HOUR) == [(0, 5, "planned")]
    # a day later it is 00:00Z to 01:00Z
    later = (SPRING + 1) * DAY - 2 * HOUR
    assert spans(cal, later, later + 6 * HOUR) == [
        (0, 2, "planned"),
        (2, 3, "brk"),
        (3, 6, "planned"),
    ]


def test_extra_shift_is_planned_even_on_a_holiday():
    cal = calendar(
        shifts=(Shift(480, 960, EVERY_DAY),),
        holidays=frozenset({date(2026, 3, 2)}),
        extra=(ExtraShift(date(2026, 3, 2), 540, 600, "加班"),),
    )
    assert spans(cal, MONDAY * DAY, (MONDAY + 1) * DAY) == [
        (0, 9, "off"),
        (9, 10, "planned"),
        (10, 24, "off"),
    ]


def shift_names(cal: Calendar, low: int, high: int) -> list[tuple[float, float, str]]:
    found: list[tuple[float, float, str]] = []
    for piece in calendar_pieces(cal, low, high):
        name = piece.shift.name if piece.shift else ""
        start, end = (piece.start - low) / HOUR, (piece.end - low) / HOUR
        if found and found[-1][2] == name:
            found[-1] = (found[-1][0], end, name)
        else:
            found.append((start, end, name))
    return found


def test_shift_of_an_instant_is_the_occurrence_that_starts_first():
    # early 06–14, late 13–22: 13–14 belongs to the early one; night 21–30 of the day before reaches to 06
    cal = calendar(
        shifts=(
            Shift(780, 1320, EVERY_DAY, "late"),
            Shift(360, 840, EVERY_DAY, "early"),
            Shift(1260, 1800, EVERY_DAY, "night"),
        )
    )
    assert shift_names(cal, MONDAY * DAY, (MONDAY + 1) * DAY) == [
        (0, 6, "night"),
        (6, 14, "early"),
        (14, 22, "late"),
        (22, 24, "night"),
    ]


def test_shift_that_ended_gives_way_to_one_that_started_after_it():
    # long 06–20 covers short 08–10 whole; from 20 on only late 18–22 is left
    cal = calendar(
        shifts=(
            Shift(480, 600, EVERY_DAY, "short"),
            Shift(360, 1200, EVERY_DAY, "long"),
            Shift(1080, 1320, EVERY_DAY, "late"),
        )
    )
    assert shift_names(cal, MONDAY * DAY, (MONDAY + 1) * DAY) == [
        (0, 6, ""),
        (6, 20, "long"),
        (20, 22, "late"),
        (22, 24, ""),
    ]


def test_shifts_that_start_together_go_by_the_list_weekly_before_extra():
    extra = ExtraShift(date(2026, 3, 2), 480, 1200, "extra")
    weekly = (Shift(480, 600, EVERY_DAY, "first"), Shift(480, 720, EVERY_DAY, "second"))
    cal = calendar(shifts=weekly, extra=(extra,))
    assert shift_names(cal, MONDAY * DAY, (MONDAY + 1) * DAY) == [
        (0, 8, ""),
        (8, 10, "first"),
        (10, 12, "second"),
        (12, 20, "extra"),
        (20, 24, ""),
    ]


def test_shift_does_not_depend_on_breaks():
    cal = calendar(shifts=(Shift(480, 960, EVERY_DAY, "day"),), breaks=((720, 750),))
    assert shift_names(cal, MONDAY * DAY, (MONDAY + 1) * DAY) == [
        (0, 8, ""),
        (8, 16, "day"),
        (16, 24, ""),
    ]
    assert spans(cal, MONDAY * DAY, (MONDAY + 1) * DAY)[1:4] == [
        (8, 12, "planned"),
        (12, 12.5, "brk"),
        (12.5, 16, "planned"),
    ]


def test_shifts_and_unshifted_time_are_calendar_time():
    cal = berlin(
        shifts=(Shift(360, 840, EVERY_DAY, "early"), Shift(780, 1800, EVERY_DAY, "late")),
        day_start_min=360,
    )
    low, high = SPRING * DAY - 7 * HOUR, (SPRING + 3) * DAY + 12_345
    pieces = calendar_pieces(cal, low, high)
    assert sum(piece.end - piece.start for piece in pieces) == high - low
    assert all(a.end == b.start for a, b in pairwise(pieces))


def days(cal: Calendar, low: int, high: int) -> list[tuple[float, float, int]]:
    """Production days in hours after `low`, numbered from MONDAY."""
    found: list[tuple[float, float, int]] = []
    for piece in calendar_pieces(cal, low, high):
        day = piece.day - MONDAY
        start, end = (piece.start - low) / HOUR, (piece.end - low) / HOUR
        if found and found[-1][2] == day:
            found[-1] = (found[-1][0], end, day)
        else:
            found.append((start, end, day))
    return found


def test_production_day_of_unshifted_time_begins_at_the_day_start():
    cal = calendar(day_start_min=480)
    assert days(cal, MONDAY * DAY, (MONDAY + 1) * DAY) == [(0, 8, -1), (8, 24, 0)]


def test_production_day_of_a_shift_is_the_day_it_starts_in_to_its_end():
    # day start 08:00; the night shift 22–32:00 of Sunday ends at 08:00 on Monday: Sunday's; 06:00 of Monday lies before
    # the day start, so the early shift 06–14 of Monday belongs to Sunday: 0 + ⌊(360 − 480)/1440⌋ = −1
    night = calendar(day_start_min=480, shifts=(Shift(1320, 1980, EVERY_DAY, "night"),))
    assert days(night, MONDAY * DAY, (MONDAY + 1) * DAY) == [(0, 9, -1), (9, 24, 0)]
    early = calendar(day_start_min=480, shifts=(Shift(360, 840, EVERY_DAY, "early"),))
    assert days(early, MONDAY * DAY, (MONDAY + 1) * DAY) == [(0, 14, -1), (14, 24, 0)]


def test_production_day_of_a_shift_beyond_midnight_of_its_date():
    # from_min 1500 = 01:00 of the date after; day start 00:00: 0 + ⌊1500/1440⌋ = 1
    cal = calendar(shifts=(Shift(1500, 1560, EVERY_DAY),))
    (piece,) = [p for p in calendar_pieces(cal, MONDAY * DAY, (MONDAY + 1) * DAY) if p.shift]
    assert (piece.shift.date - MONDAY, piece.day - MONDAY) == (-1, 0)  # type: ignore[union-attr]


def test_production_day_without_shift_has_23_hours_in_spring():
    pieces = calendar_pieces(berlin(), (SPRING - 1) * DAY, (SPRING + 2) * DAY)
    lengths = {p.day: (p.end - p.start) // HOUR for p in pieces}
    assert lengths[SPRING] == 23


def test_production_day_is_whole_unless_an_instant_of_it_lies_outside():
    night = calendar(day_start_min=480, shifts=(Shift(1320, 1980, EVERY_DAY),))
    start, end = MONDAY * DAY + 9 * HOUR, (MONDAY + 3) * DAY + 8 * HOUR
    # Monday begins at 09:00, where Sunday's night shift ends; Wednesday's night shift ends an hour after the window
    beyond = days_beyond(night, night, start, end)
    assert [day - MONDAY for day in range(MONDAY - 1, MONDAY + 4) if day not in beyond] == [0, 1]
    beyond = days_beyond(night, night, start - 1, end + HOUR)
    assert [day - MONDAY for day in range(MONDAY - 1, MONDAY + 4) if day not in beyond] == [0, 1, 2]


def test_whole_days_continue_the_calendars_at_both_edges():
    # before the window the calendar at its beginning is continued, whatever was in force then
    plain, late = calendar(), calendar(day_start_min=60)
    start, end = MONDAY * DAY, (MONDAY + 2) * DAY
    assert MONDAY not in days_beyond(plain, plain, start, end)
    assert MONDAY + 1 not in days_beyond(plain, plain, start, end)
    # with the day start at 01:00 at the end, Tuesday lasts an hour beyond it
    assert MONDAY + 1 in days_beyond(plain, late, start, end)


def test_calendar_with_absurdly_many_shifts_is_refused_before_any_work():
    cal = calendar(shifts=(Shift(0, 1, EVERY_DAY),) * 5000)
    with pytest.raises(Refusal) as caught:
        calendar_pieces(cal, 0, 20 * 366 * DAY)
    assert caught.value.kind == "claim"
    assert MAX_STEPS < 5000 * 20 * 366


def segment_kinds(
    cal: Calendar, stops: tuple[Stop, ...], service: tuple[int, int | None] = (0, None)
) -> list[tuple[float, float, str]]:
    """Kinds of Monday for asset `a`."""
    low, high = MONDAY * DAY, (MONDAY + 1) * DAY
    entry = Asset("a", 1, 0, service, 0, True, True, True, "")  # type: ignore[arg-type]
    cal = Calendar(0, 0, cal.holidays, cal.shifts, cal.breaks, stops)
    plant = Plant({"a": entry}, {}, cal, {}, Coefficients("", {}), {}, {})
    laid_out = PlantCalendar(plant, calendar_pieces(cal, low, high), frozenset(stops[:2]))
    return [
        ((s.start - low) / HOUR, (s.end - low) / HOUR, s.kind)
        for s in laid_out.segments("a", low, high)
    ]


def test_segments_are_cut_by_counting_stops_of_the_asset_or_of_all_and_by_service():
    cal = calendar(shifts=(Shift(0, 1440, EVERY_DAY),))
    stops = (
        Stop("a", MONDAY * DAY + 2 * HOUR, "brk", MONDAY * DAY + 5 * HOUR),
        Stop("*", MONDAY * DAY + 4 * HOUR, "pm", MONDAY * DAY + 6 * HOUR),
        Stop("a", MONDAY * DAY + 7 * HOUR, "off", MONDAY * DAY + 8 * HOUR),  # registered late
    )
    found = segment_kinds(cal, stops, (MONDAY * DAY + HOUR, MONDAY * DAY + 20 * HOUR))
    merged: list[tuple[float, float, str]] = []
    for start, end, kind in found:
        if merged and merged[-1][2] == kind:
            merged[-1] = (merged[-1][0], end, kind)
        else:
            merged.append((start, end, kind))
    assert merged == [
        (0, 1, "none"),
        (1, 2, "planned"),
        (2, 4, "brk"),
        (4, 6, "pm"),  # pm over brk
        (6, 20, "planned"),
        (20, 24, "none"),
    ]
