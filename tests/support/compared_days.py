"""Two periods written day by day for `before-after/2`: what each production day says is known to the millisecond."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from kpi.claims import ComparisonClaim, ExcludedDay
from kpi.equipment.production_days import date_of
from kpi.window import Span
from tests.support.equipment_plant import counted, machine, product, state_signal
from tests.support.kpi_plant import DAY, MIN, T0, PlantLog, asset, calendar, shift

MONDAY = T0 + DAY
"""2026-03-02 08:00 at +08:00: a production day begins."""
EVERY_DAY = tuple(range(1, 8))
COUNTS = ("good", "scrap")


def plan(minutes: int = 480, weekdays: Iterable[int] = EVERY_DAY, **more: Any) -> dict[str, Any]:
    """Return a calendar planned for so many minutes from 08:00, when the production day begins."""
    more.setdefault("shifts", [shift(480, 480 + minutes, weekdays)])
    return calendar(**more)


def plant(
    names: Iterable[str] = ("a1",),
    cal: Mapping[str, Any] | None = None,
    *,
    counters: Sequence[dict[str, Any]] | None = None,
    meters: Mapping[str, Sequence[dict[str, Any]]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return a document of machines that make one product of 60 s a piece, with good and scrap counted."""
    own = counters if counters is not None else [counted(n, f"count_{n}") for n in COUNTS]
    found = dict(meters or {})
    assets = [asset(n, **{"products": [product("", 60_000)], **more}) for n in names]
    assets += [asset(m, production=False, state_table="", ideal_cycle_ms=[0, 1]) for m in found]
    signals = {n: [state_signal(), *(dict(c) for c in own)] for n in names}
    return machine(
        assets, {**signals, **{m: list(s) for m, s in found.items()}}, dict(cal or plan())
    )


@dataclass
class Diary:
    """A log whose first period begins on `start`, and whose second follows at once."""

    days: tuple[int, int] = (28, 28)
    start: int = MONDAY
    log: PlantLog = field(default_factory=PlantLog)
    documents: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def config(self, document: dict[str, Any], day: int = 0, ms: int = 0) -> None:
        """Put a configuration in force from a day on; that of the day 0 holds from the beginning."""
        at = self.start + day * DAY + ms if day or ms else self.start - DAY
        self.documents.append((at, document))

    def begin(self, day: int) -> int:
        """Return the first ms of a day, counted from the first of the first period."""
        return self.start + day * DAY

    def every(self) -> range:
        return range(sum(self.days))

    def running(self, name: str, ms: Callable[[int], int]) -> None:
        """Let a machine run from the beginning of each day for so many ms, then stand with a fault, as before."""
        self.log.row(f"{name}/state", self.begin(0) - 61 * MIN, 2)
        for day in self.every():
            if ms(day) > 0:
                self.log.row(f"{name}/state", self.begin(day), 1)
            self.log.row(f"{name}/state", self.begin(day) + ms(day), 2)

    def counting(
        self,
        point: str,
        pieces: Callable[[int], int],
        at: int = 60 * MIN,
        *,
        spread: bool = False,
        restart: int | None = None,
    ) -> None:
        """Let a counter show once a day the sum of the pieces so far, which begins anew at 0 on the day `restart`.

        spread: pieces are booked over the running time since the reading of the day before; otherwise another reading
        half a second earlier makes them lie at the reading.
        """
        level = 0
        self.log.row(point, self.begin(0) - 60 * MIN, 0)
        for day in self.every():
            if day == restart:
                level = 0
            if not spread:
                self.log.row(point, self.begin(day) + at - 500, level)
            level += pieces(day)
            self.log.row(point, self.begin(day) + at, level)

    def sealed(self) -> PlantLog:
        """Return the log, a block wherever there are rows or a configuration begins."""
        end = self.begin(sum(self.days)) // MIN + 1
        slots = {*self.log.pending, *(at // MIN for at, _ in self.documents), end}
        waiting = sorted(self.documents, key=lambda item: item[0])
        for slot in sorted(slots):
            while waiting and waiting[0][0] // MIN <= slot:
                self.log.config(waiting.pop(0)[1])
            self.log.block(slot)
        return self.log

    @property
    def spans(self) -> tuple[Span, Span]:
        edges = [self.start, self.begin(self.days[0]), self.begin(sum(self.days))]
        slots = [edge // MIN for edge in edges]
        return Span(slots[0], slots[1], 1500, 10), Span(slots[1], slots[2], 1500, 10)

    def claim(
        self,
        metric: str,
        threshold: Fraction | int = Fraction(1, 10),
        *,
        sense: str = "increase",
        assets: Sequence[str] = ("a1",),
        meters: Sequence[str] = (),
        exclusions: Sequence[tuple[int, str]] = (),
    ) -> ComparisonClaim:
        """Return the claim; exclusions: (day, reason)."""
        before, after = self.spans
        return ComparisonClaim(
            after,
            before,
            metric,  # type: ignore[arg-type]
            sense,  # type: ignore[arg-type]
            Fraction(threshold),
            tuple(assets),
            tuple(meters),
            tuple(ExcludedDay(self.date(day), reason) for day, reason in exclusions),
        )

    def date(self, day: int) -> str:
        return date_of((self.begin(day) + 480 * MIN) // DAY).isoformat()


NOISE = (0, 1, -1, 2, -2, 1, -1, 0, 1, -2, 2)
"""A pattern of 11 days that no week repeats and that sums to 1."""


def steady(
    before: int = 200,
    after: int = 260,
    days: tuple[int, int] = (63, 63),
    extra: Callable[[int], int] = lambda _: 0,
    **more: Any,
) -> Diary:
    """Nine weeks at about 200 of 480 minutes running, nine weeks at about 260: a gain of about 30 %."""
    log = Diary(days)
    log.config(plant(**more))
    level = (before, after)
    log.running(
        "a1",
        lambda day: (level[day >= days[0]] + NOISE[day % 11] + extra(day)) * MIN,
    )
    return log
