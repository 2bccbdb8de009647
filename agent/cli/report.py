"""`plantproof report`: a signed report with its bundle, over the log as it stands."""

from __future__ import annotations

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
from agent.cli.exclusions import excluded_days
from agent.cli.instants import instant_ms
from agent.language import choose
from model.errors import PlantproofError

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
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            help="剔除的生产日，可多次：2026-10-01=holiday（holiday 节假日、force_majeure 不可抗力、registered_stop "
            "已登记停产）；带与不带剔除的结果并列 / a production day to exclude from the comparison, repeatable; the "
            "report states both"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="输出文件夹 / target folder")] = None,
    withhold_process: Annotated[
        bool,
        typer.Option(
            "--withhold-process", help="隐去 process 类数据流 / withhold streams of class process"
        ),
    ] = False,
    coefficients: Annotated[
        str | None,
        typer.Option(
            "--coefficients",
            help="折标系数表（默认取车间配置） / table of coal equivalents, default: that of the plant",
        ),
    ] = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """签发报告与证据包 / Issue a report (PDF) and its evidence bundle (ZIP).

    A date without time means the start of the production day on that date.
    """
    language = resolve_language(lang)
    plant = load_or_exit(file, language=language, as_json=as_json)
    from agent.reporting.run import Window, report_plant

    try:
        after = Window(instant_ms(start, plant.config), instant_ms(end, plant.config))
        before = None
        if before_start is not None and before_end is not None:
            before = Window(
                instant_ms(before_start, plant.config), instant_ms(before_end, plant.config)
            )
        done = report_plant(
            plant,
            after=after,
            before=before,
            exclusions=excluded_days(exclude or ()),
            out=out,
            language="zh-CN" if language == "zh" else "en",
            withhold_process=withhold_process,
            coefficients=coefficients,
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
