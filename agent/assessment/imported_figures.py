"""Figures from imported records as an assessment takes them: the seam between records and schemes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from agent.assessment.known_figures import Periods
from agent.records import load_records
from config.coefficient_files import builtin_coefficients, coefficient_table
from config.loader import LoadedPlant
from kpi.energy.coefficients import CoefficientTable
from kpi.grades import Grade, Letter, Origin
from kpi.records.all_figures import Records, record_figures
from kpi.records.figure import RecordFigure
from kpi.records.periods import Dates, RecordPeriods
from kpi.schemes.figures import Figure as KnownFigure
from kpi.window import Span
from model.errors import ConfigError
from storage.records import RecordsFolder


@dataclass(frozen=True, slots=True)
class ImportedFigures:
    """Asks the records of one plant; dates are those of its production days."""

    utc_offset_min: int
    day_start_min: int
    coefficients: CoefficientTable | None = None
    """Table that turns energy bills into coal equivalent; None = such figures stay undefined."""

    def __call__(self, folder: Path, periods: Periods) -> Mapping[str, KnownFigure]:
        """Return what the records in `folder` say over the periods, each figure with its grade and its bounds."""
        if periods.after is None or not folder.is_dir():
            return {}
        return self.figures(load_records(RecordsFolder(folder)), periods)

    def figures(self, records: Records, periods: Periods) -> Mapping[str, KnownFigure]:
        """Return what some records say over the periods; nothing without an after period."""
        if periods.after is None:
            return {}
        after = self._dates(periods.after)
        before = self._dates(periods.before) if periods.before is not None else None
        if before is not None and before.last >= after.first:
            # Records have dates: two windows of one day cannot be told apart by them.
            before = None
        asked = RecordPeriods(after, before)
        return {
            name: known(figure)
            for name, figure in record_figures(records, asked, self.coefficients).items()
        }

    def _dates(self, span: Span) -> Dates:
        return Dates(self._date(span.start_ms), self._date(span.end_ms - 1))

    def _date(self, instant_ms: int) -> date:
        """Return the production day of an instant: the date on which it began."""
        shifted = timedelta(minutes=self.utc_offset_min - self.day_start_min)
        return (datetime.fromtimestamp(instant_ms / 1000, UTC) + shifted).date()


def known(figure: RecordFigure) -> KnownFigure:
    """Return a figure from records with its origin and grade; its readings are bounds where they differ."""
    letter = figure.grade
    zh, en = [figure.reason.zh], [figure.reason.en]
    if figure.simulated:
        zh.insert(0, "该工厂的数据由模拟器产生，不是实测")
        en.insert(0, "the data of this plant were made by a simulator, not measured")
    return KnownFigure(
        figure.value,
        low=figure.low,
        high=figure.high,
        origin=Origin.IMPORTED if letter is Letter.C else Origin.DECLARED,
        grade=Grade(letter, figure.simulated, tuple(zh), tuple(en)),
        imports=figure.imports,
    )


def imported_figures(plant: LoadedPlant, coefficients: str | None) -> ImportedFigures:
    """Return the seam for one plant; raises ConfigError for a table of coefficients that does not exist.

    coefficients: id of a shipped table; None = the table that the plant names, if it names one.
    """
    config = plant.config
    own = config.coefficients
    if coefficients is None and own.endswith(".yaml"):
        table: CoefficientTable | None = coefficient_table(
            (plant.path.parent / own).read_bytes(), own
        )
    else:
        table = coefficient_table_of(coefficients or own)
    return ImportedFigures(offset_min(config.site.zone), config.calendar.day_start, table)


def offset_min(zone: str) -> int:
    """Return the minutes ahead of UTC for the calendar dates of records: the standard offset of January."""
    offset = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta(0)
    return offset // timedelta(minutes=1)


def coefficient_table_of(name: str) -> CoefficientTable | None:
    """Return a shipped table of coefficients, None for an empty name; raises ConfigError for another one."""
    if not name:
        return None
    tables = builtin_coefficients()
    if name not in tables:
        names = ", ".join(sorted(tables))
        raise ConfigError(
            f"no table of coefficients '{name}'; there are {names}",
            f"没有折标系数表“{name}”；可选 {names}",
        )
    return tables[name]
