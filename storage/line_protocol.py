"""Line protocol from columns: one wide line per stream, instant and rank (docs/formats/line-protocol.md). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from operator import add
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from evidence.texts import clean_text
from model.batch import Batch, Int64, concat
from model.signal import SignalTable, SignalType
from storage.instants import KIND_ALIVE, KIND_MISSED, KIND_NONE, KIND_VALUE, instants, kinds
from storage.line_names import PlantTags, mark_field, series_key, status_field

_JSON: Final = msgspec.json.Encoder()
_EXPONENT: Final = np.int64(0x7FF0_0000_0000_0000)


class LineEncoder:
    """Encodes batches of one signal table; prefixes and field names are made once.

    unsigned: whether the server takes the `u` suffix. Without it a uint is written as the signed integer with the same
    64 bits (equal below 2^63), so that reading it back is exact.
    """

    def __init__(self, table: SignalTable, tags: PlantTags, *, unsigned: bool) -> None:
        """Prepare the names of `table`."""
        self._tags = tags
        self._unsigned = unsigned
        self._streams = [(s.partition(".")[0], s.partition(".")[2]) for s in table.streams]
        self._stream_of = np.array(table.stream_of, dtype=np.int32)
        self._keys: dict[tuple[int, int], str] = {}
        self._plain = [self._key(i, 0) for i in range(len(self._streams))]
        self._signals = table.signals
        self._value = [f"{mark_field(s, KIND_VALUE)}=" for s in table.signals]
        types = [s.type for s in table.signals]
        self._types = {
            kind: np.array([t is kind for t in types], dtype=np.bool_)
            for kind in SignalType
            if kind in types
        }
        self._is_text = np.array([t is SignalType.TEXT for t in types], dtype=np.bool_)
        self._small = len(types) <= 65_536
        self._heads: list[str] = []
        """`key name=` of every signal for a row that begins a line, then `,name=` of every one; made at first use."""

    def encode_all(self, parts: Sequence[tuple[Batch, NDArray[np.uint8] | None]]) -> bytes:
        """Return the lines of several blocks (rows, ranks); those without ranks are encoded together."""
        if any(ranks is not None for _, ranks in parts):
            return b"".join(self.encode(batch, ranks) for batch, ranks in parts)
        return self.encode(concat([batch for batch, _ in parts], self._is_text))

    def encode(self, batch: Batch, ranks: NDArray[np.uint8] | None = None) -> bytes:
        """Return the lines of all rows, each ended by a line feed; a repeated point is written once."""
        if not len(batch):
            return b""
        tau = instants(batch)
        kind = kinds(batch)
        order, starts = self._order(batch, tau, kind, ranks)
        signal = batch.signal.take(order)
        if ranks is None and self._is_plain(batch, kind):
            return self._plain_lines(batch, tau, order, starts)
        fields = self._fields(batch, kind, order, signal.tolist())
        first = np.flatnonzero(starts)
        rows = order.take(first)
        streams = self._stream_of.take(signal.take(first)).tolist()
        if ranks is None:
            keys = list(map(self._plain.__getitem__, streams))
        else:
            keys = [
                self._key(s, r) for s, r in zip(streams, ranks.take(rows).tolist(), strict=True)
            ]
        heads: list[str] | NDArray[np.object_] = keys
        if len(first) != len(fields):
            heads = np.full(len(fields), ",", dtype=object)
            heads[first] = keys
        return _woven(heads, fields, tau.take(order), starts)

    def _is_plain(self, batch: Batch, kind: NDArray[np.uint8]) -> bool:
        """Return whether every row is a good value of the one type of the table, and no float is not finite."""
        if len(self._types) != 1 or bool(kind.any()) or bool(batch.status.any()):
            return False
        infinite = batch.value & _EXPONENT == _EXPONENT
        return SignalType.FLOAT not in self._types or not bool(infinite.any())

    def _plain_lines(
        self, batch: Batch, tau: Int64, order: NDArray[np.intp], starts: NDArray[np.bool_]
    ) -> bytes:
        """Return the lines of good values of one type: what most servers give."""
        if not self._heads:
            streams = self._stream_of.tolist()
            self._heads = [
                f"{self._key(s, 0)}{v}" for s, v in zip(streams, self._value, strict=True)
            ]
            self._heads += [f",{v}" for v in self._value]
        (only,) = self._types
        head = batch.signal.take(order) + np.where(starts, 0, len(self._value))
        heads = list(map(self._heads.__getitem__, head.tolist()))
        values = self._texts(only, batch.value.take(order), batch.texts)
        return _woven(heads, values, tau.take(order), starts)

    def _order(
        self, batch: Batch, tau: Int64, kind: NDArray[np.uint8], ranks: NDArray[np.uint8] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return (rows by instant, stream, rank and signal without repetitions, which of them begin a line)."""
        signal = batch.signal
        n = len(signal)
        if ranks is None:
            order = np.argsort(signal.astype(np.uint16) if self._small else signal, kind="stable")
            order = order.take(np.argsort(tau.take(order), kind="stable"))
        else:
            order = np.lexsort((kind, signal, ranks, self._stream_of.take(signal), tau))
        by_tau, by_signal = tau.take(order), signal.take(order)
        same_tau = by_tau[1:] == by_tau[:-1]
        twice = same_tau & (by_signal[1:] == by_signal[:-1])
        if bool(twice.any()):
            if ranks is None:
                return self._order(batch, tau, kind, np.zeros(n, dtype=np.uint8))
            for column in (kind, ranks):
                ordered = column.take(order)
                twice &= ordered[1:] == ordered[:-1]
            # The last one counts, as in a store that is sent both.
            order = order[np.append(~twice, True)]
            by_tau, by_signal = tau.take(order), signal.take(order)
            same_tau = by_tau[1:] == by_tau[:-1]
        stream = self._stream_of.take(by_signal)
        starts = np.ones(len(order), dtype=np.bool_)
        starts[1:] = ~same_tau | (stream[1:] != stream[:-1])
        if ranks is not None:
            by_rank = ranks.take(order)
            starts[1:] |= by_rank[1:] != by_rank[:-1]
        return order, starts

    def _fields(
        self, batch: Batch, kind: NDArray[np.uint8], order: NDArray[np.intp], signal: list[int]
    ) -> list[str]:
        """Return `name=value` of every ordered row."""
        value = batch.value.take(order)
        ordered_kind = kind.take(order)
        if len(self._types) == 1:
            (only,) = self._types
            texts = self._texts(only, value, batch.texts)
        else:
            # Rows without value keep "": they are put right below.
            cells = np.full(len(order), "", dtype=object)
            for of_type, mask in self._types.items():
                rows = mask[batch.signal.take(order)] & (ordered_kind == KIND_VALUE)
                if bool(rows.any()):
                    cells[rows] = self._texts(of_type, value[rows], batch.texts)
            texts = cells.tolist()
        fields = list(map(add, map(self._value.__getitem__, signal), texts))
        if SignalType.FLOAT in self._types:
            bad = (value & _EXPONENT == _EXPONENT) & self._types[SignalType.FLOAT][
                batch.signal.take(order)
            ]
            ordered_kind[bad & (ordered_kind == KIND_VALUE)] = KIND_NONE
        status = batch.status.take(order)
        for row in np.flatnonzero(ordered_kind != KIND_VALUE).tolist():
            s = signal[row]
            code = int(ordered_kind[row])
            name = mark_field(self._signals[s], code)
            if code == KIND_ALIVE:
                fields[row] = f"{name}=true"
            elif code == KIND_MISSED:
                fields[row] = f"{name}={int(value[row])}i"
            else:
                fields[row] = f"{name}={int(status[row])}i"
        if bool(status.any()):
            for row in np.flatnonzero((status != 0) & (ordered_kind == KIND_VALUE)).tolist():
                fields[row] += f",{status_field(self._signals[signal[row]])}={int(status[row])}i"
        return fields

    def _texts(self, kind: SignalType, value: Int64, texts: tuple[bytes, ...]) -> list[str]:
        match kind:
            case SignalType.FLOAT:
                return _numbers(value.view(np.float64), "")
            case SignalType.UINT if self._unsigned:
                return _numbers(value.view(np.uint64), "u")
            case SignalType.INT | SignalType.UINT:
                return _numbers(value, "i")
            case SignalType.BOOL:
                return ["true" if v else "false" for v in value.tolist()]
            case SignalType.TEXT:
                known = {v: _quoted(texts[v]) for v in set(value.tolist()) if 0 <= v < len(texts)}
                return [known.get(v, '""') for v in value.tolist()]

    def _key(self, stream: int, rank: int) -> str:
        key = self._keys.get((stream, rank))
        if key is None:
            device, measurement = self._streams[stream]
            key = self._keys[stream, rank] = series_key(self._tags, device, measurement, rank) + " "
        return key


def _numbers(values: NDArray[np.generic], suffix: str) -> list[str]:
    """Return the shortest exact decimal text of every number, with `suffix`; a not finite float gives `null`."""
    # The JSON encoder writes the whole column in C: a quarter of the cost of repr() number by number.
    text = _JSON.encode(values.tolist())[1:-1].decode()
    return (text.replace(",", suffix + ",") + suffix).split(",") if suffix else text.split(",")


def _woven(
    heads: Sequence[str] | NDArray[np.object_],
    fields: Sequence[str],
    tau: Int64,
    starts: NDArray[np.bool_],
) -> bytes:
    """Return the lines: of every row its head, its field, and the instant where it ends a line."""
    n = len(fields)
    # Three lists woven into one and joined in C: a third of the cost of an f-string a row.
    pieces = [""] * (3 * n)
    pieces[0::3] = heads
    pieces[1::3] = fields
    last = np.flatnonzero(np.append(starts[1:], True))
    if len(last) == n:
        pieces[2::3] = _instants(tau)
    else:
        ends = np.full(n, "", dtype=object)
        ends[last] = _instants(tau.take(last))
        pieces[2::3] = ends
    return "".join(pieces).encode()


def _instants(tau: Int64) -> list[str]:
    """Return the end of each line: a blank, the instant, a line feed. tau: ascending."""
    differ = np.flatnonzero(tau[1:] != tau[:-1])
    if len(differ) > len(tau) // 2:
        text = _JSON.encode(tau.tolist())[1:-1].decode()
        return f" {text}\n".replace(",", "\n, ").split(",")
    # Most rows share their instant with the row before: each is written once.
    ends = [f" {t}\n" for t in tau[np.append(differ, len(tau) - 1)].tolist()]
    counts = np.diff(differ, prepend=-1, append=len(tau) - 1).tolist()
    return [end for end, count in zip(ends, counts, strict=True) for _ in range(count)]


def _quoted(text: bytes) -> str:
    clean = clean_text(text)[0].decode("utf-8").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean}"'
