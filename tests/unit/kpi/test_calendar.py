"""Shifts over midnight, breaks, holidays, stops and production days, all worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from kpi.calendar import Kind, iso_date, production_days, segments, weekday
from kpi.document import ConfigDocument, parse_document
from kpi.history import ConfigEntry, ConfigHistory
from model.errors import PermanentError
from tests.support.kpi_plant import DAY, HOUR, MIN, SLOT0, T0, asset, calendar, document, shift

# T0 = 2026-03-01 00:00 UTC = Sunday 08:00 local
MIDNIGHT = T0 - 8 * HOUR
P, BRK, OFF, PM, NONE = Kind.PLANNED, Kind.BRK, Kind.OFF, Kind.PM, Kind.NONE


def doc(**more: Any) -> ConfigDocument:
    return parse_document(document([asset("a1")], {}, calendar(**more)))


def hours(found: list[Any]) -> list[tuple[float, float, Kind]]:
    """Segments in local hours of 2026-03-01."""
    return [((s.start_ms - MIDNIGHT) / HOUR, (s.end_ms - MIDNIGHT) / HOUR, s.kind) for s in found]


def lay_out(document_: ConfigDocument, start: int, end: int) -> list[tuple[float, float, Kind]]:
    cal = document_.calendar
    return hours(segments(document_.assets[0], cal, cal.stops, start, end))


def test_weekday_and_date_of_the_epoch_and_of_the_test_day() -> None:
    assert (iso_date(0), weekday(0)) == ("1970-01-01", 4)
    day = (T0 + 8 * HOUR) // DAY
    assert (iso_date(day), weekday(day)) == ("2026-03-01", 7)


def test_segments_two_shifts_of_the_demo_plant_with_breaks_at_noon_and_midnight() -> None:
    d = doc(
        shifts=[shift(480, 1200, range(1, 6)), shift(1200, 1920, range(1, 6))],
        breaks=[[720, 750], [0, 30]],
    )
    monday = MIDNIGHT + DAY
    assert lay_out(d, monday, monday + 2 * DAY) == [
        (24.0, 32.0, OFF),  # Sunday's night shift does not exist
        (32.0, 36.0, P),
        (36.0, 36.5, BRK),
        (36.5, 48.0, P),
        (48.0, 48.5, BRK),  # the break at midnight lies in the night shift of Monday
        (48.5, 60.0, P),
        (60.0, 60.5, BRK),
        (60.5, 72.0, P),
    ]


def test_segments_break_at_midnight_outside_any_shift_stays_off() -> None:
    d = doc(shifts=[shift(480, 1200)], breaks=[[0, 30], [1190, 1210]])
    assert lay_out(d, MIDNIGHT, MIDNIGHT + DAY) == [
        (0.0, 8.0, OFF),
        (8.0, 1190 / 60, P),
        (1190 / 60, 20.0, BRK),
        (20.0, 24.0, OFF),
    ]


def test_segments_holiday_takes_the_shifts_that_start_on_it_only() -> None:
    d = doc(shifts=[shift(1200, 1920)], holidays=["2026-03-01"])
    assert lay_out(d, MIDNIGHT, MIDNIGHT + 2 * DAY) == [
        (0.0, 8.0, P),  # night shift of the day before runs on into the holiday
        (8.0, 44.0, OFF),
        (44.0, 48.0, P),
    ]


def stop(kind: str, start: int, end: int, who: str = "a1") -> dict[str, Any]:
    return {"asset": who, "from_ms": start, "kind": kind, "to_ms": end}


def test_segments_stop_off_over_pm_over_brk_and_of_other_assets_not_at_all() -> None:
    d = doc(
        stops=[
            stop("brk", MIDNIGHT, MIDNIGHT + 6 * HOUR, "*"),
            stop("pm", MIDNIGHT + 2 * HOUR, MIDNIGHT + 5 * HOUR),
            stop("off", MIDNIGHT + 3 * HOUR, MIDNIGHT + 4 * HOUR),
            stop("off", MIDNIGHT, MIDNIGHT + DAY, "b1"),
        ]
    )
    assert lay_out(d, MIDNIGHT, MIDNIGHT + 8 * HOUR) == [
        (0.0, 2.0, BRK),
        (2.0, 3.0, PM),
        (3.0, 4.0, OFF),
        (4.0, 5.0, PM),
        (5.0, 6.0, BRK),
        (6.0, 8.0, P),
    ]


def test_segments_outside_service_and_unregistered_book_nothing() -> None:
    d = parse_document(
        document([asset("a1", in_service=[T0 + HOUR, T0 + 2 * HOUR])], {}, calendar())
    )
    found = segments(d.assets[0], d.calendar, (), T0, T0 + 3 * HOUR)
    assert hours(found) == [(8.0, 9.0, NONE), (9.0, 10.0, P), (10.0, 11.0, NONE)]
    assert hours(segments(None, d.calendar, (), T0, T0 + HOUR)) == [(8.0, 9.0, NONE)]


def test_production_days_cut_by_the_window_are_listed_and_not_whole() -> None:
    cal = doc().calendar
    found = production_days(cal, T0 - HOUR, T0 + DAY + HOUR)
    assert [(d.date, d.start_ms, d.end_ms, d.whole) for d in found] == [
        ("2026-02-28", T0 - HOUR, T0, False),
        ("2026-03-01", T0, T0 + DAY, True),
        ("2026-03-02", T0 + DAY, T0 + DAY + HOUR, False),
    ]


LATE = stop("pm", T0 + 10 * MIN + 17, T0 + 20 * MIN)


@pytest.mark.parametrize(
    ("last_block", "counts"),
    [
        (SLOT0 + 9, True),  # registered in the minute before
        (SLOT0 + 10, False),  # the minute in which it starts is sealed already
        (None, True),
    ],
)
def test_late_stop_registered_after_its_first_minute_does_not_count(
    last_block: int | None, counts: bool
) -> None:
    history = ConfigHistory(
        (
            ConfigEntry(doc(), None, SLOT0),
            ConfigEntry(
                doc(stops=[LATE]), last_block, None if last_block is None else last_block + 1
            ),
        )
    )
    stops = history.entries[1].document.calendar.stops
    assert history.counts(stops[0]) is counts
    assert history.late_stops == (() if counts else stops)


def test_late_stop_changed_by_one_minute_is_a_new_stop() -> None:
    longer = {**LATE, "to_ms": T0 + 21 * MIN}
    history = ConfigHistory(
        (
            ConfigEntry(doc(stops=[LATE]), None, SLOT0),
            ConfigEntry(doc(stops=[longer]), SLOT0 + 12, SLOT0 + 13),
        )
    )
    parts = history.segments(T0, T0 + 30 * MIN)
    assert [len(p.stops) for p in parts] == [1, 0]
    assert [p.start_ms for p in parts] == [T0, T0 + 13 * MIN]


def test_history_first_configuration_covers_all_time_before() -> None:
    history = ConfigHistory((ConfigEntry(doc(), None, SLOT0),))
    (part,) = history.segments(T0 - DAY, T0)
    assert (part.start_ms, part.end_ms) == (T0 - DAY, T0)


def test_history_without_any_block_is_refused() -> None:
    with pytest.raises(PermanentError, match="no block"):
        ConfigHistory((ConfigEntry(doc(), None, None),))
