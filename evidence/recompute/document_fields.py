"""Typed access to the objects of a configuration document; whatever is missing or impossible refuses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from evidence.canonical import Json
from evidence.refusal import Refusal

T = TypeVar("T")


class Fields:
    """One object of the document. Every method raises `Refusal` (kind "document") instead of guessing."""

    def __init__(self, fields: Mapping[str, Json], what: str) -> None:
        self._fields = fields
        self._what = what

    def get(self, key: str) -> Json:
        """Return a value that must be there."""
        if key not in self._fields:
            raise bad_document(f"{self._what} lacks {key!r}")
        return self._fields[key]

    def has(self, key: str) -> bool:
        """Return whether a value is there."""
        return key in self._fields

    def text(self, key: str) -> str:
        """Return a text."""
        return _typed(self.get(key), str, f"{self._what} {key}")

    def flag(self, key: str) -> bool:
        """Return true or false."""
        return _typed(self.get(key), bool, f"{self._what} {key}")

    def integer(self, key: str, *, low: int, high: int | None = None) -> int:
        """Return an integer from `low` to `high`, both included."""
        return integer_of(self.get(key), low, f"{self._what} {key}", high)

    def pair(self, key: str, *, low: int, den: int) -> tuple[int, int]:
        """Return two integers, the first at least `low`, the second at least `den`."""
        return pair_of(self.get(key), low, den, f"{self._what} {key}")

    def fraction(self, key: str, *, low: int = 0) -> Fraction:
        """Return the fraction of a pair [numerator ≥ low, denominator ≥ 1]."""
        return Fraction(*self.pair(key, low=low, den=1))

    def items(self, key: str, convert: Callable[[Json], T]) -> list[T]:
        """Return the converted items of a list."""
        value = self.get(key)
        if not isinstance(value, list):
            raise bad_document(f"{self._what} {key} is no list")
        return [convert(item) for item in value]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(self.items(key, lambda item: _typed(item, str, f"{self._what} {key}")))

    def inner(self, key: str) -> Fields:
        """Return an object inside this one."""
        return _fields(self.get(key), key)

    def objects(self, key: str, what: str) -> list[Fields]:
        """Return the objects of a list."""
        return self.items(key, lambda item: _fields(item, what))


def _fields(value: Json, what: str) -> Fields:
    if not isinstance(value, Mapping):
        raise bad_document(f"{what} is no object")
    return Fields(value, what)


def _typed(value: Json, kind: type[T], what: str) -> T:
    if not isinstance(value, kind):
        raise bad_document(f"{what} is no {kind.__name__}")
    return value


def integer_of(value: Json, low: int, what: str, high: int | None = None) -> int:
    """Return an integer between the bounds; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise bad_document(f"{what} holds {str(value)[:40]}")
    if high is not None and value > high:
        raise bad_document(f"{what} holds {str(value)[:40]}")
    return value


def pair_of(value: Json, low: int, den: int, what: str) -> tuple[int, int]:
    """Return two integers, the first at least `low`, the second at least `den`."""
    if not isinstance(value, list) or len(value) != 2:
        raise bad_document(f"{what} is no pair")
    return integer_of(value[0], low, what), integer_of(value[1], den, what)


def date_of(value: Json) -> date:
    """Return a date in its one spelling YYYY-MM-DD."""
    text = _typed(value, str, "date")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise bad_document(f"date {text[:40]!r}") from error
    if day.isoformat() != text:
        raise bad_document(f"date {text[:40]!r}")
    return day


def require_rising(keys: list[T], what: str, key: Callable[[T], tuple[str | int, ...]]) -> None:
    """Refuse a list that is not strictly rising by `key`: an order fixes the bytes, and nothing stands twice."""
    ordered = [key(item) for item in keys]
    if any(not before < after for before, after in pairwise(ordered)):
        raise bad_document(f"{what} are not sorted, or one stands twice")


def bad_document(en: str) -> Refusal:
    """Return the refusal of a configuration document."""
    return Refusal("document", f"configuration document: {en}", f"配置文档不合要求：{en}")
