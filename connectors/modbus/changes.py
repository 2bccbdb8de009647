"""Which readings become rows: each that changed, and one in every slot. Numpy only, no I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connectors.modbus.codec import Readings
from model.batch import Int64
from model.flags import RowFlag
from model.signal import Signal, SignalType
from model.slots import NS_PER_MS

_NEVER = -(2**63)


class ChangeFilter:
    """Remembers the latest row of every point; survives reconnects of its source."""

    def __init__(self, signals: Sequence[Signal], *, every_poll: bool) -> None:
        n = len(signals)
        self._every_poll = every_poll
        self._slot_ns = np.array([s.slot_ms * NS_PER_MS for s in signals], np.int64)
        self._is_text = np.array([s.type is SignalType.TEXT for s in signals], np.bool_)
        self._any_text = bool(self._is_text.any())
        self._slot = np.full(n, _NEVER, np.int64)
        self._value = np.zeros(n, np.int64)
        self._status = np.zeros(n, np.uint32)
        self._flags = np.zeros(n, np.uint16)
        self._text: list[bytes] = [b""] * n

    def pick(self, readings: Readings, received_ns: Int64) -> NDArray[np.bool_]:
        """Return which readings become rows, and remember those. Each point occurs at most once."""
        point = readings.point
        slot = received_ns // self._slot_ns[point]
        if self._every_poll:
            chosen = np.ones(len(point), np.bool_)
        else:
            chosen = (
                (slot != self._slot[point])
                | (readings.status != self._status[point])
                | (readings.flags != self._flags[point])
                | ((readings.value != self._value[point]) & ~self._is_text[point])
            )
        if self._any_text:
            self._compare_texts(readings, chosen)
        rows = point[chosen]
        self._slot[rows] = slot[chosen]
        self._value[rows] = readings.value[chosen]
        self._status[rows] = readings.status[chosen]
        self._flags[rows] = readings.flags[chosen]
        return chosen

    def _compare_texts(self, readings: Readings, chosen: NDArray[np.bool_]) -> None:
        for row in np.flatnonzero(self._is_text[readings.point]):
            if readings.flags[row] & RowFlag.NO_VALUE:
                continue
            point, text = int(readings.point[row]), readings.texts[int(readings.value[row])]
            if text != self._text[point]:
                chosen[row] = True
                self._text[point] = text
