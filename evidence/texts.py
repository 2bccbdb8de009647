"""Texts as a frame holds them (UTF-8 of at most 1024 bytes, format-core §2, Writer) and as a terminal shows them."""

from __future__ import annotations

import re
from typing import Final

from evidence.grammar import MAX_TEXT_BYTES

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def clean_text(raw: bytes) -> tuple[bytes, bool]:
    """Return (bytes for the heap, whether they were cut) for the bytes of a device.

    Ill-formed UTF-8 becomes U+FFFD, one per maximal subpart (WHATWG; a BOM stays), nothing is normalised; then a text
    over 1024 bytes is cut to the longest prefix of whole code points.
    """
    text = raw.decode("utf-8", "replace").encode("utf-8")
    if len(text) <= MAX_TEXT_BYTES:
        return text, False
    return text[:MAX_TEXT_BYTES].decode("utf-8", "ignore").encode("utf-8"), True


def printable(text: str) -> str:
    """Return a text in which control and bidirectional marks are spelled out, so that no terminal obeys them."""
    return _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
