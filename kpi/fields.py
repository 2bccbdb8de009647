"""Checked access to the fields of a parsed mapping: every fault names the path and the value seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of a parsed document and where it stands in it."""

    data: Mapping[str, object]
    path: str

    @staticmethod
    def of(value: object, path: str) -> Fields:
        """Return the fields of `value`; raises ConfigError if it is no object."""
        if not isinstance(value, Mapping):
            raise _fault(path, value, "an object", "对象")
        return Fields(value, path)

    def error(self, key: str, expected: str, zh: str = "") -> ConfigError:
        """Return the error that `key` is not what was expected; zh: the same in Chinese, empty for formulas."""
        return _fault(f"{self.path}.{key}", self.data.get(key), expected, zh)

    def has(self, key: str) -> bool:
        """Return whether the key is present."""
        return key in self.data

    def text(self, key: str) -> str:
        """Return a string."""
        value = self.data.get(key)
        if not isinstance(value, str):
            raise self.error(key, "a string", "文字")
        return value

    def one_of(self, key: str, allowed: Sequence[str]) -> str:
        """Return one of the allowed words."""
        value = self.text(key)
        if value not in allowed:
            raise self.error(key, "one of " + ", ".join(allowed), "下列之一：" + "、".join(allowed))
        return value

    def flag(self, key: str) -> bool:
        """Return a boolean."""
        value = self.data.get(key)
        if not isinstance(value, bool):
            raise self.error(key, "true or false", "true 或 false")
        return value

    def integer(self, key: str, low: int | None = None) -> int:
        """Return an integer, at least `low`."""
        value = self.data.get(key)
        if (
            not isinstance(value, int)
            or isinstance(value, bool)
            or (low is not None and value < low)
        ):
            en = "an integer" if low is None else f"an integer of at least {low}"
            raise self.error(key, en, "整数" if low is None else f"不小于 {low} 的整数")
        return value

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of integers."""
        value = self.sequence(key)
        if not all(isinstance(x, int) and not isinstance(x, bool) for x in value):
            raise self.error(key, "a list of integers", "整数列表")
        return tuple(x for x in value if isinstance(x, int))

    def pair(self, key: str) -> tuple[int, int]:
        """Return two integers."""
        value = self.integers(key)
        if len(value) != 2:
            raise self.error(key, "two integers", "两个整数")
        return value[0], value[1]

    def pairs(self, key: str) -> tuple[tuple[int, int], ...]:
        """Return a list of pairs of integers."""
        items = self.sequence(key)
        return tuple(
            Fields({str(i): x}, f"{self.path}.{key}").pair(str(i)) for i, x in enumerate(items)
        )

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        value = self.sequence(key)
        if not all(isinstance(x, str) for x in value):
            raise self.error(key, "a list of strings", "文字列表")
        return tuple(x for x in value if isinstance(x, str))

    def sequence(self, key: str) -> Sequence[object]:
        """Return a list of anything."""
        value = self.data.get(key)
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise self.error(key, "a list", "列表")
        return value

    def number(self, key: str) -> Fraction:
        """Return an exact number, written as an integer or as text like "0.5" or "1/3"."""
        value = self.data.get(key)
        if isinstance(value, int | str) and not isinstance(value, bool):
            try:
                return Fraction(value)
            except (ValueError, ZeroDivisionError):
                pass
        raise self.error(
            key, 'an exact number (10, or text like "0.5")', '精确的数（10，或写成文字 "0.5"）'
        )

    def only(self, *allowed: str) -> None:
        """Refuse keys that are not allowed, with the first of them."""
        for key in self.data:
            if key not in allowed:
                names = sorted(allowed)
                raise self.error(
                    str(key),
                    "no such key; known are " + ", ".join(names),
                    "没有这个键（可用：" + "、".join(names) + "）",
                )

    def child(self, key: str) -> Fields:
        """Return the fields of an object below."""
        return Fields.of(self.data.get(key), f"{self.path}.{key}")

    def children(self, key: str) -> tuple[Fields, ...]:
        """Return the fields of every object of a list below."""
        return tuple(
            Fields.of(x, f"{self.path}.{key}[{i}]") for i, x in enumerate(self.sequence(key))
        )


def _fault(path: str, value: object, expected: str, zh: str = "") -> ConfigError:
    seen = "nothing" if value is None else repr(value)[:80]
    seen_zh = "空" if value is None else seen
    return ConfigError(
        f"{path}: expected {expected}, found {seen}",
        f"{path}：应为 {zh or expected}，实际为 {seen_zh}",
    )
