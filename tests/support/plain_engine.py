"""Gives a `PlantLog` to the plain engine of the verifier: real frames, real collector, real plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from evidence.document import ConfigDocument, parse_document
from evidence.entries import Block
from evidence.frame import FrameRow, frame_prefix, parse_frame, write_frame
from evidence.log_rules import BlockTable, OffRun
from evidence.recompute.collect import Collector
from evidence.recompute.interface import Outcome
from evidence.recompute.registry import make_plan
from evidence.recompute.view import LogView
from evidence.statement import Claim
from model.flags import RowFlag
from tests.support.kpi_plant import MIN, PlantLog, RowSpec, canonical

_COMMON = {"algorithm", "coverage", "den", "detail", "grace", "id", "lead", "num", "unit", "window"}


def claim_of(item: dict[str, Any]) -> Claim:
    """Return the claim of its JSON object."""
    return Claim(
        id=item["id"],
        algorithm=item["algorithm"],
        first=item["window"][0],
        last=item["window"][1],
        grace=item["grace"],
        num=item["num"],
        den=item["den"],
        unit=item["unit"],
        coverage=item["coverage"],
        lead=item["lead"],
        detail=item["detail"],
        parameters={k: v for k, v in item.items() if k not in _COMMON},
    )


def recompute(log: PlantLog, item: dict[str, Any]) -> Outcome:
    """Return what the verifier computes for a claim object."""
    return recompute_all(log, [item])[0]


def recompute_all(log: PlantLog, items: Sequence[dict[str, Any]]) -> list[Outcome]:
    """Return what the verifier computes for claim objects, from one pass over the frames."""
    plans = [make_plan(claim_of(item)) for item in items]
    collector = Collector(plans)
    table, documents, offs = BlockTable(), {}, []
    blocks = log._blocks()
    parsed: dict[bytes, ConfigDocument] = {}  # as the verifier does: one object for equal bytes
    for i, (kind, value) in enumerate(log.entries):
        if kind == "config":
            data = canonical(value)
            documents[i] = parsed.get(data) or parsed.setdefault(data, parse_document(data))
        elif kind == "off":
            offs.append(OffRun(i, value[0], value[0] + value[1], "agent_down"))
    numbers = iter(i for i, (kind, _) in enumerate(log.entries) if kind == "block")
    for slot, doc, at in blocks:
        document = documents[at]
        sinks = collector.sinks(slot, at, document)
        letters = ""
        prefix = frame_prefix(slot)
        for index, (stream, rows) in enumerate(log.frame_rows(slot, doc).items()):
            layout = document.layouts[index]
            assert layout.stream == stream
            specs = [
                FrameRow(
                    r.received_ms,
                    r.source_ms,
                    n,
                    r.value.encode() if isinstance(r.value, str) else _typed(layout.types[n], r),
                    r.status,
                    r.flags,
                )
                for n, r in rows
            ]
            frame = parse_frame(
                write_frame(layout, slot, specs), layout, prefix, slot, simulated=False
            )
            letters += "D" if frame.rows > frame.missed else "G"
            if (sink := sinks[index]) is not None:
                sink.add(slot, frame)
        block = Block(0, slot, 0, at, "S", 0, MIN, letters, 0, 0, bytes(32))
        table.append(next(numbers), block, letters)
    view = LogView(table, len(table), offs, documents, collector.columns, collector.names)
    return [plan.compute(view) for plan in plans]


def _typed(kind: str, r: RowSpec) -> int | float | str | None:
    plain = r.value is None or isinstance(r.value, str) or r.flags & RowFlag.MISSED
    return r.value if plain or kind != "float" else float(r.value)
