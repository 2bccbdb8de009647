"""Counting slots minute by minute gives the very claims that the whole window gives, whatever comes late or twice."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kpi.claims import ClaimRequest, NetworkedClaim, UploadRateClaim, claim_object
from kpi.evaluate import evaluate
from kpi.history import ConfigSegment
from kpi.slot_tally import SlotTally
from kpi.window import Span, WindowRows
from kpi.workspace import Workspace
from model.errors import PermanentError
from model.status import BAD, GOOD, UNCERTAIN
from tests.property.test_two_engines import random_log
from tests.support.kpi_plant import (
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    document,
    signal,
)


def sealed_in(rows: WindowRows, first: int, last: int) -> WindowRows:
    """Return the rows sealed in [first, last), as a reader of that stretch gives them."""
    keep = (rows.slot >= first) & (rows.slot < last)
    columns = ("point", "slot", "source_ms", "received_ms", "value", "status", "flags")
    return replace(
        rows,
        from_slot=first,
        to_slot=last,
        block_slot=np.zeros(0, dtype=np.int64),
        block_state=(),
        **{name: getattr(rows, name)[keep] for name in columns},
    )


def parts_until(rows: WindowRows, span: Span, last: int) -> tuple[ConfigSegment, ...]:
    """Return the configurations known when slot `last` begins, the last one up to the end of the span."""
    *others, newest = rows.history.segments(span.start_ms, last * MIN)
    return (*others, replace(newest, end_ms=span.end_ms))


def claims(rows: WindowRows, span: Span, tally: SlotTally | None) -> list[object]:
    work = Workspace(rows, span)
    if tally is not None:
        work.tally = tally.until(span.last)
    requests: list[ClaimRequest] = [UploadRateClaim(span), NetworkedClaim(span, min_days=0)]
    return [claim_object("c", request, evaluate(request, work)) for request in requests]


def send_again(rng: random.Random, log: PlantLog) -> None:
    """Seal some rows a second time, minutes later and with another status, as a device that repeats itself does."""
    for slot, specs in sorted(log.pending.items()):
        for spec in rng.sample(specs, len(specs) // 3):
            again = replace(spec, status=rng.choice((GOOD, GOOD, UNCERTAIN, BAD)))
            log.pending.setdefault(slot + rng.choice((1, 1, 2, 15)), []).append(again)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(0)
@given(st.integers(0, 2**32 - 1))
def test_tally_equals_the_claims_of_the_window_at_every_end(seed: int) -> None:
    log, window = random_log(seed)
    rng = random.Random(seed)
    send_again(rng, log)
    rows = log.rows()
    whole = Span(window.first, window.last, window.lead, 0)
    ends = sorted(
        rng.sample(range(whole.first + 1, whole.last + 1), min(12, whole.last - whole.first))
    )
    tally, parts, read = None, (), 0
    for last in ends:
        known = parts_until(rows, whole, last)
        if tally is None or known != parts:
            # A new configuration: what was counted before may be judged by it, so the count begins again.
            tally, parts, read = SlotTally(known, whole), known, whole.first - whole.lead
        while read < last:
            step = min(rng.choice((1, 1, 2, 7)), last - read)
            tally.add(sealed_in(rows, read, read + step))
            read += step
        span = replace(whole, last=last)
        assert claims(rows, span, tally) == claims(rows, span, None)
        assert tally.exact


def one_point(**more: object) -> PlantLog:
    log = PlantLog()
    state = signal("state", "state", required=True, deadline_ms=MIN, **more)
    log.config(document([asset("a1")], {"a1": [state]}))
    log.blocks(SLOT0, SLOT0 + 30)
    return log


def counts(log: PlantLog, minutes: int, **limits: int) -> tuple[SlotTally, dict[str, int]]:
    """Return the tally after so many minutes and the outcomes of its one point that occur."""
    rows = log.rows()
    span = Span(SLOT0, SLOT0 + 30, 0, 0)
    tally = SlotTally(rows.history.segments(span.start_ms, span.end_ms), span, **limits)
    found = None
    for slot in range(SLOT0, SLOT0 + minutes):
        tally.add(sealed_in(rows, slot, slot + 1))
        found = tally.until(slot + 1)
    assert found is not None
    (point,) = found["a1"].points
    return tally, {o.value: n for o, n in point.counts.items() if n}


def test_late_value_improves_a_slot_that_was_counted_as_missed() -> None:
    log = one_point()
    log.row("a1/state", T0 + 1_000, 1, slot=SLOT0 + 9)
    assert counts(log, 9)[1] == {"missed_agent": 9}
    assert counts(log, 10)[1] == {"late": 1, "missed_agent": 9}


@pytest.mark.parametrize("minute", [0, 1, 9], ids=["same minute", "next minute", "much later"])
def test_good_row_that_repeats_an_uncertain_one_is_dropped_across_minutes(minute: int) -> None:
    """Claims.md §0: a value row equal to an earlier one at the same instant is dropped, whatever the status."""
    log = one_point()
    log.row("a1/state", T0 + 1_000, 1, status=UNCERTAIN)
    log.row("a1/state", T0 + 1_000, 1, slot=SLOT0 + minute)
    assert counts(log, 10)[1] == {"bad_quality": 1, "missed_agent": 9}


@pytest.mark.parametrize("change", ["value", "instant"])
def test_good_row_that_differs_from_an_uncertain_one_counts(change: str) -> None:
    log = one_point()
    log.row("a1/state", T0 + 1_000, 1, status=UNCERTAIN)
    log.row("a1/state", T0 + 1_000 + (change == "instant"), 1 + (change == "value"), slot=SLOT0 + 1)
    assert counts(log, 10)[1] == {"on_time": 1, "missed_agent": 9}


def test_text_is_compared_as_text_whatever_number_a_reader_gives_it() -> None:
    log = PlantLog()
    program = signal("program", "program", "text", required=True)
    log.config(document([asset("a1")], {"a1": [program]}))
    log.blocks(SLOT0, SLOT0 + 30)
    log.row("a1/program", T0 + 1_000, "O1", status=UNCERTAIN)
    log.row("a1/program", T0 + 2_000, "O2", status=UNCERTAIN, slot=SLOT0 + 1)
    log.row("a1/program", T0 + 1_000, "O1", slot=SLOT0 + 2)
    assert counts(log, 10)[1] == {"bad_quality": 1, "missed_agent": 9}
    log.row("a1/program", T0 + 2_000, "O3", slot=SLOT0 + 3)
    # It counts as received at minute 2, which is when the slot of minute 0 is due: its end and a minute.
    assert counts(log, 10)[1] == {"on_time": 1, "missed_agent": 9}


def test_equal_value_in_another_stream_is_no_repeat() -> None:
    """The name moves from one stream to another with a configuration; claims.md §0: a signal is (stream, name)."""
    log = PlantLog()
    for role, first in (("process_value", 0), ("temperature", 1)):
        x = signal("x", role, required=True, deadline_ms=MIN)
        log.config(document([asset("a1")], {"a1": [x]}))
        log.blocks(SLOT0 + first, SLOT0 + (1, 30)[first])
    log.row("a1/x", T0 + 1_000, 1, status=UNCERTAIN)
    log.row("a1/x", T0 + 1_000, 1, slot=SLOT0 + 1)
    rows = log.rows()
    span = Span(SLOT0, SLOT0 + 3, 0, 0)
    tally = SlotTally(rows.history.segments(span.start_ms, span.end_ms), span)
    for slot in range(SLOT0, SLOT0 + 3):
        tally.add(sealed_in(rows, slot, slot + 1))
    assert claims(rows, span, tally) == claims(rows, span, None)


def test_value_of_the_future_waits_for_its_slot() -> None:
    log = one_point()
    log.row("a1/state", T0 + 5 * MIN + 1_000, 1, slot=SLOT0)
    assert counts(log, 5)[1] == {"missed_agent": 5}
    assert counts(log, 6)[1] == {"missed_agent": 5, "on_time": 1}


def test_gap_shrinks_when_the_slot_in_its_middle_is_filled() -> None:
    log = one_point()
    log.row("a1/state", T0 + 4 * MIN, 1, slot=SLOT0 + 20)
    tally, _ = counts(log, 20)
    gap = tally.until(SLOT0 + 20)["a1"].points[0].longest_gap
    assert (gap.start_ms, gap.length_ms) == (T0, 20 * MIN)
    tally, _ = counts(log, 21)
    gap = tally.until(SLOT0 + 21)["a1"].points[0].longest_gap
    # Slots 0-3 and 5-20 are missed.
    assert (gap.start_ms, gap.length_ms) == (T0 + 5 * MIN, 16 * MIN)


def test_want_of_memory_is_said_when_it_may_matter_and_only_then() -> None:
    log = one_point()
    for second in range(0, 1200, 2):
        log.row("a1/state", T0 + second * 1000, second, status=UNCERTAIN)
    assert counts(log, 25, most_values=100)[0].exact
    log.row("a1/state", T0 + 1_000, 1, slot=SLOT0 + 22)  # no repeat, but who knows
    assert counts(log, 25)[0].exact
    assert counts(log, 25)[1]["late"] == 1
    assert not counts(log, 25, most_values=100)[0].exact


def test_more_slots_than_there_is_room_for_are_refused_in_both_languages() -> None:
    log = one_point()
    with pytest.raises(PermanentError) as caught:
        counts(log, 1, most_slots=29)
    assert "29" in caught.value.en
    assert "29" in caught.value.zh
    counts(log, 1, most_slots=30)
