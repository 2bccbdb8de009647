"""Canonical JSON of the format (format-core §1): one value, one spelling, and a parser that accepts no other."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from evidence.grammar import MAX_INTEGER
from evidence.refusal import Refusal

Json = bool | int | str | Sequence["Json"] | Mapping[str, "Json"]
"""A value of canonical JSON: no null, no float."""

MAX_DEPTH: Final = 8
_KEY = re.compile(r"[A-Za-z0-9_]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\ud800-\udfff]")


def encode(value: Json) -> bytes:
    """Return the canonical bytes of `value`; raises `Refusal` (kind "json") if it has none."""
    _check(value, 1)
    return _serialise(value)


def parse(data: bytes) -> Json:
    """Return the value that `data` spells canonically.

    The test is to parse, serialise again and compare the bytes: this refuses duplicate keys, exponents, escapes,
    blanks and other orders at once. Raises `Refusal` (kind "json") and nothing else.
    """
    try:
        text = data.decode("utf-8")
        value: Json = json.loads(text, parse_float=_no_float, parse_constant=_no_float)
    except Refusal:
        raise
    except (ValueError, RecursionError) as error:
        raise Refusal("json", f"not JSON: {error}", f"不是 JSON：{error}") from error
    _check(value, 1)
    if _serialise(value) != data:
        raise Refusal(
            "json",
            "not canonical JSON: writing it again gives other bytes",
            "不是规范 JSON：重新写出后字节不同",
        )
    return value


def parse_object(data: bytes) -> Mapping[str, Json]:
    """Return the object that `data` spells canonically; raises `Refusal` (kind "json") for anything else."""
    value = parse(data)
    if not isinstance(value, Mapping):
        raise Refusal("json", "the JSON value is not an object", "JSON 值不是对象")
    return value


def _serialise(value: Json) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8")


def _no_float(text: str) -> NoReturn:
    raise Refusal(
        "json",
        f"number {text[:40]} is not an integer in its one spelling",
        f"数字 {text[:40]} 不是唯一写法的整数",
    )


def _check(value: Json, depth: int) -> None:
    if depth > MAX_DEPTH and isinstance(value, (dict, list, tuple)):
        raise Refusal("json", f"nested deeper than {MAX_DEPTH}", f"嵌套超过 {MAX_DEPTH} 层")
    match value:
        case bool():
            pass
        case int():
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                raise Refusal("json", "integer beyond 2^53 - 1", "整数超过 2^53 - 1")
        case str():
            if _CONTROL.search(value):
                raise Refusal(
                    "json", "string holds a control character", "字符串含控制字符或代理码"
                )
        case dict():
            for key, item in value.items():
                if not isinstance(key, str) or _KEY.fullmatch(key) is None:
                    raise Refusal("json", f"key {key!r:.60} not allowed", f"键 {key!r:.60} 不允许")
                _check(item, depth + 1)
        case list() | tuple():
            for item in value:
                _check(item, depth + 1)
        case _:
            raise Refusal(
                "json",
                f"a value of type {type(value).__name__} is not allowed",
                f"不允许的 JSON 类型 {type(value).__name__}",
            )
