"""One row against exact figures: bounds, words, readings, lists; never rounded, never guessed."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import ClaimResult
from kpi.comparison.interval import Word
from kpi.reasons import Reason
from kpi.schemes.facts import Facts
from kpi.schemes.figures import Change, Figure, figure_of
from kpi.schemes.judging import judge
from kpi.schemes.row_judging import Points, points_between
from kpi.schemes.verdicts import Answer, RowVerdict
from tests.support.schemes import builtin, people, row, scheme_of


def judged(figure: Figure | None, facts: Facts | None = None, **more: Any) -> RowVerdict:
    scheme = scheme_of(row(**more))
    figures = {"upload-rate": figure} if figure else {}
    return judge(scheme, figures, facts or Facts()).rows[0]


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        ("0.9", ">=", Answer.PASS),
        ("0.8999999", ">=", Answer.FAIL),  # never rounded up
        ("0.9", ">", Answer.FAIL),
        ("0.9", "<=", Answer.PASS),
        ("0.9", "<", Answer.FAIL),
        ("0.89", "<", Answer.PASS),
        ("0.9", "==", Answer.PASS),
        ("0.90001", "==", Answer.FAIL),
    ],
)
def test_row_exact_comparison(value: str, operator: str, expected: Answer) -> None:
    assert judged(Figure(Fraction(value)), operator=operator).answer is expected


V = Fraction(19, 20)


@pytest.mark.parametrize(
    ("figure", "operator", "expected"),
    [
        (Figure(V, Fraction(9, 10), Fraction(1)), ">=", Answer.PASS),
        (Figure(V, Fraction(8, 10), Fraction(1)), ">=", Answer.UNDETERMINED),
        (Figure(Fraction(1, 2), Fraction(1, 2), Fraction(8, 10)), ">=", Answer.FAIL),
        (Figure(Fraction(1, 2), unbounded=True), ">=", Answer.UNDETERMINED),
        (Figure(V, unbounded=True), ">=", Answer.PASS),
        (Figure(V, unbounded=True), "<=", Answer.FAIL),
        (Figure(Fraction(1, 2), unbounded=True), "<=", Answer.UNDETERMINED),
        (Figure(V, Fraction(8, 10), Fraction(1)), "==", Answer.UNDETERMINED),
        (Figure(V, Fraction(91, 100), Fraction(1)), "==", Answer.FAIL),
    ],
)
def test_row_verdict_comes_from_the_bounds_of_the_figure(
    figure: Figure, operator: str, expected: Answer
) -> None:
    assert judged(figure, operator=operator).answer is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (Word.PASS, Answer.PASS),
        (Word.FAIL, Answer.FAIL),
        (Word.POINT_ONLY, Answer.POINT_ONLY),
        (Word.INCONCLUSIVE, Answer.INCONCLUSIVE),
        (Word.UNDETERMINED, Answer.UNDETERMINED),
    ],
)
def test_row_of_a_comparison_is_decided_by_its_word(word: Word, expected: Answer) -> None:
    assert judged(Figure(Fraction(5), word=word)).answer is expected


def test_word_of_a_claim_counts_at_its_own_threshold_only() -> None:
    """A claim stated for 8 %, a scheme that asks for 90 %: the interval decides, not the word of the claim."""
    at_8 = Fraction(8, 100)
    change = Change(V, Fraction(85, 100), Fraction(99, 100), sufficient=True, firm=True)
    with_interval = Figure(V, word=Word.PASS, word_at=at_8, change=change)
    assert judged(with_interval).answer is Answer.POINT_ONLY  # 85 % < 90 % ≤ 95 %
    assert judged(with_interval, threshold=8).answer is Answer.PASS
    without = judged(Figure(V, word=Word.PASS, word_at=at_8))
    assert without.answer is Answer.UNDETERMINED
    assert without.reason is not None
    assert "另一阈值" in without.reason.zh


def test_row_undefined_figure_is_undetermined_with_the_reason() -> None:
    found = judged(Figure(Reason.NO_REJECT_SIGNAL.text))
    assert found.answer is Answer.UNDETERMINED
    assert found.reason is not None
    assert found.reason.zh == Reason.NO_REJECT_SIGNAL.text.zh


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (["M"], "没有实测数据"),
        (["R"], "台账"),
        (["M", "I"], "导入经营记录"),
        (["P"], "证明文件"),
    ],
)
def test_row_without_figure_names_who_must_provide_it(source: list[str], words: str) -> None:
    found = judged(None, source=source)
    assert found.answer is Answer.NOT_EVALUATED
    assert found.reason is not None
    assert words in found.reason.zh


def test_row_that_only_people_can_judge_is_never_passed() -> None:
    items = [{"id": "a", "zh": "甲", "en": "a"}, {"id": "b", "zh": "乙", "en": "b"}]
    scheme = scheme_of(people("n", list={"rule": "all", "items": items}))
    everything = Facts(checks={"n": {"a": True, "b": True}})
    found = judge(scheme, {}, everything).rows[0]
    assert found.answer is Answer.NOT_EVALUATED
    assert found.reason is not None
    assert found.reason.zh.startswith("企业申报具备 2/2 项；")


def test_row_fails_by_the_own_word_of_the_applicant() -> None:
    items = [{"id": "a", "zh": "甲", "en": "a"}, {"id": "b", "zh": "乙", "en": "b"}]
    scheme = scheme_of(people("n", list={"rule": "all", "items": items}))
    found = judge(scheme, {}, Facts(checks={"n": {"a": True, "b": False}})).rows[0]
    assert found.answer is Answer.FAIL
    assert found.reason is not None
    assert found.reason.zh == "企业申报具备 1/2 项，自报缺：乙"


@pytest.mark.parametrize(
    ("checks", "open_", "expected"),
    [
        ({"a": False, "b": False}, False, Answer.FAIL),
        ({"a": False, "b": False}, True, Answer.NOT_EVALUATED),  # 等: something else may do
        ({"a": False, "b": True}, False, Answer.NOT_EVALUATED),
        ({"a": False}, False, Answer.NOT_EVALUATED),  # b is not declared
    ],
)
def test_list_of_which_one_is_enough_fails_only_without_any(
    checks: dict[str, bool], open_: bool, expected: Answer
) -> None:
    items = [{"id": "a", "zh": "甲", "en": "a"}, {"id": "b", "zh": "乙", "en": "b"}]
    scheme = scheme_of(people("n", list={"rule": "one_of", "open": open_, "items": items}))
    assert judge(scheme, {}, Facts(checks={"n": checks})).rows[0].answer is expected


def test_conditional_row_does_not_apply_applies_or_stays_open() -> None:
    when = {"fact": "complete-machine-maker", "is": ["yes"]}
    figure = Figure(Fraction(1))
    no, yes = ({"complete-machine-maker": (x,)} for x in ("no", "yes"))
    assert judged(figure, Facts(choices=no), when=when).answer is Answer.NOT_APPLICABLE
    assert judged(figure, Facts(choices=yes), when=when).answer is Answer.PASS
    open_ = judged(figure, Facts(), when=when)
    assert open_.answer is Answer.UNDETERMINED
    assert open_.reason is not None
    assert "整机产品类企业" in open_.reason.zh


def test_optional_row_is_printed_and_never_counts() -> None:
    found = judged(Figure(Fraction(0)), optional=True)
    assert found.answer is Answer.FAIL
    assert found.verdict is None


def sales(points: str | None, relative: str | None, amount: str | None) -> Answer:
    names = ("points", "relative", "sales")
    figures = {
        f"sales-growth-change-{n}": Figure(Fraction(v))
        for n, v in zip(names, (points, relative, amount), strict=True)
        if v is not None
    }
    verdicts = judge(builtin("CD-SF"), figures).rows
    return next(r for r in verdicts if r.row.id == "CD-SF-D7").answer


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("0.1", "0.1", "0.1"), Answer.PASS),
        (("0.01", "0.05", "0.09"), Answer.FAIL),
        (("0.02", "0.5", "0.12"), Answer.UNDETERMINED),  # growth 4 % → 6 %: +2 points, +50 %
        (("0.1", "0.1", None), Answer.UNDETERMINED),
        ((None, None, None), Answer.NOT_EVALUATED),
    ],
)
def test_sales_growth_is_decided_only_where_all_three_readings_agree(
    values: tuple[str | None, str | None, str | None], expected: Answer
) -> None:
    assert sales(*values) is expected


def test_points_of_a_rate_are_the_difference_and_positive_when_better() -> None:
    figures = {
        "defect-rate": Figure(Fraction(3, 100)),
        "defect-rate-before": Figure(Fraction(5, 100)),
        "oee": Figure(Fraction(66, 100)),
        "oee-before": Figure(Fraction(60, 100)),
    }
    two, six = Fraction(2, 100), Fraction(6, 100)
    assert points_between(figures, "defect-rate") == Points(two, two, two)  # 5 % → 3 %
    assert points_between(figures, "oee") == Points(six, six, six)  # 60 % → 66 %
    assert points_between({"oee": figures["oee"]}, "oee") is None


def test_points_carry_the_bounds_of_both_figures() -> None:
    """Rate before 5 % in [4 %, 6 %], after 3 % in [3 %, 5 %]: least 4 − 5 = −1 point, greatest 6 − 3 = 3 points."""
    before = Figure(Fraction(5, 100), low=Fraction(4, 100), high=Fraction(6, 100))
    after = Figure(Fraction(3, 100), high=Fraction(5, 100))
    figures = {"defect-rate": after, "defect-rate-before": before}
    assert points_between(figures, "defect-rate") == Points(
        Fraction(2, 100), Fraction(-1, 100), Fraction(3, 100)
    )
    unbounded = {"oee": Figure(Fraction(66, 100), unbounded=True), "oee-before": before}
    assert points_between(unbounded, "oee") == Points(Fraction(61, 100), Fraction(60, 100), None)


@pytest.mark.parametrize(
    ("high_after", "expected"),
    [
        # Relative −60 % is not judged here; the points reading asks for 10 points: 15 % → 4 % are 11.
        ("0.04", Answer.POINT_ONLY),
        ("0.05", Answer.POINT_ONLY),  # 15 − 5 = 10, reached exactly
        ("0.051", Answer.UNDETERMINED),  # 9.9 if the missing pieces were scrap
    ],
)
def test_points_that_missing_data_put_on_both_sides_are_open(
    high_after: str, expected: Answer
) -> None:
    figures = {
        "defect-rate": Figure(Fraction(4, 100), high=Fraction(high_after)),
        "defect-rate-before": Figure(Fraction(15, 100)),
    }
    verdicts = judge(builtin("CQ18-WS"), figures).rows
    row = next(r for r in verdicts if r.row.id == "CQ18-WS-6c")
    assert row.answer is Answer.NOT_EVALUATED, "the row itself asks for the change"
    assert [r.judged.answer for r in row.readings] == [expected]


def test_alternative_reading_is_judged_beside_the_row_and_does_not_decide_it() -> None:
    """OEE 60 % → 66 %: +10 % relative reaches 10 %, +6 points do not."""
    figures = {
        "oee-change": Figure(Fraction(1, 10)),
        "oee": Figure(Fraction(66, 100)),
        "oee-before": Figure(Fraction(60, 100)),
    }
    found = next(r for r in judge(builtin("CD-SF"), figures).rows if r.row.id == "CD-SF-D6")
    assert found.answer is Answer.PASS
    readings = {r.alternative.reading: r.judged.answer for r in found.readings}
    assert readings == {"AMB-04.calendar": Answer.NOT_EVALUATED, "AMB-24.points": Answer.FAIL}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({}, Figure(Fraction(1, 2))),
        (
            {"word": "pass, point only"},
            Figure(Fraction(1, 2), word=Word.POINT_ONLY, word_at=Fraction(1, 10)),
        ),
        (
            {"high": "3/4", "low": "1/4"},
            Figure(Fraction(1, 2), low=Fraction(1, 4), high=Fraction(3, 4)),
        ),
        (
            {"high": "unbounded", "low": "1/2"},
            Figure(Fraction(1, 2), low=Fraction(1, 2), unbounded=True),
        ),
    ],
)
def test_figure_of_a_claim_result(detail: dict[str, Any], expected: Figure) -> None:
    assert figure_of(ClaimResult(Fraction(1, 2), None, detail), Fraction(1, 10)) == expected


def test_figure_of_a_comparison_carries_its_interval() -> None:
    detail = {
        "word": "pass, point only",
        "interval": {"low": "0.081", "high": "0.20"},
        "before": {"valid": 21},
        "after": {"valid": 65},
    }
    found = figure_of(ClaimResult(Fraction(14, 100), None, detail), Fraction(8, 100))
    assert found.change == Change(
        Fraction(14, 100), Fraction(81, 1000), Fraction(1, 5), sufficient=True, firm=False
    )


def test_figure_of_an_undefined_result_carries_the_reason() -> None:
    found = figure_of(ClaimResult(None, Reason.NO_ENERGY, {"high": "0/0"}))
    assert found == Figure(Reason.NO_ENERGY.text)
