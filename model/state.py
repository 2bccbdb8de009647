"""Canonical machine states and the 14 time atoms (kpi-audit U1)."""

from __future__ import annotations

from enum import StrEnum


class MachineState(StrEnum):
    """What a state table maps a raw state value to."""

    RUN = "run"
    SETUP = "setup"
    FAULT = "fault"
    WAIT = "wait"
    """Order present; starved, blocked, no operator."""
    IDLE = "idle"
    """No order, available."""
    IDLE_FAULT = "idle_fault"
    TEST = "test"
    OFF = "off"
    UNKNOWN = "unknown"


class Atom(StrEnum):
    """Every millisecond of calendar time of a device is in exactly one of these."""

    RUN = "run"
    SETUP = "setup"
    MINOR = "minor"
    FAULT = "fault"
    WAIT = "wait"
    IDLE = "idle"
    IDLE_FAULT = "idle_fault"
    TEST = "test"
    PM = "pm"
    BRK = "brk"
    OFF = "off"
    RUN_X = "run_x"
    UNK = "unk"
    UNK_X = "unk_x"
