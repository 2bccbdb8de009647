"""Three-valued logic, rows against exact figures, and the Chongqing scheme file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi.claims import ClaimResult
from kpi.clauses import Figure, Rule, figure_of, judge, measured_rows, scheme_from_mapping
from kpi.comparison import Word
from kpi.logic import Verdict, all_of, at_least, one_of
from kpi.reasons import Reason
from model.errors import ConfigError

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED
FILE = Path(__file__).parents[3] / "config/schemes/cq18-workshop.yaml"


@pytest.mark.parametrize(
    ("verdicts", "all_", "one"),
    [
        ([P, P], P, P),
        ([P, U], U, P),
        ([P, F], F, P),
        ([U, F], F, U),
        ([F, F], F, F),
        ([U, U], U, U),
    ],
)
def test_all_and_one_of(verdicts: list[Verdict], all_: Verdict, one: Verdict) -> None:
    assert all_of(verdicts) is all_
    assert one_of(verdicts) is one


@pytest.mark.parametrize(
    ("k", "verdicts", "mandatory", "expected"),
    [
        (2, [P, P, F], (), P),
        (2, [P, U, F], (), U),
        (2, [P, F, F], (), F),
        (2, [F, P, P], (0,), F),  # enough rows, but not the mandatory one
        (2, [U, P, P], (0,), U),
        (3, [P, U, F], (), F),  # cannot be reached any more
    ],
)
def test_at_least_k_with_mandatory_rows(
    k: int, verdicts: list[Verdict], mandatory: tuple[int, ...], expected: Verdict
) -> None:
    assert at_least(k, verdicts, mandatory) is expected


def test_rules_without_rows_or_with_impossible_k_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        all_of([])
    with pytest.raises(ValueError, match="cannot be asked"):
        at_least(3, [P, P])


def row(**more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": "r1",
        "clause": "1",
        "zh": "甲",
        "en": "a",
        "seed": "000:1",
        "source": ["M"],
        "metric": "m",
        "operator": ">=",
        "threshold": 90,
        "unit": "%",
        "grade": "A",
    }
    found.update(more)
    return {k: v for k, v in found.items() if v is not None}


def scheme(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    base = {
        "id": "s",
        "zh": "甲",
        "en": "a",
        "document": "d",
        "clause": "1",
        "rule": "all",
        "rows": list(rows),
    }
    return {**base, **more}


def verdict(figure: Figure | None, **more: Any) -> Verdict:
    parsed = scheme_from_mapping(scheme(row(**more)))
    return judge(parsed, {"m": figure} if figure else {}).rows[0].verdict


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        ("0.9", ">=", P),
        ("0.8999999", ">=", F),  # never rounded up
        ("0.9", ">", F),
        ("0.9", "<=", P),
        ("0.9", "<", F),
        ("0.89", "<", P),
    ],
)
def test_row_exact_comparison(value: str, operator: str, expected: Verdict) -> None:
    assert verdict(Figure(Fraction(value)), operator=operator) is expected


def test_row_verdict_comes_from_the_bounds_of_the_figure() -> None:
    v = Fraction(19, 20)
    assert verdict(Figure(v, Fraction(9, 10), Fraction(1))) is P
    assert verdict(Figure(v, Fraction(8, 10), Fraction(1))) is U
    assert verdict(Figure(Fraction(1, 2), Fraction(1, 2), Fraction(8, 10))) is F
    assert verdict(Figure(Fraction(1, 2), unbounded=True)) is U
    assert verdict(Figure(v, unbounded=True)) is P
    assert verdict(Figure(v, unbounded=True), operator="<=") is F
    assert verdict(Figure(Fraction(1, 2), unbounded=True), operator="<=") is U


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (Word.PASS, P),
        (Word.FAIL, F),
        (Word.POINT_ONLY, U),
        (Word.INCONCLUSIVE, U),
        (Word.UNDETERMINED, U),
    ],
)
def test_row_of_a_comparison_is_decided_by_its_word(word: Word, expected: Verdict) -> None:
    assert verdict(Figure(Fraction(5), word=word)) is expected


def test_row_undefined_figure_is_undetermined_with_the_reason() -> None:
    parsed = scheme_from_mapping(scheme(row()))
    found = judge(parsed, {"m": Figure(Reason.NO_REJECT_SIGNAL.text)}).rows[0]
    assert (found.verdict, found.zh) == (U, Reason.NO_REJECT_SIGNAL.text.zh)


def test_row_that_the_agent_cannot_know_names_who_must_provide_it() -> None:
    parsed = scheme_from_mapping(scheme(row(metric=None, source=["P"])))
    found = judge(parsed, {}).rows[0]
    assert found.verdict is U
    assert "由企业提供材料" in found.zh


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({}, Figure(Fraction(1, 2))),
        ({"word": "pass, point only"}, Figure(Fraction(1, 2), word=Word.POINT_ONLY)),
        ({"high": "3/4", "low": "1/2"}, Figure(Fraction(1, 2), high=Fraction(3, 4))),
        ({"high": "unbounded", "low": "1/2"}, Figure(Fraction(1, 2), unbounded=True)),
    ],
)
def test_figure_of_a_claim_result(detail: dict[str, Any], expected: Figure) -> None:
    assert figure_of(ClaimResult(Fraction(1, 2), None, detail)) == expected


def test_figure_of_an_undefined_result_carries_the_reason() -> None:
    found = figure_of(ClaimResult(None, Reason.NO_ENERGY, {"high": "0/0"}))
    assert found == Figure(Reason.NO_ENERGY.text)


def test_scheme_k_of_n_with_mandatory_row() -> None:
    data = scheme(row(id="a"), row(id="b", metric="n"), rule="k_of_n", k=1, mandatory=["b"])
    parsed = scheme_from_mapping(data)
    assert parsed.rule is Rule.K_OF_N
    high, low = Figure(Fraction(1)), Figure(Fraction(0))
    assert judge(parsed, {"m": high, "n": low}).verdict is F
    assert judge(parsed, {"m": low, "n": high}).verdict is P


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (
            scheme(row(operator="=>")),
            r"rows\[0\].operator: expected one of >=, >, <=, <, found '=>'",
        ),
        (scheme(row(threshold=0.9)), r"rows\[0\].threshold"),
        (scheme(row(thresold=90)), r"rows\[0\].thresold: expected no such key"),
        (scheme(row(source=["X"])), r"rows\[0\].source"),
        (scheme(row(), row()), r"scheme.rows"),
        (scheme(), r"scheme.rows"),
        (scheme(row(), rule="k_of_n", k=2), r"scheme.k: expected at most 1"),
        (scheme(row(), mandatory=["zz"]), r"scheme.mandatory"),
        (scheme(row(zh=None)), r"rows\[0\].zh: expected a string, found nothing"),
    ],
)
def test_scheme_file_faults_name_row_and_key(data: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError, match=where):
        scheme_from_mapping(data)


def test_cq18_workshop_file_has_the_six_items_of_article_four() -> None:
    parsed = scheme_from_mapping(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    assert parsed.document == "渝经信发〔2018〕22号"
    assert [r.id.removeprefix("CQ18-WS-") for r in parsed.rows] == [
        *("1", "2", "3a", "3b", "4", "5", "6a", "6b", "6c", "6d", "6e"),
    ]
    assert {r.seed for r in parsed.rows} == {f"000:{n}" for n in (31, 33, 35, 37, 39, 41)}
    targets = {r.target.metric: r.target.threshold for r in measured_rows(parsed) if r.target}
    assert targets == {
        "nc-ratio": Fraction(1, 2),
        "upload-rate": Fraction(9, 10),
        "operating-cost-change": Fraction(15, 100),
        "productivity-change": Fraction(1, 10),
        "defect-change": Fraction(1, 10),
        "energy-change": Fraction(8, 100),
    }


def test_cq18_workshop_fifty_percent_itself_is_reached_and_the_rest_stays_open() -> None:
    parsed = scheme_from_mapping(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    found = judge(
        parsed, {"nc-ratio": Figure(Fraction(1, 2)), "upload-rate": Figure(Fraction(899, 1000))}
    )
    by_id = {r.row.id: r for r in found.rows}
    assert by_id["CQ18-WS-2"].verdict is P
    assert by_id["CQ18-WS-3b"].verdict is F
    assert by_id["CQ18-WS-6a"].verdict is U
    assert "由企业提供材料" in by_id["CQ18-WS-6a"].zh
    assert found.verdict is F
    assert judge(parsed, {"nc-ratio": Figure(Fraction(1))}).verdict is U
