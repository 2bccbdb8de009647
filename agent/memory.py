"""Memory that is free but still held by the C library (glibc); elsewhere these calls do nothing."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Final

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
LARGE_BYTES: Final = 1 << 20
"""A buffer from this size on goes back to the system when it is freed: those of a sealed minute are needed once."""
ARENAS: Final = 2


def return_large_buffers() -> None:
    """Let large buffers go back at once, and threads share heaps; call it before the threads start."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            library = ctypes.CDLL(None)
            library.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
            library.mallopt(_M_ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Return free memory to the system: reading a large plant file leaves tens of megabytes."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
