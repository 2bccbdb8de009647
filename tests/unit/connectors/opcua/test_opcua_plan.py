from __future__ import annotations

import pytest

from connectors.opcua.plan import (
    OperationLimits,
    SubscriptionGrant,
    chunks,
    following,
    gap,
    is_repetition,
    next_round_ns,
    queue_size,
    subscription_plan,
)
from connectors.opcua.sequence import SequenceBook

LAST = 2**32 - 1


@pytest.mark.parametrize(
    ("publishing", "sampling", "expected"),
    [(500, 500, 2), (500, 100, 10), (500, 250, 4), (1000, 300, 7), (500, 2000, 2), (500, 0, 1000)],
)
def test_queue_holds_two_publishing_intervals(
    publishing: int, sampling: int, expected: int
) -> None:
    assert queue_size(publishing, sampling) == expected


def test_chunks_keep_order_and_limit() -> None:
    assert [list(c) for c in chunks([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]


def test_limits_lower_of_both_wins_and_zero_means_none() -> None:
    limits = OperationLimits.of(500, [100, 0, None, 1000])
    assert (limits.read, limits.browse, limits.translate, limits.monitored_items) == (
        100,
        500,
        500,
        500,
    )


def test_subscription_says_a_word_every_five_seconds_and_lives_a_minute() -> None:
    plan = subscription_plan(500)
    assert (plan.keep_alive_count, plan.lifetime_count) == (10, 120)
    slow = subscription_plan(60_000)
    assert (slow.keep_alive_count, slow.lifetime_count) == (1, 3)


def test_silence_allows_one_interval_more_and_a_margin() -> None:
    # (10 + 1) x 500 ms + 2 s: SLOT-1 of kpi-audit U7.
    grant = SubscriptionGrant(id=1, publishing_ms=500.0, keep_alive_count=10, lifetime_count=120)
    assert grant.silence_ms == 7500


@pytest.mark.parametrize(
    ("last", "sequence", "lost"),
    [
        (0, 1, []),
        (0, 3, [1, 2]),
        (5, 6, []),
        (5, 9, [6, 7, 8]),
        (LAST, 1, []),
        (LAST - 1, 2, [LAST, 1]),
        (5, 5, []),
        (5, 4, []),
    ],
)
def test_gap_counts_across_the_wrap(last: int, sequence: int, lost: list[int]) -> None:
    assert [following(last, place) for place in gap(last, sequence)] == lost


def test_repetition_is_the_last_number_or_an_older_one() -> None:
    assert is_repetition(5, 5)
    assert is_repetition(1, LAST)
    assert not is_repetition(LAST, 1)


def test_sequence_book_keep_alive_announces_the_next_number() -> None:
    book = SequenceBook()
    assert book.arrived(1, 1, keep_alive=True).lost == ()
    first = book.arrived(1, 1, keep_alive=False)
    assert first.fresh
    assert book.arrived(1, 2, keep_alive=True).lost == ()
    # The keep-alive says that 2 and 3 were sent; neither came.
    assert book.arrived(1, 4, keep_alive=True).lost == (2, 3)
    assert book.arrived(1, 4, keep_alive=False) == book.arrived(2, 1, keep_alive=False)


def test_sequence_book_late_notification_is_taken_once_and_uncounted() -> None:
    book = SequenceBook()
    book.arrived(1, 1, keep_alive=False)
    assert book.arrived(1, 3, keep_alive=False).lost == (2,)
    late = book.arrived(1, 2, keep_alive=False)
    assert late.fresh
    assert late.found_again
    assert not book.arrived(1, 2, keep_alive=False).fresh


def test_sequence_book_recovered_notification_is_not_taken_twice() -> None:
    book = SequenceBook()
    assert book.arrived(1, 2, keep_alive=False).lost == (1,)
    book.recovered(1, 1)
    assert not book.arrived(1, 1, keep_alive=False).fresh


@pytest.mark.parametrize(("now", "expected"), [(0, 30), (29, 30), (30, 90), (31, 90), (89, 90)])
def test_round_is_in_the_middle_of_each_slot(now: int, expected: int) -> None:
    assert next_round_ns(now, 60) == expected


def test_sequence_book_names_only_the_first_of_a_wide_gap_but_counts_all() -> None:
    arrival = SequenceBook().arrived(1, 1_000_000_000, keep_alive=False)
    assert arrival.lost == tuple(range(1, 101))
    assert arrival.missing == 999_999_999
