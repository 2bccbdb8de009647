"""Reading `trace-v1`: traces made by hand from the page of the format."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from connectors.base import Realm
from connectors.file import SPEC, load_header, read_trace
from connectors.file.source import FileSource
from model.batch import NO_TIME, Batch, concat
from model.errors import PermanentError
from model.flags import MissedCause, RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from model.status import BAD_NO_DATA
from tests.support.connector import context

HOUR = 3_600_000_000_000
DAY = 24 * HOUR
DAY_1 = 20_600 * DAY  # 2026-05-27T00:00Z
E, H, IMPORTED, M, S = (
    RowFlag.NO_VALUE,
    RowFlag.ALIVE,
    RowFlag.IMPORTED,
    RowFlag.MISSED,
    RowFlag.SIMULATED,
)

STATE = Signal(device="cnc-01", name="state", role=Role.STATE, type=SignalType.INT)
PROGRAM = Signal(device="cnc-01", name="program", role=Role.PROGRAM, type=SignalType.TEXT)
POWER = Signal(device="meter-01", name="power", role=Role.POWER, type=SignalType.FLOAT)
TABLE = SignalTable.of([PROGRAM, POWER, STATE])
INDEX = {s.name: TABLE.by_name[s.device, s.name] for s in (STATE, PROGRAM, POWER)}
HALF = int(np.array([0.5]).view(np.int64)[0])

# (trace signal, source_ns, received_ns, value, status, flags); trace signals: 0 program, 1 state, 2 unknown, 3 power
ROWS = [
    (1, NO_TIME, DAY_1, 3, 0, S),
    (0, DAY_1 + 5, DAY_1 + HOUR - 1, 2, 0, S),
    (3, DAY_1 + 5, DAY_1 + HOUR, HALF, 0, S),
    (2, NO_TIME, DAY_1 + HOUR, 9, 0, S),
    (0, DAY_1 + 6, DAY_1 + HOUR, 0, 0, S),
    (0, DAY_1 + 6, DAY_1 + HOUR + 1, 2, 0, S),
    (1, NO_TIME, DAY_1 + HOUR + 2, 0, 0, E | H | S),
    (0, DAY_1 + HOUR, DAY_1 + 5 * HOUR, MissedCause.AGENT, BAD_NO_DATA, M | S),
    (2, NO_TIME, DAY_1 + 6 * HOUR, 1, 0, S),
]


def write(
    folder: Path, rows: list[tuple[int, ...]] = ROWS, *, day: str = "2026-05-27", **header: object
) -> Path:
    folder.mkdir(exist_ok=True)
    signals = [
        {"device": "cnc-01", "name": "program", "type": "text"},
        {"device": "cnc-01", "name": "state", "type": "int"},
        {"device": "cnc-09", "name": "state", "type": "int"},
        {"device": "meter-01", "name": "power", "type": "float"},
    ]
    text = {
        "v": "trace-v1",
        "origin": "simulator",
        "seed": 7,
        "scenario_sha256": "00",
        "signals": signals,
        "days": [{"day": day, "rows": len(rows)}],
        "spans": [[0, 1000]],
        "calendar": {"zone": "Asia/Shanghai"},
        "windows": {"before": [1, 2], "after": [3, 4]},
        "comment": "unknown keys are ignored",
        **header,
    }
    (folder / "trace.json").write_text(json.dumps(text), encoding="utf-8")
    names = {
        "signal": np.int32,
        "source_ns": np.int64,
        "received_ns": np.int64,
        "value": np.int64,
        "status": np.uint32,
        "flags": np.uint16,
    }
    columns = {
        name: np.array([row[i] for row in rows], dtype)
        for i, (name, dtype) in enumerate(names.items())
    }
    np.savez(
        folder / f"{day}.npz", **columns, texts=np.array([b"O1", "工件-2".encode(), b"C:\\P3"])
    )
    return folder


def as_rows(batch: Batch) -> list[tuple[int, int, int, object, int, int]]:
    def value(i: int) -> object:
        is_text = batch.signal[i] == INDEX["program"] and not batch.flags[i] & (E | M)
        return batch.texts[int(batch.value[i])] if is_text else int(batch.value[i])

    return [
        (
            int(batch.signal[i]),
            int(batch.source_ns[i]),
            int(batch.received_ns[i]),
            value(i),
            int(batch.status[i]),
            int(batch.flags[i]),
        )
        for i in range(len(batch))
    ]


def test_read_trace_yields_one_batch_an_hour_with_the_numbers_of_the_table(tmp_path: Path) -> None:
    got = [as_rows(batch) for batch in read_trace(write(tmp_path / "t"), TABLE)]
    state, program, power = INDEX["state"], INDEX["program"], INDEX["power"]
    assert got == [
        [
            (state, NO_TIME, DAY_1, 3, 0, S),
            (program, DAY_1 + 5, DAY_1 + HOUR - 1, b"C:\\P3", 0, S),
        ],
        [
            (power, DAY_1 + 5, DAY_1 + HOUR, HALF, 0, S),
            (program, DAY_1 + 6, DAY_1 + HOUR, b"O1", 0, S),
            (program, DAY_1 + 6, DAY_1 + HOUR + 1, b"C:\\P3", 0, S),
            (state, NO_TIME, DAY_1 + HOUR + 2, 0, 0, E | H | S),
        ],
        [(program, DAY_1 + HOUR, DAY_1 + 5 * HOUR, 5, BAD_NO_DATA, M | S)],
    ]


def test_texts_of_a_batch_are_those_of_its_hour(tmp_path: Path) -> None:
    batches = list(read_trace(write(tmp_path / "t"), TABLE))
    assert [batch.texts for batch in batches] == [(b"C:\\P3",), (b"O1", b"C:\\P3"), ()]


def test_rows_of_a_simulator_always_carry_s_and_of_a_recording_i(tmp_path: Path) -> None:
    bare = [(1, NO_TIME, DAY_1, 3, 0, 0)]
    (simulated,) = read_trace(write(tmp_path / "s", bare), TABLE)
    (recorded,) = read_trace(write(tmp_path / "r", bare, origin="recording", seed=None), TABLE)
    assert simulated.flags.tolist() == [S]
    assert recorded.flags.tolist() == [IMPORTED]


def test_header_keeps_what_the_replay_needs(tmp_path: Path) -> None:
    header = load_header(write(tmp_path / "t"))
    assert header.spans == ((0, 1000),)
    assert header.windows == {"before": (1, 2), "after": (3, 4)}
    assert header.seed == 7


def test_hours_can_be_joined_without_changing_a_cause(tmp_path: Path) -> None:
    rows = [*ROWS[:2], (0, DAY_1, DAY_1 + 2 * HOUR, MissedCause.AGENT, BAD_NO_DATA, M | S)]
    rows.append((0, NO_TIME, DAY_1 + 2 * HOUR, 1, 0, S))
    is_text = np.array([s.type is SignalType.TEXT for s in TABLE.signals])
    joined = concat(list(read_trace(write(tmp_path / "t", rows), TABLE)), is_text)
    assert [row[3] for row in as_rows(joined)] == [3, b"C:\\P3", 5, "工件-2".encode()]


def test_day_without_rows(tmp_path: Path) -> None:
    assert list(read_trace(write(tmp_path / "t", []), TABLE)) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v": "trace-v2"}, "trace-v2"),
        ({"origin": "dream"}, "dream"),
        ({"days": [{"day": "2026-05-27", "rows": 8}]}, r"wanted int32 \(8,\)"),
        ({"days": [{"day": "2026-05-28", "rows": 9}]}, "2026-05-28.npz"),
        ({"signals": [{"device": "cnc-01", "name": "state", "type": "int"}]}, "0 to 0"),
        (
            {"signals": [{"device": "cnc-01", "name": "state", "type": "float"}] * 4},
            "plant says int",
        ),
    ],
)
def test_header_that_does_not_fit_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    folder = write(tmp_path / "t", **change)
    with pytest.raises(PermanentError, match=message):
        list(read_trace(folder, TABLE))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((1, NO_TIME, DAY_1 + 4 * HOUR, 3, 0, S), "order"),
        ((1, NO_TIME, DAY_1 + DAY, 3, 0, S), "must lie on 2026-05-27"),
        ((4, NO_TIME, DAY_1 + 7 * HOUR, 3, 0, S), "signal numbers"),
        ((0, NO_TIME, DAY_1 + 7 * HOUR, 3, 0, S), "text numbers must lie in 0 to 2"),
        ((1, DAY_1, DAY_1 + 7 * HOUR, 9, 0, M), "cause, 1 to 8"),
        ((0, DAY_1, DAY_1 + 7 * HOUR, 0, 0, M), "cause, 1 to 8"),
    ],
)
def test_rows_that_break_the_format_are_refused(
    tmp_path: Path, row: tuple[int, ...], message: str
) -> None:
    folder = write(tmp_path / "t", [*ROWS, row])
    with pytest.raises(PermanentError, match=message) as caught:
        list(read_trace(folder, TABLE))
    assert "无法读取" in caught.value.zh


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="No such file"):
        load_header(tmp_path)
    folder = write(tmp_path / "t")
    whole = (folder / "2026-05-27.npz").read_bytes()
    (folder / "2026-05-27.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PermanentError, match="cannot be read"):
        list(read_trace(folder, TABLE))
    (folder / "trace.json").write_text("[]")
    with pytest.raises(PermanentError, match="cannot be read"):
        load_header(folder)


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    folder = write(tmp_path / "t", [])
    np.savez(folder / "2026-05-27.npz", signal=np.array([{"a": 1}], dtype=object))
    with pytest.raises(PermanentError, match="cannot be read"):
        list(read_trace(folder, TABLE))


def source(
    folder: Path, *, realm: Realm = Realm.SIM, address: dict[str, object] | None = None
) -> FileSource:
    points = [(STATE, address or {}), (PROGRAM, {})]
    return FileSource(context(SPEC, {"folder": str(folder)}, points, realm=realm))


async def test_source_yields_its_points_then_ends(tmp_path: Path) -> None:
    replay = source(write(tmp_path / "t"))
    await replay.connect()
    got = [batch async for batch in replay.batches()]
    await replay.close()
    await replay.close()
    assert [batch.signal.tolist() for batch in got] == [[10, 11], [11, 11, 10], [11]]


async def test_source_goes_on_with_the_first_hour_that_was_not_taken(tmp_path: Path) -> None:
    replay = source(write(tmp_path / "t"))
    await replay.connect()
    first = replay.batches()
    assert len(await anext(first)) == 2
    await anext(first)
    await first.aclose()
    await replay.close()
    await replay.connect()
    second = replay.batches()
    assert len(await anext(second)) == 3, (
        "the hour that was handed out last was not confirmed by asking for more"
    )
    await second.aclose()


async def test_source_takes_another_signal_by_address(tmp_path: Path) -> None:
    replay = source(write(tmp_path / "t"), address={"device": "cnc-09", "signal": "state"})
    await replay.connect()
    batches = replay.batches()
    got = [await anext(batches) for _ in range(4)]
    await batches.aclose()
    assert [row for batch in got for row in batch.value[batch.signal == 10].tolist()] == [9, 1]


async def test_real_plant_refuses_a_simulated_trace_and_takes_a_recording(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="simulator"):
        await source(write(tmp_path / "s"), realm=Realm.EV).connect()
    await source(write(tmp_path / "r", origin="recording"), realm=Realm.EV).connect()


async def test_signal_that_the_trace_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"cnc-77\.state"):
        await source(write(tmp_path / "t"), address={"device": "cnc-77"}).connect()
