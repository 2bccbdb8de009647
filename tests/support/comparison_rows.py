"""Rows of the machines and meters of random comparisons: a few a day."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tests.support.kpi_plant import DAY, HOUR, MIN, SLOT0, PlantLog


@dataclass
class Machine:
    """How one machine behaves in both periods."""

    name: str
    counters: tuple[str, ...]
    run_share: tuple[float, float]
    pieces: tuple[int, int]
    scrap: tuple[float, float]
    blind: float
    """Share of days on which nothing is received."""
    reset: float
    drift: float
    turns: float
    """Better in one week, worse in the next."""
    dead: str
    """Counter that never answers."""
    noise: float


def play(
    rng: random.Random,
    log: PlantLog,
    one: Machine,
    document: dict[str, Any],
    edges: tuple[int, int],
    ends: tuple[int, int],
) -> None:
    """Write the rows of one machine from a day before the first period to the end of the second."""
    names = [
        s["name"]
        for stream in document["streams"]
        if stream["id"].rpartition(".")[0] == one.name
        for s in stream["signals"]
    ]
    level = dict.fromkeys(one.counters, 0)
    start, end = edges[0] - DAY, ends[1]
    for at in range(start, end, DAY):
        side = int(at >= ends[0])
        period = (edges, ends)[side]
        along = (at - period[0]) / (period[1] - period[0]) - 0.5
        turn = one.turns if (at - start) // (7 * DAY) % 2 else -one.turns
        factor = max(0.05, 1 + one.drift * along + turn + rng.gauss(0, one.noise))
        running = min(1.0, one.run_share[side] * factor)
        if rng.random() < one.blind:
            continue
        log.row(f"{one.name}/state", at, 1)
        log.row(f"{one.name}/state", at + int(running * 16 * HOUR), rng.choice((2, 3, 4, 8)))
        if "part" in names:
            log.row(f"{one.name}/part", at + 1, rng.choice(("A", "A", "B", "C", "")))
        if rng.random() < 0.1:
            log.row(f"{one.name}/state", at + 17 * HOUR, rng.choice((1, 7, 9)))
            log.row(f"{one.name}/state", at + 17 * HOUR + MIN, 2)
        for part in (6, 14):
            made = int(one.pieces[side] * factor * rng.uniform(0.45, 0.55))
            scrap = min(made, int(made * one.scrap[side] * rng.uniform(0.5, 1.5)))
            rework = rng.choice((0, 0, 1))
            steps = {"good": made - scrap - rework, "scrap": scrap, "total": made, "rework": rework}
            for name in one.counters:
                if name == one.dead:
                    continue
                level[name] += max(0, steps[name])
                if rng.random() < one.reset:
                    level[name] = rng.choice((0, 3, 10**6, max(0, level[name] - 20)))
                log.row(f"{one.name}/{name}", at + part * HOUR + 7, level[name])


def read_meter(
    rng: random.Random,
    log: PlantLog,
    meter: str,
    edges: tuple[int, int],
    ends: tuple[int, int],
) -> None:
    blind, reset = rng.choice((0, 0, 0.02)), rng.choice((0, 0, 0, 0.01))
    less = rng.choice((1, 0.9, 0.7))
    for name in ("energy", "second"):
        wh = 0
        for at in range(edges[0] - DAY, ends[1], 12 * HOUR):
            wh += int(rng.uniform(9_000, 11_000) * (less if at >= ends[0] else 1))
            if rng.random() < reset:
                wh = 5
            if rng.random() >= blind:
                log.row(f"{meter}/{name}", at + 5 * HOUR, wh)


def seal(log: PlantLog, docs: list[tuple[int, dict[str, Any]]], end: int) -> None:
    """Write a block for every slot that has rows, and at the beginning of every configuration."""
    slots = sorted({*log.pending, *(at // MIN for at, _ in docs), SLOT0, end // MIN + 20})
    waiting = list(docs)
    for slot in slots:
        while waiting and waiting[0][0] // MIN <= slot:
            log.config(waiting.pop(0)[1])
        log.block(slot)
