"""The tables of coefficients that a plant file may name: those that ship, reduced to the rows that have one value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from config.coefficient_files import builtin_coefficients
from kpi.coefficients import CoefficientTable
from kpi.document_types import CoefficientRow, Coefficients


@cache
def plant_coefficients() -> Mapping[str, Coefficients]:
    """Return every shipped table as a configuration document holds it, by id; raises ConfigError if one is wrong."""
    return {name: fixed_rows(table) for name, table in builtin_coefficients().items()}


def fixed_rows(table: CoefficientTable) -> Coefficients:
    """Return the rows of a table that have one value; what a site must choose itself is not among them."""
    rows = (CoefficientRow(r.carrier, r.kgce, r.unit) for r in table.rows if r.kgce is not None)
    return Coefficients(table.id, tuple(sorted(rows, key=lambda r: r.carrier.encode())))
