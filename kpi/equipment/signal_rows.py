"""Rows of one signal in order and without duplicates: what every timeline and counter is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi.document_types import SignalSpec
from kpi.selection import Selection
from kpi.timeline import BREAK, PROOF, SET, Codes
from kpi.window import Bool, Int32, Int64, PointKey
from model.flags import RowFlag
from model.status import SEVERITY_MASK

Specs = tuple[SignalSpec | None, ...]
"""What each configuration in use says about a signal; None = not in it."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalRows:
    """Equally long columns in order of (τ, sealing slot, row)."""

    tau: Int64
    """Instant of the row in Unix ms."""
    kind: Codes
    """SET (good value row), PROOF (H row) or BREAK (any other)."""
    value: Int64
    """The eight value bytes, of a text the number of the text; meaningful where SET."""
    config: Int32
    """Index of the configuration that sealed the row."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.tau)

    def select(self, rows: Bool) -> SignalRows:
        """Return the rows of a mask, the rows themselves if it holds all of them."""
        if rows.all():
            return self
        return SignalRows(self.tau[rows], self.kind[rows], self.value[rows], self.config[rows])

    def of_configs(self, configs: Bool) -> SignalRows:
        """Return the rows that one of the marked configurations sealed."""
        return self if configs.all() else self.select(configs[self.config])


def kinds(status: NDArray[np.uint32], flags: NDArray[np.uint16]) -> Codes:
    """Return the kind of each row from its status word and flags."""
    no_value = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)
    if not flags.any() and not status.any():
        return np.full(len(flags), SET, dtype=np.int8)
    good = ((flags & no_value) == 0) & ((status & np.uint32(SEVERITY_MASK)) == 0)
    alive = (flags & np.uint16(RowFlag.ALIVE)) != 0
    return np.where(good, SET, np.where(alive, PROOF, BREAK)).astype(np.int8)


def rows_of(selection: Selection, key: PointKey) -> SignalRows:
    """Return the visible rows of one signal of a claim."""
    at = selection.of_point(key)
    return SignalRows(
        selection.tau[at],
        kinds(selection.status[at], selection.flags[at]),
        selection.value[at],
        selection.config[at],
    )
