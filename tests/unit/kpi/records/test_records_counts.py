"""Counts and sums of the forms: investments, equipment, partners, workshops, maturity, accidents; numbers by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction as F

import pytest

from kpi.grades import Letter
from kpi.records.counts import accidents, equipment, investments, maturity, partners, workshops
from kpi.records.rows import (
    AccidentYear,
    Equipment,
    EquipmentClass,
    Investment,
    InvestmentKind,
    MaturityCertificate,
    Partner,
    ProducedIn,
    Workshop,
)
from model.ratio import Undefined
from tests.support.records import evaluated, records

DAY = date(2025, 3, 31)


def item(name: str, kind: InvestmentKind, planned: str, done: str | None) -> Investment:
    return Investment(
        item=name,
        name=name,
        kind=kind,
        planned=F(planned),
        done=None if done is None else F(done),
        supplier="x",
        invoice="1",
        invoiced=DAY,
    )


def test_planned_is_equipment_and_software_done_is_everything():
    rows = [
        item("1", InvestmentKind.EQUIPMENT, "1000000", "950000.50"),
        item("2", InvestmentKind.SOFTWARE, "200000", None),
        item("3", InvestmentKind.CLOUD_SERVICE, "50000", "50000"),
    ]
    found = investments(records(rows))
    assert (
        found["planned-investment"].value == 120
    )  # 1.2 million yuan; the cloud service is not equipment or software
    assert found["done-investment"].value == F("100.00005")  # 1000000.50 元
    assert found["done-investment"].unit == "万元"
    kinds = {r.name: r.value for r in found["planned-investment"].readings}
    assert kinds == {"kind:equipment": 100, "kind:software": 20, "kind:cloud-service": 5}
    for figure in found.values():
        assert evaluated(figure.numbers) == figure.value


def test_nothing_done_yet_is_unknown_not_zero():
    value = investments(records([item("1", InvestmentKind.EQUIPMENT, "1", None)]))[
        "done-investment"
    ].value
    assert isinstance(value, Undefined)


def asset(
    number: str,
    kind: EquipmentClass,
    sets: int = 1,
    *,
    smart: bool = True,
    made_in: ProducedIn = ProducedIn.DOMESTIC,
    line: str | None = None,
    start: date = date(2024, 1, 1),
    end: date | None = None,
) -> Equipment:
    return Equipment(
        number=number,
        name=number,
        kind=kind,
        sets=sets,
        smart=smart,
        brand=None,
        supplier="s",
        made_in=made_in,
        line=line,
        in_service=start,
        out_of_service=end,
        invoice=None,
    )


ASSETS = [
    asset("1", EquipmentClass.ROBOT, made_in=ProducedIn.LOCAL, line="一线"),
    asset("2", EquipmentClass.MACHINE_TOOL, sets=3, line="一线"),
    asset("3", EquipmentClass.MACHINE_TOOL, smart=False, line="二线"),
    asset("4", EquipmentClass.AUXILIARY, smart=False),
    asset("5", EquipmentClass.ROBOT, start=date(2025, 4, 1)),  # not yet
    asset("6", EquipmentClass.ROBOT, end=DAY),  # gone: out of service from that day on
]


def test_equipment_counts_sets_in_service():
    found = equipment(records(ASSETS), DAY)
    assert found["total-equipment"].value == 6  # 1 + 3 + 1 + 1
    assert found["smart-equipment"].value == 4
    assert found["robots-and-machine-tools"].value == 5
    assert found["local-robots-and-machine-tools"].value == 1
    assert found["digital-lines"].value == 2
    assert found["digital-lines"].unit == "条"


def test_grade_of_a_count_rests_on_the_rows_that_are_counted():
    rows = [*records(ASSETS[:3]), *records(ASSETS[3:4], originals=False)]
    found = equipment(rows, DAY)
    assert found["smart-equipment"].grade is Letter.C
    assert found["total-equipment"].grade is Letter.D


def test_count_of_none_rests_on_all_rows():
    figure = equipment(records(ASSETS[3:4]), DAY)["smart-equipment"]
    assert (figure.value, figure.rows, figure.grade) == (0, 1, Letter.C)


def test_partners_are_counted_once_and_only_while_connected():
    def partner(code: str, left: date | None = None, since: date = date(2024, 5, 1)) -> Partner:
        return Partner(name=code, credit_code=code, role="供应商", connected=since, left=left)

    rows = [
        partner("A"),
        partner("A"),
        partner("B"),
        partner("C", left=DAY),
        partner("D", since=date(2025, 4, 1)),
    ]
    assert partners(records(rows), DAY)["platform-enterprises"].value == 2


def test_workshops_finished_with_the_recognised_ones_beside():
    rows = [
        Workshop(name="一", finished=date(2024, 1, 1), recognised=True, certificate="x"),
        Workshop(name="二", finished=date(2024, 2, 1), recognised=False, certificate=None),
        Workshop(name="三", finished=None, recognised=False, certificate=None),
    ]
    figure = workshops(records(rows), DAY)["digital-workshop-count"]
    assert figure.value == 2
    assert [(r.name, r.value) for r in figure.readings] == [("recognised", 1)]


CERTIFICATE = MaturityCertificate(
    level=2,
    method="自评估",
    issuer="x",
    number="1",
    issued=date(2023, 1, 1),
    valid_to=date(2025, 12, 31),
)


def test_newest_certificate_in_force_decides():
    newer = replace(CERTIFICATE, level=3, number="2", issued=date(2024, 6, 1))
    later = replace(CERTIFICATE, level=4, number="3", issued=date(2025, 4, 1))
    assert maturity(records([newer, CERTIFICATE, later]), DAY)["maturity-level"].value == 3


def test_ended_certificate_gives_no_level():
    value = maturity(records([replace(CERTIFICATE, valid_to=date(2025, 3, 30))]), DAY)[
        "maturity-level"
    ].value
    assert isinstance(value, Undefined)
    assert "2025-03-30" in value.zh


def accident_year(year: int, major: int = 0) -> AccidentYear:
    return AccidentYear(
        year=year,
        major_safety=major,
        extreme_safety=0,
        major_environment=0,
        extreme_environment=0,
        what=None,
    )


def test_accidents_of_three_calendar_years():
    rows = [
        accident_year(2022, 5),
        accident_year(2023),
        accident_year(2024, 1),
        accident_year(2025),
    ]
    figure = accidents(records(rows), DAY)["major-accidents"]
    assert figure.value == 1
    assert figure.numbers == "0 + 1 + 0"


@pytest.mark.parametrize("absent", [2023, 2024, 2025])
def test_year_that_nobody_stated_is_unknown_not_zero(absent):
    rows = [accident_year(y) for y in (2023, 2024, 2025) if y != absent]
    value = accidents(records(rows), DAY)["major-accidents"].value
    assert isinstance(value, Undefined)
    assert str(absent) in value.zh
