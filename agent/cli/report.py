"""`plantproof report`: a signed report with its bundle, over the log as it stands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import (
    JsonOption,
    LanguageOption,
    PlantFile,
    fail,
    load_or_exit,
    print_json,
    resolve_language,
)
from agent.language import choose
from model.errors import ConfigError, PlantproofError

Instant = Annotated[str, typer.Option(help="2026-10-01 或 2026-10-01T08:00+08:00")]


def report(
    file: PlantFile = Path("site.yaml"),
    *,
    start: Annotated[
        str, typer.Option("--from", help="改造后起点（含） / start of the after period")
    ],
    end: Annotated[str, typer.Option("--to", help="改造后终点（不含） / end of the after period")],
    before_start: Annotated[
        str | None, typer.Option("--before-from", help="改造前起点 / start of the before period")
    ] = None,
    before_end: Annotated[
        str | None, typer.Option("--before-to", help="改造前终点 / end of the before period")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="输出文件夹 / target folder")] = None,
    withhold_process: Annotated[
        bool,
        typer.Option(
            "--withhold-process", help="隐去 process 类数据流 / withhold streams of class process"
        ),
    ] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """签发报告与证据包 / Issue a report (PDF) and its evidence bundle (ZIP).

    A date without time means the start of the production day on that date.
    """
    language = resolve_language(lang)
    plant = load_or_exit(file, language=language, as_json=as_json)
    from agent.reporting import Window, report_plant

    try:
        after = Window(instant(start, plant.config), instant(end, plant.config))
        before = None
        if before_start is not None and before_end is not None:
            before = Window(instant(before_start, plant.config), instant(before_end, plant.config))
        done = report_plant(
            plant,
            after=after,
            before=before,
            out=out,
            language="zh-CN" if language == "zh" else "en",
            withhold_process=withhold_process,
        )
    except PlantproofError as exc:
        fail(exc, language=language, as_json=as_json)
    if as_json:
        print_json(
            {
                "report": str(done.report.pdf),
                "bundle": str(done.report.issued.bundle),
                "policy": str(done.policy),
                "statement_sha256": done.report.issued.statement_sha256,
            }
        )
        return
    print(choose(language, f"报告：{done.report.pdf}", f"Report: {done.report.pdf}"))
    print(
        choose(
            language,
            f"证据包：{done.report.issued.bundle}",
            f"Bundle: {done.report.issued.bundle}",
        )
    )
    print(
        choose(
            language,
            f"验证：plantproof-verify {done.report.issued.bundle} --trust 主管部门的信任策略（自检可用 "
            f"{done.policy}）",
            f"Verify: plantproof-verify {done.report.issued.bundle} --trust POLICY-OF-THE-AUTHORITY "
            f"(self-check: {done.policy})",
        )
    )


def instant(text: str, config: object) -> int:
    """Return Unix ms of a date (start of the production day) or of an instant with offset."""
    from datetime import timedelta
    from zoneinfo import ZoneInfo

    from config.models import PlantConfig

    if not isinstance(config, PlantConfig):
        raise TypeError("a plant configuration is expected")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ConfigError(
            f"'{text}' is no date: write 2026-10-01 or 2026-10-01T08:00+08:00",
            f"“{text}”不是日期：请写 2026-10-01 或 2026-10-01T08:00+08:00",
        ) from exc
    zone = ZoneInfo(config.site.zone)
    if len(text) <= 10:
        moment = moment.replace(tzinfo=zone) + timedelta(minutes=config.calendar.day_start)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.timestamp() * 1000)
