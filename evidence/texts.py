"""Texts as a frame holds them: well-formed UTF-8 of at most 1024 bytes (format-core §2, Writer)."""

from __future__ import annotations

from evidence.grammar import MAX_TEXT_BYTES


def clean_text(raw: bytes) -> tuple[bytes, bool]:
    """Return (bytes for the heap, whether they were cut) for the bytes of a device.

    Ill-formed UTF-8 becomes U+FFFD, one per maximal subpart (WHATWG; a BOM stays), nothing is normalised; then a text
    over 1024 bytes is cut to the longest prefix of whole code points.
    """
    text = raw.decode("utf-8", "replace").encode("utf-8")
    if len(text) <= MAX_TEXT_BYTES:
        return text, False
    return text[:MAX_TEXT_BYTES].decode("utf-8", "ignore").encode("utf-8"), True
