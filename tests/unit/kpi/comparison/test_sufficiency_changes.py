"""One test for each finding on what changed between the periods besides the project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from kpi.comparison.compared_metrics import (
    AVAILABILITY,
    DEFECT_RATE,
    ENERGY,
    OEE,
    PRODUCTIVITY,
    ComparedMetric,
    RuleKind,
)
from kpi.comparison.data import PeriodFacts, Rule
from kpi.comparison.nonroutine import EventCause, NonRoutineEvent
from kpi.comparison.periods import Baseline, Reporting
from kpi.comparison.sufficiency_changes import (
    coverage_findings,
    downtime_findings,
    mix_findings,
    rule_findings,
    season_findings,
    set_findings,
    staffing_findings,
    unchecked,
)
from kpi.findings import Finding, Severity
from tests.support.comparison_days import (
    BASELINE,
    REPORTING,
    baseline,
    names,
    noisy,
    options,
    reporting,
    series,
)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, names(findings)
    return findings[0]


def facts(**more: object) -> PeriodFacts:
    return PeriodFacts(**more)  # type: ignore[arg-type]


def covered(percent: int) -> PeriodFacts:
    return facts(coverage=(("a1", Fraction(percent, 100)),))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (95, 95, []),
        (90, 94, []),
        (89, 89, ["coverage.low"]),
        (92, 97, []),  # exactly five points
        (92, 98, ["coverage.change"]),
        (80, 99, ["coverage.low", "coverage.change"]),
    ],
)
def test_coverage_below_ninety_or_moved_by_more_than_five_points_e21(
    before: int, after: int, expected: list[str]
) -> None:
    found = coverage_findings(covered(before), covered(after), ["a1"])
    assert names(found) == expected
    assert all(f.lowers_grade for f in found)


def test_coverage_that_is_not_stated_is_a_flaw_of_the_evidence() -> None:
    found = only(coverage_findings(covered(95), facts(), ["a1"]))
    assert (found.name, found.lowers_grade) == ("coverage.not-stated", True)


def event(cause: EventCause) -> NonRoutineEvent:
    return NonRoutineEvent(
        first=date(2026, 8, 1),
        last=date(2026, 8, 1),
        cause=cause,
        metric="*",
        description="x",
        approved_by="y",
        registered_before=True,
    )


def machines(*assets: str) -> Iterable[object]:
    return [series(noisy(600, 1), BASELINE.first, BASELINE.last, asset=a) for a in assets]


def test_set_without_a_machine_in_both_periods_is_disqualified() -> None:
    found = only(set_findings(baseline(*machines("a")), reporting(*machines("b")), (), options()))  # type: ignore[arg-type]
    assert (found.name, found.severity) == ("set.empty", Severity.DISQUALIFY)


@pytest.mark.parametrize(
    ("events", "lowers"), [((), True), ((event(EventCause.NEW_MACHINE),), False)]
)
def test_set_changed_names_the_machines_and_lowers_the_grade_unless_registered(
    events: tuple[NonRoutineEvent, ...], lowers: bool
) -> None:
    found = only(
        set_findings(
            baseline(*machines("a", "b")),  # type: ignore[arg-type]
            reporting(*machines("a", "c")),  # type: ignore[arg-type]
            ("a",),
            options(events=events),
        )
    )
    assert (found.name, found.lowers_grade) == ("set.changed", lowers)
    assert dict(found.numbers) == {"matched": 1, "all": 3, "dropped": "b, c"}


def rule(kind: RuleKind, value: str, subject: str = "a1") -> Rule:
    return Rule(kind, subject, value)


@pytest.mark.parametrize(
    ("metric", "kind", "severity"),
    [
        (OEE, RuleKind.IDEAL_CYCLE, Severity.DISQUALIFY),
        (OEE, RuleKind.COUNTING, Severity.DISQUALIFY),
        (OEE, RuleKind.STATE_TABLE, Severity.WARN),  # OEE needs no state signal
        (DEFECT_RATE, RuleKind.INSPECTION, Severity.DISQUALIFY),
        (OEE, RuleKind.INSPECTION, Severity.WARN),
        (AVAILABILITY, RuleKind.STATE_TABLE, Severity.DISQUALIFY),
        (AVAILABILITY, RuleKind.IDEAL_CYCLE, Severity.WARN),
        (ENERGY, RuleKind.METER_RATIO, Severity.WARN),  # Wh = Σ raw · ratio, kpi.md C37
        (PRODUCTIVITY, RuleKind.PRICE_LIST, Severity.DISQUALIFY),
        (OEE, RuleKind.CALENDAR, Severity.WARN),
    ],
)
def test_rules_that_changed_between_the_periods(
    metric: ComparedMetric, kind: RuleKind, severity: Severity
) -> None:
    found = only(rule_findings([rule(kind, "60000/1")], [rule(kind, "70000/1")], options(metric)))
    assert found.severity is severity
    assert dict(found.numbers) == {"subject": "a1", "before": "60000/1", "after": "70000/1"}
    assert "60000/1" in found.text.zh


def test_rules_that_stayed_raise_nothing() -> None:
    same = [rule(RuleKind.IDEAL_CYCLE, "60000/1")]
    assert rule_findings(same, same, options()) == []


def test_rules_that_changed_inside_a_period_are_found_too() -> None:
    before = [rule(RuleKind.CALENDAR, "day 480", "*"), rule(RuleKind.CALENDAR, "day 420", "*")]
    found = only(rule_findings(before, [before[0]], options()))
    assert dict(found.numbers)["before"] == "day 480 → day 420"
    assert found.lowers_word


def test_rules_of_a_machine_in_one_period_only_are_no_change() -> None:
    assert rule_findings([rule(RuleKind.IDEAL_CYCLE, "1/1", "old")], [], options()) == []


def test_rules_change_with_a_registered_event_keeps_the_grade() -> None:
    kinds = ([rule(RuleKind.METER_RATIO, "20/1")], [rule(RuleKind.METER_RATIO, "40/1")])
    assert only(rule_findings(*kinds, options(ENERGY))).lowers_grade
    known = options(ENERGY, events=(event(EventCause.METER_RATIO),))
    assert not only(rule_findings(*kinds, known)).lowers_grade


@pytest.mark.parametrize(("after", "raised"), [(70, False), (71, True)])
def test_plan_downtime_share_moved_by_more_than_two_points(after: int, raised: bool) -> None:
    found = downtime_findings(
        facts(planned_downtime_ms=50, planned_operation_ms=1000),
        facts(planned_downtime_ms=after, planned_operation_ms=1000),
    )
    assert names(found) == (["plan.downtime-share"] if raised else [])


def test_plan_downtime_that_is_not_known_raises_nothing() -> None:
    assert downtime_findings(facts(), facts(planned_downtime_ms=1, planned_operation_ms=2)) == []


def test_season_months_differ_lowers_the_word_of_a_seasonal_metric() -> None:
    found = only(season_findings(BASELINE, REPORTING))
    assert (found.name, found.lowers_word) == ("season.months", True)
    assert dict(found.numbers) == {"before": "3, 4, 5", "after": "8, 9, 10, 11"}


def test_season_is_no_issue_for_the_same_months_or_a_year_each() -> None:
    year = (
        Baseline(date(2025, 6, 2), date(2026, 5, 31)),
        Reporting(date(2026, 8, 10), date(2027, 8, 8)),
    )
    assert year[0].days == year[1].days == 364
    assert season_findings(*year) == []
    same = (
        Baseline(date(2025, 3, 3), date(2025, 4, 27)),
        Reporting(date(2026, 3, 2), date(2026, 4, 26)),
    )
    assert season_findings(*same) == []


@pytest.mark.parametrize(
    ("after", "raised"),
    [
        # shares .5/.5 → .7/.3: .2·ln1.4 − .2·ln.6 = .2·(.336 + .511) = .169
        ((70, 30), False),
        # .5/.5 → .75/.25: .25·ln1.5 + .25·ln2 = .25·(.405 + .693) = .275
        ((75, 25), True),
    ],
)
def test_mix_shift_above_two_tenths_of_psi_u12(after: tuple[int, int], raised: bool) -> None:
    found = mix_findings(
        facts(mix=(("p", 50), ("q", 50))),
        facts(mix=(("p", after[0]), ("q", after[1]))),
        options(),
    )
    assert names(found) == (["mix.shift"] if raised else [])
    if raised:
        assert only(found).lowers_grade
        assert "0.275" in only(found).text.en


@pytest.mark.parametrize(("after", "raised"), [(110, False), (111, True), (89, True)])
def test_staffing_changed_by_more_than_a_tenth(after: int, raised: bool) -> None:
    found = staffing_findings(
        facts(attended=Fraction(100)), facts(attended=Fraction(after)), options()
    )
    assert names(found) == (["staffing.change"] if raised else [])


def test_unchecked_confounders_are_those_without_data() -> None:
    nothing = facts()
    assert set(unchecked(nothing, nothing, options())) == {
        "season",
        "mix",
        "prices",
        "overtime",
        "inspection",
        "counting",
        "coverage",
    }
    known = replace(
        covered(99),
        mix=(("p", 1),),
        rules=tuple(
            rule(kind, "1")
            for kind in (
                RuleKind.COUNTING,
                RuleKind.INSPECTION,
                RuleKind.CALENDAR,
                RuleKind.PRICE_LIST,
            )
        ),
    )
    assert unchecked(known, known, options(ENERGY)) == ()
