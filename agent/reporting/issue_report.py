"""One report: figures at a signed head, PDF, statement, bundle. Used by `report` and by the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.assessment.known_figures import Periods
from agent.assessment.outcome import Assessment, assess
from agent.log_reader import SealedLog
from agent.reporting.figures import Evaluation, evaluate_figures, requests_over
from agent.reporting.issue import REPORT_FILE, HeadKeeper, Issued, issue_bundle
from agent.reporting.record_evidence import RecordsBeside, record_evidence
from agent.reporting.report_data import ReportInputs, report_data
from config.schemes.files import builtin_library
from evidence.keys import Signer
from evidence.note import log_key
from kpi.claims import ExcludedDay
from kpi.window import Span
from model.errors import PermanentError
from reports.build import build_pdf

SCHEME: Final = "CQ18-WS"
GRACE_SLOTS: Final = 10
LEAD_SLOTS: Final = 1440
"""A day: the first count after a standstill needs the reading before it, and unchanged counters send only H rows."""

_README: Final = """plantproof evidence bundle / 证据包
origin: {origin}
{simulated}
How to check, with the verifier and the policy from the authority, not from here:
    plantproof-verify THIS.zip --trust POLICY
验证：请使用主管部门提供的验证程序与信任策略（不要使用本包内的任何密钥）。
Stock tools / 通用工具: sha256sum -c SHA256SUMS (transport only / 仅核对传输)
"""


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """Paths and results of one report."""

    pdf: Path
    issued: Issued
    evaluation: Evaluation
    assessment: Assessment


def check_span(log: SealedLog, span: Span) -> None:
    """Raise PermanentError if the log does not cover a window with its grace yet."""
    index = log.index
    covered = max(
        [index.slots[-1] + 1 if index.slots else 0] + [first + n for first, n in index.off[-1:]]
    )
    if covered < span.last + span.grace:
        raise PermanentError(
            f"the log is sealed up to slot {covered}; the window needs {span.last + span.grace} "
            f"(its end plus {span.grace} minutes of grace): wait, or choose an earlier end",
            f"账本已封存到分钟槽 {covered}，统计窗口需要到 {span.last + span.grace}"
            f"（窗口终点加 {span.grace} 分钟宽限）：请稍后再试，或选更早的终点",
        )


def issue_report(
    log: SealedLog,
    *,
    after: Span,
    before: Span | None,
    exclusions: tuple[ExcludedDay, ...] = (),
    keeper: HeadKeeper,
    signer: Signer,
    issued_ms: int,
    target: Path,
    name: str,
    language: str = "zh-CN",
    withhold_process: bool = False,
    records: RecordsBeside | None = None,
) -> IssuedReport:
    """Write `<name>.pdf` and `<name>.zip` into `target`; every claim is computed from `log` alone.

    exclusions: production days that the comparisons state both with and without. records: imported records, which
    answer clauses that no machine measures and then travel with the bundle. Raises PermanentError if the log does not
    cover the windows or an exclusion is no whole day of them, VerificationError if the records were changed.
    """
    for span in (after, before):
        if span is not None:
            check_span(log, span)
    spans = [s for s in (before, after) if s is not None]
    rows = log.window(min(s.first - s.lead for s in spans), max(s.last + s.grace for s in spans))
    evaluation = evaluate_figures(requests_over(rows.history, after, before, exclusions), rows)
    origin = log.head.origin
    library = builtin_library()
    scheme = library.schemes[SCHEME]
    declared = record_evidence(records, Periods(after, before), scheme, library.forms_of(scheme.id))
    assessment = assess(
        scheme, evaluation.figures, simulated=origin.simulated, imported=declared.figures
    )
    vkey = str(log_key(origin, signer.public_key))
    data = report_data(
        ReportInputs(
            log=log,
            vkey=vkey,
            evaluation=evaluation,
            assessment=assessment,
            after=after,
            before=before,
            issued_ms=issued_ms,
            imports=declared.used,
        )
    )
    pdf = build_pdf(data, language)
    target.mkdir(parents=True, exist_ok=True)
    pdf_path = target / f"{name}.pdf"
    pdf_path.write_bytes(pdf)
    mark = "SIMULATED DATA / 模拟数据，不得用于认定申报\n" if origin.simulated else ""
    readme = _README.format(origin=origin, simulated=mark)
    issued = issue_bundle(
        log,
        evaluation.figures,
        keeper=keeper,
        signer=signer,
        extra={REPORT_FILE: pdf, "README.txt": readme.encode("utf-8"), **declared.members},
        target=target / f"{name}.zip",
        withhold=(lambda s: s.endswith(".process")) if withhold_process else (lambda _s: False),
    )
    return IssuedReport(pdf_path, issued, evaluation, assessment)
