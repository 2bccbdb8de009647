"""Canonical JSON and strict base64: one value, one spelling."""

from __future__ import annotations

import pytest

from evidence import b64, canonical
from evidence.refusal import Refusal, Verdict


def test_encode_object_sorts_keys_and_writes_no_spaces():
    assert (
        canonical.encode({"b": [1, True, "轴"], "a": -5}) == '{"a":-5,"b":[1,true,"轴"]}'.encode()
    )


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":1e3}',
        '{"a":1.0}',
        '{"a":-0}',
        '{"a":01}',
        '{"a":null}',
        '{"a":NaN}',
        '{"a": 1}',
        '{"b":1,"a":2}',
        '{"a":9007199254740992}',
        '{"a":"\\u0041"}',
        '{"a":"\\ud800"}',
        '{"a":"\\n"}',
        '{"a":"\\/"}',
        '{"a-b":1}',
        '{"":1}',
        '{"a":1}\n',
        '{"a":1}x',
        "{'a':1}",
        "[" * 9 + "]" * 9,
        "[" * 100_000,
        "1" * 5000,
        "",
    ],
)
def test_parse_other_spelling_is_refused_as_json(text: str):
    with pytest.raises(Refusal) as caught:
        canonical.parse(text.encode())
    assert caught.value.kind == "json"
    assert caught.value.verdict is Verdict.INVALID


def test_parse_ill_formed_utf8_is_refused():
    with pytest.raises(Refusal) as caught:
        canonical.parse(b'{"a":"\xff"}')
    assert caught.value.kind == "json"


def test_parse_depth_eight_and_largest_integer_are_accepted():
    assert canonical.parse(b"[" * 8 + b"]" * 8) == [[[[[[[[]]]]]]]]
    assert canonical.parse(b"-9007199254740991") == -(2**53 - 1)


def test_encode_value_without_spelling_is_refused():
    for value in (1.5, None, {"a": 2**53}, {"ä": 1}, "\x1f", "\ud800"):
        with pytest.raises(Refusal):
            canonical.encode(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ=", "QQ==\n", "Q Q=", "Q-==", "QQ===", "é==="])
def test_base64_decode_second_spelling_is_refused(text: str):
    with pytest.raises(Refusal) as caught:
        b64.decode(text)
    assert caught.value.kind == "base64"


def test_base64_decode_one_spelling_returns_bytes():
    assert b64.decode("QQ==") == b"A"
    assert b64.decode("") == b""
