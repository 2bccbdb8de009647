"""Our decoder against that of asyncua on random messages: the second implementation is the judge."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.opcua.client.library import (
    library_publish,
    library_readings,
    same_message,
    same_readings,
)
from connectors.opcua.decoder import decode_publish, decode_read, decode_republish
from connectors.opcua.layout import UnsupportedError

V = ua.VariantType
INTEGERS = {
    V.SByte: (-(2**7), 2**7 - 1),
    V.Byte: (0, 2**8 - 1),
    V.Int16: (-(2**15), 2**15 - 1),
    V.UInt16: (0, 2**16 - 1),
    V.Int32: (-(2**31), 2**31 - 1),
    V.UInt32: (0, 2**32 - 1),
    V.Int64: (-(2**63), 2**63 - 1),
    V.UInt64: (0, 2**64 - 1),
}
# The library folds times before 1601 and after 9999 into the ends, so only between them both ways can agree.
moments = st.datetimes(
    datetime.fromisoformat("1601-01-02"),
    datetime.fromisoformat("9999-12-30"),
    timezones=st.just(UTC),
)
floats = st.floats(width=64, allow_nan=False)


@st.composite
def variants(draw: st.DrawFn) -> ua.Variant:
    kind = draw(
        st.sampled_from(
            [
                *INTEGERS,
                V.Boolean,
                V.Double,
                V.Double,
                V.Float,
                V.String,
                V.LocalizedText,
                V.DateTime,
                V.ByteString,
                V.Null,
            ]
        )
    )
    if kind in INTEGERS:
        low, high = INTEGERS[kind]
        one = st.integers(low, high)
    elif kind is V.Boolean:
        one = st.booleans()
    elif kind is V.Double:
        one = floats
    elif kind is V.Float:
        one = st.floats(width=32, allow_nan=False)
    elif kind is V.String:
        return ua.Variant(draw(st.none() | st.text(max_size=40)), kind)
    elif kind is V.LocalizedText:
        text = draw(st.none() | st.text(max_size=20))
        return ua.Variant(
            ua.LocalizedText(text, draw(st.none() | st.sampled_from(["zh-CN", "en"]))), kind
        )
    elif kind is V.DateTime:
        return ua.Variant(draw(moments), kind)
    elif kind is V.ByteString:
        return ua.Variant(draw(st.none() | st.binary(max_size=20)), kind)
    else:
        return ua.Variant(None, V.Null)
    if draw(st.integers(0, 4)) == 0:
        return ua.Variant(draw(st.lists(one, max_size=4)), kind, is_array=True)
    return ua.Variant(draw(one), kind)


@st.composite
def data_values(draw: st.DrawFn) -> ua.DataValue:
    # Not both picoseconds and a server time: the library expects those fields in another order than OPC 10000-6 says.
    server = draw(st.none() | moments)
    pico = None if server else draw(st.none() | st.integers(0, 9999))
    source = draw(st.none() | moments)
    return ua.DataValue(
        draw(variants()),
        ua.StatusCode(draw(st.sampled_from([0, 0, 0, 0x480, 0x40900000, 0x80350000, 0x80050480]))),
        source,
        server,
        pico if source else None,
    )


values = st.lists(data_values(), max_size=20) | st.builds(
    lambda one, n: [one] * n, data_values(), st.integers(1, 60)
)


def elements(data: st.DataObject, n: int) -> np.ndarray:
    wanted = st.just([-1] * n) | st.lists(st.integers(-1, 3), min_size=n, max_size=n)
    return np.array(data.draw(wanted), dtype=np.int32)


def notification(rows: list[ua.DataValue]) -> ua.NotificationMessage:
    message = ua.NotificationMessage(
        SequenceNumber=17, PublishTime=datetime(2026, 1, 1, tzinfo=UTC)
    )
    items = [ua.MonitoredItemNotification(ClientHandle=i, Value=v) for i, v in enumerate(rows)]
    message.NotificationData = [ua.DataChangeNotification(MonitoredItems=items)]
    return message


def header() -> ua.ResponseHeader:
    return ua.ResponseHeader(Timestamp=datetime(2026, 1, 1, tzinfo=UTC), RequestHandle=5)


@settings(max_examples=150, deadline=None)
@given(values, st.data())
def test_publish_response_random_values_both_decoders_agree(
    rows: list[ua.DataValue], data: st.DataObject
) -> None:
    response = ua.PublishResponse(ResponseHeader=header())
    response.Parameters.SubscriptionId = 3
    response.Parameters.AvailableSequenceNumbers = [16, 17]
    response.Parameters.NotificationMessage = notification(rows)
    message = struct_to_binary(response)
    wanted = elements(data, len(rows))
    assert same_message(decode_publish(message, wanted), library_publish(message, wanted))


@settings(max_examples=100, deadline=None)
@given(values, st.data())
def test_republish_response_random_values_both_decoders_agree(
    rows: list[ua.DataValue], data: st.DataObject
) -> None:
    response = ua.RepublishResponse(ResponseHeader=header(), NotificationMessage=notification(rows))
    message = struct_to_binary(response)
    wanted = elements(data, len(rows))
    ours = decode_republish(message, wanted, 3)
    assert same_message(ours, library_publish(message, wanted, 3))


@settings(max_examples=100, deadline=None)
@given(values, st.data())
def test_read_response_random_values_both_decoders_agree(
    rows: list[ua.DataValue], data: st.DataObject
) -> None:
    message = struct_to_binary(ua.ReadResponse(ResponseHeader=header(), Results=rows))
    wanted = elements(data, len(rows))
    assert same_readings(
        decode_read(message, wanted), library_readings(range(len(rows)), rows, wanted)
    )


@settings(max_examples=150, deadline=None)
@given(values, st.data())
def test_publish_response_cut_anywhere_is_declined_not_misread(
    rows: list[ua.DataValue], data: st.DataObject
) -> None:
    response = ua.PublishResponse(ResponseHeader=header())
    response.Parameters.NotificationMessage = notification(rows)
    message = struct_to_binary(response)
    # The last eight bytes are the two empty arrays of acknowledgement results, which nobody reads.
    cut = data.draw(st.integers(0, len(message) - 9))
    with pytest.raises(UnsupportedError):
        decode_publish(message[:cut], np.full(len(rows), -1, dtype=np.int32))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_publish_response_random_tail_raises_nothing_but_unsupported(tail: bytes) -> None:
    start = bytes.fromhex("01003d03") + bytes(16) + b"\0" + bytes(4) + bytes(3)
    try:
        decode_publish(start + tail, np.full(4, -1, dtype=np.int32))
    except UnsupportedError:
        return
