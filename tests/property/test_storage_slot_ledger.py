"""The slot ledger against a plain reading of docs/formats/claims.md `upload-rate/1`, over random rows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from model.batch import NO_TIME, make_batch
from model.flags import MissedCause, RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from storage.slot_ledger import SlotLedger
from storage.slot_snapshot import restore, snapshot

MS = 1_000_000
T0 = 29_538_720 * 60_000  # a UTC midnight: 20513 * 1440 slots
DAY = T0 // 86_400_000
SLOTS = 8
DEADLINE = {"a": 60_000, "b": 60_000, "c": 30_000}
SLOT_MS = {"a": 60_000, "b": 60_000, "c": 30_000}
TABLE = SignalTable.of(
    [
        Signal(device=d, name="state", role=Role.STATE, type=SignalType.INT, required=True,
               slot_ms=SLOT_MS[d], deadline_ms=DEADLINE[d])
        for d in ("a", "b", "c")
    ]
    + [Signal(device="a", name="free", role=Role.COUNT_GOOD, type=SignalType.INT)]
)  # fmt: skip
DEVICES = [s.device for s in TABLE.signals if s.required]


def in_service(device: str, start_ms: int, end_ms: int) -> bool:
    """Device b has a stop in [T0+90 s, T0+150 s): slots 1 and 2 are not expected."""
    return not (device == "b" and start_ms < T0 + 150_000 and end_ms > T0 + 90_000)


row = st.tuples(
    st.integers(0, len(TABLE.signals) - 1),
    st.sampled_from(["good", "good", "bad", "none", "alive", "imported", "no time"]),
    st.integers(-60_000, SLOTS * 60_000),  # source
    st.sampled_from([0, 5, 500, 20_000, 59_000, 70_000, 130_000, 200_000]),  # delay to arrival
)
trouble = st.dictionaries(st.integers(0, SLOTS - 1), st.sampled_from(list(MissedCause)), max_size=4)


def to_row(signal, form, source, delay):
    received = T0 + source + delay
    flags, status, tau = 0, 0, T0 + source
    if form == "bad":
        status = 0x80050000
    elif form == "none":
        status, flags = 0x80050000, int(RowFlag.NO_VALUE)
    elif form == "alive":
        flags, tau = int(RowFlag.NO_VALUE | RowFlag.ALIVE), None
    elif form == "imported":
        flags = int(RowFlag.IMPORTED)
    elif form == "no time":
        tau = None
    return signal, tau, received, status, flags


def plain_outcome(rows, device, start, end):
    """First that fits, in the words of the document."""
    deadline = DEADLINE[device]
    mine = []
    for signal, tau, received, status, flags, value in rows:
        s = TABLE.signals[signal]
        if (s.device, s.required) != (device, True) or flags & RowFlag.IMPORTED:
            continue
        at = received if tau is None else tau
        if start <= at < end:
            mine.append((received, status, flags, value))
    good = [r for r in mine if not r[2] & (RowFlag.NO_VALUE | RowFlag.MISSED) and r[1] >> 30 == 0]
    if any(r[0] <= end + deadline for r in good):
        return "on_time"
    if any(r[2] & RowFlag.ALIVE and r[0] <= end + deadline for r in mine):
        return "held_alive"
    if good:
        return "late"
    if any(not r[2] & (RowFlag.MISSED | RowFlag.ALIVE) for r in mine):
        return "bad_quality"
    causes = {r[3] for r in mine if r[2] & RowFlag.MISSED}
    for cause, name in (
        (8, "planned"),
        (7, "reconfigured"),
        (5, "agent"),
        (6, "overload"),
        (2, "network"),
        (3, "server"),
        (4, "item"),
        (1, "device"),
    ):
        if cause in causes:
            return f"missed_{name}"
    return "missed_agent"


@settings(max_examples=250, deadline=None)
@given(st.lists(row, max_size=40), trouble, st.integers(0, SLOTS))
def test_counts_equal_the_claim_over_data_and_missed_rows(rows, troubles, restart_at):
    made = sorted((to_row(*r) for r in rows), key=lambda r: r[2])
    ledger = SlotLedger(TABLE, now_ns=T0 * MS, expected=in_service)
    journal = []
    missed = []
    now = T0 - 60_000
    while now < T0 + (SLOTS + 5) * 60_000:
        until = now + 10_000
        arriving = [r for r in made if now <= r[2] < until]
        if arriving:
            ledger.observe(
                make_batch(
                    signal=[r[0] for r in arriving],
                    source_ns=[NO_TIME if r[1] is None else r[1] * MS for r in arriving],
                    received_ns=[r[2] * MS for r in arriving],
                    value=[0] * len(arriving),
                    status=[r[3] for r in arriving],
                    flags=[r[4] for r in arriving],
                )
            )
            journal += [(*r, 0) for r in arriving]
        minute = (now - T0) // 60_000
        causes = {"a": troubles[minute], "c": troubles[minute]} if minute in troubles else {}
        now = until
        batch = ledger.close(now * MS, causes)
        missed += [
            (int(batch.signal[i]), int(batch.source_ns[i]) // MS, int(batch.received_ns[i]) // MS,
             int(batch.status[i]), int(batch.flags[i]), int(batch.value[i]))
            for i in range(len(batch))
        ]  # fmt: skip
        if now == T0 + restart_at * 60_000:
            data = snapshot(ledger, mark=7, now_ns=now * MS)
            restored = restore(data, TABLE, expected=in_service, now_ns=now * MS)
            assert (restored.mark, restored.saved_ns) == (7, now * MS)
            ledger = restored.ledger
    assert len({(m[0], m[1]) for m in missed}) == len(missed), "one missed row a slot at most"
    closed_until = now
    for point, device in enumerate(DEVICES):
        expected: dict[str, int] = {}
        start = T0
        while start + SLOT_MS[device] + DEADLINE[device] <= closed_until:
            end = start + SLOT_MS[device]
            if in_service(device, start, end):
                outcome = plain_outcome(journal + missed, device, start, end)
                expected[outcome] = expected.get(outcome, 0) + 1
            start = end
        counts = ledger.counts_of_day(DAY)[point]
        assert {o: int(counts[i]) for i, o in enumerate(NAMES) if counts[i]} == expected
    rate = ledger.rate()
    assert rate.expected == int(ledger.counts_of_day(DAY).sum())
    assert list(rate.outcomes) == ledger.counts_of_day(DAY).sum(axis=0).tolist()


NAMES = [
    "on_time", "held_alive", "late", "bad_quality", "missed_planned", "missed_reconfigured", "missed_agent",
    "missed_overload", "missed_network", "missed_server", "missed_item", "missed_device",
]  # fmt: skip
