"""Figures, log and configuration → everything that the report prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from agent.assessment.outcome import Assessment, grade_of, worst_coverage
from agent.log_reader import SealedLog
from agent.reporting import statistics
from agent.reporting.comparison_view import COMPARED
from agent.reporting.evidence_grades import DECLARED
from agent.reporting.figure_detail import ratio_text
from agent.reporting.figure_views import UNIT_OF, coverage_of, decimals_of, reason_of
from agent.reporting.figures import Evaluation, Figure
from agent.reporting.findings import findings_of
from agent.reporting.report_devices import all_gaps, daily_upload, device_rows
from agent.software import NAME, source_digest, version
from kpi.calendar import ProductionDay
from kpi.comparison.details import interval_texts
from kpi.days import asset_days
from kpi.document import ConfigDocument
from kpi.energy.energy_per_piece import meter_days
from kpi.oee import ideal_good
from kpi.window import Span
from kpi.workspace import Workspace
from reports.model import (
    CalendarUsed,
    ClauseLine,
    ConfigChange,
    DailyPoint,
    DailySeries,
    Finding,
    KpiRow,
    LogHead,
    Measured,
    Period,
    ReportData,
    Scheme,
    ShiftLine,
    Site,
    Software,
)
from reports.words import Grade, KpiKey, Text, Unit, VerdictWord
from storage.records_manifest import Manifest

ENERGY_DECIMALS: Final = 2
_THRESHOLDS: Final = {"upload-rate": Fraction(9, 10), "nc-ratio": Fraction(1, 2)}


@dataclass(frozen=True, slots=True)
class ReportInputs:
    """What a report is made of."""

    log: SealedLog
    vkey: str
    evaluation: Evaluation
    assessment: Assessment
    after: Span
    before: Span | None
    issued_ms: int
    simulated_faults: tuple[Finding, ...] = ()
    """Faults that a simulator injected on purpose, told in the report."""
    imports: tuple[Manifest, ...] = ()
    """Imported records that answer clauses."""


def report_data(inputs: ReportInputs) -> ReportData:
    """Return the data of a report."""
    log = inputs.log
    document = log.index.documents[-1]
    figures = inputs.evaluation.figures
    work = inputs.evaluation.spaces[inputs.after]
    whole = [d for d in work.days if d.whole]
    gantt = whole[len(whole) // 2] if whole else None
    gaps, gaps_total = all_gaps(work)
    return ReportData(
        site=_site(document, log),
        log=LogHead(
            origin=str(log.head.origin),
            size=log.head.size,
            root=log.head.root.hex(),
            note=log.note.decode("utf-8"),
            key=inputs.vkey,
            signed_ms=inputs.issued_ms,
        ),
        before=_period(inputs.before),
        after=Period(first_ms=inputs.after.start_ms, last_ms=inputs.after.end_ms),
        issued_ms=inputs.issued_ms,
        scheme=_scheme(inputs.assessment),
        clauses=_clauses(inputs.assessment),
        kpis=_kpis(inputs),
        devices=device_rows(inputs.evaluation, work, document, gantt),
        ratios=statistics.ratio_rows(figures, simulated=log.head.origin.simulated),
        products=statistics.product_rows(figures),
        counter_gaps=statistics.counter_gaps(figures),
        left_out=statistics.left_out(figures),
        coefficients=statistics.coefficients_of(figures),
        energy=statistics.energy_rows(figures),
        loops=statistics.loop_rows(figures),
        imports=statistics.import_lines(inputs.imports),
        daily=_daily(inputs),
        gantt_day=gantt.date if gantt else "",
        gantt_ms=(gantt.start_ms, gantt.end_ms) if gantt else (0, 0),
        gaps=gaps,
        gaps_total=gaps_total,
        config_changes=_config_changes(log),
        findings=(
            *findings_of(log.index, (inputs.before, inputs.after), inputs.evaluation.figures),
            *inputs.simulated_faults,
        ),
        calendar=_calendar(document, work),
        software=Software(version=f"{NAME} {version()}", digest=source_digest().hex()),
    )


def _site(document: ConfigDocument, log: SealedLog) -> Site:
    origin = log.head.origin
    return Site(
        name=document.site_name,
        enterprise=origin.enterprise,
        workshop=origin.workshop,
        zone=document.calendar.zone,
        utc_offset_min=document.calendar.utc_offset_min,
    )


def _period(span: Span | None) -> Period | None:
    return None if span is None else Period(first_ms=span.start_ms, last_ms=span.end_ms)


def _scheme(assessment: Assessment) -> Scheme:
    scheme = assessment.scheme
    return Scheme(
        id=scheme.id,
        title=Text(f"{scheme.zh} {scheme.clause}", scheme.en),
        document=scheme.document,
        note=Text(
            "该办法自 2018 年 4 月发布之日起试行两年（第十七条）；是否仍适用，请以主管部门答复为准。",
            "A two-year trial from April 2018 (art. 17); ask the authority whether it still applies.",
        ),
        verdict=assessment.verdict,
    )


def _clauses(assessment: Assessment) -> tuple[ClauseLine, ...]:
    return tuple(
        ClauseLine(
            id=item.row.id,
            number=item.row.clause,
            wording=Text(item.row.zh, item.row.en),
            evaluated=item.evaluated,
            verdict=item.word,
            required=item.required,
            value=item.value,
            threshold=item.row.target.threshold if item.row.target is not None else None,
            grade=item.grade,
            claim=item.figure or None,
        )
        for item in assessment.rows
    )


def _kpis(inputs: ReportInputs) -> tuple[KpiRow, ...]:
    figures = inputs.evaluation.figures
    simulated = inputs.log.head.origin.simulated
    rows = []
    for key, name, change in COMPARED:
        if name not in figures:
            continue
        compared = figures.get(change)
        before = figures.get(f"{name}-before")
        threshold = _THRESHOLDS.get(name)
        rows.append(
            KpiRow(
                key=key,
                algorithm=figures[name].request.algorithm,
                unit=UNIT_OF.get(key, Unit.PERCENT),
                decimals=decimals_of(figures[name], 2),
                after=_measured(inputs, figures[name], "", compared, "after"),
                before=_measured(inputs, before, "-before", compared, "before")
                if before is not None
                else None,
                threshold=threshold,
                change=compared.result.value if compared is not None else None,
                interval=_interval(compared),
                change_threshold=getattr(compared.request, "threshold", None) if compared else None,
                word=_word(figures[name], compared, threshold),
                grade=_grade(inputs, change or name, simulated=simulated),
            )
        )
    return tuple(rows)


def _grade(inputs: ReportInputs, name: str, *, simulated: bool) -> Grade | None:
    figures = inputs.evaluation.figures
    return grade_of(name, figures, simulated=simulated) if name in figures else None


def _measured(
    inputs: ReportInputs, figure: Figure, suffix: str, compared: Figure | None, part: str
) -> Measured:
    figures = inputs.evaluation.figures
    detail = figure.result.detail
    names = (*getattr(figure.request, "assets", ()), *getattr(figure.request, "meters", ()))
    coverage = (
        worst_coverage(figures, suffix, frozenset(names)) if names else coverage_of(figures, suffix)
    )
    valid = None
    if compared is not None:
        found = compared.result.detail.get(part)
        valid = int(found["valid"]) if isinstance(found, dict) else None
    return Measured(
        value=figure.result.value,
        reason=reason_of(figure),
        low=ratio_text(detail.get("low")),
        high=ratio_text(detail.get("high")),
        unbounded=figure.result.value is not None and detail.get("high") == "unbounded",
        coverage=None if figure.request.algorithm in DECLARED else coverage,
        valid_days=valid,
    )


def _interval(compared: Figure | None) -> tuple[str, str] | None:
    return interval_texts(compared.result.detail) if compared is not None else None


def _word(
    figure: Figure, compared: Figure | None, threshold: Fraction | None
) -> VerdictWord | None:
    if compared is not None:
        return VerdictWord(str(compared.result.detail.get("word", "undetermined")))
    if threshold is None:
        return None
    value = figure.result.value
    if value is None:
        return VerdictWord.UNDETERMINED
    return VerdictWord.PASS if value >= threshold else VerdictWord.FAIL


def _daily(inputs: ReportInputs) -> tuple[DailySeries, ...]:
    figures = inputs.evaluation.figures
    spaces = inputs.evaluation.spaces

    def series(
        key: KpiKey, unit: Unit, values: Callable[[Workspace], list[DailyPoint]]
    ) -> DailySeries:
        return DailySeries(
            key=key,
            unit=unit,
            before=values(spaces[inputs.before]) if inputs.before is not None else (),
            after=values(spaces[inputs.after]),
            target=_THRESHOLDS["upload-rate"] if key is KpiKey.UPLOAD_RATE else None,
        )

    found = [series(KpiKey.UPLOAD_RATE, Unit.PERCENT, _upload_days)]
    if "oee" in figures:
        assets = tuple(getattr(figures["oee"].request, "assets", ()))
        found.append(series(KpiKey.OEE, Unit.PERCENT, lambda w: _oee_days(w, assets)))
    if "energy-per-piece" in figures:
        request = figures["energy-per-piece"].request
        meters = tuple(getattr(request, "meters", ()))
        metered = tuple(getattr(request, "assets", ()))
        found.append(
            series(
                KpiKey.ENERGY_PER_PIECE,
                Unit.WH_PER_PIECE,
                lambda w: _energy_days(w, meters, metered),
            )
        )
    return tuple(found)


def _whole(work: Workspace) -> list[tuple[int, ProductionDay]]:
    return [(i, d) for i, d in enumerate(work.days) if d.whole]


def _upload_days(work: Workspace) -> list[DailyPoint]:
    values = daily_upload(work)
    return [DailyPoint(day=d.date, value=values.get(d.date)) for _, d in _whole(work)]


def _oee_days(work: Workspace, assets: tuple[str, ...]) -> list[DailyPoint]:
    tables = [asset_days(work, a) for a in assets]
    points = []
    for i, day in _whole(work):
        ideal = [ideal_good(t.days[i]) for t in tables]
        pbt = sum(t.days[i].pbt for t in tables)
        known = [x for x in ideal if x is not None]
        value = sum(known, Fraction(0)) / pbt if pbt and len(known) == len(ideal) else None
        points.append(DailyPoint(day=day.date, value=value))
    return points


def _energy_days(
    work: Workspace, meters: tuple[str, ...], assets: tuple[str, ...]
) -> list[DailyPoint]:
    energy = [meter_days(work, m) for m in meters]
    tables = [asset_days(work, a) for a in assets]
    points = []
    for i, day in _whole(work):
        good = sum(t.days[i].pieces.good or 0 for t in tables)
        answered = all(m.answered_on[i] for m in energy)
        value = Fraction(sum(m.wh[i] for m in energy), good) if good else None
        points.append(DailyPoint(day=day.date, value=value, valid=answered))
    return points


def _config_changes(log: SealedLog) -> tuple[ConfigChange, ...]:
    index = log.index
    found = []
    for number, document in enumerate(index.documents):
        devices = len(document.assets)
        points = sum(s.required for stream in document.streams for s in stream.signals)
        found.append(
            ConfigChange(
                at_ms=index.t_ms[number],
                entry=index.entry_index[number],
                digest=index.digests[number],
                summary=Text(
                    f"{'首份配置' if number == 0 else '配置变更'}：{devices} 台设备，{points} 个必采点",
                    f"{'first configuration' if number == 0 else 'configuration changed'}: "
                    f"{devices} devices, {points} required points",
                ),
            )
        )
    return tuple(found)


def _calendar(document: ConfigDocument, work: Workspace) -> CalendarUsed:
    calendar = document.calendar
    late = work.rows.history.late_stops
    return CalendarUsed(
        day_start_min=calendar.day_start_min,
        shifts=[
            ShiftLine(
                name=s.name, from_min=s.from_min, to_min=s.to_min, weekdays=sorted(s.weekdays)
            )
            for s in calendar.shifts
        ],
        breaks=calendar.breaks,
        holidays=sorted(calendar.holidays),
        stops=len(calendar.stops) - len(late),
        late_stops=len(late),
    )
