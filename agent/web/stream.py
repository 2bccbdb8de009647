"""The live stream: one server-sent-event stream per browser, read from the newest snapshot, without queues.

Events: `snap` (everything; first and every 60 s), `delta` (what changed), `alarm` (one new alarm), `hb` (nothing
changed for a second), `bye` (the agent stops). `id:` is the sequence number of the snapshot. A slow reader skips
states; it never makes memory grow.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

from agent.web.state import BoardSnapshot, BoardState
from agent.web.view import Json, difference, view

BEAT_S: Final = 1.0
SNAP_EVERY: Final = 60
"""A whole snapshot at least after so many messages, so that a lost delta cannot live on."""
RETRY_MS: Final = 3000


class Views:
    """The newest JSON view, made once per snapshot for all streams."""

    def __init__(self, state: BoardState) -> None:
        """Keep `state`; nothing is read yet."""
        self._state = state
        self._snapshot: BoardSnapshot | None = None
        self._view: Json = {}

    def newest(self) -> Json:
        """Return the view of the newest snapshot; callers must not change it."""
        snapshot = self._state.snapshot()
        if snapshot is not self._snapshot:
            self._snapshot, self._view = snapshot, view(snapshot)
        return self._view


def message(
    event: str, seq: object, data: Mapping[str, object], retry_ms: int | None = None
) -> bytes:
    """Return one event in the text form of the HTML standard (server-sent events)."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    retry = f"retry: {retry_ms}\n" if retry_ms is not None else ""
    return f"{retry}event: {event}\nid: {seq}\ndata: {body}\n\n".encode()


async def _changed(state: BoardState, seq: int, stop: asyncio.Event) -> bool:
    """Wait for a change, the next beat or the stop, whichever comes first; return whether something changed."""
    async with asyncio.TaskGroup() as group:
        change = group.create_task(state.wait_change(seq, BEAT_S))
        halt = group.create_task(stop.wait())
        await asyncio.wait((change, halt), return_when=asyncio.FIRST_COMPLETED)
        finished = change.done()
        change.cancel()
        halt.cancel()
    return finished and change.result()


async def events(state: BoardState, views: Views, stop: asyncio.Event) -> AsyncIterator[bytes]:
    """Yield the events for one browser until `stop` is set; the last one is then `bye`."""
    sent = views.newest()
    known = _alarm_ids(sent)
    yield message("snap", sent["seq"], sent, RETRY_MS)
    since_snap = 0
    while not stop.is_set():
        seq = sent["seq"]
        changed = isinstance(seq, int) and await _changed(state, seq, stop)
        if stop.is_set():
            break
        since_snap += 1
        if not changed:
            yield message("hb", seq, {"seq": seq, "t": state.snapshot().at_ms})
            continue
        newest = views.newest()
        delta = None if since_snap >= SNAP_EVERY else difference(sent, newest)
        if delta is None:
            since_snap = 0
            yield message("snap", newest["seq"], newest)
        else:
            yield message("delta", newest["seq"], delta)
        sent = newest
        for alarm in _alarms(newest):
            if alarm["id"] not in known:
                yield message("alarm", newest["seq"], alarm)
        known = _alarm_ids(newest)
    yield message("bye", sent["seq"], {"seq": sent["seq"]}, RETRY_MS)


def _alarms(data: Mapping[str, object]) -> list[Json]:
    alarms = data.get("alarms")
    return alarms if isinstance(alarms, list) else []


def _alarm_ids(data: Mapping[str, object]) -> set[object]:
    return {alarm["id"] for alarm in _alarms(data)}
