"""Remembers which journal rows a block takes, where the log alone does not say it: no row is sealed twice or never.

That is so for a recovered block, which takes rows of several slots, and for a block that could not hold all of its
rows: the rest of a stream is *carried*, it goes first into the next block (format-core §2). An intent counts once the
entry of its block is in the log; until then the one of the block before holds, so the file keeps both.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Carried:
    """Rows of one stream that no frame holds yet: those of the block `seq` after the first `skip`, and all later ones.

    bytes: what they take in frames, about.
    """

    seq: int
    skip: int
    bytes: int


NOTHING: Final[Mapping[int, Carried]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Intent:
    """Rows up to `last_seq` go into the block of `slot`, but for those that are carried, by stream."""

    slot: int
    last_seq: int
    carried: Mapping[int, Carried] = field(default_factory=lambda: NOTHING)


class RecoveryIntent:
    """One small file beside the ledger, written before the entry of such a block."""

    def __init__(self, path: Path) -> None:
        """Take the path; reads and writes nothing."""
        self._path = path

    def read(self) -> Intent | None:
        """Return the last intent; None if there is none or the file is torn (then no block was written either)."""
        found = self._read()
        return found[0] if found else None

    def of_slot(self, slot: int | None) -> Intent | None:
        """Return the intent of the block of `slot`, None if there is none."""
        return next((intent for intent in self._read() if intent.slot == slot), None)

    def names(self, slot: int) -> bool:
        """Return whether the file says something of the block of `slot`."""
        return self.of_slot(slot) is not None

    def _read(self) -> list[Intent]:
        """Return the last intent and the one before."""
        try:
            data = json.loads(self._path.read_text(encoding="ascii"))
            found = [_intent(data)]
            if data.get("before") is not None:
                found.append(_intent(data["before"]))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []
        return found

    def write(
        self,
        slot: int,
        last_seq: int,
        carried: Mapping[int, Carried] = NOTHING,
        *,
        before: Intent | None = None,
    ) -> Intent:
        """Store the intent durably and return it. before: that of the last block of the log, if it has one."""
        intent = Intent(slot, last_seq, carried)
        data = _json(intent)
        if before is not None:
            data["before"] = _json(before)
        partial = self._path.with_name(self._path.name + ".part")
        with partial.open("w", encoding="ascii") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        return intent


def _intent(data: dict[str, Any]) -> Intent:
    carried = {
        int(stream): Carried(int(seq), int(skip), int(size))
        for stream, (seq, skip, size) in data.get("carried", {}).items()
    }
    return Intent(int(data["slot"]), int(data["last_seq"]), carried)


def _json(intent: Intent) -> dict[str, Any]:
    data: dict[str, Any] = {"slot": intent.slot, "last_seq": intent.last_seq}
    if intent.carried:
        data["carried"] = {str(s): [c.seq, c.skip, c.bytes] for s, c in intent.carried.items()}
    return data
