"""Reading the detail of a claim: its lists and its fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from agent.reporting.figures import Figure


def ratio_text(text: object) -> Fraction | None:
    """Return the fraction of a `num/den` text of a detail; None for "0/0" and "unbounded"."""
    if not isinstance(text, str) or "/" not in text:
        return None
    num, den = text.split("/")
    return Fraction(int(num), int(den)) if int(den) else None


def details(figure: Figure, key: str) -> Sequence[Any]:
    """Return a list of a detail (objects or ids), empty if it is not there."""
    found = figure.result.detail.get(key, ())
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()
