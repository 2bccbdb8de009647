"""The salt of a frame (format-core §3)."""

from __future__ import annotations

import hmac
from typing import Final

SALT_BYTES: Final = 16
SECRET_BYTES: Final = 32


def salt_of(site_secret: bytes, origin: str, stream: str, slot: int) -> bytes:
    """Return the 16 salt bytes of one stream and slot: HMAC-SHA256 cut, from the labelled, injective input.

    Raises ValueError unless `site_secret` has 32 bytes. The salt is stored beside the frame, so that losing the
    secret does not lose provability.
    """
    if len(site_secret) != SECRET_BYTES:
        raise ValueError(f"the site secret has {len(site_secret)} bytes, not {SECRET_BYTES}")
    message = f"plantproof salt v1\n{origin}\n{stream}\n{slot}".encode("ascii")
    return hmac.digest(site_secret, message, "sha256")[:SALT_BYTES]
