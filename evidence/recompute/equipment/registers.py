"""Counter steps on registered events, restarts, corrections, rollovers and resets (statistics.md §6, kpi-audit U6)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from evidence.reading import reading
from evidence.recompute.equipment.bookings import Bookings
from evidence.recompute.plant_model import CounterRule, PlantSignal
from evidence.recompute.window import Signalled
from model.flags import RowFlag
from model.signal import Role, SignalType
from model.status import SEVERITY_MASK

_H: Final = int(RowFlag.ALIVE)
_E_OR_M: Final = int(RowFlag.NO_VALUE | RowFlag.MISSED)
_RUN_TO_ACCEPT: Final = 3
"""Quarantined readings in a row, each plausible after the one before it, that make a new level."""


class Mark(StrEnum):
    """What is to be said about a reading; a plain step has none."""

    SEGMENT = "segment"
    TURNS = "turns"
    RESTART = "restart"
    CORRECTION = "correction"
    LOST = "lost"
    AMBIGUOUS = "ambiguous"
    RESET = "reset"
    QUARANTINED = "quarantined"


class Step(NamedTuple):
    """What the way from a level to a reading is, as far as the readings alone do not say it."""

    elapsed: int
    rule: CounterRule
    registered: bool
    """A counter event lies between them."""
    restarted: bool
    """A restart of the device between them is proven."""


Decision = tuple[int, Mark | None]
"""Booked count and mark."""


def plausible(count: int, step: Step) -> bool:
    """Return whether 0 ≤ `count` ≤ ⌈pieces·Δt/ms⌉ + 1; no upper bound where the rate is not limited."""
    rule = step.rule
    if count < 0 or not rule.limited:
        return count >= 0
    return count <= -(-rule.pieces * step.elapsed // rule.ms) + 1


def decide(old: int, new: int, step: Step) -> Decision | None:
    """Return what the step from level `old` to reading `new` books, None for quarantine (rules 0 to 3 of §6)."""
    if step.registered:
        return 0, Mark.SEGMENT
    if new == old:
        return 0, None
    rule = step.rule
    may_turn = (
        rule.modulus > 0 and rule.limited and rule.pieces * step.elapsed >= rule.modulus * rule.ms
    )
    if new > old:
        if not plausible(new - old, step):
            return None
        return new - old, Mark.TURNS if may_turn else None
    return _decide_back(old, new, step, may_turn=may_turn)


def _decide_back(old: int, new: int, step: Step, *, may_turn: bool) -> Decision | None:
    rule = step.rule
    since_first = new - rule.first
    from_first = plausible(since_first, step)
    if step.restarted and from_first:
        return since_first, Mark.RESTART
    if old - new <= rule.max_correction:
        return new - old, Mark.CORRECTION
    if may_turn:
        return 0, Mark.LOST
    if rule.modulus > 0:
        rolled = (new - old) % rule.modulus
        if plausible(rolled, step):
            return rolled, Mark.AMBIGUOUS if from_first else None
    return (since_first, Mark.RESET) if from_first else None


class Doubt(NamedTuple):
    """An interval between two accepted readings in which pieces may have been lost. rule: of the later one."""

    start: int
    end: int
    rule: CounterRule


class _Raw(NamedTuple):
    """A reading as it was sealed, to be read anew with a later scale."""

    tau: int
    type: SignalType
    value: int

    def under(self, signal: PlantSignal) -> int:
        return reading(self.type, self.value, *signal.scale)


class Register:
    """What the rows of one counter say: a signal while it has one role, of an energy class one carrier too.

    bookings: filled here. inside: [a, b), the readings whose marks count.
    """

    def __init__(self, bookings: Bookings, inside: tuple[int, int]) -> None:
        self._inside = inside
        self.bookings = bookings
        self.marks: Counter[Mark] = Counter()
        self.doubts: list[Doubt] = []
        self.accepted = array("q")
        """τ of the accepted readings, ascending."""
        self.first: tuple[int, CounterRule] | None = None
        """τ and rule of the first accepted reading, None if none is accepted."""
        self.proof: tuple[int, int] | None = None
        """τ and hold of the last accepted reading or of a later H row with no quarantined reading between them."""
        self.doubtful = False
        """A quarantined reading follows the last accepted one."""
        self.rule: CounterRule | None = None
        """Rule of the last reading, None without any."""
        self.answered = False
        """There is an accepted reading or an H row."""

    def accepted_between(self, low: int, high: int) -> bool:
        """Return whether an accepted reading has τ in [low, high)."""
        at = bisect_left(self.accepted, low)
        return at < len(self.accepted) and self.accepted[at] < high

    def mark(self, tau: int, mark: Mark) -> None:
        """Note what is to be said about a reading."""
        if self._inside[0] <= tau < self._inside[1]:
            self.marks[mark] += 1


class _Reader:
    """Takes the rows of one counter in order and decides about each."""

    def __init__(self, register: Register, restarted: Callable[[int, int], bool]) -> None:
        self._register = register
        self._restarted = restarted
        self._level: _Raw | None = None
        self._candidate: _Raw | None = None
        self._run = 0
        self._events: Sequence[int] = ()
        self._old = 0
        """Reading of the level under the present definition."""

    def begin(self, signal: PlantSignal, events: Sequence[int]) -> None:
        """Go on with another definition of the signal: the level is read anew with its scale."""
        self._signal, self._events = signal, events
        if self._level is not None:
            self._old = self._level.under(signal)

    def prove(self, tau: int) -> None:
        """Take an H row."""
        self._register.answered = True
        if self._level is not None and not self._register.doubtful:
            self._register.proof = tau, self._signal.hold_ms

    def read(self, tau: int, raw: int, new: int) -> None:
        """Take a good value row: its eight bytes and its reading."""
        register, rule = self._register, self._signal.counter
        register.rule = rule
        level = self._level
        if level is None:
            register.first, register.answered = (tau, rule), True
            self._accept(tau, raw, new)
            return
        decision = self._decide(level, tau, new)
        if decision is None:
            if not self._quarantine(tau, raw, new):
                return
            decision = _NOTHING
        booked, mark = decision
        if booked:
            register.bookings.add(level.tau, tau, booked)
        if mark is not None:
            register.mark(tau, mark)
        if register.doubtful or mark not in _CONTINUOUS:
            register.doubts.append(Doubt(level.tau, tau, rule))
        self._accept(tau, raw, new)

    def _decide(self, level: _Raw, tau: int, new: int) -> Decision | None:
        if new == self._old and not self._events:
            return _NOTHING
        since, events = level.tau, self._events
        step = Step(
            tau - since,
            self._signal.counter,
            registered=bisect_right(events, since) < bisect_right(events, tau),
            restarted=new < self._old and self._restarted(since, tau),
        )
        return decide(self._old, new, step)

    def _accept(self, tau: int, raw: int, new: int) -> None:
        self._level, self._old = _Raw(tau, self._signal.type, raw), new
        self._candidate, self._run = None, 0
        self._register.accepted.append(tau)
        self._register.doubtful = False
        self._register.proof = tau, self._signal.hold_ms

    def _quarantine(self, tau: int, raw: int, new: int) -> bool:
        """Take a reading that no rule explains; return whether it is the one that makes a new level."""
        before = self._candidate
        follows = before is not None and _follows(before, new, tau, self._signal)
        self._run = self._run + 1 if follows else 1
        self._candidate = _Raw(tau, self._signal.type, raw)
        self._register.doubtful = True
        self._register.mark(tau, Mark.QUARANTINED)
        return self._run == _RUN_TO_ACCEPT


_NOTHING: Final[Decision] = (0, None)
_CONTINUOUS: Final = (None, Mark.CORRECTION)
"""Marks after which nothing can be missing."""


def read_register(
    register: Register,
    rows: Iterable[Signalled],
    counts: Callable[[PlantSignal], bool],
    events_of: Callable[[PlantSignal], Sequence[int]],
    restarted: Callable[[int, int], bool],
) -> None:
    """Fill `register` from the rows of its signal, in order.

    counts: whether a definition of the signal is this counter. events_of: instants of the registered counter events,
    ascending, of the configuration that a definition is from. restarted: whether a restart of the device is proven in
    (τ0, τ1].
    """
    reader = _Reader(register, restarted)
    definition: PlantSignal | None = None
    used = numeric = whole = False
    num = den = 1
    for (tau, _, _, _, value, status, flags), signal in rows:
        if signal is not definition:
            definition, used = signal, counts(signal)
            numeric = signal.type is not SignalType.TEXT
            num, den = signal.scale
            whole = den == 1 and signal.type in (SignalType.INT, SignalType.BOOL)
            reader.begin(signal, events_of(signal))
        if not used:
            continue
        if flags & _H:
            reader.prove(tau)
        elif numeric and not flags & _E_OR_M and not status & SEVERITY_MASK:
            new = value * num if whole else reading(signal.type, value, num, den)
            reader.read(tau, value, new)


def _follows(candidate: _Raw, new: int, tau: int, signal: PlantSignal) -> bool:
    """Return whether a quarantined reading is plausible after the one before it, by rules 1 and 2 alone."""
    step = Step(tau - candidate.tau, signal.counter, registered=False, restarted=False)
    return plausible(new - candidate.under(signal), step)


def restarts_of(rows: Iterable[Signalled]) -> list[int]:
    """Return the instants, ascending, at which an uptime is smaller than its good reading before."""
    found: list[int] = []
    before: _Raw | None = None
    for (tau, _, _, _, value, status, flags), signal in rows:
        if (
            signal.role is Role.UPTIME
            and signal.type is not SignalType.TEXT
            and not flags & _E_OR_M
            and not status & SEVERITY_MASK
        ):
            new = _Raw(tau, signal.type, value)
            if before is not None and new.under(signal) < before.under(signal):
                found.append(tau)
            before = new
    return found
