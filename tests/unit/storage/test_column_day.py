"""Days in columns: every frame comes out byte for byte, damage is refused where it is, nothing half-written stays."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from evidence.frame import FrameRow, StreamLayout, write_frame
from model.errors import PermanentError, TransientError, VerificationError
from model.flags import RowFlag
from model.signal import SignalType
from storage import column_pack
from storage.column_day import ColumnDay, StreamRows, column_path
from storage.column_pack import pack_day
from storage.frame_archive import SLOTS_A_DAY, FrameArchive

DAY = 20_512
FIRST = DAY * SLOTS_A_DAY
MIN = 60_000
INT, TEXT = SignalType.INT, SignalType.TEXT

Rows = Callable[[int], list[FrameRow]]
"""By slot."""


Streams = dict[str, tuple[list[SignalType], Rows]]


def build(folder: Path, streams: Streams, slots: int = 5, first: int = FIRST) -> FrameArchive:
    """Return an archive with the streams in some minutes of a day."""
    layouts = {name: StreamLayout.of(name, types) for name, (types, _) in streams.items()}
    with FrameArchive(folder) as archive:
        for slot in range(first, first + slots):
            frames = [write_frame(layouts[s], slot, rows(slot)) for s, (_, rows) in streams.items()]
            archive.append(slot, [slot.to_bytes(16, "big") for _ in frames], frames)
    return FrameArchive(folder, read_only=True)


def packed(archive: FrameArchive) -> ColumnDay:
    path = column_path(archive.folder, DAY)
    pack_day(archive, DAY, path)
    return ColumnDay(path)


def same_frames(archive: FrameArchive, day: ColumnDay) -> None:
    slots = list(archive.slots(FIRST, FIRST + SLOTS_A_DAY - 1))
    assert list(day.payloads()) == list(archive.payloads(slots))
    assert day.slots.tolist() == slots


def row(slot: int, second: int, signal: int, value: object, **more: object) -> FrameRow:
    at = slot * MIN + second * 1000
    return FrameRow(at + 3, at, signal, value, **more)  # type: ignore[arg-type]


CASES: dict[str, tuple[list[SignalType], Rows]] = {
    "nothing": ([INT], lambda _: []),
    "one": ([INT], lambda slot: [row(slot, 5, 0, slot)]),
    "constant": ([INT], lambda slot: [row(slot, 5, 0, 7), row(slot, 6, 0, 7)]),
    "sometimes": ([INT], lambda slot: [row(slot, 5, 0, 1)] * (slot % 3)),
    "no source time": ([INT], lambda slot: [FrameRow(slot * MIN + 9, None, 0, 1)]),
    "both": ([INT], lambda slot: [FrameRow(slot * MIN + 9, None, 0, 1), row(slot, 1, 0, 2)]),
    "wide": ([INT], lambda slot: [row(slot, 5, 0, v) for v in (-(2**63), 2**63 - 1, 0, slot)]),
    "days late": ([INT], lambda slot: [FrameRow(slot * MIN, 1, 0, 1), row(slot, 5, 0, 2)]),
    "texts": (
        [INT, TEXT],
        lambda slot: [row(slot, 5, 1, b"A" * (slot % 7)), row(slot, 6, 0, 1), row(slot, 7, 1, b"\xe9\x92\xbb")],
    ),
    "marked": (
        [INT, INT],
        lambda slot: [
            row(slot, 5, 1, 4, status=0x8000_0000),
            row(slot, 6, 0, 5, flags=RowFlag.BACK_FILLED),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_frame_comes_out_again(tmp_path: Path, case: str) -> None:
    archive = build(tmp_path, {"a.state": CASES[case], "b.state": CASES["one"]})
    same_frames(archive, packed(archive))


def test_random_frames_come_out_again(tmp_path: Path) -> None:
    rng = random.Random(5)

    def rows(slot: int) -> list[FrameRow]:
        bits = rng.choice((1, 8, 16, 31, 32, 33, 60))
        return [
            FrameRow(
                slot * MIN + rng.getrandbits(min(bits, 33)),
                None if rng.random() < 0.1 else slot * MIN - rng.getrandbits(min(bits, 33)),
                rng.randrange(3),
                rng.getrandbits(bits),
            )
            for _ in range(rng.randrange(9))
        ]

    archive = build(tmp_path, {"a.state": ([INT] * 3, rows)}, slots=200)
    same_frames(archive, packed(archive))


def test_streams_that_come_and_go_and_big_frames_make_runs(tmp_path: Path) -> None:
    build(tmp_path, {"a.state": CASES["one"]}, slots=3)
    both = {"a.state": CASES["one"], "c.state": CASES["one"]}
    archive = build(tmp_path, both, slots=6, first=FIRST + 3)
    # a frame of one row has 64 bytes: a run ends when it has 200, which is two blocks of two frames
    with patch.object(column_pack, "RUN_BYTES", 200):
        day = packed(archive)
    assert [run.streams for run in day.runs] == [("a.state",), *[("a.state", "c.state")] * 3]
    assert [len(run.slots) for run in day.runs] == [3, 2, 2, 2]
    same_frames(archive, day)


def test_columns_are_the_rows(tmp_path: Path) -> None:
    archive = build(tmp_path, {"a.state": CASES["both"]}, slots=2)
    day = packed(archive)
    rows = StreamRows(day.read(day.runs[0], [0]))
    # two rows a block: one without source time, one a second after the minute
    minute = np.array([FIRST, FIRST, FIRST + 1, FIRST + 1]) * MIN
    assert rows.rows.tolist() == [2, 2]
    assert rows.column("value").tolist() == [1, 2, 1, 2]
    assert rows.column("received").tolist() == [
        x + y for x, y in zip(minute.tolist(), (9, 1003, 9, 1003), strict=True)
    ]
    assert rows.column("source").tolist() == [
        -(2**63),
        minute[0] + 1000,
        -(2**63),
        minute[2] + 1000,
    ]
    assert rows.constant("flags") == 0
    assert rows.constant("value") is None
    assert rows.by_block(np.array([5, 6])).tolist() == [5, 5, 6, 6]
    assert day.runs[0].rows == [4]
    assert day.runs[0].first_ms[0] <= minute[0] + 9


def test_damaged_section_is_refused_and_the_others_stay_readable(tmp_path: Path) -> None:
    archive = build(tmp_path, {"a.state": CASES["one"], "b.state": CASES["texts"]})
    day = packed(archive)
    data = bytearray(day.path.read_bytes())
    data[int(day.runs[0].sections[1]["at"]) + 90] ^= 1
    day.path.write_bytes(data)
    again = ColumnDay(day.path)
    [fine] = again.read(again.runs[0], [0])
    assert fine.count == 5
    with pytest.raises(VerificationError, match=r"b\.state"):
        again.read(again.runs[0], [1])


@pytest.mark.parametrize("place", [0, 1, 9, 17, 25, 28, -1])
def test_damaged_head_or_directory_is_refused(tmp_path: Path, place: int) -> None:
    day = packed(build(tmp_path, {"a.state": CASES["one"]}))
    data = bytearray(day.path.read_bytes())
    data[place] ^= 0x40
    day.path.write_bytes(data)
    if place == 9:
        # the day itself is not sealed by a checksum: whoever reads compares it with the name and the slots
        assert ColumnDay(day.path).day != DAY
        return
    with pytest.raises(VerificationError):
        ColumnDay(day.path)


def test_file_cut_short_is_refused(tmp_path: Path) -> None:
    day = packed(build(tmp_path, {"a.state": CASES["one"]}))
    data = day.path.read_bytes()
    for size in (0, 3, 20, len(data) - 1):
        day.path.write_bytes(data[:size])
        with pytest.raises(VerificationError):
            ColumnDay(day.path)


def test_newer_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    day = packed(build(tmp_path, {"a.state": CASES["one"]}))
    data = bytearray(day.path.read_bytes())
    struct.pack_into("<B", data, 4, 3)
    day.path.write_bytes(data)
    with pytest.raises(PermanentError, match="newer plantproof"):
        ColumnDay(day.path)


def test_damaged_record_of_the_archive_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    archive = build(tmp_path, {"a.state": CASES["one"]})
    path = archive.path(DAY)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(VerificationError):
        packed(FrameArchive(tmp_path, read_only=True))
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_frames_that_would_not_come_out_again_are_refused(tmp_path: Path) -> None:
    archive = build(tmp_path, {"a.state": CASES["both"]})
    # a writer that forgets which rows have no source time
    forgetful = column_pack._narrow

    def narrow(values: object, absent: object) -> tuple[bytes, int, int]:
        return forgetful(values, None)  # type: ignore[arg-type]

    with patch.object(column_pack, "_narrow", narrow), pytest.raises(VerificationError):
        packed(archive)
    assert list(tmp_path.glob("*.columns*")) == []


def test_full_disk_is_said_and_leaves_no_file(tmp_path: Path) -> None:
    archive = build(tmp_path, {"a.state": CASES["one"]})
    full = OSError(28, "No space left on device")
    with patch.object(column_pack.os, "fsync", side_effect=full), pytest.raises(TransientError):
        packed(archive)
    assert list(tmp_path.glob("*.columns*")) == []
