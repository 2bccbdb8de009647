"""What a case may say about machines: times, events, products, counts, counter readings, calendar."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from config.base import ConfigModel, Duration, PositiveDuration, TimeOfDay
from config.calc.integers import AnyCount, Count, Cycle, Factor, Modulus, Reading
from config.calc.moment import Moment
from config.models import BreakConfig, ExtraShiftConfig, ShiftConfig
from model.state import MachineState

Name = Annotated[str, Field(min_length=1, max_length=64)]
MachineName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]
Time = Duration | None


class AtomTimes(ConfigModel):
    """Sums by the 14 atoms of this project (docs/kpi.md); what is not written is 0 unless a total leaves it open."""

    run: Time = None
    """Running within planned time."""
    setup: Time = None
    """Set-up and change-over."""
    minor: Time = None
    """Minor stops."""
    fault: Time = None
    """Broken down with an order."""
    wait: Time = None
    """Starved, blocked, no operator."""
    idle: Time = None
    """No order, available."""
    idle_fault: Time = None
    """No order, broken down."""
    test: Time = None
    """Tests, first articles, dry runs."""
    pm: Time = None
    """Planned maintenance, registered before."""
    brk: Time = None
    """Breaks and other planned stops, registered before."""
    off: Time = None
    """Not scheduled."""
    run_x: Time = None
    """Running outside planned time."""
    unk: Time = None
    """Unknown within planned time."""
    unk_x: Time = None
    """Unknown outside planned time."""
    planned: Time = None
    """All planned busy time; what the atoms leave of it is divided nobody knows how."""
    calendar: Time = None
    """All of the time; the rest is not scheduled."""


class IsoTimes(ConfigModel):
    """Sums by the times of ISO 22400-2."""

    APT: Time = None
    """Actual production time."""
    AUST: Time = None
    """Actual unit set-up time."""
    ADET: Time = None
    """Actual unit delay time."""
    ADOT: Time = None
    """Actual unit down time."""
    PDOT: Time = None
    """Planned down time."""
    outside: Time = None
    """Not scheduled."""
    unknown: Time = None
    """Unknown within planned busy time."""
    AUPT: Time = None
    """APT + AUST."""
    AUBT: Time = None
    """AUPT + ADET."""
    PBT: Time = None
    """Planned busy time: AUBT + ADOT + unknown."""
    POT: Time = None
    """Planned operation time: PBT + PDOT."""
    calendar: Time = None
    """All of the time."""


class TpmTimes(ConfigModel):
    """Sums by the times of Nakajima's TPM."""

    operating: Time = None
    """Operating time (稼动时间): loading − downtime, minor stops included unless they are written."""
    minor_stops: Time = None
    """Minor stops: operating time of TPM that is lost speed."""
    downtime: Time = None
    """Stop loss (停机): breakdown, set-up, waiting."""
    excluded: Time = None
    """Planned stops and time that is not scheduled."""
    unknown: Time = None
    """Unknown within loading time."""
    loading: Time = None
    """Loading time (负荷时间)."""
    calendar: Time = None
    """All of the time."""


class SemiTimes(ConfigModel):
    """Sums by the states of SEMI E10."""

    productive: Time = None
    """Productive."""
    standby: Time = None
    """Standby."""
    engineering: Time = None
    """Engineering."""
    scheduled_down: Time = None
    """Scheduled down."""
    unscheduled_down: Time = None
    """Unscheduled down."""
    non_scheduled: Time = None
    """Non-scheduled."""
    unknown: Time = None
    """Unknown."""
    uptime: Time = None
    """Productive + standby + engineering."""
    total: Time = None
    """All of the time."""


class VdiTimes(ConfigModel):
    """Sums by the times of VDI 3423."""

    T_N: Time = None
    """Use."""
    T_O: Time = None
    """Organisational down time."""
    T_T: Time = None
    """Technical down time."""
    T_W: Time = None
    """Maintenance."""
    excluded: Time = None
    """Outside the time of occupancy."""
    unknown: Time = None
    """Unknown within T_B."""
    T_B: Time = None
    """Occupancy: T_N + T_O + T_T + T_W."""
    calendar: Time = None
    """All of the time."""


class TimeCase(ConfigModel):
    """Sums of time in the words of one school."""

    atoms: AtomTimes | None = None
    """By atom."""
    iso22400: IsoTimes | None = None
    """By ISO 22400-2."""
    tpm: TpmTimes | None = None
    """By TPM."""
    semi_e10: SemiTimes | None = None
    """By SEMI E10."""
    vdi3423: VdiTimes | None = None
    """By VDI 3423."""
    failures: Count | None = None
    """Failures that began in the time."""
    repairs: Count | None = None
    """Failures that ended in the time …"""
    repair_time: Time = None
    """… and how long they had lasted."""

    @model_validator(mode="after")
    def _one_school(self) -> TimeCase:
        given = [self.atoms, self.iso22400, self.tpm, self.semi_e10, self.vdi3423]
        if sum(x is not None for x in given) != 1:
            raise ValueError(
                "time is written in exactly one of atoms, iso22400, tpm, semi_e10, vdi3423"
            )
        return self


class EventCase(ConfigModel):
    """A state from one instant to another; time in no event is unknown."""

    start: Moment = Field(alias="from")
    """First instant."""
    end: Moment = Field(alias="to")
    """Instant after the last."""
    state: MachineState
    """State; `unknown` = a proven gap."""
    source: Name = "events"
    """Who says so."""


class MakingCase(ConfigModel):
    """From an instant on, a product."""

    start: Moment = Field(alias="from")
    """First instant."""
    product: Name
    """Id of the product."""


class ProductCase(ConfigModel):
    """A product with its ideal cycle."""

    id: str = Field(default="", max_length=64)
    """Id; may be left out if there is one product only."""
    ideal_cycle: Cycle | None = None
    """Ideal time per piece: `0.8 min` or `30/min`."""
    factor: Factor = 1
    """Pieces that one count of a counter stands for (cavities, packs); `counts` are pieces already."""


class CountCase(ConfigModel):
    """Pieces of one product; what is not written is not known."""

    product: str = Field(default="", max_length=64)
    """Id of the product; may be left out if there is one product only, else the pieces are unassigned."""
    made: AnyCount | None = None
    """All pieces."""
    good: AnyCount | None = None
    """Pieces good at the first pass."""
    scrap: AnyCount | None = None
    """Pieces that were scrapped."""
    rework: AnyCount | None = None
    """Pieces that were reworked."""


class CounterEventCase(ConfigModel):
    """The counter was replaced, or set by hand."""

    at: Moment
    """When."""
    kind: Literal["replaced", "set"] = "replaced"
    """What happened."""


_CYCLE: TypeAdapter[Fraction] = TypeAdapter(Cycle)


def counter_rate(text: str, shortest: Fraction | None) -> tuple[int, int]:
    """Return a highest rate as (counts, ms), (0, 1) = not limited; raises ValueError.

    shortest: least ideal ms between two counts, from which the default follows: 1.5 times that speed (kpi-audit U6).
    """
    if text in ("", "unlimited"):
        if text or shortest is None:
            return 0, 1
        return 3 * shortest.denominator, 2 * shortest.numerator
    if "/" not in text:
        raise ValueError(_NO_RATE)
    try:
        per_count = _CYCLE.validate_python(text)
    except ValidationError:
        raise ValueError(_NO_RATE) from None
    return per_count.denominator, per_count.numerator


_NO_RATE = "a highest rate is written 60/min, 5000/h or unlimited"


def _rate(text: str) -> str:
    counter_rate(text, None)
    return text


Rate = Annotated[str, AfterValidator(_rate)]
"""Most counts per time: `60/min`, `5000/h`, `unlimited`."""


class ReadingsCase(ConfigModel):
    """Readings of one counter."""

    counts: Literal["good", "scrap", "made", "rework"]
    """What it counts."""
    name: str = Field(default="", pattern=r"^$|^[a-z][a-z0-9_]{0,63}$")
    """Name of the counter; needed if two count the same."""
    modulus: Modulus = 0
    """Number of distinct values (65536, 10000 for four BCD digits); 0 = never rolls over."""
    first: Reading = 0
    """Value after a reset."""
    max_rate: Rate = ""
    """Most counts per time; default 1.5 / shortest ideal cycle, unlimited without one."""
    max_correction: Count = 0
    """Largest step back that is a correction by hand; 0 = a step back is never one."""
    hold: PositiveDuration = timedelta(seconds=150)
    """How long a reading proves the counter alive."""
    values: Annotated[tuple[tuple[Moment, Reading], ...], Field(min_length=1)]
    """[instant, reading] in any order."""
    events: tuple[CounterEventCase, ...] = ()
    """Replaced or set by hand."""
    restarts: tuple[Moment, ...] = ()
    """Instants at which the device is proven to have begun anew (its uptime fell)."""


class MachineFields(ConfigModel):
    """What is said of one machine."""

    time: TimeCase | None = None
    """Sums of time."""
    events: tuple[EventCase, ...] = ()
    """States with instants, instead of sums."""
    sources: tuple[Name, ...] = ()
    """Sources of events by priority, the first wins; default: in the order in which they are written."""
    making: tuple[MakingCase, ...] = ()
    """Which product was made when, for counter readings."""
    products: tuple[ProductCase, ...] = ()
    """Products."""
    counts: tuple[CountCase, ...] = ()
    """Pieces, by product."""
    readings: tuple[ReadingsCase, ...] = ()
    """Counter readings, instead of counts."""
    minor_stop: Duration = timedelta(minutes=5)
    """An uncut stop up to this length is a minor stop."""
    debounce: Duration = timedelta(0)
    """A known state shorter than this joins the one before it."""


class MachineCase(MachineFields):
    """One of several machines."""

    id: MachineName
    """Id."""


class StopCase(ConfigModel):
    """A planned stop; it counts if it was registered before it began, to the minute."""

    start: Moment = Field(alias="from")
    """First instant."""
    end: Moment = Field(alias="to")
    """Instant after the last."""
    kind: Literal["pm", "brk", "off"]
    """pm = planned maintenance, brk = other planned stop, off = not scheduled."""
    machine: MachineName | Literal["*"] = "*"
    """Machine; * = all."""
    registered: Moment | None = None
    """When it was registered; absent = long before."""


class CalendarCase(ConfigModel):
    """When production was planned."""

    day_start: TimeOfDay = 480
    """Start of the production day."""
    shifts: Annotated[tuple[ShiftConfig, ...], Field(min_length=1)]
    """Weekly pattern."""
    breaks: tuple[BreakConfig, ...] = ()
    """Breaks inside shifts."""
    holidays: tuple[date, ...] = ()
    """Local dates on which no shift of the weekly pattern starts."""
    extra: tuple[ExtraShiftConfig, ...] = ()
    """Shifts on single dates, on holidays too."""
    stops: tuple[StopCase, ...] = ()
    """Planned stops."""


class WindowCase(ConfigModel):
    """The time that the figures are of, in whole minutes."""

    start: Moment = Field(alias="from")
    """First instant."""
    end: Moment = Field(alias="to")
    """Instant after the last."""
