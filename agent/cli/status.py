"""`plantproof status`: does the agent run, what does it hold, what is wrong?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer

from agent.cli.common import (
    EXIT_NO,
    JsonOption,
    LanguageOption,
    PlantFile,
    load_or_exit,
    print_json,
    resolve_language,
)
from agent.clock import SystemClock
from agent.language import choose
from agent.status_file import AgentStatus, read_status
from model.slots import NS_PER_MS

STALE_MS = 15_000


def status(
    file: PlantFile = Path("site.yaml"),
    *,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """运行状态 / State of the running agent; exit code 1 if it does not run."""
    from agent.folders import data_folder

    language = resolve_language(lang)
    plant = load_or_exit(file, language=language, as_json=as_json)
    found = read_status(data_folder(plant).status)
    now_ms = SystemClock().unix_ns() // NS_PER_MS
    running = found is not None and found.pid != 0 and now_ms - found.at_ms <= STALE_MS
    if as_json:
        print_json({"running": running, "status": asdict(found) if found else None})
    elif found is None:
        print(
            choose(
                language,
                f"采集程序尚未运行过。启动：plantproof run {file}",
                f"The agent has not run yet. Start it: plantproof run {file}",
            )
        )
    else:
        _print(found, now_ms, running=running, language=language)
    if not running:
        raise typer.Exit(EXIT_NO)


def _print(found: AgentStatus, now_ms: int, *, running: bool, language: str) -> None:
    def say(zh: str, en: str) -> None:
        print(choose(language, zh, en))

    age = max(0, now_ms - found.at_ms) // 1000
    if running:
        minutes = (now_ms - found.started_ms) // 60_000
        say(
            f"✓ 运行中（进程 {found.pid}，已 {minutes} 分钟），{age} 秒前报告",
            f"✓ running (process {found.pid}, for {minutes} min), reported {age} s ago",
        )
    else:
        at = datetime.fromtimestamp(found.at_ms / 1000, UTC).astimezone()
        say(
            f"✗ 未运行；最后一次报告 {at:%Y-%m-%d %H:%M:%S}",
            f"✗ not running; last report {at:%Y-%m-%d %H:%M:%S}",
        )
    say(
        f"  账本 {found.origin}：{found.head_size} 条，已封存 {found.blocks} 分钟",
        f"  log {found.origin}: {found.head_size} entries, {found.blocks} minutes sealed",
    )
    fill = 100 * found.journal_bytes / max(1, found.journal_quota_bytes)
    say(
        f"  本次采集 {found.collected_rows} 行；日志占用 {fill:.1f} %；未上传 {found.undelivered_rows} 行；"
        f"累计丢失 {found.lost_rows} 行",
        f"  {found.collected_rows} rows collected in this run; journal {fill:.1f} % full; "
        f"{found.undelivered_rows} rows not delivered; {found.lost_rows} rows lost in all",
    )
    say(f"  存储：{found.store}", f"  store: {found.store}")
    if found.board:
        say(f"  看板：{found.board}", f"  board: {found.board}")
    for source in found.sources:
        mark = "✓" if source.state in ("ok", "stopped") else "✗"
        reason = source.zh if language == "zh" else source.en
        print(f"  {mark} {source.name}: {source.state}{'  ' + reason if reason else ''}")
    problem = found.problem_zh if language == "zh" else found.problem_en
    if problem:
        print(f"  ! {problem}")
