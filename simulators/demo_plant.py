"""The demo plant as data: machines, how they behave before and after the retrofit, meters, calendar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from model.state import MachineState
from simulators.rng import Quantiles

_S: Final = 1000
_MIN: Final = 60_000


class Regime(StrEnum):
    """Which half of the comparison the plant lives in."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How one machine behaves in one regime. Weights and per-mille values are integers."""

    run: Quantiles
    """Length of one spell of running."""
    micro: int
    """Weights of what ends a run: a wait of seconds, a longer wait, a fault, a changeover, no order."""
    wait: int
    fault: int
    setup: int
    idle: int
    slow_permille: tuple[int, int]
    """A cycle lasts ideal * (1000 + x) / 1000 with x evenly spread over [first, last)."""
    scrap_per_10k: int
    runs_through_breaks: bool = False
    """Whether it goes on unattended in breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSpec:
    """One machine."""

    id: str
    ideal_cycle_ms: int
    codes: dict[MachineState, int]
    """Raw state that its control shows for each state the script can produce."""
    watts: dict[Regime, dict[MachineState, int]]
    behaviour: dict[Regime, Behaviour]
    programs: tuple[str, ...] = ()
    modes: tuple[int, int] = (0, 0)
    """Raw operating mode while set up and otherwise; equal where the control shows none."""
    tests_after_setup: bool = False
    minor_stop_ms: int = 5 * _MIN
    modulus: int = 4_294_967_296

    @property
    def max_rate(self) -> tuple[int, int]:
        """Return [pieces, ms]: one and a half times the ideal rate."""
        return (3, 2 * self.ideal_cycle_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSpec:
    """One energy meter and the machines behind it."""

    id: str
    energy_of: tuple[str, ...]
    base_watts: int
    """Constant load (extraction, compressed air)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSpec:
    """What the registry says of an asset, connected or not."""

    id: str
    name: str
    asset_class: str
    production: bool
    nc: bool
    networked: bool
    smart: bool = False
    key: bool = False
    key_step: str = ""
    """The key process step that it serves, or empty."""
    retired: bool = False
    """Whether the retrofit takes it out of service."""


RUN, SETUP, FAULT, WAIT, IDLE, TEST = (
    MachineState.RUN,
    MachineState.SETUP,
    MachineState.FAULT,
    MachineState.WAIT,
    MachineState.IDLE,
    MachineState.TEST,
)

MICRO_WAIT: Final[Quantiles] = ((0, 12 * _S), (500, 45 * _S), (900, 110 * _S), (1000, 200 * _S))
WAIT_TIME: Final[Quantiles] = ((0, 3 * _MIN), (500, 7 * _MIN), (900, 14 * _MIN), (1000, 25 * _MIN))
FAULT_TIME: Final[Quantiles] = (
    (0, 1 * _MIN),
    (500, 8 * _MIN),
    (900, 22 * _MIN),
    (1000, 55 * _MIN),
)
SETUP_TIME: Final[Quantiles] = (
    (0, 12 * _MIN),
    (500, 20 * _MIN),
    (900, 32 * _MIN),
    (1000, 45 * _MIN),
)
IDLE_TIME: Final[Quantiles] = ((0, 10 * _MIN), (500, 18 * _MIN), (1000, 40 * _MIN))
TEST_TIME: Final[Quantiles] = ((0, 3 * _MIN), (1000, 8 * _MIN))
HANDOVER_TIME: Final[Quantiles] = ((0, 2 * _MIN), (1000, 8 * _MIN))


def _spells(median_min: int) -> Quantiles:
    """Return a skewed spread of run lengths around a median in minutes."""
    return (
        (0, median_min * _MIN // 8),
        (500, median_min * _MIN),
        (900, median_min * _MIN * 5 // 2),
        (1000, median_min * _MIN * 4),
    )


def _watts(
    run: int, *, stand_before: int, stand_after: int
) -> dict[Regime, dict[MachineState, int]]:
    """Return watts by state; the retrofit switches auxiliaries off while a machine stands."""
    table = {}
    for regime, stand, share in (
        (Regime.BEFORE, stand_before, 1000),
        (Regime.AFTER, stand_after, 965),
    ):
        full = run * share // 1000
        table[regime] = {
            RUN: full,
            SETUP: (full + 2 * stand) // 3,
            TEST: full * 9 // 10,
            WAIT: stand,
            FAULT: stand,
            IDLE: stand,
        }
    return table


_PLC_CODES: Final = {RUN: 1, IDLE: 2, SETUP: 3, FAULT: 4, WAIT: 5, TEST: 6}

MACHINES: Final[tuple[MachineSpec, ...]] = (
    MachineSpec(
        id="cnc-01",
        ideal_cycle_ms=90_000,
        # OPC 40501-1 program state: Initializing 0, Running 1, Ended 2, Interrupted 3, Aborted 4
        codes={SETUP: 0, RUN: 1, IDLE: 2, WAIT: 3, FAULT: 4},
        watts=_watts(12_000, stand_before=5_200, stand_after=4_700),
        behaviour={
            Regime.BEFORE: Behaviour(
                run=_spells(19), micro=30, wait=30, fault=22, setup=12, idle=6,
                slow_permille=(85, 205), scrap_per_10k=420,
            ),
            Regime.AFTER: Behaviour(
                run=_spells(24), micro=34, wait=28, fault=20, setup=12, idle=6,
                slow_permille=(55, 135), scrap_per_10k=300, runs_through_breaks=True,
            ),
        },
        programs=("O1001_HOUSING.MPF", "O1002_阀体.MPF", "O2040_FLANGE.MPF"),
    ),
    MachineSpec(
        id="cnc-02",
        ideal_cycle_ms=60_000,
        # SINUMERIK progStatus: 1 interrupted, 2 stopped, 3 running, 4 waiting, 5 aborted
        codes={SETUP: 1, IDLE: 2, RUN: 3, WAIT: 4, FAULT: 5},
        watts=_watts(8_500, stand_before=3_600, stand_after=3_200),
        behaviour={
            Regime.BEFORE: Behaviour(
                run=_spells(16), micro=36, wait=26, fault=22, setup=12, idle=4,
                slow_permille=(95, 225), scrap_per_10k=350,
            ),
            Regime.AFTER: Behaviour(
                run=_spells(21), micro=38, wait=26, fault=20, setup=12, idle=4,
                slow_permille=(65, 145), scrap_per_10k=260,
            ),
        },
        programs=("/_N_WKS_DIR/_N_SHAFT_WPD/_N_SHAFT_MPF", "/_N_MPF_DIR/_N_RING_MPF"),
        modes=(0, 2),  # opMode 0 JOG, 2 AUTO
    ),
    MachineSpec(
        id="robot-01",
        ideal_cycle_ms=45_000,
        codes={IDLE: 1, RUN: 2, WAIT: 3, SETUP: 4, FAULT: 5},
        watts=_watts(6_000, stand_before=2_400, stand_after=2_000),
        behaviour={
            Regime.BEFORE: Behaviour(
                run=_spells(14), micro=40, wait=30, fault=20, setup=7, idle=3,
                slow_permille=(105, 245), scrap_per_10k=300,
            ),
            Regime.AFTER: Behaviour(
                run=_spells(19), micro=42, wait=30, fault=18, setup=7, idle=3,
                slow_permille=(75, 165), scrap_per_10k=210, runs_through_breaks=True,
            ),
        },
        programs=("WELD_FRAME_A", "WELD_FRAME_B"),
        modes=(1, 3),  # OperationalMode MANUAL_REDUCED_SPEED 1, AUTOMATIC 3
    ),
    MachineSpec(
        id="plc-01",
        ideal_cycle_ms=20_000,
        codes=_PLC_CODES,
        watts=_watts(4_500, stand_before=1_900, stand_after=1_600),
        behaviour={
            Regime.BEFORE: Behaviour(
                run=_spells(12), micro=44, wait=30, fault=17, setup=6, idle=3,
                slow_permille=(95, 215), scrap_per_10k=260,
            ),
            Regime.AFTER: Behaviour(
                run=_spells(17), micro=46, wait=30, fault=15, setup=6, idle=3,
                slow_permille=(65, 145), scrap_per_10k=190,
            ),
        },
        tests_after_setup=True,
    ),
    MachineSpec(
        id="press-01",
        ideal_cycle_ms=6_000,
        codes=_PLC_CODES,
        watts=_watts(15_000, stand_before=6_300, stand_after=5_600),
        behaviour={
            Regime.BEFORE: Behaviour(
                run=_spells(15), micro=42, wait=28, fault=16, setup=11, idle=3,
                slow_permille=(85, 205), scrap_per_10k=240,
            ),
            Regime.AFTER: Behaviour(
                run=_spells(20), micro=44, wait=28, fault=15, setup=10, idle=3,
                slow_permille=(55, 145), scrap_per_10k=170,
            ),
        },
        tests_after_setup=True,
        minor_stop_ms=3 * _MIN,
        modulus=65_536,
    ),
)  # fmt: skip

METERS: Final[tuple[MeterSpec, ...]] = (
    MeterSpec(id="meter-01", energy_of=("cnc-01", "cnc-02"), base_watts=1_500),
    MeterSpec(id="meter-02", energy_of=("robot-01", "plc-01", "press-01"), base_watts=1_800),
)

REGISTRY: Final[tuple[RegisteredSpec, ...]] = (
    RegisteredSpec(id="cnc-01", name="五轴加工中心", asset_class="cnc", production=True, nc=True, networked=True,
                   smart=True, key=True, key_step="精加工"),
    RegisteredSpec(id="cnc-02", name="数控车床", asset_class="cnc", production=True, nc=True, networked=True,
                   smart=True, key=True, key_step="精加工"),
    RegisteredSpec(id="insp-01", name="三坐标检测", asset_class="inspection", production=False, nc=True,
                   networked=False),
    RegisteredSpec(id="manual-01", name="手动钻床", asset_class="manual", production=True, nc=False, networked=False,
                   key_step="钻孔", retired=True),
    RegisteredSpec(id="meter-01", name="总电表 A", asset_class="meter", production=False, nc=False, networked=True),
    RegisteredSpec(id="meter-02", name="电表 B", asset_class="meter", production=False, nc=False, networked=True),
    RegisteredSpec(id="plc-01", name="装配线 PLC", asset_class="plc", production=True, nc=True, networked=True,
                   smart=True),
    RegisteredSpec(id="press-01", name="冲压机", asset_class="press", production=True, nc=True, networked=True,
                   smart=True),
    RegisteredSpec(id="robot-01", name="六轴焊接机器人", asset_class="robot", production=True, nc=True, networked=True,
                   smart=True, key=True, key_step="焊接"),
)  # fmt: skip

ALARM_CODES: Final = (1012, 2030, 2207, 3105)
"""Alarm numbers that press-01 shows while it stands in fault; 0 = none."""

REQUIRED_SIGNALS: Final[dict[str, tuple[str, ...]]] = {
    "cnc-01": ("state", "good", "total"),
    "cnc-02": ("state", "good", "scrap"),
    "robot-01": ("state", "good", "scrap"),
    "plc-01": ("state", "good", "scrap"),
    "press-01": ("state", "good", "scrap"),
    "meter-01": ("energy",),
    "meter-02": ("energy",),
}
"""The frozen point list (upload rate) as the profiles of the demo have it."""


def machine(asset: str) -> MachineSpec:
    """Return the machine with id `asset`."""
    return next(m for m in MACHINES if m.id == asset)
