"""What holds for every comparison, whatever the data: no number without fitness, no word stronger than its interval."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.comparison.compare import compare
from kpi.comparison.compared_metrics import COMPARED
from kpi.comparison.daily import DailySeries, DailyValue, DayBounds, Exclusion, ExclusionReason
from kpi.comparison.data import BaselineData, Options, PeriodFacts, ReportingData
from kpi.comparison.few_events import rate_estimate
from kpi.comparison.interval import Day, Word, weaker
from kpi.comparison.page import comparison_lines
from kpi.comparison.periods import Baseline, BuildPeriod, Reporting, WorkCalendar

_SETS = st.sampled_from(("ab", "ab", "b", "bc"))
BUILD = BuildPeriod(date(2026, 6, 8), date(2026, 7, 31))


def value(rng: random.Random, when: date, level: int) -> DailyValue:
    n, d = rng.randrange(level, level + 30), rng.randrange(80, 120)
    if rng.random() < 0.05:
        n = 0
    planned = 0 if rng.random() < 0.1 else 100
    unknown = rng.choice((5, 50)) if planned and rng.random() < 0.1 else 0
    bounds = None
    if rng.random() < 0.05:
        bounds = DayBounds(Day(n, d), Day(n + 5, d) if rng.random() < 0.8 else None)
    return DailyValue(date=when, n=n, d=d, planned=planned, unknown=unknown, bounds=bounds)


@st.composite
def series(draw: st.DrawFn, asset: str, first: date, days: int) -> DailySeries:
    rng = random.Random(draw(st.integers(0, 2**32)))
    level = draw(st.integers(0, 60))
    missing = draw(st.sampled_from((0, 0, 0, 2)))  # first days on which the machine is not there
    return DailySeries(
        asset,
        tuple(value(rng, first + timedelta(days=i), level) for i in range(missing, days)),
    )


@st.composite
def exclusions(draw: st.DrawFn, first: date) -> tuple[Exclusion, ...]:
    return tuple(
        Exclusion(
            first=first + timedelta(days=at),
            last=first + timedelta(days=at + draw(st.integers(0, 9))),
            reason=draw(st.sampled_from(list(ExclusionReason))),
            registered_before=draw(st.booleans()),
        )
        for at in draw(st.lists(st.integers(0, 60), max_size=2))
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_comparison_invariants(data: st.DataObject) -> None:
    length = data.draw(st.sampled_from((63, 56, 28, 27)))
    shift = data.draw(st.sampled_from((0, 0, 0, 1, -8)))
    b_first = date(2026, 5, 31) - timedelta(days=length - 1)
    a_first = date(2026, 8, 10) + timedelta(days=shift)
    baseline = BaselineData(
        period=Baseline(b_first, date(2026, 5, 31)),
        series=tuple(data.draw(series(n, b_first, length)) for n in data.draw(_SETS)),
        exclusions=data.draw(exclusions(b_first)),
        facts=PeriodFacts(),
    )
    reporting = ReportingData(
        period=Reporting(a_first, a_first + timedelta(days=length - 1)),
        series=tuple(data.draw(series(n, a_first, length)) for n in data.draw(_SETS)),
        exclusions=data.draw(exclusions(a_first)),
        facts=PeriodFacts(),
    )
    options = Options(
        metric=data.draw(st.sampled_from(list(COMPARED.values()))),
        threshold=data.draw(st.sampled_from((Fraction(0), Fraction(1, 10)))),
        calendar=WorkCalendar(frozenset(range(1, data.draw(st.integers(2, 8))))),
        as_of=date(2027, 1, 1),
        build=data.draw(st.sampled_from((BUILD, None))),
    )
    estimator = (rate_estimate,) if data.draw(st.booleans()) else ()
    found = compare(baseline, reporting, options, *estimator)
    assert (found.main is None) == found.disqualified
    if found.main is None:
        assert found.word is Word.UNDETERMINED
        assert (found.drift_before, found.cherry, found.before) == (None, None, ())
    else:
        assert found.main.low is not None
        assert found.main.high is not None
        tolerance = Fraction(1, 10**30)
        assert Fraction(found.main.low) - tolerance <= found.main.change
        assert found.main.change <= Fraction(found.main.high) + tolerance
        assert weaker(found.word, found.main.word) is found.word
        if any(f.lowers_word for f in found.findings):
            assert found.word is not Word.PASS
        assert min(found.main.days_before, found.main.days_after) >= 20
        assert len(found.before) == length
        # a late exclusion never touches the main figure
        if not all(e.registered_before for e in (*baseline.exclusions, *reporting.exclusions)):
            assert found.main == found.without_exclusions
    for language in ("zh", "en"):
        assert comparison_lines(found, language)  # type: ignore[arg-type]
