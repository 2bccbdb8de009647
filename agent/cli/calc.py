"""`plantproof calc`: every figure that a case written by hand suffices for, by the functions that the agent calls."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Never

import typer

from agent.cli.common import (
    EXIT_NO,
    JsonOption,
    LanguageOption,
    fail,
    print_json,
    resolve_language,
)
from agent.language import choose
from model.errors import ConfigError, PlantproofError

_ALL = "all"


def calc(
    case: Annotated[
        Path | None, typer.Argument(help="算例文件（YAML） / case (YAML)", show_default=False)
    ] = None,
    *,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="多台设备时也列出每台的全部指标 / all figures of every machine"
        ),
    ] = False,
    examples: Annotated[
        bool, typer.Option("--examples", help="列出自带算例 / list the cases that ship with it")
    ] = False,
    example: Annotated[
        str | None,
        typer.Option(
            "--example",
            help="写出自带算例（all 为全部） / write a case that ships with it, or all",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option("--to", help="写出到哪个文件夹 / folder to write to")
    ] = Path(),
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """手算器 / Pocket calculator: every KPI that a case written by hand suffices for, with formula, numbers and source.

    Exit 0: computed; 1: a finding takes a figure away, a published figure differs without a note, or a threshold
    (`require`) is not reached; 78: the file cannot be read as a case. Format and examples: docs/calc.md.
    """
    language = resolve_language(lang)
    if sum((case is not None, examples, example is not None)) != 1:
        raise typer.BadParameter(
            "给出一个算例文件，或 --examples，或 --example 名称 / give a case, or --examples, or --example NAME"
        )
    try:
        if examples:
            _list(language, as_json=as_json)
        elif example is not None:
            _write(example, folder, language)
        elif case is not None:
            _calculate(case, language, full=full, as_json=as_json)
    except PlantproofError as exc:
        fail(exc, language=language, as_json=as_json)


def _calculate(path: Path, language: str, *, full: bool, as_json: bool) -> None:
    """Print the result of a case; exits with 1 if what the case says of itself does not hold."""
    from agent.calc.page import page_lines
    from agent.calc.result_json import case_json
    from config.calc.reading import load_case
    from kpi.calc.case import calculate

    loaded = load_case(path)
    result = calculate(loaded.inputs)
    if as_json:
        print_json(case_json(loaded, result))
    else:
        print("\n".join(page_lines(loaded, result, language, full=full)))
    if not result.holds(loaded.findings):
        raise typer.Exit(EXIT_NO)


def _list(language: str, *, as_json: bool) -> None:
    from agent.calc.lines import wrapped
    from config.calc.examples import examples
    from config.calc.reading import parse_case

    titles = {name: parse_case(data, f"{name}.yaml").case.title for name, data in examples()}
    if as_json:
        print_json([{"name": n, "title": t.model_dump() if t else None} for n, t in titles.items()])
        return
    for name, title in titles.items():
        text = choose(language, title.zh, title.en) if title else ""
        for line in wrapped(f"{name}  {text}", "", "    "):
            print(line)


def _write(name: str, folder: Path, language: str) -> None:
    """Write one case or all of them; a file that is there is left alone, and nothing is written then."""
    from config.calc.examples import example_bytes, example_names

    known = example_names()
    if name != _ALL and name not in known:
        _unknown(name, known)
    names = known if name == _ALL else (name,)
    targets = [folder / f"{n}.yaml" for n in names]
    there = [t for t in targets if t.exists()]
    if there:
        typer.echo(
            choose(
                language,
                f"{there[0]} 已存在，未改动。请换一个文件夹（--to）或先改名。",
                f"{there[0]} exists and was left alone. Choose another folder (--to) or rename it.",
            ),
            err=True,
        )
        raise typer.Exit(EXIT_NO)
    folder.mkdir(parents=True, exist_ok=True)
    for target, n in zip(targets, names, strict=True):
        target.write_bytes(example_bytes(n))
    first = targets[0]
    print(
        choose(
            language,
            f"已写出 {len(targets)} 个文件。下一步：plantproof calc {first}",
            f"Wrote {len(targets)} file(s). Next: plantproof calc {first}",
        )
    )


def _unknown(name: str, known: tuple[str, ...]) -> Never:
    near = difflib.get_close_matches(name, known, n=1)
    listed = ", ".join(known)
    raise ConfigError(
        f"there is no case {name!r}" + (f"; did you mean {near[0]}?" if near else f": {listed}"),
        f"没有名为“{name}”的算例" + (f"；是不是 {near[0]}？" if near else f"：{listed}"),
    )
