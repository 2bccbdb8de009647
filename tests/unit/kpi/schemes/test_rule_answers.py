"""Rules against declared facts and a date: validity, bans, deadlines, competence, what is handed in."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from kpi.schemes.facts import Facts
from kpi.schemes.figures import Figure
from kpi.schemes.limits import Photo
from kpi.schemes.rule_answers import answer_rule
from kpi.schemes.verdicts import RuleAnswer, RuleState
from tests.support.schemes import rule


def answer(
    name: str,
    facts: Facts | None = None,
    on: date | None = None,
    figures: dict[str, Figure] | None = None,
) -> RuleAnswer:
    return answer_rule(rule(name), figures or {}, facts or Facts(), on)


@pytest.mark.parametrize(
    ("status", "dates", "on", "state"),
    [
        # Five years from the award of a finished project (000:90): the last day is the same date.
        ("finished", {"awarded-on": date(2020, 3, 1)}, date(2025, 3, 1), RuleState.MET),
        ("finished", {"awarded-on": date(2020, 3, 1)}, date(2025, 3, 2), RuleState.NOT_MET),
        # 29 February has no such date five years later: the last day of the month (Civil Code art. 202).
        ("finished", {"awarded-on": date(2020, 2, 29)}, date(2025, 2, 28), RuleState.MET),
        ("finished", {"awarded-on": date(2020, 2, 29)}, date(2025, 3, 1), RuleState.NOT_MET),
        # Of an unfinished project the award does not start the term, the re-review does.
        ("under-construction", {"awarded-on": date(2020, 3, 1)}, date(2021, 1, 1), RuleState.INFORMS),
        (
            "under-construction",
            {"awarded-on": date(2020, 3, 1), "re-review-passed-on": date(2022, 6, 1)},
            date(2027, 6, 1),
            RuleState.MET,
        ),
    ],
)  # fmt: skip
def test_validity_of_five_years_runs_from_award_or_re_review(
    status: str, dates: dict[str, date], on: date, state: RuleState
) -> None:
    facts = Facts(choices={"build-status": (status,)}, dates=dates)
    assert answer("CQ18-R9", facts, on).state is state


@pytest.mark.parametrize(
    ("cause", "on", "state"),
    [
        ("re-review-failed", date(2022, 5, 1), RuleState.BARS),  # two years from 2020-05-01
        ("re-review-failed", date(2022, 5, 2), RuleState.DOES_NOT_APPLY),
        ("own-request", date(2022, 5, 1), RuleState.BARS),
        ("fraud", date(2023, 5, 1), RuleState.BARS),  # three years
        ("fraud", date(2023, 5, 2), RuleState.DOES_NOT_APPLY),
        ("terminated", date(2020, 6, 1), RuleState.DOES_NOT_APPLY),  # no sanction is stated
    ],
)
def test_ban_after_a_revocation_depends_on_its_cause(
    cause: str, on: date, state: RuleState
) -> None:
    facts = Facts(choices={"revoked-for": (cause,)}, dates={"revoked-on": date(2020, 5, 1)})
    assert answer("CQ18-R7", facts, on).state is state


def test_deadline_holds_on_its_day_and_is_over_the_day_after() -> None:
    assert answer("SX18-DEADLINE", on=date(2018, 4, 10)).state is RuleState.INFORMS
    assert answer("SX18-DEADLINE", on=date(2018, 4, 11)).state is RuleState.OVER
    assert answer("SX18-DEADLINE").state is RuleState.INFORMS, "without a date nothing is over"


@pytest.mark.parametrize(
    ("amount", "words"),
    [("2999.99", "由区县经济信息委组织认定"), ("3000", "报市经济信息委组织认定")],
)
def test_three_thousand_itself_belongs_to_the_city(amount: str, words: str) -> None:
    found = answer("CQ-RETRO-COMPETENCE", figures={"planned-investment": Figure(Fraction(amount))})
    assert found.text is not None
    assert words in found.text.zh


@pytest.mark.parametrize(
    ("declared", "state"),
    [
        (("CD-SF", "CD-WS"), RuleState.BARS),
        (("CD-SF",), RuleState.CLEAR),
        (("CD-SF", "MIIT21-SCENE"), RuleState.CLEAR),
        ((), RuleState.CLEAR),
    ],
)
def test_two_schemes_that_exclude_each_other(declared: tuple[str, ...], state: RuleState) -> None:
    assert answer("CD-R9", Facts(choices={"applies-for": declared})).state is state


def test_what_is_applied_for_together_is_open_while_not_declared() -> None:
    assert answer("CD-R9").state is RuleState.OPEN


def test_re_review_names_the_part_that_holds_for_the_project() -> None:
    unfinished = answer("CQ18-R4", Facts(choices={"build-status": ("under-construction",)}))
    assert [p.id for p in unfinished.parts] == ["unfinished"]
    special = Facts(
        choices={"build-status": ("under-construction",), "titles": ("national-special-project",)}
    )
    assert [p.id for p in answer("CQ18-R4", special).parts] == ["unfinished", "national-special"]
    finished = answer("CQ18-R4", Facts(choices={"build-status": ("finished",)}))
    assert [p.id for p in finished.parts] == ["finished"]


FINISHED = {"build-status": ("finished",)}


@pytest.mark.parametrize(
    ("photos", "state"),
    [
        ((Photo(3200, 2500),) * 10, RuleState.MET),  # 8.0 megapixels exactly
        ((Photo(3200, 2500),) * 9, RuleState.NOT_MET),
        ((Photo(3200, 2500),) * 9 + (Photo(3199, 2500),), RuleState.NOT_MET),
        ((Photo(3199, 2500),) * 3 + (Photo(4000, 3000),) * 10, RuleState.MET),
    ],
)
def test_photos_of_a_finished_project(photos: tuple[Photo, ...], state: RuleState) -> None:
    assert answer("CQ18-R14", Facts(choices=FINISHED, photos=photos)).state is state


def test_photos_are_asked_of_finished_projects_only() -> None:
    facts = Facts(choices={"build-status": ("under-construction",)}, photos=())
    assert answer("CQ18-R14", facts).state is RuleState.DOES_NOT_APPLY


@pytest.mark.parametrize(("length", "state"), [(3000, RuleState.MET), (3001, RuleState.NOT_MET)])
def test_scene_of_three_thousand_characters(length: int, state: RuleState) -> None:
    text = "字" * length + " \n"  # blanks do not count
    assert answer("MIIT21-E5-LIMIT", Facts(texts={"MIIT21-E5-LIMIT": text})).state is state


def test_exclusion_needs_every_part_declared_before_it_is_clear() -> None:
    no = {"false-application": ("no",), "accident-3y": ("no",)}
    assert answer("CD-R2", Facts(choices=no)).state is RuleState.OPEN
    assert answer("CD-R2", Facts(choices={**no, "dishonesty": ("no",)})).state is RuleState.CLEAR
    found = answer("CD-R2", Facts(choices={"accident-3y": ("yes",)}))
    assert found.state is RuleState.BARS
    assert [p.id for p in found.parts] == ["accidents"]
