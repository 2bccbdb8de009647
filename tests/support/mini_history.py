"""Four hours of a small simulated plant, sealed minute by minute, with report and bundle: seconds, not minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.folders import DataFolder, beside, data_folder
from agent.head_keepers import LocalKeeper
from agent.keys import load_signer, load_site_secret
from agent.log_reader import SealedLog
from agent.reporting.issue_report import IssuedReport, issue_report
from agent.reporting.run import self_check_policy
from agent.sealer import Now, Sealer
from agent.timelapse import replay
from config.document import PlantDocument, plant_document
from config.loader import LoadedPlant
from evidence.grammar import Origin
from evidence.keys import SeedSigner
from evidence.note import log_key
from kpi.window import Span
from model.batch import NO_TIME, Batch, make_batch
from model.flags import MissedCause, RowFlag
from model.signal import SignalTable
from model.status import BAD_NO_DATA
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger
from tests.support.plant_run import loaded, write_plant

MIN_MS = 60_000
FIRST = 30_000_000
"""2027-01-15T08:00:00Z, 16:00 local, inside the early shift."""
MINUTES = 250
GRACE = 10
BEFORE = Span(FIRST + 10, FIRST + 110, lead=10, grace=GRACE)
AFTER = Span(FIRST + 130, FIRST + 230, lead=10, grace=GRACE)
BAD_DEVICE_FAILURE = 0x808B_0000
DEVICES = ("cnc-02", "plc-01", "press-01", "meter-02")
PORTS = dict.fromkeys(DEVICES, 1)

Batches = Iterator[Batch]


@dataclass(frozen=True, slots=True)
class Sample:
    """One row of the trace. minute: since FIRST."""

    device: str
    signal: str
    minute: int
    value: int | bytes
    status: int = 0
    flags: int = 0
    second: int = 5


def plant_samples() -> Iterator[Sample]:
    """Yield the rows of four hours: steady production, a gap, bad quality, a counter reset.

    plc-01 makes 2 good pieces a minute and one scrap every 20 minutes, its counters restart at minute 180; the
    network to press-01 fails from minute 150 to 159; the meter is unsure in minutes 200 to 204.
    """
    for minute in range(MINUTES):
        for device, per_minute in (("cnc-02", 1), ("plc-01", 2), ("press-01", 6)):
            if device == "press-01" and 150 <= minute < 160:
                for signal in ("state", "good", "scrap"):
                    yield Sample(
                        device,
                        signal,
                        minute,
                        int(MissedCause.NETWORK),
                        BAD_NO_DATA,
                        RowFlag.MISSED,
                        second=59,
                    )
                continue
            running = minute % 25 < 20
            made = minute - (180 if device == "plc-01" and minute >= 180 else 0)
            state = {"cnc-02": (3, 4), "plc-01": (1, 5), "press-01": (1, 5)}[device]
            yield Sample(device, "state", minute, state[0] if running else state[1])
            yield Sample(device, "good", minute, made * per_minute)
            yield Sample(device, "scrap", minute, made // 20)
        bad = 200 <= minute < 205
        yield Sample("meter-02", "energy", minute, 50 * minute, BAD_DEVICE_FAILURE if bad else 0)
        if minute % 30 == 0:
            yield Sample("cnc-02", "program", minute, b"SHAFT_%d" % (minute // 30))


def to_batch(samples: list[Sample], table: SignalTable) -> Batch:
    """Return rows of one minute as a batch in order of receipt."""
    samples = sorted(samples, key=lambda s: s.second)
    texts = tuple(dict.fromkeys(s.value for s in samples if isinstance(s.value, bytes)))
    received = [((FIRST + s.minute) * MIN_MS + s.second * 1000) * 1_000_000 for s in samples]
    return make_batch(
        signal=[table.by_name[s.device, s.signal] for s in samples],
        source_ns=[
            (FIRST + s.minute) * MIN_MS * 1_000_000
            if s.flags & RowFlag.MISSED
            else (NO_TIME if s.device == "meter-02" else at)
            for s, at in zip(samples, received, strict=True)
        ],
        received_ns=received,
        value=[texts.index(s.value) if isinstance(s.value, bytes) else s.value for s in samples],
        status=[s.status for s in samples],
        flags=[int(s.flags) for s in samples],
        texts=texts,
    )


def batches(table: SignalTable, minutes: range) -> Batches:
    """Yield one batch per minute."""
    by_minute: dict[int, list[Sample]] = {}
    known = set(table.by_name)
    for sample in plant_samples():
        if (sample.device, sample.signal) in known:
            by_minute.setdefault(sample.minute, []).append(sample)
    for minute in minutes:
        yield to_batch(by_minute[minute], table)


@dataclass(frozen=True, slots=True)
class MiniHistory:
    """What was sealed and issued."""

    folder: Path
    plant: LoadedPlant
    data: DataFolder
    signer: SeedSigner
    secret: bytes
    log: SealedLog
    report: IssuedReport
    policy: Path

    @property
    def bundle(self) -> Path:
        """Return the zip file."""
        return self.report.issued.bundle


Change = Callable[[dict[str, Any]], None]


def mini_history(
    folder: Path,
    *,
    flipped: Mapping[int, Change] | None = None,
    withhold_process: bool = False,
) -> MiniHistory:
    """Seal the history under `folder` and issue its report.

    flipped: minute → change of the plant file that is in force in that minute alone.
    """
    folder.mkdir(parents=True, exist_ok=True)
    site = write_plant(folder, PORTS, DEVICES, change=_of_trace)
    plant = loaded(site)
    data = data_folder(plant)
    signer = load_signer(beside(plant, plant.config.evidence.key_file))
    secret = load_site_secret(beside(plant, plant.config.evidence.secret_file))
    origin = Origin("sim", plant.config.site.enterprise, plant.config.site.workshop, 1)
    ledger = open_ledger(data.ledger(1), log_key(origin, signer.public_key))
    assert isinstance(ledger, Ledger)
    with ledger, FrameArchive(data.frames(1), level=1) as archive:
        sealer = Sealer(ledger=ledger, archive=archive, signer=signer, secret=secret, origin=origin)
        _seal(sealer, plant_document(plant), folder, flipped or {})
        log = SealedLog.open(data)
        end_ms = (FIRST + MINUTES) * MIN_MS
        report = issue_report(
            log,
            after=AFTER,
            before=BEFORE,
            keeper=LocalKeeper(sealer, data, Now(end_ms * 1_000_000, 0, "R")),
            signer=signer,
            issued_ms=end_ms,
            target=folder / "reports",
            name="mini",
            withhold_process=withhold_process,
        )
    policy = folder / "policy.txt"
    policy.write_text(self_check_policy(log, signer.public_key), encoding="utf-8")
    return MiniHistory(folder, plant, data, signer, secret, log, report, policy)


def _of_trace(plant: dict[str, Any]) -> None:
    for device in plant["devices"]:
        device["connection"] = {"protocol": "file", "folder": "trace"}


def _seal(
    sealer: Sealer, document: PlantDocument, folder: Path, flipped: Mapping[int, Change]
) -> None:
    if not flipped:
        replay(sealer, document, batches(document.table, range(MINUTES)))
        return
    (minute, change) = next(iter(flipped.items()))

    def both(plant: dict[str, Any]) -> None:
        _of_trace(plant)
        change(plant)

    site = write_plant(folder, PORTS, DEVICES, name="flipped.yaml", change=both)
    other = plant_document(loaded(site))
    replay(sealer, document, batches(document.table, range(minute)))
    _one(sealer, other, minute)
    sealer.configure(document, _now(minute + 1))
    for later in range(minute + 1, MINUTES):
        _one(sealer, document, later)
    sealer.checkpoint()


def _one(sealer: Sealer, document: PlantDocument, minute: int) -> None:
    sealer.configure(document, _now(minute))
    batch = next(batches(document.table, range(minute, minute + 1)))
    sealer.seal(
        FIRST + minute,
        [batch.with_flag(RowFlag.SIMULATED)],
        document.table,
        _now(minute + 1),
        dur_ms=MIN_MS,
        sync=False,
    )


def _now(minute: int) -> Now:
    ns = (FIRST + minute) * MIN_MS * 1_000_000
    return Now(ns, ns, "R")
