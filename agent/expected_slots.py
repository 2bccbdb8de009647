"""Whether a device is expected to deliver in a slot: in service, and no planned stop that counts meets the slot."""

from __future__ import annotations

from collections.abc import Callable

from agent.log_window import LogIndex
from kpi.document import ConfigDocument, Stop
from model.slots import SLOT_MS


def counting_stops(index: LogIndex, document: ConfigDocument) -> tuple[Stop, ...]:
    """Return the stops of `document` that were registered before they started (config-document.md, CALENDAR).

    index: the log up to the configuration entry of `document`.
    """
    first: dict[Stop, int | None] = {}
    for known, after in zip(index.documents, index.after_slot, strict=True):
        for stop in known.calendar.stops:
            first.setdefault(stop, after)
    return tuple(
        stop
        for stop in document.calendar.stops
        if (after := first.get(stop)) is None or after < stop.from_ms // SLOT_MS
    )


def expectation(
    document: ConfigDocument, stops: tuple[Stop, ...]
) -> Callable[[str, int, int], bool]:
    """Return the function that the slot ledger asks: (device, start_ms, end_ms) → expected."""

    def expected(device: str, start_ms: int, end_ms: int) -> bool:
        asset = document.asset.get(device)
        if asset is None or asset.in_service_within(start_ms, end_ms) != (start_ms, end_ms):
            return False
        return not any(
            stop.asset in ("*", device) and stop.from_ms < end_ms and stop.to_ms > start_ms
            for stop in stops
        )

    return expected
