"""Real servers for integration tests and benchmarks, each on a free loopback port in a folder of its own.

`make servers` installs them. `require` finds one, and skips the test with the reason when it is absent;
with PLANTPROOF_NO_SKIP=1 it fails instead. Every starter is a context manager that stops by process id:

    with influxdb2() as influx:
        influx.url, influx.org, influx.bucket, influx.token
        influx.process.pause(); influx.process.resume(); influx.process.kill(); influx.process.start()

A stopped server keeps its data, folder and port until the context ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.process import ServerFailed, ServerProcess, accepts, http, http_ok, reserved_port

__all__ = [
    "HttpStore",
    "InfluxDb2",
    "ModbusServer",
    "MqttBroker",
    "OpcUaServer",
    "ServerFailed",
    "ServerMissing",
    "chromium_path",
    "influxdb1",
    "influxdb2",
    "libmodbus",
    "modbus_serial",
    "mosquitto",
    "node_opcua",
    "require",
    "reserved_port",
    "victoriametrics",
]

_SOURCES = Path(__file__).parents[1] / "servers"
_PROGRAMS = {
    "influxdb1": "influxd",
    "victoriametrics": "victoria-metrics",
    "mosquitto": "mosquitto",
    "chromium": "chromium",
    "chromedriver": "chromedriver",
    "pdftoppm": "pdftoppm",
    "socat": "socat",
    "node": "node",
}
_NODE_SCRIPTS = {
    "node_opcua": _SOURCES / "node_opcua" / "server.js",
    "modbus_serial": _SOURCES / "modbus_serial" / "server.js",
}


class ServerMissing(RuntimeError):
    """A server is not installed on this machine, and no test is there to be skipped."""


def require(name: str) -> Path:
    """Return the executable (or Node.js script, or folder of Node.js modules) called `name`.

    Absent: skips the running test with the reason, fails it when PLANTPROOF_NO_SKIP=1, and raises
    ServerMissing outside pytest. Names: influxdb1, influxdb2, victoriametrics, mosquitto, libmodbus,
    node, node_modules, node_opcua, modbus_serial, chromium, chromedriver, pdftoppm, socat.
    """
    found = _locate(name)
    if found is not None:
        return found
    reason = f"{name} is not installed here; `make servers` installs it"
    if name in {"node", "node_modules", *_NODE_SCRIPTS} and _locate("node") is None:
        reason = f"{name} needs Node.js, which is not installed here: install node and npm, then `make servers`"
    running_tests = sys.modules.get("pytest")
    if running_tests is not None:
        no_skip = os.environ.get("PLANTPROOF_NO_SKIP") == "1"
        (running_tests.fail if no_skip else running_tests.skip)(reason)
    raise ServerMissing(reason)


def chromium_path() -> Path:
    """Return the Chromium that Playwright is to drive (`executable_path`)."""
    return require("chromium")


def _locate(name: str) -> Path | None:
    if name == "influxdb2":
        return _built("influxd", _SOURCES / "influxd" / "go.sum")
    if name == "libmodbus":
        return _built("libmodbus", _SOURCES / "libmodbus" / "server.c")
    if name == "node_modules":
        folder = _built("node", _SOURCES / "node" / "package-lock.json")
        return folder / "node_modules" if folder and (folder / ".complete").exists() else None
    if name in _NODE_SCRIPTS:
        ready = _locate("node") and _locate("node_modules")
        return _NODE_SCRIPTS[name] if ready else None
    program = shutil.which(_PROGRAMS[name], path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    return Path(program) if program else None


def _built(prefix: str, source: Path) -> Path | None:
    """Return what `scripts/servers.sh` built from `source`; its name carries the hash of that file."""
    cache = (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plantproof" / "servers"
    )
    cache = Path(os.environ.get("PLANTPROOF_SERVERS") or cache)
    built = cache / f"{prefix}-{hashlib.sha256(source.read_bytes()).hexdigest()[:16]}"
    return built if built.exists() else None


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix=f"plantproof-{name}-", ignore_cleanup_errors=True
    ) as path:
        yield Path(path)


@contextmanager
def _running(process: ServerProcess) -> Iterator[None]:
    try:
        process.start()
        yield
    finally:
        process.stop()


@dataclass(frozen=True, slots=True)
class HttpStore:
    """A time-series store that is only known by its address."""

    url: str
    process: ServerProcess


@dataclass(frozen=True, slots=True)
class InfluxDb2:
    """InfluxDB 2 after set-up; `token` may do everything in `org`."""

    url: str
    org: str
    bucket: str
    token: str
    process: ServerProcess
    ca_file: Path | None = None
    """Certificate that the server shows, None without TLS."""

    def api(
        self, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, object]:
        """Call the HTTP API as the operator; return the JSON answer, raise ServerFailed on 4xx and 5xx."""
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        status, answer = http(method, f"{self.url}{path}", data, headers, ca_file=self.ca_file)
        if status >= 400:
            raise ServerFailed(f"{method} {path}: {status} {answer.decode(errors='replace')}")
        parsed: dict[str, object] = json.loads(answer) if answer else {}
        return parsed

    def new_bucket(self, name: str, *, retention_seconds: int = 0) -> str:
        """Create an empty bucket (0 keeps for ever); return its id."""
        orgs = self.api("GET", f"/api/v2/orgs?org={self.org}")["orgs"]
        rules = [{"type": "expire", "everySeconds": retention_seconds}] if retention_seconds else []
        bucket = {"orgID": orgs[0]["id"], "name": name, "retentionRules": rules}  # type: ignore[index]
        return str(self.api("POST", "/api/v2/buckets", bucket)["id"])

    def new_token(self) -> tuple[str, str]:
        """Create a token that may read and write every bucket; return its id and its secret."""
        orgs = self.api("GET", f"/api/v2/orgs?org={self.org}")["orgs"]
        org_id = orgs[0]["id"]  # type: ignore[index]
        rights = [
            {"action": action, "resource": {"type": "buckets", "orgID": org_id}}
            for action in ("read", "write")
        ]
        made = self.api("POST", "/api/v2/authorizations", {"orgID": org_id, "permissions": rights})
        return str(made["id"]), str(made["token"])

    def revoke_token(self, token_id: str) -> None:
        """Delete a token made by `new_token`; writes with it get 401 from now on."""
        self.api("DELETE", f"/api/v2/authorizations/{token_id}")


@contextmanager
def influxdb2(tls: tuple[Path, Path] | None = None) -> Iterator[InfluxDb2]:
    """Start InfluxDB 2 with bounded query memory, set up with an organisation, a bucket and a token.

    tls: its certificate and private key; None = without TLS.
    """
    binary = require("influxdb2")
    with _folder("influxdb2") as folder:
        port = reserved_port()
        ca_file = tls[0] if tls is not None else None
        url = f"{'http' if tls is None else 'https'}://127.0.0.1:{port}"
        argv: list[str | Path] = [
            *(binary, "--reporting-disabled", "--http-bind-address", f"127.0.0.1:{port}"),
            *("--bolt-path", folder / "b.bolt", "--engine-path", folder / "engine"),
            *("--sqlite-path", folder / "s.sqlite"),
            # Without bounds one bad query takes all the memory of the machine.
            *("--query-memory-bytes", "1000000000", "--query-initial-memory-bytes", "100000000"),
        ]
        if tls is not None:
            argv += ["--tls-cert", tls[0], "--tls-key", tls[1]]
        process = ServerProcess(
            "influxdb2", argv, folder=folder, ready=lambda _: http_ok(f"{url}/health", ca_file)
        )
        store = InfluxDb2(url, "plant", "workshop", "test-operator-token", process, ca_file)
        setup = {"username": "operator", "password": "test-password", "token": store.token}
        with _running(process):
            store.api("POST", "/api/v2/setup", {**setup, "org": store.org, "bucket": store.bucket})
            yield store


_INFLUXDB1_CONFIG = """
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
"""


@contextmanager
def influxdb1() -> Iterator[HttpStore]:
    """Start InfluxDB 1.x without users; it has no database yet."""
    binary = require("influxdb1")
    with _folder("influxdb1") as folder:
        port = reserved_port()
        config = folder / "influxdb.conf"
        config.write_text(_INFLUXDB1_CONFIG.format(folder=folder, port=port))
        url = f"http://127.0.0.1:{port}"
        process = ServerProcess(
            "influxdb1",
            [binary, "-config", config],
            folder=folder,
            ready=lambda _: http_ok(f"{url}/ping"),
        )
        with _running(process):
            yield HttpStore(url, process)


@contextmanager
def victoriametrics() -> Iterator[HttpStore]:
    """Start VictoriaMetrics; GET /internal/force_flush makes what was written visible to queries."""
    binary = require("victoriametrics")
    with _folder("victoriametrics") as folder:
        port = reserved_port()
        url = f"http://127.0.0.1:{port}"
        argv: list[str | Path] = [
            *(binary, f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}/data"),
            *("-retentionPeriod=100y", "-memory.allowedBytes=256MB"),
        ]
        process = ServerProcess(
            "victoriametrics", argv, folder=folder, ready=lambda _: http_ok(f"{url}/health")
        )
        with _running(process):
            yield HttpStore(url, process)


@dataclass(frozen=True, slots=True)
class MqttBroker:
    """An MQTT broker; `folder` is writable for it."""

    host: str
    port: int
    folder: Path
    process: ServerProcess


@contextmanager
def mosquitto(config: str = "allow_anonymous true") -> Iterator[MqttBroker]:
    """Start mosquitto with one listener; `config` holds lines of mosquitto.conf for that listener."""
    binary = require("mosquitto")
    with _folder("mosquitto") as folder:
        port = reserved_port()
        # Started by root, mosquitto would change to a user who cannot read a test's key files.
        user = "user root\n" if os.geteuid() == 0 else ""
        path = folder / "mosquitto.conf"
        path.write_text(f"{user}persistence false\nlistener {port} 127.0.0.1\n{config}\n")
        process = ServerProcess(
            "mosquitto", [binary, "-c", path], folder=folder, ready=lambda _: accepts(port)
        )
        with _running(process):
            yield MqttBroker("127.0.0.1", port, folder, process)


@dataclass(frozen=True, slots=True)
class OpcUaServer:
    """The node-opcua server; tests/servers/node_opcua/server.js lists its variables."""

    url: str
    process: ServerProcess


@contextmanager
def node_opcua(
    *,
    variables: int = 100,
    interval_ms: int = 100,
    change: float = 1.0,
    max_per_read: int = 0,
) -> Iterator[OpcUaServer]:
    """Start node-opcua with `variables` Doubles of which the share `change` steps every interval.

    `max_per_read` is MaxNodesPerRead of the server's OperationLimits, 0 for its default.
    """
    script = require("node_opcua")
    with _folder("node-opcua") as folder:
        port = reserved_port()
        options = {
            "port": port,
            "pki": folder / "pki",  # own folder: a killed process leaves a lock file in it
            "variables": variables,
            "interval": interval_ms,
            "change": change,
            "max-per-read": max_per_read,
        }
        argv: list[str | Path] = [require("node"), script]
        for key, value in options.items():
            argv += [f"--{key}", str(value)]
        process = _node_process("node-opcua", argv, folder)
        with _running(process):
            yield OpcUaServer(str(process.announced()), process)


@dataclass(frozen=True, slots=True)
class ModbusServer:
    """A Modbus TCP server that we did not write."""

    host: str
    port: int
    process: ServerProcess


@contextmanager
def modbus_serial(
    holding: Mapping[int, int] | None = None,
    inputs: Mapping[int, int] | None = None,
    *,
    count: int = 65536,
    holes: Sequence[int] = (),
) -> Iterator[ModbusServer]:
    """Start modbus-serial with registers 0 to `count`-1; reading a hole gives exception 2.

    Every unit id answers, except 99, which never does.
    """
    script = require("modbus_serial")
    with _folder("modbus-serial") as folder:
        registers = _register_file(folder, holding, inputs, count, holes)
        argv: list[str | Path] = [require("node"), script, str(reserved_port()), registers]
        yield from _modbus(_node_process("modbus-serial", argv, folder))


@contextmanager
def libmodbus(
    holding: Mapping[int, int] | None = None,
    inputs: Mapping[int, int] | None = None,
    *,
    count: int = 65536,
) -> Iterator[ModbusServer]:
    """Start the libmodbus server with registers 0 to `count`-1; reading beyond gives exception 2."""
    binary = require("libmodbus")
    with _folder("libmodbus") as folder:
        registers = _register_file(folder, holding, inputs, count, ())
        argv: list[str | Path] = [binary, str(reserved_port()), registers]
        yield from _modbus(
            ServerProcess("libmodbus", argv, folder=folder, ready=ServerProcess.announced)
        )


def _node_process(name: str, argv: Sequence[str | Path], folder: Path) -> ServerProcess:
    return ServerProcess(
        name,
        argv,
        folder=folder,
        ready=ServerProcess.announced,
        env={"NODE_PATH": str(require("node_modules")), "HOME": str(folder)},
    )


def _modbus(process: ServerProcess) -> Iterator[ModbusServer]:
    with _running(process):
        yield ModbusServer("127.0.0.1", int(str(process.announced())), process)


def _register_file(
    folder: Path,
    holding: Mapping[int, int] | None,
    inputs: Mapping[int, int] | None,
    count: int,
    holes: Sequence[int],
) -> Path:
    lines = [f"n {count}"]
    lines += [f"h {address} {value}" for address, value in (holding or {}).items()]
    lines += [f"i {address} {value}" for address, value in (inputs or {}).items()]
    lines += [f"x {address}" for address in holes]
    path = folder / "registers.txt"
    path.write_text("\n".join(lines) + "\n")
    return path
