"""Instants as a user writes them in options of commands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from model.errors import ConfigError

if TYPE_CHECKING:
    from config.models import PlantConfig


def instant_ms(text: str, config: PlantConfig) -> int:
    """Return Unix ms of a date (start of the production day) or of an instant, local time without offset.

    Raises ConfigError for anything else.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError(
            f"'{text}' is no date: write 2026-10-01 or 2026-10-01T08:00+08:00",
            f"“{text}”不是日期：请写 2026-10-01 或 2026-10-01T08:00+08:00",
        ) from exc
    zone = ZoneInfo(config.site.zone)
    if len(text) <= 10:
        moment = moment.replace(tzinfo=zone) + timedelta(minutes=config.calendar.day_start)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp() * 1000)
