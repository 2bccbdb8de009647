"""The plant file: what the user of a workshop writes in YAML."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from config.base import (
    ConfigModel,
    CycleTime,
    Duration,
    ExactNumber,
    Port,
    PositiveDuration,
    TimeOfDay,
)
from config.signal_models import NamedSignal, SignalConfig, SignalName, StateTableConfig, ValueText

DeviceId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
LocalDate = date


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
