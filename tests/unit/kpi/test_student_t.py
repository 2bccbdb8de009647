"""The frozen table against scipy, a second implementation."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kpi.student_t import T95_MICRO, t95


def test_t95_every_row_equals_scipy_to_six_decimals() -> None:
    stats = pytest.importorskip("scipy.stats")
    assert len(T95_MICRO) == 400
    for df, micro in enumerate(T95_MICRO, 1):
        assert micro == round(float(stats.t.ppf(0.95, df)) * 10**6), df


def test_t95_printed_tables_of_textbooks() -> None:
    assert [round(t95(df), 3) for df in (1, 2, 5, 10, 30, 120)] == [
        Decimal(x) for x in ("6.314", "2.920", "2.015", "1.812", "1.697", "1.658")
    ]


def test_t95_above_the_table_uses_its_last_row() -> None:
    assert t95(401) == t95(400) == t95(10**6)


def test_t95_without_degree_of_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        t95(0)
