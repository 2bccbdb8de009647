"""What each reading of a counter books, one by one (kpi-audit U6, statistics.md §6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.equipment.counter_steps import Mark
from tests.support.calc_case import solved


def steps(readings: str) -> list[tuple[int, list[str]]]:
    """Return what each reading booked and why, for readings of 2026-03-02."""
    found = solved(f"readings: [{{{readings}}}]\n")
    (counter,) = found.result.steps
    return [(s.booked, [m.value for m in s.marks]) for s in counter.steps]


def test_first_reading_is_a_level_and_books_nothing() -> None:
    assert steps('counts: made, values: [["08:00", 700], ["09:00", 705]]') == [(0, []), (5, [])]


def test_fall_without_modulus_is_a_reset_and_books_the_reading() -> None:
    # 705 → 12: 12 pieces since it began at 0.
    assert steps('counts: made, values: [["08:00", 700], ["09:00", 705], ["10:00", 12]]') == [
        (0, []),
        (5, []),
        (12, [Mark.RESET]),
    ]


def test_fall_of_a_counter_that_begins_at_one_books_one_less() -> None:
    # First value 1: reading 12 after a reset is 11 pieces.
    assert steps('counts: made, first: 1, values: [["08:00", 705], ["10:00", 12]]')[1] == (
        11,
        [Mark.RESET],
    )


def test_roll_over_books_what_is_left_of_the_turn() -> None:
    # Modulus 65536, slow machine (60/h): 65530 → 4 is 10 pieces; as a reset it would be 4. Both fit: ambiguous.
    found = steps(
        'counts: made, modulus: 65536, max_rate: 60/h, values: [["08:00", 65530], ["09:00", 4]]'
    )
    assert found[1][0] == 10
    assert found[1][1] == [Mark.AMBIGUOUS]


def test_step_beyond_the_highest_rate_is_quarantined_and_books_nothing() -> None:
    # 60/h for one hour allows 60; 5000 does not fit.
    found = steps(
        'counts: made, max_rate: 60/h, values: [["08:00", 10], ["09:00", 5000], ["10:00", 20]]'
    )
    assert found[1] == (0, [Mark.QUARANTINED])
    assert found[2] == (10, [])  # still compared with 10


def test_replaced_counter_begins_a_new_segment() -> None:
    found = steps(
        'counts: made, values: [["08:00", 700], ["09:00", 20], ["10:00", 25]], events: [{at: "08:30"}]'
    )
    assert found == [(0, []), (0, [Mark.SEGMENT]), (5, [])]


def test_correction_by_hand_is_negative_up_to_its_limit() -> None:
    text = 'counts: made, max_correction: %d, values: [["08:00", 700], ["09:00", 697]]'
    assert steps(text % 5)[1] == (-3, [Mark.CORRECTION])
    assert steps(text % 2)[1][1] == [Mark.RESET]


def test_proven_restart_decides_between_a_correction_and_a_reset() -> None:
    # 100 → 98: two taken back by hand, or 98 made since it began anew. The uptime of the device fell: it began anew.
    text = 'counts: made, max_correction: 5, values: [["08:00", 100], ["09:00", 98]]'
    assert steps(text)[1] == (-2, [Mark.CORRECTION])
    assert steps(text + ', restarts: ["08:30"]')[1] == (98, [Mark.RESTART])


def test_total_is_what_was_booked_less_what_was_corrected() -> None:
    found = solved(
        'readings: [{counts: made, max_correction: 5, values: [["08:00", 0], ["09:00", 50], ["10:00", 47]]}]\n'
    )
    (counter,) = found.result.steps
    assert (counter.gross, counter.correction, counter.net) == (50, -3, 47)


def test_unsigned_reading_of_64_bits_is_a_step_like_any_other() -> None:
    top = 2**64 - 1
    found = steps(f'counts: made, values: [["08:00", {top - 5}], ["09:00", {top}]]')
    assert found[1] == (5, [])


@pytest.mark.parametrize("counts", ["good", "scrap", "made", "rework"])
def test_steps_are_shown_for_every_role(counts: str) -> None:
    assert steps(f'counts: {counts}, values: [["08:00", 1], ["09:00", 3]]')[1][0] == 2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 250), min_size=2, max_size=12),
    st.sampled_from([0, 256]),
)
def test_steps_one_by_one_add_up_to_what_the_engine_counts_at_once(
    values: list[int], modulus: int
) -> None:
    """The engine over all readings at once and the calculator reading by reading come to the same pieces."""
    rows = ", ".join(f'["{8 + i // 60:02d}:{i % 60:02d}", {v}]' for i, v in enumerate(values))
    found = solved(
        f"""
        window: {{from: "08:00", to: "10:00"}}
        calendar: {{shifts: [{{name: day, start: "08:00", end: "10:00"}}]}}
        events: [{{from: "08:00", to: "10:00", state: run}}]
        products: [{{ideal_cycle: 1 s}}]
        readings: [{{counts: good, modulus: {modulus}, max_rate: unlimited, values: [{rows}]}}]
        """
    )
    assert found.result.equipment is not None
    (machine,) = found.result.equipment.sums.machines
    pieces = sum(r.good or 0 for r in machine.variants[0].rows)
    (counter,) = found.result.steps
    assert counter.net == pieces
