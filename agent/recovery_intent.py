"""Remembers which journal rows a recovered block takes, so that a crash in the middle never seals a row twice."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Intent:
    """Rows up to `last_seq` go into the block of `slot`."""

    slot: int
    last_seq: int


class RecoveryIntent:
    """One small file beside the ledger, written before a recovered block."""

    def __init__(self, path: Path) -> None:
        """Take the path; reads and writes nothing."""
        self._path = path

    def read(self) -> Intent | None:
        """Return the last intent; None if there is none or the file is torn (then no block was written either)."""
        try:
            data = json.loads(self._path.read_text(encoding="ascii"))
            return Intent(int(data["slot"]), int(data["last_seq"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, slot: int, last_seq: int) -> None:
        """Store the intent durably."""
        partial = self._path.with_name(self._path.name + ".part")
        with partial.open("w", encoding="ascii") as file:
            json.dump({"slot": slot, "last_seq": last_seq}, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
