"""The three periods of a comparison: baseline B, build period X, reporting period A (kpi.md D.2, kpi-audit E16).

They are different types, so that one cannot stand where another is meant. A function proposes them from the dates
of the form (车间建设开始时间, 完成时间) and a calendar, and says why. Every rule is ours; no official text has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from kpi.bilingual import Bilingual
from kpi.comparison.interval import FIRM_DAYS

WEEK: Final = 7
MARGIN_DAYS: Final = 7
"""Days cut out before and after the build period."""
DEFAULT_WEEKS: Final = 13
FEWEST_WEEKS: Final = 4
SEASON_WEEKS: Final = 52
MOST_WEEKS: Final = 104
"""A plant that has no 60 valid days in two years gets no longer proposal."""


@dataclass(frozen=True, slots=True)
class _Period:
    """Production days from `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a period that ends before it starts (ValueError)."""
        if self.last < self.first:
            raise ValueError(f"a period needs an end on or after its start, not {self}")

    @property
    def days(self) -> int:
        """Return the number of calendar days."""
        return (self.last - self.first).days + 1

    @property
    def weeks(self) -> int:
        """Return the number of whole weeks."""
        return self.days // WEEK

    @property
    def whole_weeks(self) -> bool:
        """Return whether the period consists of whole weeks."""
        return self.days % WEEK == 0

    def dates(self) -> Iterator[date]:
        """Return every date in order."""
        return (self.first + timedelta(days=i) for i in range(self.days))


@dataclass(frozen=True, slots=True)
class Baseline(_Period):
    """Period before the build period."""


@dataclass(frozen=True, slots=True)
class Reporting(_Period):
    """Period after the build period."""


@dataclass(frozen=True, slots=True)
class BuildPeriod(_Period):
    """Build and commissioning as the form dates them; it is cut out with seven days on either side."""

    @property
    def cut_first(self) -> date:
        """Return the first date that belongs to neither period."""
        return self.first - timedelta(days=MARGIN_DAYS)

    @property
    def cut_last(self) -> date:
        """Return the last date that belongs to neither period."""
        return self.last + timedelta(days=MARGIN_DAYS)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which dates have planned time. weekdays: 1 = Monday … 7 = Sunday; extra: worked in exchange (调休)."""

    weekdays: frozenset[int]
    holidays: frozenset[date] = field(default_factory=frozenset)
    extra: frozenset[date] = field(default_factory=frozenset)

    def planned(self, day: date) -> bool:
        """Return whether time is planned on a date."""
        if day in self.extra:
            return True
        return day.isoweekday() in self.weekdays and day not in self.holidays

    @property
    def week_days(self) -> int:
        """Return w of U8: weekdays with planned time."""
        return len(self.weekdays)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Proposed periods and the reasons, one a sentence."""

    baseline: Baseline | None
    """None = no data of at least four whole weeks exists before the build period."""
    reporting: Reporting
    valid_before: int
    """Days that are or can become valid."""
    valid_after: int
    complete_on: date
    """First date on which the reporting period is over."""
    reasons: tuple[Bilingual, ...]

    @property
    def firm(self) -> bool:
        """Return whether a firm word is possible: 60 valid days in both periods."""
        return self.baseline is not None and min(self.valid_before, self.valid_after) >= FIRM_DAYS


def propose_periods(
    build: BuildPeriod,
    calendar: WorkCalendar,
    *,
    data_from: date | None = None,
    invalid: frozenset[date] = frozenset(),
    season: bool = False,
    weeks: int = DEFAULT_WEEKS,
) -> Proposal:
    """Return the periods nearest to the build period: Monday to Sunday, equally many weeks, 60 valid days if possible.

    data_from: first production day with data, None = enough; invalid: dates already known not to be valid;
    season: heating, cooling or season acts on the metric; weeks: wanted at least. Raises ValueError for fewer than
    four weeks. Source: kpi.md D.2, kpi-audit E16.
    """
    if not FEWEST_WEEKS <= weeks <= MOST_WEEKS:
        raise ValueError(f"a period has {FEWEST_WEEKS} to {MOST_WEEKS} weeks, not {weeks}")
    end = _sunday_before(build.cut_first)
    start = _monday_after(build.cut_last)
    reasons = [_cut(build), _weekdays(end, start)]
    wanted = max(weeks, SEASON_WEEKS) if season else weeks
    reasons.append(_length(wanted, season=season))

    def usable(count: int) -> tuple[int, int]:
        before = Baseline(end - timedelta(days=WEEK * count - 1), end)
        after = Reporting(start, start + timedelta(days=WEEK * count - 1))
        return _valid(before, calendar, invalid), _valid(after, calendar, invalid)

    count = wanted
    while count < MOST_WEEKS and min(usable(count)) < FIRM_DAYS:
        count += 1
    if count > wanted:
        reasons.append(_extended(wanted, count, usable(count)))
    available = MOST_WEEKS if data_from is None else max(0, ((end - data_from).days + 1) // WEEK)
    short = available < count
    if short:
        reasons.append(_shortened(count, available))
    if available < FEWEST_WEEKS:
        baseline, before_days = None, 0
    else:
        count = min(count, available)
        baseline, before_days = (
            Baseline(end - timedelta(days=WEEK * count - 1), end),
            usable(count)[0],
        )
    reporting = Reporting(start, start + timedelta(days=WEEK * count - 1))
    return Proposal(
        baseline=baseline,
        reporting=reporting,
        valid_before=before_days,
        valid_after=usable(count)[1],
        complete_on=reporting.last + timedelta(days=1),
        reasons=tuple(reasons),
    )


def _valid(period: Baseline | Reporting, calendar: WorkCalendar, invalid: frozenset[date]) -> int:
    return sum(calendar.planned(day) and day not in invalid for day in period.dates())


def _sunday_before(day: date) -> date:
    """Return the last Sunday before a date."""
    return day - timedelta(days=day.isoweekday())


def _monday_after(day: date) -> date:
    """Return the first Monday after a date."""
    return day + timedelta(days=8 - day.isoweekday())


def _cut(build: BuildPeriod) -> Bilingual:
    return Bilingual(
        f"建设期 {build.first} 至 {build.last} 前后各 {MARGIN_DAYS} 天不计入任何一期（{build.cut_first} 至 "
        f"{build.cut_last}）。",
        f"The build period {build.first} to {build.last} is cut out with {MARGIN_DAYS} days on either side "
        f"({build.cut_first} to {build.cut_last}).",
    )


def _weekdays(end: date, start: date) -> Bilingual:
    return Bilingual(
        f"两期均由完整的周（周一至周日）组成并紧邻建设期：基期止于 {end}，报告期始于 {start}，星期构成相同。",
        "Both periods are whole weeks from Monday to Sunday next to the build period: "
        f"the baseline ends on {end}, the reporting period starts on {start}; equal weekdays on both sides.",
    )


def _length(weeks: int, *, season: bool) -> Bilingual:
    if season:
        return Bilingual(
            f"指标受季节影响：每期至少 {weeks} 周，使两期包含相同的月份。",
            f"Season acts on the metric: at least {weeks} weeks each, so that both hold the same months.",
        )
    return Bilingual(
        f"每期至少 {weeks} 周，两期周数相等（本系统的规则，官方文件未规定）。",
        f"At least {weeks} weeks each, equally many on both sides (a rule of ours; no official text has one).",
    )


def _extended(wanted: int, count: int, valid: tuple[int, int]) -> Bilingual:
    return Bilingual(
        f"{wanted} 周内不足 {FIRM_DAYS} 个有效日，逐周延长至 {count} 周（基期 {valid[0]} 日，报告期 "
        f"{valid[1]} 日）。",
        f"{wanted} weeks do not hold {FIRM_DAYS} valid days, so both were extended week by week to {count} "
        f"({valid[0]} days before, {valid[1]} after).",
    )


def _shortened(count: int, available: int) -> Bilingual:
    if available < FEWEST_WEEKS:
        return Bilingual(
            f"建设期前只有 {available} 个完整的周有数据，少于 {FEWEST_WEEKS} 周：没有实测基期，"
            "只能采用申报值，不给区间。",
            f"Only {available} whole weeks before the build period have data, fewer than {FEWEST_WEEKS}: there is no "
            "measured baseline; a declared figure has no interval.",
        )
    return Bilingual(
        f"需要 {count} 周，但建设期前只有 {available} 个完整的周有数据，两期均取 {available} 周。",
        f"{count} weeks are needed, but only {available} whole weeks before the build period have data: "
        f"both take {available}.",
    )
