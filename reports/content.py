"""A report as the template wants it: every number already written, every word from the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from reports import statistics_tables, tables
from reports.catalogue import Catalogue
from reports.figures import DASH, digits, exact, signed
from reports.instants import clock, local, offset
from reports.model import ClauseLine, KpiRow, Measured, ReportData
from reports.words import Unit
from reports.writer import Writer, catalogue

Json = dict[str, object]
Rows = list[list[str]]

_CHANGES_LISTED: Final = 40
UNPROVABLE: Final = 10
"""Fixed statements of the chapter on what cannot be proven; the data can add more, never remove one."""
STEPS: Final = 4
DAY_MIN: Final = 1440


def content(data: ReportData, language: str) -> Json:
    """Return the whole report as JSON values; equal data give equal content."""
    texts = catalogue(language)
    writer = Writer(data, texts)
    issued = local(data.issued_ms, 0)
    return {
        "language": language,
        "words": dict(texts.entries),
        "simulated": data.simulated,
        "issued": [
            issued.year,
            issued.month,
            issued.day,
            issued.hour,
            issued.minute,
            issued.second,
        ],
        "header": texts.t("header", site=data.site.name),
        "footer": texts.t(
            "footer_head",
            origin=data.log.origin,
            size=digits(Fraction(data.log.size), 0),
            root=data.log.root[:16],
        ),
        "origin": data.log.origin,
        "subtitle": texts.t(
            "subtitle", scheme=writer.say(data.scheme.title), document=data.scheme.document
        ),
        "scheme_note": writer.say(data.scheme.note),
        "fields": _fields(writer),
        "overall": {
            "key": data.scheme.verdict.key,
            "text": texts.t(f"verdict.{data.scheme.verdict.key}"),
        },
        "clauses": [_clause(writer, line) for line in data.clauses],
        "grades": [texts.t(f"grade.{g}") for g in "ABCD"] + [texts.t("grade.none")],
        "kpis": [_kpi(writer, row) for row in data.kpis],
        "exact": [_exact(writer, row) for row in data.kpis],
        "bounded": any(_bounded(m) for k in data.kpis for m in (k.before, k.after)),
        **_statistics(writer),
        "methods": _methods(data, texts),
        "registry": [tables.registry(writer, d) for d in data.devices],
        "atoms": tables.atoms(writer),
        "slots": tables.slots(writer),
        "counts": tables.counts(writer),
        "gantt_day": data.gantt_day,
        "gaps": tables.gaps(writer),
        "gaps_more": tables.more(writer),
        "findings": [[f.code, writer.say(f.text), writer.say(f.effect)] for f in data.findings],
        "changes": [
            [writer.minute(c.at_ms), str(c.entry), writer.say(c.summary), c.digest]
            for c in data.config_changes[:_CHANGES_LISTED]
        ],
        "calendar": _calendar(writer),
        "unprovable": [texts.t(f"unprovable.{i}") for i in range(1, UNPROVABLE + 1)]
        + [writer.say(text) for text in data.not_provable],
        "steps": [texts.t(f"verify.steps.{i}") for i in range(1, STEPS + 1)],
        "root": data.log.root,
        "note": data.log.note.rstrip("\n").split("\n"),
        "key": data.log.key,
        "anchors": [
            [writer.say(a.kind), writer.second(a.at_ms), digits(Fraction(a.size), 0)]
            for a in data.log.anchors
        ],
        "attachments": [
            {
                "name": a.name,
                "type": a.media_type,
                "description": writer.say(a.description),
            }
            for a in data.attachments
        ],
    }


def _statistics(writer: Writer) -> Json:
    """Return the tables on products, gaps of counters, ratios, energy, loops and imports."""
    data, t = writer.data, writer.texts.t
    left_out = t("separator").join(data.left_out)
    return {
        "ratios": statistics_tables.ratios(writer),
        "products": statistics_tables.products(writer),
        "left_out": t("devices.left_out", list=left_out) if left_out else "",
        "counter_gaps": statistics_tables.counter_gaps(writer),
        "counter_gaps_more": statistics_tables.more_counter_gaps(writer),
        "energy_lead": t("devices.energy.lead", table=data.coefficients or DASH),
        "energy": statistics_tables.energy(writer),
        "loops": statistics_tables.loops(writer),
        "imports": statistics_tables.imports(writer),
    }


def _bounded(found: Measured | None) -> bool:
    """Return whether missing data leave a figure more than one value."""
    return found is not None and (found.unbounded or found.low != found.high)


def _fields(writer: Writer) -> Rows:
    data, t = writer.data, writer.texts.t
    before = writer.period(data.before)
    if data.before is not None:
        sealed = data.before.sealed_ms
        note = (
            t("field.not_sealed")
            if sealed is None
            else t("field.sealed", time=writer.minute(sealed))
        )
        before = f"{before}{t('separator')}{note}"
    anchors = data.log.anchors
    first = min((a.at_ms for a in anchors), default=None)
    return [
        [t("field.site"), data.site.name],
        [t("field.workshop"), data.site.workshop],
        [t("field.enterprise"), data.site.enterprise],
        [t("field.issued"), writer.second(data.issued_ms)],
        [t("field.before"), before],
        [t("field.after"), writer.period(data.after)],
        [t("field.origin"), data.log.origin],
        [t("field.size"), digits(Fraction(data.log.size), 0)],
        [t("field.signed"), writer.second(data.log.signed_ms)],
        [t("field.anchor"), t("field.no_anchor") if first is None else writer.second(first)],
        [
            t("field.software"),
            " ".join(filter(None, (data.software.version, data.software.digest))),
        ],
    ]


def _clause(writer: Writer, line: ClauseLine) -> Json:
    return {
        "number": line.number,
        "wording": writer.say(line.wording),
        "evaluated": writer.texts.t("summary.narrative")
        if line.evaluated.zh == line.wording.zh
        else writer.say(line.evaluated),
        "required": writer.say(line.required) or DASH,
        "value": writer.amount(line.value, line.unit, line.decimals, line.threshold),
        "key": line.verdict.key,
        "verdict": writer.texts.t(f"verdict.{line.verdict.key}"),
        "grade": line.grade.value if line.grade else DASH,
    }


def _kpi(writer: Writer, row: KpiRow) -> Json:
    t = writer.texts.t
    interval = DASH
    if row.interval is not None:
        low, high = (signed(Fraction(edge), 1) for edge in row.interval)
        interval = f"[{low}, {high}] %"
    required = row.change_threshold if row.change_threshold is not None else row.threshold
    return {
        "name": t(f"kpi.{row.key.value}.label"),
        "before": writer.measured(row.before, row),
        "after": writer.measured(row.after, row),
        "change": DASH if row.change is None else f"{signed(row.change, 1)} %",
        "interval": interval,
        "required": DASH
        if required is None
        else "≥ "
        + writer.amount(required, Unit.PERCENT, 0 if (required * 100).denominator == 1 else 1),
        "key": row.word.key if row.word else "none",
        "word": t(f"verdict.{row.word.key}") if row.word else DASH,
        "coverage": _both(
            None
            if found is None or found.coverage is None
            else f"{digits(found.coverage * 100, 1)} %"
            for found in (row.before, row.after)
        ),
        "days": _both(
            None if found is None or found.valid_days is None else str(found.valid_days)
            for found in (row.before, row.after)
        ),
        "grade": row.grade.value if row.grade else DASH,
    }


def _both(pair: Iterable[str | None]) -> str:
    """Return "before / after", or one dash when neither is there."""
    before, after = pair
    return DASH if before is None and after is None else f"{before or DASH} / {after or DASH}"


def _exact(writer: Writer, row: KpiRow) -> list[str]:
    def fraction(found: Measured | None) -> str:
        return DASH if found is None or found.value is None else exact(found.value)

    bounds = DASH
    low, high = writer.edges(row.after, row)
    if low:
        bounds = f"{low} … {high}"
    return [
        writer.texts.t(f"kpi.{row.key.value}.label"),
        row.algorithm,
        fraction(row.before),
        fraction(row.after),
        bounds,
    ]


def _methods(data: ReportData, texts: Catalogue) -> list[Json]:
    """Return the definition of every algorithm used; one without a text in the catalogue stands with its id."""
    used = list(dict.fromkeys(row.algorithm for row in data.kpis))
    if data.ratios:
        used.append("registry-ratio/1")
    if data.before is not None and "before-after/2" not in used:
        used.append("before-after/2")
    return [
        {
            "algorithm": name,
            "name": texts.entries.get(f"alg.{name}.name", name),
            "definition": texts.entries.get(f"alg.{name}.definition", DASH),
            "denominator": texts.entries.get(f"alg.{name}.denominator", DASH),
            "source": texts.entries.get(f"alg.{name}.source", texts.t("method.own")),
            "limits": texts.entries.get(f"alg.{name}.limits", DASH),
        }
        for name in used
    ]


def _calendar(writer: Writer) -> list[str]:
    t, used, site = writer.texts.t, writer.data.calendar, writer.data.site
    separator = t("separator")

    def week(weekdays: Sequence[int]) -> str:
        if len(weekdays) == 7:
            return t("weekday.every")
        return t("weekday.list", list=separator.join(t(f"weekday.{d}") for d in weekdays))

    def moment(minutes: int) -> str:
        text = clock(minutes % DAY_MIN)
        return text if minutes < DAY_MIN else t("calendar.next_day", time=text)

    lines = [
        t(
            "calendar.day",
            time=clock(used.day_start_min),
            zone=site.zone,
            offset=offset(site.utc_offset_min),
        )
    ]
    lines += [
        t(
            "calendar.shift",
            name=shift.name,
            start=moment(shift.from_min),
            end=moment(shift.to_min),
            weekdays=week(shift.weekdays),
        )
        for shift in used.shifts
    ]
    if used.breaks:
        pairs = separator.join(f"{moment(a)}–{moment(b)}" for a, b in used.breaks)
        lines.append(t("calendar.breaks", list=pairs))
    if used.holidays:
        lines.append(t("calendar.holidays", list=separator.join(used.holidays)))
    lines.append(t("calendar.stops", stops=used.stops, late=used.late_stops))
    return lines
