"""Rows of one signal in order and without duplicates: what every timeline and counter is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi.document_types import SignalSpec
from kpi.selection import Selection
from kpi.timeline import BREAK, PROOF, SET, Codes
from kpi.window import Bool, Int32, Int64, PointKey
from model.flags import RowFlag
from model.status import SEVERITY_MASK

BAD_VALUE: Final = 3
"""Kind of a value row that is not good: as an event a break, as a row never doubled."""
Specs = tuple[SignalSpec | None, ...]
"""What each configuration in use says about a signal; None = not in it."""


@dataclass(frozen=True, slots=True, eq=False)
class SignalRows:
    """Equally long columns in order of (τ, sealing slot, row)."""

    tau: Int64
    """Instant of the row in Unix ms."""
    kind: Codes
    """SET (good value row), PROOF (H row), BREAK (no value) or BAD_VALUE (a value that is not good)."""
    value: Int64
    """The eight value bytes, of a text the number of the text; meaningful where SET."""
    config: Int32
    """Index of the configuration that sealed the row; a broadcast scalar where it is one for all rows."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.tau)

    @property
    def one_config(self) -> int | None:
        """Return the configuration if it is known to be one for all rows."""
        one = len(self.config) and (self.config.strides == (0,) or len(self.config) == 1)
        return int(self.config[0]) if one else None

    def select(self, rows: Bool) -> SignalRows:
        """Return the rows of a mask, the rows themselves if it holds all of them."""
        if rows.all():
            return self
        one = self.one_config
        config = self.config[rows] if one is None else same_config(one, int(rows.sum()))
        return SignalRows(self.tau[rows], self.kind[rows], self.value[rows], config)

    def of_configs(self, configs: Bool) -> SignalRows:
        """Return the rows that one of the marked configurations sealed."""
        one = self.one_config
        if configs.all() or (one is not None and configs[one]):
            return self
        return self.select(configs[self.config])

    def part(self, rows: slice) -> SignalRows:
        """Return a stretch of the rows."""
        return SignalRows(self.tau[rows], self.kind[rows], self.value[rows], self.config[rows])


def same_config(config: int, rows: int) -> Int32:
    """Return the column of one configuration for so many rows, without memory."""
    # The same as np.broadcast_to, which takes ten times as long.
    return np.ndarray((rows,), np.int32, np.int32(config).tobytes(), 0, (0,))


def joined_rows(parts: Sequence[SignalRows]) -> SignalRows:
    """Return the rows of several pieces one after the other."""
    if len(parts) == 1:
        return parts[0]
    ones = {p.one_config for p in parts if len(p)}
    total = sum(len(p) for p in parts)
    one = next(iter(ones)) if len(ones) == 1 else None
    return SignalRows(
        np.concatenate([p.tau for p in parts]),
        np.concatenate([p.kind for p in parts]),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.config for p in parts]) if one is None else same_config(one, total),
    )


def in_order(rows: SignalRows, text: Bool) -> SignalRows:
    """Return rows in order of τ without duplicates; rows of one τ must be in order of sealing already.

    text: by configuration whether the signal is of type text. A value row that repeats τ and value of an earlier one is
    dropped, whatever its status (claims.md §0).
    """
    tau = rows.tau
    if len(tau) < 2:
        return rows
    if (tau[1:] < tau[:-1]).any():
        order = np.argsort(tau, kind="stable")
        config = rows.config if rows.one_config is not None else rows.config[order]
        rows = SignalRows(tau[order], rows.kind[order], rows.value[order], config)
        tau = rows.tau
    twin = tau[1:] == tau[:-1]
    if not twin.any():
        return rows
    keep = np.ones(len(tau), dtype=np.bool_)
    near = np.zeros(len(tau), dtype=np.bool_)
    near[1:] |= twin
    near[:-1] |= twin
    seen: set[tuple[int, int, bool]] = set()
    for i in np.flatnonzero(near & ((rows.kind == SET) | (rows.kind == BAD_VALUE))).tolist():
        key = int(tau[i]), int(rows.value[i]), bool(text[rows.config[i]])
        keep[i] = key not in seen
        seen.add(key)
    return rows.select(keep)


def kinds(status: NDArray[np.uint32], flags: NDArray[np.uint16]) -> Codes:
    """Return the kind of each row from its status word and flags."""
    no_value = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)
    if not flags.any() and not status.any():
        return np.full(len(flags), SET, dtype=np.int8)
    has_value = (flags & no_value) == 0
    good = has_value & ((status & np.uint32(SEVERITY_MASK)) == 0)
    alive = (flags & np.uint16(RowFlag.ALIVE)) != 0
    rest = np.where(has_value, BAD_VALUE, BREAK)
    return np.where(good, SET, np.where(alive, PROOF, rest)).astype(np.int8)


def rows_of(selection: Selection, key: PointKey) -> SignalRows:
    """Return the visible rows of one signal of a claim."""
    at = selection.of_point(key)
    return SignalRows(
        selection.tau[at],
        kinds(selection.status[at], selection.flags[at]),
        selection.value[at],
        selection.config[at],
    )
