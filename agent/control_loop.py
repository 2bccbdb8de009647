"""Answers other processes that ask for a signature, and signs the head on time."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol, TypeVar

from agent.control import ControlFolder, Request
from agent.recorder import Recorder
from agent.sealer import Now
from model.errors import PlantproofError, TransientError

SIGN_AGAIN_MS: Final = 5_000
"""A disk that refused to take a head is asked again after so long."""
_T = TypeVar("_T")
_LOG: Final = logging.getLogger("plantproof.agent")


class InWorker(Protocol):
    """Runs a call in the thread of the journal, between two commits."""

    def __call__(self, work: Callable[[], _T], /) -> Awaitable[_T]:
        """Return the result of `work`."""
        ...


class ControlLoop:
    """Looks at the control folder when told to."""

    def __init__(
        self,
        folder: ControlFolder,
        recorder: Recorder,
        in_worker: InWorker,
        now: Callable[[], Now],
        checkpoint_ms: int,
    ) -> None:
        """Take the parts; `checkpoint_ms`: longest time between two signed heads."""
        self._folder = folder
        self._recorder = recorder
        self._in_worker = in_worker
        self._now = now
        self._checkpoint_ms = checkpoint_ms
        self._not_before_ms = 0

    async def look(self) -> None:
        """Answer what was asked since the last look, and sign the head if it is time."""
        for request in self._folder.pending():
            await self._answer(request)
        now_ms = self._now().unix_ms
        due = (self._recorder.signed_ms or 0) + self._checkpoint_ms
        if now_ms >= max(due, self._not_before_ms):
            try:
                await self._in_worker(self._sign)
            except TransientError as exc:
                _LOG.error("the head is not signed yet: %s", exc.en)
                self._not_before_ms = now_ms + SIGN_AGAIN_MS

    def _sign(self) -> bytes:
        return self._recorder.checkpoint(self._now())

    async def _answer(self, request: Request) -> None:
        try:
            if request.kind == "export":
                digest = bytes.fromhex(request.sha256)
                note = await self._in_worker(
                    lambda: self._recorder.export(digest, request.size, self._now())
                )
            else:
                note = await self._in_worker(self._sign)
            self._folder.answer(request, {"ok": True, "note": note.decode("utf-8")})
        except (PlantproofError, ValueError, OSError) as exc:
            with suppress(OSError):
                self._folder.answer(request, {"ok": False, "error": str(exc)})
