"""What a case may say about two periods: daily values, dates, threshold."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from config.base import ConfigModel, ExactNumber
from kpi.comparison.daily import ExclusionReason

_PERCENT = re.compile(r"\s*(-?[0-9]+(?:\.[0-9]+)?)\s*[%％]\s*")
Days = tuple[ExactNumber, ExactNumber]
"""Numerator and denominator of a day."""


def _share(value: object) -> object:
    """Return an exact share from `10 %`, `0.1` or `1/10`."""
    if isinstance(value, str):
        if match := _PERCENT.fullmatch(value):
            return Fraction(match[1]) / 100
        try:
            return Fraction(value.replace(" ", ""))
        except (ValueError, ZeroDivisionError):
            pass
    if isinstance(value, Fraction) or (isinstance(value, int) and not isinstance(value, bool)):
        return Fraction(value)
    raise ValueError("a share is written 10 %, 0.1 or 1/10")


Share = Annotated[
    Fraction,
    BeforeValidator(_share),
    PlainSerializer(str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number"}]}),
]
"""An exact share: `10 %`, `0.1`, `1/10`."""


class ExclusionCase(ConfigModel):
    """Days that the enterprise wants left out."""

    first: date
    """First day."""
    last: date
    """Last day."""
    reason: ExclusionReason
    """Reason, from the closed list."""
    registered_before: bool = False
    """Registered before the first day began."""


class DayList(ConfigModel):
    """Daily values of one period, in date order from its first day on."""

    first: date
    """First day of the period."""
    last: date | None = None
    """Last day; default: that of the last value."""
    days: Annotated[tuple[Days, ...], Field(min_length=1)]
    """[numerator, denominator] of the working days, one after the other."""
    dates: tuple[date, ...] = ()
    """Their dates, where they are not simply the working days of the pattern."""


class BuildCase(ConfigModel):
    """Build and commissioning, cut out with seven days on either side."""

    first: date
    """First day."""
    last: date
    """Last day."""


class PeriodsCase(ConfigModel):
    """Before against after, from daily values."""

    metric: str
    """Metric id: oee-change, availability-change, utilisation-change, defect-change, energy-change, …"""
    threshold: Share
    """What is to be reached."""
    weekdays: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], Field(min_length=1)] = (
        *(1, 2, 3, 4, 5, 6, 7),
    )
    """Working days of a week, 1 = Monday."""
    holidays: tuple[date, ...] = ()
    """Dates without planned time."""
    extra: tuple[date, ...] = ()
    """Dates worked in exchange."""
    before: DayList
    """Baseline."""
    after: DayList
    """Reporting period."""
    build: BuildCase | None = None
    """Build period."""
    exclusions: tuple[ExclusionCase, ...] = ()
    """Exclusions."""
    as_of: date | None = None
    """Day of the evaluation; default: the day after the last one."""
    strict: bool | None = None
    """Whether the threshold must be exceeded; default: only a threshold of 0."""
    season: bool | None = None
    """Whether season acts; default: as the metric says."""
