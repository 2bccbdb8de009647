"""Child of the full-disk test: the kernel refuses every file beyond a size; prints what happened as JSON."""

from __future__ import annotations

import json
import random
import resource
import signal
import sys
import time
from pathlib import Path

from evidence.grammar import parse_origin
from evidence.keys import SeedSigner
from evidence.note import log_key
from model.batch import Batch, make_batch
from model.errors import TransientError
from model.signal import Role, Signal, SignalTable, SignalType
from storage.frame_archive import FrameArchive
from storage.journal import Journal
from storage.ledger_files import Ledger, open_ledger

LIMIT = 400_000
TABLE = SignalTable.of(
    [Signal(device="cnc-01", name="good", role=Role.COUNT_GOOD, type=SignalType.INT)]
)


class SystemClock:
    def unix_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def limit(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def batch(seed: int) -> Batch:
    rng = random.Random(seed)
    values = [rng.getrandbits(63) for _ in range(1000)]
    return make_batch(signal=[0] * 1000, source_ns=range(1000), received_ns=seed, value=values)


def until_refused(work) -> tuple[int, str]:
    for done in range(10_000):
        try:
            work(done)
        except TransientError as error:
            return done, error.en
    raise AssertionError("the disk never refused")


def main() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    out: dict[str, object] = {}
    with Journal.open(folder / "j.db", clock=SystemClock()) as journal:
        config = journal.register(TABLE, "a")
        limit(LIMIT)
        done, message = until_refused(lambda i: journal.append([batch(i)], slot=1, config=config))
        limit(resource.RLIM_INFINITY)
        again = journal.append([batch(done)], slot=1, config=config)
        whole = [
            journal.block(i + 1).batch.value.tolist() == batch(i).value.tolist()
            for i in range(done + 1)
        ]
        out["journal"] = {
            "done": done,
            "message": message,
            "again": again,
            "whole": all(whole),
            "losses": len(journal.losses()),
        }
    with FrameArchive(folder / "archive", level=0) as archive:
        limit(LIMIT)
        done, message = until_refused(lambda i: archive.append(i, [bytes(16)], [b"x" * 5000]))
        limit(resource.RLIM_INFINITY)
        archive.append(done, [bytes(16)], [b"y" * 5000])
        archive.sync()
        whole = [archive.read(i) == [(bytes(16), b"x" * 5000)] for i in range(done)]
        last = archive.read(done) == [(bytes(16), b"y" * 5000)]
        out["archive"] = {"done": done, "message": message, "whole": all(whole) and last}
    key = log_key(parse_origin("sim/TEST/ws1/1"), SeedSigner(bytes(32)).public_key)
    ledger = open_ledger(folder / "ledger", key)
    assert isinstance(ledger, Ledger)
    with ledger:
        limit(LIMIT)
        done, message = until_refused(
            lambda i: ledger.append(b'{"n":%d,"pad":"%s"}' % (i, b"x" * 7000))
        )
        limit(resource.RLIM_INFINITY)
        index = ledger.append(b'{"again":1}')
        out["ledger"] = {"done": done, "message": message, "index": index, "size": ledger.size}
    reopened = open_ledger(folder / "ledger", key)
    assert isinstance(reopened, Ledger)
    with reopened:
        out["reopened"] = {
            "size": reopened.size,
            "torn": reopened.recovery.torn_bytes,
            "last": reopened.entry(reopened.size - 1).decode(),
        }
    print(json.dumps(out))


if __name__ == "__main__":
    main()
