"""The shipped OPC UA profiles read the simulated machines: every address finds its node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.signal_models import ProfileConfig
from connectors.opcua import SPEC
from model.signal import Signal
from simulators.devices.opcua_machinetool import MachineToolDevice
from simulators.devices.opcua_robotics import RoboticsDevice
from simulators.devices.opcua_sinumerik import SinumerikDevice
from simulators.devices.opcua_space import StandardNodes
from simulators.live import LivePlant
from simulators.plan import HOUR_MS, day_start_ms
from tests.support.connector import context
from tests.support.prompt import MINUTE
from tests.support.source_run import running

NOON = day_start_ms(date(2026, 11, 20)) + 5 * HOUR_MS
STANDARD = StandardNodes()
LIVE = LivePlant(7, NOON)
PROFILES = Path(__file__).parents[2] / "config" / "profiles"


@pytest.mark.parametrize(
    ("profile", "device_type", "asset"),
    [
        ("opcua-machinetool-40501", MachineToolDevice, "cnc-01"),
        ("sinumerik-840d", SinumerikDevice, "cnc-02"),
        ("opcua-robotics-40010-demo", RoboticsDevice, "robot-01"),
    ],
)
async def test_profile_reads_state_and_counts_of_the_script(
    profile: str, device_type: Callable[[StandardNodes], Any], asset: str
) -> None:
    text = (PROFILES / f"{profile}.yaml").read_text(encoding="utf-8")
    found = ProfileConfig.model_validate(yaml.safe_load(text))
    addresses = [
        (
            Signal(device=asset, name=s.name, role=s.role, type=s.type, required=s.required),
            s.address,
        )
        for s in found.signals
    ]
    device = device_type(STANDARD)
    try:
        await device.start(0)
        await device.show(LIVE.view(NOON))
        fast = {"publishing_interval": "50 ms", "sampling": "50 ms", "timeout": MINUTE}
        connection = {"url": device.address["url"], "security": "none", **fast}
        ctx = context(SPEC, connection, addresses)
        async with running(SPEC.create(ctx), ctx.points) as run:
            await run.until(lambda: {r.signal for r in run.rows} == {p.index for p in ctx.points})
            first = {p.signal.name: run.of(p.index)[0] for p in ctx.points}
    finally:
        await device.stop()
    assert {n: (r.status, r.flags) for n, r in first.items()} == dict.fromkeys(first, (0, 0))
    shown = LIVE.view(NOON).machines[asset]
    assert first["good"].value == shown.good.value
    assert first["state"].value == shown.code.value
