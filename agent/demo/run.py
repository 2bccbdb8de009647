"""First process of the demo: simulators, agent and board, with the history growing beside them."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent.assessment.outcome import assess
from agent.demo.history import plan_of
from agent.demo.plant_files import DemoPorts, write_live
from agent.language import choose
from agent.plant_agent import PlantAgent
from agent.reporting.claims_reader import figures_from_bundle
from agent.reporting.comparison_view import comparison_view
from agent.reporting.issue_report import SCHEME
from agent.signals import stop_on_signals
from agent.sources import protocols
from config.loader import load_plant
from config.schemes.files import builtin_schemes
from model.errors import ConfigError, PermanentError

MARKER: Final = ".plantproof-demo"
SIMULATORS_LIMIT_S: Final = 300.0
STEP_NAMES: Final = {
    "render": ("生成八周模拟历史", "rendering eight weeks of simulated history"),
    "seal": ("逐分钟封存", "sealing minute by minute"),
    "report": ("计算指标并排版报告", "computing figures and report"),
    "verify": (
        "独立验证证据包（从原始帧重算）",
        "verifying the bundle (recomputing from raw frames)",
    ),
}


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the user asked for."""

    folder: Path
    port: int
    seed: int
    language: str
    keep_running: bool
    influx: Mapping[str, str]


@dataclass(slots=True)
class _Progress:
    """What the two processes have reached; one line of text."""

    options: DemoOptions
    board: str = ""
    step: str = "render"
    share: float = 0.0
    result: Mapping[str, Any] | None = None
    failed: str = ""
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the second process has told its result."""
    children: list[asyncio.subprocess.Process] = field(default_factory=list)

    def say(self, zh: str, en: str) -> str:
        return choose(self.options.language, zh, en)

    def line(self) -> str:
        zh, en = STEP_NAMES.get(self.step, (self.step, self.step))
        percent = f" {100 * self.share:.0f} %" if self.step == "seal" else ""
        board = self.board or self.say("看板启动中", "board is starting")
        return f"{board} · {self.say(zh, en)}{percent} …"


def run_demo(options: DemoOptions) -> int:
    """Run the demo; return its exit code: 0 if the verification of the bundle passed."""
    _prepare_folder(options)
    return asyncio.run(_demo(options))


def _prepare_folder(options: DemoOptions) -> None:
    """Empty the folder of an earlier demo; refuse a folder that is not one."""
    folder = options.folder
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise ConfigError(
                f"{folder} is not empty and not from an earlier demo; choose another --folder",
                f"{folder} 不为空，也不是先前演示留下的；请用 --folder 另选文件夹",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("", encoding="ascii")


async def _demo(options: DemoOptions) -> int:
    progress = _Progress(options)
    stop = asyncio.Event()
    with stop_on_signals(stop):
        try:
            async with asyncio.TaskGroup() as group:
                history = group.create_task(_history(progress, stop))
                live = group.create_task(_live(progress, stop))
                ticker = group.create_task(_tick(progress, stop))
                await asyncio.wait(
                    (history, group.create_task(stop.wait())), return_when=asyncio.FIRST_COMPLETED
                )
                if not stop.is_set():
                    _print_result(progress)
                    if not options.keep_running or progress.failed:
                        stop.set()
                await stop.wait()
                ticker.cancel()
                await live
        finally:
            await _end_children(progress)
    if progress.result is None:
        return 130 if not progress.failed else 1
    return int(progress.result["exit_code"])


async def _live(progress: _Progress, stop: asyncio.Event) -> None:
    """Start the simulators, then the agent on them."""
    options = progress.options
    ports = await _simulators(progress)
    plan = plan_of(options.seed)
    site = write_live(options.folder / "live", plan, options.influx)
    plant = load_plant(site, protocols=protocols(), environment=ports.environment)
    agent = PlantAgent(plant, port=options.port)
    agent.on_listening(lambda url: _announce(progress, url))

    async def show_comparison() -> None:
        await progress.finished.wait()
        if progress.result is None:
            return
        figures = figures_from_bundle(Path(progress.result["bundle"]))
        names = {d.config.id: d.config.name for d in plant.devices}
        assessment = assess(builtin_schemes()[SCHEME], figures, simulated=True)
        agent.set_comparison(
            comparison_view(assessment, figures, names, simulated=True, utc_offset_min=480)
        )

    async with asyncio.TaskGroup() as group:
        shown = group.create_task(show_comparison())
        await agent.run(stop)
        shown.cancel()


def _announce(progress: _Progress, url: str) -> None:
    progress.board = url
    _line(
        progress.say(
            f"看板已就绪（全部为模拟数据）：{url}", f"Board ready (all data simulated): {url}"
        )
    )


async def _simulators(progress: _Progress) -> DemoPorts:
    folder = progress.options.folder / "simulators"
    folder.mkdir(parents=True, exist_ok=True)
    ports = folder / "ports.json"
    log = (folder / "simulators.log").open("wb")
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "simulators.plant",
            "--ports-file", str(ports), "--seed", str(progress.options.seed),
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    finally:
        log.close()
    progress.children.append(process)
    async with asyncio.timeout(SIMULATORS_LIMIT_S):
        while not ports.exists():
            if process.returncode is not None:
                raise PermanentError(
                    f"the simulators did not start; see {folder / 'simulators.log'}",
                    f"仿真器没有启动；请看 {folder / 'simulators.log'}",
                )
            await asyncio.sleep(0.05)
    document = json.loads(ports.read_text(encoding="utf-8"))
    return DemoPorts(
        {name: int(entry["port"]) for name, entry in document["devices"].items()},
        int(document["control"]["port"]),
    )


async def _history(progress: _Progress, stop: asyncio.Event) -> None:
    """Run the second process and follow its lines."""
    folder = progress.options.folder / "history"
    folder.mkdir(parents=True, exist_ok=True)
    log_path = folder / "history.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "agent.demo.history", str(folder),
            "--seed", str(progress.options.seed),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
            limit=1 << 24, start_new_session=True,
        )  # fmt: skip
    progress.children.append(process)
    if process.stdout is None:
        raise RuntimeError("a piped process has a stdout")
    async for line in process.stdout:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if message["kind"] == "progress":
            progress.step, progress.share = message["step"], float(message["share"])
        elif message["kind"] == "done":
            progress.result = message
            progress.finished.set()
    await process.wait()
    if progress.result is None and not stop.is_set():
        progress.failed = str(log_path)


async def _tick(progress: _Progress, stop: asyncio.Event) -> None:
    """Show one line of progress: rewritten at a terminal, every ten seconds elsewhere."""
    terminal = sys.stderr.isatty()
    seconds = 0
    while not stop.is_set() and progress.result is None and not progress.failed:
        if terminal:
            sys.stderr.write(f"\r\x1b[2K{progress.line()}")
            sys.stderr.flush()
        elif seconds % 10 == 0:
            sys.stderr.write(f"{progress.line()}\n")
            sys.stderr.flush()
        seconds += 1
        await asyncio.sleep(1)
    if terminal:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


def _line(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _print_result(progress: _Progress) -> None:
    result = progress.result
    if result is None:
        _line(
            progress.say(
                f"历史部分失败，请看 {progress.failed}",
                f"The history failed, see {progress.failed}",
            )
        )
        return
    passed = result["exit_code"] == 0
    seconds = f"{result['verify_seconds']:.0f}"
    verdict_zh = f"通过（{seconds} 秒，逐项重算一致）" if passed else "未通过"
    verdict_en = f"passed ({seconds} s, every figure recomputed)" if passed else "FAILED"
    command = f"plantproof-verify {result['bundle']} --trust {result['policy']}"
    _line(progress.say(f"1 看板    {progress.board}", f"1 board   {progress.board}"))
    _line(progress.say(f"2 报告    {result['pdf']}", f"2 report  {result['pdf']}"))
    _line(progress.say(f"3 证据包  {result['bundle']}", f"3 bundle  {result['bundle']}"))
    _line(progress.say(f"4 验证    {verdict_zh}：{command}", f"4 verify  {verdict_en}: {command}"))
    if progress.options.keep_running:
        _line(progress.say("按 Ctrl-C 结束。", "Press Ctrl-C to stop."))


async def _end_children(progress: _Progress) -> None:
    for process in progress.children:
        if process.returncode is None:
            process.terminate()
    for process in progress.children:
        try:
            async with asyncio.timeout(2.0):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
