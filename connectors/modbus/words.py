"""How numbers lie in 16-bit registers: encodings, byte orders, sentinels. Pure."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """How the bytes of a value are read."""

    INT = "int"
    UINT = "uint"
    FLOAT = "float"
    BCD = "bcd"
    BOOL = "bool"
    BIT = "bit"
    TEXT = "text"


MAX_TEXT_BYTES: Final = 250
"""125 registers, the most that one request can read (MODBUS Application Protocol V1.1b3, 6.3)."""

_NUMBER = re.compile(r"(int|uint)(16|32|64)|(float)(32|64)|(bcd)(16|32)")
_BIT = re.compile(r"bit ?([0-9]|1[0-5])")
_TEXT = re.compile(r"text ?([1-9][0-9]{0,2})")
_WORD_REVERSED = frozenset({"CDAB", "DCBA"})
_BYTE_SWAPPED = frozenset({"BADC", "DCBA"})
ORDERS: Final = ("ABCD", "CDAB", "BADC", "DCBA")
"""The four usual orders; for 64-bit values they mean ABCDEFGH, GHEFCDAB, BADCFEHG and HGFEDCBA."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One parsed encoding. size: bytes of the value itself; bit: bit number for `Kind.BIT`, else 0."""

    kind: Kind
    size: int
    bit: int = 0

    @property
    def registers(self) -> int:
        """Return how many whole registers hold the value."""
        return (self.size + 1) // 2


def parse_encoding(text: str) -> Encoding:
    """Return the encoding that `text` names: `uint32`, `float32`, `bcd16`, `bool`, `bit 3`, `text 20` (20 bytes).

    Raises ValueError for anything else.
    """
    if match := _NUMBER.fullmatch(text):
        name, bits = (part for part in match.groups() if part is not None)
        return Encoding(Kind(name), int(bits) // 8)
    if text == "bool":
        return Encoding(Kind.BOOL, 2)
    if match := _BIT.fullmatch(text):
        return Encoding(Kind.BIT, 2, int(match[1]))
    if (match := _TEXT.fullmatch(text)) and int(match[1]) <= MAX_TEXT_BYTES:
        return Encoding(Kind.TEXT, int(match[1]))
    raise ValueError(
        f"unknown encoding '{text}': write int16, uint16, int32, uint32, int64, uint64, float32, float64, bcd16, "
        f"bcd32, bool, 'bit 0' to 'bit 15', or 'text 1' to 'text {MAX_TEXT_BYTES}' (bytes)"
    )


def byte_positions(order: str, encoding: Encoding) -> tuple[int, ...]:
    """Return, for every byte of the value from the most significant on, its position in the bytes on the wire.

    order: one of `ORDERS`, or the letters of all bytes as they lie on the wire, A = most significant (`CDABGHEF`).
    A text has only the orders ABCD (first character in the high byte) and BADC. Raises ValueError if they do not fit.
    """
    size = encoding.size
    if encoding.kind is Kind.TEXT:
        if order not in {"ABCD", "BADC"}:
            raise ValueError(f"a text has order ABCD or BADC, not {order}")
        return tuple(i ^ (order == "BADC") for i in range(size))
    if order in ORDERS:
        words = size // 2
        reverse, swap = order in _WORD_REVERSED, order in _BYTE_SWAPPED
        return tuple(
            2 * (words - 1 - i // 2 if reverse else i // 2) + (1 - i % 2 if swap else i % 2)
            for i in range(size)
        )
    letters = "ABCDEFGH"[:size]
    if sorted(order) != list(letters):
        raise ValueError(
            f"order {order} does not fit a value of {size} bytes: use {', '.join(ORDERS)} "
            f"or a permutation of {letters}"
        )
    return tuple(order.index(letter) for letter in letters)


def sentinel_bits(sentinel: int | str, encoding: Encoding) -> int:
    """Return the bit pattern (unsigned, most significant byte first) that means "no value".

    sentinel: a value of the encoding as number or text (`-32768`, `65535`, `nan`), or the bits as text `0x7FC00000`.
    Raises ValueError if it does not fit.
    """
    bits = 8 * encoding.size
    if encoding.kind in {Kind.TEXT, Kind.BOOL, Kind.BIT}:
        raise ValueError(f"a {encoding.kind.value} has no sentinels")
    text = str(sentinel).strip().lower()
    if text.startswith("0x"):
        pattern = int(text, 16)
    elif encoding.kind is Kind.FLOAT:
        pattern = int.from_bytes(struct.pack(">f" if encoding.size == 4 else ">d", float(text)))
    elif encoding.kind is Kind.BCD:
        pattern = int(str(int(text)), 16)
    else:
        pattern = int(text)
    if not -(1 << (bits - 1)) <= pattern < 1 << bits:
        raise ValueError(f"sentinel {sentinel} does not fit {bits} bits")
    return pattern % (1 << bits)
