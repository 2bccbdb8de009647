"""PublishResponse and ReadResponse bytes → columns, without an object per value (OPC 10000-6, 5.2).

Three steps: find where each DataValue starts (a numpy comparison over a run of one layout, a table look-up a value
otherwise), then take every field of all values at once, then the few that have no fixed length one by one.
A message with anything else in it raises `UnsupportedError`: the caller then lets the library decode the whole of it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.opcua.layout import I32, UnsupportedError
from connectors.opcua.readings import PublishMessage, Readings, joined
from connectors.opcua.values import data_values

PUBLISH_RESPONSE: Final = 829
READ_RESPONSE: Final = 634
REPUBLISH_RESPONSE: Final = 835
DATA_CHANGE: Final = 811
STATUS_CHANGE: Final = 820

_T = TypeVar("_T")
_U32: Final = struct.Struct("<I")


def decode_publish(data: bytes, elements: NDArray[np.int32]) -> PublishMessage:
    """Return the content of a PublishResponse.

    data: the message from its type id on. elements: wanted array element by client handle, -1 = the value itself.
    Raises UnsupportedError for anything that is not a plain data change, status change or keep-alive.
    """
    return _guarded(_publish, data, elements)


def decode_republish(data: bytes, elements: NDArray[np.int32], subscription: int) -> PublishMessage:
    """Return the content of a RepublishResponse, as `decode_publish` does."""

    def parse(data: bytes, elements: NDArray[np.int32]) -> PublishMessage:
        pos = _header(data, REPUBLISH_RESPONSE)
        return _notification(data, pos, elements, subscription, ())

    return _guarded(parse, data, elements)


def decode_read(data: bytes, elements: NDArray[np.int32]) -> Readings:
    """Return the values of a ReadResponse; `item` is the position in the request, `elements` likewise."""
    return _guarded(_read, data, elements)


def _guarded(
    parse: Callable[[bytes, NDArray[np.int32]], _T], data: bytes, elements: NDArray[np.int32]
) -> _T:
    try:
        return parse(data, elements)
    except (IndexError, ValueError, struct.error) as exc:
        raise UnsupportedError("the message ends too early or is malformed") from exc


def _header(data: bytes, type_id: int) -> int:
    """Return where the ResponseHeader ends; UnsupportedError for a fault, another type, diagnostics or strings."""
    if data[0:4] != b"\x01\x00" + type_id.to_bytes(2, "little"):
        raise UnsupportedError("not the expected response")
    if data[16:20] != b"\0\0\0\0" or data[20]:
        raise UnsupportedError("a bad service result or diagnostics")
    if I32.unpack_from(data, 21)[0] > 0:
        raise UnsupportedError("a string table")
    pos = 25
    size = {0: 2, 1: 4}.get(data[pos])
    if size is None or data[pos + size]:
        raise UnsupportedError("an additional header")
    return pos + size + 1


def _publish(data: bytes, elements: NDArray[np.int32]) -> PublishMessage:
    pos = _header(data, PUBLISH_RESPONSE)
    subscription, count = struct.unpack_from("<Ii", data, pos)
    pos += 8
    count = max(count, 0)
    available = struct.unpack_from(f"<{count}I", data, pos)
    return _notification(data, pos + 4 * count + 1, elements, subscription, available)


def _notification(
    data: bytes,
    pos: int,
    elements: NDArray[np.int32],
    subscription: int,
    available: tuple[int, ...],
) -> PublishMessage:
    """Return the NotificationMessage that starts at `pos`."""
    sequence, _, count = struct.unpack_from("<Iqi", data, pos)
    pos += 16
    parts: list[Readings] = []
    status = None
    for _ in range(count):
        node, type_id, encoding, length = struct.unpack_from("<HHBi", data, pos)
        if node != 1 or encoding != 1 or length < 0:
            raise UnsupportedError("an extension object in another encoding")
        pos += 9
        if type_id == DATA_CHANGE:
            (items,) = I32.unpack_from(data, pos)
            body = data if pos + length == len(data) else data[: pos + length]
            if items > 0:
                parts.append(data_values(body, pos + 4, items, elements, numbered=True))
        elif type_id == STATUS_CHANGE:
            (status,) = _U32.unpack_from(data, pos)
        else:
            raise UnsupportedError("a notification that nobody asked for")
        pos += length
        if pos > len(data):
            raise UnsupportedError("the message ends too early")
    return PublishMessage(
        subscription=subscription,
        sequence=sequence,
        available=available,
        readings=joined(parts) if parts else None,
        status_change=status,
        keep_alive=count <= 0,
    )


def _read(data: bytes, elements: NDArray[np.int32]) -> Readings:
    pos = _header(data, READ_RESPONSE)
    (count,) = I32.unpack_from(data, pos)
    return data_values(data, pos + 4, max(count, 0), elements, numbered=False)
