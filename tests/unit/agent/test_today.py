"""Figures of the running day on a log with two hundred required process points, minute by minute as the board asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.board import Board
from agent.day_slots import DaySlots
from agent.log_reader import LogFollower, window_of
from agent.sealer import Now, Sealer
from agent.tiles import Tiles
from agent.today import Today, today
from config.document import PlantDocument, plant_document
from evidence.grammar import Origin
from evidence.keys import SeedSigner
from evidence.note import log_key
from kpi.claims import claim_object
from kpi.evaluate import evaluate
from model.batch import NO_TIME, Batch, make_batch
from model.errors import VerificationError
from model.flags import MissedCause, RowFlag
from model.status import BAD_NO_DATA, UNCERTAIN
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger
from tests.support.plant_run import loaded, write_plant

MIN_MS = 60_000
POINTS = 200
DAY = 30_000_960
"""2027-01-16T00:00:00Z, 08:00 local: a production day begins."""
FIRST = DAY - 20
SIGNER = SeedSigner(bytes(range(32)))
ORIGIN = Origin("sim", "91500000DEMO000001", "ws1", 1)
ALIVE = int(RowFlag.ALIVE | RowFlag.NO_VALUE)

Row = tuple[str, int | None, int, int, int]
"""Signal, source ms after the begin of the minute (None: the device gives no time), value, status, flags."""


def rows_of(minute: int) -> Iterator[Row]:
    """Yield the rows of a minute; the last digit of a point says what its device is like."""
    yield ("state", 1_000, 1, 0, 0)
    yield ("good", 2_000, minute, 0, 0)
    for i in range(POINTS):
        name = f"p{i}"
        match i % 10:
            case 1:  # rests: proofs of life after a first value
                yield (name, None, 0, 0, ALIVE) if minute else (name, 3_000, 7, 0, 0)
            case 2:  # unsure
                yield (name, 3_000, minute, UNCERTAIN, 0)
            case 3:  # its values come five minutes late
                yield (name, 3_000 - 5 * MIN_MS, minute, 0, 0)
            case 4:  # never heard of
                pass
            case 5:  # not there, said by the agent a minute later
                cause = int(MissedCause.NETWORK)
                yield (name, -MIN_MS, cause, BAD_NO_DATA, int(RowFlag.MISSED))
            case 6:  # unsure, and the same value of the same instant again as good one a minute later: the first counts
                yield (name, 3_000, minute, UNCERTAIN, 0)
                yield (name, 3_000 - MIN_MS, minute - 1, 0, 0)
            case _:
                yield (name, 3_000, minute, 0, 0)


class SealedPlant:
    """A log that grows by hand."""

    def __init__(self, folder: Path, sealer: Sealer, frames: Path) -> None:
        self.follower = LogFollower(folder / "ledger", frames)
        self.frames = frames
        self._folder = folder
        self._sealer = sealer
        self._minute = 0
        self._started = False

    def document(self, change: Callable[[dict[str, Any]], None]) -> PlantDocument:
        """Return a configuration with the points; `change` may alter it before."""

        def both(plant: dict[str, Any]) -> None:
            address = {"encoding": "uint16"}
            plant["devices"][0]["signals"] = [
                {
                    "name": f"p{i}",
                    "role": "process_value",
                    "type": "int",
                    "required": True,
                    "address": {**address, "address": 100 + i},
                }
                for i in range(POINTS)
            ]
            change(plant)

        ports = {"plc-01": 1502}
        return plant_document(loaded(write_plant(self._folder, ports, ["plc-01"], change=both)))

    def seal(self, document: PlantDocument, minutes: int) -> None:
        """Seal the next minutes under a configuration."""
        for _ in range(minutes):
            slot, now = FIRST + self._minute, self._now(0)
            if not self._started:
                self._sealer.start(document, now, clean=True, torn_bytes=0)
                self._started = True
            self._sealer.configure(document, now)
            rows = self._batch(document, list(rows_of(self._minute)), slot * MIN_MS)
            self._minute += 1
            self._sealer.seal(slot, [rows], document.table, self._now(0), dur_ms=MIN_MS, sync=False)

    def _now(self, ms: int) -> Now:
        ns = ((FIRST + self._minute) * MIN_MS + ms) * 1_000_000
        return Now(ns, ns, "R")

    def _batch(self, document: PlantDocument, rows: Sequence[Row], start_ms: int) -> Batch:
        known = document.table.by_name
        rows = [r for r in rows if ("plc-01", r[0]) in known]
        return make_batch(
            signal=[known["plc-01", name] for name, *_ in rows],
            source_ns=[
                NO_TIME if at is None else (start_ms + at) * 1_000_000 for _, at, *_ in rows
            ],
            received_ns=(start_ms + 5_000) * 1_000_000,
            value=[value for _, _, value, *_ in rows],
            status=[status for *_, status, _ in rows],
            flags=[flags | int(RowFlag.SIMULATED) for *_, flags in rows],
        )


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[SealedPlant]:
    ledger = open_ledger(tmp_path / "ledger", log_key(ORIGIN, SIGNER.public_key))
    assert isinstance(ledger, Ledger)
    with ledger, FrameArchive(tmp_path / "frames", level=1) as archive:
        sealer = Sealer(
            ledger=ledger, archive=archive, signer=SIGNER, secret=bytes(32), origin=ORIGIN
        )
        yield SealedPlant(tmp_path, sealer, tmp_path / "frames")


def assert_as_from_all_rows(plant: SealedPlant, found: Today) -> None:
    """Compare every figure with the one from all rows of the window."""
    assert found.span is not None
    index = plant.follower.update()
    archive = FrameArchive(plant.frames, read_only=True)
    rows = window_of(index, archive, found.span.first - found.span.lead, found.span.last)
    assert {"upload-rate", "networked", "nc-ratio", "oee"} <= found.figures.keys()
    for figure in found.figures.values():
        expected = evaluate(figure.request, rows)
        assert claim_object("c", figure.request, figure.result) == claim_object(
            "c", figure.request, expected
        )


def outcomes(found: Today) -> dict[str, dict[str, int]]:
    return {
        p["signal"]: p["outcomes"] for p in found.figures["upload-rate"].result.detail["points"]
    }


def test_today_with_two_hundred_process_points_equals_the_figures_from_all_rows(plant: SealedPlant):
    document = plant.document(lambda _: None)
    slots = DaySlots(plant.follower)
    plant.seal(document, 13)
    assert_as_from_all_rows(plant, today(plant.follower, slots))
    for _ in range(4):
        plant.seal(document, 1)
        assert_as_from_all_rows(plant, today(plant.follower, slots))
    found = outcomes(today(plant.follower, slots))
    assert len(found) == POINTS + 3  # state, good and scrap of the profile are required as well
    # 17 minutes. By hand: p3 of minute m arrives in minute m+5, so the last five are missed; p5 of minute m in m+1.
    assert found["p0"] == {"on_time": 17}
    assert found["p1"] == {"on_time": 1, "held_alive": 16}
    assert found["p2"] == found["p6"] == {"bad_quality": 17}
    assert found["p3"] == {"late": 12, "missed_agent": 5}
    assert found["p4"] == {"missed_agent": 17}
    assert found["p5"] == {"missed_network": 16, "missed_agent": 1}


def test_today_begins_anew_with_the_production_day(plant: SealedPlant):
    document = plant.document(lambda _: None)
    slots = DaySlots(plant.follower)
    plant.seal(document, 20)
    assert_as_from_all_rows(plant, today(plant.follower, slots))
    plant.seal(document, 7)
    found = today(plant.follower, slots)
    assert_as_from_all_rows(plant, found)
    assert found.span is not None
    assert (found.span.first, found.span.last) == (DAY, DAY + 7)
    assert outcomes(found)["p0"] == {"on_time": 7}


def test_today_after_a_change_of_the_point_list(plant: SealedPlant):
    def fewer(content: dict[str, Any]) -> None:
        for signal in content["devices"][0]["signals"][:20]:
            signal["required"] = False
        for signal in content["devices"][0]["signals"][20:40]:
            signal["slot"] = "5 min"

    slots = DaySlots(plant.follower)
    plant.seal(plant.document(lambda _: None), 6)
    assert_as_from_all_rows(plant, today(plant.follower, slots))
    other = plant.document(fewer)
    for _ in range(7):
        plant.seal(other, 1)
        assert_as_from_all_rows(plant, today(plant.follower, slots))
    found = outcomes(today(plant.follower, slots))
    assert found["p0"] == {"on_time": 6}, "required as long as the first list was in force"


def test_a_minute_reads_that_minute_only(plant: SealedPlant, monkeypatch: pytest.MonkeyPatch):
    asked: list[list[int]] = []
    payloads = FrameArchive.payloads

    def watched(archive: FrameArchive, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        asked.append(list(wanted))
        return payloads(archive, wanted)

    monkeypatch.setattr(FrameArchive, "payloads", watched)
    document = plant.document(lambda _: None)
    slots = DaySlots(plant.follower)
    plant.seal(document, 8)
    today(plant.follower, slots)
    # Once for the streams of which the day stays in memory, once for the slots of every required point.
    assert asked == [list(range(FIRST, FIRST + 8))] * 2
    for minute in range(8, 11):
        asked.clear()
        plant.seal(document, 1)
        today(plant.follower, slots)
        assert asked == [[FIRST + minute]] * 2
    asked.clear()
    today(plant.follower, slots)
    assert [slot for wanted in asked for slot in wanted] == []


def test_too_many_slots_leave_the_other_figures_and_are_said_once(
    plant: SealedPlant, caplog: pytest.LogCaptureFixture
):
    document = plant.document(lambda _: None)
    slots = DaySlots(plant.follower, most_slots=1000)
    for _ in range(3):
        plant.seal(document, 1)
        found = today(plant.follower, slots)
        assert "oee" in found.figures
        assert "upload-rate" not in found.figures
    assert caplog.text.count("more than 1000 scheduled slots") == 1


def test_damaged_frame_is_an_error_and_the_next_count_begins_again(plant: SealedPlant):
    document = plant.document(lambda _: None)
    slots = DaySlots(plant.follower)
    plant.seal(document, 5)
    before = today(plant.follower, slots)
    assert before.span is not None
    plant.seal(document, 2)
    history = plant.follower.update().history
    (file,) = plant.frames.glob("*.frames")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] + bytes(9))
    with pytest.raises(VerificationError):
        slots.counts(replace(before.span, last=FIRST + 7), DAY, history)
    file.write_bytes(whole)
    assert_as_from_all_rows(plant, today(plant.follower, slots))


def test_board_explains_upload_rate_and_networked_with_two_hundred_points(
    plant: SealedPlant, tmp_path: Path
):
    document = plant.document(lambda _: None)
    plant.seal(document, 5)
    plan = loaded(tmp_path / "site.yaml")
    board = Board(plan, Tiles(plan, document.table, {"plc-01": "plc-01"}), str(ORIGIN), 480)
    board.set_today(today(plant.follower, DaySlots(plant.follower)))
    upload, networked = board.explain("upload_rate"), board.explain("networked")
    assert upload is not None
    assert networked is not None
    assert upload.algorithm == "upload-rate/1"
    assert [m.id for m in upload.members] == ["plc-01"]
    assert networked.algorithm == "networked/1"
    assert [m.id for m in networked.members] == ["plc-01"]
