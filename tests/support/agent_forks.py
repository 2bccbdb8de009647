"""Starts the agent again and again in a tenth of a second: the program is loaded once, each run is a fork of it.

`python -c "from tests.support.agent_forks import main; main()" ANCHOR_NS FACTOR run site.yaml …` forks one run for
each line on its stdin and prints the process id; the clock is that of `fast_agent`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import fast_agent
from tests.support.prompt import PATIENCE_S


def main() -> None:
    import agent.plant_agent  # noqa: F401, PLC0415 - loaded before the first fork
    from connectors.registry import BUILTIN  # noqa: F401, PLC0415

    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            with suppress(OSError):
                os.close(0)
            os.open(os.devnull, os.O_RDONLY)
            os.dup2(2, 1)
            os.setsid()
            fast_agent.main()
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


class Forks:
    """One run at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self) -> int:
        """Start a run and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return self._number()

    def wait(self) -> int:
        """Wait for the end of the run and return its exit code, negative for a signal."""
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


@contextmanager
def agent_forks(
    site: Path, root: Path, log: Path, *, anchor_ns: int, factor: int
) -> Iterator[Forks]:
    """Load the agent once for runs of `site`; everything that they print goes to `log`."""
    program = "from tests.support.agent_forks import main; main()"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-c", program, str(anchor_ns), str(factor)),
                *("run", str(site), "--no-board"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            cwd=site.parent,
            env={**os.environ, "PYTHONPATH": str(root), "LANG": "C.UTF-8"},
        )
    try:
        yield Forks(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.wait(PATIENCE_S)
