"""Random plants for equipment statistics: logs of random configurations, and rows as real ones are and worse."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kpi.window import Span
from model.flags import RowFlag
from model.status import BAD, UNCERTAIN
from tests.support.equipment_random_document import (
    COUNTS,
    DEVICES,
    MACHINES,
    METERS,
    REGISTERS,
    Habit,
    World,
    random_document,
)
from tests.support.kpi_plant import HOUR, MIN, SLOT0, PlantLog

__all__ = ["DEVICES", "MACHINES", "METERS", "random_plant"]


def random_plant(seed: int) -> tuple[PlantLog, Span]:
    """Return a log of several configurations and a window of it."""
    rng = random.Random(seed)
    length = rng.choice((30, 90, 90, 240, 600, 1500))
    world = World(rng, length)
    first = SLOT0 + rng.choice((0, 2, 13))
    last = first + length
    lead, grace = rng.choice((0, 1, 30, 120)), rng.choice((0, 2, 10))
    begin = SLOT0 - rng.choice((0, 20, 130))
    end = last + grace
    for _ in range(rng.choice((0, 1, 2, 4))):
        at = world.instant()
        until = at + rng.choice((MIN, 7 * MIN, 30 * MIN + 3, 5 * HOUR))
        kind = rng.choice(("pm", "brk", "off"))
        who = rng.choice(("*", *MACHINES))
        world.stops.append({"asset": who, "from_ms": at, "kind": kind, "to_ms": until})
    for _ in range(rng.choice((0, 1, 3))):
        device = rng.choice((*MACHINES, *METERS))
        name = rng.choice(tuple(COUNTS) if device in MACHINES else tuple(REGISTERS))
        event = {"device": device, "kind": "set", "signal": name, "at_ms": world.instant()}
        if not any(
            (e["device"], e["signal"], e["at_ms"]) == (device, name, event["at_ms"])
            for e in world.events
        ):
            world.events.append(event)
    habit = Habit(rng)
    docs = [random_document(habit, world)]
    changes = sorted(rng.sample(range(begin + 1, end), rng.choice((0, 1, 1, 2, 4, 7))))
    for _ in changes:
        habit.anew(rng.choice((0.0, 0.03, 0.1, 0.3, 0.6)))
        docs.append(random_document(habit, world))
    log = PlantLog()
    special = [first * MIN, last * MIN, last * MIN - 1, *(e["at_ms"] for e in world.events)]
    special = [x for x in special if begin * MIN <= x < end * MIN]
    _random_rows(rng, log, docs, (begin, end), special)
    _blocks(rng, log, docs, changes, begin, end)
    return log, Span(first, last, min(lead, first), grace)


def _blocks(
    rng: random.Random,
    log: PlantLog,
    docs: list[dict[str, Any]],
    changes: list[int],
    begin: int,
    end: int,
) -> None:
    """Write configurations, blocks and times without the agent; of a long log only the blocks with rows."""
    current = docs[0]
    log.config(current)
    sparse = end - begin > 300
    following = list(zip(changes, docs[1:], strict=True))
    slot = begin
    while slot < end:
        while following and slot >= following[0][0]:
            if rng.random() < 0.2:  # replaced before any block
                log.config(rng.choice(docs))
            current = following.pop(0)[1]
            log.config(current)
        if rng.random() < 0.01:
            log.config(current)  # the same once more: no other configuration
        if rng.random() < 0.01:
            slots = min(rng.choice((1, 3, 10)), end - slot)
            log.off(slot, slots)
            slot += slots
            continue
        if not sparse or slot in log.pending or slot == begin or rng.random() < 0.05:
            log.block(slot)
        slot += 1


def _random_rows(
    rng: random.Random,
    log: PlantLog,
    docs: Sequence[dict[str, Any]],
    slots: tuple[int, int],
    special: Sequence[int],
) -> None:
    """Write rows of every signal of the documents; special: instants at which rows are wanted."""
    points: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for d in docs:
        for s in d["streams"]:
            for x in s["signals"]:
                key = (str(s["id"]).rpartition(".")[0], x["name"])
                points.setdefault(key, set()).add((x["role"], x["type"]))
    begin, end = slots
    restarts = {
        d: sorted(
            begin * MIN + rng.randrange((end - begin) * 60) * 1000
            for _ in range(rng.choice((0, 0, 1, 2)))
        )
        for d in DEVICES
    }
    for (device, name), uses in sorted(points.items()):
        if rng.random() < 0.08:
            continue  # never answers
        values = _Values(rng, name, sorted(uses), restarts[device], begin * MIN)
        trouble = values.trouble
        for at in _instants(rng, name, slots, [*special, *restarts[device]]):
            _write(rng, log, f"{device}/{name}", at, values.at(at), trouble)


def _instants(
    rng: random.Random, name: str, slots: tuple[int, int], special: Sequence[int]
) -> list[int]:
    """Return when a signal is read, rising: at a pace of its own, with silences."""
    begin, end = (slot * MIN for slot in slots)
    span = end - begin
    pace = max(20_000, span // rng.choice((15, 40, 70)) // 10_000 * 10_000)
    steps = [1000, pace // 10, pace // 2, pace, pace, pace, pace * 3]
    if name == "lo1":
        steps.append(300_000)  # as long as an output may stand at its limit
    at = begin + rng.choice((-MIN, 0, 1, 10 * MIN, span // 3))
    stop = end if rng.random() < 0.8 else begin + rng.randrange(span)
    found, silent = [], 0
    while at < stop:
        at += rng.choice(steps) - rng.choice((0, 0, 0, 0, 0, 1, 7))
        if rng.random() < 0.2:
            at = at // MIN * MIN  # where windows and configurations begin
        silent = rng.choice((3, 10)) if not silent and rng.random() < 0.01 else max(0, silent - 1)
        if not silent:
            found.append(at)
    return sorted([*found, *(x for x in special if rng.random() < 0.4)])


_TEXTS = {
    "sku": ("A", "A", "A", "B", "C", "1", "", "\x01"),
    "order": ("J1", "J1", "J2", "1", "2"),
    "mode": ("1", "2", "3", "run"),
}
_OUTPUTS = (0, 1, 3, 6, 7, 50, 99, 100, 100, 100, 0.5, 99.5)


@dataclass
class _Values:
    """What one signal shows, instant by instant."""

    rng: random.Random
    name: str
    uses: list[tuple[str, str]]
    """(role, type) of it in some configuration."""
    restarts: list[int]
    """Of its device."""
    begin: int

    def __post_init__(self) -> None:
        rng = self.rng
        self._kinds = [kind for _, kind in self.uses]
        counting = ("energy", "consumption")
        self._counts = any(r.startswith("count_") or r in counting for r, _ in self.uses)
        self._wrap = rng.choice((0, 0, 100, 9999, 2**16, 2**32))
        self._level = rng.choice((0, 90, 9990, 65_500, 2**32 - 20, 0))
        self.trouble = rng.choice((0.0, 0.02, 0.08, 0.3))
        """Share of the rows that are not what they should be."""
        self._start, self._code = self.begin, 1
        self._output: float = 100

    def at(self, at: int) -> int | float | str:
        """Return the value of the next instant."""
        rng, kinds = self.rng, self._kinds
        value: int | float | str = self._number(at)
        if "float" in kinds and rng.random() < 0.5 and not isinstance(value, str):
            part = rng.choice((0.0, 0.5, 0.25, 1 / 3)) if self._counts else 0.0
            value = float(value) + part
        elif isinstance(value, float):
            value = round(value)
        if "text" in kinds and (len(kinds) == 1 or rng.random() < 0.5):
            texts = _TEXTS.get(self.name, ("1", "1", "2", "3", "run", ""))
            value = rng.choice(texts) if not self._counts else str(value)
        if "bool" in kinds and rng.random() < 0.5:
            value = rng.randrange(2)
        return value

    def _number(self, at: int) -> int | float:
        rng = self.rng
        last_restart = max([r for r in self.restarts if r <= at], default=self._start)
        if self._counts:
            return self._counter(last_restart)
        if self.name == "hours":
            return (at - last_restart) // 1000 % rng.choice((2**40, 2**40, 5000))
        if self.name == "lo1":
            if rng.random() < 0.3:
                self._output = rng.choice(_OUTPUTS)
            return self._output
        if rng.random() < 0.4:
            self._code = rng.choice((1, 1, 1, 1, 2, 2, 3, 0, 4, 5, 6, 7, 8))
        return self._code

    def _counter(self, last_restart: int) -> int:
        rng = self.rng
        if last_restart > self._start:
            self._start = last_restart
            if rng.random() < 0.7:
                self._level = rng.choice((0, 1, 2))
        self._level += rng.choice((0, 0, 1, 1, 1, 2, 3, rng.choice((3, 40, 3000))))
        kick = rng.random()
        if kick < self.trouble / 3:
            self._level = rng.choice((0, 1, 3, 10**6, 5, 2**40))
        elif kick < self.trouble:
            self._level = max(0, self._level - rng.choice((1, 2, 50)))
        if self._wrap and self._level >= self._wrap and rng.random() < 0.9:
            self._level %= self._wrap
        if rng.random() < self.trouble / 5:
            return rng.choice((10**7, 0, 2**40, 2**63 + 5))  # one reading alone
        return self._level


def _write(
    rng: random.Random, log: PlantLog, target: str, at: int, value: Any, trouble: float
) -> None:
    what = rng.random()
    if what < 0.15:
        log.alive(target, at)
    elif what < 0.15 + trouble / 4:
        log.missed(target, at // MIN * MIN, rng.randrange(1, 9), slot=at // MIN + 1)
    elif what < 0.15 + trouble / 2:
        log.bad(target, at, rng.choice((None, value)))
    elif what < 0.15 + trouble:
        for other in (value, value, 1 if not isinstance(value, str) else "1", value):
            log.row(target, at, other, status=rng.choice((0, 0, BAD, UNCERTAIN)))
    elif what < 0.17 + trouble:
        log.row(target, at, value, flags=RowFlag.IMPORTED)
    elif what < 0.2 + trouble:
        log.row(target, at, value, source=False)
    elif what < 0.25 + trouble:
        log.row(
            target, at, value, delay=rng.choice((400_000, 1_500_000)), flags=RowFlag.BACK_FILLED
        )
    else:
        log.row(target, at, value, delay=rng.choice((0, 0, 0, 500, 70_000, 200_000)))
