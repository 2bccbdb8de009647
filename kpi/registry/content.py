"""The registry that every ratio is counted over: equipment, processes, required points, control loops, meters.

Plain records, whoever filled them: a configuration document of the log, an imported list, a case written by hand.
Fields of kpi.md B.9. What the registry does not state is None or empty and is never taken as "yes".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from kpi.document import Asset, ConfigDocument
from model.signal import SignalClass

MEASURING_CLASSES: Final = frozenset({"meter"})
"""Classes of measuring instruments: registered, but not equipment of the workshop (a reading of ours)."""
MANUFACTURING_CLASSES: Final = frozenset({"cnc", "robot", "plc", "press", "manual"})
"""Classes whose equipment makes or assembles products: 制造装备, if the registry does not state it itself (ours)."""
KIND_OF_CLASS: Final = {
    **dict.fromkeys(sorted(MANUFACTURING_CLASSES), "processing"),
    "inspection": "inspection",
    "logistics": "logistics",
}
"""Class → the kind of 渝经信发〔2018〕22号 art. 4 (3): 加工, 检测, 物流设备; other classes have none (ours)."""


class Flag(StrEnum):
    """What the registry states of an asset with yes or no."""

    PRODUCTION = "production"
    MANUFACTURING = "manufacturing"
    NC = "nc"
    DIGITAL = "digital"
    SMART = "smart"
    NETWORKED = "networked"
    KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAsset:
    """One asset, connected or not. A flag of None is not stated."""

    id: str
    name: str = ""
    asset_class: str = ""
    counts_as: int = 1
    """Number of sets (台套) it counts as; a line may count as several."""
    in_service: tuple[int, int] = (0, 0)
    """Half-open in Unix ms; the end 0 = open."""
    production: bool | None = None
    manufacturing: bool | None = None
    nc: bool | None = None
    digital: bool | None = None
    smart: bool | None = None
    networked: bool | None = None
    key: bool | None = None
    nc_reason: str = ""
    """Why it counts as numerically controlled: system, program, readable state."""
    key_reason: str = ""
    """Why it is key equipment; required."""
    processes: tuple[str, ...] = ()
    """Ids of the processes (工序) that it carries out."""
    gateway: str = ""
    """Address of the device or gateway that answers for it; empty = not stated."""
    identity: str = ""
    """What the device says of itself: serial number, ApplicationUri, ProductInstanceUri."""

    def flag(self, flag: Flag) -> bool | None:
        """Return what is stated of one flag."""
        return {
            Flag.PRODUCTION: self.production,
            Flag.MANUFACTURING: self.manufacturing,
            Flag.NC: self.nc,
            Flag.DIGITAL: self.digital,
            Flag.SMART: self.smart,
            Flag.NETWORKED: self.networked,
            Flag.KEY: self.key,
        }[flag]

    def serves_within(self, start_ms: int, end_ms: int) -> int:
        """Return for how many ms of [start, end) it is in service, 0 or more."""
        start, end = self.in_service
        return max(0, min(end_ms, end or end_ms) - max(start_ms, start))


class Control(StrEnum):
    """How a process is controlled (B.3: NC systems in discrete, process control in process industries)."""

    NC = "nc"
    """NC, DNC, CNC, FMC."""
    PROCESS_CONTROL = "process_control"
    """PLC, DCS or another process control system."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process (工序) of the workshop; control None = not stated."""

    id: str
    name: str = ""
    key: bool = False
    key_reason: str = ""
    control: Control | None = None


class Acquisition(StrEnum):
    """How the value of a required point comes in."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"
    """Typed in by a person."""
    NONE = "none"
    """Required, not collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredPoint:
    """One point of the frozen point list."""

    asset: str
    signal: str
    signal_class: SignalClass
    slot_ms: int
    deadline_ms: int
    acquisition: Acquisition = Acquisition.AUTOMATIC
    process_data: bool = False
    """Whether it is data of the production process (生产工艺数据)."""
    deadband: Fraction | None = None
    """Smallest change that is reported, in the unit of the point; None = not stated."""

    @property
    def id(self) -> str:
        """Return `asset/signal`."""
        return f"{self.asset}/{self.signal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One control loop of the frozen loop list (自控回路)."""

    id: str
    name: str = ""
    unit: str = ""
    """Id of the asset whose running time counts."""
    normally_automatic: bool = False
    """Whether it is meant to run in automatic: the static variant that many plants report."""
    span: tuple[Fraction, Fraction] = (Fraction(0), Fraction(100))
    """Range of its output, low < high."""


class Flow(StrEnum):
    """Which way a register counts."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyMeter:
    """One register of the frozen meter list; import and export of one device are two registers."""

    id: str
    carrier: str
    """Id of a row of the coefficient table."""
    unit: str
    flow: Flow = Flow.IMPORT
    measures: tuple[str, ...] = ()
    """Assets whose energy it measures."""
    current_ratio: Fraction = Fraction(1)
    """Primary / secondary of the current transformer, as 100/5."""
    voltage_ratio: Fraction = Fraction(1)
    """Primary / secondary of the voltage transformer."""
    share: Fraction = Fraction(1)
    """Part that belongs to the workshop by the written rule."""
    share_rule: str = ""
    """The rule, where the share is not 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """All lists of one version."""

    assets: tuple[RegistryAsset, ...]
    processes: tuple[Process, ...] = ()
    points: tuple[RequiredPoint, ...] = ()
    loops: tuple[Loop, ...] = ()
    meters: tuple[EnergyMeter, ...] = ()


_PROCESS_DATA: Final = frozenset({SignalClass.PROCESS, SignalClass.ENV})


def registry_of(document: ConfigDocument) -> Registry:
    """Return the registry that a configuration document states; it has no processes, loops or transformer ratios.

    `manufacturing` follows MANUFACTURING_CLASSES; points of class process and env are data of the process (ours).
    """
    points = tuple(
        RequiredPoint(
            asset=stream.device,
            signal=s.name,
            signal_class=stream.signal_class,
            slot_ms=s.slot_ms,
            deadline_ms=s.deadline_ms,
            process_data=stream.signal_class in _PROCESS_DATA,
        )
        for stream in document.streams
        if stream.device in document.asset
        for s in stream.signals
        if s.required
    )
    return Registry(assets=tuple(_asset(a) for a in document.assets), points=points)


def _asset(asset: Asset) -> RegistryAsset:
    return RegistryAsset(
        id=asset.id,
        name=asset.name,
        asset_class=asset.asset_class,
        counts_as=asset.counts_as,
        in_service=asset.in_service,
        production=asset.production,
        manufacturing=asset.production and asset.asset_class in MANUFACTURING_CLASSES,
        nc=asset.nc,
        smart=asset.smart,
        networked=asset.networked,
        key=asset.key,
    )
