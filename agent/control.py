"""How another process asks the running agent for a signature: small files in a folder of the data directory.

The ledger has one writer. A report is computed elsewhere; only the head and the record of the export come from here.
Works alike on every system, needs no port and no right but that to the folder.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from model.errors import TransientError

POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """One question: `checkpoint`, or `export` with digest and size."""

    id: str
    kind: str
    sha256: str = ""
    size: int = 0


class ControlFolder:
    """The folder `control` of a data directory."""

    def __init__(self, folder: Path) -> None:
        """Take the path; the agent creates it with `prepare`."""
        self._folder = folder

    def prepare(self) -> None:
        """Create the folder and drop what an earlier run left."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in self._folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def pending(self) -> list[Request]:
        """Return the requests that wait, and remove them; a file that is no request is removed too."""
        found = []
        # Asked several times a second for years: a plain listing costs a tenth of a glob.
        names = [n for n in os.listdir(self._folder) if n.endswith(".request.json")]  # noqa: PTH208
        for path in [self._folder / name for name in sorted(names)]:
            try:
                data = json.loads(path.read_text(encoding="utf-8"))
                found.append(
                    Request(
                        str(data["id"]),
                        str(data["kind"]),
                        str(data.get("sha256", "")),
                        int(data.get("size", 0)),
                    )
                )
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                pass
            path.unlink(missing_ok=True)
        return found

    def answer(self, request: Request, data: dict[str, Any]) -> None:
        """Write the answer of a request."""
        _write(self._folder / f"{request.id}.answer.json", data)

    def ask(
        self,
        kind: str,
        *,
        sha256: str = "",
        size: int = 0,
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> dict[str, Any]:
        """Ask the running agent and wait for its answer.

        Raises TransientError if it does not answer in time: it is not running, or its disk is full.
        """
        request_id = secrets.token_hex(8)
        request = {"id": request_id, "kind": kind, "sha256": sha256, "size": size}
        _write(self._folder / f"{request_id}.request.json", request)
        answer = self._folder / f"{request_id}.answer.json"
        for _ in range(int(timeout_s / POLL_S)):
            if answer.exists():
                data: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
                answer.unlink(missing_ok=True)
                return data
            sleep(POLL_S)
        (self._folder / f"{request_id}.request.json").unlink(missing_ok=True)
        raise TransientError(
            f"the running agent did not answer within {timeout_s:.0f} s; see plantproof status",
            f"运行中的采集程序 {timeout_s:.0f} 秒内没有应答；请用 plantproof status 查看",
        )


def _write(path: Path, data: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(data), encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105 - atomic on every system
