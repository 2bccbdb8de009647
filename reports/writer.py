"""Writes single values of one report in one language."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from reports.catalogue import Catalogue, load, words
from reports.figures import DASH, figure
from reports.instants import days, minute, second
from reports.model import KpiRow, Measured, Period, ReportData
from reports.words import Text, Unit

_MOST_DECIMALS: Final = 15
_CHAPTERS: Final = Path(__file__).parent / "chapters"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes values of one report in one language."""

    data: ReportData
    texts: Catalogue

    def say(self, text: Text | None) -> str:
        """Return a text of the data in the language of the report."""
        return "" if text is None else text.of(self.texts.language)

    def minute(self, unix_ms: int) -> str:
        """Return an instant to the minute in site time."""
        return minute(unix_ms, self.data.site.utc_offset_min)

    def second(self, unix_ms: int) -> str:
        """Return an instant to the second in site time with its offset."""
        return second(unix_ms, self.data.site.utc_offset_min)

    def amount(
        self, value: Fraction | None, unit: Unit, decimals: int, threshold: Fraction | None = None
    ) -> str:
        """Return a number with its unit, or a dash."""
        if value is None:
            return DASH
        return f"{figure(value, unit, decimals, threshold)} {self.texts.t(f'unit.{unit.value}')}".strip()

    def measured(self, found: Measured | None, row: KpiRow) -> str:
        """Return a figure, or the reason why there is none."""
        if found is None:
            return DASH
        if found.value is None:
            return self.say(found.reason) or DASH
        text = self.amount(found.value, row.unit, row.decimals, row.threshold)
        low, high = self.edges(found, row)
        if not low or (found.low == found.high and not found.unbounded):
            return text
        return self.texts.t("kpi.bounds", value=text, low=low, high=high)

    def edges(self, found: Measured, row: KpiRow) -> tuple[str, str]:
        """Return the bounds that missing data leave, empty where none are stated."""
        if found.low is None or (found.high is None and not found.unbounded):
            return "", ""
        if found.high is None:
            return self.amount(found.low, row.unit, row.decimals), self.texts.t("kpi.unbounded")
        # Two bounds that differ are written so that they differ.
        places = row.decimals
        low, high = (self.amount(edge, row.unit, places) for edge in (found.low, found.high))
        while low == high and found.low != found.high and places < _MOST_DECIMALS:
            places += 1
            low, high = (self.amount(edge, row.unit, places) for edge in (found.low, found.high))
        return low, high

    def period(self, period: Period | None) -> str:
        """Return a period with its length in days."""
        if period is None:
            return self.texts.t("field.no_before")
        return self.texts.t(
            "period",
            first=self.minute(period.first_ms),
            last=self.minute(period.last_ms),
            days=days(period.first_ms, period.last_ms),
        )


def catalogue(language: str) -> Catalogue:
    """Return all texts of the report in `language`."""
    return words(language).over(load(_CHAPTERS, language))
