"""Strict base64 (RFC 4648 §4): a text that does not re-encode to itself is refused."""

from __future__ import annotations

import base64
import binascii

from evidence.refusal import Refusal


def encode(data: bytes) -> str:
    """Return the one spelling of `data`, with padding."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes that `text` spells.

    Raises `Refusal` (kind "base64") for foreign characters, missing padding or loose padding bits: Python's decoder
    accepts them all, so two texts could stand for one signature.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError) as error:
        raise _refusal(text) from error
    if encode(data) != text:
        raise _refusal(text)
    return data


def _refusal(text: str) -> Refusal:
    return Refusal(
        "base64",
        f"{text[:60]!r} is not base64 in its one spelling",
        f"{text[:60]!r} 不是唯一写法的 base64",
    )
