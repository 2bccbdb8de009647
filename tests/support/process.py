"""Start, watch, pause and stop one server process of a test, always by its own process id."""

from __future__ import annotations

import atexit
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.support.prompt import PATIENCE_S

_POLL_SECONDS = 0.05
_STOP_SECONDS = 10.0


class ServerFailed(RuntimeError):
    """A server ended or stayed silent; the message carries the end of its log."""


_reserved: list[socket.socket] = []


@atexit.register
def _release_ports() -> None:
    for held in _reserved:
        held.close()


def reserved_port() -> int:
    """Return a TCP port on loopback that belongs to the caller until this process ends.

    A socket that is bound and never listens holds it: connections are refused, no other program gets the port when it
    asks for any free one, nor as the local port of a connection, and a server that sets SO_REUSEADDR, as every server
    here does, can listen on it, stop, and listen again.
    """
    held = socket.socket()
    if os.name == "posix":
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    _reserved.append(held)
    port: int = held.getsockname()[1]
    return port


def accepts(port: int) -> bool:
    """Tell whether a TCP connection to loopback `port` is accepted."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def http(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float = PATIENCE_S,
    ca_file: Path | None = None,
) -> tuple[int, bytes]:
    """Send one HTTP request; return status and body, also for 4xx and 5xx. ca_file: whom to trust for https."""
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)
    trust = ssl.create_default_context(cafile=ca_file) if ca_file is not None else None
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=trust) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def http_ok(url: str, ca_file: Path | None = None) -> bool:
    """Tell whether GET `url` answers 200 or 204 now."""
    try:
        return http("GET", url, timeout=2.0, ca_file=ca_file)[0] in (200, 204)
    except OSError:
        return False


class ServerProcess:
    """One process with its log in `folder`; `ready` says when it can be used."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        folder: Path,
        ready: Callable[[ServerProcess], object],
        env: Mapping[str, str] | None = None,
        start_seconds: float = PATIENCE_S,
    ) -> None:
        self.name = name
        self.argv = [str(part) for part in argv]
        self.folder = folder
        self.log_path = folder / f"{name}.log"
        self._ready = ready
        self._env = {**os.environ, **(env or {})}
        self._start_seconds = start_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running server; raises ServerFailed when it is not running."""
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything the server has printed since the last start."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> None:
        """Start and wait until ready; raises ServerFailed with the log when it is not."""
        if self._process is not None:
            raise ServerFailed(f"{self.name} is running already")
        self._log = self.log_path.open("wb")
        self._process = subprocess.Popen(
            self.argv,
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + self._start_seconds
        while not self._ready(self):
            code = self._process.poll()
            if code is not None or time.monotonic() > deadline:
                what = "is not ready in time" if code is None else f"ended with code {code}"
                tail = self.log[-2000:]
                self.kill()
                raise ServerFailed(f"{self.name} {what}:\n{tail}")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End the process with SIGTERM, with SIGKILL after ten seconds; safe to call twice."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._finish()

    def kill(self) -> None:
        """End the process with SIGKILL, as a power cut would; safe to call twice."""
        if self._process is None:
            return
        self._process.kill()
        self._finish()

    def pause(self) -> None:
        """Freeze the process with SIGSTOP: it accepts connections and never answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def announced(self) -> str | None:
        """Return what follows "listening " in the log, or None as long as it is not there."""
        found = re.search(r"^listening (\S+)\n", self.log, re.MULTILINE)
        return found[1] if found else None

    def _finish(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._process = None
        if self._log is not None:
            self._log.close()
            self._log = None
