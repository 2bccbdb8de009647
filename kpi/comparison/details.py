"""What the detail of a comparison claim says, for those who print or judge it (claims.md §4, §5)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from kpi.claims import ClaimResult, Json


def interval_texts(detail: Mapping[str, Json]) -> tuple[str, str] | None:
    """Return the printed ends of the interval of the main estimate, None if the claim states none."""
    found = _object(detail, "interval") or _object(detail, "main")
    low, high = found.get("low"), found.get("high")
    return (low, high) if isinstance(low, str) and isinstance(high, str) else None


def valid_days(detail: Mapping[str, Json]) -> tuple[int, int] | None:
    """Return how many days of each period count, None if the claim does not say it."""
    before, after = (_object(detail, side).get("valid") for side in ("before", "after"))
    return (before, after) if isinstance(before, int) and isinstance(after, int) else None


def finding_names(detail: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the names of the findings of `before-after/2`; none for other claims."""
    found = detail.get("findings", ())
    return tuple(str(name) for name in found) if isinstance(found, list | tuple) else ()


def stated_change(result: ClaimResult) -> tuple[Fraction, Fraction, Fraction] | None:
    """Return change, low and high as they may be judged at any threshold; None if the claim states no interval.

    Where a worst estimate stands beside the main one, the lesser change and the ends of both: what gaps and unknown
    time leave open speaks against the word at every threshold. Without an interval of the worst there is none.
    """
    main = interval_texts(result.detail)
    if result.value is None or main is None:
        return None
    low, high = (Fraction(Decimal(text)) for text in main)
    if "worst" not in result.detail:
        return result.value, low, high
    worst = _object(result.detail, "worst")
    change, least, most = (worst.get(key) for key in ("change", "low", "high"))
    if not (isinstance(change, str) and isinstance(least, str) and isinstance(most, str)):
        return None
    return (
        min(result.value, Fraction(change)),
        min(low, Fraction(Decimal(least))),
        max(high, Fraction(Decimal(most))),
    )


def _object(detail: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = detail.get(key)
    return found if isinstance(found, Mapping) else {}
