"""A report as the template wants it: every number already written, every word from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from model.state import Atom
from reports.catalogue import Catalogue, load, words
from reports.figures import DASH, digits, exact, figure, signed
from reports.instants import clock, days, local, minute, offset, second
from reports.model import ClauseLine, DeviceRow, Gap, KpiRow, Measured, Period, ReportData
from reports.words import Text, Unit

Json = dict[str, object]
Rows = list[list[str]]

_CHAPTERS: Final = Path(__file__).parent / "chapters"
_GAPS_LISTED: Final = 30
_CHANGES_LISTED: Final = 40
UNPROVABLE: Final = 10
"""Fixed statements of the chapter on what cannot be proven; the data can add more, never remove one."""
STEPS: Final = 4
_MISSED: Final = "missed_"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes values of one report in one language."""

    data: ReportData
    texts: Catalogue

    def say(self, text: Text | None) -> str:
        """Return a text of the data in the language of the report."""
        return "" if text is None else text.of(self.texts.language)

    def minute(self, unix_ms: int) -> str:
        """Return an instant to the minute in site time."""
        return minute(unix_ms, self.data.site.utc_offset_min)

    def second(self, unix_ms: int) -> str:
        """Return an instant to the second in site time with its offset."""
        return second(unix_ms, self.data.site.utc_offset_min)

    def amount(
        self, value: Fraction | None, unit: Unit, decimals: int, threshold: Fraction | None = None
    ) -> str:
        """Return a number with its unit, or a dash."""
        if value is None:
            return DASH
        return f"{figure(value, unit, decimals, threshold)} {self.texts.t(f'unit.{unit.value}')}".strip()

    def measured(self, found: Measured | None, row: KpiRow) -> str:
        """Return a figure, or the reason why there is none."""
        if found is None:
            return DASH
        if found.value is None:
            return self.say(found.reason) or DASH
        return self.amount(found.value, row.unit, row.decimals, row.threshold)

    def period(self, period: Period | None) -> str:
        """Return a period with its length in days."""
        if period is None:
            return self.texts.t("field.no_before")
        return self.texts.t(
            "period",
            first=self.minute(period.first_ms),
            last=self.minute(period.last_ms),
            days=days(period.first_ms, period.last_ms),
        )


def catalogue(language: str) -> Catalogue:
    """Return all texts of the report in `language`."""
    return words(language).over(load(_CHAPTERS, language))


def content(data: ReportData, language: str) -> Json:
    """Return the whole report as JSON values; equal data give equal content."""
    texts = catalogue(language)
    writer = Writer(data, texts)
    issued = local(data.issued_ms, 0)
    return {
        "language": language,
        "words": dict(texts.entries),
        "simulated": data.simulated,
        "issued": [issued.year, issued.month, issued.day, issued.hour, issued.minute, issued.second],
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
        "methods": _methods(data, texts),
        "registry": [_registry(writer, d) for d in data.devices],
        "atoms": _atoms(writer),
        "slots": _slots(writer),
        "counts": _counts(writer),
        "gantt_day": data.gantt_day,
        "gaps": _gaps(writer),
        "gaps_more": _more(writer),
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
        [t("field.software"), " ".join(filter(None, (data.software.version, data.software.digest)))],
    ]


def _clause(writer: Writer, line: ClauseLine) -> Json:
    return {
        "number": line.number,
        "wording": writer.say(line.wording),
        "evaluated": writer.say(line.evaluated),
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
        interval = f"{low} … {high} %"
    required = row.change_threshold if row.change_threshold is not None else row.threshold
    return {
        "name": t(f"kpi.{row.key.value}.label"),
        "before": writer.measured(row.before, row),
        "after": writer.measured(row.after, row),
        "change": DASH if row.change is None else f"{signed(row.change, 1)} %",
        "interval": interval,
        "required": DASH
        if required is None
        else "≥ " + writer.amount(required, Unit.PERCENT, 0 if (required * 100).denominator == 1 else 1),
        "key": row.word.key if row.word else "none",
        "word": t(f"verdict.{row.word.key}") if row.word else DASH,
        "coverage": " / ".join(
            DASH if found is None or found.coverage is None else f"{digits(found.coverage * 100, 1)} %"
            for found in (row.before, row.after)
        ),
        "days": " / ".join(
            DASH if found is None or found.valid_days is None else str(found.valid_days)
            for found in (row.before, row.after)
        ),
        "grade": row.grade.value if row.grade else DASH,
    }


def _exact(writer: Writer, row: KpiRow) -> list[str]:
    def fraction(found: Measured | None) -> str:
        return DASH if found is None or found.value is None else exact(found.value)

    bounds = DASH
    if row.after.low is not None and row.after.high is not None:
        bounds = " … ".join(
            writer.amount(edge, row.unit, row.decimals) for edge in (row.after.low, row.after.high)
        )
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
    if data.before is not None and "before-after/1" not in used:
        used.append("before-after/1")
    return [
        {
            "algorithm": name,
            "name": texts.entries.get(f"alg.{name}.name", name),
            "definition": texts.entries.get(f"alg.{name}.definition", DASH),
            "denominator": texts.entries.get(f"alg.{name}.denominator", DASH),
        }
        for name in used
    ]


def _registry(writer: Writer, device: DeviceRow) -> list[str]:
    t = writer.texts.t
    cycle = device.ideal_cycle_ms
    return [
        device.id,
        writer.say(device.name),
        writer.say(device.kind),
        t("yes") if device.production else t("no"),
        t("yes") if device.nc else t("no"),
        t("devices.connected") if device.connected else t("devices.not_connected"),
        DASH
        if cycle is None
        else t("seconds", s=digits(cycle / 1000, 0 if (cycle / 1000).denominator == 1 else 2)),
        device.state_table or DASH,
    ]


def _atoms(writer: Writer) -> Json:
    """Return hours per atom; atoms that no device has are left out of the columns, the sum is always there."""
    rows = [d for d in writer.data.devices if d.atoms]
    used = [atom for atom in Atom if any(d.atoms.get(atom) for d in rows)]
    return {
        "columns": [writer.texts.t(f"atom.{atom.value}") for atom in used],
        "rows": [
            [
                d.id,
                *(digits(Fraction(d.atoms.get(atom, 0), 3_600_000), 1) for atom in used),
                digits(Fraction(sum(d.atoms.values()), 3_600_000), 1),
            ]
            for d in rows
        ],
    }


def _slots(writer: Writer) -> Rows:
    rows = []
    for device in writer.data.devices:
        if not device.outcomes:
            continue
        count: Mapping[str, int] = device.outcomes
        missed = sum(n for name, n in count.items() if name.startswith(_MISSED))
        gap = device.longest_gap
        rows.append(
            [
                device.id,
                *(
                    digits(Fraction(n), 0)
                    for n in (
                        sum(count.values()),
                        count.get("on_time", 0),
                        count.get("held_alive", 0),
                        count.get("late", 0),
                        count.get("bad_quality", 0),
                        missed,
                    )
                ),
                writer.amount(device.upload_rate, Unit.PERCENT, 2),
                DASH if gap is None else _length(writer, gap),
            ]
        )
    return rows


def _counts(writer: Writer) -> Rows:
    def number(value: int | None) -> str:
        return DASH if value is None else digits(Fraction(value), 0)

    return [
        [
            d.id,
            number(d.good),
            number(d.scrap),
            number(d.total),
            writer.amount(d.oee, Unit.PERCENT, 2),
            DASH if d.energy_wh is None else digits(Fraction(d.energy_wh, 1000), 3),
            *(number(n) for n in (d.resets, d.quarantined, d.lost, d.ambiguous)),
        ]
        for d in writer.data.devices
        if d.connected
    ]


def _length(writer: Writer, gap: Gap) -> str:
    return writer.texts.t("minutes", m=digits(Fraction(gap.last_ms - gap.first_ms, 60_000), 0))


def _listed(writer: Writer) -> Sequence[Gap]:
    longest = sorted(
        writer.data.gaps, key=lambda g: (g.first_ms - g.last_ms, g.first_ms, g.device, g.signal)
    )
    return sorted(longest[:_GAPS_LISTED], key=lambda g: (g.first_ms, g.device, g.signal))


def _gaps(writer: Writer) -> Rows:
    return [
        [
            gap.device,
            gap.signal,
            writer.minute(gap.first_ms),
            writer.minute(gap.last_ms),
            _length(writer, gap),
            writer.say(gap.cause),
        ]
        for gap in _listed(writer)
    ]


def _more(writer: Writer) -> str:
    rest = len(writer.data.gaps) - _GAPS_LISTED
    return writer.texts.t("gaps.more", count=rest) if rest > 0 else ""


def _calendar(writer: Writer) -> list[str]:
    t, used, site = writer.texts.t, writer.data.calendar, writer.data.site
    separator = t("separator")

    def week(weekdays: Sequence[int]) -> str:
        if len(weekdays) == 7:
            return t("weekday.every")
        return t("weekday.list", list=separator.join(t(f"weekday.{d}") for d in weekdays))

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
            **{"from": clock(shift.from_min)},
            to=clock(shift.to_min),
            weekdays=week(shift.weekdays),
        )
        for shift in used.shifts
    ]
    if used.breaks:
        pairs = separator.join(f"{clock(a)}–{clock(b)}" for a, b in used.breaks)
        lines.append(t("calendar.breaks", list=pairs))
    if used.holidays:
        lines.append(t("calendar.holidays", list=separator.join(used.holidays)))
    lines.append(t("calendar.stops", stops=used.stops, late=used.late_stops))
    return lines
