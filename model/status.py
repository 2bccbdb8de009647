"""OPC UA StatusCode words used for every protocol (OPC 10000-4, 7.39; numeric values of StatusCode.csv)."""

from __future__ import annotations

from typing import Final

GOOD: Final = 0x00000000
UNCERTAIN: Final = 0x40000000
UNCERTAIN_LAST_USABLE: Final = 0x40900000
BAD: Final = 0x80000000
BAD_COMMUNICATION_ERROR: Final = 0x80050000
BAD_TIMEOUT: Final = 0x800A0000
BAD_NO_COMMUNICATION: Final = 0x80310000
BAD_DATA_ENCODING_INVALID: Final = 0x80380000
BAD_OUT_OF_RANGE: Final = 0x803C0000
BAD_NOT_SUPPORTED: Final = 0x803D0000
BAD_TYPE_MISMATCH: Final = 0x80740000
"""Also the status of a value that its configured type cannot hold exactly (format-core §2)."""
BAD_NO_DATA: Final = 0x809B0000

SEVERITY_MASK: Final = 0xC0000000
OVERFLOW_BITS: Final = 0x00000480
"""InfoType = DataValue (bits 10..11 = 01) with the Overflow bit (bit 7) set."""


def is_good(status: int) -> bool:
    """Return whether the severity bits of `status` are 00 (Good), whatever the info bits say."""
    return status & SEVERITY_MASK == 0


def has_overflow(status: int) -> bool:
    """Return whether the server reports that its queue lost values before this one."""
    return status & OVERFLOW_BITS == OVERFLOW_BITS
