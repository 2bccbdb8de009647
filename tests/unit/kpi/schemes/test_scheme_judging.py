"""Groups, selections, conditions, direct recognition, exclusions, and how many rows stand how."""

from __future__ import annotations

import itertools
from datetime import date
from fractions import Fraction
from math import comb

import pytest

from kpi.grades import Origin
from kpi.schemes.facts import Facts
from kpi.schemes.figures import Figure
from kpi.schemes.judging import judge
from kpi.schemes.logic import Verdict
from kpi.schemes.verdicts import Answer, GroupVerdict, SchemeVerdict
from tests.support.schemes import builtin, group, people, row, scheme_of

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED
HIGH, LOW = Figure(Fraction(1)), Figure(Fraction(0))
METRICS = (
    "upload-rate",
    "networked",
    "nc-ratio",
    "oee",
    "utilisation",
    "availability",
    "smart-share",
)


def rows(*names: str) -> list[dict[str, object]]:
    return [row(n, metric=m) for n, m in zip(names, METRICS, strict=False)]


def figures(pattern: str) -> dict[str, Figure]:
    """Return figures by a pattern: P reaches, F does not, - is not there."""
    return {
        m: HIGH if c == "P" else LOW for m, c in zip(METRICS, pattern, strict=False) if c != "-"
    }


def verdict_of(found: SchemeVerdict, name: str) -> GroupVerdict:
    return next(g for g in found.root.groups() if g.group.id == name)


@pytest.mark.parametrize(
    ("pattern", "expected"), [("PP", P), ("PF", P), ("-F", U), ("FF", F), ("P-", P)]
)
def test_one_of(pattern: str, expected: Verdict) -> None:
    scheme = scheme_of(group("g", "one_of", *rows("a", "b")))
    assert judge(scheme, figures(pattern)).verdict is expected


def test_groups_nest() -> None:
    inner = group("inner", "all", *rows("a", "b"))
    other = group("other", "all", row("c", metric="nc-ratio"))
    scheme = scheme_of(group("g", "one_of", inner, other), row("d", metric="oee"))
    assert judge(scheme, figures("PP-P")).verdict is P
    assert judge(scheme, figures("PFFP")).verdict is F
    assert judge(scheme, figures("PF-P")).verdict is U


def test_k_of_n_with_mandatory_row() -> None:
    scheme = scheme_of(group("g", "k_of_n", *rows("a", "b"), k=1, mandatory=["b"]))
    assert judge(scheme, figures("PF")).verdict is F
    assert judge(scheme, figures("FP")).verdict is P


FIVE_OF_SEVEN = group(
    "pick", "k_of_n", *rows(*"abcdefg"), k=5, mandatory=["a", "b", "c"], selection="declared"
)


def test_five_of_seven_without_a_declared_choice_is_what_some_choice_reaches() -> None:
    """Second computation: try all six choices with the three mandatory ones."""
    scheme = scheme_of(FIVE_OF_SEVEN)
    for pattern in ("PPPPPFF", "PPP--FF", "PPPFFFP", "PP-PPFF", "FPPPPPP", "PPPPP--"):
        found = judge(scheme, figures(pattern)).verdict
        by_choice = []
        for two in itertools.combinations("defg", 2):
            chosen = [pattern["abcdefg".index(x)] for x in ("a", "b", "c", *two)]
            by_choice.append(F if "F" in chosen else U if "-" in chosen else P)
        expected = P if P in by_choice else U if U in by_choice else F
        assert found is expected, pattern


def test_declared_choice_is_judged_and_no_other_set_that_would_pass() -> None:
    scheme = scheme_of(FIVE_OF_SEVEN)
    facts = Facts(chosen={"pick": ("a", "b", "c", "d", "e")})
    found = judge(scheme, figures("PPPPFPP"), facts)
    assert found.verdict is F, "e was chosen and is not reached, though f and g are"
    assert judge(scheme, figures("PPPPFPP")).verdict is P, "the same figures, nothing chosen"
    assert [r.answer for r in found.rows][5:] == [Answer.NOT_CHOSEN, Answer.NOT_CHOSEN]


@pytest.mark.parametrize(
    ("chosen", "expected", "words"),
    [
        (("a", "b", "d", "e", "f"), F, "缺少必选项：c"),
        (("a", "b", "c", "d"), F, "只选了 4 项"),
        (("a", "b", "c", "d", "e", "f"), U, "须恰好选 5 项"),
    ],
)
def test_choice_that_the_text_does_not_allow(
    chosen: tuple[str, ...], expected: Verdict, words: str
) -> None:
    found = judge(scheme_of(FIVE_OF_SEVEN), figures("PPPPPPP"), Facts(chosen={"pick": chosen}))
    assert found.verdict is expected
    reason = verdict_of(found, "pick").reason
    assert reason is not None
    assert words in reason.zh


def test_combination_tells_what_was_chosen_and_how_many_choices_there_are() -> None:
    facts = Facts(chosen={"pick": ("a", "b", "c", "d", "e")})
    ((_, found),) = judge(scheme_of(FIVE_OF_SEVEN), figures("PPF-P"), facts).combinations
    assert (found.k, found.of, found.mandatory) == (5, 7, ("a", "b", "c"))
    assert (found.passed, found.failed, found.open) == (3, 1, 1)
    assert found.possible == comb(4, 2) == 6


def test_weighed_group_is_never_computed() -> None:
    found = judge(scheme_of(group("g", "weighed", *rows("a"))), figures("P"))
    assert verdict_of(found, "g").answer is Answer.NOT_EVALUATED
    assert found.verdict is U


def test_condition_takes_a_group_in_or_out() -> None:
    when = {"fact": "mode", "is": ["discrete"]}
    scheme = scheme_of(row("x"), group("g", "all", row("a", metric="oee"), when=when))
    low = {"upload-rate": HIGH, "oee": LOW}
    assert judge(scheme, low, Facts(choices={"mode": ("process",)})).verdict is P
    assert judge(scheme, low, Facts(choices={"mode": ("discrete", "remote")})).verdict is F
    assert judge(scheme, low).verdict is U, "nobody said whether it applies"


def test_one_of_without_any_item_that_applies_is_open_and_not_passed() -> None:
    """A large enterprise on a public cloud: 002:59 has no case for it."""
    when = {"fact": "cloud", "is": ["private", "hybrid"]}
    scheme = scheme_of(row("x"), group("g", "one_of", row("a", metric="oee", when=when)))
    found = judge(scheme, figures("P"), Facts(choices={"cloud": ("public",)}))
    assert found.verdict is U
    reason = verdict_of(found, "g").reason
    assert reason is not None
    assert "未规定这种情形" in reason.zh


def test_tally_counts_by_what_rows_were_decided_and_why_they_are_open() -> None:
    declared = Figure(Fraction(1), origin=Origin.DECLARED)
    bounded = Figure(Fraction(95, 100), Fraction(8, 10), Fraction(1))
    scheme = scheme_of(
        row("measured"),
        row("declared", metric="oee"),
        row("failed", metric="networked"),
        row("bounds", metric="nc-ratio"),
        row("missing", metric="smart-share"),
        people("people"),
        people("out", when={"fact": "mode", "is": ["remote"]}),
        people("optional", optional=True),
    )
    figures_ = {"upload-rate": HIGH, "oee": declared, "networked": LOW, "nc-ratio": bounded}
    tally = judge(scheme, figures_, Facts(choices={"mode": ("discrete",)})).tally
    assert tally.passed == {Origin.MEASURED: 1, Origin.DECLARED: 1}
    assert tally.failed == {Origin.MEASURED: 1}
    assert (tally.undetermined, tally.no_figure, tally.people, tally.left_out) == (1, 1, 1, 2)
    assert tally.open == 3


def test_rows_of_a_group_that_takes_no_part_are_left_out_of_the_tally() -> None:
    when = {"fact": "mode", "is": ["remote"]}
    scheme = scheme_of(row("x"), group("g", "all", people("a"), people("b"), when=when))
    tally = judge(scheme, figures("P"), Facts(choices={"mode": ("discrete",)})).tally
    assert (tally.people, tally.left_out) == (0, 2)


EXCLUSION = {
    "id": "X",
    "kind": "exclusion",
    "zh": "甲",
    "en": "a",
    "seed": "000:1",
    "parts": [
        {"id": "p", "zh": "甲", "en": "a", "seed": "000:1", "when": {"fact": "dishonesty", "is": ["yes"]}}
    ],
}  # fmt: skip
DIRECT = {
    "id": "Y",
    "kind": "direct recognition",
    "zh": "甲",
    "en": "a",
    "seed": "000:1",
    "parts": [
        {"id": "p", "zh": "甲", "en": "a", "seed": "000:1", "when": {"fact": "titles", "is": ["lighthouse"]}}
    ],
}  # fmt: skip


@pytest.mark.parametrize(("declared", "expected"), [(("no",), P), (("yes",), F), (None, U)])
def test_exclusion_bars_clears_or_stays_open(
    declared: tuple[str, ...] | None, expected: Verdict
) -> None:
    facts = Facts(choices={} if declared is None else {"dishonesty": declared})
    found = judge(scheme_of(row(), rules=[EXCLUSION]), figures("P"), facts)
    assert found.verdict is expected
    assert (found.reason is None) == (expected is P)


def test_declared_title_for_direct_recognition_keeps_failed_criteria_open_and_passes_nothing() -> (
    None
):
    scheme = scheme_of(row(), rules=[DIRECT])
    held = Facts(choices={"titles": ("lighthouse",)})
    assert judge(scheme, figures("F"), held).verdict is U
    assert judge(scheme, {}, held).verdict is U
    assert judge(scheme, figures("F"), Facts(choices={"titles": ()})).verdict is F
    assert judge(scheme, figures("F")).verdict is F, "a title that nobody claims is not assumed"


def test_exclusion_bars_even_with_a_title() -> None:
    scheme = scheme_of(row(), rules=[EXCLUSION, DIRECT])
    facts = Facts(choices={"titles": ("lighthouse",), "dishonesty": ("yes",)})
    assert judge(scheme, figures("P"), facts).verdict is F


def test_force_is_stated_only_for_a_date_that_the_caller_passes() -> None:
    scheme = scheme_of(row())
    assert judge(scheme, {}).force is None
    assert judge(scheme, {}, on=date(2026, 2, 1)).force is not None


def test_cq18_workshop_fifty_percent_itself_is_reached_and_the_rest_stays_open() -> None:
    scheme = builtin("CQ18-WS")
    found = judge(
        scheme, {"nc-ratio": Figure(Fraction(1, 2)), "upload-rate": Figure(Fraction(899, 1000))}
    )
    by_id = {r.row.id: r for r in found.rows}
    assert by_id["CQ18-WS-2"].answer is Answer.PASS
    assert by_id["CQ18-WS-3b"].answer is Answer.FAIL
    assert by_id["CQ18-WS-6a"].answer is Answer.NOT_EVALUATED
    assert found.verdict is F
    assert judge(scheme, {"nc-ratio": Figure(Fraction(1))}).verdict is U


def test_cq18_workshop_with_every_number_reached_still_waits_for_people() -> None:
    scheme = builtin("CQ18-WS")
    reached = {r.target.metric: Figure(r.target.threshold) for r in scheme.rows if r.target}
    found = judge(scheme, reached)
    assert found.verdict is U
    assert (sum(found.tally.passed.values()), found.tally.people) == (6, 5)


def test_no_built_in_scheme_is_ever_passed_without_people() -> None:
    """Every scheme has rows that only people can judge, so the best answer of a program is `undetermined`."""
    for name in (
        "CQ18-WS",
        "CQ18-SF",
        "CQ-RETRO",
        "MIIT21-FACTORY",
        "MIIT21-SCENE",
        "SX18",
        "CD-SF",
        "CD-WS",
    ):
        scheme = builtin(name)
        reached = {r.target.metric: Figure(r.target.threshold + 1) for r in scheme.rows if r.target}
        reached["major-accidents"] = Figure(Fraction(0))
        assert judge(scheme, reached).verdict is U, name
