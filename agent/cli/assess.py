"""`plantproof assess`: a certification scheme against the figures of a plant or of an issued bundle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.common import (
    EXIT_NO,
    JsonOption,
    LanguageOption,
    fail,
    load_or_exit,
    print_json,
    resolve_language,
)
from model.errors import ConfigError, PlantproofError


def assess(
    file: Annotated[
        Path | None,
        typer.Argument(help="车间配置文件 / plant file (YAML)", show_default=False),
    ] = None,
    *,
    scheme: Annotated[
        str, typer.Option("--scheme", help="方案编号 / id of the scheme (plantproof schemes)")
    ],
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="已签发的证据包 / an issued bundle (ZIP)")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="建设后期起点（含） / start of the after period")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="建设后期终点（不含） / end of the after period")
    ] = None,
    before_start: Annotated[
        str | None, typer.Option("--before-from", help="建设前期起点 / start of the before period")
    ] = None,
    before_end: Annotated[
        str | None, typer.Option("--before-to", help="建设前期终点 / end of the before period")
    ] = None,
    facts: Annotated[
        Path | None, typer.Option("--facts", help="申报事实（YAML） / declared facts and figures")
    ] = None,
    coefficients: Annotated[
        str | None,
        typer.Option(
            "--coefficients",
            help="折标系数表（默认取车间配置） / table of coal equivalents, default: that of the plant",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", help="判断日期（默认今天） / date of the question, default today"),
    ] = None,
    schemes: Annotated[
        Path | None,
        typer.Option("--schemes", help="另加方案文件的文件夹 / folder with further scheme files"),
    ] = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """按认定方案评估 / Assess a certification scheme: every clause, what is open and by whom, which rules are ours.

    Figures come from the signed log of a plant over a period (FILE --from --to), from an issued bundle (--bundle), or
    from declared facts alone (--facts). Exit 0: assessed, the verdict is in the output; 1: the answer is not met.
    """
    language = resolve_language(lang)
    _check_usage(file, bundle, start, end, before_start, before_end, facts)
    from agent.assessment.bundle_records import records_of_bundle
    from agent.assessment.imported_figures import imported_figures
    from agent.assessment.known_figures import RecordFigures, no_records
    from agent.assessment.printing import print_assessment
    from agent.assessment.result_json import as_json as envelope
    from agent.assessment.schemes import assess_scheme
    from agent.assessment.sources import source_of_bundle, source_of_plant
    from agent.cli.instants import instant_ms
    from agent.folders import data_folder
    from agent.reporting.clause_table import console
    from agent.reporting.run import Window
    from config.facts_file import load_facts
    from config.schemes.files import library_with
    from kpi.schemes.logic import Verdict

    try:
        library = library_with(schemes)
        wanted = scheme_id(scheme, library.schemes)
        source, folder = None, Path()
        records: RecordFigures = no_records
        if bundle is not None:
            source = source_of_bundle(bundle)
            records = records_of_bundle(bundle, coefficients)
        elif file is not None and start is not None and end is not None:
            plant = load_or_exit(file, language=language, as_json=as_json)
            folder = data_folder(plant).records
            records = imported_figures(plant, coefficients)
            after = Window(instant_ms(start, plant.config), instant_ms(end, plant.config))
            before = None
            if before_start is not None and before_end is not None:
                before = Window(
                    instant_ms(before_start, plant.config), instant_ms(before_end, plant.config)
                )
            source = source_of_plant(plant, after, before)
        assessed = assess_scheme(
            library,
            library.schemes[wanted],
            on=day_of(on),
            source=source,
            declared=load_facts(facts, library) if facts is not None else None,
            folder=folder,
            records=records,
        )
    except PlantproofError as exc:
        fail(exc, language=language, as_json=as_json)
    if as_json:
        print_json(envelope(assessed, language))
    else:
        print_assessment(assessed, language, console())
    if assessed.verdict.verdict is Verdict.FAIL:
        raise typer.Exit(EXIT_NO)


def _check_usage(
    file: Path | None,
    bundle: Path | None,
    start: str | None,
    end: str | None,
    before_start: str | None,
    before_end: str | None,
    facts: Path | None,
) -> None:
    """Raise typer.BadParameter (exit code 2) for options that do not go together."""
    if bundle is not None and file is not None:
        raise typer.BadParameter(
            "车间文件与 --bundle 只能用一个 / a plant file or --bundle, not both"
        )
    if file is not None and (start is None or end is None):
        raise typer.BadParameter("车间文件需要 --from 和 --to / a plant file needs --from and --to")
    if file is None and any(x is not None for x in (start, end, before_start, before_end)):
        raise typer.BadParameter("--from、--to 需要车间文件 / periods need a plant file")
    if (before_start is None) != (before_end is None):
        raise typer.BadParameter(
            "--before-from 与 --before-to 须同时给出 / both ends of the before period are needed"
        )
    if file is None and bundle is None and facts is None:
        raise typer.BadParameter(
            "需要车间文件、--bundle 或 --facts 之一 / a plant file, --bundle or --facts is needed"
        )


def scheme_id(name: str, known: Iterable[str]) -> str:
    """Return the id of a scheme as the library writes it; raises typer.BadParameter with the nearest one."""
    from config.messages import suggestion

    ids = sorted(known)
    found = next((i for i in ids if i.lower() == name.lower()), None)
    if found is not None:
        return found
    en, zh = suggestion(name.upper(), ids)
    raise typer.BadParameter(
        f"没有方案“{name}”：{zh or '可用：' + '、'.join(ids)} / "
        f"no scheme '{name}': {en or 'known: ' + ', '.join(ids)}"
    )


def day_of(text: str | None) -> date:
    """Return the date of the question: as written, or the day of this machine."""
    if text is not None:
        try:
            return date.fromisoformat(text)
        except ValueError as exc:
            raise ConfigError(
                f"'{text}' is no date: write 2026-10-01", f"“{text}”不是日期：请写 2026-10-01"
            ) from exc
    from datetime import UTC, datetime

    from agent.clock import SystemClock

    seconds = SystemClock().unix_ns() // 1_000_000_000
    return datetime.fromtimestamp(seconds, UTC).astimezone().date()
