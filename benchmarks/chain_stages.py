"""`plantproof run` with a CPU counter around each stage, for `bench_chain --stages`.

SIGUSR1 lets it write what it counted so far to the file named by the environment variable STAGES. The counters read the
CPU clock of the thread around synchronous calls only, so that a stage never counts what ran between two awaits. What
`bench_chain` calls "rest" is everything else: event loop, sockets, the protocol library, thread hand-overs.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent import cli
from agent.board import Board
from agent.control import ControlFolder
from agent.live import LiveValues
from agent.recorder import Recorder
from agent.sealer import Sealer
from agent.tiles import Tiles
from connectors.opcua import source
from connectors.opcua.client import decoding, session
from connectors.opcua.proof import ProofBook
from storage.delivery import Delivery
from storage.influx2 import Influx2Store
from storage.journal import Journal
from storage.line_protocol import LineEncoder
from storage.slot_ledger import SlotLedger

_spent: dict[str, list[int]] = {}
_depth = threading.local()


def count(owner: Any, name: str, stage: str) -> None:
    """Count the CPU time of calls of `owner.name` under `stage`; calls inside another stage belong to the inner one."""
    plain: Callable[..., Any] = getattr(owner, name)
    total = _spent.setdefault(stage, [0, 0])

    def counted(*args: Any, **named: Any) -> Any:
        outer = getattr(_depth, "inner", 0)
        _depth.inner = 0
        start = time.thread_time_ns()
        try:
            return plain(*args, **named)
        finally:
            spent = time.thread_time_ns() - start
            total[0] += spent - _depth.inner
            total[1] += 1
            _depth.inner = outer + spent

    setattr(owner, name, counted)


def write(*_: object) -> None:
    """Write what was counted so far (signal SIGUSR1)."""
    process = time.process_time_ns()
    path = Path(os.environ["STAGES"])
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"process": [process, 0], **_spent}))
    part.replace(path)


def main() -> None:
    """Count and run."""
    count(decoding.MessageDecoder, "publish", "decode")
    count(decoding.MessageDecoder, "read", "re-read")
    count(session.Session, "_read_request", "re-read")
    count(source, "to_batch", "rows")
    count(ProofBook, "note", "rows")
    count(LiveValues, "observe", "live values")
    count(SlotLedger, "observe", "slots")
    count(SlotLedger, "close", "slots")
    count(Recorder, "tick", "seal")
    count(Sealer, "seal", "seal")
    count(Journal, "commit", "journal")
    count(Delivery, "take", "delivery: journal")
    count(Delivery, "finish", "delivery: journal")
    count(Delivery, "status", "delivery: journal")
    count(LineEncoder, "encode", "delivery: encode")
    count(Influx2Store, "write", "delivery: HTTP")
    count(Board, "publish", "board")
    count(Tiles, "make", "board")
    count(SlotLedger, "rate", "board")
    count(ControlFolder, "pending", "control")
    from agent import board_loop

    count(board_loop, "today", "figures")
    signal.signal(signal.SIGUSR1, write)
    cli.main()


if __name__ == "__main__":
    main()
