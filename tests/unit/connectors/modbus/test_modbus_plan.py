"""The planner: everything is read, within the limits, never across a hole, with the fewest requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.modbus.config import Table
from connectors.modbus.plan import Block, Hole, Limits, Span, plan_blocks, split_block

H, C = Table.HOLDING, Table.COIL
WIDE = Limits(registers=125, gap=125)


def spans(*ranges: tuple[int, int], table: Table = H) -> list[Span]:
    return [Span(table, start, count, i) for i, (start, count) in enumerate(ranges)]


def shape(blocks: tuple[Block, ...]) -> list[tuple[int, int]]:
    return [(block.start, block.count) for block in blocks]


def test_neighbours_become_one_request() -> None:
    assert shape(plan_blocks(spans((0, 2), (2, 1), (10, 4)), [], WIDE)) == [(0, 14)]


def test_request_ends_at_125_registers() -> None:
    assert shape(plan_blocks(spans((0, 1), (123, 2), (124, 2)), [], WIDE)) == [(0, 125), (124, 2)]


def test_32_bit_value_is_never_cut() -> None:
    blocks = plan_blocks(spans((0, 100), (99, 2), (124, 2)), [], WIDE)
    assert shape(blocks) == [(0, 101), (124, 2)]


def test_gap_that_is_too_wide_starts_a_new_request() -> None:
    limits = Limits(registers=125, gap=10)
    assert shape(plan_blocks(spans((0, 1), (11, 1), (23, 1)), [], limits)) == [(0, 12), (23, 1)]


def test_hole_is_not_crossed() -> None:
    blocks = plan_blocks(spans((0, 2), (4, 2)), [Hole(H, 3, 3)], WIDE)
    assert shape(blocks) == [(0, 2), (4, 2)]
    assert shape(plan_blocks(spans((0, 2), (4, 2)), [Hole(C, 3, 3)], WIDE)) == [(0, 6)]


def test_value_in_a_hole_is_refused() -> None:
    with pytest.raises(ValueError, match="declared hole"):
        plan_blocks(spans((2, 2)), [Hole(H, 3, 5)], WIDE)


def test_value_longer_than_a_request_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 4"):
        plan_blocks(spans((0, 8)), [], Limits(registers=4, gap=4))


def test_tables_are_not_mixed_and_bits_have_their_own_limit() -> None:
    both = [*spans((0, 1)), Span(C, 0, 1, 1), Span(C, 1999, 1, 2), Span(C, 2000, 1, 3)]
    blocks = plan_blocks(both, [], WIDE)
    assert [(b.table, b.start, b.count) for b in blocks] == [(C, 0, 2000), (C, 2000, 1), (H, 0, 1)]


def test_split_halves_the_values_and_drops_the_gap() -> None:
    (block,) = plan_blocks(spans((0, 2), (2, 2), (100, 1)), [], WIDE)
    low, high = split_block(block)
    assert [(low.start, low.count), (high.start, high.count)] == [(0, 2), (2, 99)]
    assert [(b.start, b.count) for b in split_block(high)] == [(2, 2), (100, 1)]


def test_split_of_bits_of_one_register_is_impossible() -> None:
    (block,) = plan_blocks(spans((5, 1), (5, 1)), [], WIDE)
    assert split_block(block) == ()


starts = st.tuples(st.integers(0, 400), st.sampled_from([1, 2, 4, 10]))
holes = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5)), max_size=5)


@given(
    ranges=st.lists(starts, max_size=40),
    gaps=holes,
    longest=st.integers(10, 125),
    gap=st.integers(0, 125),
)
def test_plan_covers_all_within_the_limits_and_crosses_no_hole(
    ranges: list[tuple[int, int]], gaps: list[tuple[int, int]], longest: int, gap: int
) -> None:
    declared = [Hole(H, first, first + more) for first, more in gaps]
    forbidden = {address for hole in declared for address in range(hole.first, hole.last + 1)}
    wanted = [
        Span(H, start, count, i)
        for i, (start, count) in enumerate(ranges)
        if not forbidden & set(range(start, start + count))
    ]
    blocks = plan_blocks(wanted, declared, Limits(registers=longest, gap=gap))
    assert sorted(span.point for block in blocks for span in block.spans) == [
        s.point for s in wanted
    ]
    for block in blocks:
        read = range(block.start, block.start + block.count)
        used = {a for span in block.spans for a in range(span.start, span.end)}
        assert 1 <= block.count <= longest
        assert used <= set(read)
        assert not forbidden & set(read)
        unused = "".join("x" if a in used else "." for a in read)
        assert "." * (gap + 1) not in unused


def _fewest(wanted: list[Span], longest: int) -> int:
    """Brute force by dynamic programming: sorted by start, each request takes a run of the sorted spans."""
    best = [0]
    for end in range(1, len(wanted) + 1):
        options = []
        for start in range(end):
            part = wanted[start:end]
            if max(s.end for s in part) - min(s.start for s in part) <= longest:
                options.append(best[start] + 1)
        best.append(min(options))
    return best[-1]


@given(ranges=st.lists(starts, min_size=1, max_size=12), longest=st.integers(10, 60))
def test_plan_uses_the_fewest_requests(ranges: list[tuple[int, int]], longest: int) -> None:
    wanted = sorted(spans(*ranges))
    blocks = plan_blocks(wanted, [], Limits(registers=longest, gap=125))
    assert len(blocks) == _fewest(wanted, longest)


@given(ranges=st.lists(starts, min_size=1, max_size=30), bad=st.integers(0, 410))
def test_splitting_ends_with_only_the_values_at_the_bad_address(
    ranges: list[tuple[int, int]], bad: int
) -> None:
    """A device that refuses every request that touches `bad`: all others are read in the end."""
    waiting = list(plan_blocks(spans(*ranges), [], WIDE))
    read: set[int] = set()
    refused: set[int] = set()
    while waiting:
        block = waiting.pop()
        if not block.start <= bad < block.start + block.count:
            read |= {span.point for span in block.spans}
        elif halves := split_block(block):
            waiting.extend(halves)
        else:
            refused |= {span.point for span in block.spans}
    at_bad = {i for i, (start, count) in enumerate(ranges) if start <= bad < start + count}
    assert refused == at_bad
    assert read == set(range(len(ranges))) - at_bad
