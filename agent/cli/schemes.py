"""`plantproof schemes`: which certification schemes are known, and what each asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import JsonOption, LanguageOption, fail, print_json, resolve_language
from model.errors import PlantproofError


def schemes(
    scheme: Annotated[
        str | None, typer.Argument(help="方案编号 / id of a scheme", show_default=False)
    ] = None,
    *,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="指标目录 / the catalogue of metrics")
    ] = False,
    coverage: Annotated[
        bool,
        typer.Option("--coverage", help="官方文本各条由何覆盖 / what covers the official texts"),
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--schemes", help="另加方案文件的文件夹 / folder with further scheme files"),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", help="判断日期（默认今天） / date of the question, default today"),
    ] = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """认定方案 / Certification schemes: list them, or print the clause table of one."""
    language = resolve_language(lang)
    from agent.assessment.schemes_printing import (
        print_coverage,
        print_metrics,
        print_scheme,
        print_schemes,
        scheme_json,
    )
    from agent.cli.assess import day_of, scheme_id
    from agent.reporting.clause_table import console
    from config.schemes.coverage import coverage_of
    from config.schemes.files import library_with

    try:
        library = library_with(folder)
        day = day_of(on)
        if coverage:
            found = coverage_of(library)
            if as_json:
                print_json(
                    [
                        {"no": e.no, "at": e.at, "quote": e.quote, "covers": e.covers}
                        for e in found.entries
                    ]
                )
            else:
                print_coverage(found, language, console())
            return
        if metrics and not as_json:
            print_metrics(language, console())
            return
    except PlantproofError as exc:
        fail(exc, language=language, as_json=as_json)
    if metrics:
        from kpi.metrics import METRICS

        print_json([{"id": m.id, "zh": m.zh, "en": m.en, "unit": m.unit} for m in METRICS.values()])
        return
    wanted = (
        [library.schemes[scheme_id(scheme, library.schemes)]]
        if scheme
        else list(library.schemes.values())
    )
    if as_json:
        data = [scheme_json(library, s, day) for s in wanted]
        print_json(data[0] if scheme else data)
    elif scheme:
        print_scheme(wanted[0], day, language, console())
    else:
        print_schemes(library, day, language, console())
