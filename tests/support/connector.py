"""What a connector test needs: a clock, points and a context."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from config.base import ConfigModel
from connectors.base import ConnectorSpec, Point, Realm, SourceContext
from model.clock import Clock
from model.signal import Role, Signal, SignalType

START_NS = 1_763_683_200_000_000_000
"""2025-11-21T00:00:00Z, where the clock of the tests starts."""


class RunningClock:
    """Wall clock that starts at START_NS and runs with the monotonic clock of the machine."""

    def __init__(self, start_ns: int = START_NS) -> None:
        self._offset = start_ns - time.monotonic_ns()

    def unix_ns(self) -> int:
        return time.monotonic_ns() + self._offset

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def signal(
    name: str, kind: SignalType = SignalType.INT, *, device: str = "plc-01", slot_ms: int = 60_000
) -> Signal:
    return Signal(
        device=device, name=name, role=Role.PROCESS_VALUE, type=kind, slot_ms=slot_ms, required=True
    )


def context(
    spec: ConnectorSpec,
    connection: Mapping[str, object],
    addresses: Sequence[tuple[Signal, Mapping[str, object]]],
    *,
    name: str = "plc-01",
    realm: Realm = Realm.SIM,
    clock: Clock | None = None,
) -> SourceContext:
    """Return a context whose points have the indexes 10, 11, 12, …: unlike their positions, to tell them apart."""
    model: ConfigModel = spec.connection_model.model_validate(
        {"protocol": spec.protocol, **connection}
    )
    points = tuple(
        Point(10 + i, s, spec.address_model.model_validate(address))
        for i, (s, address) in enumerate(addresses)
    )
    return SourceContext(
        name=name,
        connection=model,
        points=points,
        clock=clock or RunningClock(),
        log=logging.getLogger("test.source"),
        realm=realm,
    )
