"""Newest values for the board: the last row of a signal wins, whatever else is in the batch."""

from __future__ import annotations

import struct

import numpy as np

from agent.live import LiveValue, LiveValues
from model.batch import NO_TIME, make_batch
from model.flags import RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from model.status import BAD

TABLE = SignalTable.of(
    [
        Signal(device="m", name="state", role=Role.STATE, type=SignalType.INT),
        Signal(device="m", name="power", role=Role.POWER, type=SignalType.FLOAT),
        Signal(device="m", name="program", role=Role.PROGRAM, type=SignalType.TEXT),
    ]
)
STATE, POWER, PROGRAM = (TABLE.by_name["m", n] for n in ("state", "power", "program"))
MS = 1_000_000


def bits(value: float) -> int:
    return int.from_bytes(struct.pack("<d", value), "little", signed=True)


def test_the_last_row_of_a_signal_wins_and_since_is_the_time_of_the_change():
    live = LiveValues(TABLE)
    live.observe(
        make_batch(
            signal=[STATE, POWER, STATE],
            source_ns=[1 * MS, 2 * MS, 3 * MS],
            received_ns=[11 * MS, 12 * MS, 13 * MS],
            value=[1, bits(0.5), 2],
        )
    )
    assert live.get(STATE) == LiveValue(2, good=True, seen_ms=13, since_ms=3)
    assert live.get(POWER) == LiveValue(0.5, good=True, seen_ms=12, since_ms=2)
    # There and back inside one batch: the newest value is the old one, nothing has changed.
    live.observe(
        make_batch(
            signal=[STATE, STATE], source_ns=[20 * MS, 21 * MS], received_ns=30 * MS, value=[7, 2]
        )
    )
    assert live.get(STATE) == LiveValue(2, good=True, seen_ms=30, since_ms=3)


def test_a_proof_of_life_keeps_the_value_and_a_missed_row_proves_nothing():
    live = LiveValues(TABLE)
    live.observe(make_batch(signal=[STATE], source_ns=[5 * MS], received_ns=6 * MS, value=[4]))
    live.observe(
        make_batch(
            signal=[STATE],
            source_ns=[NO_TIME],
            received_ns=9 * MS,
            value=[0],
            flags=int(RowFlag.ALIVE | RowFlag.NO_VALUE),
        )
    )
    assert live.get(STATE) == LiveValue(4, good=True, seen_ms=9, since_ms=5)
    live.observe(
        make_batch(
            signal=[STATE],
            source_ns=[8 * MS],
            received_ns=20 * MS,
            value=[2],
            status=BAD,
            flags=int(RowFlag.MISSED),
        )
    )
    assert live.get(STATE) == LiveValue(4, good=False, seen_ms=9, since_ms=5)


def test_a_bad_row_leaves_the_value_and_is_not_good():
    live = LiveValues(TABLE)
    live.observe(make_batch(signal=[STATE], source_ns=[1 * MS], received_ns=1 * MS, value=[4]))
    live.observe(
        make_batch(signal=[STATE], source_ns=[2 * MS], received_ns=2 * MS, value=[9], status=BAD)
    )
    assert live.get(STATE) == LiveValue(4, good=False, seen_ms=2, since_ms=1)


def test_a_text_changes_when_its_words_change_not_its_number():
    live = LiveValues(TABLE)
    for ms, index, texts in ((1, 0, [b"O1"]), (2, 1, [b"x", b"O1"]), (3, 0, ["程序".encode()])):
        live.observe(
            make_batch(
                signal=[PROGRAM],
                source_ns=[ms * MS],
                received_ns=ms * MS,
                value=[index],
                texts=texts,
            )
        )
        if ms == 2:
            assert live.get(PROGRAM) == LiveValue("O1", good=True, seen_ms=2, since_ms=1)
    assert live.get(PROGRAM) == LiveValue("程序", good=True, seen_ms=3, since_ms=3)


def test_the_newest_sign_of_several_signals():
    live = LiveValues(TABLE)
    assert live.seen_ms(np.array([STATE, POWER], np.intp)) == 0
    live.observe(
        make_batch(
            signal=[STATE, POWER], source_ns=[1, 1], received_ns=[4 * MS, 2 * MS], value=[1, 0]
        )
    )
    assert live.seen_ms(np.array([STATE, POWER], np.intp)) == 4
    assert live.seen_ms(np.array([], np.intp)) == 0
