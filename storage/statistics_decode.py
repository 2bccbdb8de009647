"""Stored days of an asset → its cells, read as one array after joining the days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kpi.calendar import DAY_MS
from kpi.document_types import ConfigDocument
from kpi.equipment.asset_cells import REGISTER_ROLES
from kpi.equipment.cells import (
    COUNT_ROLES,
    ROLE_BIT,
    AssetCells,
    CellTable,
    CounterId,
    GapTable,
    Quantities,
    Rate,
)
from kpi.equipment.counters import ACCEPTED
from kpi.equipment.distinct import distinct
from kpi.equipment.plan import ShiftId
from kpi.window import Int32, Int64
from model.signal import Role
from storage.statistics import AssetDays
from storage.statistics_codec import (
    ATOM_AT,
    COUNT_AT,
    FAILURES,
    KINDS,
    MARK_AT,
    REPAIR_MS,
    REPAIRS,
    WHATS,
    Records,
)


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers in the records mean."""

    config: Mapping[int, str]
    """SHA-256 of the configuration document, in hex."""
    shift: Mapping[int, str]
    product: Mapping[int, str]
    counter: Mapping[int, str]
    rate: Mapping[int, str]


def cells_of(
    stored: AssetDays, names: Names, documents: Mapping[str, ConfigDocument], seen_ms: int
) -> AssetCells | None:
    """Return the cells of the stored days, None without any.

    documents: by SHA-256 in hex. seen_ms: where the newest cells end.
    """
    if not stored.blobs:
        return None
    columns = [
        np.frombuffer(b"".join(blobs), kind)
        for blobs, kind in zip(zip(*stored.blobs, strict=True), KINDS, strict=True)
    ]
    sizes = [
        np.array([len(b) // kind.itemsize for b in blobs], dtype=np.int64)
        for blobs, kind in zip(zip(*stored.blobs, strict=True), KINDS, strict=True)
    ]
    cells, values, wide, gaps, quantities, answers = columns
    days = np.array(stored.days, dtype=np.int64)
    base = np.cumsum(sizes[0]) - sizes[0]
    start = cells["start"].astype(np.int64) + np.repeat(days * DAY_MS, sizes[0])
    config, configs = _local(cells["config"])
    product, products = _local(cells["product"])
    known = tuple(documents[names.config[i]] for i in configs)
    counters, registers = _counters(stored.asset, known)
    table = CellTable(
        start=start,
        end=_ends(start, days, sizes[0], seen_ms),
        part=config,
        kind=cells["kind"].astype(np.int32),
        shift=cells["shift"].astype(np.int32) - 1,
        day=cells["day"].astype(np.int32),
        product=product,
        test=cells["test"].astype(np.bool_),
        roles=cells["roles"].astype(np.int32),
        **_dense(
            len(start), (values, np.repeat(base, sizes[1])), (wide, np.repeat(base, sizes[2]))
        ),
    )
    shifts = [
        ShiftId(names.shift.get(i, ""), 0, 0) for i in range(max(names.shift, default=-1) + 1)
    ]
    answered, accepted = _answers(answers, names)
    return AssetCells(
        asset=stored.asset,
        documents=known,
        products=tuple(names.product[i] for i in products),
        shifts=tuple(shifts),
        table=table,
        counters=counters,
        gaps=_gaps(
            gaps,
            np.repeat(base, sizes[3]),
            np.repeat(days * DAY_MS, sizes[3]),
            _places(names.counter, counters),
        ),
        rates=tuple(_rate(names.rate[i]) for i in range(len(names.rate))),
        registers=registers,
        quantities=Quantities(
            quantities["cell"].astype(np.int64) + np.repeat(base, sizes[4]),
            _places(names.counter, registers)[quantities["counter"]],
            quantities["value"].astype(np.int64),
        ),
        answered=answered,
        accepted=accepted,
    )


def _local(column: NDArray[np.uint32] | NDArray[np.uint16]) -> tuple[Int32, list[int]]:
    """Return numbers as indexes into the list of those that occur."""
    numbers, where = distinct(column)
    return where.astype(np.int32), numbers


def _ends(start: Int64, days: Int64, sizes: Int64, seen_ms: int) -> Int64:
    """Return the end of every cell: the next start, at the end of a day its last ms or what was seen."""
    end = np.append(start[1:], np.int64(0))
    end[np.cumsum(sizes) - 1] = np.minimum((days + 1) * DAY_MS, seen_ms)
    return end


def _dense(cells: int, *parts: tuple[Records, Int64]) -> dict[str, Int64]:
    """Return the additive integers as columns of cells."""
    table = np.zeros((cells, WHATS), dtype=np.int64)
    for records, base in parts:
        table[records["cell"] + base, records["what"]] = records["value"]
    return {
        "atoms": table[:, ATOM_AT:COUNT_AT],
        "counts": table[:, COUNT_AT:FAILURES],
        "failures": table[:, FAILURES],
        "repairs": table[:, REPAIRS],
        "repair_ms": table[:, REPAIR_MS],
        "marks": table[:, MARK_AT:WHATS],
    }


def _counters(
    asset: str, documents: Sequence[ConfigDocument]
) -> tuple[tuple[CounterId, ...], tuple[CounterId, ...]]:
    """Return the counters of pieces that count, and the others with those that they are compared with."""
    found: dict[CounterId, None] = {}
    for document in documents:
        for role in (*COUNT_ROLES, *REGISTER_ROLES):
            for spec in document.signals_of(asset, role, alternates=True):
                found[CounterId(role, spec.name, spec.alternate_of)] = None
    main = [c for c in found if c.role in COUNT_ROLES and not c.alternate_of]
    compared = {CounterId(c.role, c.alternate_of) for c in found if c.alternate_of}
    return tuple(main), tuple(c for c in found if c not in main or c in compared)


def _places(names: Mapping[int, str], counters: Sequence[CounterId]) -> Int32:
    """Return the index among `counters` by stored number; −1 for another counter."""
    place = {c: i for i, c in enumerate(counters)}
    table = np.full(max(names, default=-1) + 1, -1, dtype=np.int32)
    for number, text in names.items():
        table[number] = place.get(_counter(text), -1)
    return table


def _counter(text: str) -> CounterId:
    role, signal, *other = text.split(" ")
    return CounterId(Role(role), signal, other[0] if other else "")


def _rate(text: str) -> Rate:
    pieces, per_ms = text.split("/")
    return int(pieces), int(per_ms)


def _gaps(gaps: Records, base: Int64, day_ms: Int64, places: Int32) -> GapTable:
    signal = places[gaps["counter"]]
    mine = signal >= 0
    rows = gaps[mine]
    offset = day_ms[mine]
    return GapTable(
        cell=rows["cell"].astype(np.int64) + base[mine],
        signal=signal[mine],
        kind=rows["kind"].astype(np.int32),
        origin=rows["origin"].astype(np.int64),
        start=rows["start"].astype(np.int64) + offset,
        end=rows["end"].astype(np.int64) + offset,
        planned=rows["planned"].astype(np.int64),
        made=rows["made"].astype(np.int64),
        unk_x=rows["unk_x"].astype(np.int64),
        rate=rows["rate"].astype(np.int32),
    )


def _answers(answers: Records, names: Names) -> tuple[int, int]:
    """Return the bits of the count roles that answered, and of those with an accepted reading."""
    answered = accepted = 0
    pairs = np.unique(answers["counter"].astype(np.int64) << 8 | answers["bits"])
    for pair in pairs.tolist():
        counter, bits = _counter(names.counter[pair >> 8]), pair & 0xFF
        if counter.alternate_of or counter.role not in COUNT_ROLES:
            continue
        answered |= ROLE_BIT[counter.role]
        if bits & ACCEPTED:
            accepted |= ROLE_BIT[counter.role]
    return answered, accepted
