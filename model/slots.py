"""Minute slots (format-core §1) and scheduled slots (kpi-audit U7), on POSIX milliseconds."""

from __future__ import annotations

from typing import Final

SLOT_MS: Final = 60_000
NS_PER_MS: Final = 1_000_000


def slot_of(unix_ms: int) -> int:
    """Return the minute slot that holds `unix_ms` (floor towards minus infinity)."""
    return unix_ms // SLOT_MS


def slot_start(slot: int) -> int:
    """Return the first millisecond of a minute slot."""
    return slot * SLOT_MS


def ms_of(unix_ns: int) -> int:
    """Return floor(ns / 10^6), the only conversion of instants to milliseconds."""
    return unix_ns // NS_PER_MS
