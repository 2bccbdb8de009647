"""Days in columns: the same frames come out, and statistics formed from them equal those of all rows at once."""

from __future__ import annotations

import random
import tempfile
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.statistics import rebuild as statistics_rebuild
from agent.statistics.keeper import GRACE_SLOTS, StatisticsKeeper
from agent.statistics.query import stored_cells
from storage.column_day import ColumnDay, column_path
from storage.column_pack import pack_day
from storage.frame_archive import SLOTS_A_DAY
from storage.statistics import StatisticsStore
from tests.property.test_statistics_keeper import all_at_once, same
from tests.support.equipment_definition import random_log
from tests.support.kpi_plant import MIN, SLOT0, T0
from tests.support.sealed_plant import SealedPlant

MINUTES = 3 * 1440 + 200
some = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


@some
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@example(104095, 524287)  # late rows of a counter that their time did not have
def test_store_from_columns_equals_all_rows_at_once(seed: int, choice: int) -> None:
    rng = random.Random(choice)
    log = random_log(seed, MINUTES)
    last = SLOT0 + MINUTES + 2
    for slot in sorted(log.pending):
        for row in list(log.pending[slot]):
            if rng.random() < 0.01:
                log.pending[slot].remove(row)
                later = min(slot + rng.choice((15, 200, 1500, 2900)), last)
                log.pending.setdefault(later, []).append(row)
    with tempfile.TemporaryDirectory() as name, closing(SealedPlant(log, Path(name))) as plant:
        folder = Path(name) / "frames"
        stop = SLOT0 + rng.choice((1441, 1500, 2 * 1440 + 700, MINUTES))
        plant.seal(stop)
        plant.archive.sync()
        days = [d for d in plant.archive.days() if d < (stop - 1) // SLOTS_A_DAY]
        for day in days[: rng.randrange(1, len(days) + 1)]:
            pack_day(plant.archive, day, column_path(folder, day))
            payloads = plant.archive.payloads(
                list(plant.archive.slots(day * 1440, day * 1440 + 1439))
            )
            assert list(ColumnDay(column_path(folder, day)).payloads()) == list(payloads)
        store = StatisticsStore(Path(name) / "statistics.sqlite")
        keeper = StatisticsKeeper(store, plant.archive)
        chunk = rng.choice((50, 500, 10**6))
        most = chunk * rng.choice((1, 10))
        with (
            patch.object(statistics_rebuild, "CHUNK_ROWS", chunk),
            patch.object(statistics_rebuild, "MOST_ROWS", most),
        ):
            keeper.rebuild(plant.index)
        if rng.random() < 0.5:
            store.close()
            store = StatisticsStore(Path(name) / "statistics.sqlite")
            keeper = StatisticsKeeper(store, plant.archive)
        plant.seal(last + 1)
        plant.archive.sync()
        kept = keeper.update(plant.index)
        hours = (last + 1 - GRACE_SLOTS - SLOT0) // 60
        assert kept.seen_ms == T0 + hours * 60 * MIN
        found = stored_cells(store, "a1", plant.documents, T0 - 60 * MIN, kept.seen_ms)
        assert found is not None
        same(found, all_at_once(plant, hours))
        store.close()
