"""The slow way: messages decoded by the library into the same columns, and the check that both ways agree."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary
from numpy.typing import NDArray

from connectors.opcua.client.canned import CANNED, CANNED_ELEMENTS
from connectors.opcua.decoder import decode_publish
from connectors.opcua.layout import UnsupportedError
from connectors.opcua.readings import Kind, PublishMessage, Readings, joined
from model.batch import NO_TIME

BROKEN: Final = (
    ua.UaError,
    struct.error,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    OverflowError,
    AttributeError,
)
"""What the decoder of the library raises on a malformed message."""


def decoders_agree() -> bool:
    """Return whether our decoder and that of the installed library read the canned message alike."""
    elements = np.array(CANNED_ELEMENTS, dtype=np.int32)
    try:
        ours = decode_publish(CANNED, elements)
        theirs = library_publish(CANNED, elements)
    except (UnsupportedError, *BROKEN):
        return False
    return same_message(ours, theirs)


def same_message(ours: PublishMessage, theirs: PublishMessage) -> bool:
    """Return whether two decodings are equal; times to the microsecond, which is all the library keeps."""
    if (ours.subscription, ours.sequence, ours.available, ours.status_change, ours.keep_alive) != (
        theirs.subscription,
        theirs.sequence,
        theirs.available,
        theirs.status_change,
        theirs.keep_alive,
    ):
        return False
    if ours.readings is None or theirs.readings is None:
        return ours.readings is theirs.readings
    return same_readings(ours.readings, theirs.readings)


def same_readings(ours: Readings, theirs: Readings) -> bool:
    """Return whether two decodings of the same values are equal; an index of a text counts as the text."""
    if len(ours) != len(theirs):
        return False
    exact = all(
        np.array_equal(a, b)
        for a, b in (
            (ours.item, theirs.item),
            (ours.kind, theirs.kind),
            (ours.status, theirs.status),
            (_microseconds(ours.source_ns), _microseconds(theirs.source_ns)),
        )
    )
    return exact and all(
        (ours.texts[a] == theirs.texts[b]) if kind == Kind.TEXT else a == b
        for kind, a, b in zip(
            ours.kind.tolist(), ours.bits.tolist(), theirs.bits.tolist(), strict=True
        )
    )


def _microseconds(source_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(source_ns == NO_TIME, NO_TIME, source_ns // 1000)


def library_publish(
    data: bytes, elements: NDArray[np.int32], subscription: int | None = None
) -> PublishMessage:
    """Return the message as the library decodes it; `subscription`: that of a RepublishResponse."""
    available: Sequence[int] = ()
    if subscription is None:
        result = struct_from_binary(ua.PublishResponse, Buffer(data)).Parameters
        message, subscription = result.NotificationMessage, result.SubscriptionId
        available = result.AvailableSequenceNumbers
    else:
        message = struct_from_binary(ua.RepublishResponse, Buffer(data)).NotificationMessage
    parts = []
    status = None
    for notification in message.NotificationData:
        if isinstance(notification, ua.DataChangeNotification) and notification.MonitoredItems:
            items = notification.MonitoredItems
            parts.append(
                library_readings(
                    [i.ClientHandle for i in items], [i.Value for i in items], elements
                )
            )
        elif isinstance(notification, ua.StatusChangeNotification):
            status = int(notification.Status.value)
    return PublishMessage(
        subscription=int(subscription),
        sequence=int(message.SequenceNumber),
        available=tuple(int(n) for n in available),
        readings=joined(parts) if parts else None,
        status_change=status,
        keep_alive=not message.NotificationData,
    )


_NUMBERS: Final = {
    ua.VariantType.Boolean: Kind.BOOL,
    ua.VariantType.SByte: Kind.SIGNED,
    ua.VariantType.Int16: Kind.SIGNED,
    ua.VariantType.Int32: Kind.SIGNED,
    ua.VariantType.Int64: Kind.SIGNED,
    ua.VariantType.Byte: Kind.UNSIGNED,
    ua.VariantType.UInt16: Kind.UNSIGNED,
    ua.VariantType.UInt32: Kind.UNSIGNED,
    ua.VariantType.UInt64: Kind.UNSIGNED,
    ua.VariantType.Float: Kind.FLOAT,
    ua.VariantType.Double: Kind.FLOAT,
}


def library_readings(
    items: Sequence[int], values: Sequence[Any], elements: NDArray[np.int32]
) -> Readings:
    """Return DataValue objects of the library as columns."""
    texts: list[bytes] = []
    rows = [
        _bits(value.Value, int(elements[item]) if item < len(elements) else -1, texts)
        for item, value in zip(items, values, strict=True)
    ]
    return Readings(
        np.array(items, dtype=np.int64),
        np.array([kind for kind, _ in rows], dtype=np.uint8),
        np.array([bits for _, bits in rows], dtype=np.int64),
        np.array(
            [0 if v.StatusCode is None else v.StatusCode.value for v in values], dtype=np.uint32
        ),
        np.array([nanoseconds(v.SourceTimestamp) for v in values], dtype=np.int64),
        tuple(texts),
    )


def _bits(variant: Any, element: int, texts: list[bytes]) -> tuple[Kind, int]:
    """Return kind and bits of one Variant; a text is appended to `texts`."""
    if variant is None or variant.Value is None:
        return Kind.NULL, 0
    value, array = variant.Value, variant.is_array
    if array:
        flat = np.array(value, dtype=object).ravel() if variant.Dimensions else value
        if not 0 <= element < len(flat) or variant.VariantType not in _NUMBERS:
            return Kind.OTHER, 0
        value = flat[element]
    elif element >= 0:
        return Kind.OTHER, 0
    kind = _NUMBERS.get(variant.VariantType, Kind.OTHER)
    if kind is Kind.FLOAT:
        return kind, int(struct.unpack("<q", struct.pack("<d", value))[0])
    if kind is not Kind.OTHER:
        number = int(value)
        return kind, number - 2**64 if number >= 2**63 else number
    if variant.VariantType is ua.VariantType.LocalizedText:
        value = value.Text
        if value is None:
            return Kind.NULL, 0
    elif variant.VariantType is not ua.VariantType.String:
        return Kind.OTHER, 0
    texts.append(value.encode("utf-8", "surrogateescape"))
    return Kind.TEXT, len(texts) - 1


def nanoseconds(moment: datetime | None) -> int:
    """Return UTC nanoseconds of a time of the library; NO_TIME outside 1970-01-01 … 2262-01-01."""
    if moment is None or not 1970 <= moment.year < 2262:
        return NO_TIME
    since = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
