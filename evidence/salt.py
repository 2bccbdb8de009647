"""The salt of a frame (format-core §3)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

SALT_BYTES: Final = 16
SECRET_BYTES: Final = 32
_BLOCK_BYTES: Final = 64
_INNER: Final = bytes(b ^ 0x36 for b in range(256))
_OUTER: Final = bytes(b ^ 0x5C for b in range(256))


def salt_of(site_secret: bytes, origin: str, stream: str, slot: int) -> bytes:
    """Return the 16 salt bytes of one stream and slot: HMAC-SHA256 cut, from the labelled, injective input.

    Raises ValueError unless `site_secret` has 32 bytes. The salt is stored beside the frame, so that losing the
    secret does not lose provability.
    """
    if len(site_secret) != SECRET_BYTES:
        raise ValueError(f"the site secret has {len(site_secret)} bytes, not {SECRET_BYTES}")
    message = f"plantproof salt v1\n{origin}\n{stream}\n{slot}".encode("ascii")
    return hmac.digest(site_secret, message, "sha256")[:SALT_BYTES]


class Salts:
    """The salts of many slots: equal to `salt_of`, with the part of HMAC that no slot changes computed once.

    HMAC (RFC 2104) is hash(key ^ opad ‖ hash(key ^ ipad ‖ message)): the states after both paddings, and after the
    beginning of the message, are kept and copied.
    """

    def __init__(self, site_secret: bytes, origin: str, streams: Sequence[str]) -> None:
        """Prepare for the streams of one configuration. Raises ValueError unless `site_secret` has 32 bytes."""
        if len(site_secret) != SECRET_BYTES:
            raise ValueError(f"the site secret has {len(site_secret)} bytes, not {SECRET_BYTES}")
        key = site_secret.ljust(_BLOCK_BYTES, b"\0")
        self._outer = sha256(key.translate(_OUTER))
        self._inner = [
            sha256(key.translate(_INNER) + f"plantproof salt v1\n{origin}\n{s}\n".encode("ascii"))
            for s in streams
        ]

    def of(self, slot: int) -> tuple[bytes, ...]:
        """Return the salt of every stream in `slot`."""
        number = b"%d" % slot
        found = []
        for prepared in self._inner:
            inner = prepared.copy()
            inner.update(number)
            outer = self._outer.copy()
            outer.update(inner.digest())
            found.append(outer.digest()[:SALT_BYTES])
        return tuple(found)
