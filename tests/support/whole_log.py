"""A bundle of everything that a plant has sealed, checked by the verifier: rules, roots, signature, every frame."""

from __future__ import annotations

from pathlib import Path

from agent.folders import DataFolder, beside
from agent.keys import load_signer
from agent.log_reader import SealedLog
from evidence.bundle import MemoryBundle
from evidence.bundle_write import BundleParts, FramesFile, bundle_members
from evidence.log_rules import LogRules
from evidence.note import log_key
from evidence.policy import parse_policy
from evidence.recompute.collect import Collector
from evidence.verify_frames import check_frames
from evidence.verify_log import open_log
from tests.support.plant_run import loaded


def check_whole_log(folder: DataFolder, site: Path, epoch: int = 1) -> LogRules:
    """Run steps 1 to 5 over the log up to its signed head and every frame of it; return the log as verified."""
    plant = loaded(site)
    signer = load_signer(beside(plant, plant.config.evidence.key_file))
    log = SealedLog.open(folder, epoch)
    covered = log.index.slots
    frames = (
        [FramesFile(covered[0], covered[-1], log.archive.container(covered))] if covered else []
    )
    parts = BundleParts(
        checkpoint=log.note,
        statement=b"{}\n",
        entries=list(log.ledger.entries()),
        documents=log.documents,
        frames=frames,
    )
    bundle = MemoryBundle({name: b"".join(pieces) for name, pieces in bundle_members(parts)})
    key = log_key(log.head.origin, signer.public_key)
    verified = open_log(bundle, parse_policy(f"log {key}\nquorum none\n".encode()))
    counts = check_frames(bundle, verified.rules, Collector([]))
    assert counts.seen.count(0) == 0
    assert counts.rows == sum(verified.rules.blocks.rows)
    return verified.rules
