"""Where the figures of an assessment come from: the log of a plant over a period, or the claims of an issued bundle."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.assessment.known_figures import Periods
from agent.assessment.registry_figures import registry_figures
from agent.folders import data_folder
from agent.log_reader import SealedLog
from agent.reporting.bundle_log import history_of_bundle
from agent.reporting.claims_reader import figures_from_bundle
from agent.reporting.figures import Figure, evaluate_figures, requests_over
from agent.reporting.issue import CLAIMS_FILE
from agent.reporting.issue_report import check_span
from agent.reporting.run import Window
from config.loader import LoadedPlant
from evidence import b64, canonical
from evidence.grammar import Origin
from evidence.refusal import Refusal
from evidence.statement import Statement, parse_statement
from kpi.bilingual import Bilingual
from kpi.history import ConfigHistory
from kpi.metrics import BEFORE
from kpi.schemes.figures import Figure as KnownFigure
from kpi.window import Span
from model.errors import ConfigError, PermanentError

STATEMENT_FILE = "statement.dsse.json"


@dataclass(frozen=True, slots=True)
class FigureSource:
    """Figures with where they come from."""

    figures: Mapping[str, Figure]
    periods: Periods
    origin: str
    simulated: bool
    text: Bilingual
    """What is printed about it, also what was not checked."""
    registry: Mapping[str, KnownFigure] = field(default_factory=dict)
    """Ratios of the sealed registry that no claim states."""


def source_of_bundle(bundle: Path) -> FigureSource:
    """Return the claims of a bundle; raises ConfigError if it cannot be read or its claims are not the stated ones.

    The signature is not checked here: that needs the trust policy of the authority and `plantproof-verify`.
    """
    statement = _statement(bundle)
    try:
        figures = figures_from_bundle(bundle)
    except PermanentError as exc:
        raise ConfigError(exc.en, exc.zh) from exc
    spans = {name: figure.request.span for name, figure in figures.items()}
    after = next((s for name, s in spans.items() if not name.endswith("-before")), None)
    before = next((s for name, s in spans.items() if name.endswith("-before")), None)
    return FigureSource(
        figures=figures,
        periods=Periods(after, before),
        origin=statement.origin,
        simulated=statement.simulated,
        registry=_registry(
            history_of_bundle(bundle), figures, (after, before), simulated=statement.simulated
        ),
        text=Bilingual(
            f"证据包 {bundle}（账本 {statement.origin}）；签名与原始数据未在此核对，"
            f"请用 plantproof-verify {bundle} --trust 主管部门的信任策略",
            f"bundle {bundle} (log {statement.origin}); signature and raw data are not checked here: "
            f"plantproof-verify {bundle} --trust POLICY-OF-THE-AUTHORITY",
        ),
    )


def _statement(bundle: Path) -> Statement:
    """Return what a bundle states, after comparing its claims with the digest in the statement."""
    try:
        with zipfile.ZipFile(bundle) as archive:
            envelope = canonical.parse_object(archive.read(STATEMENT_FILE).rstrip(b"\n"))
            claims = hashlib.sha256(archive.read(CLAIMS_FILE)).digest()
        statement = parse_statement(b64.decode(str(envelope["payload"])))
    except (OSError, KeyError, zipfile.BadZipFile, Refusal) as exc:
        raise ConfigError(
            f"{bundle} is no readable bundle: {exc}", f"{bundle} 不是可读取的证据包：{exc}"
        ) from exc
    if claims not in {s.sha256 for s in statement.subjects if s.name == CLAIMS_FILE}:
        raise ConfigError(
            f"{bundle}: {CLAIMS_FILE} is not the file that its statement names; it was changed",
            f"{bundle}：{CLAIMS_FILE} 与声明中的摘要不符，文件被改动过",
        )
    return statement


def _registry(
    history: ConfigHistory,
    figures: Mapping[str, Figure],
    spans: tuple[Span | None, Span | None],
    *,
    simulated: bool,
) -> dict[str, KnownFigure]:
    """Return the ratios of the registry over the after and the before period."""
    found: dict[str, KnownFigure] = {}
    for suffix, span in zip(("", BEFORE), spans, strict=True):
        if span is not None:
            parts = history.segments(span.start_ms, span.end_ms)
            found |= registry_figures(parts, figures, suffix, simulated=simulated)
    return found


def source_of_plant(plant: LoadedPlant, after: Window, before: Window | None) -> FigureSource:
    """Return the figures of the log as it was last signed; nothing is written.

    Raises ConfigError for an impossible window, PermanentError if the signed log does not cover the windows.
    """
    for window in (after, before):
        if window is not None:
            window.span(0)
    log = SealedLog.open(data_folder(plant))
    first = log.index.slots[0] if log.index.slots else 0
    spans = [w.span(first) for w in (after, before) if w is not None]
    # Both periods of a comparison have one lead: that of the period nearer to the start of the log.
    lead = min(span.lead for span in spans)
    spans = [replace(span, lead=lead) for span in spans]
    for span in spans:
        check_span(log, span)
    periods = Periods(spans[0], spans[1] if before is not None else None)
    rows = log.window(min(s.first - s.lead for s in spans), max(s.last + s.grace for s in spans))
    requests = requests_over(rows.history, spans[0], periods.before)
    origin: Origin = log.head.origin
    figures = evaluate_figures(requests, rows).figures
    return FigureSource(
        figures=figures,
        periods=periods,
        origin=str(origin),
        simulated=origin.simulated,
        registry=_registry(
            rows.history, figures, (periods.after, periods.before), simulated=origin.simulated
        ),
        text=Bilingual(
            f"账本 {origin}，截至已签名的第 {log.head.size} 条；未签发、不可据以申报",
            f"log {origin} up to its signed entry {log.head.size}; not issued, nothing to hand in",
        ),
    )
