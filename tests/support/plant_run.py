"""Run the whole agent in a test: plant files, `plantproof run` as a process, what it left on disk, a short history.

site = write_plant(tmp_path, ports, ["plc-01", "meter-01"])
with AgentProcess(site) as agent:
    agent.wait_status(lambda s: s["collected_rows"] > 0)
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from agent.cli.app import app
from agent.demo.plant_files import sample_plant
from agent.folders import DataFolder, data_folder
from agent.sources import protocols
from config.loader import LoadedPlant, load_plant
from evidence.document import ConfigDocument, parse_document
from evidence.entries import Block, Config, Entry, parse_entry
from evidence.frame import frame_prefix, parse_frame
from model.batch import NO_TIME
from model.flags import RowFlag
from model.signal import SignalTable, SignalType
from storage.frame_archive import FrameArchive
from storage.journal_codec import decode
from storage.ledger_reader import LedgerTail
from storage.signal_tables import decode_table
from tests.support.prompt import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
POLL_S = 0.05
NO_MS = -(2**63)
_NO_TEXT = RowFlag.NO_VALUE | RowFlag.MISSED
Json = dict[str, Any]
Row = tuple[str, str, int, int, object, int, int]
"""(stream, signal, source ms or NO_MS, received ms, value, status, flags)."""


def write_plant(
    folder: Path,
    ports: Mapping[str, int],
    devices: Sequence[str],
    *,
    name: str = "site.yaml",
    realm: str = "sim",
    change: Callable[[Json], None] = lambda _plant: None,
) -> Path:
    """Write a plant file with some devices of the demo at the given ports; `change` may alter it before."""
    plant = sample_plant()
    plant["site"]["realm"] = realm
    plant["devices"] = [d for d in plant["devices"] if d["id"] in devices]
    for device in plant["devices"]:
        connection = device["connection"]
        variable = "${" + device["id"].upper().replace("-", "_") + "_PORT}"
        for key, value in connection.items():
            if isinstance(value, str):
                connection[key] = value.replace(variable, str(ports[device["id"]]))
        device["energy_of"] = [d for d in device.get("energy_of", []) if d in devices]
    plant["storage"] = {"folder": "data"}
    plant["server"] = {"host": "127.0.0.1", "port": 8600, "language": "zh-CN"}
    change(plant)
    path = folder / name
    path.write_text(yaml.safe_dump(plant, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def loaded(site: Path) -> LoadedPlant:
    """Return a plant file as the agent loads it."""
    return load_plant(site, protocols=protocols(), environment=os.environ)


def folder_of(site: Path) -> DataFolder:
    """Return the data folder of a plant file."""
    return data_folder(loaded(site))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """Return stdout as JSON."""
        data: Json = json.loads(self.out)
        return data


_COMMAND = ("-c", "from agent.cli import main; main()")
_FAST_COMMAND = ("-c", "from tests.support.fast_agent import main; main()")


def _line(program: Sequence[object], *arguments: object) -> list[str]:
    """Return a command line; what the console script does, without needing it installed."""
    return [sys.executable, "-P", *map(str, program), *map(str, arguments)]


def _environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", **changes}


def plantproof(*arguments: object, cwd: Path = ROOT, seconds: float = 300, **env: str) -> Answer:
    """Run `plantproof` to its end."""
    done = subprocess.run(
        _line(_COMMAND, *arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env=_environment(**env),
        timeout=seconds,
        check=False,
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def invoke(*arguments: object) -> Answer:
    """Run a command of `plantproof` inside this process: the same program without two seconds of loading."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Answer(done.exit_code, done.stdout, done.stderr)


class AgentProcess:
    """`plantproof run` as a process of its own; the context ends it with SIGKILL if it still runs.

    fast: (anchor ns, factor) of a faster wall clock.
    """

    def __init__(
        self,
        site: Path,
        *options: object,
        fast: tuple[int, int] | None = None,
        log: str = "agent.log",
    ) -> None:
        self.site = site
        self.status_path = folder_of(site).status
        self._log_path = site.with_name(log)
        self._committed = _last_seq(folder_of(site).journal(1))
        program: Sequence[object] = _COMMAND if fast is None else (*_FAST_COMMAND, *fast)
        options = options or ("--no-board",)
        with self._log_path.open("ab") as log_file:
            self.process = subprocess.Popen(
                _line(program, "run", site, *options),
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                cwd=site.parent,
                env=_environment(),
                start_new_session=True,
            )

    def __enter__(self) -> AgentProcess:
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()

    @property
    def log(self) -> str:
        """Everything that the runs of this plant have printed."""
        return self._log_path.read_text("utf-8", errors="replace")

    def status(self) -> Json | None:
        """Return the status of this very run, None as long as it has written none."""
        try:
            data: Json = json.loads(self.status_path.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return data if data["pid"] == self.process.pid else None

    def wait_status(self, wanted: Callable[[Json], object], seconds: float = PATIENCE_S) -> Json:
        """Return the first status that fits; fails with the log when the agent ends or the time is over."""
        found: list[Json] = []

        def fits() -> bool:
            status = self.status()
            if status is not None and wanted(status):
                found.append(status)
            return bool(found)

        self.wait(fits, seconds)
        return found[0]

    def wait_collecting(self, seconds: float = PATIENCE_S) -> None:
        """Return when this run has committed a row; quicker than its status, which is written every five seconds."""
        path = folder_of(self.site).journal(1)
        before = self._committed

        def more() -> bool:
            return _last_seq(path) > before

        self.wait(more, seconds)

    @property
    def board(self) -> str:
        """Return the URL of the board as the run has printed it, "" before."""
        found = re.findall(r"plantproof\.agent: board at (\S+)", self.log)
        return found[-1] if found else ""

    def wait(self, done: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        """Return when `done()` is true; fails with the log when the agent ends or the time is over."""
        limit = time.monotonic() + seconds
        while not done():
            code = self.process.poll()
            assert code is None, f"the agent ended with {code}:\n{self.log[-3000:]}"
            assert time.monotonic() < limit, f"not in {seconds} s:\n{self.log[-3000:]}"
            time.sleep(POLL_S)

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = PATIENCE_S) -> int:
        """Send a signal, wait for the end, return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End it as a power cut of the process would; safe to call twice."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)


def _last_seq(journal: Path) -> int:
    """Return the number of the last block of a journal, 0 if there is none; also while the agent writes it."""
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        try:
            return int(db.execute("SELECT coalesce(max(seq),0) FROM block").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def states(status: Json) -> dict[str, str]:
    """Return the state of each source by name."""
    return {source["name"]: source["state"] for source in status["sources"]}


def entries_of(folder: Path) -> list[Entry]:
    """Return every complete entry of a ledger folder, signed or not."""
    return [parse_entry(data) for data in LedgerTail(folder).new_entries()]


@dataclass(frozen=True, slots=True)
class JournalRows:
    """One block of the journal."""

    seq: int
    slot: int
    crc: int
    rows: tuple[Row, ...]


def journal_of(path: Path) -> list[JournalRows]:
    """Return the blocks of a journal that no process writes; a copy is read, so that the file stays as it was left."""
    with tempfile.TemporaryDirectory() as name:
        for file in path.parent.glob(path.name + "*"):
            if not file.name.endswith("-shm"):
                shutil.copy2(file, name)
        db = sqlite3.connect(Path(name) / path.name)
        try:
            configs = db.execute("SELECT id, signals FROM config").fetchall()
            found = db.execute(
                "SELECT a.seq, a.slot, a.config, crc, data FROM block a JOIN blob b ON a.seq=b.seq ORDER BY a.seq"
            ).fetchall()
        finally:
            db.close()
    tables = {number: decode_table(data) for number, data in configs}
    return [
        JournalRows(seq, slot, crc, tuple(_rows(tables[config], data)))
        for seq, slot, config, crc, data in found
    ]


def _rows(table: SignalTable, data: bytes) -> list[Row]:
    batch = decode(data)
    rows = []
    for i, index in enumerate(batch.signal.tolist()):
        signal = table.signals[index]
        flags, bits = int(batch.flags[i]), int(batch.value[i])
        value: object = bits
        if signal.type is SignalType.TEXT and not flags & _NO_TEXT:
            value = batch.texts[bits]
        source = int(batch.source_ns[i])
        rows.append(
            (
                signal.stream,
                signal.name,
                NO_MS if source == NO_TIME else source // 1_000_000,
                int(batch.received_ns[i]) // 1_000_000,
                value,
                int(batch.status[i]),
                flags,
            )
        )
    return rows


def sealed_rows(folder: DataFolder, epoch: int = 1) -> dict[int, list[Row]]:
    """Return the rows of every sealed slot, read from the frames by the code of the verifier."""
    return frames_of(folder.ledger(epoch), folder.frames(epoch))


def frames_of(ledger: Path, frames: Path) -> dict[int, list[Row]]:
    """Return the rows of every sealed slot of a ledger folder and its frames folder."""
    documents: dict[int, ConfigDocument] = {}
    found: dict[int, list[Row]] = {}
    archive = FrameArchive(frames, read_only=True)
    for number, entry in enumerate(entries_of(ledger)):
        if isinstance(entry, Config):
            documents[number] = parse_document((ledger / "docs" / entry.sha256.hex()).read_bytes())
        if isinstance(entry, Block):
            document = documents[entry.config]
            found[entry.slot] = [
                row
                for index, (_, frame) in enumerate(archive.read(entry.slot))
                for row in _frame_rows(frame, document, index, entry.slot)
            ]
    return found


def _frame_rows(frame: bytes, document: ConfigDocument, index: int, slot: int) -> list[Row]:
    layout, names = document.layouts[index], document.signal_names[index]
    columns = parse_frame(frame, layout, frame_prefix(slot), slot, simulated=True)
    rows: list[Row] = []
    for i in range(columns.rows):
        signal, flags = columns.signal[i], columns.flags[i]
        value: object = columns.value[i]
        if layout.types[signal] is SignalType.TEXT and not flags & _NO_TEXT:
            value = columns.text(i)
        rows.append(
            (
                layout.stream,
                names[signal],
                columns.source_ms[i],
                columns.received_ms[i],
                value,
                columns.status[i],
                flags,
            )
        )
    return rows


def by_stream(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return rows grouped by stream, their order kept."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row)
    return found
