"""`plantproof check`: is the plant file right, and does the store answer?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import (
    EXIT_UNREACHABLE,
    JsonOption,
    LanguageOption,
    PlantFile,
    load_or_exit,
    print_json,
    resolve_language,
)
from agent.language import choose


def check(
    file: PlantFile = Path("site.yaml"),
    *,
    online: Annotated[
        bool, typer.Option("--online", help="并检查 InfluxDB / also ask the InfluxDB server")
    ] = False,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """检查配置文件 / Check a plant file: every fault with line, column and hint."""
    language = resolve_language(lang)
    plant = load_or_exit(file, language=language, as_json=as_json)
    from config.document import plant_document

    document = plant_document(plant)
    connected = sum(d.connection is not None for d in plant.devices)
    required = sum(s.required for s in document.table.signals)
    answers = []
    if online and plant.config.storage.influx is not None:
        from storage.check_online import check_online

        answers = check_online(plant.config.storage.influx, plant.path.parent)
    if as_json:
        print_json(
            {
                "devices": len(plant.devices),
                "connected": connected,
                "signals": len(document.table.signals),
                "required": required,
                "document": document.sha256,
                "online": [
                    {"ok": a.ok, "message": a.zh if language == "zh" else a.en} for a in answers
                ],
            }
        )
    else:
        print(
            choose(
                language,
                f"{file}：没有错误。设备 {len(plant.devices)} 台（联网配置 {connected} 台），信号 "
                f"{len(document.table.signals)} 个（必采点 {required} 个），配置摘要 {document.sha256[:16]}…",
                f"{file}: no faults. {len(plant.devices)} devices ({connected} connected), "
                f"{len(document.table.signals)} signals ({required} required), document {document.sha256[:16]}…",
            )
        )
        if online and plant.config.storage.influx is None:
            print(
                choose(
                    language,
                    "没有配置 InfluxDB：使用内置存储。",
                    "No InfluxDB configured: the embedded store is used.",
                )
            )
        for answer in answers:
            print(f"{'✓' if answer.ok else '✗'} {answer.zh if language == 'zh' else answer.en}")
    if any(not a.ok for a in answers):
        raise typer.Exit(EXIT_UNREACHABLE)
