"""Rows of single items, with instants worked out by hand."""

from datetime import date

import numpy as np

from model.flags import MissedCause, RowFlag
from model.signal import SignalType
from simulators.delivery import Delivery, Item, Kind, Policy, delivery_of
from simulators.demo_plant import Regime
from simulators.injected import AgentOutage, BadQuality, Gap
from simulators.plan import HOUR_MS, MINUTE_MS, Period, day_start_ms
from simulators.rendering import TraceSignal, collecting_intervals, signal_rows

START = day_start_ms(date(2026, 8, 3))
HOUR = Period(Regime.BEFORE, START, START + HOUR_MS)
"""With lead and grace: three hours from START - 1 h."""
FIRST = START - HOUR_MS
S, E, H, M = 128, 1, 4, 16


class Step:
    """An item that is 1, and 2 from `at` on."""

    def __init__(self, *at):
        self.changes = np.array([FIRST, *at], dtype=np.int64)

    def at(self, at_ms):
        return np.searchsorted(self.changes, at_ms, side="right").astype(np.int64)


def rows_of(policy, view, faults=(), device="cnc-01"):
    item = Item("state", Kind.STATE, SignalType.INT, policy)
    base = delivery_of(device)
    delivery = Delivery(
        device=device,
        items=(item,),
        phase_ms=base.phase_ms,
        latency_ms=base.latency_ms,
        has_source_time=base.has_source_time,
        poll_ms=base.poll_ms,
    )
    parts = list(signal_rows(TraceSignal(3, delivery, item, view), HOUR, faults))
    columns = [
        np.concatenate([getattr(p, name) for p in parts]).tolist()
        for name in ("source_ms", "received_ms", "value", "status", "flags", "signal")
    ]
    return sorted(zip(*columns, strict=True), key=lambda r: r[1])


def test_subscribed_item_has_value_rows_on_change_and_proofs_elsewhere():
    change = START + 10 * MINUTE_MS + 40_000
    rows = rows_of(Policy.CHANGE, Step(change))
    values = [r for r in rows if r[4] == S]
    # the first reading 4 s after the start of the span, and the change; both arrive 35 ms later
    assert values == [
        (FIRST + 4000, FIRST + 4035, 1, 0, S, 3),
        (change, change + 35, 2, 0, S, 3),
    ]
    proofs = [r for r in rows if r[4] == S | E | H]
    # 180 slots, two of them with a value
    assert len(proofs) == 178
    assert proofs[0] == (-1, FIRST + MINUTE_MS + 11_000, 0, 0, S | E | H, 3)
    assert change // MINUTE_MS not in {r[1] // MINUTE_MS for r in proofs}


def test_polled_item_has_a_value_row_in_each_slot_without_source_time():
    rows = rows_of(Policy.MINUTE, Step(), device="plc-01")
    assert len(rows) == 181  # each slot, and the first reading
    assert {r[0] for r in rows} == {-1}
    assert rows[1][1] == FIRST + 29_137


def test_polled_state_change_arrives_at_the_next_poll():
    change = START + 10 * MINUTE_MS + 138
    rows = rows_of(Policy.MINUTE_AND_CHANGE, Step(change), device="plc-01")
    assert (-1, START + 10 * MINUTE_MS + 1137, 2, 0, S, 3) in rows


def test_gap_has_only_missed_rows_and_one_reading_after_it():
    gap = Gap("cnc-01", MissedCause.NETWORK, START, START + 3 * MINUTE_MS)
    rows = rows_of(Policy.CHANGE, Step(START + 60_000), (gap,))
    missed = [r for r in rows if r[4] == S | M]
    # BadNoData 0x809B0000; received at slot end + 60 s; value = cause network 2
    assert missed == [
        (START + k * 60_000, START + (k + 2) * 60_000, 2, 0x809B0000, S | M, 3) for k in range(3)
    ]
    others = [r for r in rows if r[4] != S | M and START <= r[1] < START + 4 * MINUTE_MS]
    assert others == [(START + 184_000, START + 184_035, 2, 0, S, 3)]


def test_outage_has_no_rows_at_all():
    outage = AgentOutage(START, START + 30 * MINUTE_MS)
    rows = rows_of(Policy.CHANGE, Step(), (outage,))
    inside = [r for r in rows if START <= r[1] < START + 30 * MINUTE_MS + 4000]
    assert inside == []


def test_bad_quality_rows_have_no_value_and_end_with_a_good_one():
    bad = BadQuality("cnc-01", START, START + 2 * MINUTE_MS)
    rows = rows_of(Policy.CHANGE, Step(), (bad,))
    inside = [r for r in rows if START <= r[1] <= START + 2 * MINUTE_MS + 35]
    assert [r[0] - START for r in inside] == [0, 11_000, 71_000, 120_000]
    assert [r[3] for r in inside] == [0x808B0000] * 3 + [0]
    assert [r[4] for r in inside] == [S | E] * 3 + [S]
    assert [r[2] for r in inside] == [0, 0, 0, 1]


def test_change_that_would_arrive_in_a_gap_is_lost():
    gap = Gap("cnc-01", MissedCause.DEVICE, START, START + MINUTE_MS)
    rows = rows_of(Policy.CHANGE, Step(START - 35, START - 36), (gap,))
    sources = [r[0] for r in rows if r[4] == S]
    assert START - 36 in sources
    assert START - 35 not in sources


def test_collecting_intervals_of_two_faults():
    gap = Gap("cnc-01", MissedCause.NETWORK, START + 600_000, START + 660_000)
    outage = AgentOutage(START, START + 60_000)
    assert collecting_intervals("cnc-01", HOUR, (gap, outage)) == [
        (FIRST + 4000, START),
        (START + 64_000, START + 600_000),
        (START + 664_000, START + 2 * HOUR_MS),
    ]
    assert len(collecting_intervals("cnc-02", HOUR, (gap, outage))) == 2


def test_flag_numbers_are_those_of_the_format():
    assert (RowFlag.NO_VALUE, RowFlag.ALIVE, RowFlag.MISSED, RowFlag.SIMULATED) == (E, H, M, S)
