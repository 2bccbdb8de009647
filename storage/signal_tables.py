"""Signal tables as bytes, so that blocks written under an older configuration can be decoded after a reload."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.errors import PermanentError
from model.signal import Role, Signal, SignalTable, SignalType


def encode_table(table: SignalTable) -> bytes:
    """Return `table` as JSON, equal tables to equal bytes."""
    # One signal at a time: as one structure, thousands of signals are ten times their text.
    rows = ",".join(map(_row, table.signals))
    return f'{{"signals":[{rows}],"v":1}}'.encode()


def _row(s: Signal) -> str:
    row = {
        "deadline_ms": s.deadline_ms,
        "device": s.device,
        "hold_ms": s.hold_ms,
        "name": s.name,
        "required": s.required,
        "role": s.role.value,
        "scale": [s.scale.numerator, s.scale.denominator],
        "slot_ms": s.slot_ms,
        "type": s.type.value,
        "unit": s.unit,
    }
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def decode_table(data: bytes) -> SignalTable:
    """Return the table that `encode_table` wrote; raises PermanentError if `data` is something else."""
    try:
        document = json.loads(data)
        if document["v"] != 1:
            raise PermanentError(f"signal table version {document['v']}, this program reads 1")
        return SignalTable(tuple(_signal(row) for row in document["signals"]))
    except (KeyError, TypeError, ValueError) as error:
        raise PermanentError(
            f"signal table unreadable: {error}", f"信号表无法读取:{error}"
        ) from error


def _signal(row: dict[str, Any]) -> Signal:
    num, den = row["scale"]
    return Signal(
        device=str(row["device"]),
        name=str(row["name"]),
        role=Role(row["role"]),
        type=SignalType(row["type"]),
        unit=str(row["unit"]),
        scale=Fraction(num, den),
        slot_ms=int(row["slot_ms"]),
        deadline_ms=int(row["deadline_ms"]),
        hold_ms=int(row["hold_ms"]),
        required=bool(row["required"]),
    )


def text_mask(table: SignalTable) -> NDArray[np.bool_]:
    """Return one bool per signal of `table`, true where the type is text."""
    return np.array([s.type is SignalType.TEXT for s in table.signals], dtype=np.bool_)
