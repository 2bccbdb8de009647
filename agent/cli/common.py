"""What the commands share: loading a plant with readable faults, JSON envelope, exit codes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Never

import typer

from agent.language import language_of
from config.faults import ConfigFaultsError
from config.loader import LoadedPlant, load_plant
from model.errors import ConfigError, PlantproofError, TransientError

EXIT_NO = 1
EXIT_UNREACHABLE = 69
EXIT_CONFIG = 78
EXIT_INTERRUPTED = 130

PlantFile = Annotated[
    Path, typer.Argument(help="车间配置文件 / plant file (YAML)", show_default=True)
]
LanguageOption = Annotated[str | None, typer.Option("--lang", help="zh | en", show_default=False)]
JsonOption = Annotated[
    bool, typer.Option("--json", help="结果以 JSON 输出到标准输出 / result as JSON on stdout")
]


def load_or_exit(path: Path, *, language: str, as_json: bool = False) -> LoadedPlant:
    """Return the checked plant, or print every fault and exit with 78."""
    from agent.sources import protocols

    try:
        return load_plant(path, protocols=protocols(), environment=os.environ)
    except ConfigError as exc:
        fail(exc, language=language, as_json=as_json)


def fail(exc: PlantproofError, *, language: str, as_json: bool = False) -> Never:
    """Print an error where its reader looks for it and exit with the code of its kind."""
    code = EXIT_NO
    if isinstance(exc, ConfigError):
        code = EXIT_CONFIG
    elif isinstance(exc, TransientError):
        code = EXIT_UNREACHABLE
    if as_json:
        error: dict[str, Any] = {"code": type(exc).__name__, "message": exc.text(language)}
        if isinstance(exc, ConfigFaultsError):
            error["faults"] = [
                {
                    "file": f.file,
                    "line": f.line,
                    "column": f.column,
                    "message": f.zh if language == "zh" else f.en,
                    "hint": f.hint_zh if language == "zh" else f.hint_en,
                }
                for f in exc.faults
            ]
        print(json.dumps({"ok": False, "error": error}, ensure_ascii=False))
    else:
        print(exc.text(language), file=sys.stderr)
    raise typer.Exit(code)


def print_json(data: Any) -> None:
    """Print the envelope of a good answer."""
    print(json.dumps({"ok": True, "data": data}, ensure_ascii=False))


def resolve_language(option: str | None) -> str:
    """Return "zh" or "en"."""
    return language_of(option)


def first_of(group: BaseExceptionGroup[PlantproofError]) -> PlantproofError:
    """Return the first error of a group, at any depth."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if not isinstance(found, PlantproofError):
        raise found
    return found
