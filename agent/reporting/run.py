"""Issue a report for a plant on disk, whether its agent runs or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agent.assessment.imported_figures import imported_figures
from agent.clock import SystemClock
from agent.folders import beside, data_folder
from agent.head_keepers import LocalKeeper, RemoteKeeper
from agent.keys import load_signer
from agent.log_reader import SealedLog
from agent.opening import now_of, open_plant
from agent.reporting.issue import HeadKeeper
from agent.reporting.issue_report import GRACE_SLOTS, LEAD_SLOTS, IssuedReport, issue_report
from agent.reporting.record_evidence import RecordsBeside
from config.document import plant_document
from config.loader import LoadedPlant
from evidence.note import log_key
from kpi.claims import ExcludedDay
from kpi.window import Span
from model.errors import ConfigError, PermanentError
from model.slots import SLOT_MS
from storage.durable import LedgerInUseError


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open window in Unix ms; both ends on whole minutes."""

    first_ms: int
    last_ms: int

    def span(self, first_slot: int) -> Span:
        """Return the window as slots with lead and grace; the lead ends at the first slot of the log.

        Raises ConfigError if the window is empty or not on whole minutes.
        """
        if self.first_ms >= self.last_ms or self.first_ms % SLOT_MS or self.last_ms % SLOT_MS:
            raise ConfigError(
                "a window needs a start before its end, both on whole minutes",
                "统计窗口的起点必须早于终点，且均为整分钟",
            )
        first = self.first_ms // SLOT_MS
        lead = max(0, min(LEAD_SLOTS, first - first_slot))
        return Span(first, self.last_ms // SLOT_MS, lead=lead, grace=GRACE_SLOTS)


@dataclass(frozen=True, slots=True)
class PlantReport:
    """A report and the policy that trusts the log of this plant (for self-checks only)."""

    report: IssuedReport
    policy: Path


def report_plant(
    plant: LoadedPlant,
    *,
    after: Window,
    before: Window | None,
    exclusions: tuple[ExcludedDay, ...] = (),
    out: Path | None,
    language: str,
    withhold_process: bool,
    coefficients: str | None = None,
) -> PlantReport:
    """Sign the present head, issue report and bundle, and write the self-check policy beside them.

    exclusions: production days that the comparisons state both with and without.
    coefficients: id of the table for imported energy bills; None = the one of the plant.

    Raises ConfigError for an impossible window, PermanentError if the log does not cover the windows, TransientError
    if the agent does not answer.
    """
    for window in (after, before):
        if window is not None:
            window.span(0)
    clock = SystemClock()
    folder = data_folder(plant)
    signer = load_signer(beside(plant, plant.config.evidence.key_file))
    target = out or folder.reports

    def issue(log: SealedLog, keeper: HeadKeeper) -> PlantReport:
        now = now_of(clock)
        first = log.index.slots[0] if log.index.slots else 0
        name = f"EB-{datetime.fromtimestamp(now.unix_ms / 1000, UTC):%Y%m%d%H%M%S}-{log.head.root.hex()[:8]}"
        spans = [w.span(first) for w in (after, before) if w is not None]
        # Both periods of a comparison have one lead: that of the period nearer to the start of the log.
        lead = min(span.lead for span in spans)
        spans = [replace(span, lead=lead) for span in spans]
        done = issue_report(
            log,
            after=spans[0],
            before=spans[1] if before is not None else None,
            exclusions=exclusions,
            keeper=keeper,
            signer=signer,
            issued_ms=now.unix_ms,
            target=target,
            name=name,
            language=language,
            withhold_process=withhold_process,
            records=RecordsBeside(folder.records, imported_figures(plant, coefficients)),
        )
        policy = target / "policy-self-check.txt"
        policy.write_text(self_check_policy(log, signer.public_key), encoding="utf-8")
        return PlantReport(done, policy)

    try:
        parts = open_plant(plant, plant_document(plant), clock)
    except LedgerInUseError:
        remote = RemoteKeeper(folder)
        return issue(remote.sign(), remote)
    try:
        if not parts.ledger.size:
            raise PermanentError(
                f"{folder.root} holds no log yet: start the agent (plantproof run) and wait for the first minutes",
                f"{folder.root} 中还没有账本：请先启动采集程序（plantproof run）并等待最初几分钟",
            )
        parts.sealer.checkpoint()
        local = LocalKeeper(parts.sealer, folder, now_of(clock))
        return issue(SealedLog.open(folder), local)
    finally:
        parts.close()
        if parts.clean:
            parts.mark_clean()


def self_check_policy(log: SealedLog, public_key: bytes) -> str:
    """Return a policy that trusts this log only; a real one comes from the authority, never from the site."""
    return (
        "# self-check only: a policy for re-review comes from the authority / 仅供自检，复评所用策略由主管部门提供\n"
        f"log {log_key(log.head.origin, public_key)}\nquorum none\n"
    )
