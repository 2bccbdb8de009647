"""Turns the rows of a finished minute into frames, a block entry and, now and then, a signed head.

Order of writes (format-core §5): frames, entries, leaves, checkpoint; each on disk before the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from agent.ledger_state import LedgerState
from agent.open_slot import OpenSlot
from agent.software import NAME, source_digest, version
from config.document import PlantDocument
from evidence.entries import (
    Block,
    Boot,
    Config,
    Entry,
    Export,
    Genesis,
    Off,
    PreviousHead,
    encode_entry,
)
from evidence.grammar import Origin
from evidence.keys import Signer
from evidence.note import Checkpoint, format_note, log_key, sign_checkpoint
from model.batch import Batch, concat, empty_batch
from model.signal import SignalTable
from model.slots import NS_PER_MS
from storage.frame_archive import FrameArchive
from storage.frames import FrameWriter, SlotTotals, seal_slot
from storage.ledger_files import Ledger
from storage.signal_tables import text_mask


@dataclass(frozen=True, slots=True)
class Now:
    """One reading of the clocks: wall clock, monotonic clock (both ns), synchronisation letter."""

    unix_ns: int
    monotonic_ns: int
    clock: str

    @property
    def unix_ms(self) -> int:
        """Return the wall clock in milliseconds."""
        return self.unix_ns // NS_PER_MS


class Sealer:
    """Writes one log: genesis, configuration, boot, blocks, off entries, exports, checkpoints."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        archive: FrameArchive,
        signer: Signer,
        secret: bytes,
        origin: Origin,
        previous: PreviousHead | None = None,
    ) -> None:
        """Take opened files; writes nothing. previous: last signed head of the epoch before."""
        self._ledger = ledger
        self._archive = archive
        self._signer = signer
        self._secret = secret
        self.origin = origin
        self._previous = previous
        state = LedgerState.of(ledger.entries())
        self._last_config = state.config
        self._next_slot = state.next_slot
        self.blocks = state.blocks
        self.last_block = state.last_block
        """Slot of the last block; None in a log without."""
        self._boot = -1
        self._mono_start_ns = 0
        self._last_mono_ms = 0
        self._table = SignalTable(())
        self._writer = FrameWriter(self._table)
        self._carry: list[Batch] = []

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return self._ledger.size

    @property
    def broken(self) -> bool:
        """Return whether ledger or archive must be opened again before anything can be sealed."""
        return self._ledger.broken or self._archive.broken

    @property
    def next_slot(self) -> int | None:
        """Return the slot after the last one accounted for; None in a log without blocks."""
        return self._next_slot

    @property
    def config_sha256(self) -> str | None:
        """Return the digest of the configuration in force; None in a new log."""
        return None if self._last_config is None else self._last_config[1]

    @property
    def vkey(self) -> str:
        """Return the verification key of the log in vkey form."""
        return str(log_key(self.origin, self._signer.public_key))

    def start(self, document: PlantDocument, now: Now, *, clean: bool, torn_bytes: int) -> None:
        """Write genesis and first configuration if the log is new, then the boot entry.

        An older log keeps its configuration in force until `configure`, so that rows of the run before can be sealed
        under the configuration that they were collected with.
        """
        if self._last_config is None:
            agent = f"{NAME} {version()}"
            self._append(Genesis(now.unix_ms, self.origin, self.vkey, agent, self._previous))
            self.configure(document, now)
        self._boot = self._append(
            Boot(
                now.unix_ms,
                secrets.token_hex(16),
                clean,
                NAME,
                source_digest(),
                version(),
                torn_bytes,
            )
        )
        self._mono_start_ns = now.monotonic_ns
        self._last_mono_ms = 0

    def configure(self, document: PlantDocument, now: Now) -> None:
        """Put `document` in force from the next block on; an unchanged one is not written again."""
        if self._last_config is not None and self._last_config[1] == document.sha256:
            return
        self._ledger.put_document(document.bytes)
        entry = Config(now.unix_ms, bytes.fromhex(document.sha256), len(document.bytes))
        self._last_config = (self._append(entry), document.sha256)

    def _append(self, entry: Entry, *, sync: bool = True) -> int:
        return self._ledger.append(encode_entry(entry), sync=sync)

    def seal(
        self,
        slot: int,
        batches: Sequence[Batch],
        table: SignalTable,
        now: Now,
        *,
        dur_ms: int,
        sync: bool = True,
    ) -> None:
        """Seal the rows committed in `slot`, in commit order; `dur_ms` 0 = recovered after a crash.

        table: the signal table of the configuration in force.
        """
        self._use(table)
        rows = [*self._carry, *batches]
        batch = concat(rows, text_mask(table)) if rows else empty_batch()
        sealed = seal_slot(
            self._writer, batch, slot=slot, origin=str(self.origin), secret=self._secret
        )
        self._archive.append(slot, sealed.salts, sealed.frames)
        if sync:
            self._archive.sync()
        self._enter(sealed.totals, now, dur_ms, sync=sync)
        # Rows beyond 2^24 bytes of one frame go first into the next one (format-core §2); not before this one is
        # sealed, because a disk that refuses has the same rows sealed again.
        self._carry = [] if sealed.carry is None else [sealed.carry]

    def _use(self, table: SignalTable) -> None:
        if table is not self._table:
            self._table = table
            self._writer = FrameWriter(table)

    def open_slot(self, slot: int, table: SignalTable) -> OpenSlot:
        """Begin to seal `slot` stream by stream; `close_slot` or `abandon_slot` must follow before anything else.

        Rows beyond 2^24 bytes of a frame are the business of the caller. Raises TransientError if the disk refuses.
        """
        self._use(table)
        salts = self._writer.salts(str(self.origin), self._secret).of(slot)
        return OpenSlot(slot, self._writer, salts, self._archive.begin(slot))

    def close_slot(self, opened: OpenSlot, now: Now, *, dur_ms: int) -> None:
        """Bring the frames onto the disk, then the block entry. `dur_ms` 0 = recovered after a crash."""
        opened.record.finish()
        self._enter(opened.totals(), now, dur_ms, sync=True)

    def abandon_slot(self, opened: OpenSlot) -> None:
        """Forget a slot that could not be sealed to the end; it may be opened again."""
        self._archive.abandon(opened.record)

    def _enter(self, totals: SlotTotals, now: Now, dur_ms: int, *, sync: bool) -> None:
        self._append(self._block(totals, now, dur_ms), sync=sync)
        self._next_slot = totals.slot + 1
        self.last_block = totals.slot
        self.blocks += 1

    def _block(self, sealed: SlotTotals, now: Now, dur_ms: int) -> Block:
        mono_ms = (now.monotonic_ns - self._mono_start_ns) // NS_PER_MS
        # Strictly rising within a boot, also for two blocks sealed in one millisecond after an outage.
        self._last_mono_ms = max(mono_ms, self._last_mono_ms + 1)
        return Block(
            t_ms=now.unix_ms,
            slot=sealed.slot,
            boot=self._boot,
            config=-1 if self._last_config is None else self._last_config[0],
            clock=now.clock,
            mono_ms=self._last_mono_ms,
            dur_ms=dur_ms,
            state=sealed.state,
            rows=sealed.rows,
            late=sealed.late,
            root=sealed.root,
        )

    def off(self, slot: int, slots: int, reason: str, now: Now) -> None:
        """State that no collection ran in `slots` slots from `slot` on."""
        self._append(Off(now.unix_ms, slot, slots, reason))
        self._next_slot = slot + slots

    def sync(self) -> None:
        """Bring everything appended without sync onto the disk, frames first."""
        self._archive.sync()
        self._ledger.sync()

    def checkpoint(self) -> bytes:
        """Sign the present head, store the note, return it."""
        self.sync()
        head = Checkpoint(self.origin, self._ledger.size, self._ledger.root())
        note = format_note(head, [sign_checkpoint(head, self._signer)])
        self._ledger.write_checkpoint(note)
        return note

    def export(self, payload_sha256: bytes, size: int, now: Now) -> bytes:
        """Record an issued statement and return the signed head that contains the record."""
        self._append(Export(now.unix_ms, payload_sha256, size))
        return self.checkpoint()
