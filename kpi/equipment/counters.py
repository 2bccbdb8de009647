"""What the readings of one counter book (docs/formats/statistics.md §6); rows of years may come in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

import numpy as np

from kpi.calendar import HOUR_MS
from kpi.document_types import PLAIN_COUNTER
from kpi.equipment.counter_steps import Mark
from kpi.equipment.counter_walk import Gap, Memory, Piece, Reading, RuleColumns, Walk, Walked
from kpi.equipment.signal_rows import SignalRows, Specs
from kpi.readings import Readings, compact, readings
from kpi.timeline import PROOF, SET
from kpi.window import Bool, Int64
from model.signal import SignalType

_NONE: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Booked:
    """What a counter booked. Steps that book nothing are left out; a negative count is a correction, at `end`."""

    begin: Int64
    """Level's τ of every step."""
    end: Int64
    """τ of the reading that books."""
    count: Readings
    """int64, or Python integers where one is too big."""
    marks: tuple[tuple[int, Mark], ...]
    """(τ, mark) of unusual readings, in order."""
    gaps: tuple[Gap, ...]
    """Between accepted readings, in order."""
    first: Reading | None
    """First accepted reading; None = there is no reading at all."""
    last: Reading | None
    """Last accepted reading."""
    last_config: int
    """Configuration of the last reading, accepted or not; −1 without one."""
    proof: tuple[int, int]
    """(τ, configuration) of the last accepted reading, or of a later H row that no quarantined reading precedes."""
    doubtful: bool
    """Whether a quarantined reading follows the last accepted one."""
    alive: bool
    """Whether an H row stands among the rows."""

    @property
    def answered(self) -> bool:
        """Return whether any reading was accepted."""
        return self.first is not None


@dataclass(frozen=True, slots=True, eq=False)
class CounterTail:
    """What a counter history must keep to go on: memory of the rule, and what is still asked for."""

    booked: Booked
    candidate: Reading | None
    run: int
    answers: tuple[tuple[int, int], ...]
    """(UTC hour, bits ACCEPTED and ALIVE) of the hours with such a row."""


ACCEPTED, ALIVE = 1, 2
"""Bits of an hour: an accepted reading, an H row."""


class CounterHistory:
    """Readings of one counter in one role, piece of rows by piece of rows."""

    def __init__(
        self, specs: Specs, mine: Bool, events: Sequence[Int64], tail: CounterTail | None = None
    ) -> None:
        """Start without readings, or where another history left off.

        specs: by configuration; mine: configurations under which the rows count; events: by configuration the
        instants at which the counter was replaced or set, rising; tail: configurations may have been added since.
        """
        usable = [s is not None and s.type is not SignalType.TEXT for s in specs]
        self._specs = specs
        self._mine = mine
        self._usable = np.array(usable, dtype=np.bool_)
        self._columns = RuleColumns(
            [s.rules if s is not None else PLAIN_COUNTER for s in specs], events
        )
        self._form = _forms(specs, mine & self._usable)
        self._memory = Memory()
        self._first: Reading | None = None
        self._last_config = -1
        self._proof = (0, -1)
        self._alive = False
        self._steps: list[tuple[Int64, Int64, Readings]] = []
        self._marks: list[tuple[int, Mark]] = []
        self._gaps: list[Gap] = []
        self._answers: dict[int, int] = {}
        if tail is not None:
            self._restore(tail)

    def _restore(self, tail: CounterTail) -> None:
        booked = tail.booked
        self._memory = Memory(booked.last, tail.candidate, tail.run)
        self._first = booked.first
        self._last_config = booked.last_config
        self._proof = booked.proof
        self._alive = booked.alive
        self._steps = [(booked.begin, booked.end, booked.count)]
        self._marks = list(booked.marks)
        self._gaps = list(booked.gaps)
        self._answers = dict(tail.answers)

    def tail(self) -> CounterTail:
        """Return what is needed to go on."""
        memory = self._memory
        answers = tuple(sorted(self._answers.items()))
        return CounterTail(self.booked(), memory.candidate, memory.run, answers)

    @property
    def answers(self) -> dict[int, int]:
        """Return the bits ACCEPTED and ALIVE by UTC hour."""
        return self._answers

    @property
    def open_ms(self) -> int | None:
        """Return the instant of the last accepted reading, from which the next step begins; None before the first."""
        return self._memory.level.tau if self._memory.level is not None else None

    def feed(self, rows: SignalRows, restarts: Int64) -> None:
        """Take the next rows of the signal; none may lie before those taken already.

        restarts: rising instants at which the uptime of the device fell, at least those since the level.
        """
        rows = rows.of_configs(self._mine)
        is_good = rows.kind == SET
        if not self._usable[self._mine].all():
            is_good &= self._usable[rows.config]
        accepted = np.zeros(len(rows), dtype=np.bool_)
        in_quarantine = self._memory.run > 0
        good = rows.select(is_good)
        if len(good):
            mask = self._feed_good(good, restarts)
            if len(good) == len(rows):
                accepted = mask
            else:
                accepted[is_good] = mask
            self._last_config = int(good.config[-1])
        self._answer(rows.tau if accepted.all() else rows.tau[accepted], ACCEPTED)
        if len(good) == len(rows):
            at = np.flatnonzero(accepted)[-1:].tolist()
            if at:
                self._proof = int(rows.tau[at[0]]), int(rows.config[at[0]])
            return
        self._take_proofs(rows, is_good, accepted, in_quarantine=in_quarantine)

    def booked(self) -> Booked:
        """Return what the rows taken so far book."""
        if len(self._steps) > 1:
            counts: list[Any] = [s[2] for s in self._steps]
            kind = object if any(c.dtype == object for c in counts) else np.int64
            begin, end = (np.concatenate([s[i] for s in self._steps]) for i in range(2))
            count: Readings = np.concatenate([c.astype(kind, copy=False) for c in counts])
            self._steps = [(begin, end, count)]
        begin, end, count = self._steps[0] if self._steps else (_NONE, _NONE, _NONE)
        return Booked(
            begin=begin,
            end=end,
            count=count,
            marks=tuple(self._marks),
            gaps=tuple(self._gaps),
            first=self._first,
            last=self._memory.level,
            last_config=self._last_config,
            proof=self._proof,
            doubtful=self._memory.run > 0,
            alive=self._alive,
        )

    def forget(self, before_ms: int) -> None:
        """Drop the steps, marks and gaps that ended before an instant."""
        kept = [(b, e, c, e >= before_ms) for b, e, c in self._steps]
        self._steps = [(b[k], e[k], c[k]) for b, e, c, k in kept if k.any()]
        self._marks = [m for m in self._marks if m[0] >= before_ms]
        self._gaps = [g for g in self._gaps if g.end_ms > before_ms]
        self._answers = {h: b for h, b in self._answers.items() if (h + 1) * HOUR_MS > before_ms}

    def _answer(self, tau: Int64, bit: int) -> None:
        """Remember the UTC hours of rows in order."""
        if not len(tau):
            return
        first, last = int(tau[0]) // HOUR_MS, int(tau[-1]) // HOUR_MS
        edges = np.searchsorted(tau, np.arange(first, last + 2, dtype=np.int64) * HOUR_MS)
        for hour in (np.flatnonzero(np.diff(edges)) + first).tolist():
            self._answers[hour] = self._answers.get(hour, 0) | bit

    def _feed_good(self, rows: SignalRows, restarts: Int64) -> Bool:
        """Take good readings; return which of them are accepted."""
        form = self._form[rows.config]
        cuts = [0, *(np.flatnonzero(form[1:] != form[:-1]) + 1).tolist(), len(rows)]
        return np.concatenate(
            [self._feed_form(rows, slice(a, b), restarts) for a, b in pairwise(cuts)]
        )

    def _feed_form(self, rows: SignalRows, part: slice, restarts: Int64) -> Bool:
        """Take readings of one type and scale; the level before them is read anew with that scale."""
        tau, raw, config = rows.tau[part], rows.value[part], rows.config[part]
        spec = self._specs[int(config[0])]
        if spec is None:
            raise ValueError("rows of a configuration that does not have the signal")
        values = readings(raw, spec.type, spec.scale)
        memory = self._memory
        lead = memory.level is not None
        if memory.level is not None:
            values = _in_front(round(memory.level.value * spec.scale), values)
            tau = np.concatenate([[memory.level.tau], tau])
            config = np.concatenate([[memory.level.config], config]).astype(np.int32)
        found = Walk(Piece(values, tau, config, spec.scale), self._columns, restarts, memory).run()
        self._keep(found, values, tau)

        def reading(i: int) -> Reading:
            return Reading(_exact(int(raw[i - lead]), spec.type), int(tau[i]), int(config[i]))

        if self._first is None:
            self._first = reading(0)
        if found.candidate >= 0:
            memory.candidate = reading(found.candidate)
        if found.level or not lead:
            memory.level = reading(found.level)
        accepted = np.ones(len(tau), dtype=np.bool_)
        accepted[found.refused] = False
        return accepted[int(lead) :]

    def _keep(self, found: Walked, values: Readings, tau: Int64) -> None:
        step = values[1:] - values[:-1]
        at = np.flatnonzero(found.plain[1:] & (step != 0))
        if len(at):
            self._steps.append((tau[at], tau[at + 1], step[at]))
        if found.steps:
            begin = tau[[a for a, _, _ in found.steps]]
            end = tau[[b for _, b, _ in found.steps]]
            self._steps.append((begin, end, compact([c for _, _, c in found.steps])))
        self._marks.extend(found.marks)
        self._gaps.extend(found.gaps)

    def _take_proofs(
        self, rows: SignalRows, is_good: Bool, accepted: Bool, *, in_quarantine: bool
    ) -> None:
        """Remember the last proof of the level: an H row behind a quarantined reading proves another value."""
        alive = rows.kind == PROOF
        if alive.any():
            self._alive = True
            self._answer(rows.tau[alive], ALIVE)
        last = np.maximum.accumulate(np.where(is_good, np.arange(len(rows)), -1))
        held = np.where(last < 0, not in_quarantine and self._first is not None, accepted[last])
        proofs = np.flatnonzero(accepted | (alive & held))
        if len(proofs):
            self._proof = int(rows.tau[proofs[-1]]), int(rows.config[proofs[-1]])


@dataclass(frozen=True, slots=True)
class RestartTail:
    """What a restart history must keep to go on."""

    last: Fraction | None
    """Exact value of the last reading before scale."""
    instants: tuple[int, ...]
    """Instants at which the uptime fell that are still asked for."""


class RestartHistory:
    """Instants at which an uptime signal fell, piece of rows by piece of rows."""

    def __init__(self, specs: Specs, mine: Bool, tail: RestartTail | None = None) -> None:
        """Start without readings, or where another history left off; specs and mine as of a counter."""
        self._specs = specs
        usable = np.array([s is not None and s.type is not SignalType.TEXT for s in specs])
        self._mine: Bool = mine & usable
        self._form = _forms(specs, self._mine)
        self._last: Fraction | None = tail.last if tail is not None else None
        self._found: list[int] = list(tail.instants) if tail is not None else []

    def tail(self) -> RestartTail:
        """Return what is needed to go on."""
        return RestartTail(self._last, tuple(self._found))

    def feed(self, rows: SignalRows) -> None:
        """Take the next rows of the signal; the reading before them is read anew with their scale."""
        rows = rows.of_configs(self._mine)
        rows = rows.select(rows.kind == SET)
        if not len(rows):
            return
        form = self._form[rows.config]
        cuts = [0, *(np.flatnonzero(form[1:] != form[:-1]) + 1).tolist(), len(rows)]
        for a, b in pairwise(cuts):
            spec = self._specs[int(rows.config[a])]
            if spec is None:
                continue
            values = readings(rows.value[a:b], spec.type, spec.scale)
            if self._last is not None and values[0] < round(self._last * spec.scale):
                self._found.append(int(rows.tau[a]))
            fell = np.flatnonzero(values[1:] < values[:-1]) + a + 1
            self._found.extend(rows.tau[fell].tolist())
            self._last = _exact(int(rows.value[b - 1]), spec.type)

    @property
    def instants(self) -> list[int]:
        """Return the instants found so far, rising."""
        return self._found

    def forget(self, before_ms: int) -> None:
        """Drop the instants before another."""
        self._found = [x for x in self._found if x >= before_ms]


def _forms(specs: Specs, mine: Bool) -> Int64:
    """Return a number per configuration that is equal where type and scale of the signal are."""
    number: dict[tuple[SignalType, Fraction], int] = {}
    found = [
        number.setdefault((s.type, s.scale), len(number)) if s is not None and ok else -1
        for s, ok in zip(specs, mine.tolist(), strict=True)
    ]
    return np.array(found, dtype=np.int64)


def _exact(raw: int, kind: SignalType) -> Fraction:
    """Return the exact value of eight value bytes."""
    if kind is SignalType.FLOAT:
        return Fraction(float(np.array([raw], dtype=np.int64).view(np.float64)[0]))
    return Fraction(raw % 2**64 if kind is SignalType.UINT else raw)


def _in_front(value: int, values: Readings) -> Readings:
    """Return the readings with one more in front, exactly."""
    first = compact([value])
    kind = object if object in (first.dtype, values.dtype) else np.int64
    joined: Readings = np.concatenate([first.astype(kind), values.astype(kind)])
    return joined
