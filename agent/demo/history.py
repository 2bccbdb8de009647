"""Second process of the demo: render the history, seal it, issue report and bundle, verify, compare with the truth.

`python -P -m agent.demo.history FOLDER --seed N` prints one JSON object a line: progress, then the result.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.clock import SystemClock
from agent.demo.plant_files import write_history
from agent.demo.truth_table import compare_with_truth
from agent.folders import beside, data_folder
from agent.head_keepers import LocalKeeper
from agent.keys import load_signer, load_site_secret
from agent.log_reader import SealedLog
from agent.reporting.issue_report import GRACE_SLOTS, LEAD_SLOTS, issue_report
from agent.reporting.run import self_check_policy
from agent.sealer import Now, Sealer
from agent.sources import protocols
from agent.timelapse import replay
from config.document import plant_document
from config.loader import load_plant
from connectors.file import read_trace
from evidence.grammar import Origin
from evidence.note import log_key
from kpi.window import Span
from model.errors import PermanentError
from model.slots import NS_PER_MS, SLOT_MS
from simulators.history import render_history
from simulators.plan import Plan, plan_ending_before
from simulators.truth import write_truth
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger

ZLIB_LEVEL: Final = 1


def plan_of(seed: int) -> Plan:
    """Return the newest before/after plan that is complete now."""
    return plan_ending_before(SystemClock().unix_ns() // NS_PER_MS, seed)


def tell(kind: str, **values: Any) -> None:
    """Print one line for the first process."""
    sys.stdout.write(json.dumps({"kind": kind, **values}, ensure_ascii=True) + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class HistoryPaths:
    """Files of the history."""

    folder: Path

    @property
    def trace(self) -> Path:
        """Return the folder of the trace."""
        return self.folder / "trace"

    @property
    def truth(self) -> Path:
        """Return the truth file."""
        return self.folder / "truth.json"

    @property
    def table(self) -> Path:
        """Return the comparison with the truth."""
        return self.folder / "truth-comparison.txt"


def build(folder: Path, seed: int) -> int:
    """Do all steps; return the exit code of the verifier."""
    paths = HistoryPaths(folder)
    plan = plan_of(seed)
    tell("progress", step="render", share=0.0)
    summary = render_history(plan, paths.trace)
    write_truth(plan, paths.truth)
    tell("progress", step="seal", share=0.0, rows=summary.rows)
    plant = load_plant(
        write_history(folder, plan, paths.trace), protocols=protocols(), environment={}
    )
    document = plant_document(plant)
    data = data_folder(plant)
    signer = load_signer(beside(plant, plant.config.evidence.key_file))
    secret = load_site_secret(beside(plant, plant.config.evidence.secret_file))
    site = plant.config.site
    origin = Origin(site.realm, site.enterprise, site.workshop, 1)
    ledger = open_ledger(data.ledger(1), log_key(origin, signer.public_key))
    if not isinstance(ledger, Ledger):
        raise PermanentError(ledger.en, ledger.zh)
    archive = FrameArchive(data.frames(1), level=ZLIB_LEVEL)
    sealer = Sealer(ledger=ledger, archive=archive, signer=signer, secret=secret, origin=origin)
    total = (plan.after.span[1] - plan.before.span[0]) // SLOT_MS
    first = plan.before.span[0] // SLOT_MS
    started = time.perf_counter()
    sealed = replay(
        sealer,
        document,
        read_trace(paths.trace, document.table),
        progress=lambda slot: tell("progress", step="seal", share=(slot - first) / total),
    )
    seconds = time.perf_counter() - started
    tell("sealed", blocks=sealed.blocks, rows=sealed.rows, seconds=seconds)
    log = SealedLog.open(data)
    after, before = (
        Span(*period.slots, lead=LEAD_SLOTS, grace=GRACE_SLOTS)
        for period in (plan.after, plan.before)
    )
    end_ms = plan.after.span[1]
    tell("progress", step="report", share=0.0)
    done = issue_report(
        log,
        after=after,
        before=before,
        keeper=LocalKeeper(sealer, data, Now(end_ms * NS_PER_MS, 0, "R")),
        signer=signer,
        issued_ms=end_ms,
        target=folder / "reports",
        name=f"EB-{log.head.root.hex()[:8]}",
    )
    ledger.close()
    archive.close()
    policy = folder / "policy.txt"
    policy.write_text(self_check_policy(log, signer.public_key), encoding="utf-8")
    compared = compare_with_truth(
        json.loads(paths.truth.read_text("utf-8")), done.evaluation.figures
    )
    paths.table.write_text(compared.text, encoding="utf-8")
    tell("progress", step="verify", share=0.0)
    code, verdict, seconds = verify(done.issued.bundle, policy)
    tell(
        "done",
        pdf=str(done.pdf),
        bundle=str(done.issued.bundle),
        policy=str(policy),
        truth=str(paths.table),
        truth_equal=compared.equal,
        truth_total=compared.total,
        exit_code=code,
        verdict=verdict,
        verify_seconds=seconds,
        site=str(plant.path),
    )
    return code


def verify(bundle: Path, policy: Path) -> tuple[int, Mapping[str, Any], float]:
    """Run the stand-alone verifier on the bundle; return exit code, its JSON and the seconds it took."""
    started = time.perf_counter()
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "evidence.cli", str(bundle), "--trust", str(policy), "--json"],
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
    )
    seconds = time.perf_counter() - started
    try:
        verdict: Mapping[str, Any] = json.loads(answer.stdout)
    except ValueError:
        verdict = {"error": answer.stderr[-2000:]}
    return answer.returncode, verdict, seconds


def main() -> None:
    """Run the steps for the folder on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    sys.exit(build(chosen.folder, chosen.seed))


if __name__ == "__main__":
    main()
