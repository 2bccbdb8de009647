"""`plantproof import`: records from elsewhere, taken whole or not at all; templates, list, withdrawal, re-reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Never

import typer

from agent.cli.common import (
    EXIT_CONFIG,
    EXIT_NO,
    JsonOption,
    LanguageOption,
    fail,
    load_or_exit,
    print_json,
    resolve_language,
)
from agent.language import choose
from model.errors import ConfigError, PlantproofError

if TYPE_CHECKING:
    from agent.records_import import Site
    from config.records.table import Table
    from kpi.records.periods import Dates
    from storage.records import RecordsFolder

EXIT_USAGE = 2


def import_(
    data: Annotated[
        Path | None, typer.Argument(help="要导入的文件 / file to import (xlsx, csv)")
    ] = None,
    *,
    plant: Annotated[Path, typer.Option("--plant", help="车间配置文件 / plant file")] = Path(
        "site.yaml"
    ),
    table: Annotated[
        str | None,
        typer.Option("--table", help="记录表，不写则自动识别 / table, found out if absent"),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="导入人姓名 / who imports")] = "",
    original: Annotated[
        list[Path] | None,
        typer.Option("--original", help="原始凭证，可多次 / original file, repeatable"),
    ] = None,
    years: Annotated[
        str | None,
        typer.Option("--years", help="申报表要求的年份 / years of the form, like 2022-2024"),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="工作表 / sheet")] = None,
    replace: Annotated[
        str | None,
        typer.Option("--replace", help="替换第几次导入 / number of the import to replace"),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="替换或撤回的原因 / why")] = "",
    check: Annotated[
        bool, typer.Option("--check", help="只检查，不导入 / check only, take nothing")
    ] = False,
    withdraw: Annotated[
        str | None,
        typer.Option("--withdraw", help="撤回第几次导入 / number of the import to withdraw"),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="列出全部导入 / list imports")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="重读原文件并核对 / read the originals again")
    ] = False,
    figures: Annotated[
        bool, typer.Option("--figures", help="列出记录得出的指标 / figures that the records give")
    ] = False,
    after: Annotated[
        str | None,
        typer.Option("--after", help="建设后期间 / period after, like 2025-01-01..2025-12-31"),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", help="建设前期间 / period before, like 2023-01-01..2023-12-31"),
    ] = None,
    show_tables: Annotated[
        bool, typer.Option("--tables", help="列出记录表 / list the tables")
    ] = False,
    template: Annotated[
        str | None,
        typer.Option("--template", help="生成模板：表名或 all / write a template: table or all"),
    ] = None,
    file_format: Annotated[str, typer.Option("--format", help="xlsx | csv")] = "xlsx",
    out: Annotated[
        Path, typer.Option("--out", help="模板的文件夹 / folder of the template")
    ] = Path(),
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """导入经营记录 / Import records (finance, cost, orders, bills …): every fault at once, all or nothing."""
    language = resolve_language(lang)
    modes = (data is not None, withdraw is not None, show_list, verify, figures, show_tables)
    if sum((*modes, template is not None)) != 1:
        _usage(
            language,
            "请给出一个文件，或 --template、--tables、--list、--verify、--figures、--withdraw 之一",
            "give one file, or one of --template, --tables, --list, --verify, --figures, --withdraw",
        )
    try:
        if show_tables:
            from agent.cli.import_print import print_tables

            print_tables(language, as_json=as_json)
        elif template is not None:
            _write_templates(template, file_format, out, language, as_json=as_json)
        else:
            folder, site = _folder_and_site(plant, language, as_json=as_json)
            if site.simulated and not as_json:
                print(choose(language, "！模拟数据（simulated）", "! simulated data"))
            if show_list:
                from agent.cli.import_print import print_list

                print_list(folder, site, language, as_json=as_json)
            elif figures:
                _figures(folder, after, before, language, as_json=as_json)
            elif verify:
                _verify(folder, language, as_json=as_json)
            elif withdraw is not None:
                _withdraw(folder, site, withdraw, by, reason, language, as_json=as_json)
            elif data is not None:
                _import(
                    folder,
                    site,
                    _Options(data, table, by, original or [], years, sheet, replace, reason),
                    language,
                    only_check=check,
                    as_json=as_json,
                )
    except PlantproofError as exc:
        _fail(exc, language, as_json=as_json)


class _Options:
    """What the user said about one file."""

    def __init__(
        self,
        data: Path,
        table: str | None,
        by: str,
        originals: list[Path],
        years: str | None,
        sheet: str | None,
        replace: str | None,
        reason: str,
    ) -> None:
        self.data = data
        self.table = table
        self.by = by
        self.originals = originals
        self.years = years
        self.sheet = sheet
        self.replace = replace
        self.reason = reason


def _usage(language: str, zh: str, en: str) -> Never:
    typer.echo(choose(language, zh, en), err=True)
    raise typer.Exit(EXIT_USAGE)


def _folder_and_site(plant: Path, language: str, *, as_json: bool) -> tuple[RecordsFolder, Site]:
    from zoneinfo import ZoneInfo

    from agent.folders import data_folder
    from agent.records_import import Site
    from storage.records import RecordsFolder

    loaded = load_or_exit(plant, language=language, as_json=as_json)
    site = loaded.config.site
    origin = f"{site.realm}/{site.enterprise}/{site.workshop}"
    return RecordsFolder(data_folder(loaded).records), Site(origin, ZoneInfo(site.zone))


def _years(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _, last = text.partition("-")
    try:
        found = int(first), int(last or first)
    except ValueError:
        found = (0, -1)
    if not 1990 <= found[0] <= found[1] <= 2100:
        raise ConfigError(
            f"--years '{text}' is not like 2022-2024", f"--years“{text}”应写成 2022-2024"
        )
    return found


def _import(
    folder: RecordsFolder,
    site: Site,
    options: _Options,
    language: str,
    *,
    only_check: bool,
    as_json: bool,
) -> None:
    from agent.cli.import_print import print_checked, print_imported
    from agent.clock import SystemClock
    from agent.records_import import (
        ImportRequest,
        check_records,
        file_name,
        import_records,
        named_files,
        read_file,
    )
    from config.records.catalogue import table_named
    from config.records.detection import detect_table

    data, name = read_file(options.data), file_name(options.data)
    table = table_named(options.table) if options.table else detect_table(data, name)
    request = ImportRequest(
        table=table,
        name=name,
        data=data,
        by=options.by,
        originals=named_files(options.originals),
        years=_years(options.years),
        sheet=options.sheet,
        replaces=options.replace,
        reason=options.reason,
    )
    clock = SystemClock()
    if only_check:
        read = check_records(folder, request, site, clock)
        print_checked(read, name, site, language, as_json=as_json)
        return
    manifest = import_records(folder, request, site, clock)
    print_imported(folder, manifest, table, site, language, as_json=as_json)


def _verify(folder: RecordsFolder, language: str, *, as_json: bool) -> None:
    from agent.records import verify_records

    checked = verify_records(folder)
    if as_json:
        print_json(
            [
                {
                    "number": c.manifest.number,
                    "simulated": c.manifest.simulated,
                    "ok": c.error is None,
                    "message": "" if c.error is None else c.error.text(language),
                }
                for c in checked
            ]
        )
    else:
        for c in checked:
            text = choose(language, "原文件与存储的行一致", "the original gives the stored rows")
            mark = "✓" if c.error is None else "✗"
            print(
                f"{mark} {c.manifest.number}  {text if c.error is None else c.error.text(language)}"
            )
        if not checked:
            print(choose(language, "还没有导入任何记录", "no import yet"))
    if any(c.error is not None for c in checked):
        raise typer.Exit(EXIT_NO)


def _figures(
    folder: RecordsFolder, after: str | None, before: str | None, language: str, *, as_json: bool
) -> None:
    from agent.cli.import_print import print_figures
    from agent.records import figures_from_records
    from kpi.records.periods import RecordPeriods

    if after is None:
        _usage(
            language,
            "请用 --after 2025-01-01..2025-12-31 写明建设后期间（可加 --before）",
            "state the period after with --after 2025-01-01..2025-12-31 (and --before)",
        )
    try:
        periods = RecordPeriods(
            after=_dates(after, "--after"),
            before=None if before is None else _dates(before, "--before"),
        )
    except ValueError as exc:
        raise ConfigError(
            "the period before must end before the period after begins",
            "建设前期间必须早于建设后期间，不能重叠",
        ) from exc
    print_figures(figures_from_records(folder.root, periods), language, as_json=as_json)


def _dates(text: str, option: str) -> Dates:
    from datetime import date

    from kpi.records.periods import Dates

    first, _, last = text.partition("..")
    try:
        return Dates(date.fromisoformat(first.strip()), date.fromisoformat(last.strip()))
    except ValueError as exc:
        raise ConfigError(
            f"{option} '{text}' is not like 2025-01-01..2025-12-31",
            f"{option}“{text}”应写成 2025-01-01..2025-12-31（首尾两天都计入）",
        ) from exc


def _withdraw(
    folder: RecordsFolder,
    site: Site,
    text: str,
    by: str,
    reason: str,
    language: str,
    *,
    as_json: bool,
) -> None:
    from agent.cli.import_print import manifest_json
    from agent.clock import SystemClock
    from agent.records_import import withdraw

    manifest = withdraw(folder, text, by=by, reason=reason, site=site, clock=SystemClock())
    if as_json:
        print_json(manifest_json(manifest, site, language))
        return
    number = manifest.replaces.number if manifest.replaces is not None else 0
    print(
        choose(
            language,
            f"✓ 第 {number} 次导入已撤回（文件保留，清单 {manifest.sha256[:16]}…）",
            f"✓ import {number} is withdrawn (its files stay, manifest {manifest.sha256[:16]}…)",
        )
    )


def _write_templates(
    name: str, file_format: str, out: Path, language: str, *, as_json: bool
) -> None:
    from zoneinfo import ZoneInfo

    from config.records.catalogue import table_named, tables

    if file_format not in ("xlsx", "csv"):
        _usage(language, "--format 只能是 xlsx 或 csv", "--format must be xlsx or csv")
    wanted = list(tables().values()) if name == "all" else [table_named(name)]
    written = []
    out.mkdir(parents=True, exist_ok=True)
    for table in wanted:
        target = out / f"{table.zh}.{file_format}"
        if target.exists():
            raise ConfigError(
                f"{target} exists and was left alone; rename it or choose another folder with --out",
                f"{target} 已存在，未改动；请先改名，或用 --out 换一个文件夹",
            )
        target.write_bytes(_template(table, file_format, ZoneInfo("UTC")))
        written.append(target)
    if as_json:
        print_json({"written": [str(path) for path in written]})
        return
    for path in written:
        print(choose(language, f"已写出 {path}", f"wrote {path}"))
    print(
        choose(
            language,
            "从第 2 行开始填写，删去示例行，然后：plantproof import 文件 --by 姓名 --original 凭证",
            "fill in from row 2 on, delete the example row, then: plantproof import FILE --by NAME --original FILE",
        )
    )


def _template(table: Table, file_format: str, zone: Any) -> bytes:
    if file_format == "csv":
        from config.records.template_csv import template_csv

        return template_csv(table, zone=zone)
    from config.records.template_xlsx import template_xlsx

    return template_xlsx(table, zone=zone)


def _fail(exc: PlantproofError, language: str, *, as_json: bool) -> Never:
    """Print every fault of a file, or any other error, and exit with the code of its kind."""
    from agent.cli.import_print import print_faults
    from config.records.findings import RecordFaultsError

    if not isinstance(exc, RecordFaultsError):
        fail(exc, language=language, as_json=as_json)
    print_faults(exc, language, as_json=as_json)
    raise typer.Exit(EXIT_CONFIG)
