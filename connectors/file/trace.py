"""Read a `trace-v1` folder as batches of one UTC hour (docs/formats/trace.md)."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.batch import Batch
from model.errors import PermanentError
from model.flags import MissedCause, RowFlag
from model.signal import SignalTable, SignalType

VERSION: Final = "trace-v1"
_HOUR_NS: Final = 3_600_000_000_000
_DAY_NS: Final = 24 * _HOUR_NS
_WITHOUT_TEXT: Final = np.uint16(RowFlag.NO_VALUE | RowFlag.MISSED)
_COLUMNS: Final = {
    "signal": np.int32,
    "source_ns": np.int64,
    "received_ns": np.int64,
    "value": np.int64,
    "status": np.uint32,
    "flags": np.uint16,
}


class Origin(StrEnum):
    """Where the rows of a trace come from."""

    SIMULATOR = "simulator"
    RECORDING = "recording"


class TraceSignal(msgspec.Struct, frozen=True):
    """One signal of a trace; its position is the number in the column `signal`."""

    device: str
    name: str
    type: SignalType


class TraceDay(msgspec.Struct, frozen=True):
    """One file of a trace."""

    day: date
    rows: int


class TraceHeader(msgspec.Struct, frozen=True):
    """The file `trace.json`."""

    v: str
    origin: Origin
    signals: tuple[TraceSignal, ...]
    days: tuple[TraceDay, ...]
    seed: int | None = None
    scenario_sha256: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    """Unix ms, half-open: when the collecting agent ran."""
    windows: dict[str, tuple[int, int]] = {}
    """The periods to compare, as minute slots since 1970, half-open."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of a trace signal go: the number of a signal of the plant, and its type."""

    index: int
    type: SignalType


Targets = Mapping[tuple[str, str], Target]
"""(device, signal) of the trace → target; signals of the trace that are not in here are left out."""


def load_header(folder: Path) -> TraceHeader:
    """Return the header of the trace. Raises PermanentError if it is absent, damaged or of another version."""
    path = folder / "trace.json"
    try:
        text = path.read_bytes()
        version = json.loads(text).get("v")
        if version != VERSION:
            raise _refused(path, f"version {version!r}, this program reads {VERSION}")
        return msgspec.json.decode(text, type=TraceHeader)
    except OSError as exc:
        raise _refused(path, f"{exc.strerror or exc}") from exc
    except (ValueError, AttributeError) as exc:
        raise _refused(path, str(exc)) from exc


def targets_of(table: SignalTable) -> dict[tuple[str, str], Target]:
    """Return every signal of `table` under its own name."""
    return {(s.device, s.name): Target(i, s.type) for i, s in enumerate(table.signals)}


def read_trace(folder: Path, table: SignalTable) -> Iterator[Batch]:
    """Yield the rows of the trace in order of arrival, one batch for each UTC hour that has rows.

    Rows of a simulator carry SIMULATED, rows of a recording IMPORTED. Signals that `table` does not have are left
    out. Raises PermanentError if the trace is damaged or a signal has another type.
    """
    header = load_header(folder)
    targets = targets_of(table)
    for day in header.days:
        yield from read_day(folder, header, day, targets)


def read_day(folder: Path, header: TraceHeader, day: TraceDay, targets: Targets) -> Iterator[Batch]:
    """Yield the hours of one day; see `read_trace`."""
    path = folder / f"{day.day.isoformat()}.npz"
    mapping = _mapping(folder, header, targets)
    columns = _load(path, day.rows)
    _check_rows(path, day, columns, mapping)
    wanted = mapping.number[columns.signal] >= 0
    hours = columns.received_ns // _HOUR_NS
    edges = [0, *(np.flatnonzero(np.diff(hours)) + 1).tolist(), len(hours)]
    for first, last in pairwise(edges):
        rows = np.flatnonzero(wanted[first:last]) + first
        if len(rows):
            yield _batch(columns, rows, mapping)


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The arrays of one file, named as in it."""

    signal: NDArray[np.int32]
    source_ns: NDArray[np.int64]
    received_ns: NDArray[np.int64]
    value: NDArray[np.int64]
    status: NDArray[np.uint32]
    flags: NDArray[np.uint16]
    texts: NDArray[np.bytes_]


@dataclass(frozen=True, slots=True, eq=False)
class _Mapping:
    """For every signal of the trace: its number in the plant (-1 = left out), and whether it is a text."""

    number: NDArray[np.int32]
    is_text: NDArray[np.bool_]
    origin: np.uint16
    """The flag of every row."""

    def holds_text(self, signal: NDArray[np.int32], flags: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Return which rows have a text; the value of a missed row is its cause, whatever the type."""
        holds: NDArray[np.bool_] = self.is_text[signal] & ((flags & _WITHOUT_TEXT) == 0)
        return holds


def _batch(columns: _Columns, rows: NDArray[np.intp], mapping: _Mapping) -> Batch:
    signal, flags, value = columns.signal[rows], columns.flags[rows], columns.value[rows]
    used: tuple[bytes, ...] = ()
    holds_text = mapping.holds_text(signal, flags)
    if holds_text.any():
        # Only the texts of this hour, so that a batch is not as large as the texts of a day.
        kept, positions = np.unique(value[holds_text], return_inverse=True)
        value[holds_text] = positions
        used = tuple(columns.texts[kept].tolist())
    return Batch(
        mapping.number[signal],
        columns.source_ns[rows],
        columns.received_ns[rows],
        value,
        columns.status[rows],
        flags | mapping.origin,
        used,
    )


def _load(path: Path, rows: int) -> _Columns:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in (*_COLUMNS, "texts")}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as exc:
        raise _refused(path, str(exc)) from exc
    for name, dtype in _COLUMNS.items():
        if arrays[name].dtype != dtype or arrays[name].shape != (rows,):
            seen = f"{arrays[name].dtype} {arrays[name].shape}"
            raise _refused(path, f"column {name} is {seen}, wanted {np.dtype(dtype)} ({rows},)")
    texts = arrays["texts"]
    if texts.dtype.kind != "S" or texts.ndim != 1:
        raise _refused(path, f"texts are {texts.dtype} {texts.shape}, wanted byte strings")
    return _Columns(**arrays)


def _mapping(folder: Path, header: TraceHeader, targets: Targets) -> _Mapping:
    number = np.full(len(header.signals), -1, np.int32)
    for i, signal in enumerate(header.signals):
        target = targets.get((signal.device, signal.name))
        if target is None:
            continue
        if target.type is not signal.type:
            names = f"{signal.device}.{signal.name}"
            what = f"{names} is {signal.type.value}, the plant says {target.type.value}"
            raise _refused(folder / "trace.json", what)
        number[i] = target.index
    is_text = np.array([s.type is SignalType.TEXT for s in header.signals], np.bool_)
    simulated = header.origin is Origin.SIMULATOR
    return _Mapping(
        number, is_text, np.uint16(RowFlag.SIMULATED if simulated else RowFlag.IMPORTED)
    )


def _check_rows(path: Path, day: TraceDay, columns: _Columns, mapping: _Mapping) -> None:
    if not day.rows:
        return
    signal, received, texts = columns.signal, columns.received_ns, len(columns.texts)
    if signal.min() < 0 or signal.max() >= len(mapping.number):
        raise _refused(path, f"signal numbers must lie in 0 to {len(mapping.number) - 1}")
    if (np.diff(received) < 0).any():
        raise _refused(path, "rows are not in order of received_ns")
    start = (day.day - date(1970, 1, 1)).days * _DAY_NS
    if received[0] < start or received[-1] >= start + _DAY_NS:
        raise _refused(path, f"received_ns must lie on {day.day} (UTC)")
    causes = columns.value[(columns.flags & np.uint16(RowFlag.MISSED)) != 0]
    if len(causes) and (causes.min() < min(MissedCause) or causes.max() > max(MissedCause)):
        raise _refused(path, "the value of a missed row is its cause, 1 to 8")
    index = columns.value[mapping.holds_text(signal, columns.flags)]
    if len(index) and (index.min() < 0 or index.max() >= texts):
        raise _refused(path, f"text numbers must lie in 0 to {texts - 1}")


def _refused(path: Path, what: str) -> PermanentError:
    return PermanentError(
        f"the trace {path} cannot be read: {what}; make it anew or choose another folder",
        f"无法读取回放数据 {path}:{what};请重新生成或选择其他文件夹",
    )
