"""What `plantproof import` prints: faults, a taken file, the list of imports, the list of tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import typer

from agent.cli.common import print_json
from agent.language import choose
from agent.records_import import Site
from config.records.catalogue import tables
from config.records.findings import Finding, RecordFaultsError
from config.records.reading import ReadTable
from config.records.table import Table
from kpi.display import decimal_text, percent_text
from kpi.records.figure import RecordFigure
from model.ratio import Ratio, Undefined
from storage.records import RecordsFolder, in_force
from storage.records_manifest import Manifest

SHOWN_DECIMALS: Final = 6
MOST_SHOWN: Final = 100
"""Faults that the terminal shows; `--json` has all of them."""


def print_faults(exc: RecordFaultsError, language: str, *, as_json: bool) -> None:
    """Print the faults and warnings of a file that was not taken."""
    if as_json:
        message = choose(
            language, "文件有错误，没有导入任何数据", "the file has faults, nothing was taken"
        )
        error = {
            "code": type(exc).__name__,
            "message": message,
            "faults": [finding_json(f, language) for f in exc.findings],
        }
        print(json.dumps({"ok": False, "error": error}, ensure_ascii=False))
        return
    for finding in exc.findings[:MOST_SHOWN]:
        typer.echo(finding.render(language), err=True)
    hidden = len(exc.findings) - MOST_SHOWN
    if hidden > 0:
        typer.echo(
            choose(
                language, f"… 另有 {hidden} 处（--json 可看全部）", f"… {hidden} more (see --json)"
            ),
            err=True,
        )
    n = len(exc.faults)
    typer.echo(
        choose(
            language,
            f"共 {n} 处错误：没有导入任何数据。改正后重新导入。",
            f"{n} faults: nothing was taken. Mend them and import again.",
        ),
        err=True,
    )


def finding_json(finding: Finding, language: str) -> dict[str, Any]:
    """Return a finding for `--json`."""
    problem = finding.problem
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "file": finding.file,
        "sheet": finding.sheet,
        "row": finding.row,
        "cell": finding.place,
        "header": finding.header,
        "seen": finding.seen,
        "message": choose(language, problem.zh, problem.en),
        "hint": choose(language, problem.hint_zh, problem.hint_en),
    }


def print_checked(read: ReadTable, name: str, site: Site, language: str, *, as_json: bool) -> None:
    """Print what checking a file without taking it found."""
    table = read.table
    if as_json:
        print_json(
            {
                "table": table.id,
                "rows": len(read.rows),
                "taken": False,
                "simulated": site.simulated,
                "findings": [finding_json(f, language) for f in read.warnings],
            }
        )
        return
    for finding in read.warnings:
        print(finding.render(language))
    print(
        choose(
            language,
            f"✓ {name}：“{table.zh}”{len(read.rows)} 行，没有错误（仅检查，未导入）",
            f"✓ {name}: {len(read.rows)} rows of '{table.en}', no faults (checked only, not taken)",
        )
    )


def print_imported(
    folder: RecordsFolder,
    manifest: Manifest,
    table: Table,
    site: Site,
    language: str,
    *,
    as_json: bool,
) -> None:
    """Print a taken import with everything that identifies it."""
    if as_json:
        print_json({**manifest_json(manifest, site, language), "folder": str(folder.root)})
        return
    file = manifest.file
    if file is None:
        return
    for finding in manifest.findings:
        where = f"{finding.cell} " if finding.cell else ""
        text = choose(language, finding.zh, finding.en)
        seen = f"：“{finding.seen}”" if finding.seen else ""
        print(
            choose(
                language, f"  提醒 {where}{text}{seen}", f"  warning {where}{text} {finding.seen}"
            )
        )
    names = choose(language, "、", ", ").join(f.name for f in manifest.originals)
    lines = [
        (
            f"✓ 已导入“{table.zh}”{manifest.rows} 行：第 {manifest.number} 次导入",
            f"✓ {manifest.rows} rows of '{table.en}' taken: import {manifest.number}",
        ),
        (
            f"  文件 {file.name}（{file.size} 字节），SHA-256 {file.sha256}",
            f"  file {file.name} ({file.size} bytes), SHA-256 {file.sha256}",
        ),
        (f"  清单 SHA-256 {manifest.sha256}", f"  manifest SHA-256 {manifest.sha256}"),
        (
            f"  原始凭证：{names or '无（只能评为 D 级）'}",
            f"  originals: {names or 'none (grade D at best)'}",
        ),
        (f"  存放于 {folder.root}", f"  kept in {folder.root}"),
    ]
    if manifest.replaces is not None:
        old = manifest.replaces
        lines.append(
            (
                f"  替换第 {old.number} 次导入，原因：{old.reason}（旧文件保留）",
                f"  replaces import {old.number}: {old.reason} (the old files stay)",
            )
        )
    for zh, en in lines:
        print(choose(language, zh, en))


def manifest_json(manifest: Manifest, site: Site, language: str) -> dict[str, Any]:
    """Return a manifest for `--json`."""
    return {
        "number": manifest.number,
        "sha256": manifest.sha256,
        "table": manifest.table,
        "template": manifest.template,
        "file": None if manifest.file is None else manifest.file.name,
        "file_sha256": None if manifest.file is None else manifest.file.sha256,
        "rows": manifest.rows,
        "by": manifest.by,
        "at": _when(manifest, site.zone),
        "originals": [{"name": f.name, "sha256": f.sha256} for f in manifest.originals],
        "replaces": None if manifest.replaces is None else manifest.replaces.number,
        "reason": "" if manifest.replaces is None else manifest.replaces.reason,
        "simulated": manifest.simulated,
        "findings": [
            {
                "code": f.code,
                "cell": f.cell,
                "seen": f.seen,
                "message": choose(language, f.zh, f.en),
            }
            for f in manifest.findings
        ],
    }


def _when(manifest: Manifest, zone: ZoneInfo) -> str:
    """Return the wall clock of the import in the zone of the plant."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=manifest.t_ms)
    return at.astimezone(zone).isoformat("T", "seconds")


def print_list(folder: RecordsFolder, site: Site, language: str, *, as_json: bool) -> None:
    """Print every import with its state."""
    manifests = folder.manifests()
    active = {m.sha256 for m in in_force(manifests)}
    successor = {m.replaces.sha256: m for m in manifests if m.replaces is not None}
    if as_json:
        print_json(
            [
                {**manifest_json(m, site, language), "in_force": m.sha256 in active}
                for m in manifests
            ]
        )
        return
    if not manifests:
        print(
            choose(language, f"{site.origin}：还没有导入任何记录", f"{site.origin}: no import yet")
        )
        return
    for m in manifests:
        known = tables().get(m.table)
        title = choose(language, known.zh, known.en) if known is not None else m.table
        if m.file is None:
            title = choose(language, "撤回", "withdrawal")
        print(f"{m.number:>4}  {title}  {m.sha256[:16]}…  {m.by}  {_when(m, site.zone)}")
        if m.file is not None:
            print(
                choose(
                    language,
                    f"      {m.file.name}：{m.rows} 行，凭证 {len(m.originals)} 个，提醒 {len(m.findings)} 处",
                    f"      {m.file.name}: {m.rows} rows, {len(m.originals)} originals, {len(m.findings)} warnings",
                )
            )
        print("      " + _state(m, active, successor, language))


def _state(
    manifest: Manifest, active: set[str], successor: dict[str, Manifest], language: str
) -> str:
    if manifest.withdrawal and manifest.replaces is not None:
        old = manifest.replaces
        return choose(
            language,
            f"撤回第 {old.number} 次导入：{old.reason}",
            f"withdraws import {old.number}: {old.reason}",
        )
    if manifest.sha256 in active:
        return choose(language, "有效", "in force")
    by = successor[manifest.sha256]
    reason = by.replaces.reason if by.replaces is not None else ""
    if by.withdrawal:
        return choose(
            language, f"已撤回（第 {by.number} 次）：{reason}", f"withdrawn ({by.number}): {reason}"
        )
    return choose(
        language,
        f"已被第 {by.number} 次导入替换：{reason}",
        f"replaced by import {by.number}: {reason}",
    )


def print_tables(language: str, *, as_json: bool) -> None:
    """Print the tables, with their columns in JSON."""
    if as_json:
        print_json(
            [
                {
                    "id": t.id,
                    "version": t.version,
                    "title": choose(language, t.zh, t.en),
                    "purpose": choose(language, t.purpose.zh, t.purpose.en),
                    "columns": [
                        {
                            "field": c.field,
                            "header": choose(language, c.header, c.en),
                            "kind": c.kind.value,
                            "unit": ""
                            if c.unit is None
                            else choose(language, c.unit.zh, c.unit.en),
                            "required": c.required,
                        }
                        for c in t.every_column
                    ],
                }
                for t in tables().values()
            ]
        )
        return
    for t in tables().values():
        print(f"{t.id:<16}{choose(language, t.zh, t.en)}")
        print(f"{'':<16}{choose(language, t.purpose.zh, t.purpose.en)}")


def print_figures(figures: Mapping[str, RecordFigure], language: str, *, as_json: bool) -> None:
    """Print every figure from records with formula, numbers, grade, readings and notes."""
    if as_json:
        print_json([_figure_json(f, language) for f in figures.values()])
        return
    if not figures:
        print(choose(language, "没有可用的记录", "no record to compute from"))
    for f in figures.values():
        grade = choose(language, f"等级 {f.grade.value}", f"grade {f.grade.value}")
        print(f"{f.metric}  {_value_text(f.value, f.unit, language)}  {grade}")
        if f.numbers:
            print(f"      = {f.numbers}")
        print(f"      {choose(language, f.formula.zh, f.formula.en)}")
        for reading in f.readings:
            words = choose(language, reading.words.zh, reading.words.en)
            value = _value_text(reading.value, f.unit, language)
            print(choose(language, f"      · {words}：{value}", f"      · {words}: {value}"))
        for note in f.notes:
            print(f"      ! {choose(language, note.words.zh, note.words.en)}")
        print(f"      {choose(language, f.reason.zh, f.reason.en)}")


def _value_text(value: Ratio, unit: str, language: str) -> str:
    if isinstance(value, Undefined):
        return choose(language, f"无法得出（{value.zh}）", f"unknown ({value.en})")
    if unit == "1":
        return f"{percent_text(value, decimals=2)} %"
    decimals = 0 if value.denominator == 1 else SHOWN_DECIMALS
    return f"{decimal_text(value, decimals)} {unit}"


def _figure_json(f: RecordFigure, language: str) -> dict[str, Any]:
    def written(value: Ratio) -> dict[str, str]:
        if isinstance(value, Undefined):
            return {"undefined": choose(language, value.zh, value.en)}
        return {"value": f"{value.numerator}/{value.denominator}"}

    return {
        "metric": f.metric,
        **written(f.value),
        **({} if f.low is None else {"low": str(f.low), "high": str(f.high)}),
        "unit": f.unit,
        "formula": choose(language, f.formula.zh, f.formula.en),
        "numbers": f.numbers,
        "readings": [{"name": r.name, **written(r.value)} for r in f.readings],
        "notes": [
            {"code": n.code, "text": choose(language, n.words.zh, n.words.en)} for n in f.notes
        ],
        "grade": f.grade.value,
        "reason": choose(language, f.reason.zh, f.reason.en),
        "rows": f.rows,
        "imports": list(f.imports),
        "simulated": f.simulated,
    }
