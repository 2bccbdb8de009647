"""The contract of `model.source.Source`, for every connector: one suite, one case file a connector.

A connector joins by a file `case_<protocol>.py` with a `CASE` (see `source_case.py`) and its name in `CASES`.
"""

from __future__ import annotations

import asyncio
import importlib
import time

import numpy as np
import pytest

from model.batch import NO_TIME, Batch
from model.errors import TransientError
from model.flags import RowFlag
from model.source import Source
from tests.contract.source_case import SourceCase
from tests.support.prompt import without_waiting
from tests.support.source_run import running

CASES = ["opcua", "modbus", "mqtt"]
"""Connectors in the suite: tests/contract/case_<name>.py."""

ALIVE = RowFlag.ALIVE | RowFlag.NO_VALUE


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> SourceCase:
    found = importlib.import_module(f"tests.contract.case_{request.param}").CASE
    assert isinstance(found, SourceCase)
    return found


def test_constructing_opens_nothing(case: SourceCase) -> None:
    # No event loop runs here: a constructor that starts a task or opens a socket fails.
    source = case.spec.create(case.nobody())
    assert source.name == case.nobody().name


async def test_close_before_connect_and_twice_is_fine(case: SourceCase) -> None:
    source = case.spec.create(case.nobody())
    await source.close()
    await source.close()


async def test_nobody_answers_transient_error_in_both_languages(case: SourceCase) -> None:
    source = case.spec.create(case.nobody())
    with pytest.raises(TransientError) as error:
        await first_batch(source)
    assert error.value.en
    assert error.value.zh != error.value.en
    await source.close()


async def test_rows_name_only_the_given_signals_and_have_the_types_of_a_batch(
    case: SourceCase,
) -> None:
    async with case.start() as plant:
        points = plant.context.points
        async with running(case.spec.create(plant.context), points) as run:
            await run.until(lambda: {r.signal for r in run.rows} == {p.index for p in points})
            for batch in run.batches:
                assert isinstance(batch, Batch)
                assert [c.dtype for c in _columns(batch)] == [
                    np.dtype(t)
                    for t in (np.int32, np.int64, np.int64, np.int64, np.uint32, np.uint16)
                ]
            first = run.values(points[0].index)
            assert first[0] == 5
    for row in run.rows:
        if row.flags & RowFlag.NO_VALUE:
            assert row.value is None
        if row.flags & RowFlag.ALIVE:
            assert (row.flags, row.status, row.source_ns) == (ALIVE, 0, NO_TIME)
        assert not row.flags & (RowFlag.SIMULATED | RowFlag.MISSED | RowFlag.IMPORTED)
        assert row.received_ns > 0


async def test_change_arrives_and_older_batches_stay_as_they_were(case: SourceCase) -> None:
    async with case.start() as plant:
        index = plant.context.points[0].index
        async with running(case.spec.create(plant.context), plant.context.points) as run:
            await run.until(lambda: 5 in run.values(index))
            kept = [(b, [c.copy() for c in _columns(b)]) for b in run.batches]
            for value in (6, 7, 8):
                await plant.set_first(value)
                await run.until(lambda value=value: value in run.values(index))
            for batch, copies in kept:
                for column, copy in zip(_columns(batch), copies, strict=True):
                    assert np.array_equal(column, copy)
        changes = [v for v in run.values(index) if v is not None]
        assert [v for i, v in enumerate(changes) if i == 0 or v != changes[i - 1]] == [5, 6, 7, 8]


async def test_resting_required_point_is_proven_alive(case: SourceCase) -> None:
    if not case.proves_rest:
        # Each poll is a row there: the same value must come again.
        async with case.start() as plant:
            index = plant.context.points[0].index
            async with running(case.spec.create(plant.context), plant.context.points) as run:
                await run.until(lambda: run.values(index).count(5) >= 3)
        return
    async with case.start() as plant:
        index = plant.context.points[0].index
        async with running(case.spec.create(plant.context), plant.context.points) as run:
            await run.until(lambda: sum(r.flags == ALIVE for r in run.of(index)) >= 2)


async def test_cancelled_without_waiting_for_a_time_out_and_usable_again(case: SourceCase) -> None:
    async with case.start() as plant:
        index = plant.context.points[0].index
        source = case.spec.create(plant.context)
        for _ in range(2):
            async with running(source, plant.context.points) as run:
                await run.until(lambda run=run: 5 in run.values(index))
                with without_waiting():
                    run.task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await run.task
                    await source.close()
            await source.close()


async def test_connect_cancelled_at_any_moment_leaves_nothing_and_is_usable_again(
    case: SourceCase,
) -> None:
    async with case.start() as plant:
        index = plant.context.points[0].index
        source = case.spec.create(plant.context)
        started = time.monotonic()
        await source.connect()
        whole = time.monotonic() - started
        await source.close()
        for part in range(40):
            attempt = asyncio.create_task(source.connect())
            await asyncio.sleep(whole * part / 32)  # from before the first step to after the last
            attempt.cancel()
            ended = (await asyncio.gather(attempt, return_exceptions=True))[0]
            assert ended is None or isinstance(ended, asyncio.CancelledError), repr(ended)
            await source.close()
        async with running(source, plant.context.points) as run:
            await run.until(lambda: 5 in run.values(index))


async def test_acknowledge_after_a_batch_is_accepted(case: SourceCase) -> None:
    async with case.start() as plant:
        source = case.spec.create(plant.context)
        async with running(source, plant.context.points) as run:
            await run.until(lambda: run.batches)
            await source.acknowledge()


async def test_stopped_counterpart_is_a_transient_error(case: SourceCase) -> None:
    async with case.start() as plant:
        index = plant.context.points[0].index
        async with running(case.spec.create(plant.context), plant.context.points) as run:
            await run.until(lambda: 5 in run.values(index))
            await plant.stop()
            if case.reports_stop:
                assert isinstance(await run.failure(), TransientError)
            else:
                await run.until(lambda: any(r.status & 0x80000000 for r in run.of(index)))


async def first_batch(source: Source) -> Batch:
    await source.connect()
    return await anext(aiter(source.batches()))


def _columns(batch: Batch) -> list[np.ndarray]:
    return [
        batch.signal,
        batch.source_ns,
        batch.received_ns,
        batch.value,
        batch.status,
        batch.flags,
    ]
