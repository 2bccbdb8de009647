"""`plantproof demo`: the whole product on a simulated plant, no installation, no configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import LanguageOption, fail, first_of, resolve_language
from agent.cli.run import configure_logging
from model.errors import PlantproofError


def demo(
    *,
    folder: Annotated[Path, typer.Option(help="演示数据文件夹 / folder of the demo's data")] = Path(
        "demo-data"
    ),
    port: Annotated[int, typer.Option(help="看板端口（0 = 任意空闲端口） / port of the board")] = 0,
    seed: Annotated[int, typer.Option(help="剧本种子 / seed of the scenario")] = 7,
    influx: Annotated[
        str | None,
        typer.Option(help="InfluxDB 地址，例如 http://127.0.0.1:8086 / URL of an InfluxDB"),
    ] = None,
    org: Annotated[str, typer.Option(help="InfluxDB 组织 / organisation")] = "",
    bucket: Annotated[str, typer.Option(help="InfluxDB 存储桶 / bucket")] = "plantproof",
    token_file: Annotated[Path | None, typer.Option(help="令牌文件 / file with the token")] = None,
    token_env: Annotated[
        str | None, typer.Option(help="令牌环境变量 / environment variable with the token")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="验证完成后结束 / end after the verification")
    ] = False,
    lang: LanguageOption = None,
) -> None:
    """演示 / Demo: simulators, agent, board, eight weeks of history, report, bundle, verification. All simulated."""
    from agent.demo.run import DemoOptions, run_demo

    language = resolve_language(lang)
    configure_logging(verbose=False)
    store = {}
    if influx:
        store = {"url": influx, "org": org, "bucket": bucket}
        if token_file is not None:
            store["token_file"] = str(token_file.resolve())
        if token_env is not None:
            store["token_env"] = token_env
    options = DemoOptions(
        folder=folder,
        port=port,
        seed=seed,
        language=language,
        keep_running=sys.stdin.isatty() and sys.stdout.isatty() and not once,
        influx=store,
    )
    failure: PlantproofError | None = None
    code = 1
    try:
        code = run_demo(options)
    except* PlantproofError as group:
        failure = first_of(group)
    if failure is not None:
        fail(failure, language=language)
    raise typer.Exit(code)
