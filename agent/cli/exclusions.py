"""Days to be left out of a comparison, as a user writes them in options of commands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kpi.claims import EXCLUSION_REASONS, ExcludedDay
from model.errors import ConfigError


def excluded_days(texts: Sequence[str]) -> tuple[ExcludedDay, ...]:
    """Return days written as `2026-10-01=holiday`, by date; raises ConfigError for anything else."""
    found: dict[str, ExcludedDay] = {}
    for text in texts:
        day, _, reason = text.partition("=")
        try:
            iso = date.fromisoformat(day).isoformat()
        except ValueError:
            iso = ""
        if iso != day or reason not in EXCLUSION_REASONS or day in found:
            raise ConfigError(
                f"'{text}' is no day to exclude: write 2026-10-01=holiday once a day, with one of "
                f"{', '.join(EXCLUSION_REASONS)}",
                f"“{text}”不是可剔除的日期：每天写一次，如 2026-10-01=holiday，原因为 "
                f"{'、'.join(EXCLUSION_REASONS)} 之一",
            )
        found[day] = ExcludedDay(day, reason)
    return tuple(found[day] for day in sorted(found))
