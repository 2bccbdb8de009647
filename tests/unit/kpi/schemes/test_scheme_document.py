"""Whether an official text is in force on a date that the caller passes."""

from __future__ import annotations

from datetime import date

import pytest

from config.schemes.files import builtin_library
from kpi.schemes.document import Force, force_of, years_later


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2018, 4, 12), 2, date(2020, 4, 12)),  # Civil Code art. 202: the corresponding date
        (date(2020, 2, 29), 1, date(2021, 2, 28)),  # no such date: the month's last day
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
        (date(2021, 12, 31), 3, date(2024, 12, 31)),
    ],
)
def test_last_day_of_a_term_of_years(day: date, years: int, expected: date) -> None:
    assert years_later(day, years) == expected


@pytest.mark.parametrize(
    ("document", "on", "force"),
    [
        ("CQ18-DOC", date(2018, 4, 11), Force.NOT_YET),
        ("CQ18-DOC", date(2018, 4, 12), Force.IN_FORCE),
        ("CQ18-DOC", date(2020, 4, 12), Force.IN_FORCE),
        ("CQ18-DOC", date(2020, 4, 13), Force.EXPIRED),
        ("CQ21-DOC", date(2021, 11, 4), Force.NOT_YET),
        ("CQ21-DOC", date(2021, 11, 24), Force.IN_FORCE),
        ("CQ21-DOC", date(2021, 11, 25), Force.ROUND_OVER),
        ("MIIT21-DOC", date(2021, 11, 24), Force.ROUND_OVER),
        # Without a date of issue nobody can say that it was out before its deadline.
        ("MIIT21-DOC", date(2019, 1, 1), Force.NOT_SAID),
        ("SX18-DOC", date(2018, 4, 11), Force.ROUND_OVER),
        ("CD-DOC", date(2026, 1, 1), Force.DRAFT),
        ("CQ-RETRO-DOC", date(2026, 1, 1), Force.NOT_SAID),
    ],
)
def test_document_in_force_or_not(document: str, on: date, force: Force) -> None:
    assert force_of(builtin_library().documents[document], on).force is force


def test_expired_document_is_never_said_to_be_replaced_or_prolonged() -> None:
    text = force_of(builtin_library().documents["CQ18-DOC"], date(2026, 1, 1)).text
    assert "请以主管部门答复为准" in text.zh
    assert "ask the authority" in text.en
