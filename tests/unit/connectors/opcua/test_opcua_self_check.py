"""The canned message of the start-up check, against values written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.opcua.client import library
from connectors.opcua.client.canned import CANNED, CANNED_ELEMENTS
from connectors.opcua.decoder import decode_publish
from connectors.opcua.readings import Kind, PublishMessage
from model.batch import NO_TIME


def decoded() -> PublishMessage:
    return decode_publish(CANNED, np.array(CANNED_ELEMENTS, dtype=np.int32))


def test_canned_message_says_what_its_text_says() -> None:
    message = decoded()
    rows = message.readings
    assert rows is not None
    assert (message.subscription, message.sequence, message.available) == (7, 4, (3, 4))
    assert rows.item.tolist() == list(range(26))
    floats = rows.bits.view(np.float64)
    assert [floats[i] for i in (0, 1, 2, 3, 17, 21, 24)] == [1.5, -0.25, np.inf, 0.5, 3.0, 3.0, 5.0]
    integers = [
        -5,
        200,
        -32768,
        65535,
        -(2**31),
        2**32 - 1,
        -(2**63),
        -1,
        1,
    ]  # -1: the pattern of 2^64 - 1
    assert rows.bits[4:13].tolist() == integers
    assert [rows.texts[i] for i in rows.bits[[13, 14, 16]]] == [
        "主轴 O1234".encode(),
        b"",
        "运行".encode(),
    ]
    assert [Kind(rows.kind[i]) for i in (15, 19, 20, 23)] == [
        Kind.NULL,
        Kind.OTHER,
        Kind.OTHER,
        Kind.NULL,
    ]
    assert rows.status[21:24].tolist() == [0x40900000, 0x480, 0x80350000]
    assert rows.source_ns[0] == 1_767_323_045_678_901_000
    assert rows.source_ns[24:].tolist() == [NO_TIME, NO_TIME]


def test_check_passes_with_the_installed_library() -> None:
    assert library.decoders_agree()


@pytest.mark.parametrize("field", ["status", "bits", "kind", "source_ns", "item"])
def test_check_fails_when_one_value_is_read_differently(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    wrong = decoded()
    assert wrong.readings is not None
    column = getattr(wrong.readings, field)
    column[8] += 1000 if field == "source_ns" else 1
    monkeypatch.setattr(library, "decode_publish", lambda *_: wrong)
    assert not library.decoders_agree()


def test_check_fails_when_a_text_is_read_differently(monkeypatch: pytest.MonkeyPatch) -> None:
    message = decoded()
    rows = message.readings
    assert rows is not None
    rows.bits[13], rows.bits[14] = rows.bits[14], rows.bits[13]
    monkeypatch.setattr(library, "decode_publish", lambda *_: message)
    assert not library.decoders_agree()
