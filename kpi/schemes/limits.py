"""Limits of what is handed in: characters of a text, size and number of photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kpi.bilingual import Bilingual

PIXELS_OF_A_MEGAPIXEL: Final = 1_000_000


class LimitKind(StrEnum):
    """How firmly a limit is worded."""

    AT_MOST = "at most"
    """不超过, 以内, 限."""
    ABOUT = "about"
    """左右: no edge is stated, so nothing is over it."""
    REQUEST = "request"
    """请控制在…以内: asked for, not demanded (O21 i)."""


@dataclass(frozen=True, slots=True)
class TextLimit:
    """A limit in characters."""

    most: int
    kind: LimitKind


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos that must be attached."""

    megapixels: Fraction
    count: int


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo as handed in."""

    width: int
    height: int

    @property
    def megapixels(self) -> Fraction:
        """Return width × height in millions of pixels."""
        return Fraction(self.width * self.height, PIXELS_OF_A_MEGAPIXEL)


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether something is within its limit; None where the limit has no edge."""

    within: bool | None
    text: Bilingual


def characters(text: str) -> int:
    """Return how many characters of a text count against a limit: every one that is not blank.

    The strict reading (A.7 no. 11, ours): a Chinese character, a letter, a digit and a punctuation mark count 1 each;
    blanks, tabs and line ends count 0.
    """
    return sum(not c.isspace() for c in text)


def check_text(text: str, limit: TextLimit) -> Checked:
    """Return whether a text keeps its limit."""
    found = characters(text)
    match limit.kind:
        case LimitKind.ABOUT:
            return Checked(
                None,
                Bilingual(
                    f"{found} 字（{limit.most} 字左右）", f"{found} characters (about {limit.most})"
                ),
            )
        case LimitKind.AT_MOST | LimitKind.REQUEST:
            within = found <= limit.most
            asked = ("要求", "limit") if limit.kind is LimitKind.AT_MOST else ("请控制在", "asked")
            sign = ("≤", "≤") if within else (">", ">")
            return Checked(
                within,
                Bilingual(
                    f"{found} {sign[0]} {limit.most} 字（{asked[0]}）",
                    f"{found} {sign[1]} {limit.most} characters ({asked[1]})",
                ),
            )


def check_photos(photos: Sequence[Photo], asked: Photos) -> Checked:
    """Return whether enough photos are large enough; those that are too small do not count."""
    good = sum(p.megapixels >= asked.megapixels for p in photos)
    small = len(photos) - good
    text = Bilingual(
        f"{good} 张不低于 {asked.megapixels * 100} 万像素（要求 ≥ {asked.count} 张）"
        + (f"，另 {small} 张像素不足" if small else ""),
        f"{good} of at least {asked.megapixels} MP (≥ {asked.count} asked)"
        + (f", {small} too small" if small else ""),
    )
    return Checked(good >= asked.count, text)
