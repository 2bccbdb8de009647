"""Class of an enterprise by employees and revenue, as the footnote of the 2021 notice has it (001:1160)."""

from __future__ import annotations

from fractions import Fraction

from kpi.schemes.rules import SizeTable
from model.ratio import Undefined


def size_of(table: SizeTable, employees: Fraction, revenue: Fraction) -> str | Undefined:
    """Return the id of the class of an enterprise; `revenue` in 万元.

    Here 以下 excludes the number, because the same number stands with 及以上 in the class above (E2). A mixed case that
    no class covers (1 500 people, 30 000 万元) is Undefined: the footnote does not say which floor counts.
    """
    for found in table.classes:
        inside = (_within(employees, found.employees), _within(revenue, found.revenue))
        if any(inside) if found.either else all(inside):
            return found.id
    return Undefined(
        f"the footnote names no class for {employees} people and {revenue} 万元",
        f"注释未规定从业人员 {employees} 人、营业收入 {revenue} 万元属于哪一类",
    )


def _within(value: Fraction, limits: tuple[int, int | None]) -> bool:
    low, high = limits
    return value >= low and (high is None or value < high)
