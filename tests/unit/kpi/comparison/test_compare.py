"""The whole comparison: what the main figure is made of, and what each finding does to word, numbers and grade."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest

from kpi.comparison.compare import compare
from kpi.comparison.compared_metrics import ENERGY, OEE, TEEP, UTILISATION, RuleKind
from kpi.comparison.confounders import Seen
from kpi.comparison.daily import DailySeries, DailyValue, DayBounds, Exclusion, ExclusionReason
from kpi.comparison.data import (
    BaselineData,
    DeclaredBaseline,
    PeriodFacts,
    ReportingData,
    Rule,
    Twin,
)
from kpi.comparison.interval import Day, Word, interval
from kpi.comparison.nonroutine import EventCause, NonRoutineEvent
from kpi.comparison.periods import Baseline, Reporting
from kpi.findings import Severity, note, warn
from kpi.grades import Letter, Origin
from tests.support.comparison_days import (
    BASELINE,
    REPORTING,
    baseline,
    dates,
    names,
    noisy,
    options,
    reporting,
    series,
)

B = series(noisy(600, 1), BASELINE.first, BASELINE.last)
A = series(noisy(720, 2), REPORTING.first, REPORTING.last)
"""Independent days of ±10 %: a gain of about 20 %."""


def raised(found, name: str):  # type: ignore[no-untyped-def]
    return next(f for f in found.findings if f.name == name)


def lowering(found) -> list[str]:  # type: ignore[no-untyped-def]
    return [f.name for f in found.findings if f.lowers_word]


def test_comparison_of_sound_periods_passes_with_grade_a() -> None:
    found = compare(baseline(B), reporting(A), options())
    assert found.main is not None
    n_b, n_a = sum(d.n for d in B.days), sum(d.n for d in A.days)
    assert found.main.change == Fraction(n_a, n_b) - 1  # equal planned time on all days
    days = [[Day(d.n, d.d) for d in s.days] for s in (B, A)]
    assert found.main.interval == interval(days[0], days[1], "increase", 7)
    assert (found.main.low, found.main.high) == (found.main.interval.low, found.main.interval.high)
    assert (found.main.days_before, found.main.days_after) == (91, 91)
    assert lowering(found) == []
    assert found.word is Word.PASS
    assert found.grade.letter is Letter.A
    assert found.drift_before is not None
    assert found.drift_after is not None
    assert (found.drift_before.weeks, found.drift_after.weeks) == (13, 13)


def test_comparison_prints_drift_slope_even_when_none_is_found() -> None:
    found = compare(baseline(B), reporting(A), options())
    finding = raised(found, "drift.none-found-before")
    assert finding.severity is Severity.NOTE
    assert "no drift found, which does not mean there is none" in finding.text.en
    assert "不等于没有漂移" in finding.text.zh


def test_comparison_drift_lowers_pass_to_point_only_and_the_grade() -> None:
    rising = series(lambda i: (680 + i + (i * 37) % 40, 1000), REPORTING.first, REPORTING.last)
    found = compare(baseline(B), reporting(rising), options())
    assert found.main is not None
    assert found.main.word is Word.PASS
    assert found.word is Word.POINT_ONLY
    assert raised(found, "drift.after").lowers_grade
    assert found.grade.letter is Letter.B


def test_comparison_drift_leaves_a_fail() -> None:
    # falls by 13 % over the period and is no better than before
    falling = series(lambda i: (640 - i + (i * 37) % 40, 1000), REPORTING.first, REPORTING.last)
    found = compare(baseline(B), reporting(falling), options())
    assert "drift.after" in names(found.findings)
    assert found.word is Word.FAIL


def test_comparison_drift_that_could_not_be_tested_lowers_the_word() -> None:
    # seven weeks: 49 valid days and no eight weeks to test
    b = Baseline(BASELINE.last - timedelta(days=48), BASELINE.last)
    a = Reporting(REPORTING.first, REPORTING.first + timedelta(days=48))
    found = compare(baseline(B, period=b), reporting(A, period=a), options())
    assert {"drift.not-tested-before", "drift.not-tested-after", "days.provisional"} <= set(
        lowering(found)
    )
    assert found.word is Word.POINT_ONLY


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": REPORTING.last},
        {"build": None, "as_of": REPORTING.first},
    ],
)
def test_comparison_disqualified_gives_no_number_at_all(change: dict[str, object]) -> None:
    found = compare(baseline(B), reporting(A), options(**change))  # type: ignore[arg-type]
    assert found.disqualified
    assert found.word is Word.UNDETERMINED
    for name in (
        "main",
        "with_exclusions",
        "without_exclusions",
        "full_set",
        "unfavourable",
        "drift_before",
        "drift_after",
        "step_before",
        "step_after",
        "cherry",
        "twin",
    ):
        assert getattr(found, name) is None, name
    assert (found.before, found.after) == ((), ())
    assert not [n for f in found.findings for n in f.numbers if n in ("change", "slope")]


def excluded(first: date, days: int, *, registered: bool = True) -> Exclusion:
    return Exclusion(
        first=first,
        last=first + timedelta(days=days - 1),
        reason=ExclusionReason.FORCE_MAJEURE,
        registered_before=registered,
    )


def with_bad_week(at: int = 21) -> DailySeries:
    """Return the reporting period with one week at a third of its level."""
    days = list(A.days)
    for i in range(at, at + 7):
        days[i] = replace(days[i], n=days[i].n // 3)
    return DailySeries("a1", tuple(days))


def test_comparison_registered_exclusion_is_the_main_figure_and_both_are_printed() -> None:
    stop = excluded(REPORTING.first + timedelta(days=21), 7)
    found = compare(baseline(B), reporting(with_bad_week(), exclusions=(stop,)), options())
    assert found.leaves_out
    assert found.main == found.with_exclusions
    assert found.with_exclusions is not None
    assert found.without_exclusions is not None
    assert (found.with_exclusions.days_after, found.without_exclusions.days_after) == (84, 91)
    assert found.without_exclusions.change < found.with_exclusions.change
    assert "exclusions.unequal" in names(found.findings)
    # the days stay listed
    assert sum(d.exclusion is stop for d in found.after) == 7


def test_comparison_late_exclusion_leaves_nothing_out_of_the_main_figure() -> None:
    late = excluded(REPORTING.first + timedelta(days=21), 7, registered=False)
    registered = excluded(REPORTING.first, 1)
    found = compare(
        baseline(B), reporting(with_bad_week(), exclusions=(late, registered)), options()
    )
    assert not found.leaves_out
    assert found.main == found.without_exclusions
    assert raised(found, "exclusions.registered-late").lowers_grade


def test_comparison_exclusions_that_decide_the_word_lower_it() -> None:
    stop = excluded(REPORTING.first + timedelta(days=21), 7)
    found = compare(
        baseline(B), reporting(with_bad_week(), exclusions=(stop,)), options(threshold="14/100")
    )
    assert found.with_exclusions is not None
    assert found.without_exclusions is not None
    assert found.with_exclusions.word is Word.PASS
    assert found.without_exclusions.word is not Word.PASS
    assert "exclusions.decide" in lowering(found)
    assert found.word is Word.POINT_ONLY


def test_comparison_matched_set_is_the_main_figure_and_the_full_set_stands_beside() -> None:
    old = series(noisy(300, 5), BASELINE.first, BASELINE.last, asset="old")
    found = compare(baseline(B, old), reporting(A), options())
    assert (found.matched, found.assets) == (("a1",), ("a1", "old"))
    assert found.main is not None
    assert found.full_set is not None
    only = compare(baseline(B), reporting(A), options())
    assert only.main is not None
    assert found.main.change == only.main.change
    # with the old machine the baseline is about 450 of 1000, so the full gain is about 60 %
    n_b = sum(d.n for s in (B, old) for d in s.days)
    d_b = sum(d.d for s in (B, old) for d in s.days)
    n_a, d_a = sum(d.n for d in A.days), sum(d.d for d in A.days)
    assert found.full_set.change == Fraction(n_a * d_b, d_a * n_b) - 1
    assert "set.changed" in names(found.findings)
    assert found.grade.letter is Letter.B


def test_comparison_full_set_with_another_word_lowers_it() -> None:
    # a new bad machine in the reporting period only
    new = series(noisy(200, 6), REPORTING.first, REPORTING.last, asset="new")
    found = compare(baseline(B), reporting(A, new), options())
    assert found.full_set is not None
    assert found.full_set.word is Word.FAIL
    assert "set.full-differs" in lowering(found)
    assert found.word is Word.POINT_ONLY


def bounded(source: DailySeries, every: int, extra: int | None) -> DailySeries:
    """Return days of which every so many-th may hide `extra` more in its numerator (None = not bounded)."""
    days = [
        replace(
            d,
            bounds=DayBounds(Day(d.n, d.d), None if extra is None else Day(d.n + extra, d.d)),
        )
        if i % every == 0
        else d
        for i, d in enumerate(source.days)
    ]
    return DailySeries(source.asset, tuple(days))


def test_comparison_unknown_pieces_run_twice_and_the_weaker_word_counts_u10() -> None:
    # every day of the baseline may hide 150 of 1000: 600 → 750, so the worst case is a loss
    found = compare(baseline(bounded(B, 1, 150)), reporting(A), options())
    assert found.main is not None
    assert found.main.word is Word.PASS
    assert found.unfavourable is not None
    assert found.unfavourable.estimate is not None
    n_b = sum(d.n + 150 for d in B.days)
    assert found.unfavourable.estimate.change == Fraction(sum(d.n for d in A.days), n_b) - 1
    assert found.unfavourable.estimate.word is Word.FAIL
    assert found.word is Word.FAIL


def test_comparison_unknown_pieces_of_the_reporting_period_do_not_speak_against_an_increase() -> (
    None
):
    found = compare(baseline(B), reporting(bounded(A, 1, 150)), options())
    assert found.unfavourable is None
    assert found.word is Word.PASS


def test_comparison_unknown_pieces_without_bound_are_undetermined() -> None:
    found = compare(baseline(bounded(B, 30, None)), reporting(A), options())
    assert found.unfavourable is not None
    assert found.unfavourable.estimate is None
    assert "unknown.unbounded" in names(found.findings)
    assert found.word is Word.UNDETERMINED


def blinded(source: DailySeries, worst: int) -> DailySeries:
    """Return days of which the so many worst are half unknown: the agent was unplugged on them."""
    bad = {d.date for d in sorted(source.days, key=lambda d: d.n)[:worst]}
    return DailySeries(
        source.asset,
        tuple(replace(d, unknown=d.planned // 2) if d.date in bad else d for d in source.days),
    )


def test_comparison_agent_unplugged_on_the_worst_days_is_seen() -> None:
    # nine of 91 days are below the tenth that may be missing; without them the gain looks larger
    blind = blinded(A, 9)
    lows = []
    for side in (A, blind):
        main = compare(baseline(B), reporting(side), options()).main
        assert main is not None
        assert main.low is not None
        lows.append(Fraction(main.low))
    assert lows[0] < lows[1]
    between = options(threshold=str(sum(lows) / 2))
    honest = compare(baseline(B), reporting(A), between)
    found = compare(baseline(B), reporting(blind), between)
    assert honest.main is not None
    assert found.main is not None
    assert (honest.main.word, found.main.word) == (Word.POINT_ONLY, Word.PASS)
    assert found.main.change > honest.main.change
    assert found.with_unknown_days is not None
    assert found.with_unknown_days.change == honest.main.change
    assert "days.unknown-decide" in lowering(found)
    assert found.word is Word.POINT_ONLY


def test_comparison_unknown_days_prove_nothing_for_a_reduction() -> None:
    b = series(noisy(1000, 3), BASELINE.first, BASELINE.last)
    a = series(noisy(800, 4), REPORTING.first, REPORTING.last)
    found = compare(baseline(b), reporting(blinded(a, 5)), options(ENERGY, "8/100", season=False))
    assert found.with_unknown_days is None


def test_comparison_of_a_reduction_turns_the_ends_round() -> None:
    # energy: the worst case is a baseline that used less and a reporting period that used more
    b = series(noisy(1000, 3), BASELINE.first, BASELINE.last)
    a = series(noisy(800, 4), REPORTING.first, REPORTING.last)
    seasonless = options(ENERGY, "8/100", season=False)
    found = compare(baseline(b), reporting(bounded(a, 1, 100)), seasonless)
    assert found.unfavourable is not None
    assert found.unfavourable.estimate is not None
    n_a = sum(d.n + 100 for d in a.days)
    assert found.unfavourable.estimate.change == 1 - Fraction(n_a, sum(d.n for d in b.days))
    untouched = compare(baseline(bounded(b, 1, 100)), reporting(a), seasonless)
    assert untouched.unfavourable is None


def test_comparison_twin_of_the_other_sign_lowers_the_word() -> None:
    # the schedule shrank: same output over less planned time; TEEP falls
    b_teep = series(noisy(600, 1, d=1440), BASELINE.first, BASELINE.last)
    a_teep = series(lambda i: (500 + i % 7, 1440), REPORTING.first, REPORTING.last)
    found = compare(
        baseline(B),
        reporting(A),
        options(twin=Twin(metric=TEEP, before=(b_teep,), after=(a_teep,))),
    )
    assert found.twin is not None
    assert found.twin.change is not None
    assert found.twin.change < 0
    assert "twin.sign" in lowering(found)
    assert found.word is Word.POINT_ONLY


def test_comparison_twin_that_agrees_is_printed() -> None:
    found = compare(
        baseline(B), reporting(A), options(twin=Twin(metric=TEEP, before=(B,), after=(A,)))
    )
    assert found.main is not None
    assert found.twin is not None
    assert found.twin.change == found.main.change
    assert found.word is Word.PASS


def test_comparison_step_in_a_period_lowers_the_grade_unless_an_event_explains_it() -> None:
    # 560 for six weeks, 680 for seven: the step is in the week of 13 April, six weeks after 2 March
    step = series(
        lambda i: ((560 if i < 42 else 680) + (i * 13) % 30, 1000), BASELINE.first, BASELINE.last
    )
    found = compare(baseline(step), reporting(A), options())
    assert found.step_before is not None
    assert found.step_before.monday == date(2026, 4, 13)
    finding = raised(found, "nonroutine.step-before")
    assert (finding.lowers_grade, finding.lowers_word) == (True, False)
    event = NonRoutineEvent(
        first=date(2026, 4, 10),
        last=date(2026, 4, 12),
        cause=EventCause.OTHER,
        metric="*",
        description="主轴更换",
        approved_by="李工",
        registered_before=True,
    )
    known = compare(baseline(step), reporting(A), options(events=(event,)))
    assert raised(known, "nonroutine.step-before").severity is Severity.NOTE
    assert known.main == found.main  # nothing is adjusted


def test_comparison_history_before_the_baseline_gives_the_cherry_pick_index() -> None:
    first = BASELINE.first - timedelta(days=91)
    long = DailySeries(
        "a1",
        tuple(
            DailyValue(date=d, n=700 if d < BASELINE.first else 600 + (i * 7) % 20, d=1000)
            for i, d in enumerate(dates(first, BASELINE.last))
        ),
    )
    found = compare(baseline(long), reporting(A), options())
    assert found.cherry is not None
    assert (found.cherry.starts, found.cherry.smaller) == (14, 13)
    assert raised(found, "cherry.favourable").lowers_grade
    assert len(found.before) == 91  # the days before the baseline are not in it


def test_comparison_ideal_cycle_that_changed_is_disqualified() -> None:
    def facts(cycle: str) -> PeriodFacts:
        return PeriodFacts(rules=(Rule(RuleKind.IDEAL_CYCLE, "a1", cycle),))

    found = compare(
        baseline(B, facts=facts("60000/1")), reporting(A, facts=facts("66000/1")), options()
    )
    assert raised(found, "rules.ideal-cycle").severity is Severity.DISQUALIFY
    assert found.main is None


def test_comparison_without_numerator_is_disqualified_not_divided() -> None:
    nothing = series(lambda _i: (0, 1000), BASELINE.first, BASELINE.last)
    found = compare(baseline(nothing), reporting(A), options())
    assert "sums.not-positive" in names(found.findings)
    assert (found.main, found.word) == (None, Word.UNDETERMINED)


def test_comparison_standstill_days_count_in_both_periods() -> None:
    # every tenth day of the reporting period makes nothing: leaving those out would give 20 %
    stops = DailySeries(
        "a1", tuple(replace(d, n=0) if i % 10 == 0 else d for i, d in enumerate(A.days))
    )
    found = compare(baseline(B), reporting(stops), options())
    assert found.main is not None
    assert found.main.days_after == 91
    assert found.main.change == Fraction(sum(d.n for d in stops.days), sum(d.n for d in B.days)) - 1


def test_comparison_calendar_metric_counts_every_day_and_uses_weeks_of_seven() -> None:
    five = options(
        UTILISATION, calendar=replace(options().calendar, weekdays=frozenset(range(1, 6)))
    )
    b = series(
        lambda i: (0 if i % 7 > 4 else 700 + (i * 31) % 50, 1440), BASELINE.first, BASELINE.last
    )
    a = series(
        lambda i: (0 if i % 7 > 4 else 900 + (i * 29) % 50, 1440), REPORTING.first, REPORTING.last
    )
    found = compare(baseline(b), reporting(a), five)
    assert found.main is not None
    assert found.main.interval is not None
    assert (found.main.days_before, found.main.days_after) == (91, 91)
    assert "block 7" in {m.name for m in found.main.interval.methods}


def test_comparison_six_day_plant_uses_weeks_of_six() -> None:
    calendar = replace(options().calendar, weekdays=frozenset(range(1, 7)))
    b = series(noisy(600, 1), BASELINE.first, BASELINE.last, calendar=calendar)
    a = series(noisy(720, 2), REPORTING.first, REPORTING.last, calendar=calendar)
    found = compare(baseline(b), reporting(a), options(calendar=calendar))
    assert found.main is not None
    assert found.main.interval is not None
    assert [m.name for m in found.main.interval.methods] == [
        "iid",
        "autocorrelation",
        "block 6",
        "block 12",
    ]
    assert found.drift_after is not None
    assert found.drift_after.weeks == 13
    assert not [f for f in found.findings if f.name.startswith("days.missing")]


@pytest.mark.parametrize(
    ("origin", "letter"), [(Origin.IMPORTED, Letter.C), (Origin.DECLARED, Letter.D)]
)
def test_comparison_with_declared_baseline_is_arithmetic_without_interval(
    origin: Origin, letter: Letter
) -> None:
    found = compare(DeclaredBaseline(value=Fraction(3, 5), origin=origin), reporting(A), options())
    assert found.main is not None
    ratio = Fraction(sum(d.n for d in A.days), sum(d.d for d in A.days))
    assert found.main.change == ratio / Fraction(3, 5) - 1
    assert (found.main.low, found.main.high, found.main.interval) == (None, None, None)
    assert found.main.method == "arithmetic"
    assert found.word is Word.UNDETERMINED
    assert "period.no-baseline" in names(found.findings)
    assert found.grade.letter is letter


@pytest.mark.parametrize(
    ("origin", "letter"), [(Origin.IMPORTED, Letter.C), (Origin.DECLARED, Letter.D)]
)
def test_comparison_daily_baseline_of_another_origin_is_one_figure_without_interval(
    origin: Origin, letter: Letter
) -> None:
    facts = PeriodFacts(origin=origin, coverage=(("a1", Fraction(1)),))
    found = compare(baseline(B, facts=facts), reporting(A), options())
    assert found.main is not None
    assert found.main.change == Fraction(sum(d.n for d in A.days), sum(d.n for d in B.days)) - 1
    assert (found.main.interval, found.word, found.grade.letter) == (
        None,
        Word.UNDETERMINED,
        letter,
    )


def test_comparison_with_declared_baseline_keeps_the_rules_of_the_reporting_period() -> None:
    declared = DeclaredBaseline(value=Fraction(3, 5))
    early = compare(declared, reporting(A), options(as_of=REPORTING.last))
    assert (early.main, early.disqualified) == (None, True)
    short = Reporting(REPORTING.first, REPORTING.first + timedelta(days=18))
    few = compare(declared, reporting(A, period=short), options())
    assert {"period.too-short", "days.too-few"} <= set(names(few.findings))
    inside = Reporting(REPORTING.first - timedelta(days=7), REPORTING.last)
    assert "period.in-build" in names(
        compare(declared, reporting(A, period=inside), options()).findings
    )


def test_comparison_with_simulated_declared_baseline_says_so() -> None:
    facts = PeriodFacts(origin=Origin.IMPORTED, simulated=True)
    found = compare(baseline(B, facts=facts), reporting(A), options())
    assert found.grade.simulated


def test_comparison_of_records_on_both_sides_has_an_interval() -> None:
    facts = PeriodFacts(origin=Origin.IMPORTED, coverage=(("a1", Fraction(1)),))
    found = compare(baseline(B, facts=facts), reporting(A, facts=facts), options())
    assert found.main is not None
    assert found.main.interval is not None
    assert found.grade.letter is Letter.D


def test_comparison_with_declared_baseline_of_nothing_has_no_number() -> None:
    found = compare(DeclaredBaseline(value=Fraction(0)), reporting(A), options())
    assert (found.main, found.disqualified) == (None, True)


def test_comparison_simulated_data_say_so_in_the_grade() -> None:
    facts = PeriodFacts(simulated=True, coverage=(("a1", Fraction(1)),))
    found = compare(baseline(B, facts=facts), reporting(A, facts=facts), options())
    assert found.grade.simulated
    assert "模拟" in found.grade.label


def test_comparison_baseline_that_was_not_sealed_is_grade_b() -> None:
    assert compare(baseline(B), reporting(A), options(sealed_before=False)).grade.letter is Letter.B


def test_comparison_names_every_confounder_with_what_was_seen() -> None:
    found = compare(baseline(B), reporting(A), options())
    seen = {n.confounder.name: n.seen for n in found.confounders}
    assert set(seen) == {
        "season",
        "ramp-up",
        "orders",
        "regression-to-the-mean",
        "mix",
        "prices",
        "overtime",
        "inspection",
        "counting",
        "coverage",
        "machines",
    }
    assert seen["orders"] is Seen.NOT_CHECKED  # nothing measures it
    assert seen["machines"] is Seen.NOT_FLAGGED
    assert seen["mix"] is Seen.NOT_CHECKED  # no mix was given
    assert seen["coverage"] is Seen.NOT_FLAGGED


def test_comparison_flagged_confounder_names_its_findings() -> None:
    mixes = [
        PeriodFacts(coverage=(("a1", Fraction(1)),), mix=mix)
        for mix in ((("p", 90), ("q", 10)), (("p", 10), ("q", 90)))
    ]
    found = compare(baseline(B, facts=mixes[0]), reporting(A, facts=mixes[1]), options())
    mix = next(n for n in found.confounders if n.confounder.name == "mix")
    assert (mix.seen, mix.by) == (Seen.FLAGGED, ("mix.shift",))
    assert found.grade.letter is Letter.B


def test_comparison_further_findings_lower_word_and_grade() -> None:
    found = compare(baseline(B), reporting(A), options())
    assert found.with_findings([note("x.y", "甲", "a")]).word is Word.PASS
    worse = found.with_findings([warn("x.y", "甲。", "a.", lowers_word=True, lowers_grade=True)])
    assert (worse.word, worse.grade.letter) == (Word.POINT_ONLY, Letter.B)
    assert worse.grade.zh[-1] == "甲"
    assert worse.main == found.main


def test_comparison_does_not_depend_on_the_order_of_machines() -> None:
    other = series(noisy(500, 8), BASELINE.first, BASELINE.last, asset="a2")
    other_after = series(noisy(650, 9), REPORTING.first, REPORTING.last, asset="a2")
    one = compare(baseline(B, other), reporting(A, other_after), options())
    two = compare(baseline(other, B), reporting(other_after, A), options())
    assert one.main == two.main
    assert one.word is two.word


def test_comparison_data_types_keep_the_periods_apart() -> None:
    data = baseline(B)
    assert isinstance(data, BaselineData)
    assert not isinstance(data, ReportingData)
    assert OEE.sense == "increase"
