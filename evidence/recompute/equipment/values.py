"""Value of a signal over time (statistics.md §1): which value is known, from when until when."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar

from evidence.recompute.plant_model import PlantSignal
from evidence.recompute.view import Row
from evidence.recompute.window import Signalled
from model.flags import RowFlag
from model.signal import Role
from model.status import SEVERITY_MASK

V = TypeVar("V")
_H: Final = int(RowFlag.ALIVE)
_E_OR_M: Final = int(RowFlag.NO_VALUE | RowFlag.MISSED)


class Stretch(NamedTuple, Generic[V]):
    """[start, end) over which a value is known."""

    start: int
    end: int
    value: V


class Timeline(Generic[V]):
    """The known values of one signal, in order; between the stretches the value is unknown."""

    __slots__ = ("_starts", "stretches")

    def __init__(self, stretches: list[Stretch[V]]) -> None:
        self.stretches = stretches
        self._starts = [stretch.start for stretch in stretches]

    def at(self, instant: int) -> Stretch[V] | None:
        """Return the stretch that holds `instant`, None where the value is unknown."""
        number = bisect_right(self._starts, instant) - 1
        if number < 0 or instant >= self.stretches[number].end:
            return None
        return self.stretches[number]

    def within(self, low: int, high: int) -> Iterator[Stretch[V]]:
        """Yield the parts of the stretches that lie in [low, high), in order."""
        first = max(bisect_right(self._starts, low) - 1, 0)
        for start, end, value in islice(self.stretches, first, bisect_left(self._starts, high)):
            if end > low:
                yield Stretch(max(start, low), min(end, high), value)


class _Builder(Generic[V]):
    """Takes the rows of a signal one by one; `until` is when the last one expires."""

    __slots__ = ("_known", "_start", "stretches", "until")

    def __init__(self) -> None:
        self.stretches: list[Stretch[V]] = []
        self._known: tuple[V] | None = None
        self._start = 0
        self.until = 0

    def set(self, tau: int, value: V) -> None:
        """Take a value; the same value before the last one expired goes on."""
        if self._known is None or self._known[0] != value or tau > self.until:
            self.end(tau)
            self._known, self._start = (value,), tau

    def prove(self, tau: int) -> None:
        """Take a proof of life, which continues what has not expired."""
        if tau > self.until:
            self.end(tau)

    def end(self, tau: int) -> None:
        """Make the value unknown from `tau` on, or from where it expired before."""
        if self._known is None:
            return
        end, value = min(tau, self.until), self._known[0]
        self._known = None
        if self._start < end:
            if self.stretches and self.stretches[-1][1:] == (self._start, value):
                self.stretches[-1] = Stretch(self.stretches[-1].start, end, value)
            else:
                self.stretches.append(Stretch(self._start, end, value))


def timeline_of(
    rows: Iterable[Signalled],
    role: Role,
    high: int,
    value_of: Callable[[Row, PlantSignal], V],
) -> Timeline[V]:
    """Return the known values of one signal up to `high`; equal values that touch are one stretch.

    rows: in order. Rows sealed while the signal has another role than `role` do not exist here. value_of: value of a
    good value row; it is asked once for each raw value of a definition.
    """
    builder = _Builder[V]()
    definition: PlantSignal | None = None
    used, hold = False, 0
    memo: dict[int, V] = {}
    for row, signal in rows:
        if signal is not definition:
            definition, used, hold, memo = signal, signal.role is role, signal.hold_ms, {}
        if not used:
            continue
        tau, _, _, _, raw, status, flags = row
        if flags & _H:
            builder.prove(tau)
        elif flags & _E_OR_M or status & SEVERITY_MASK:
            builder.end(tau)
        else:
            if raw not in memo:
                memo[raw] = value_of(row, signal)
            builder.set(tau, memo[raw])
        builder.until = tau + hold
    builder.end(high)
    return Timeline(builder.stretches)
