"""`counter-delta/1`: last reading minus first reading of one signal in the window (format-core §7, vectors)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.grammar import SLOT_MS
from evidence.reading import reading
from evidence.recompute.interface import Outcome, SlotRange, all_streams, bad_parameter
from evidence.recompute.view import LogView, Row
from evidence.refusal import Refusal
from evidence.statement import Claim
from model.flags import RowFlag
from model.signal import SignalType
from model.status import is_good

NAME = "counter-delta/1"
_NO_READING = int(RowFlag.NO_VALUE | RowFlag.MISSED | RowFlag.IMPORTED)


@dataclass(frozen=True, slots=True)
class CounterDelta:
    """A claim of this algorithm; parameters: stream, signal, scale [num, den]."""

    claim: Claim
    stream: str
    signal: str
    scale: tuple[int, int]

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part."""
        return ((self.claim.first, self.claim.last + self.claim.grace),)

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the one stream of the claim."""
        return {self.stream} & document.index_of.keys()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return last − first of the good readings by time; 0 with fewer than two."""
        claim = self.claim
        low, high = claim.first * SLOT_MS, claim.last * SLOT_MS
        rows = [
            row
            for row in view.rows(self.stream, self.signal, *self.ranges[0])
            if low <= row.tau < high and is_good(row.status) and not row.flags & _NO_READING
        ]
        delta = self._reading(view, rows[-1]) - self._reading(view, rows[0]) if rows else 0
        return Outcome(delta, 1, self._coverage(view))

    def _reading(self, view: LogView, row: Row) -> int:
        document = view.document_at(row.slot)
        if document is None:
            raise Refusal("claim", "a row without configuration", "数据行没有配置")
        stream = document.index_of[self.stream]
        kind = document.layouts[stream].types[document.signal_names[stream].index(self.signal)]
        if kind is SignalType.TEXT:
            raise bad_parameter(self.claim, "a text has no reading", "文本信号没有读数")
        return reading(kind, row.value, *self.scale)

    def _coverage(self, view: LogView) -> Json:
        first, last = self.claim.first, self.claim.last
        counts = {"absent": 0, "data": 0, "gap": 0, "off": view.off_minutes(first, last)}
        for row in view.block_range(first, last):
            index = view.documents[view.blocks.configs[row]].index_of.get(self.stream)
            if index is None:
                counts["absent"] += 1
            else:
                counts["data" if view.blocks.states[row][index] == "D" else "gap"] += 1
        return counts


def plan_counter_delta(claim: Claim) -> CounterDelta:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = dict(claim.parameters)
    stream, signal, scale = (parameters.pop(key, None) for key in ("stream", "signal", "scale"))
    if parameters or not isinstance(stream, str) or not isinstance(signal, str):
        raise bad_parameter(claim, "parameters", "参数不合法")
    match scale:
        case [int(num), int(den)] if min(num, den) > 0 and not {bool} & {type(num), type(den)}:
            return CounterDelta(claim, stream, signal, (num, den))
        case _:
            raise bad_parameter(claim, "scale is not [num, den]", "比例不是 [分子, 分母]")
