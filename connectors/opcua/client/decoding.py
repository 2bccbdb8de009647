"""The two decoders behind one face: ours if it passed its check and knows the message, else that of the library."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from logging import Logger

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary
from numpy.typing import NDArray

from connectors.opcua import errors
from connectors.opcua.client.library import (
    BROKEN,
    decoders_agree,
    library_publish,
    library_readings,
)
from connectors.opcua.decoder import decode_publish, decode_read, decode_republish
from connectors.opcua.layout import UnsupportedError
from connectors.opcua.readings import PublishMessage, Readings


class MessageDecoder:
    """Decodes the messages of one session. Making one runs the start-up check."""

    def __init__(self, url: str, log: Logger) -> None:
        self._url = url
        self._log = log
        self.fast = decoders_agree()
        """Whether our own decoder is used."""
        self.slow_messages = 0
        """Messages that the library decoded."""
        self.undecodable_messages = 0
        if not self.fast:
            log.warning(
                "%s: our decoder and the installed asyncua read the test message differently; using the slow one",
                url,
            )

    def publish(self, data: bytes, elements: NDArray[np.int32]) -> PublishMessage | None:
        """Return a PublishResponse; None if neither decoder can read it."""
        return self._message(data, elements, lambda: decode_publish(data, elements), None)

    def republish(
        self, data: bytes, elements: NDArray[np.int32], subscription: int
    ) -> PublishMessage | None:
        """Return a RepublishResponse; None if neither decoder can read it."""
        return self._message(
            data, elements, lambda: decode_republish(data, elements, subscription), subscription
        )

    def read(self, data: bytes, elements: NDArray[np.int32]) -> Readings:
        """Return a ReadResponse. Raises TransientError if neither decoder can read it."""
        if self.fast:
            with suppress(UnsupportedError):
                return decode_read(data, elements)
        self.slow_messages += 1
        try:
            results = struct_from_binary(ua.ReadResponse, Buffer(data)).Results
            return library_readings(range(len(results)), results, elements)
        except BROKEN as exc:
            raise errors.lost(self._url, f"a Read answer cannot be decoded: {exc}") from exc

    def _message(
        self,
        data: bytes,
        elements: NDArray[np.int32],
        decode: Callable[[], PublishMessage],
        subscription: int | None,
    ) -> PublishMessage | None:
        if self.fast:
            with suppress(UnsupportedError):
                return decode()
        self.slow_messages += 1
        try:
            return library_publish(data, elements, subscription)
        except BROKEN as exc:
            self.undecodable_messages += 1
            self._log.warning(
                "%s: a notification cannot be decoded (%s), %d bytes", self._url, exc, len(data)
            )
            return None
