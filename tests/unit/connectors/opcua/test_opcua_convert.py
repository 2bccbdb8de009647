"""Readings → rows: what a type holds exactly, and what becomes of the rest."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest

from connectors.opcua.convert import Targets, known_items, to_batch
from connectors.opcua.readings import Kind, Readings, joined
from model.batch import NO_TIME
from model.flags import RowFlag
from model.signal import SignalType as T

E = int(RowFlag.NO_VALUE)
MISMATCH = 0x80740000


def bits(value: float) -> int:
    return struct.unpack("<q", struct.pack("<d", value))[0]


def reading(kind: Kind, value: int, status: int = 0, texts: tuple[bytes, ...] = ()) -> Readings:
    return Readings(
        np.array([0]),
        np.array([kind], dtype=np.uint8),
        np.array([value], dtype=np.int64),
        np.array([status], dtype=np.uint32),
        np.array([NO_TIME]),
        texts,
    )


def row(kind: Kind, value: int, wanted: T, status: int = 0) -> tuple[int, int, int]:
    batch = to_batch(reading(kind, value, status, (b"x",)), Targets.of([5], [wanted]), 9)
    assert batch.signal.tolist() == [5]
    assert batch.received_ns.tolist() == [9]
    return int(batch.value[0]), int(batch.status[0]), int(batch.flags[0])


@pytest.mark.parametrize(
    ("kind", "value", "wanted", "expected"),
    [
        (Kind.SIGNED, -7, T.INT, -7),
        (Kind.UNSIGNED, 2**63 - 1, T.INT, 2**63 - 1),
        (Kind.UNSIGNED, -1, T.UINT, -1),  # the bit pattern of 2^64 - 1
        (Kind.SIGNED, 7, T.UINT, 7),
        (Kind.FLOAT, bits(1234.0), T.INT, 1234),  # SINUMERIK counts parts in doubles
        (Kind.FLOAT, bits(-0.0), T.INT, 0),
        (Kind.FLOAT, bits(2.0**63), T.UINT, -(2**63)),
        (Kind.FLOAT, bits(0.1), T.FLOAT, bits(0.1)),
        (Kind.SIGNED, -3, T.FLOAT, bits(-3.0)),
        (Kind.SIGNED, 2**53, T.FLOAT, bits(2.0**53)),
        (Kind.UNSIGNED, -(2**63), T.FLOAT, bits(2.0**63)),
        (Kind.BOOL, 1, T.BOOL, 1),
        (Kind.BOOL, 1, T.INT, 1),
        (Kind.BOOL, 1, T.FLOAT, bits(1.0)),
        (Kind.SIGNED, 1, T.BOOL, 1),
        (Kind.FLOAT, bits(1.0), T.BOOL, 1),
        (Kind.TEXT, 0, T.TEXT, 0),
    ],
)
def test_value_that_fits_is_kept_exactly(kind: Kind, value: int, wanted: T, expected: int) -> None:
    assert row(kind, value, wanted) == (expected, 0, 0)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (Kind.UNSIGNED, -1, T.INT),  # 2^64 - 1
        (Kind.SIGNED, -1, T.UINT),
        (Kind.FLOAT, bits(1.5), T.INT),
        (Kind.FLOAT, bits(2.0**63), T.INT),
        (Kind.FLOAT, bits(-1.0), T.UINT),
        (Kind.FLOAT, bits(2.0**64), T.UINT),
        (Kind.FLOAT, bits(math.nan), T.INT),
        (Kind.FLOAT, bits(math.inf), T.UINT),
        (Kind.SIGNED, 2**53 + 1, T.FLOAT),
        (Kind.SIGNED, 2**63 - 1, T.FLOAT),
        (Kind.UNSIGNED, -1, T.FLOAT),
        (Kind.SIGNED, 2, T.BOOL),
        (Kind.FLOAT, bits(0.5), T.BOOL),
        (Kind.SIGNED, 5, T.TEXT),
        (Kind.TEXT, 0, T.INT),
        (Kind.OTHER, 0, T.FLOAT),
        (Kind.NULL, 0, T.TEXT),
    ],
)
def test_value_that_does_not_fit_gives_a_row_without_value(
    kind: Kind, value: int, wanted: T
) -> None:
    assert row(kind, value, wanted) == (0, MISMATCH, E)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_float_that_is_not_finite_says_so_and_keeps_its_status(value: float) -> None:
    assert row(Kind.FLOAT, bits(value), T.FLOAT, 0x40000000) == (
        0,
        0x40000000,
        E | RowFlag.NOT_FINITE,
    )


def test_bad_status_wins_over_a_mismatch_and_keeps_a_value_that_was_sent() -> None:
    assert row(Kind.NULL, 0, T.INT, 0x80350000) == (0, 0x80350000, E)
    assert row(Kind.SIGNED, 8, T.INT, 0x80350000) == (8, 0x80350000, 0)


def test_overflow_bits_of_the_status_become_the_flag() -> None:
    assert row(Kind.SIGNED, 8, T.INT, 0x480) == (8, 0x480, RowFlag.OVERFLOW)
    assert row(Kind.SIGNED, 8, T.INT, 0x80) == (
        8,
        0x80,
        0,
    )  # InfoType is not DataValue: no overflow


def test_items_that_nobody_knows_are_dropped() -> None:
    rows = Readings(
        np.array([0, 9]),
        np.array([1, 1], dtype=np.uint8),
        np.array([1, 2]),
        np.zeros(2, dtype=np.uint32),
        np.array([NO_TIME, NO_TIME]),
    )
    assert known_items(rows, 1).bits.tolist() == [1]
    assert known_items(rows, 10) is rows


def test_joined_readings_shift_the_index_of_texts() -> None:
    one = reading(Kind.TEXT, 0, texts=(b"a",))
    both = joined([one, reading(Kind.TEXT, 0, texts=(b"b",)), reading(Kind.SIGNED, 0)])
    assert [both.texts[i] for i in both.bits[:2]] == [b"a", b"b"]
    assert both.bits[2] == 0
