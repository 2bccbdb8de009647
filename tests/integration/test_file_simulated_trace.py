"""The replay reads what the simulator wrote; the two share no code but the page of the format."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np

from connectors.file import load_header, read_trace
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable
from simulators.history import render_history
from simulators.plan import Plan

HOUR_NS = 3_600_000_000_000


def test_every_row_of_a_simulated_trace_arrives_once_and_in_order(tmp_path: Path) -> None:
    written = render_history(Plan(3, date(2026, 8, 3)), tmp_path)
    header = load_header(tmp_path)
    table = SignalTable.of(
        [
            Signal(device=s.device, name=s.name, role=Role.PROCESS_VALUE, type=s.type)
            for s in header.signals
        ]
    )
    rows = 0
    last = 0
    causes: Counter[int] = Counter()
    for batch in read_trace(tmp_path, table):
        assert len(set((batch.received_ns // HOUR_NS).tolist())) == 1
        assert batch.received_ns[0] >= last
        assert (np.diff(batch.received_ns) >= 0).all()
        assert (batch.flags & np.uint16(RowFlag.SIMULATED) != 0).all()
        last = int(batch.received_ns[-1])
        rows += len(batch)
        causes.update(batch.value[batch.flags & np.uint16(RowFlag.MISSED) != 0].tolist())
    assert rows == written.rows > 1_000_000
    assert set(causes) <= set(range(1, 9))
    assert sum(causes.values()) > 0


def test_simulated_trace_without_a_signal_has_only_the_rows_of_the_others(tmp_path: Path) -> None:
    render_history(Plan(3, date(2026, 8, 3)), tmp_path)
    header = load_header(tmp_path)
    first = header.days[1]
    chosen = header.signals[5]
    table = SignalTable.of(
        [Signal(device=chosen.device, name=chosen.name, role=Role.STATE, type=chosen.type)]
    )
    with np.load(tmp_path / f"{first.day}.npz") as archive:
        expected = int((archive["signal"] == 5).sum())
    day = np.datetime64(first.day).astype("datetime64[ns]").astype(int)
    got = sum(
        int(((b.received_ns >= day) & (b.received_ns < day + 24 * HOUR_NS)).sum())
        for b in read_trace(tmp_path, table)
    )
    assert got == expected > 1000
