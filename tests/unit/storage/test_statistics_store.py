"""The statistics file: days and names come back, hours are replaced from one on, one writer, other versions refused."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kpi.equipment.cells import AssetCells, CounterId
from kpi.equipment.summing import sums_of
from model.errors import PermanentError, PlantproofError
from model.signal import Role
from storage.statistics import Change, Progress, StatisticsStore
from storage.statistics_codec import DayRecords, day_of, encode_days, merged
from storage.statistics_decode import Names, cells_of
from storage.statistics_packets import OwnNumbers, packed, unpacked
from tests.support.equipment_plant import cells, counted, machine, play, rules, state_signal, window
from tests.support.kpi_plant import DAY, HOUR, MIN, SLOT0, T0, PlantLog, asset

DAY0 = T0 // DAY
GOOD = CounterId(Role.COUNT_GOOD, "good")
KINDS = ("config", "shift", "product", "counter", "rate")


def formed(minutes: int = 300, step: int = 1, **rule: Any) -> AssetCells:
    """Cells of a machine that runs 20 of every 30 minutes and counts once a minute."""
    log = PlantLog()
    good = counted("good", "count_good", **({"counter": rules(**rule)} if rule else {}))
    log.config(machine([asset("a1")], {"a1": [state_signal(), good]}))
    log.blocks(SLOT0, SLOT0 + minutes + 1)
    play(log, "a1/state", [("run", 20), ("wait", 10)] * (minutes // 30))
    for minute in range(minutes):
        log.row("a1/good", T0 + minute * MIN, minute * step)
    return cells(log, window(minutes))


def stored(store: StatisticsStore, found: AssetCells, **answers: Any) -> None:
    with store.transaction():
        days = encode_days(found, ["d1"], store.numbers, answers.get("answers", {}))
        for day, records in days.items():
            store.put_day("a1", day, records)


def read(store: StatisticsStore, found: AssetCells) -> AssetCells:
    names = Names(*(store.names(k) for k in KINDS))
    documents = {"d1": found.documents[0]}
    again = cells_of(store.asset_days("a1", 0, 10**6), names, documents, int(found.table.end[-1]))
    assert again is not None
    return again


COLUMNS = (
    *("start", "end", "kind", "day", "test", "roles", "atoms", "counts"),
    *("failures", "repairs", "repair_ms", "marks"),
)


def same(a: AssetCells, b: AssetCells) -> None:
    for name in COLUMNS:
        assert np.array_equal(getattr(a.table, name), getattr(b.table, name)), name
    assert [a.products[p] for p in a.table.product] == [b.products[p] for p in b.table.product]


def test_cells_come_back_over_two_days(tmp_path: Path) -> None:
    found = formed(25 * 60)
    with StatisticsStore(tmp_path / "s.sqlite") as store:
        stored(store, found, answers={GOOD: {T0 // HOUR: 1, T0 // HOUR + 24: 3}})
        assert store.asset_days("a1", DAY0, DAY0 + 1).days == (DAY0, DAY0 + 1)
        again = read(store, found)
        same(again, found)
        assert (again.accepted, again.answered) == (1, 1)
        assert sums_of(again) == sums_of(found)


def test_value_beyond_32_bits_is_kept_beside(tmp_path: Path) -> None:
    # a count of 2³¹ a minute is one more than a narrow value holds
    found = formed(60, step=2**31, rate=(0, 1))
    with StatisticsStore(tmp_path / "s.sqlite") as store:
        stored(store, found)
        records = store.day("a1", DAY0)
        assert records is not None
        assert len(records.wide) > 0
        again = read(store, found)
    assert again.table.counts.sum() == 59 * 2**31


def test_count_beyond_64_bits_is_refused_never_cut(tmp_path: Path) -> None:
    log = PlantLog()
    good = counted("good", "count_good", type="uint", counter=rules())
    log.config(machine([asset("a1")], {"a1": [state_signal(), good]}))
    log.blocks(SLOT0, SLOT0 + 61)
    log.row("a1/good", T0, 0)
    log.row("a1/good", T0 + MIN, 2**64 - 1)
    with StatisticsStore(tmp_path / "s.sqlite") as store:
        with pytest.raises(PermanentError, match="64 bits"):
            stored(store, cells(log, window(60)))
        assert store.assets() == []


def test_hours_from_one_on_are_replaced() -> None:
    own = OwnNumbers()
    [before] = encode_days(formed(180), ["d1"], own.numbers, {GOOD: {T0 // HOUR: 1}}).values()
    [after] = encode_days(
        formed(240, step=2), ["d1"], own.numbers, {GOOD: {T0 // HOUR + 2: 1}}
    ).values()
    hour = 2 * HOUR
    later = part(after, hour)
    found = merged(before, later, 2)
    kept = before.cells["start"] < hour
    assert found.cells[: kept.sum()].tobytes() == before.cells[kept].tobytes()
    assert found.cells[kept.sum() :].tobytes() == later.cells.tobytes()
    # 59 pieces in the first hour and 60 in the second as they were, twice 60 in each later one
    assert pieces(found) == [59, 60, 120, 120]
    assert found.answers["hour"].tolist() == [0, 2]
    assert found.begins_otherwise(before)
    assert not before.begins_otherwise(before)
    assert not merged(before, part(before, hour), 2).begins_otherwise(before)


def part(records: DayRecords, start: int) -> DayRecords:
    """The cells of a day from an instant on, as if formed alone."""
    first = int((records.cells["start"] < start).sum())

    def cut(rows: Any) -> Any:
        found = rows[rows["cell"] >= first].copy()
        found["cell"] -= first
        return found

    columns = (records.values, records.wide, records.gaps, records.quantities)
    answers = records.answers[records.answers["hour"] >= start // HOUR]
    return DayRecords(records.cells[first:], *(cut(c) for c in columns), answers)


def pieces(records: DayRecords) -> list[int]:
    hour = records.cells["start"][records.values["cell"]] // HOUR
    good = records.values["what"] == 14  # 14 atoms, then good pieces
    return [int(records.values["value"][good & (hour == h)].sum()) for h in range(hour.max() + 1)]


def test_bytes_of_a_day_are_those_of_the_format() -> None:
    own = OwnNumbers()
    [day] = encode_days(formed(60), ["d1"], own.numbers, {GOOD: {T0 // HOUR: 3}}).values()
    cells_, values, wide, gaps, quantities, answers = day.blobs()
    # one hour, planned, shift number 0 + 1, no product, only good is counted; the shift from 00:00 began before the
    # production day of 2026-03-01 (08:00), so it is of 2026-02-28
    assert cells_ == struct.pack("<IHBBHiIB", 0, 0, 0, 0, 1, 20_512, 0, 1)
    # run 2 · 20 min, minor stops 2 · … : 10 min are longer than the 5 of a minor stop, so they wait; 59 good pieces
    assert values == b"".join(
        struct.pack("<IBi", 0, what, value)
        for what, value in ((0, 40 * MIN), (4, 20 * MIN), (14, 59))
    )
    assert (wide, gaps, quantities) == (b"", b"", b"")
    assert answers == struct.pack("<BHB", 0, 0, 3)
    assert own.names["counter"] == {"count_good good": 0}
    assert day_of(day.blobs()).blobs() == day.blobs()


def test_packet_of_another_process_gets_the_numbers_of_the_store(tmp_path: Path) -> None:
    found = formed(300)
    own = OwnNumbers()
    answers = {GOOD: {T0 // HOUR: 1}}
    packet = packed(encode_days(found, ["d1"], own.numbers, answers), own)
    with StatisticsStore(tmp_path / "s.sqlite") as store:
        with store.transaction():
            # other names were there first: every number differs
            numbers = store.numbers
            for give in (numbers.config, numbers.shift, numbers.product):
                assert [give("x"), give("y")] == [0, 1]
            assert numbers.counter("count_scrap scrap") == numbers.rate("5/1") == 0
            for day, records in unpacked(packet, store.numbers):
                store.put_day("a1", day, records)
        again = read(store, found)
        same(again, found)
        assert again.accepted == 1
        shifts = [again.shifts[s].name for s in again.table.shift.tolist()]
        assert shifts == [found.shifts[s].name for s in found.table.shift.tolist()]


def test_names_of_a_transaction_that_failed_are_forgotten(tmp_path: Path) -> None:
    with StatisticsStore(tmp_path / "s.sqlite") as store:

        def failing() -> None:
            with store.transaction():
                store.numbers.product("A")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            failing()
        assert store.names("product") == {}
        with store.transaction():
            assert store.numbers.product("B") == 0
        assert store.names("product") == {0: "B"}


def test_tails_versions_changes_and_progress(tmp_path: Path) -> None:
    with StatisticsStore(tmp_path / "s.sqlite") as store:
        assert store.progress is None
        with store.transaction():
            for seen, open_ms in ((100, 90), (200, 150), (300, 290)):
                store.put_tail("a1", seen, open_ms, b"%d" % seen)
            store.put_progress(Progress(7, 300))
        assert store.progress == Progress(7, 300)
        assert store.tail("a1", 299) == (200, b"200")
        assert store.tail("a1", 99) is None
        assert store.open_ms("a1") == 290
        assert store.open_ms("a2") is None
        with store.transaction():
            store.drop_tails("a1", [100, 300])
        assert store.tail_instants("a1") == [100, 300]
        stored(store, formed(60))
        change = Change("a1", T0, T0 + HOUR, 2, 7)
        with store.transaction():
            assert store.next_version("a1", DAY0) == 2
            store.put_change(change)
        assert store.asset_days("a1", DAY0, DAY0).versions == (2,)
        assert store.changes(T0 + HOUR, T0 + 2 * HOUR) == []
        assert store.changes(T0, T0 + 1) == [change]
        with store.transaction():
            store.clear()
        assert (store.assets(), store.progress, store.names("config")) == ([], None, {})


def test_only_one_writes_any_number_read(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with StatisticsStore(path) as store:
        stored(store, formed(60))
        with pytest.raises(PlantproofError):
            StatisticsStore(path)
        with StatisticsStore(path, read_only=True) as reader:
            assert reader.assets() == ["a1"]
    with StatisticsStore(path) as again:
        assert again.assets() == ["a1"]


def test_absent_file_is_not_made_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with pytest.raises(PermanentError, match="rebuild"):
        StatisticsStore(path, read_only=True)
    assert not path.exists()


def test_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    StatisticsStore(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=2")
    with pytest.raises(PermanentError, match="newer plantproof"):
        StatisticsStore(path, read_only=True)


def test_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(PermanentError, match="delete the file"):
        StatisticsStore(path)
    path.unlink()
    StatisticsStore(path).close()
