"""The statistics store hour by hour, with restarts, late data and changed configurations, equals all rows at once."""

from __future__ import annotations

import random
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.statistics.keeper import GRACE_SLOTS, StatisticsKeeper
from agent.statistics.query import stored_cells
from kpi.equipment.cells import AssetCells
from kpi.equipment.space import equipment_space
from kpi.equipment.summing import sums_of
from kpi.window import Span
from kpi.workspace import Workspace
from storage.statistics import StatisticsStore
from tests.support.equipment_definition import random_log
from tests.support.kpi_plant import MIN, SLOT0, T0
from tests.support.sealed_plant import SealedPlant

HOURS = 7
often = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def all_at_once(plant: SealedPlant, hours: int) -> AssetCells:
    """The cells of the first hours from every row that was sealed."""
    sealed = plant.index.slots[-1] + 1
    last = SLOT0 + hours * 60
    first = plant.index.slots[0]
    span = Span(first // 60 * 60, last, 0, sealed - last)
    work = Workspace(plant.log.rows(), span)
    return equipment_space(work).cells("a1")


def same(stored: AssetCells, once: AssetCells) -> None:
    low = int(stored.table.start[0])
    at = once.table.start >= low
    columns = "start end kind day test atoms counts failures repairs repair_ms marks"
    for name in columns.split():
        assert np.array_equal(getattr(stored.table, name), getattr(once.table, name)[at]), name
    names = [[c.products[p] for p in c.table.product.tolist()] for c in (stored, once)]
    assert names[0] == [n for n, ok in zip(names[1], at.tolist(), strict=True) if ok]
    a, b = sums_of(stored), sums_of(once)
    assert a == b


@often
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_store_hour_by_hour_equals_all_rows_at_once(seed: int, choice: int) -> None:
    rng = random.Random(choice)
    log = random_log(seed, HOURS * 60)
    # some rows come hours late, some claim to be minutes ahead of their sealing
    for slot in sorted(log.pending):
        for row in list(log.pending[slot]):
            kick = rng.random()
            if kick < 0.02:
                log.pending[slot].remove(row)
                later = min(slot + rng.choice((15, 70, 200)), SLOT0 + HOURS * 60 + 2)
                log.pending.setdefault(later, []).append(row)
    with tempfile.TemporaryDirectory() as name, closing(SealedPlant(log, Path(name))) as plant:
        path = Path(name) / "statistics.sqlite"
        store = StatisticsStore(path)
        keeper = StatisticsKeeper(store, plant.archive)
        at = SLOT0
        last = SLOT0 + HOURS * 60 + 3
        while at < last:
            at = min(at + rng.choice((7, 45, 61, 150)), last)
            plant.seal(at)
            plant.archive.sync()
            keeper.update(plant.index)
            if rng.random() < 0.3:
                store.close()
                store = StatisticsStore(path)
                keeper = StatisticsKeeper(store, plant.archive)
        kept = keeper.update(plant.index)
        hours = (last - GRACE_SLOTS - SLOT0) // 60
        assert kept.seen_ms == T0 + hours * 60 * MIN
        found = stored_cells(store, "a1", plant.documents, T0 - 60 * MIN, kept.seen_ms)
        assert found is not None
        same(found, all_at_once(plant, hours))
        # formed anew from the beginning it is the same, to the last byte
        before = store.asset_days("a1", 0, 10**6)
        keeper.rebuild(plant.index)
        again = stored_cells(store, "a1", plant.documents, T0 - 60 * MIN, kept.seen_ms)
        assert again is not None
        same(again, all_at_once(plant, hours))
        assert store.asset_days("a1", 0, 10**6).days == before.days
        store.close()
