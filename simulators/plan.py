"""Calendar of the demo plant and the plan of a before/after comparison, in Unix milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from simulators.demo_plant import Regime

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
UTC_OFFSET_MIN: Final = 480
DAY_START_MIN: Final = 480
SHIFTS: Final = (("早班", 480, 1200), ("晚班", 1200, 1920))
"""Name, first and last minute after local midnight, on all seven weekdays."""
BREAKS: Final = ((0, 30), (720, 750))
"""Breaks in minutes after local midnight, on every date."""
WEEKS: Final = 4
"""Shorter periods allow no word (docs/formats/claims.md §5 `before-after/2`)."""
LEAD_SLOTS: Final = 60
"""The agent runs this many minutes before and after each period, so that states and counters are carried in."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A planned stop that stands in the calendar before it starts."""

    asset: str
    kind: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Period:
    """Whole production weeks of one regime, [start_ms, end_ms)."""

    regime: Regime
    start_ms: int
    end_ms: int

    @property
    def slots(self) -> tuple[int, int]:
        """Return the period in minute slots since 1970."""
        return self.start_ms // MINUTE_MS, self.end_ms // MINUTE_MS

    @property
    def span(self) -> tuple[int, int]:
        """Return when the agent runs: the period with lead and grace."""
        return self.start_ms - LEAD_SLOTS * MINUTE_MS, self.end_ms + LEAD_SLOTS * MINUTE_MS

    @property
    def days(self) -> tuple[int, ...]:
        """Return the starts of its production days."""
        return tuple(range(self.start_ms, self.end_ms, DAY_MS))


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison: four weeks before, one week of rebuilding with the agent off, four weeks after."""

    seed: int
    first_day: date
    """Local date of the first production day of the period before; a Monday."""

    def __post_init__(self) -> None:
        """Refuse a plan that does not start on a Monday."""
        if self.first_day.isoweekday() != 1:
            raise ValueError(f"the first day {self.first_day} is not a Monday")

    @property
    def before(self) -> Period:
        """Return the baseline period."""
        return self._period(Regime.BEFORE, 0)

    @property
    def after(self) -> Period:
        """Return the reporting period."""
        return self._period(Regime.AFTER, WEEKS + 1)

    @property
    def periods(self) -> tuple[Period, Period]:
        """Return both periods in order of time."""
        return self.before, self.after

    @property
    def stops(self) -> tuple[Stop, ...]:
        """Return the planned maintenance of both periods: one machine on a Wednesday, one on a Thursday."""
        found = []
        for period in self.periods:
            wednesday = period.start_ms + 9 * DAY_MS + 6 * HOUR_MS
            thursday = period.start_ms + 17 * DAY_MS + 2 * HOUR_MS
            found.append(Stop("cnc-01", "pm", wednesday, wednesday + 2 * HOUR_MS))
            found.append(Stop("press-01", "pm", thursday, thursday + 90 * MINUTE_MS))
        return tuple(found)

    def _period(self, regime: Regime, week: int) -> Period:
        start = day_start_ms(self.first_day + timedelta(weeks=week))
        return Period(regime, start, start + WEEKS * 7 * DAY_MS)


def plan_ending_before(now_ms: int, seed: int) -> Plan:
    """Return the latest plan whose trace is complete at `now_ms`."""
    local = local_date(now_ms - LEAD_SLOTS * MINUTE_MS - DAY_START_MIN * MINUTE_MS)
    monday = local - timedelta(days=local.isoweekday() - 1)
    return Plan(seed, monday - timedelta(weeks=2 * WEEKS + 1))


def day_start_ms(day: date) -> int:
    """Return the first instant of the production day of local date `day`."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return int(midnight.timestamp()) * 1000 + (DAY_START_MIN - UTC_OFFSET_MIN) * MINUTE_MS


def local_time(ms: int) -> datetime:
    """Return the local time with its offset at `ms`."""
    zone = timezone(timedelta(minutes=UTC_OFFSET_MIN))
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)).astimezone(zone)


def local_date(ms: int) -> date:
    """Return the local calendar date at `ms`."""
    return local_time(ms).date()


def production_day_start(ms: int) -> int:
    """Return the start of the production day that holds `ms`."""
    shift = (DAY_START_MIN - UTC_OFFSET_MIN) * MINUTE_MS
    return (ms - shift) // DAY_MS * DAY_MS + shift


def breaks_of_day(day_ms: int) -> tuple[tuple[int, int], ...]:
    """Return the breaks inside the production day that starts at `day_ms`, in order."""
    found = []
    for first, last in BREAKS:
        after = (first - DAY_START_MIN) % 1440 * MINUTE_MS
        found.append((day_ms + after, day_ms + after + (last - first) * MINUTE_MS))
    return tuple(sorted(found))
