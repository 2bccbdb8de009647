"""Journal, sealer and recorder on a clock that a test moves, as one run after the other sees them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.recorder import ROWS_IN_MEMORY, Recorder
from agent.recovery_intent import RecoveryIntent
from agent.sealer import Now, Sealer
from config.document import PlantDocument, plant_document
from evidence.document import parse_document
from evidence.entries import Block, Boot, Config, Entry, Off, PreviousHead
from evidence.grammar import Origin
from evidence.keys import SeedSigner
from evidence.log_rules import LogRules
from evidence.note import VerifierKey, log_key
from model.batch import Batch, make_batch
from model.flags import RowFlag
from storage.frame_archive import FrameArchive
from storage.journal import Journal
from storage.journal_types import Quota
from storage.ledger_files import Ledger, open_ledger
from tests.support.plant_run import entries_of, frames_of, loaded, write_plant

SLOT0 = 30_000_000
"""2027-01-15T08:00:00Z"""
MIN_MS = 60_000
ORIGIN = Origin("sim", "91500000DEMO000001", "ws1", 1)
SIGNER = SeedSigner(bytes(range(32)))
PORTS = {"plc-01": 1502, "meter-01": 1503}


class TestClock:
    """Wall and monotonic clock, moved by hand, apart from each other if need be."""

    __test__ = False

    def __init__(self, slot: int = SLOT0, second: float = 0) -> None:
        self.wall_ms = slot * MIN_MS + round(second * 1000)
        self.mono_ms = 5_000

    def unix_ns(self) -> int:
        return self.wall_ms * 1_000_000

    def monotonic_ns(self) -> int:
        return self.mono_ms * 1_000_000

    def forward(self, seconds: float) -> None:
        """Let time pass on both clocks."""
        self.wall_ms += round(seconds * 1000)
        self.mono_ms += round(seconds * 1000)

    def step(self, seconds: float) -> None:
        """Step the wall clock only, as a time server or a person does."""
        self.wall_ms += round(seconds * 1000)

    @property
    def now(self) -> Now:
        return Now(self.unix_ns(), self.monotonic_ns(), "U")


def document(folder: Path, *, ideal_cycle: str = "20 s") -> PlantDocument:
    """Return the document of a plant with one PLC and one meter; another cycle time is another configuration."""

    def change(plant: dict[str, Any]) -> None:
        plant["devices"][0]["ideal_cycle"] = ideal_cycle

    return plant_document(loaded(write_plant(folder, PORTS, ["plc-01", "meter-01"], change=change)))


@dataclass
class Rig:
    """The parts of one run."""

    folder: Path
    clock: TestClock
    journal: Journal
    ledger: Ledger
    archive: FrameArchive
    sealer: Sealer
    recorder: Recorder
    document: PlantDocument
    intent: RecoveryIntent

    def rows(self, *values: int) -> Batch:
        """Return rows of the counter `good`, received now."""
        index = self.document.table.by_name["plc-01", "good"]
        n = len(values)
        return make_batch(
            signal=[index] * n,
            source_ns=[self.clock.unix_ns()] * n,
            received_ns=self.clock.unix_ns(),
            value=list(values),
            flags=int(RowFlag.SIMULATED),
        )

    def commit(self, *values: int) -> None:
        """Commit one row per value, as a flush does."""
        self.recorder.commit([self.rows(*values)] if values else [], self.clock.now)

    @property
    def key(self) -> VerifierKey:
        return log_key(self.sealer.origin, SIGNER.public_key)

    def accept_rules(self) -> LogRules:
        """Return the log after the verifier accepted every entry."""
        docs = self.folder / "ledger" / "docs"
        rules = LogRules(
            self.sealer.origin,
            str(self.key),
            lambda entry: parse_document((docs / entry.sha256.hex()).read_bytes()),
        )
        for entry in self.entries:
            rules.accept(entry)
        return rules

    @property
    def entries(self) -> list[Entry]:
        return entries_of(self.folder / "ledger")

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the entries of one kind."""
        return [entry for entry in self.entries if isinstance(entry, kind)]

    @property
    def blocks(self) -> list[tuple[int, int, int]]:
        """Return (slot, rows, dur_ms) of every block."""
        return [(b.slot, b.rows, b.dur_ms) for b in self.of(Block)]

    @property
    def offs(self) -> list[tuple[int, int, str]]:
        return [(o.slot, o.slots, o.reason) for o in self.of(Off)]

    @property
    def boots(self) -> list[bool]:
        return [b.clean for b in self.of(Boot)]

    @property
    def configs(self) -> int:
        return len(self.of(Config))


@contextmanager
def running(
    folder: Path,
    clock: TestClock,
    doc: PlantDocument,
    *,
    clean: bool = True,
    start: bool = True,
    previous: PreviousHead | None = None,
    origin: Origin = ORIGIN,
    rows_in_memory: int = ROWS_IN_MEMORY,
) -> Iterator[Rig]:
    """Open everything and start; leaving the context is the end of the process, without an orderly stop."""
    ledger = open_ledger(folder / "ledger", log_key(origin, SIGNER.public_key))
    assert isinstance(ledger, Ledger), ledger
    with (
        ledger,
        FrameArchive(folder / "frames") as archive,
        Journal.open(folder / "journal.sqlite", clock=clock, quota=Quota()) as journal,
    ):
        sealer = Sealer(
            ledger=ledger,
            archive=archive,
            signer=SIGNER,
            secret=bytes(32),
            origin=origin,
            previous=previous,
        )
        intent = RecoveryIntent(folder / "recovery.json")
        recorder = Recorder(journal, sealer, doc, intent, rows_in_memory=rows_in_memory)
        rig = Rig(folder, clock, journal, ledger, archive, sealer, recorder, doc, intent)
        if start:
            recorder.start(clock.now, clean=clean, torn_bytes=0)
        yield rig


def sealed_values(rig: Rig) -> dict[int, list[int]]:
    """Return the sealed values of the counter by slot, in order."""
    found = frames_of(rig.folder / "ledger", rig.folder / "frames")
    return {slot: [int(str(row[4])) for row in rows] for slot, rows in found.items()}
