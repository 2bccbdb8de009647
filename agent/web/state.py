"""What the board shows, as frozen values; the agent fills them, the web part only renders them.

Every number is an exact fraction or None with a reason; it is rounded once, by `reports.figures`, when shown.
Instants are UTC milliseconds, durations milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol

from model.state import MachineState
from reports.words import Grade, KpiKey, Text, Unit, VerdictWord, is_simulated


class Level(StrEnum):
    """How loud a line is."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    NONE = "none"
    """Not set up, or nothing known yet."""


class Link(StrEnum):
    """Whether a device of the registry talks to us."""

    STARTING = "starting"
    """First connection under way."""
    ONLINE = "online"
    OFFLINE = "offline"
    """Configured, but silent or unreachable."""
    UNCONNECTED = "unconnected"
    """In the registry without any signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """Who and where."""

    name: str
    enterprise: str
    workshop: str
    utc_offset_min: int
    zone: str
    """IANA name, for example Asia/Shanghai."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogView:
    """Head of the ledger."""

    origin: str
    """`(ev|sim)/enterprise/workshop/epoch`; decides for ever whether figures are simulated."""
    size: int = 0
    """Entries of the last signed checkpoint; 0 = none signed yet."""
    root: str = ""
    """64 hex digits; empty with size 0."""
    signed_ms: int | None = None
    anchored_ms: int | None = None
    """First moment at which a head left the site; None = not anchored."""
    sealed_minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiCard:
    """One figure at the top of the board."""

    key: KpiKey
    value: Fraction | None
    reason: Text | None = None
    """Why there is no value; None = not known yet."""
    unit: Unit = Unit.PERCENT
    decimals: int = 2
    target: Fraction | None = None
    note: Text | None = None
    """Second line, for example "19 / 20 machines online"."""
    verdict: VerdictWord | None = None
    window: Text | None = None
    """Window of the figure in words, for example "today since 08:00"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTile:
    """One machine of the wall."""

    id: str
    name: Text
    kind: Text
    link: Link
    state: MachineState | None = MachineState.UNKNOWN
    """None = it has no state signal (a meter): only whether it is online is shown."""
    since_ms: int | None = None
    """Start of the present state, or of the silence when offline."""
    value: Fraction | None = None
    """The figure of the tile: OEE of the running production day; power in kW for a meter."""
    value_label: Text | None = None
    """What `value` is; None = OEE."""
    value_unit: str = "%"
    """Written behind the value; "%" multiplies the ratio by 100."""
    decimals: int = 0
    good: int | None = None
    """Good pieces of the running production day; None where nothing is counted."""
    spark: Sequence[float | None] = ()
    """0…1, oldest first; None = no data: the line stops there."""
    note: Text | None = None
    """Why it is offline, or what its alarm says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTrend:
    """Upload rate of consecutive windows."""

    start_ms: int
    step_ms: int
    points: Sequence[float | None]
    """0…1 per window, None = nothing was expected in it."""
    target: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseRow:
    """One clause of the scheme with the answer so far."""

    id: str
    number: str
    """As printed in the document, for example 第四条（三）."""
    wording: Text
    evaluated: Text
    """What exactly is evaluated, or why nothing is."""
    verdict: VerdictWord
    required: Text | None = None
    """For example "≥ 90 %"."""
    value: Fraction | None = None
    unit: Unit = Unit.PERCENT
    decimals: int = 2
    threshold: Fraction | None = None
    grade: Grade | None = None
    explain: str | None = None
    """Id for `BoardState.explain`; None = nothing was computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareRow:
    """One before/after pair."""

    key: KpiKey
    before: Fraction | None
    after: Fraction | None
    change: Fraction | None = None
    """Relative, signed so that positive is better."""
    word: VerdictWord = VerdictWord.UNDETERMINED
    unit: Unit = Unit.PERCENT
    decimals: int = 1
    threshold: Fraction | None = None
    explain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParetoItem:
    """Lost time by reason."""

    label: Text
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthItem:
    """One line of the status strip: connections, time-series database, journal, ledger, anchor, clock."""

    key: str
    """Key of the catalogue under `health.`: sources, influx, journal, ledger, anchor, clock, disk."""
    level: Level
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something a person should look at; new ids are announced once."""

    id: str
    level: Level
    at_ms: int
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSnapshot:
    """Everything the board shows at one moment; `seq` grows with every change."""

    seq: int
    at_ms: int
    site: SiteView
    log: LogView
    kpis: Sequence[KpiCard] = ()
    devices: Sequence[DeviceTile] = ()
    trend: UploadTrend | None = None
    scheme: Text | None = None
    """Name of the scheme of `clauses` with its document number."""
    clauses: Sequence[ClauseRow] = ()
    compare: Sequence[CompareRow] = ()
    compare_note: Text | None = None
    """Periods compared, or why there is nothing to compare yet."""
    pareto: Sequence[ParetoItem] = ()
    pareto_note: Text | None = None
    """Window of the Pareto chart."""
    health: Sequence[HealthItem] = ()
    alarms: Sequence[Alarm] = ()

    @property
    def simulated(self) -> bool:
        """Return whether the log is not an evidence log; nothing else decides it."""
        return is_simulated(self.log.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """One number put into a formula."""

    label: Text
    value: str
    """Exact, as text."""
    unit: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One device in (or left out of) the denominator."""

    id: str
    name: Text
    included: bool
    detail: Text | None = None
    """Its own numbers, or why it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How one figure was computed."""

    id: str
    title: Text
    formula: Text
    algorithm: str
    """For example `upload-rate/1`."""
    value: Fraction | None
    reason: Text | None = None
    unit: Unit = Unit.PERCENT
    decimals: int = 2
    window_ms: tuple[int, int] | None = None
    operands: Sequence[Operand] = ()
    members: Sequence[Member] = ()
    excluded: Sequence[Text] = ()
    """What was left out and why; the empty list is shown as "nothing"."""
    grade: Grade | None = None
    source: Text | None = None
    """Standard or clause of the definition, or that it is our own."""


class BoardState(Protocol):
    """What the agent gives to the board."""

    def snapshot(self) -> BoardSnapshot:
        """Return the newest snapshot; cheap, called once per client and change."""
        ...

    async def wait_change(self, seq: int, timeout: float) -> bool:  # noqa: ASYNC109 - a bounded wait is the contract
        """Return True as soon as `snapshot().seq != seq`, False after `timeout` seconds without change."""
        ...

    def explain(self, figure: str) -> Explanation | None:
        """Return how the figure with this id (`KpiKey` value or `ClauseRow.explain`) was computed, or None."""
        ...
