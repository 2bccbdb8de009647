"""The archive of frames: round trip, torn tails, bit rot of one record, containers for bundles."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest

from evidence.block import sub_leaf
from evidence.container import RecordReader
from evidence.frame import FrameRow, StreamLayout, write_frame
from model.errors import PermanentError, VerificationError
from model.signal import SignalType
from storage.frame_archive import HEADER_BYTES, SLOTS_A_DAY, FrameArchive

DAY = 20_512  # 2026-02-28
FIRST = DAY * SLOTS_A_DAY
STREAMS = ("cnc-01.state", "cnc-01.process")
LAYOUTS = [StreamLayout.of(s, [SignalType.INT]) for s in STREAMS]


def salts_of(slot: int) -> list[bytes]:
    return [bytes([i]) * 8 + slot.to_bytes(8, "big") for i in range(2)]


def frames_of(slot: int) -> list[bytes]:
    rng = random.Random(slot)
    return [
        write_frame(
            layout,
            slot,
            [
                FrameRow(slot * 60_000 + i, None, 0, rng.getrandbits(60))
                for i in range(rng.randint(0, 20))
            ],
        )
        for layout in LAYOUTS
    ]


def build(folder, n: int, level: int = 6) -> None:
    with FrameArchive(folder, level=level) as archive:
        for slot in range(FIRST, FIRST + n):
            archive.append(slot, salts_of(slot), frames_of(slot))


def expected(slot: int) -> list[tuple[bytes, bytes]]:
    return list(zip(salts_of(slot), frames_of(slot), strict=True))


@pytest.mark.parametrize("level", [0, 1, 6])
def test_read_returns_salts_and_frames_also_after_reopening(tmp_path, level):
    build(tmp_path, 5, level)
    with FrameArchive(tmp_path, level=level) as archive:
        for slot in range(FIRST, FIRST + 5):
            assert archive.read(slot) == expected(slot)
        archive.append(FIRST + 5, salts_of(FIRST + 5), frames_of(FIRST + 5))
        assert archive.read(FIRST + 5) == expected(FIRST + 5)
        assert list(archive.slots(FIRST + 2, FIRST + 99)) == [FIRST + i for i in (2, 3, 4, 5)]


def test_one_file_a_utc_day(tmp_path):
    with FrameArchive(tmp_path) as archive:
        for slot in (FIRST - 1, FIRST, FIRST + SLOTS_A_DAY - 1, FIRST + SLOTS_A_DAY):
            archive.append(slot, salts_of(slot), frames_of(slot))
        assert archive.days() == [DAY - 1, DAY, DAY + 1]
        assert list(archive.slots(FIRST - 5, FIRST + 3000)) == [
            FIRST - 1,
            FIRST,
            FIRST + 1439,
            FIRST + 1440,
        ]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"{d}.frames" for d in ("2026-02-27", "2026-02-28", "2026-03-01")
    ]


def test_torn_tail_at_every_length_is_cut_counted_and_kept_aside(tmp_path):
    build(tmp_path / "a", 3)
    name = "2026-02-28.frames"
    whole = (tmp_path / "a" / name).read_bytes()
    with FrameArchive(tmp_path / "a", read_only=True) as archive:
        last = archive._index(DAY).places[FIRST + 2]
    start = last.offset - HEADER_BYTES
    for cut in range(start, len(whole)):
        folder = tmp_path / f"cut{cut}"
        folder.mkdir()
        (folder / name).write_bytes(whole[:cut])
        with FrameArchive(folder) as archive:
            assert archive.torn_bytes == cut - start
            assert list(archive.slots(FIRST, FIRST + 9)) == [FIRST, FIRST + 1]
            archive.append(FIRST + 2, salts_of(FIRST + 2), frames_of(FIRST + 2))
        with FrameArchive(folder) as archive:
            assert archive.read(FIRST + 2) == expected(FIRST + 2)
            assert archive.check_day(DAY) == []
        if cut > start:
            assert (folder / f"{name}.torn-1").read_bytes() == whole[start:cut]


def test_zero_filled_tail_is_cut(tmp_path):
    build(tmp_path, 3)
    with (tmp_path / "2026-02-28.frames").open("ab") as file:
        file.write(bytes(5000))
    with FrameArchive(tmp_path) as archive:
        assert archive.torn_bytes == 5000
        assert archive.check_day(DAY) == []


def test_bit_rot_of_one_record_is_found_and_the_others_are_read(tmp_path):
    """Every byte of the second of four records, one at a time."""
    build(tmp_path / "a", 4)
    name = "2026-02-28.frames"
    whole = (tmp_path / "a" / name).read_bytes()
    with FrameArchive(tmp_path / "a", read_only=True) as archive:
        place = archive._index(DAY).places[FIRST + 1]
    folder = tmp_path / "rot"
    folder.mkdir()
    for at in range(place.offset - HEADER_BYTES, place.offset + place.length, 3):
        bad = bytearray(whole)
        bad[at] ^= 0x04
        (folder / name).write_bytes(bad)
        with FrameArchive(folder) as archive:
            assert archive.torn_bytes == 0
            for slot in (FIRST, FIRST + 2, FIRST + 3):
                assert archive.read(slot) == expected(slot)
            with pytest.raises(VerificationError, match=f"slot {FIRST + 1}"):
                archive.read(FIRST + 1)
            (damage,) = archive.check_day(DAY)
            assert damage.slot in (FIRST + 1, -1)
            assert damage.file == name


def test_slot_written_again_supersedes_the_earlier_record(tmp_path):
    with FrameArchive(tmp_path) as archive:
        archive.append(FIRST, salts_of(1), frames_of(FIRST + 7))
        archive.append(FIRST, salts_of(FIRST), frames_of(FIRST))
    with FrameArchive(tmp_path) as archive:
        assert archive.read(FIRST) == expected(FIRST)


def test_container_gives_the_records_of_a_bundle_and_withholds_a_class(tmp_path):
    build(tmp_path, 3)
    with FrameArchive(tmp_path, read_only=True) as archive:
        data = b"".join(
            archive.container([FIRST, FIRST + 2], lambda stream: stream.endswith(".process"))
        )
    left = memoryview(data)
    position = 0

    def read(n: int) -> bytes:
        nonlocal position
        position += n
        return bytes(left[position - n : position])

    reader = RecordReader(read)
    for slot in (FIRST, FIRST + 2):
        (salt0, frame0), (salt1, frame1) = expected(slot)
        assert reader.take(2) == [(True, salt0 + frame0), (False, sub_leaf(salt1, frame1))]
    reader.finish()


def test_container_with_an_absent_slot_says_which(tmp_path):
    build(tmp_path, 1)
    with FrameArchive(tmp_path) as archive, pytest.raises(VerificationError, match=str(FIRST + 1)):
        list(archive.container([FIRST, FIRST + 1]))


def test_file_of_a_newer_version_is_left_alone(tmp_path):

    build(tmp_path, 1)
    path = tmp_path / "2026-02-28.frames"
    data = bytearray(path.read_bytes())
    data[4] = 2
    data[HEADER_BYTES - 4 : HEADER_BYTES] = zlib.crc32(data[: HEADER_BYTES - 4]).to_bytes(
        4, "little"
    )
    path.write_bytes(data)
    with pytest.raises(PermanentError, match="version 2"):
        FrameArchive(tmp_path)
    assert path.read_bytes() == data


def test_container_equals_the_frames_file_of_the_published_bundle(tmp_path):
    vectors = Path(__file__).resolve().parents[2] / "vectors" / "evidence"
    minutes = json.loads((vectors / "vectors.json").read_text("utf-8"))["minutes"]
    with FrameArchive(tmp_path) as archive:
        for minute in minutes:
            salts = [bytes.fromhex(s["salt"]) for s in minute["streams"]]
            archive.append(
                minute["slot"], salts, [bytes.fromhex(s["frame"]) for s in minute["streams"]]
            )
        data = b"".join(archive.container(list(archive.slots(29_538_720, 29_538_724))))
    assert data == (vectors / "bundle" / "frames" / "29538720-29538724.frames").read_bytes()


@pytest.mark.parametrize("level", [0, 6])
def test_record_written_in_pieces_is_read_like_any_other(tmp_path, level):
    with FrameArchive(tmp_path, level=level) as archive:
        archive.append(FIRST, salts_of(FIRST), frames_of(FIRST))
        for slot in (FIRST + 1, FIRST + 2):
            record = archive.begin(slot)
            for salt, frame in expected(slot):
                record.add(salt, frame)
            record.finish()
            assert archive.read(slot) == expected(slot)
        archive.append(FIRST + 3, salts_of(FIRST + 3), frames_of(FIRST + 3))
    with FrameArchive(tmp_path, level=level) as archive:
        assert archive.torn_bytes == 0
        assert archive.check_day(DAY) == []
        assert [archive.read(FIRST + i) for i in range(4)] == [
            expected(FIRST + i) for i in range(4)
        ]


def test_unfinished_record_is_nothing_to_readers_and_cut_at_the_next_start(tmp_path):
    build(tmp_path / "a", 2)
    name = "2026-02-28.frames"
    whole = (tmp_path / "a" / name).stat().st_size
    (tmp_path / "b").mkdir()
    with FrameArchive(tmp_path / "a", level=0) as archive:
        record = archive.begin(FIRST + 2)
        record.add(*expected(FIRST + 2)[0])
        reader = FrameArchive(tmp_path / "a", read_only=True)
        assert list(reader.slots(FIRST, FIRST + 9)) == [FIRST, FIRST + 1]
        assert reader.damage(DAY) == []
        # What a crash at this moment leaves behind.
        left = (tmp_path / "a" / name).read_bytes()
        (tmp_path / "b" / name).write_bytes(left)
    assert (tmp_path / "a" / name).stat().st_size == whole, "an orderly end takes it back"
    with FrameArchive(tmp_path / "b") as archive:
        assert archive.torn_bytes == len(left) - whole > HEADER_BYTES
        archive.append(FIRST + 2, salts_of(FIRST + 2), frames_of(FIRST + 2))
        assert [archive.read(FIRST + i) for i in range(3)] == [
            expected(FIRST + i) for i in range(3)
        ]
    assert [p.name for p in (tmp_path / "b").iterdir()] == [name], "nothing that only it has"
