"""Golden cases: tests/golden/mqtt/<case>/case.json has addresses, messages and the rows worked out by hand."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from connectors.mqtt.config import MqttAddress
from connectors.mqtt.decode import Decoder, Rows, UndecodableError, route_of
from model.batch import NO_TIME, Batch
from model.signal import SignalType

CASES = sorted((Path(__file__).parents[3] / "golden" / "mqtt").glob("*/case.json"))
FLAGS = {"E": 1, "B": 2, "H": 4, "I": 8, "M": 16, "N": 32, "O": 64, "S": 128, "T": 256}
RECEIVED = 1_790_000_000_000_000_000


def seen(batch: Batch, row: int, kind: SignalType) -> object:
    value = int(batch.value[row])
    if batch.flags[row] & FLAGS["E"]:
        assert value == 0
        return None
    if kind is SignalType.TEXT:
        return batch.texts[value].decode()
    if kind is SignalType.FLOAT:
        return repr(struct.unpack("<d", struct.pack("<q", value))[0])
    return value % 2**64 if kind is SignalType.UINT else value


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.parent.name)
def test_golden_case(path: Path) -> None:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    kinds = [SignalType(p["type"]) for p in case["points"]]
    names = [p["name"] for p in case["points"]]
    decoder = Decoder(
        route_of(i, kinds[i], MqttAddress.model_validate(p["address"]))
        for i, p in enumerate(case["points"])
    )
    rows = Rows()
    for message in case["messages"]:
        payload = message["payload"].encode()
        arguments = (message["topic"], payload, RECEIVED, rows)
        retained = message.get("retained", False)
        if message.get("undecodable"):
            with pytest.raises(UndecodableError):
                decoder.decode(*arguments, retained=retained)
        else:
            decoder.decode(*arguments, retained=retained)
    batch = rows.batch()
    got = []
    for i in range(len(batch)):
        number = int(batch.signal[i])
        source_ns = int(batch.source_ns[i])
        got.append(
            {
                "signal": names[number],
                "source_ns": None if source_ns == NO_TIME else source_ns,
                "value": seen(batch, i, kinds[number]),
                "status": f"{batch.status[i]:08X}",
                "flags": "".join(c for c, bit in FLAGS.items() if batch.flags[i] & bit),
            }
        )
    by_message = [dict(row) for row in case["rows"]]
    assert got == by_message
    assert set(batch.received_ns.tolist()) == {RECEIVED}


def test_there_are_golden_cases() -> None:
    assert len(CASES) >= 9
