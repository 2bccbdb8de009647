"""Three-valued logic: what is not known is never counted as reached, and never as failed."""

from __future__ import annotations

import itertools

import pytest

from kpi.schemes.logic import Verdict, all_of, at_least, one_of

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED


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
        (5, [P, P, P, U, U, F, F], (0, 1, 2), U),
        (5, [P, P, P, P, P, F, F], (0, 1, 2), P),
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


@pytest.mark.parametrize("mandatory", [(), (0,), (0, 1)])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_at_least_is_what_every_way_to_fill_the_unknowns_agrees_on(
    k: int, mandatory: tuple[int, ...]
) -> None:
    """Second computation: replace every unknown by pass and fail in all ways, and judge each in two values."""
    for verdicts in itertools.product((P, F, U), repeat=4):
        worlds = itertools.product(*(((P, F) if v is U else (v,)) for v in verdicts))
        answers = {
            sum(v is P for v in world) >= k and all(world[i] is P for i in mandatory)
            for world in worlds
        }
        expected = U if len(answers) == 2 else P if answers == {True} else F
        assert at_least(k, verdicts, mandatory) is expected
