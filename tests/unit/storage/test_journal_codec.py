"""Column blobs of the journal: round trip, and refusal of every damaged byte."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.batch import NO_TIME, Batch, make_batch
from storage import journal_codec
from storage.journal_codec import DamagedBlockError

INT64 = st.integers(-(2**63), 2**63 - 1)


def assert_same(a: Batch, b: Batch) -> None:
    for name in ("signal", "source_ns", "received_ns", "value", "status", "flags"):
        left, right = getattr(a, name), getattr(b, name)
        assert left.dtype == right.dtype
        assert left.tolist() == right.tolist(), name
    assert a.texts == b.texts


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.integers(-(2**31), 2**31 - 1),
            INT64,
            INT64,
            INT64,
            st.integers(0, 2**32 - 1),
            st.integers(0, 65535),
        ),
        min_size=1,
        max_size=40,
    ),
    texts=st.lists(st.binary(max_size=20), max_size=5),
    level=st.sampled_from([0, 1, 6]),
)
def test_decode_of_encode_returns_every_bit(rows, texts, level):
    columns = list(zip(*rows, strict=True))
    batch = make_batch(
        signal=columns[0],
        source_ns=columns[1],
        received_ns=columns[2],
        value=columns[3],
        status=columns[4],
        flags=columns[5],
        texts=texts,
    )
    assert_same(journal_codec.decode(journal_codec.encode(batch, level=level)), batch)


def _sample() -> Batch:
    return make_batch(
        signal=[0, 1, 2, 2],
        source_ns=[10, 20, NO_TIME, 30],
        received_ns=[11, 21, 31, 31],
        value=[5, -1, 0, 1],
        texts=[b"O1234", b""],
    )


@pytest.mark.parametrize("level", [0, 1])
def test_decode_refuses_any_single_changed_byte(level):
    blob = journal_codec.encode(_sample(), level=level)
    for at in range(len(blob)):
        bad = bytearray(blob)
        bad[at] ^= 0x40
        with pytest.raises(DamagedBlockError):
            journal_codec.decode(bytes(bad))


def test_decode_refuses_any_cut():
    blob = journal_codec.encode(_sample())
    for length in range(len(blob)):
        with pytest.raises(DamagedBlockError):
            journal_codec.decode(blob[:length])


def test_decode_names_the_version_of_a_newer_block():
    blob = bytearray(journal_codec.encode(_sample())[:-4])
    blob[4] = 2
    blob += zlib.crc32(blob).to_bytes(4, "little")
    with pytest.raises(DamagedBlockError, match="version 2"):
        journal_codec.decode(bytes(blob))


def test_encode_has_the_documented_bytes():
    """The stored form, written down by hand from docs/formats/journal.md."""
    batch = make_batch(
        signal=[7, 9], source_ns=[100, 250], received_ns=300, value=[1, 2], texts=[b"ab"]
    )
    payload = (
        b"\x02" + bytes([7, 0, 0, 0, 2, 0, 0, 0])
        + b"\x02" + (100).to_bytes(8, "little") + (150).to_bytes(8, "little")
        + b"\x00" + (300).to_bytes(8, "little")
        + b"\x01" + (1).to_bytes(8, "little") + (2).to_bytes(8, "little")
        + b"\x00" + bytes(4)
        + b"\x00" + bytes(2)
        + (2).to_bytes(4, "little") + b"ab"
    )  # fmt: skip
    head = b"PPJB\x01\x00\x00\x00" + b"".join(
        v.to_bytes(4, "little") for v in (2, 1, 2, len(payload))
    )
    blob = journal_codec.encode(batch, level=0)
    assert blob[:-4] == head + payload


def test_packed_block_of_a_thousand_readings_is_at_most_ten_bytes_a_row():
    rng = np.random.default_rng(1)
    n = 1000
    batch = make_batch(
        signal=np.arange(n),
        source_ns=1_772_323_200_000_000_000 + np.sort(rng.integers(0, 10**9, n)),
        received_ns=1_772_323_201_000_000_000,
        value=np.round(rng.normal(50, 10, n), 2).view(np.int64),
    )
    assert len(journal_codec.encode(batch)) / n <= 10
