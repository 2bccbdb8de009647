"""Production days that a comparison leaves out, and whether they were registered before they began (kpi-audit U11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.recompute.equipment.production_days import ProductionDay
from evidence.recompute.equipment.segments import ALL
from evidence.recompute.interface import bad_parameter
from evidence.recompute.window import Window
from evidence.statement import Claim


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Days left out by number. late: one of them was not registered."""

    days: frozenset[int]
    late: bool

    @property
    def of_main(self) -> frozenset[int]:
        """Return the days that the main estimate leaves out: all of them, or none if one was not registered."""
        return frozenset() if self.late else self.days


def exclusions_of(
    claim: Claim,
    numbers: Sequence[int],
    periods: Sequence[tuple[Window, Sequence[ProductionDay]]],
) -> Exclusions:
    """Return the exclusions of a claim; raises `Refusal` (kind "claim") for a date that is no whole day of a period.

    periods: windows with their whole production days.
    """
    whole = [(window, {day.number: day for day in days}) for window, days in periods]
    late = False
    for number in numbers:
        own = [(window, days[number]) for window, days in whole if number in days]
        if not own:
            raise bad_parameter(
                claim,
                "an exclusion is no whole production day of a period",
                "剔除的日期不是期间内完整的生产日",
            )
        late = late or not all(_is_registered(window, day) for window, day in own)
    return Exclusions(frozenset(numbers), late)


def _is_registered(window: Window, day: ProductionDay) -> bool:
    """Return whether one counting stop of all assets, of kind off, covers the whole day.

    It must stand in every configuration in force on that day: a stop that was withdrawn is none.
    """
    covering = None
    for run in window.runs_within(day.start, day.end):
        stops = run.plant.calendar.stops
        window.budget.spend(len(stops), "the exclusions", "剔除的日期")
        own = {
            stop
            for stop in stops
            if (stop.asset, stop.kind) == (ALL, "off")
            and stop.start <= day.start
            and day.end <= stop.end
            and stop in window.counting_stops
        }
        covering = own if covering is None else covering & own
    return bool(covering)
