"""The unit of the hot path: a batch of samples as columns, never an object per sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.flags import RowFlag

NO_TIME: Final = -(2**63)
"""`source_ns` of a row whose device gave no time."""

Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt32 = NDArray[np.uint32]
UInt16 = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Samples of any signals of one signal table, as equally long columns in order of arrival.

    signal: index into the signal table. source_ns, received_ns: UTC nanoseconds (`NO_TIME` = absent).
    value: the 8 value bytes as int64: the number itself for int and bool, the bit pattern for uint and float
    (`value.view(np.float64)`), the index into `texts` for text. status: OPC UA StatusCode. flags: `RowFlag` bits.
    A row with NO_VALUE has value 0 and no text.
    """

    signal: Int32
    source_ns: Int64
    received_ns: Int64
    value: Int64
    status: UInt32
    flags: UInt16
    texts: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse columns of unequal length (a programming error)."""
        n = len(self.signal)
        if not (
            n
            == len(self.source_ns)
            == len(self.received_ns)
            == len(self.value)
            == len(self.status)
            == len(self.flags)
        ):
            raise ValueError("columns of a batch must have one length")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.signal)

    @property
    def floats(self) -> NDArray[np.float64]:
        """Return the value column seen as binary64 (meaningful for float signals)."""
        return self.value.view(np.float64)

    def with_flag(self, flag: RowFlag) -> Batch:
        """Return the same rows with `flag` set on each."""
        return Batch(
            self.signal,
            self.source_ns,
            self.received_ns,
            self.value,
            self.status,
            self.flags | np.uint16(flag),
            self.texts,
        )

    def select(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Batch:
        """Return the rows picked by a mask or index array; texts are kept whole."""
        return Batch(
            self.signal[rows],
            self.source_ns[rows],
            self.received_ns[rows],
            self.value[rows],
            self.status[rows],
            self.flags[rows],
            self.texts,
        )


def empty_batch() -> Batch:
    """Return a batch without rows."""
    return make_batch(signal=(), source_ns=(), received_ns=0, value=())


def make_batch(
    *,
    signal: Sequence[int] | Int32,
    source_ns: Sequence[int] | Int64,
    received_ns: int | Sequence[int] | Int64,
    value: Sequence[int] | Int64,
    status: int | Sequence[int] | UInt32 = 0,
    flags: int | Sequence[int] | UInt16 = 0,
    texts: Iterable[bytes] = (),
) -> Batch:
    """Return a batch from sequences or arrays; a scalar status, flags or received time holds for every row."""
    n = len(signal)

    def column(data: object, dtype: type[np.generic]) -> NDArray[np.generic]:
        if isinstance(data, int):
            return np.full(n, data, dtype=dtype)
        return np.ascontiguousarray(data, dtype=dtype)

    return Batch(
        column(signal, np.int32),  # type: ignore[arg-type]
        column(source_ns, np.int64),  # type: ignore[arg-type]
        column(received_ns, np.int64),  # type: ignore[arg-type]
        column(value, np.int64),  # type: ignore[arg-type]
        column(status, np.uint32),  # type: ignore[arg-type]
        column(flags, np.uint16),  # type: ignore[arg-type]
        tuple(texts),
    )


def concat(batches: Sequence[Batch], is_text: NDArray[np.bool_]) -> Batch:
    """Return one batch with the rows of all `batches` in order; text indexes are shifted.

    is_text: one bool per signal of the table, true where the type is text.
    """
    if len(batches) == 1:
        return batches[0]
    if not batches:
        return empty_batch()
    texts: list[bytes] = []
    values = []
    for batch in batches:
        if batch.texts and texts:
            # The value of a missed row is its cause, whatever the type.
            without = RowFlag.NO_VALUE | RowFlag.MISSED
            has_text = is_text[batch.signal] & (batch.flags & without == 0)
            values.append(batch.value + np.where(has_text, len(texts), 0))
        else:
            values.append(batch.value)
        texts.extend(batch.texts)
    return Batch(
        np.concatenate([b.signal for b in batches]),
        np.concatenate([b.source_ns for b in batches]),
        np.concatenate([b.received_ns for b in batches]),
        np.concatenate(values),
        np.concatenate([b.status for b in batches]),
        np.concatenate([b.flags for b in batches]),
        tuple(texts),
    )
