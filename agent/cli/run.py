"""`plantproof run`: collect, seal, deliver, show."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import (
    LanguageOption,
    PlantFile,
    fail,
    first_of,
    resolve_language,
)
from agent.language import choose
from model.errors import ConfigError, PlantproofError


def run(
    file: PlantFile = Path("site.yaml"),
    *,
    port: Annotated[
        int | None, typer.Option(help="看板端口（0 = 任意空闲端口） / port of the board")
    ] = None,
    no_board: Annotated[bool, typer.Option("--no-board", help="不提供看板 / no board")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="更多日志 / more log")] = False,
    lang: LanguageOption = None,
) -> None:
    """采集、封存、上传并提供看板，直到 Ctrl-C / Collect, seal, deliver and serve the board until Ctrl-C."""
    from agent.plant_agent import PlantAgent
    from agent.plant_pack import load_pack
    from agent.signals import stop_on_signals

    language = resolve_language(lang)
    try:
        plant = load_pack(file, os.environ)
    except ConfigError as exc:
        fail(exc, language=language)
    configure_logging(verbose=verbose)
    agent = PlantAgent(plant, board=not no_board, port=port)
    agent.on_listening(
        lambda url: print(choose(language, f"看板：{url}", f"Board: {url}"), file=sys.stderr)
    )

    async def work() -> None:
        stop = asyncio.Event()
        with stop_on_signals(stop):
            await agent.run(stop)

    failure: PlantproofError | None = None
    try:
        asyncio.run(work())
    except* PlantproofError as group:
        # Raised in here, the end of the program would be one of a group: Python 3.11.2 prints that as a traceback.
        failure = first_of(group)
    if failure is not None:
        fail(failure, language=language)


def configure_logging(*, verbose: bool) -> None:
    """Log state changes to stderr; libraries only from warnings on."""
    logging.basicConfig(
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("plantproof").setLevel(logging.DEBUG if verbose else logging.INFO)
    # asyncua logs every lost connection as an error with a traceback; the connector reports it once, in words.
    for noisy in ("asyncua", "pymodbus", "amqtt", "transitions"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
