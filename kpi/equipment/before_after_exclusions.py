"""Days that a comparison leaves out, and whether they were registered before they began (U11, claims.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kpi.claims import ExcludedDay
from kpi.document_types import Stop
from kpi.equipment.production_days import WholeDay, number_of
from kpi.workspace import Workspace
from model.errors import PermanentError


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Days that the claimant wants left out."""

    days: frozenset[int]
    """Their numbers."""
    late: bool
    """Whether one of them was not registered before it began."""

    @property
    def of_main(self) -> frozenset[int]:
        """Return the days that the main estimate leaves out: all of them or none."""
        return frozenset() if self.late else self.days


def exclusions_of(
    wanted: Sequence[ExcludedDay], periods: Sequence[tuple[Workspace, Sequence[WholeDay]]]
) -> Exclusions:
    """Return the exclusions; raises PermanentError for a date that is no whole production day of a period."""
    numbers, late = [], False
    for one in wanted:
        number = _number(one.date)
        own = [(w, d) for w, days in periods for d in days if d.number == number]
        if number is None or not own:
            raise PermanentError(
                f"exclusion {one.date}: not a whole production day of a period (YYYY-MM-DD)",
                f"剔除日期 {one.date}：不是任一期间内完整的生产日（格式 YYYY-MM-DD）",
            )
        numbers.append(number)
        late = late or not all(_is_registered(w, d) for w, d in own)
    return Exclusions(frozenset(numbers), late)


def _number(text: str) -> int | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return number_of(day) if day.isoformat() == text else None


def _is_registered(work: Workspace, day: WholeDay) -> bool:
    """Return whether one counting stop of all assets stands all day in every configuration in force, kind off."""
    covering: set[Stop] | None = None
    for part in work.parts:
        if part.start_ms < day.end_ms and part.end_ms > day.start_ms:
            own = {
                s
                for s in part.stops
                if (s.asset, s.kind) == ("*", "off")
                and s.from_ms <= day.start_ms
                and day.end_ms <= s.to_ms
            }
            covering = own if covering is None else covering & own
    return bool(covering)
