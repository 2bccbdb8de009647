"""Which requests read a set of values: few, within the limits of the device, never across a hole. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from connectors.modbus.config import Table

MAX_BITS: Final = 2000
"""Most coils or discrete inputs in one request (MODBUS Application Protocol V1.1b3, 6.1)."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Addresses start … start + count - 1 (as on the wire) of one value; they are read in one request."""

    table: Table
    start: int
    count: int
    point: int
    """Position of the value among the points of the source."""

    @property
    def end(self) -> int:
        """Return the address after the last."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` addresses from `start`, and the values in it."""

    table: Table
    start: int
    count: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """Addresses first … last (as on the wire) that must never be read."""

    table: Table
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may be. registers, bits: most addresses in it; gap: most unused registers in between."""

    registers: int
    gap: int
    bits: int = MAX_BITS

    def of(self, table: Table) -> tuple[int, int]:
        """Return (most addresses, most unused addresses in a row) for `table`."""
        return (self.bits, 16 * self.gap) if table.of_bits else (self.registers, self.gap)


def plan_blocks(spans: Iterable[Span], holes: Sequence[Hole], limits: Limits) -> tuple[Block, ...]:
    """Return the fewest blocks that hold every span whole, in ascending order of table and address.

    Greedy from the lowest address on, which is optimal for intervals. Raises ValueError for a span that is longer
    than a request or touches a hole.
    """
    blocks: list[Block] = []
    for table, of_table in groupby(sorted(spans), key=lambda span: span.table):
        longest, gap = limits.of(table)
        firsts = [(hole.first, hole.last) for hole in holes if hole.table is table]
        current: list[Span] = []
        end = 0
        for span in of_table:
            if span.count > longest:
                raise ValueError(
                    f"{_name(span)} needs {span.count} addresses, more than {longest} a request"
                )
            if _crosses(firsts, span.start, span.end):
                raise ValueError(f"{_name(span)} lies in a declared hole")
            fits = (
                current
                and max(end, span.end) - current[0].start <= longest
                and span.start - end <= gap
                and not _crosses(firsts, current[0].start, max(end, span.end))
            )
            if current and not fits:
                blocks.append(_block(current))
                current = []
                end = 0
            current.append(span)
            end = max(end, span.end)
        blocks.append(_block(current))
    return tuple(blocks)


def split_block(block: Block) -> tuple[Block, ...]:
    """Return the two halves of a block that a device refused, or () if it holds a single range of addresses."""
    ranges = sorted({(span.start, span.count) for span in block.spans})
    if len(ranges) < 2:
        return ()
    middle = ranges[len(ranges) // 2]
    low = [span for span in block.spans if (span.start, span.count) < middle]
    high = [span for span in block.spans if (span.start, span.count) >= middle]
    return _block(low), _block(high)


def _block(spans: Sequence[Span]) -> Block:
    start = min(span.start for span in spans)
    end = max(span.end for span in spans)
    return Block(spans[0].table, start, end - start, tuple(spans))


def _crosses(holes: Iterable[tuple[int, int]], start: int, end: int) -> bool:
    return any(first < end and last >= start for first, last in holes)


def _name(span: Span) -> str:
    return f"{span.table.value} {span.start}-{span.end - 1} (as on the wire)"
