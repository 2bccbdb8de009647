"""`plantproof init` and `plantproof schema`: a commented plant file and its JSON Schema."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import EXIT_NO, LanguageOption, resolve_language
from agent.language import choose


def plant_schema() -> str:
    """Return the JSON Schema of the plant file as text."""
    from config.models import PlantConfig

    return json.dumps(PlantConfig.model_json_schema(), ensure_ascii=False, indent=2) + "\n"


def init(
    folder: Annotated[Path, typer.Argument(help="目标文件夹 / folder")] = Path(),
    *,
    lang: LanguageOption = None,
) -> None:
    """写出带注释的配置文件 / Write a commented plant file and its schema into a folder."""
    language = resolve_language(lang)
    target = folder / "site.yaml"
    if target.exists():
        typer.echo(
            choose(
                language,
                f"{target} 已存在，未改动。请换一个文件夹或先改名。",
                f"{target} exists and was left alone. Choose another folder or rename it.",
            ),
            err=True,
        )
        raise typer.Exit(EXIT_NO)
    folder.mkdir(parents=True, exist_ok=True)
    sample = resources.files("config") / "samples" / "site.yaml"
    target.write_bytes(sample.read_bytes())
    (folder / "site.schema.json").write_text(plant_schema(), encoding="utf-8")
    print(
        choose(
            language,
            f"已写出 {target} 和 site.schema.json。下一步：编辑它，然后运行 plantproof check {target}",
            f"Wrote {target} and site.schema.json. Next: edit it, then run plantproof check {target}",
        )
    )


def schema(
    *,
    schemes: Annotated[
        bool, typer.Option("--schemes", help="认定方案文件的 / of certification scheme files")
    ] = False,
    calc: Annotated[
        bool, typer.Option("--calc", help="手算器算例的 / of cases of the calculator")
    ] = False,
) -> None:
    """输出配置文件的 JSON Schema / Print the JSON Schema of the plant file, of scheme files, or of a case."""
    if schemes and calc:
        raise typer.BadParameter("--schemes / --calc：二选一 / one of them")
    if calc:
        from config.calc.case import case_schema

        print(json.dumps(case_schema(), ensure_ascii=False, indent=2))
        return
    if schemes:
        from config.schemes.file_models import FILES

        print(json.dumps(FILES.json_schema(), ensure_ascii=False, indent=2))
        return
    print(plant_schema(), end="")
