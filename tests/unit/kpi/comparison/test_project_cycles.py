"""R&D cycles by class, by hand (kpi.md D.3)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.comparison.project_cycles import CycleProject, compare_cycles, summary
from kpi.findings import Severity
from tests.support.comparison_days import names


def projects(**days: list[int]) -> list[CycleProject]:
    return [CycleProject(name, d) for name, values in days.items() for d in values]


def test_cycle_summary_of_an_even_number_of_projects() -> None:
    found = summary([40, 10, 30, 20])
    assert found is not None
    assert (found.count, found.median, found.mean, found.shortest, found.longest) == (
        4,
        25,
        25,
        10,
        40,
    )
    assert summary([]) is None


def test_cycle_median_and_mean_by_hand() -> None:
    # medians 100 → 80, means 110 → 88: both fall by 20 %
    found = compare_cycles(projects(a=[90, 95, 100, 105, 160]), projects(a=[72, 76, 80, 84, 128]))
    assert (found.median, found.mean, found.mean_at_mix_after) == (Fraction(1, 5),) * 3
    assert names(found.findings) == ["cycle.no-interval"]


def test_cycle_class_mix_that_makes_the_change_is_said() -> None:
    # small 50, large 200 in both periods; before 1:4, after 4:1: means 170 → 80, at the mix of after nothing changed
    before, after = projects(small=[50], large=[200] * 4), projects(small=[50] * 4, large=[200])
    found = compare_cycles(before, after)
    assert found.mean == 1 - Fraction(80, 170)
    assert found.mean_at_mix_after == 0
    assert "cycle.simpson" in names(found.findings)
    small = found.classes[1]
    assert small.project_class == "small"
    assert small.before is not None
    assert small.after is not None
    assert (small.before.count, small.after.count) == (1, 4)


def test_cycle_class_without_baseline_cannot_be_compared_at_one_mix() -> None:
    found = compare_cycles(projects(a=[100] * 5), projects(a=[90] * 5, b=[10]))
    assert found.mean_at_mix_after is None
    assert "cycle.classes-differ" in names(found.findings)


def test_cycle_median_and_mean_that_disagree_lower_the_word() -> None:
    # medians 100 → 110, means 180 → 110
    found = compare_cycles(projects(a=[100, 100, 100, 100, 500]), projects(a=[110] * 5))
    finding = next(f for f in found.findings if f.name == "cycle.median-mean")
    assert finding.lowers_word


def test_cycle_few_projects_are_said_and_none_is_no_comparison() -> None:
    few = compare_cycles(projects(a=[100] * 4), projects(a=[90] * 9))
    assert "cycle.few-projects" in names(few.findings)
    none = compare_cycles(projects(a=[100]), [])
    assert (none.median, none.findings[0].severity) == (None, Severity.DISQUALIFY)


def test_cycle_project_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one day"):
        compare_cycles(projects(a=[0]), projects(a=[1]))
