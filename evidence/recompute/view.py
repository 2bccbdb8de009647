"""The log as claim algorithms see it: blocks and configurations of one size, and collected rows as columns."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from evidence.document import ConfigDocument
from evidence.frame import FrameColumns
from evidence.grammar import NO_SOURCE_TIME, SLOT_MS
from evidence.log_rules import BlockTable, OffRun
from model.flags import RowFlag

_E_OR_M = int(RowFlag.NO_VALUE | RowFlag.MISSED)


class Row(NamedTuple):
    """One row of one signal. tau: source time, received time if none. value: eight bytes as a signed integer.

    position: number of the row in sealing order within its stream.

    The value of a text row is the number of its text in the stream's list: equal texts, equal numbers.
    """

    tau: int
    position: int
    slot: int
    received: int
    value: int
    status: int
    flags: int

    @property
    def arrival(self) -> int:
        """Return when the row counts as received: never earlier than one slot before it was sealed."""
        return max(self.received, (self.slot - 1) * SLOT_MS)


class StreamColumns:
    """All collected rows of one stream in sealing order: 36 bytes a row, 4 more once asked for by signal."""

    __slots__ = (
        "_index",
        "_indexed",
        "_numbers",
        "flags",
        "received",
        "signal",
        "slot",
        "source",
        "status",
        "texts",
        "value",
    )

    def __init__(self) -> None:
        self.received = array("q")
        self.source = array("q")
        self.value = array("q")
        self.status = array("I")
        self.flags = array("H")
        self.slot = array("l")
        self.signal = array("H")
        self.texts: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._index: dict[int, array[int]] = {}
        self._indexed = 0

    def of_signal(self, number: int) -> Sequence[int]:
        """Return the rows of one signal, ascending: found once for all signals, 4 bytes a row."""
        total = len(self.signal)
        if self._indexed < total:
            for row in range(self._indexed, total):
                signal = self.signal[row]
                if signal not in self._index:
                    self._index[signal] = array("I")
                self._index[signal].append(row)
            self._indexed = total
        return self._index.get(number, ())

    def add(
        self, slot: int, columns: FrameColumns, names: Sequence[int] | None, text: bytes
    ) -> None:
        """Append the rows of one frame.

        names: number of each signal index where it differs from the index itself. text: one byte a signal, not 0
        where the signal is a text; empty if none is.
        """
        self.received.extend(columns.received_ms)
        self.source.extend(columns.source_ms)
        self.status.extend(columns.status)
        self.flags.extend(columns.flags)
        self.slot.extend([slot] * len(columns.signal))
        if names is None:
            self.signal.extend(columns.signal)
        else:
            self.signal.extend([names[index] for index in columns.signal])
        if text:
            self.value.extend(self._interned(columns, text))
        else:
            self.value.extend(columns.value)

    def _interned(self, columns: FrameColumns, text: bytes) -> Iterator[int]:
        for i, value in enumerate(columns.value):
            if text[columns.signal[i]] and not columns.flags[i] & _E_OR_M:
                content = columns.text(i)
                number = self._numbers.setdefault(content, len(self.texts))
                if number == len(self.texts):
                    self.texts.append(content)
                yield number
            else:
                yield value


@dataclass(frozen=True, slots=True)
class LogView:
    """The log at the size that a statement speaks about.

    blocks, offs: those of the first `size` entries (the tables may be longer; use `block_range`). documents: by entry
    index of the config. columns: collected rows by stream. names: signal name → number in `columns.signal`.
    """

    blocks: BlockTable
    block_count: int
    offs: Sequence[OffRun]
    documents: Mapping[int, ConfigDocument]
    columns: Mapping[str, StreamColumns]
    names: Mapping[str, Mapping[str, int]]
    shared: dict[Hashable, object] = field(default_factory=dict)
    """What claims over one window have worked out and share."""

    def block_range(self, first: int, last: int) -> range:
        """Return the rows of the block table whose slots are in [first, last)."""
        low = bisect_left(self.blocks.slots, first, 0, self.block_count)
        return range(low, bisect_left(self.blocks.slots, last, low, self.block_count))

    def off_minutes(self, first: int, last: int) -> int:
        """Return how many slots of [first, last) lie in off entries."""
        return sum(max(0, min(run.last, last) - max(run.first, first)) for run in self.offs)

    def document_at(self, slot: int) -> ConfigDocument | None:
        """Return the configuration in force in `slot`: of its block, else of the nearest earlier, else of the first."""
        if not self.block_count:
            return None
        row = bisect_left(self.blocks.slots, slot + 1, 0, self.block_count) - 1
        return self.documents[self.blocks.configs[max(row, 0)]]

    def configs_between(self, first: int, last: int) -> list[tuple[int, int, ConfigDocument]]:
        """Return [start, end) in slots and document of each configuration in force within [first, last)."""
        changes = self._changes()
        runs: list[tuple[int, int, ConfigDocument]] = []
        at = max(bisect_right(changes, first, key=lambda change: change[0]) - 1, 0)
        start = first
        for number, (_, document) in enumerate(changes[at:], at + 1):
            end = changes[number][0] if number < len(changes) else last
            runs.append((start, min(end, last), document))
            start = end
            if start >= last:
                break
        return runs

    def _changes(self) -> list[tuple[int, ConfigDocument]]:
        """Return the slot of the first block of each configuration in force, ascending, with its document."""
        found = self.shared.get("changes")
        if not isinstance(found, _Changes):
            found = self.shared["changes"] = _Changes()
            last = None
            for row in range(self.block_count):
                config = self.blocks.configs[row]
                if config != last:
                    last, document = config, self.documents[config]
                    if not found.changes or found.changes[-1][1] is not document:
                        found.changes.append((self.blocks.slots[row], document))
        return found.changes

    def rows(self, stream: str, signal: str, first: int, last: int) -> list[Row]:
        """Return the rows of one signal sealed in slots [first, last), ordered by (tau, slot, row of the frame).

        One signal at a time: a year of one is what fits in memory as objects.
        """
        columns = self.columns.get(stream)
        number = self.names.get(stream, {}).get(signal)
        if columns is None or number is None:
            return []
        numbers = columns.of_signal(number)
        low = bisect_left(numbers, bisect_left(columns.slot, first))
        high = bisect_left(numbers, bisect_left(columns.slot, last))
        chosen = numbers[low:high]
        source = map(columns.source.__getitem__, chosen)
        received = list(map(columns.received.__getitem__, chosen))
        rows = list(
            map(
                _make_row,
                zip(
                    [
                        r if s == NO_SOURCE_TIME else s
                        for r, s in zip(received, source, strict=True)
                    ],
                    chosen,
                    map(columns.slot.__getitem__, chosen),
                    received,
                    map(columns.value.__getitem__, chosen),
                    map(columns.status.__getitem__, chosen),
                    map(columns.flags.__getitem__, chosen),
                    strict=True,
                ),
            )
        )
        rows.sort()
        return rows


@dataclass(frozen=True, slots=True)
class _Changes:
    changes: list[tuple[int, ConfigDocument]] = field(default_factory=list)


_make_row = partial(tuple.__new__, Row)
"""Makes a row from a tuple; rows come by the million, and the constructor of a named tuple costs three times this."""
