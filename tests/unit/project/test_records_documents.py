"""The pages about records name every table, every figure, every rule and every key of the format."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from pathlib import Path

from config.records.catalogue import _CHECKS, tables
from config.records.columns import Kind
from config.records.table import Context
from config.records.template_csv import example_row
from evidence import canonical
from kpi.records.all_figures import Records, record_figures
from kpi.records.figure import Record
from kpi.records.periods import Dates, RecordPeriods
from storage.records_manifest import Manifest, Replaced, StoredFile
from tests.support.records import csv_of, read

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
FORMAT = (ROOT / "docs" / "formats" / "records.md").read_text(encoding="utf-8")
# Metric ids that imported records must serve, as the schemes name them.
EXPECTED = [
    "operating-cost-change",
    "unit-cost-change",
    "productivity",
    "productivity-change",
    "physical-productivity-change",
    "rd-cycle-change",
    "rd-tool-rate",
    "sales-growth-change",
    "sales-growth-change-points",
    "sales-growth-change-relative",
    "sales-growth-change-sales",
    "inventory-turnover-change",
    "on-time-delivery-change",
    "order-cycle-change",
    "logistics-cost-change",
    "staff-change",
    "resource-utilisation-change",
    "platform-enterprises",
    "digital-workshop-count",
    "planned-investment",
    "done-investment",
    "headcount-before",
    "headcount-after",
    "maturity-level",
    "major-accidents",
    "digital-lines",
    "total-equipment",
    "smart-equipment",
    "robots-and-machine-tools",
    "defect-rate",
    "defect-change",
    "unit-energy",
    "energy-utilisation-change",
    "energy-utilisation-gain",
    "revenue-2024",
    "profit-2024",
    "tax-2024",
]


class _Coefficients:
    def kgce(self, carrier: str, unit: str) -> Fraction:
        return Fraction("0.1229")


def _every_figure() -> set[str]:
    """Return the ids of all figures that records of every table give."""
    found = {}
    for table in tables().values():
        cells = example_row(table)
        cells[0] = cells[0].removeprefix("#示例").strip()
        row = [f'"{c}"' if "," in c else c for c in cells]
        data = csv_of(table.id, [row], headers=[c.header for c in table.every_column])
        rows = read(
            table.id, data, attached=("凭证文件名.pdf",), context=Context(today=date(2026, 1, 1))
        ).rows
        found[table.id.replace("-", "_")] = tuple(
            Record(r.row, r.line, "a" * 64, originals=True) for r in rows
        )
    periods = RecordPeriods(
        after=Dates(date(2024, 1, 1), date(2024, 12, 31)),
        before=Dates(date(2023, 1, 1), date(2023, 12, 31)),
    )
    return set(record_figures(Records(**found), periods, _Coefficients()))


def test_every_metric_of_the_schemes_is_served_by_a_table():
    assert set(EXPECTED) <= _every_figure()


def test_guide_names_every_table_and_every_figure():
    named = set(re.findall(r"`([a-z][a-zA-Z0-9-]*)`", GUIDE))
    assert set(tables()) <= named
    figures = {re.sub(r"-20\d\d$", "-YYYY", name) for name in _every_figure()}
    shown = {f for f in figures if f not in named and f.removesuffix("-before") not in named}
    assert shown == set()


def test_format_names_every_rule_and_every_kind_of_column():
    words = set(re.findall(r"[a-z][a-z-]+", FORMAT))
    assert set(_CHECKS) <= words
    assert {k.value for k in Kind} <= words


def test_format_names_every_key_of_a_manifest():
    full = Manifest(
        number=2,
        previous="a" * 64,
        origin="ev/X/ws1",
        by="x",
        t_ms=0,
        software="1",
        replaces=Replaced("b" * 64, 1, "x"),
        table="sales",
        template=1,
        file=StoredFile("a", "c" * 64, 1),
        rows=1,
        rows_sha256="d" * 64,
        years=(2022, 2024),
    )
    keys = set(canonical.parse_object(full.encode()))
    assert keys <= set(re.findall(r"`(\w+)`", FORMAT))
