"""The columnar frame writer against the published vectors of the format."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from model.batch import NO_TIME, Batch, empty_batch, make_batch
from model.flags import MissedCause, RowFlag
from model.signal import Role, Signal, SignalTable, SignalType
from storage.frames import FrameWriter, seal_slot

VECTORS = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "evidence" / "vectors.json").read_text(
        "utf-8"
    )
)
LETTERS = {
    "E": RowFlag.NO_VALUE, "B": RowFlag.BACK_FILLED, "H": RowFlag.ALIVE, "I": RowFlag.IMPORTED, "M": RowFlag.MISSED,
    "N": RowFlag.NOT_FINITE, "O": RowFlag.OVERFLOW, "S": RowFlag.SIMULATED, "T": RowFlag.TEXT_CUT,
}  # fmt: skip
ORIGIN = "sim/91500000TEST000017/ws1/1"
TABLE = SignalTable.of(
    [
        Signal(device="cnc-01", name="state", role=Role.STATE, type=SignalType.INT),
        Signal(device="robot-01", name="state", role=Role.STATE, type=SignalType.INT),
        Signal(device="cnc-01", name="good", role=Role.COUNT_GOOD, type=SignalType.INT),
        Signal(device="cnc-01", name="scrap", role=Role.COUNT_SCRAP, type=SignalType.INT),
        Signal(device="meter-01", name="energy_kwh", role=Role.ENERGY, type=SignalType.FLOAT),
        Signal(device="meter-01", name="ok", role=Role.POWER, type=SignalType.BOOL),
        Signal(device="meter-01", name="total_wh", role=Role.ENERGY, type=SignalType.UINT),
        Signal(device="meter-01", name="power_kw", role=Role.POWER, type=SignalType.FLOAT),
        Signal(device="meter-01", name="phase_deg", role=Role.POWER, type=SignalType.INT),
        Signal(device="cnc-01", name="program", role=Role.PROGRAM, type=SignalType.TEXT),
    ]
)


def bits(kind: str, value: str | None, flags: str, texts: list[bytes]) -> int:
    if value is None:
        return 0
    if "M" in flags:
        return int(MissedCause[value.upper()])
    if kind == "text":
        texts.append(value.encode())
        return len(texts) - 1
    number = int(value, 16) if kind == "float" else int(value)
    return number - 2**64 if number >= 2**63 else number


def batch_of(minute: dict) -> Batch:
    """Rows of all streams of a vector minute, interleaved at random but in order within each stream."""
    queues = [
        [(stream["stream"], row) for row in stream["rows"]]
        for stream in minute["streams"]
        if stream["rows"]
    ]
    rng = random.Random(7)
    rows = []
    while queues:
        queue = rng.choice(queues)
        rows.append(queue.pop(0))
        queues = [q for q in queues if q]
    texts: list[bytes] = []
    return make_batch(
        signal=[TABLE.by_name[stream.partition(".")[0], row[2]] for stream, row in rows],
        received_ns=[row[0] * 10**6 + 999_999 for _, row in rows],
        source_ns=[NO_TIME if row[1] is None else row[1] * 10**6 for _, row in rows],
        value=[bits(row[3], row[4], row[6], texts) for _, row in rows],
        status=[row[5] for _, row in rows],
        flags=[sum(LETTERS[letter] for letter in row[6]) for _, row in rows],
        texts=texts,
    )


@pytest.mark.parametrize("minute", VECTORS["minutes"], ids=lambda m: str(m["slot"]))
def test_sealed_slot_equals_the_vectors_byte_for_byte(minute):
    secret = bytes.fromhex(VECTORS["site_secret"])
    sealed = seal_slot(
        FrameWriter(TABLE), batch_of(minute), slot=minute["slot"], origin=ORIGIN, secret=secret
    )
    assert [f.hex() for f in sealed.frames] == [s["frame"] for s in minute["streams"]]
    assert [s.hex() for s in sealed.salts] == [s["salt"] for s in minute["streams"]]
    assert [s.hex() for s in sealed.sub_leaves] == [s["sub_leaf"] for s in minute["streams"]]
    assert sealed.root.hex() == minute["root"]
    entry = next(
        e
        for e in (json.loads(x["bytes"]) for x in VECTORS["entries"])
        if e["kind"] == "block" and e["slot"] == minute["slot"]
    )
    assert (sealed.rows, sealed.late, sealed.state) == (
        entry["rows"],
        entry["late"],
        entry["state"],
    )


def test_slot_without_rows_has_a_frame_of_header_only_for_every_stream():
    sealed = seal_slot(FrameWriter(TABLE), empty_batch(), slot=5, origin=ORIGIN, secret=bytes(32))
    assert sealed.state == "GGGGG"
    assert [len(f) for f in sealed.frames] == [40, 40, 40, 48, 40]
    assert (sealed.rows, sealed.late, sealed.carry) == (0, 0, None)


def test_input_columns_are_left_untouched():
    batch = batch_of(VECTORS["minutes"][0])
    before = (
        batch.value.tolist(),
        batch.flags.tolist(),
        batch.status.tolist(),
        batch.source_ns.tolist(),
    )
    FrameWriter(TABLE).render(batch, 29_538_720)
    assert before == (
        batch.value.tolist(),
        batch.flags.tolist(),
        batch.status.tolist(),
        batch.source_ns.tolist(),
    )
