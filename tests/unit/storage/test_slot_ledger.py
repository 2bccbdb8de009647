"""The slot ledger: hand-made cases of kpi-audit U7, restarts, reload, speed."""

from __future__ import annotations

import json
import time
import zlib
from fractions import Fraction

import numpy as np
import pytest

from model.batch import NO_TIME, make_batch
from model.errors import PermanentError
from model.flags import MissedCause, RowFlag
from model.ratio import Undefined
from model.signal import Role, Signal, SignalTable, SignalType
from model.status import BAD_NO_DATA
from storage.slot_ledger import SlotLedger
from storage.slot_outcome import Outcome
from storage.slot_snapshot import restore, snapshot

MS = 1_000_000
MIN = 60_000 * MS
T0 = 29_538_720 * MIN
DAY = 29_538_720 // 1440


def table(*devices: str, slot_ms: int = 60_000, required: bool = True) -> SignalTable:
    return SignalTable.of(
        [
            Signal(
                device=d,
                name="state",
                role=Role.STATE,
                type=SignalType.INT,
                required=required,
                slot_ms=slot_ms,
            )
            for d in devices
        ]
    )


def always(_device: str, _start: int, _end: int) -> bool:
    return True


def good(signal: int, at_ns: int, delay_ns: int = 0):
    return make_batch(signal=[signal], source_ns=[at_ns], received_ns=at_ns + delay_ns, value=[1])


def test_close_writes_one_missed_row_with_start_cause_and_status():
    ledger = SlotLedger(table("cnc-01"), now_ns=T0, expected=always)
    assert len(ledger.close(T0 + 2 * MIN - 1, {})) == 0, "the deadline of slot 0 has not passed"
    rows = ledger.close(T0 + 2 * MIN, {})
    assert rows.source_ns.tolist() == [T0]
    assert rows.received_ns.tolist() == [T0 + 2 * MIN]
    assert rows.value.tolist() == [MissedCause.ITEM]
    assert rows.status.tolist() == [BAD_NO_DATA]
    assert rows.flags.tolist() == [RowFlag.MISSED]
    assert len(ledger.close(T0 + 2 * MIN, {})) == 0


def test_first_slot_is_the_first_whole_one():
    ledger = SlotLedger(table("cnc-01"), now_ns=T0 + 1, expected=always)
    assert ledger.close(T0 + 3 * MIN, {}).source_ns.tolist() == [T0 + MIN]


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ([{}, {"cnc-01": MissedCause.NETWORK}, {}], MissedCause.NETWORK),
        ([{"cnc-01": MissedCause.DEVICE}, {"cnc-01": MissedCause.SERVER}, {}], MissedCause.SERVER),
        ([{"cnc-02": MissedCause.NETWORK}, {}, {}], MissedCause.ITEM),
        ([{}, {}, {}], MissedCause.ITEM),
    ],
)
def test_cause_is_the_one_that_held_during_the_slot(said, cause):
    ledger = SlotLedger(table("cnc-01"), now_ns=T0, expected=always)
    for i, causes in enumerate(said):
        ledger.close(T0 + i * 20_000 * MS, causes)
    ledger.close(T0 + MIN + MIN // 2, {"cnc-01": MissedCause.OVERLOAD})
    assert ledger.close(T0 + 2 * MIN, {"cnc-01": MissedCause.OVERLOAD}).value.tolist() == [cause]


def test_late_value_after_the_missed_row_improves_the_counts():
    ledger = SlotLedger(table("cnc-01"), now_ns=T0, expected=always)
    ledger.close(T0 + 2 * MIN, {})
    assert ledger.rate().count(Outcome.MISSED_ITEM) == 1
    ledger.observe(good(0, T0 + 5, delay_ns=10 * MIN))
    rate = ledger.rate()
    assert (rate.count(Outcome.MISSED_ITEM), rate.count(Outcome.LATE)) == (0, 1)
    assert rate.official == 0
    assert rate.eventual == 1
    assert ledger.counts_of_day(DAY)[0, Outcome.LATE] == 1


def test_vector_of_the_audit_official_mean_and_pooled():
    """kpi-audit U7: X one 60-s point 10/100, Y one 15-min point 10/10 → official 11/20, pooled 20/110."""
    signals = SignalTable.of(
        [
            Signal(device="x", name="state", role=Role.STATE, type=SignalType.INT, required=True),
            Signal(
                device="y",
                name="state",
                role=Role.STATE,
                type=SignalType.INT,
                required=True,
                slot_ms=900_000,
            ),
        ]
    )
    ledger = SlotLedger(
        signals,
        now_ns=T0,
        expected=lambda d, s, e: e <= T0 // MS + (6_000_000 if d == "x" else 9_000_000),
    )
    for i in range(10):
        ledger.observe(good(0, T0 + i * MIN))
        ledger.close(T0 + i * MIN, {})
        ledger.observe(good(1, T0 + i * 15 * MIN)) if i < 2 else None
    for minute in range(10, 160):
        if minute % 15 == 0 and 2 <= minute // 15 < 10:
            ledger.observe(good(1, T0 + minute * MIN))
        ledger.close(T0 + minute * MIN, {})
    rate = ledger.rate()
    assert rate.official == Fraction(11, 20)
    assert rate.pooled == Fraction(20, 110)


def test_asset_without_points_counts_zero_and_asset_not_yet_expected_is_left_out():
    ledger = SlotLedger(table("a", "b"), now_ns=T0, expected=lambda d, _s, _e: d == "a")
    ledger.observe(good(0, T0))
    ledger.close(T0 + 2 * MIN, {})
    assert ledger.rate().official == 1
    assert ledger.rate(["a", "b", "manual-01"]).official == Fraction(1, 2)


def test_rate_before_any_slot_is_undefined_not_zero():
    ledger = SlotLedger(table("a"), now_ns=T0, expected=always)
    assert isinstance(ledger.rate().official, Undefined)
    assert isinstance(ledger.rate().pooled, Undefined)


def test_window_forgets_what_is_older_than_a_day():
    ledger = SlotLedger(table("a"), now_ns=T0, expected=always)
    for minute in range(1500):
        if minute >= 60:
            ledger.observe(good(0, T0 + minute * MIN))
        ledger.close(T0 + minute * MIN, {})
    ledger.close(T0 + 1502 * MIN, {})
    rate = ledger.rate()
    assert rate.expected == 1440
    assert rate.official == Fraction(1439, 1440)
    assert ledger.rate_of_day(DAY).expected == 1440
    assert ledger.rate_of_day(DAY).count(Outcome.MISSED_ITEM) == 60


def test_down_time_is_missed_agent_without_rows_and_the_running_slot_gets_cause_agent():
    ledger = SlotLedger(table("a"), now_ns=T0, expected=always)
    ledger.observe(good(0, T0))
    data = snapshot(ledger, mark=42, now_ns=T0 + MIN)
    back = T0 + 10 * MIN + 30_000 * MS
    restored = restore(data, table("a"), expected=always, now_ns=back)
    assert restored.mark == 42
    ledger = restored.ledger
    ledger.skip_down(T0 + MIN, back)
    rate = ledger.rate()
    assert (rate.count(Outcome.ON_TIME), rate.count(Outcome.MISSED_AGENT)) == (1, 9)
    rows = ledger.close(T0 + 13 * MIN, {})
    assert rows.source_ns.tolist() == [T0 + 10 * MIN, T0 + 11 * MIN]
    assert rows.value.tolist() == [MissedCause.AGENT, MissedCause.ITEM]


def test_reload_keeps_the_counts_of_points_that_stay_and_starts_new_ones_now():
    ledger = SlotLedger(table("a", "b"), now_ns=T0, expected=always)
    for minute in range(5):
        ledger.observe(good(0, T0 + minute * MIN))
        ledger.close(T0 + minute * MIN, {})
    now = T0 + 6 * MIN
    ledger.close(now, {})
    data = snapshot(ledger, mark=1, now_ns=now)
    after = restore(data, table("a", "c"), expected=always, now_ns=now).ledger
    assert after.rate().count(Outcome.ON_TIME) == 5
    assert after.rate().expected == 5, "b is gone, c has no slot yet"
    after.observe(good(1, T0 + 2 * MIN))
    assert after.rate().expected == 5
    rows = after.close(T0 + 9 * MIN, {})
    assert sorted(zip(rows.signal.tolist(), ((rows.source_ns - T0) // MIN).tolist(), strict=True)) == [
        (0, 5), (0, 6), (0, 7), (1, 6), (1, 7)
    ]  # fmt: skip


def test_snapshot_of_version_1_is_continued():
    """Version 1: one zlib stream of u32be length, JSON head, then per group a ring of kept + ahead slots, then counts.

    One point, slots of a minute: 1,440 kept and (60,000 + 1,800,000) / 60,000 + 2 = 33 ahead; slot k in row k mod 1473.
    """
    first = T0 // MIN
    ring = np.full((1473, 1), 255, dtype=np.uint8)
    ring[first % 1473] = Outcome.ON_TIME
    ring[(first + 1) % 1473] = Outcome.MISSED_DEVICE
    ring[(first + 2) % 1473] = Outcome.HELD_ALIVE
    counts = np.zeros((1, len(Outcome)), dtype="<i4")
    counts[0, Outcome.ON_TIME] = counts[0, Outcome.MISSED_DEVICE] = 1
    group = {
        "deadline_ms": 60_000,
        "first": first,
        "next": first + 2,
        "points": [0],
        "slot_ms": 60_000,
    }
    head = {
        "days": [DAY],
        "groups": [group],
        "mark": 5,
        "points": [["a", "state"]],
        "saved_ns": T0 + 2 * MIN,
        "v": 1,
    }
    text = json.dumps(head).encode()
    raw = len(text).to_bytes(4, "big") + text + ring.tobytes() + counts.tobytes()
    restored = restore(zlib.compress(raw), table("a"), expected=always, now_ns=T0 + 3 * MIN)
    assert (restored.mark, restored.saved_ns) == (5, T0 + 2 * MIN)
    ledger = restored.ledger
    rate = ledger.rate()
    assert (rate.count(Outcome.ON_TIME), rate.count(Outcome.MISSED_DEVICE)) == (1, 1)
    assert ledger.rate_of_day(DAY).count(Outcome.MISSED_DEVICE) == 1
    # The open slot has its proof; a row that comes late still mends the closed one.
    assert len(ledger.close(T0 + 4 * MIN, {})) == 0
    ledger.observe(good(0, T0 + 1 * MIN, delay_ns=3 * MIN))
    rate = ledger.rate()
    assert [rate.count(o) for o in (Outcome.ON_TIME, Outcome.HELD_ALIVE, Outcome.LATE)] == [1, 1, 1]


@pytest.mark.parametrize("cut", [4, 9, 40, -1])
def test_snapshot_cut_short_is_refused(cut):
    ledger = SlotLedger(table("a"), now_ns=T0, expected=always)
    ledger.observe(good(0, T0))
    ledger.close(T0 + 3 * MIN, {})
    data = snapshot(ledger, mark=1, now_ns=T0 + 3 * MIN)
    with pytest.raises(PermanentError, match="starts anew"):
        restore(data[:cut], table("a"), expected=always, now_ns=T0)


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x78\x9c\x03\x00\x00\x00\x00\x01"])
def test_damaged_snapshot_is_refused_with_what_happens_next(data):
    with pytest.raises(PermanentError, match="starts anew"):
        restore(data, table("a"), expected=always, now_ns=T0)


def test_ten_thousand_points_cost_little_a_minute():
    n = 10_000
    signals = SignalTable.of(
        [
            Signal(
                device=f"d-{i % 100:03d}",
                name=f"s{i}",
                role=Role.STATE,
                type=SignalType.INT,
                required=True,
            )
            for i in range(n)
        ]
    )
    ledger = SlotLedger(signals, now_ns=T0, expected=always)
    batch = make_batch(
        signal=np.arange(n),
        source_ns=np.full(n, NO_TIME),
        received_ns=np.full(n, T0 + MIN),
        value=np.zeros(n, np.int64),
    )
    begin = time.process_time()
    ledger.observe(batch)
    rows = ledger.close(T0 + 4 * MIN, {})
    ledger.close(T0 + 5 * MIN, {})
    assert len(rows) == 2 * n
    assert time.process_time() - begin < 0.5, "ceiling with ten times slack"
