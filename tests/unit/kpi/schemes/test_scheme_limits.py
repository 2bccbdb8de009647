"""Characters of a text, photos, and the class of an enterprise by the footnote of 2021."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.schemes.enterprise_size import size_of
from kpi.schemes.facts import Facts, with_size
from kpi.schemes.limits import LimitKind, Photo, TextLimit, characters, check_text
from kpi.schemes.rules import SizeTable
from model.ratio import Undefined
from tests.support.schemes import rule


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("数字化车间", 5),
        ("数字化车间。", 6),  # punctuation counts (the strict reading)
        ("5G + AI", 5),  # 5 G + A I
        ("　数 字\t化\n", 3),  # blanks of any width and line ends do not
        ("OEE 提升 15.2%", 10),  # O E E 提 升 1 5 . 2 %
        ("", 0),
    ],
)
def test_every_character_that_is_not_blank_counts(text: str, count: int) -> None:
    assert characters(text) == count


@pytest.mark.parametrize(
    ("kind", "length", "within"),
    [
        (LimitKind.AT_MOST, 500, True),
        (LimitKind.AT_MOST, 501, False),
        (LimitKind.REQUEST, 501, False),
        (LimitKind.ABOUT, 900, None),  # 左右 has no edge
    ],
)
def test_limit_of_a_text(kind: LimitKind, length: int, within: bool | None) -> None:
    assert check_text("字" * length, TextLimit(500, kind)).within is within


def test_request_is_not_called_a_limit() -> None:
    found = check_text("字" * 501, TextLimit(500, LimitKind.REQUEST))
    assert found.text.zh == "501 > 500 字（请控制在）"


def test_megapixels_are_exact() -> None:
    assert Photo(3264, 2448).megapixels == Fraction(7_990_272, 1_000_000)


def table() -> SizeTable:
    terms = rule("MIIT21-SIZE").terms
    assert isinstance(terms, SizeTable)
    return terms


@pytest.mark.parametrize(
    ("employees", "revenue", "expected"),
    [
        # E2: 以下 excludes the number where it stands with 及以上 in the class above.
        (1000, 40000, "large"),
        (999, 39999, "medium"),
        (300, 2000, "medium"),
        (299, 1999, "small"),
        (20, 300, "small"),
        (19, 50000, "micro"),  # 或: one of the two is enough
        (5000, 299, "micro"),
    ],
)
def test_class_of_an_enterprise(employees: int, revenue: int, expected: str) -> None:
    assert size_of(table(), Fraction(employees), Fraction(revenue)) == expected


@pytest.mark.parametrize(("employees", "revenue"), [(1500, 30000), (1000, 39999), (299, 2000)])
def test_mixed_case_has_no_class(employees: int, revenue: int) -> None:
    assert isinstance(size_of(table(), Fraction(employees), Fraction(revenue)), Undefined)


def test_no_number_of_people_is_in_two_classes() -> None:
    classes = [c for c in table().classes if not c.either]
    for edge in (20, 300, 1000):
        inside = [
            c.id
            for c in classes
            if c.employees[0] <= edge and (c.employees[1] is None or edge < c.employees[1])
        ]
        assert len(inside) == 1


def test_class_follows_from_declared_numbers_unless_it_is_declared() -> None:
    rules = (rule("MIIT21-SIZE"),)
    numbers = {"employees": Fraction(420), "annual-revenue": Fraction(38000)}
    assert with_size(Facts(numbers=numbers), rules).choices["enterprise-size"] == ("medium",)
    declared = Facts(numbers=numbers, choices={"enterprise-size": ("small",)})
    assert with_size(declared, rules).choices["enterprise-size"] == ("small",)
    assert with_size(Facts(numbers=numbers), ()).choices == {}, "only where the text has the table"
