"""Everything a report needs, as frozen values: the template adds words, never numbers.

Fractions are exact; they are rounded once, by `reports.figures`. Instants are UTC milliseconds, intervals half-open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from model.state import Atom, MachineState
from reports.statistics_model import (
    CounterGap,
    EnergyRow,
    ImportLine,
    LoopRow,
    ProductRow,
    RatioRow,
)
from reports.words import Grade, KpiKey, Text, Unit, VerdictWord, is_simulated


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who the report is about."""

    name: str
    enterprise: str
    workshop: str
    zone: str
    utc_offset_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A head that left the site."""

    kind: Text
    at_ms: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHead:
    """The signed head that covers the data of the report (head n of format-core §7)."""

    origin: str
    size: int
    root: str
    """64 hex digits."""
    note: str
    """The whole checkpoint note: three body lines, an empty line, the signature line of the log."""
    key: str
    """Verification key (vkey) of the log, for comparison with the one the authority keeps."""
    signed_ms: int
    anchors: Sequence[Anchor] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period, half-open."""

    first_ms: int
    last_ms: int
    sealed_ms: int | None = None
    """When a baseline was sealed; None = not sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure over one period."""

    value: Fraction | None
    reason: Text | None = None
    """Why there is no value."""
    low: Fraction | None = None
    high: Fraction | None = None
    """Bounds where missing data leave room; None = none stated."""
    unbounded: bool = False
    """Missing data leave no upper bound."""
    coverage: Fraction | None = None
    """Share of expected slots with a value that the figure rests on."""
    valid_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRow:
    """One figure before and after."""

    key: KpiKey
    algorithm: str
    """For example `oee-iso22400/1`."""
    unit: Unit
    decimals: int
    after: Measured
    before: Measured | None = None
    threshold: Fraction | None = None
    """Of the value itself, not of the change."""
    change: Fraction | None = None
    """Relative, signed so that positive is better."""
    interval: tuple[str, str] | None = None
    """Low and high of the change as decimal strings (CI-1)."""
    change_threshold: Fraction | None = None
    word: VerdictWord | None = None
    grade: Grade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseLine:
    """One clause of the scheme."""

    id: str
    number: str
    """As printed, for example 第四条（二）."""
    wording: Text
    evaluated: Text
    """What is evaluated, or why nothing is."""
    verdict: VerdictWord
    required: Text | None = None
    value: Fraction | None = None
    unit: Unit = Unit.PERCENT
    decimals: int = 2
    threshold: Fraction | None = None
    grade: Grade | None = None
    claim: str | None = None
    """Id of the claim in the statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The rule text that the clauses come from."""

    id: str
    title: Text
    document: str
    note: Text | None = None
    """State of force, for example that it was a two-year trial."""
    verdict: VerdictWord = VerdictWord.UNDETERMINED
    """Over all clauses in three-valued logic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One interval without data."""

    device: str
    signal: str
    first_ms: int
    last_ms: int
    cause: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSegment:
    """One stretch of one state."""

    first_ms: int
    last_ms: int
    state: MachineState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device of the registry over the after period."""

    id: str
    name: Text
    kind: Text
    connected: bool
    production: bool = True
    nc: bool = False
    ideal_cycle_ms: Fraction | None = None
    state_table: str = ""
    atoms: Mapping[Atom, int] = field(default_factory=dict)
    """Milliseconds; a missing atom is 0. Empty = the device has no state signal."""
    good: int | None = None
    scrap: int | None = None
    total: int | None = None
    energy_wh: int | None = None
    """Energy of a meter."""
    oee: Fraction | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Slot outcome (docs/formats/claims.md, upload-rate/1) → count, over all required points."""
    upload_rate: Fraction | None = None
    longest_gap: Gap | None = None
    resets: int = 0
    quarantined: int = 0
    lost: int = 0
    ambiguous: int = 0
    segments: Sequence[StateSegment] = ()
    """States of the sample day of the Gantt chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPoint:
    """One production day of one figure."""

    day: str
    """ISO date."""
    value: Fraction | None
    valid: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySeries:
    """Daily values of one figure in both periods."""

    key: KpiKey
    unit: Unit
    before: Sequence[DailyPoint] = ()
    after: Sequence[DailyPoint] = ()
    target: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChange:
    """One configuration entry of the log."""

    at_ms: int
    entry: int
    digest: str
    """SHA-256 of the configuration document, 64 hex digits."""
    summary: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something the reader must know about the data."""

    code: str
    text: Text
    effect: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    """One shift of the calendar used; minutes from local midnight."""

    name: str
    from_min: int
    to_min: int
    weekdays: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUsed:
    """The calendar in force."""

    day_start_min: int
    shifts: Sequence[ShiftLine]
    breaks: Sequence[tuple[int, int]] = ()
    holidays: Sequence[str] = ()
    stops: int = 0
    """Registered counting stops in the periods."""
    late_stops: int = 0
    """Stops registered after they began; their time stays planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """What made the figures."""

    version: str
    digest: str = ""
    """SHA-256 of the installed files, if known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file put into the PDF (PDF/A-3)."""

    name: str
    media_type: str
    content: bytes
    description: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """One report, complete."""

    site: Site
    log: LogHead
    after: Period
    issued_ms: int
    scheme: Scheme
    clauses: Sequence[ClauseLine]
    kpis: Sequence[KpiRow]
    devices: Sequence[DeviceRow]
    calendar: CalendarUsed
    software: Software
    before: Period | None = None
    ratios: Sequence[RatioRow] = ()
    products: Sequence[ProductRow] = ()
    counter_gaps: Sequence[CounterGap] = ()
    """Of the after period, every one."""
    left_out: Sequence[str] = ()
    """Devices without an ideal cycle, in no OEE by product."""
    coefficients: str = ""
    """Id of the table of coefficients."""
    energy: Sequence[EnergyRow] = ()
    loops: Sequence[LoopRow] = ()
    imports: Sequence[ImportLine] = ()
    """Imported records that answer clauses; they travel with the bundle."""
    daily: Sequence[DailySeries] = ()
    gantt_day: str = ""
    """ISO date of the sample day of the device segments."""
    gantt_ms: tuple[int, int] = (0, 0)
    gaps: Sequence[Gap] = ()
    """Of the after period; the longest 30 are listed."""
    gaps_total: int | None = None
    """All gaps of the period when `gaps` holds only the longest of them; None = `gaps` is complete."""
    config_changes: Sequence[ConfigChange] = ()
    findings: Sequence[Finding] = ()
    not_provable: Sequence[Text] = ()
    """Statements added to the fixed ones of the chapter on what the report cannot prove."""
    attachments: Sequence[Attachment] = ()

    @property
    def simulated(self) -> bool:
        """Return whether the log is not an evidence log; nothing else decides it."""
        return is_simulated(self.log.origin)
