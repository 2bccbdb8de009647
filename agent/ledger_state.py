"""What a writer must know of the log it continues: last configuration, accounted slots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.entries import Block, Config, Off, parse_entry


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Where the log stands."""

    size: int = 0
    config: tuple[int, str] | None = None
    """Index and document digest (hex) of the last config entry."""
    next_slot: int | None = None
    """Slot after the last block or off entry; None in a log without any."""
    blocks: int = 0
    last_block: int | None = None
    """Slot of the last block."""

    @staticmethod
    def of(entries: Iterable[bytes]) -> LedgerState:
        """Return the state after all `entries`, given in order."""
        size = blocks = 0
        config: tuple[int, str] | None = None
        next_slot: int | None = None
        last_block: int | None = None
        for index, data in enumerate(entries):
            size = index + 1
            entry = parse_entry(data)
            if isinstance(entry, Block):
                next_slot, blocks = entry.slot + 1, blocks + 1
                last_block = entry.slot
            elif isinstance(entry, Off):
                next_slot = entry.slot + entry.slots
            elif isinstance(entry, Config):
                config = (index, entry.sha256.hex())
        return LedgerState(size, config, next_slot, blocks, last_block)
