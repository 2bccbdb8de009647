"""Before/after rows and the clause list, as the board shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.web.state import ClauseRow, CompareRow, Explanation
from reports.words import Text


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """What the last evaluation of both periods gave; empty before the first one."""

    scheme: Text | None = None
    clauses: tuple[ClauseRow, ...] = ()
    rows: tuple[CompareRow, ...] = ()
    note: Text | None = None
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
