"""The plant file: what the user of a workshop writes in YAML."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from config.base import (
    ConfigModel,
    CycleTime,
    Duration,
    ExactNumber,
    Port,
    PositiveDuration,
    TimeOfDay,
)
from model.signal import Role, SignalType
from model.state import MachineState

DeviceId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
SignalName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
NamedSignal = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]
"""Name of another signal of the device, or empty."""


def _value_text(value: object) -> object:
    """Text of a raw value: 3 and "3" are the same."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else value


LocalDate = date
ValueText = Annotated[str, BeforeValidator(_value_text)]
"""A raw value as text: `3`, `"RUN"`."""


class AssetClass(StrEnum):
    """Kind of an asset in the registry."""

    CNC = "cnc"
    ROBOT = "robot"
    PLC = "plc"
    METER = "meter"
    PRESS = "press"
    INSPECTION = "inspection"
    LOGISTICS = "logistics"
    MANUAL = "manual"
    AUXILIARY = "auxiliary"


class Text(ConfigModel):
    """A text in both languages."""

    zh: str
    en: str


class SiteConfig(ConfigModel):
    """Who and where."""

    enterprise: str = Field(pattern=r"^[0-9A-Z]{1,32}$")
    """统一社会信用代码 (unified social credit code) of the enterprise."""
    enterprise_name: str = ""
    """Name of the enterprise as printed on reports."""
    name: str
    """Name of the workshop as printed on board and reports."""
    workshop: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    """Short code of the workshop; part of the log origin."""
    realm: Literal["ev", "sim"]
    """ev = a real plant; sim = simulated, for ever."""
    area: str = "area-1"
    """ISA-95 area, a tag in the time-series store."""
    zone: str = "Asia/Shanghai"
    """Time zone of shifts and of everything that is displayed."""

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            raise ValueError(f"unknown time zone {value}; write for example Asia/Shanghai") from exc
        return value


Weekday = Annotated[int, Field(ge=1, le=7)]


class ShiftConfig(ConfigModel):
    """One shift of the weekly pattern."""

    name: str
    """Name of the shift."""
    start: TimeOfDay
    """Start, local time."""
    end: TimeOfDay
    """End, local time; earlier than start = next day."""
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5, 6, 7)
    """1 = Monday … 7 = Sunday: the day on which the shift starts."""


class BreakConfig(ConfigModel):
    """A break of every shift day."""

    start: TimeOfDay
    """Start, local time."""
    end: TimeOfDay
    """End, local time; earlier than start = next day."""


class StopConfig(ConfigModel):
    """A planned stop; it counts only if it is in force before it starts."""

    asset: DeviceId | Literal["*"]
    """Asset id, or * for all."""
    start: datetime
    """First instant, with offset: 2026-11-20T08:00+08:00."""
    end: datetime
    """Instant after the last."""
    kind: Literal["pm", "brk", "off"]
    """pm = planned maintenance, brk = other planned stop, off = not scheduled."""

    @model_validator(mode="after")
    def _ordered(self) -> StopConfig:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a planned stop needs instants with an offset, like +08:00")
        if self.end <= self.start:
            raise ValueError("the end of a planned stop lies before its start")
        return self


class ExtraShiftConfig(ConfigModel):
    """One shift on one date, on a holiday too: overtime that was planned before."""

    name: str
    """Name of the shift."""
    date: LocalDate
    """Local date on which it starts."""
    start: TimeOfDay
    """Start, local time."""
    end: TimeOfDay
    """End, local time; earlier than start = next day."""


class CalendarConfig(ConfigModel):
    """When the workshop means to produce."""

    day_start: TimeOfDay = 480
    """Start of the production day."""
    shifts: tuple[ShiftConfig, ...] = Field(min_length=1)
    """Weekly pattern."""
    breaks: tuple[BreakConfig, ...] = ()
    """Breaks inside shifts."""
    holidays: tuple[date, ...] = ()
    """Local dates on which no shift of the weekly pattern starts."""
    extra: tuple[ExtraShiftConfig, ...] = ()
    """Shifts on single dates, besides the weekly pattern."""
    stops: tuple[StopConfig, ...] = ()
    """Planned stops."""


class CounterConfig(ConfigModel):
    """Rules of a counter or energy register."""

    modulus: Annotated[int, Field(ge=0)] = 0
    """Number of distinct values (65536, 4294967296, 10000 for four BCD digits); 0 = never rolls over."""
    first: int = 0
    """Value after a reset."""
    max_rate: str = ""
    """Most counts (or Wh) per time, like `3/min`; default 1.5 / shortest ideal cycle; `unlimited` = not limited."""
    max_correction: Annotated[int, Field(ge=0)] = 0
    """Largest step back that is a correction by hand; 0 = a step back is never one."""


class StateRowConfig(ConfigModel):
    """One row of a state table with several inputs."""

    values: tuple[ValueText, ...]
    """One value per input; `*` fits everything."""
    state: MachineState
    """Canonical state."""


_TABLE_INPUTS = (("state",), ("state", "mode"), ("state", "order"), ("state", "mode", "order"))


class StateTableConfig(ConfigModel):
    """Named, versioned mapping of raw states to canonical states; only an id = the table of that id elsewhere."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")
    """Name and version; its id is in every result."""
    inputs: tuple[Literal["state", "mode", "order"], ...] = ("state",)
    """What is looked up: state, optionally followed by mode and order."""
    map: dict[str, MachineState] = Field(default_factory=dict)
    """Raw value (as text) → canonical state; for one input."""
    rows: tuple[StateRowConfig, ...] = ()
    """Rows for several inputs, after `map`; the first that fits is taken."""
    other: MachineState = MachineState.UNKNOWN
    """State of a value that is not listed."""

    @property
    def is_reference(self) -> bool:
        """Return whether only a table of this id that stands elsewhere is meant."""
        return not self.map and not self.rows

    def all_rows(self) -> tuple[StateRowConfig, ...]:
        """Return every row in order: those of the map by value, then the rows as written."""
        mapped = (
            StateRowConfig(values=(value,), state=state)
            for value, state in sorted(self.map.items())
        )
        return (*mapped, *self.rows)

    def state_of(self, inputs: tuple[str | None, ...]) -> MachineState:
        """Return the state of one text per input; None = unknown, fits only `*`."""
        if len(inputs) == 1 and inputs[0] in self.map and "*" not in self.map:
            return self.map[inputs[0]]
        rows = self.all_rows() if "*" in self.map else self.rows
        for row in rows:
            if all(v in ("*", x) for v, x in zip(row.values, inputs, strict=True)):
                return row.state
        return self.other

    @model_validator(mode="after")
    def _whole(self) -> StateTableConfig:
        if self.inputs not in _TABLE_INPUTS:
            raise ValueError("inputs are state, optionally followed by mode and order")
        if self.map and len(self.inputs) > 1:
            raise ValueError("a table with several inputs needs rows, not map")
        if any(len(row.values) != len(self.inputs) for row in self.rows):
            raise ValueError("every row needs one value per input")
        return self


class SignalConfig(ConfigModel):
    """One signal of a device: its meaning and its address."""

    name: SignalName
    """Name, unique in the device."""
    role: Role
    """Meaning; fixes the class."""
    type: SignalType
    """Type of the value."""
    unit: str = "1"
    """UCUM code after scaling."""
    scale: ExactNumber = Fraction(1)
    """Exact factor from the raw reading to the unit."""
    required: bool = False
    """Whether it is on the frozen point list (upload rate)."""
    slot: PositiveDuration = timedelta(seconds=60)
    """Length of one scheduled slot."""
    deadline: PositiveDuration = timedelta(seconds=60)
    """On time = received this long after the end of the slot."""
    hold: PositiveDuration = timedelta(seconds=150)
    """How long one proof keeps a state known."""
    counter: CounterConfig | None = None
    """Rules of a counter."""
    alternate_of: NamedSignal = ""
    """Signal of this device that counts the same pieces or energy: this one is compared with it, never added."""
    carrier: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$|^$")] = ""
    """Energy carrier of an energy or consumption register, as in the table of coefficients; empty = electricity."""
    state_table: StateTableConfig | None = None
    """State table of this state signal; absent = that of the device."""
    mark: Literal["A", "B", "C", ""] = ""
    """Evidence mark of the address: A read in the normative file or tried, B public implementation, C unconfirmed."""
    address: dict[str, Any] = Field(default_factory=dict)
    """Where the device has it; the keys depend on the protocol."""


class ProfileConfig(ConfigModel):
    """A device profile: which signals a kind of device has and where."""

    id: str
    """Name of the profile."""
    version: int = 1
    """Version of the profile."""
    protocol: str
    """Protocol of the addresses."""
    title: Text
    """Title in both languages."""
    source: str
    """Where the addresses come from."""
    state_table: StateTableConfig | None = None
    """Mapping of the state signal."""
    signals: tuple[SignalConfig, ...] = Field(min_length=1)
    """Signals."""


class ProductConfig(ConfigModel):
    """A product that a device makes."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    """Id, as the product signal says it."""
    ideal_cycle: CycleTime | None = None
    """Ideal time per piece: `90 s` or `7/min`; absent = none."""
    factor: Annotated[int, Field(ge=1)] = 1
    """Pieces that one count stands for (cavities, packs)."""
    weight: Annotated[ExactNumber, Field(gt=0)] = Fraction(1)
    """Standard energy or time of a piece, relative to the other products."""


class LoopConfig(ConfigModel):
    """A control loop."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    """Id, like the tag of the controller."""
    mode: SignalName
    """Signal of role loop_mode."""
    output: NamedSignal = ""
    """Signal of role loop_output."""
    auto: Annotated[tuple[ValueText, ...], Field(min_length=1)]
    """Values of the mode that count as automatic."""
    low: ExactNumber = Fraction(0)
    """Lower limit of the output."""
    high: ExactNumber = Fraction(100)
    """Upper limit of the output."""


class DeviceConfig(ConfigModel):
    """One asset of the registry, connected or not."""

    id: DeviceId
    """Id; part of stream names."""
    name: str
    """Name on board and reports."""
    asset_class: AssetClass = Field(alias="class")
    """Kind of asset."""
    line: str = "line-1"
    """ISA-95 work centre, a tag in the time-series store."""
    production: bool = True
    """Whether it is production equipment (denominator of the ratios)."""
    nc: bool = False
    """Whether it is numerically (or PLC program) controlled with a readable state."""
    smart: bool = False
    """Whether it is automated or intelligent equipment."""
    key: bool = False
    """Whether it is key equipment."""
    networked: bool = False
    """Whether it is declared as networked."""
    counts_as: Annotated[int, Field(ge=1)] = 1
    """Number of sets it counts as (a line may count as several)."""
    in_service_from: datetime | None = None
    """Commissioned; absent = always."""
    in_service_to: datetime | None = None
    """Decommissioned; absent = still in service."""
    ideal_cycle: CycleTime | None = None
    """Ideal time per piece: `90 s` or `7/min`."""
    minor_stop: Duration = timedelta(minutes=5)
    """An uncut stop up to this length is a minor stop."""
    debounce: Duration = timedelta(0)
    """A state shorter than this joins the state before it."""
    products: tuple[ProductConfig, ...] = ()
    """Products with their own ideal cycles; absent = one product with `ideal_cycle`."""
    product: str = ""
    """Id of the product that is made while no product signal says another."""
    key_step: bool = False
    """Whether it serves a key process step."""
    process_step: str = ""
    """Name of the process step."""
    loops: tuple[LoopConfig, ...] = ()
    """Control loops."""
    energy_of: tuple[DeviceId, ...] = ()
    """For a meter: the assets whose energy it measures."""
    profile: str | None = None
    """Device profile with signals and state table."""
    state_table: StateTableConfig | None = None
    """Own state table, overrides that of the profile."""
    signals: tuple[SignalConfig, ...] = ()
    """Signals in addition to the profile; the same name overrides."""
    connection: dict[str, Any] | None = None
    """How to reach it: `protocol` and the keys of that protocol; absent = registered only."""


class InfluxConfig(ConfigModel):
    """An InfluxDB server as the main store."""

    url: str
    """Base URL."""
    version: Literal["1", "2", "auto"] = "auto"
    """Server generation."""
    org: str = ""
    """Organisation (2.x)."""
    bucket: str
    """Bucket (2.x) or database (1.x)."""
    token_file: str | None = None
    """File that holds the token (2.x) or `user:password` (1.x)."""
    token_env: str | None = None
    """Environment variable that holds it."""
    ca_file: str | None = None
    """CA certificate for https."""
    verify_tls: bool = True
    """Whether the certificate of the server is checked."""
    gzip: bool = False
    """Compress requests (for slow networks)."""
    timeout: PositiveDuration = timedelta(seconds=10)
    """Limit of one request."""


class StorageConfig(ConfigModel):
    """Where data are kept on this machine."""

    folder: str = "data"
    """Folder for journal, archive, ledger; relative to the plant file."""
    journal_quota_gb: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Hard limit of the journal."""
    flush: PositiveDuration = timedelta(milliseconds=300)
    """Longest time between two commits: the most that a power cut can take."""
    rows_in_memory: Annotated[int, Field(ge=10_000, le=100_000_000)] = 1_500_000
    """Rows held in memory until their minute is sealed (34 bytes each); beyond it the journal is read back."""
    influx: InfluxConfig | None = None
    """InfluxDB; absent = the embedded store."""


class ServerConfig(ConfigModel):
    """The board."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Port = 8600
    """Port to listen on."""
    language: Literal["zh-CN", "en"] = "zh-CN"
    """Default language of the board."""
    i_accept_plain_http: bool = False
    """Needed to listen on other addresses than loopback without TLS."""


class EvidenceConfig(ConfigModel):
    """Keys and rhythm of the evidence log."""

    key_file: str = "keys/agent.ed25519"
    """Private key; made at first start, readable by the service account only."""
    secret_file: str = "keys/site.secret"  # noqa: S105 - a path, not a secret
    """Site secret of the salts; made at first start."""
    checkpoint_every: PositiveDuration = timedelta(hours=1)
    """Rhythm of signed checkpoints."""
    epoch: Annotated[int, Field(ge=1, le=999_999)] = 1
    """Epoch of the log; a new one only after loss."""


class CounterEventConfig(ConfigModel):
    """A counter was replaced or set by hand."""

    device: DeviceId
    """Device."""
    signal: SignalName
    """Counter or register of the device."""
    at: datetime
    """Instant, with offset: 2026-11-20T08:00+08:00."""
    kind: Literal["replaced", "set"]
    """replaced = another counter, set = another value."""

    @model_validator(mode="after")
    def _with_offset(self) -> CounterEventConfig:
        if self.at.tzinfo is None:
            raise ValueError("a counter event needs an instant with an offset, like +08:00")
        return self


class PlantConfig(ConfigModel):
    """The whole plant file."""

    site: SiteConfig
    """Site."""
    calendar: CalendarConfig
    """Calendar."""
    devices: tuple[DeviceConfig, ...] = Field(min_length=1)
    """Registry of assets."""
    counter_events: tuple[CounterEventConfig, ...] = ()
    """Counters that were replaced or set."""
    coefficients: str = ""
    """Id of a table of standard coal coefficients, or a file `….yaml` beside the plant file; empty = none."""
    storage: StorageConfig = StorageConfig()
    """Storage."""
    server: ServerConfig = ServerConfig()
    """Board."""
    evidence: EvidenceConfig = EvidenceConfig()
    """Evidence."""
