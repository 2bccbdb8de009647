"""Slots of the running day for the board: CPU of one more minute early and late in the day, against the whole window.

Run: `python benchmarks/bench_slot_tally.py`. A point has one value a minute; one in ten gives none at all.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from kpi.claims import UploadRateClaim
from kpi.document import parse_document
from kpi.evaluate import evaluate
from kpi.history import ConfigEntry, ConfigHistory
from kpi.slot_tally import SlotTally
from kpi.window import PointKey, Span, WindowRows
from kpi.workspace import Workspace
from tests.support.kpi_plant import asset, document, signal

MIN = 60_000
SLOT0 = 29_538_720
DAY = 1440
STREAMS = 20


def history(points: int) -> ConfigHistory:
    """Return the history of one configuration with so many required points."""
    names = [f"d{s:02d}" for s in range(STREAMS)]
    made = document(
        [asset(name) for name in names],
        {
            name: [
                signal(f"p{i:04d}", "process_value", required=True)
                for i in range(points // STREAMS)
            ]
            for name in names
        },
    )
    return ConfigHistory((ConfigEntry(parse_document(made), None, SLOT0),))


def rows_of(log: ConfigHistory, first: int, last: int) -> WindowRows:
    """Return the rows sealed in [first, last): one a point and minute."""
    streams = log.entries[0].document.streams
    points = tuple(PointKey(s.id, x.name) for s in streams for x in s.signals)
    speaking = np.flatnonzero(np.arange(len(points)) % 10 != 4)
    n, minutes = len(speaking), last - first
    slot = np.repeat(np.arange(first, last), n)
    point = np.tile(speaking, minutes)
    zeros = np.zeros(n * minutes, dtype=np.int64)
    return WindowRows(
        from_slot=first,
        to_slot=last,
        points=points,
        point=point.astype(np.int32),
        slot=slot,
        source_ms=slot * MIN + 3_000,
        received_ms=slot * MIN + 4_000,
        value=slot,
        status=zeros.astype(np.uint32),
        flags=zeros.astype(np.uint16),
        texts=(),
        history=log,
        block_slot=np.arange(first, last),
        block_state=("D" * len(streams),) * minutes,
        off=(),
    )


def measure(points: int) -> None:
    """Print the table line of a plant with so many points."""
    log = history(points)
    day = Span(SLOT0, SLOT0 + DAY, lead=0, grace=0)
    tally = SlotTally(log.segments(day.start_ms, day.end_ms), day)
    spent: dict[int, float] = {}
    for minute in range(DAY):
        rows = rows_of(log, SLOT0 + minute, SLOT0 + minute + 1)
        begun = time.process_time()
        tally.add(rows)
        counted = tally.until(SLOT0 + minute + 1)
        spent[minute] = time.process_time() - begun
    window = Workspace(rows_of(log, SLOT0, SLOT0 + DAY), day)
    begun = time.process_time()
    whole = evaluate(UploadRateClaim(day), window)
    at_once = time.process_time() - begun
    work = Workspace(replace(window.rows), day)
    work.tally = counted
    assert evaluate(UploadRateClaim(day), work) == whole

    def mean(first: int) -> float:
        return sum(spent[m] for m in range(first, first + 60)) / 60 * 1000

    print(
        f"{points:6d} points: {mean(10):6.1f} ms a minute in the first hour, {mean(DAY - 60):6.1f} in the last; "
        f"the whole window at once {at_once * 1000:7.0f} ms and {len(window.rows.slot) * 46 / 2**20:5.0f} MB of rows "
        f"instead of {points * DAY / 2**20:4.1f} MB"
    )


if __name__ == "__main__":
    for number in (200, 1000, 5000):
        measure(number)
