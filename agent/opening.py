"""Open everything that one run writes to: journal, archive, ledger; begin a new epoch where the old one is over."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from agent.clock import SystemClock
from agent.folders import DataFolder, beside, data_folder
from agent.keys import load_signer, load_site_secret
from agent.recorder import Recorder
from agent.recovery_intent import RecoveryIntent
from agent.sealer import Now, Sealer
from config.document import PlantDocument
from config.loader import LoadedPlant
from evidence.entries import PreviousHead
from evidence.grammar import Origin
from evidence.keys import SeedSigner
from evidence.note import log_key
from storage.frame_archive import FrameArchive
from storage.journal import Journal
from storage.journal_types import Quota
from storage.ledger_files import Ledger, open_ledger
from storage.ledger_recovery import EpochEnd

_CLEAN = "clean"


@dataclass(slots=True)
class OpenPlant:
    """The opened parts of one run."""

    folder: DataFolder
    origin: Origin
    signer: SeedSigner
    journal: Journal
    archive: FrameArchive
    ledger: Ledger
    sealer: Sealer
    recorder: Recorder
    clean: bool
    torn_bytes: int

    def close(self) -> None:
        """Close every file; safe after a failure."""
        for part in (self.ledger, self.archive, self.journal):
            part.close()

    def mark_clean(self) -> None:
        """Remember that this run ended in order."""
        (self.folder.root / _CLEAN).write_text("", encoding="ascii")


def now_of(clock: SystemClock) -> Now:
    """Return one reading of the clocks of this machine."""
    return Now(clock.unix_ns(), clock.monotonic_ns(), clock.synchronisation())


def open_plant(
    plant: LoadedPlant,
    document: PlantDocument,
    clock: SystemClock,
    *,
    new_epoch: bool = False,
) -> OpenPlant:
    """Open the data of a plant for writing; nothing is written to the log yet.

    new_epoch: leave the present log as it is and begin the next one, which names its last head.

    Raises PermanentError if another agent writes there, TransientError if the disk refuses.
    """
    folder = data_folder(plant)
    folder.root.mkdir(parents=True, exist_ok=True)
    evidence = plant.config.evidence
    signer = load_signer(beside(plant, evidence.key_file))
    secret = load_site_secret(beside(plant, evidence.secret_file))
    marker = folder.root / _CLEAN
    fresh = folder.last_epoch() == 0
    origin, ledger, previous = _open_newest(plant, folder, signer, new_epoch=new_epoch)
    clean = fresh or marker.exists()
    marker.unlink(missing_ok=True)
    archive = FrameArchive(folder.frames(origin.epoch))
    journal = Journal.open(
        folder.journal(origin.epoch),
        clock=clock,
        quota=Quota(bytes=plant.config.storage.journal_quota_gb << 30),
    )
    sealer = Sealer(
        ledger=ledger,
        archive=archive,
        signer=signer,
        secret=secret,
        origin=origin,
        previous=previous,
    )
    return OpenPlant(
        folder=folder,
        origin=origin,
        signer=signer,
        journal=journal,
        archive=archive,
        ledger=ledger,
        sealer=sealer,
        recorder=Recorder(
            journal,
            sealer,
            document,
            RecoveryIntent(folder.intent),
            rows_in_memory=plant.config.storage.rows_in_memory,
        ),
        clean=clean,
        torn_bytes=ledger.recovery.torn_bytes + archive.torn_bytes,
    )


def _open_newest(
    plant: LoadedPlant, folder: DataFolder, signer: SeedSigner, *, new_epoch: bool
) -> tuple[Origin, Ledger, PreviousHead | None]:
    """Return the ledger to continue; a log whose signed head is lost is followed by a new epoch that names it."""
    site = plant.config.site
    epoch = max(folder.last_epoch(), plant.config.evidence.epoch)
    previous: PreviousHead | None = None
    while True:
        origin = Origin(site.realm, site.enterprise, site.workshop, epoch)
        opened = open_ledger(folder.ledger(epoch), log_key(origin, signer.public_key))
        if isinstance(opened, Ledger):
            if not new_epoch or opened.head is None:
                return origin, opened, previous
            head, new_epoch = opened.head.checkpoint, False
            opened.close()
            previous = PreviousHead(head.origin, head.root, head.size)
            epoch += 1
            continue
        _report_end(opened, folder.ledger(epoch))
        if opened.head is not None:
            head = opened.head
            previous = PreviousHead(head.origin, head.root, head.size)
        epoch += 1


def _report_end(end: EpochEnd, path: Path) -> None:
    logging.getLogger("plantproof.ledger").error(
        "%s: the log ends here (%s); a new epoch begins and names its last head", path, end.en
    )
