"""Step 5 of format-core §9: block roots from the records, strict frames, state, rows and late counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from typing import Final

from evidence.block import SUB_LEAF_PREFIX, block_root
from evidence.bundle import Bundle
from evidence.container import RecordReader
from evidence.document import ConfigDocument
from evidence.frame import FrameColumns, frame_prefix, parse_frame
from evidence.log_rules import LogRules
from evidence.recompute.collect import Collector
from evidence.refusal import Refusal
from evidence.salt import SALT_BYTES

Progress = Callable[[int, int], None]
"""Receives (blocks done, blocks to do)."""
_NAME: Final = re.compile(r"frames/(0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})\.frames")
_REPORT_EVERY: Final = 512

Record = tuple[bool, bytes]


@dataclass(slots=True)
class FrameCounts:
    """What step 5 looked at. seen: one byte a block, 1 if its records were there."""

    seen: bytearray
    frames: int = 0
    rows: int = 0
    withheld: int = 0
    withheld_streams: set[str] = field(default_factory=set)


def frame_files(bundle: Bundle) -> list[tuple[int, int, str]]:
    """Return (first slot, last slot, name) of the containers in order; refuses overlaps and other names."""
    found = []
    for name in bundle.sizes():
        if not name.startswith("frames/"):
            continue
        match = _NAME.fullmatch(name)
        if match is None or int(match[1]) > int(match[2]):
            raise Refusal("container", f"{name} is no frames file", f"{name} 不是帧文件")
        found.append((int(match[1]), int(match[2]), name))
    found.sort()
    for before, after in pairwise(found):
        if before[1] >= after[0]:
            raise Refusal(
                "container",
                f"{before[2]} and {after[2]} overlap",
                f"{before[2]} 与 {after[2]} 重叠",
            )
    return found


def check_root(records: list[Record], root: bytes, slot: int) -> None:
    """Refuse records whose sub-leaves do not give the block's root (kind "frame-root")."""
    leaves = [
        sha256(SUB_LEAF_PREFIX + data).digest() if revealed else data for revealed, data in records
    ]
    if block_root(leaves) != root:
        raise Refusal(
            "frame-root",
            f"the frames of slot {slot} do not give the root of their block",
            f"时隙 {slot} 的帧与数据块的根不符",
        )


def check_frames(
    bundle: Bundle, rules: LogRules, collector: Collector, *, progress: Progress | None = None
) -> FrameCounts:
    """Step 5 over every container; rows that a claim needs go to `collector`.

    Raises `Refusal`: container, frame-root, frame, time, signal, flags, simulated, value, text, state or rows.
    """
    blocks = rules.blocks
    counts = FrameCounts(bytearray(len(blocks)))
    containers = frame_files(bundle)
    ranges = [
        range(blocks.first_at_or_after(first), blocks.first_at_or_after(last + 1))
        for first, last, _ in containers
    ]
    total, done = sum(map(len, ranges)), 0
    for (_, _, name), rows in zip(containers, ranges, strict=True):
        with bundle.open(name) as read:
            reader = RecordReader(read)
            for row in rows:
                _check_block(reader, rules, row, collector, counts)
                done += 1
                if progress is not None and done % _REPORT_EVERY == 0:
                    progress(done, total)
            reader.finish()
    return counts


def _check_block(
    reader: RecordReader, rules: LogRules, row: int, collector: Collector, counts: FrameCounts
) -> None:
    blocks = rules.blocks
    slot, config, state = blocks.slots[row], blocks.configs[row], blocks.states[row]
    document = rules.documents[config]
    records = reader.take(len(document.layouts))
    check_root(records, blocks.root(row), slot)
    simulated = rules.genesis is not None and rules.genesis.origin.simulated
    prefix = frame_prefix(slot)
    sinks = collector.sinks(slot, config, document)
    rows = late = hidden = 0
    for index, (revealed, data) in enumerate(records):
        layout = document.layouts[index]
        sink = sinks[index]
        if not revealed:
            hidden += 1
            counts.withheld_streams.add(layout.stream)
            if sink is not None:
                collector.withheld.append((slot, layout.stream))
            continue
        columns = parse_frame(data[SALT_BYTES:], layout, prefix, slot, simulated=simulated)
        count = len(columns.signal)
        if (state[index] == "D") is not (count > columns.missed):
            raise Refusal(
                "state",
                f"slot {slot}: the state letter of {layout.stream} contradicts its rows",
                f"时隙 {slot}：数据流 {layout.stream} 的状态字母与数据行不符",
            )
        if count:
            rows += count
            late += columns.late
            if sink is not None:
                sink.add(slot, columns)
    _compare_counts((blocks.rows[row], blocks.late[row]), (rows, late), slot, hidden)
    counts.seen[row] = 1
    counts.frames += len(records) - hidden
    counts.rows += rows
    counts.withheld += hidden


def _compare_counts(
    stated: tuple[int, int], counted: tuple[int, int], slot: int, hidden: int
) -> None:
    """Refuse (rows, late) that differ; with withheld frames the stated counts may only be larger."""
    larger = counted[0] <= stated[0] and counted[1] <= stated[1]
    if counted != stated and not (hidden and larger):
        raise Refusal(
            "rows",
            f"slot {slot}: {counted[0]} rows and {counted[1]} late, the block states {stated[0]} and {stated[1]}",
            f"时隙 {slot}：数据行 {counted[0]}、迟到 {counted[1]}，数据块写的是 {stated[0]}、{stated[1]}",
        )


def read_frame(
    bundle: Bundle, rules: LogRules, stream: str, slot: int
) -> tuple[ConfigDocument, FrameColumns]:
    """Return one frame after its block root and its own rules were checked.

    Raises `Refusal`: missing-file if no container holds the slot, withheld, or whatever the check finds.
    """
    blocks = rules.blocks
    row = blocks.first_at_or_after(slot)
    if row == len(blocks) or blocks.slots[row] != slot:
        raise Refusal("missing-file", f"no block of slot {slot}", f"没有时隙 {slot} 的数据块")
    document = rules.documents[blocks.configs[row]]
    index = document.index_of.get(stream)
    if index is None:
        raise Refusal(
            "missing-file", f"no stream {stream} in slot {slot}", f"时隙 {slot} 没有数据流 {stream}"
        )
    for first, last, name in frame_files(bundle):
        if first <= slot <= last:
            with bundle.open(name) as read:
                reader = RecordReader(read)
                records: list[Record] = []
                for before in range(blocks.first_at_or_after(first), row + 1):
                    records = reader.take(len(rules.documents[blocks.configs[before]].layouts))
            check_root(records, blocks.root(row), slot)
            revealed, data = records[index]
            if not revealed:
                raise Refusal(
                    "withheld",
                    f"{stream} of slot {slot} is withheld",
                    f"时隙 {slot} 的 {stream} 未提供",
                )
            simulated = rules.genesis is not None and rules.genesis.origin.simulated
            layout = document.layouts[index]
            prefix = frame_prefix(slot)
            return document, parse_frame(
                data[SALT_BYTES:], layout, prefix, slot, simulated=simulated
            )
    raise Refusal("missing-file", f"no frames of slot {slot}", f"证据包中没有时隙 {slot} 的帧")
