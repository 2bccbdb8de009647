"""Many days of one asset as one piece that another process can send: columns joined, names in lists of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpi.window import Int64
from storage.statistics_codec import KINDS, DayRecords, Numbers

_FIELDS: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (("config", "config"), ("shift", "shift"), ("product", "product")),
    (),
    (),
    (("counter", "counter"), ("rate", "rate")),
    (("counter", "counter"),),
    (("counter", "counter"),),
)
"""By column of `KINDS`: field and kind of name."""


@dataclass(slots=True)
class OwnNumbers:
    """Gives out numbers that mean something within one packet only."""

    names: dict[str, dict[str, int]] = field(
        default_factory=lambda: {k: {} for k in ("config", "shift", "product", "counter", "rate")}
    )

    @property
    def numbers(self) -> Numbers:
        """Return what gives out the numbers."""

        def of(kind: str) -> Any:
            known = self.names[kind]
            return lambda text: known.setdefault(text, len(known))

        return Numbers(of("config"), of("shift"), of("product"), of("counter"), of("rate"))


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """Days of one asset."""

    days: tuple[int, ...]
    columns: tuple[bytes, ...]
    """The records of all days one after the other, in the order of `KINDS`."""
    counts: Int64
    """Records by column and day."""
    names: Mapping[str, tuple[str, ...]]
    """By kind the text of every number."""


def packed(days: Mapping[int, DayRecords], names: OwnNumbers) -> Packet:
    """Return days as one packet; names: what gave their numbers."""
    order = sorted(days)
    columns = [[days[d].columns[i] for d in order] for i in range(len(KINDS))]
    return Packet(
        tuple(order),
        tuple(b"".join([c.tobytes() for c in column]) for column in columns),
        np.array([[len(c) for c in column] for column in columns], dtype=np.int64),
        {kind: tuple(known) for kind, known in names.names.items()},
    )


def unpacked(packet: Packet, numbers: Numbers) -> Iterator[tuple[int, DayRecords]]:
    """Yield (day, records) with the numbers that `numbers` gives out."""
    columns: list[NDArray[Any]] = []
    for data, kind, fields in zip(packet.columns, KINDS, _FIELDS, strict=True):
        column = np.frombuffer(data, kind).copy()
        for name, of in fields:
            known = [getattr(numbers, of)(text) for text in packet.names[of]]
            if of == "shift":
                # 0 is no shift, a name its number + 1.
                known = [0, *(n + 1 for n in known)]
            if len(column):
                column[name] = np.array(known, dtype=np.int64)[column[name]]
        columns.append(column)
    edges = [[0, *np.cumsum(c).tolist()] for c in packet.counts]
    for i, day in enumerate(packet.days):
        yield day, DayRecords(*(c[e[i] : e[i + 1]] for c, e in zip(columns, edges, strict=True)))
