"""How a test says that something ends at once, on a machine that may be busy with other things.

A limit of a second would measure the machine. What is meant is that nothing waits for a time-out of the product: so the
test makes that time-out long, and asks that the block ends long before it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 120.0
"""How long a test waits for what must come: only a fault makes it wait so long, never a busy machine."""

MINUTE = "60 s"
"""A time-out, as a plant file writes it, that a test must not see the end of."""


@contextmanager
def without_waiting(seconds: float = 60.0) -> Iterator[None]:
    """Fail if the block took a third of a time-out of `seconds`, so that it may have waited for it."""
    started = time.monotonic()
    yield
    taken = time.monotonic() - started
    assert taken < seconds / 3, f"took {taken:.1f} s; nothing may wait for {seconds:.0f} s here"
