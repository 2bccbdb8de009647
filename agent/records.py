"""Records that were imported: rows in force, the figures they give, attachments of a statement, reading them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from config.records.catalogue import tables
from config.records.codec import decode_rows, encode_rows
from config.records.reading import read_table
from config.records.table import Context, ReadRow, Table
from kpi.records.all_figures import Records, record_figures
from kpi.records.energy import CoefficientTable
from kpi.records.figure import Record, RecordFigure
from kpi.records.periods import RecordPeriods
from model.errors import PlantproofError, VerificationError
from storage.records import RecordsFolder, in_force
from storage.records_manifest import Manifest

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def load_records(folder: RecordsFolder) -> Records:
    """Return the rows of every import in force; raises VerificationError if anything in the folder was changed."""
    return records_of(in_force(folder.manifests()), folder.get)


def records_of(imports: Iterable[Manifest], get: Callable[[str], bytes]) -> Records:
    """Return the rows of some imports; every file they name is fetched by its digest.

    get: raises VerificationError for a file that is absent or changed.
    """
    found: dict[str, list[Record[Any]]] = defaultdict(list)
    for manifest in imports:
        attached = {f.name for f in manifest.originals}
        for digest in digests_of(manifest):
            get(digest)
        source = manifest.sha256
        for row in decode_rows(table_of(manifest), get(manifest.rows_sha256)):
            proven = bool(row.evidence) and set(row.evidence) <= attached
            found[manifest.table.replace("-", "_")].append(
                Record(row.row, row.line, source, proven, manifest.simulated)
            )
    return Records(**{table: tuple(rows) for table, rows in found.items()})


def figures_from_records(
    folder: Path, periods: RecordPeriods, coefficients: CoefficientTable | None = None
) -> Mapping[str, RecordFigure]:
    """Return every figure that the records of a plant give, by metric id; empty if nothing was imported.

    folder: `records` in the data folder. The ids are those of measured figures where both exist; the caller says which
    one stands in a cell, they are never mixed. Raises VerificationError if anything in the folder was changed.
    """
    return record_figures(load_records(RecordsFolder(folder)), periods, coefficients)


def attachments(folder: RecordsFolder, digests: Iterable[str]) -> dict[str, bytes]:
    """Return the members that put imports into a bundle as attachments, by name (docs/formats/records.md).

    digests: SHA-256 of manifests, as a figure names them. Every manifest of the chain is a member, so that a reader
    sees what was replaced or withdrawn; files are those of the imports that are named. Nothing is a member if none is.
    Raises VerificationError for a changed or unknown one.
    """
    by_digest = {m.sha256: m for m in folder.manifests()}
    wanted = sorted(set(digests))
    members: dict[str, bytes] = {}
    if wanted:
        members |= {f"records/{m.number:06d}.json": m.encode() for m in by_digest.values()}
    for digest in wanted:
        if digest not in by_digest:
            raise VerificationError(
                f"there is no import with SHA-256 {digest}", f"没有 SHA-256 为 {digest} 的导入"
            )
        manifest = by_digest[digest]
        for sha256 in digests_of(manifest):
            members[f"records/files/{sha256}"] = folder.get(sha256)
    return members


def digests_of(manifest: Manifest) -> tuple[str, ...]:
    """Return the SHA-256 of every file of an import: table, originals, rows; none of a withdrawal."""
    files = (*(f.sha256 for f in manifest.originals), manifest.rows_sha256)
    return (manifest.file.sha256, *files) if manifest.file is not None else ()


@dataclass(frozen=True, slots=True)
class Checked:
    """Outcome of reading one stored import again."""

    manifest: Manifest
    error: PlantproofError | None
    """None = every file is unchanged and the original gives the stored rows again."""


def verify_records(folder: RecordsFolder) -> tuple[Checked, ...]:
    """Read every stored original again and compare it with the stored rows, import by import."""
    manifests = folder.manifests()
    return tuple(Checked(m, _verify(folder, manifests[:n], m)) for n, m in enumerate(manifests))


def _verify(
    folder: RecordsFolder, earlier: Sequence[Manifest], manifest: Manifest
) -> PlantproofError | None:
    if manifest.file is None:
        return None
    named = manifest.replaces
    try:
        for digest in digests_of(manifest):
            folder.get(digest)
        table = table_of(manifest)
        zone = ZoneInfo(manifest.form.get("zone", "UTC"))
        at = (_EPOCH + timedelta(milliseconds=manifest.t_ms)).astimezone(zone)
        replaced = next((m for m in earlier if named and m.sha256 == named.sha256), None)
        read = read_table(
            folder.get(manifest.file.sha256),
            manifest.file.name,
            table,
            context=Context(
                today=at.date(),
                years=manifest.years,
                existing=existing_rows(folder, earlier, table, replaced),
            ),
            zone=zone,
            attached=tuple(f.name for f in manifest.originals),
            sheet=manifest.form.get("sheet"),
        )
        if encode_rows(read.table, read.rows) != folder.get(manifest.rows_sha256):
            raise VerificationError(
                f"import {manifest.number}: the original no longer gives the stored rows",
                f"第 {manifest.number} 次导入：原文件读出的行与存储的行不一致",
            )
    except PlantproofError as error:
        return error
    return None


def table_of(manifest: Manifest) -> Table:
    """Return the definition that an import was read with; raises VerificationError if this version lacks it."""
    table = tables().get(manifest.table)
    if table is None or table.version != manifest.template:
        raise VerificationError(
            f"import {manifest.number} is of table {manifest.table}/{manifest.template}, which this version does not "
            "know; use the version that imported it, or import the file again with --replace",
            f"第 {manifest.number} 次导入用的是 {manifest.table}/{manifest.template}，本版本不认识；"
            "请用当时的版本，或用 --replace 重新导入",
        )
    return table


def rows_of(folder: RecordsFolder, manifest: Manifest) -> tuple[ReadRow, ...]:
    """Return the stored rows of an import; raises VerificationError if they were changed."""
    return decode_rows(table_of(manifest), folder.get(manifest.rows_sha256))


def existing_rows(
    folder: RecordsFolder, manifests: Sequence[Manifest], table: Table, replaced: Manifest | None
) -> tuple[Any, ...]:
    """Return the rows of a table that the imports in force hold, without the one that is replaced."""
    return tuple(
        row.row
        for m in in_force(manifests)
        if m.table == table.id and (replaced is None or m.sha256 != replaced.sha256)
        for row in rows_of(folder, m)
    )
