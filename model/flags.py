"""Row flags and causes, bit for bit as they are hashed in a frame (format-core §2)."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class RowFlag(IntFlag):
    """Flags of one sample row, 16 bits."""

    NO_VALUE = 1
    """E: the row carries no value."""
    BACK_FILLED = 2
    """B: read later from the history of the device."""
    ALIVE = 4
    """H: the item is proven alive and its value is unchanged; implies E."""
    IMPORTED = 8
    """I: from a file or a person, not measured."""
    MISSED = 16
    """M: a scheduled slot was missed; source time = scheduled instant, value = cause."""
    NOT_FINITE = 32
    """N: the device sent NaN or an infinity; implies E."""
    OVERFLOW = 64
    """O: the queue of the device lost values before this row."""
    SIMULATED = 128
    """S: made by a simulator."""
    TEXT_CUT = 256
    """T: the text was cut to 1024 bytes."""


class MissedCause(IntEnum):
    """Why a scheduled slot was missed: the value of a row with flag M."""

    DEVICE = 1
    NETWORK = 2
    SERVER = 3
    ITEM = 4
    AGENT = 5
    OVERLOAD = 6
    RECONFIGURED = 7
    PLANNED = 8
