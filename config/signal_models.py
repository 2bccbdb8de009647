"""Signals of a device as a user writes them: meaning, counter rules, state tables, and the profiles that hold them."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from config.base import ConfigModel, ExactNumber, PositiveDuration
from model.signal import Role, SignalType
from model.state import MachineState

SignalName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
NamedSignal = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]
"""Name of another signal of the device, or empty."""


def _value_text(value: object) -> object:
    """Text of a raw value: 3 and "3" are the same."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else value


ValueText = Annotated[str, BeforeValidator(_value_text)]
"""A raw value as text: `3`, `"RUN"`."""


class Text(ConfigModel):
    """A text in both languages."""

    zh: str
    en: str


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
