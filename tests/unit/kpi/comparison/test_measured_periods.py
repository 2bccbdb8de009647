"""From a sealed log to a whole comparison: windows, series, facts, word."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from kpi.comparison.compare import compare
from kpi.comparison.compared_metrics import AVAILABILITY, ENERGY, OEE, PRODUCTIVITY
from kpi.comparison.confounders import Seen
from kpi.comparison.daily import DayStatus
from kpi.comparison.data import Options
from kpi.comparison.interval import Word
from kpi.comparison.measured_periods import (
    PLANT,
    measured_baseline,
    measured_reporting,
    measured_series,
    work_calendar,
)
from kpi.comparison.periods import Baseline, Reporting
from kpi.document import parse_document
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
from tests.support.comparison_days import names
from tests.support.kpi_plant import SLOT0, asset, calendar, document, shift
from tests.unit.kpi.comparison.test_daily_values import plant

DAYS = 63


def windows() -> tuple[Workspace, Workspace]:
    """Two periods of nine weeks, pieces about 50 and 65 a day; the log begins on Sunday 1 March 2026."""
    made = [base + 7 * i % 11 - 5 for base in (50, 65) for i in range(DAYS)]
    log, span = plant(made)
    edge = SLOT0 + DAYS * 1440
    rows = log.rows()
    return (
        Workspace(rows, Span(SLOT0, edge, 0, 1)),
        Workspace(rows, Span(edge, span.last, 0, 1)),
    )


def test_measured_periods_of_a_log_are_compared_end_to_end() -> None:
    before, after = windows()
    b = measured_baseline(before, OEE, ["a1"], simulated=True)
    a = measured_reporting(after, OEE, ["a1"], simulated=True)
    assert b.period == Baseline(date(2026, 3, 1), date(2026, 5, 2))
    assert a.period == Reporting(date(2026, 5, 3), date(2026, 7, 4))
    found = compare(
        b,
        a,
        Options(
            metric=OEE,
            threshold=Fraction(1, 10),
            calendar=work_calendar(before.parts[0].document.calendar),
            as_of=date(2026, 8, 1),
            sealed_before=True,
        ),
    )
    assert found.main is not None
    sums = [sum(d.n for d in data.series[0].days) for data in (b, a)]
    assert found.main.change == Fraction(sums[1], sums[0]) - 1
    assert found.word is Word.PASS
    assert [d.status for d in found.before] == [DayStatus.VALID] * DAYS
    assert "period.no-build-dates" in names(found.findings)
    assert found.grade.simulated
    # the state is a required point of one slot a minute and was written twice a day
    assert "coverage.low" in names(found.findings)
    seen = {n.confounder.name: n.seen for n in found.confounders}
    assert seen["inspection"] is Seen.NOT_CHECKED  # the log does not know it
    assert seen["regression-to-the-mean"] is Seen.NOT_CHECKED  # no history before the baseline
    assert seen["counting"] is Seen.NOT_FLAGGED


def test_measured_series_energy_is_one_series_of_the_plant() -> None:
    before, _ = windows()
    found = measured_series(before, ENERGY, ["a1"], ["m1"])
    assert [s.asset for s in found] == [PLANT]
    assert [s.asset for s in measured_series(before, AVAILABILITY, ["a1"])] == ["a1"]


def test_measured_series_of_an_imported_metric_is_refused() -> None:
    before, _ = windows()
    with pytest.raises(PermanentError, match="imported records"):
        measured_series(before, PRODUCTIVITY, ["a1"])


def test_measured_baseline_without_a_whole_day_is_refused() -> None:
    log, _ = plant([50])
    work = Workspace(log.rows(), Span(SLOT0 + 10, SLOT0 + 100, 0, 1))
    with pytest.raises(PermanentError, match="no whole production day"):
        measured_baseline(work, OEE, ["a1"], simulated=False)


def test_work_calendar_has_weekdays_with_a_shift_and_holidays() -> None:
    config = parse_document(
        document(
            [asset("a1")],
            {},
            calendar(
                shifts=[shift(480, 1200, (1, 2, 3)), shift(1200, 1920, (3, 4))],
                holidays=["2026-05-01"],
            ),
        )
    )
    found = work_calendar(config.calendar)
    assert (found.weekdays, found.holidays) == (
        frozenset({1, 2, 3, 4}),
        frozenset({date(2026, 5, 1)}),
    )
