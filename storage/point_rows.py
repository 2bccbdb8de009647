"""Points that were read back from an InfluxDB (one field value each) to rows of a batch. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from model.batch import NO_TIME, Batch, empty_batch, make_batch
from model.flags import RowFlag
from model.signal import Signal, SignalClass, SignalType
from model.status import BAD_NO_DATA
from storage.instants import KIND_ALIVE, KIND_MISSED, KIND_NONE, KIND_VALUE
from storage.line_names import mark_field, status_field

MEASUREMENTS: Final = tuple(c.value for c in SignalClass)
_STATUS: Final = -1
Scalar = float | int | bool | str
_KINDS: Final = (KIND_VALUE, KIND_NONE, KIND_ALIVE, KIND_MISSED)
_FLAGS: Final = {
    KIND_VALUE: 0,
    KIND_NONE: int(RowFlag.NO_VALUE),
    KIND_ALIVE: int(RowFlag.NO_VALUE | RowFlag.ALIVE),
    KIND_MISSED: int(RowFlag.MISSED),
}


class FieldValue(NamedTuple):
    """One value of one field as a server returns it. rank: number of the tag `dup`, 0 without it."""

    measurement: str
    device: str
    field: str
    rank: int
    time_ns: int
    value: Scalar


class FieldNames:
    """Which signal and kind a field of a measurement and device belongs to."""

    def __init__(self, signals: Sequence[Signal]) -> None:
        """Prepare the names of `signals`."""
        self._signals = signals
        self._places: dict[tuple[str, str, str], tuple[int, int]] = {}
        for i, signal in enumerate(signals):
            group = (signal.signal_class.value, signal.device)
            for kind in _KINDS:
                self._places[*group, mark_field(signal, kind)] = (i, kind)
            self._places[*group, status_field(signal)] = (i, _STATUS)

    def groups(self, *, values_only: bool = False) -> dict[tuple[str, str], list[str]]:
        """Return the fields to ask for, by (measurement, device). values_only: value and status fields."""
        found: dict[tuple[str, str], list[str]] = {}
        for (measurement, device, field), (_, kind) in self._places.items():
            if not values_only or kind in (KIND_VALUE, _STATUS):
                found.setdefault((measurement, device), []).append(field)
        return found

    def rows(self, values: Iterable[FieldValue], *, simulated: bool) -> Batch:
        """Return the rows of `values` sorted by instant and rank; the signal column counts positions in the signals.

        The received time is not stored: it is given as the instant.
        """
        marks: list[tuple[int, int, int, int, Scalar]] = []
        status: dict[tuple[int, int, int], int] = {}
        for v in values:
            place = self._places.get((v.measurement, v.device, v.field))
            if place is None:
                continue
            signal, kind = place
            if kind == _STATUS:
                status[v.time_ns, v.rank, signal] = int(v.value)
            else:
                marks.append((v.time_ns, v.rank, signal, kind, v.value))
        if not marks:
            return empty_batch()
        marks.sort(key=lambda m: m[:4])
        texts: list[bytes] = []
        extra = int(RowFlag.SIMULATED) if simulated else 0
        return make_batch(
            signal=[m[2] for m in marks],
            source_ns=[NO_TIME if m[3] == KIND_ALIVE else m[0] for m in marks],
            received_ns=[m[0] for m in marks],
            value=[self._bits(m[2], m[3], m[4], texts) for m in marks],
            status=[_status_of(m, status) for m in marks],
            flags=[_FLAGS[m[3]] | extra for m in marks],
            texts=texts,
        )

    def _bits(self, signal: int, kind: int, value: Scalar, texts: list[bytes]) -> int:
        if kind in (KIND_NONE, KIND_ALIVE):
            return 0
        of_type = self._signals[signal].type
        if kind == KIND_VALUE and of_type is SignalType.TEXT:
            texts.append(str(value).encode())
            return len(texts) - 1
        if kind == KIND_VALUE and of_type is SignalType.FLOAT:
            bits: int = struct.unpack("<q", struct.pack("<d", float(value)))[0]
            return bits
        number = int(value)
        return number - 2**64 if number >= 2**63 else number


def _status_of(
    mark: tuple[int, int, int, int, Scalar], status: Mapping[tuple[int, int, int], int]
) -> int:
    time_ns, rank, signal, kind, value = mark
    if kind == KIND_MISSED:
        return BAD_NO_DATA
    if kind == KIND_NONE:
        return int(value)
    return status.get((time_ns, rank, signal), 0) if kind == KIND_VALUE else 0


def newest(batch: Batch, signals: int) -> Batch:
    """Return the last row of each signal of a batch that is sorted by instant, in the order of signals."""
    last = np.full(signals, -1, dtype=np.intp)
    last[batch.signal] = np.arange(len(batch))
    return batch.select(last[last >= 0])
