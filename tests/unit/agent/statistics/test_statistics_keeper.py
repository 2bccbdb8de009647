"""Statistics kept up beside the log: when an hour is formed, what late data change, interruption, several processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from agent.statistics.keeper import GRACE_SLOTS, Kept, StatisticsKeeper
from agent.statistics.query import stored_cells
from agent.statistics.rows import FUTURE_SLOTS
from kpi.equipment.summing import sums_of
from kpi.equipment.sums import EquipmentSums
from model.flags import RowFlag
from model.state import Atom
from storage.column_day import column_path
from storage.column_pack import pack_day
from storage.statistics import Change, Progress, StatisticsStore
from tests.support.equipment_plant import counted, machine, state_signal
from tests.support.kpi_plant import DAY, HOUR, MIN, SLOT0, T0, PlantLog, asset
from tests.support.sealed_plant import SealedPlant

DAY0 = T0 // DAY
SIGNALS = [state_signal(hold_ms=150_000), counted("good", "count_good")]


def plant_log(minutes: int) -> PlantLog:
    """a1 and a2 run and make a piece a minute; a3 says nothing."""
    log = PlantLog()
    assets = [asset(name) for name in ("a1", "a2", "a3")]
    log.config(machine(assets, dict.fromkeys(("a1", "a2", "a3"), SIGNALS)))
    log.blocks(SLOT0, SLOT0 + minutes)
    for minute in range(minutes):
        for name in ("a1", "a2"):
            log.row(f"{name}/state", T0 + minute * MIN, 1)
            log.row(f"{name}/good", T0 + minute * MIN, minute)
    return log


class Rig:
    """A sealed plant and its statistics."""

    def __init__(self, log: PlantLog, folder: Path) -> None:
        self.plant = SealedPlant(log, folder)
        self.path = folder / "statistics.sqlite"
        self.store = StatisticsStore(self.path)
        self.keeper = StatisticsKeeper(self.store, self.plant.archive)

    def seal(self, minute: int) -> Kept:
        """Seal the minutes before one, and update."""
        self.plant.seal(SLOT0 + minute)
        self.plant.archive.sync()
        return self.keeper.update(self.plant.index)

    def sums(self, name: str, from_ms: int = T0) -> EquipmentSums:
        progress = self.store.progress
        assert progress is not None
        cells = stored_cells(self.store, name, self.plant.documents, from_ms, progress.seen_ms)
        assert cells is not None
        return sums_of(cells)

    def close(self) -> None:
        self.store.close()
        self.plant.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with closing(Rig(plant_log(5 * 60), tmp_path)) as found:
        yield found


def good(sums: EquipmentSums) -> int | None:
    return sum(r.good or 0 for r in sums.rows) if sums.measured else None


def test_an_hour_is_formed_when_its_grace_is_over(rig: Rig) -> None:
    assert rig.keeper.update(rig.plant.index) == Kept(0, 0, ())
    assert rig.seal(60 + GRACE_SLOTS - 1) == Kept(T0, 0, ())
    assert rig.seal(60 + GRACE_SLOTS) == Kept(T0 + HOUR, 1, ())
    assert rig.store.progress == Progress(SLOT0 + 60 + GRACE_SLOTS, T0 + HOUR)
    assert rig.seal(3 * 60 + 30) == Kept(T0 + 3 * HOUR, 2, ())
    # a reading a minute: the first is the base, 59 pieces in the first hour
    assert good(rig.sums("a1")) == 59 + 60 + 60
    assert good(rig.sums("a3")) == 0


def test_late_data_form_earlier_hours_of_that_asset_anew(tmp_path: Path) -> None:
    log = plant_log(5 * 60)
    for minute in (30, 31):
        for name in ("state", "good"):
            spec = next(
                r for r in log.pending[SLOT0 + minute] if (r.stream, r.signal) == ("a1", name)
            )
            log.pending[SLOT0 + minute].remove(spec)
            log.pending[SLOT0 + 200].append(spec)
    with closing(Rig(log, tmp_path)) as rig:
        rig.seal(190)
        first = rig.sums("a1")
        kept = rig.seal(210)
        assert kept == Kept(T0 + 3 * HOUR, 0, ("a1",))
        assert rig.store.asset_days("a1", DAY0, DAY0).versions == (2,)
        assert rig.store.asset_days("a2", DAY0, DAY0).versions == (1,)
        expected = Change("a1", T0, T0 + 3 * HOUR, 2, SLOT0 + 210)
        assert rig.store.changes(T0, T0 + HOUR) == [expected]
        # without them the state of minute 29 held 150 s, so it was unknown for half a minute; no piece was missing
        again = rig.sums("a1")
        assert (first.atoms[Atom.UNK], first.atoms[Atom.RUN]) == (30_000, 3 * HOUR - 30_000)
        assert (again.atoms[Atom.UNK], again.atoms[Atom.RUN]) == (0, 3 * HOUR)
        assert good(first) == good(again) == 179


def test_late_data_that_change_nothing_are_no_new_version(tmp_path: Path) -> None:
    log = plant_log(5 * 60)
    log.row("a1/state", T0 + 30 * MIN, 1, slot=SLOT0 + 200)  # what was said at that minute already
    with closing(Rig(log, tmp_path)) as rig:
        assert rig.seal(210) == Kept(T0 + 3 * HOUR, 3, ())
        assert rig.store.asset_days("a1", DAY0, DAY0).versions == (1,)
        assert rig.store.changes(T0, T0 + DAY) == []


def test_interrupted_and_begun_again_it_is_the_same(tmp_path: Path) -> None:
    with closing(Rig(plant_log(5 * 60), tmp_path)) as rig:
        rig.plant.seal(SLOT0 + 300)
        rig.plant.archive.sync()
        calls = count()
        # the first hour is formed to know how much a minute holds; then it is asked to end
        ending = StatisticsKeeper(rig.store, rig.plant.archive, ending=lambda: next(calls) > 0)
        assert ending.update(rig.plant.index) == Kept(T0 + HOUR, 1, ())
        rig.store.close()
        rig.store = StatisticsStore(rig.path)
        again = StatisticsKeeper(rig.store, rig.plant.archive)
        assert again.update(rig.plant.index) == Kept(T0 + 4 * HOUR, 3, ())
        interrupted = {n: rig.store.asset_days(n, 0, 10**6) for n in ("a1", "a2", "a3")}
        again.rebuild(rig.plant.index)
        for name, days in interrupted.items():
            assert rig.store.asset_days(name, 0, 10**6) == days
        assert good(rig.sums("a2")) == 239


def test_an_asset_of_a_later_configuration_begins_with_it(tmp_path: Path) -> None:
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": SIGNALS}))
    log.blocks(SLOT0, SLOT0 + 90)
    log.config(machine([asset("a1"), asset("b1")], {"a1": SIGNALS, "b1": SIGNALS}))
    log.blocks(SLOT0 + 90, SLOT0 + 240)
    for minute in range(90, 240):
        log.row("b1/good", T0 + minute * MIN, minute)
    with closing(Rig(log, tmp_path)) as rig:
        rig.seal(80)
        assert rig.store.assets() == ["a1"]
        rig.seal(240)
        assert rig.store.assets() == ["a1", "b1"]
        cells = stored_cells(rig.store, "b1", rig.plant.documents, T0, T0 + 3 * HOUR)
        assert cells is not None
        # the hour of minute 90 begins at minute 60; b1 is there from minute 90 on
        assert int(cells.table.start[0]) == T0 + HOUR
        assert good(sums_of(cells)) == 89


def test_imported_rows_and_those_far_ahead_of_their_sealing_are_in_no_cell(tmp_path: Path) -> None:
    log = plant_log(5 * 60)
    log.row("a1/good", T0 + 70 * MIN + 1, 5000, flags=RowFlag.IMPORTED)
    ahead = T0 + (60 + FUTURE_SLOTS + 1) * MIN
    log.row(
        "a1/good", ahead, 6000, slot=SLOT0 + 60
    )  # two hours and a minute after its minute began
    with closing(Rig(log, tmp_path)) as rig:
        rig.seal(300)
        found = rig.sums("a1")
        assert good(found) == 239
        assert found.marks == {}


def test_two_processes_form_what_one_forms(tmp_path: Path) -> None:
    with closing(Rig(plant_log(25 * 60), tmp_path)) as rig:
        rig.seal(25 * 60)
        names = ("a1", "a2", "a3")
        plain = {n: rig.store.asset_days(n, 0, 10**6) for n in names}
        pack_day(rig.plant.archive, DAY0, column_path(rig.plant.archive.folder, DAY0))
        kept = rig.keeper.rebuild(rig.plant.index, processes=2)
        assert kept == Kept(T0 + 24 * HOUR, 24, ())
        for name in names:
            found = rig.store.asset_days(name, 0, 10**6)
            assert (found.days, found.versions) == (plain[name].days, plain[name].versions)
            assert [len(b) for day in found.blobs for b in day] == [
                len(b) for day in plain[name].blobs for b in day
            ]
        assert good(rig.sums("a1")) == good(rig.sums("a2")) == 24 * 60 - 1


def test_columns_that_are_damaged_or_of_other_minutes_are_not_used(tmp_path: Path) -> None:
    with closing(Rig(plant_log(25 * 60), tmp_path)) as rig:
        rig.seal(25 * 60)
        path = column_path(rig.plant.archive.folder, DAY0)
        pack_day(rig.plant.archive, DAY0, path)
        whole = path.read_bytes()
        for spoiled in (whole[:-1], b"", whole[:100]):
            path.write_bytes(spoiled)
            rig.keeper.rebuild(rig.plant.index)
            assert good(rig.sums("a1")) == 24 * 60 - 1
