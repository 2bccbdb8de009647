"""Encodings, byte orders and sentinels of registers."""

from __future__ import annotations

import pytest

from connectors.modbus.words import Encoding, Kind, byte_positions, parse_encoding, sentinel_bits


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("int16", Encoding(Kind.INT, 2)),
        ("uint64", Encoding(Kind.UINT, 8)),
        ("float32", Encoding(Kind.FLOAT, 4)),
        ("bcd32", Encoding(Kind.BCD, 4)),
        ("bool", Encoding(Kind.BOOL, 2)),
        ("bit 15", Encoding(Kind.BIT, 2, 15)),
        ("bit3", Encoding(Kind.BIT, 2, 3)),
        ("text 7", Encoding(Kind.TEXT, 7)),
    ],
)
def test_parse_encoding_of_each_form(text: str, encoding: Encoding) -> None:
    assert parse_encoding(text) == encoding


@pytest.mark.parametrize(
    "text", ["int8", "float16", "bcd64", "bit 16", "text 0", "text 251", "word", "", "INT16"]
)
def test_parse_encoding_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="unknown encoding"):
        parse_encoding(text)


def test_registers_of_a_text_of_odd_length_is_rounded_up() -> None:
    assert parse_encoding("text 7").registers == 4
    assert parse_encoding("uint64").registers == 4
    assert parse_encoding("bit 3").registers == 1


@pytest.mark.parametrize(
    ("order", "size", "positions"),
    [
        # The value bytes A B C D lie on the wire as the order says; each entry tells where a byte is found.
        ("ABCD", 4, (0, 1, 2, 3)),
        ("CDAB", 4, (2, 3, 0, 1)),
        ("BADC", 4, (1, 0, 3, 2)),
        ("DCBA", 4, (3, 2, 1, 0)),
        ("ABCD", 2, (0, 1)),
        ("CDAB", 2, (0, 1)),
        ("BADC", 2, (1, 0)),
        ("BA", 2, (1, 0)),
        ("CDAB", 8, (6, 7, 4, 5, 2, 3, 0, 1)),
        ("GHEFCDAB", 8, (6, 7, 4, 5, 2, 3, 0, 1)),
        ("HGFEDCBA", 8, (7, 6, 5, 4, 3, 2, 1, 0)),
        ("CDABGHEF", 8, (2, 3, 0, 1, 6, 7, 4, 5)),
        ("BADC", 8, (1, 0, 3, 2, 5, 4, 7, 6)),
    ],
)
def test_byte_positions(order: str, size: int, positions: tuple[int, ...]) -> None:
    assert byte_positions(order, Encoding(Kind.UINT, size)) == positions


@pytest.mark.parametrize(
    ("order", "size"), [("ABCDEFGH", 4), ("ABDD", 4), ("abcd", 4), ("AB", 4), ("", 2)]
)
def test_byte_positions_refuse_an_order_that_does_not_fit(order: str, size: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        byte_positions(order, Encoding(Kind.UINT, size))


def test_byte_positions_of_a_text_has_no_word_order() -> None:
    assert byte_positions("BADC", Encoding(Kind.TEXT, 3)) == (1, 0, 3)
    with pytest.raises(ValueError, match="ABCD or BADC"):
        byte_positions("CDAB", Encoding(Kind.TEXT, 4))


@pytest.mark.parametrize(
    ("sentinel", "encoding", "bits"),
    [
        (-32768, "int16", 0x8000),
        (32768, "int16", 0x8000),
        ("0x8000", "int16", 0x8000),
        (65535, "uint16", 0xFFFF),
        (-1, "int64", 0xFFFFFFFFFFFFFFFF),
        ("0x7FC00000", "float32", 0x7FC00000),
        ("nan", "float64", 0x7FF8000000000000),
        (1, "float32", 0x3F800000),
        (9999, "bcd16", 0x9999),
        ("0xFFFF", "bcd16", 0xFFFF),
    ],
)
def test_sentinel_bits(sentinel: int | str, encoding: str, bits: int) -> None:
    assert sentinel_bits(sentinel, parse_encoding(encoding)) == bits


@pytest.mark.parametrize(
    ("sentinel", "encoding"), [(65536, "uint16"), (-32769, "int16"), (1, "bool"), ("x", "int16")]
)
def test_sentinel_that_does_not_fit_is_refused(sentinel: int | str, encoding: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text of int() and ours
        sentinel_bits(sentinel, parse_encoding(encoding))
