"""Import of records: a file is taken whole or not at all; a wrong import is replaced or withdrawn, never deleted."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Final
from zoneinfo import ZoneInfo

from agent.records import existing_rows
from agent.software import version
from config.records.codec import encode_rows
from config.records.csv_file import CsvForm
from config.records.findings import Finding
from config.records.reading import NAME_SEPARATORS, ReadTable, read_table
from config.records.table import Context, Table
from config.records.xlsx_file import XlsxForm
from evidence.bundle import MAX_SMALL_BYTES
from model.clock import Clock
from model.errors import ConfigError
from storage.records import RecordsFolder, import_named
from storage.records_manifest import Manifest, Replaced, StoredFile, StoredFinding

MAX_FILE_BYTES: Final = MAX_SMALL_BYTES
"""Largest file that is taken: what a bundle takes as an attachment."""
MAX_BY: Final = 100
MAX_NAME: Final = 255
MAX_REASON: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """What an import has to know about the plant."""

    origin: str
    """Realm, enterprise and workshop, like ev/91500000…/ws1."""
    zone: ZoneInfo

    @property
    def simulated(self) -> bool:
        """Return whether the plant's data are simulated."""
        return self.origin.startswith("sim/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """One file to import."""

    table: Table
    name: str
    data: bytes
    by: str
    originals: Mapping[str, bytes]
    """Original files by name; see `named_files`."""
    years: tuple[int, int] | None = None
    sheet: str | None = None
    replaces: str | None = None
    """Number or digest of the import that it replaces."""
    reason: str = ""


def named_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """Return files by their name in composed Unicode form.

    Raises ConfigError for one that cannot be read, is too large, or has the name of another.
    """
    found: dict[str, bytes] = {}
    for path in paths:
        name = file_name(path)
        if NAME_SEPARATORS.search(name):
            raise ConfigError(
                f"the name {name} holds a separator (; ；、), so no row can name it; rename the file",
                f"文件名“{name}”含分隔符（; ；、），表中无法写到它，请改名",
            )
        if name in found:
            raise ConfigError(
                f"two files are called {name}; rename one of them",
                f"有两个文件都叫“{name}”，请改名后再导入",
            )
        found[name] = read_file(path)
    return found


def file_name(path: Path) -> str:
    """Return the name of a file in composed Unicode form; raises ConfigError for one that JSON cannot hold."""
    name = unicodedata.normalize("NFC", path.name)
    if any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in name) or len(name) > MAX_NAME:
        raise ConfigError(
            f"the file name {name!r} holds characters that cannot be stored; rename the file",
            f"文件名 {name!r} 含不能保存的字符，请改名",
        )
    return name


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that a user named; raises ConfigError if it is absent or too large."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(
                f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB; hand it in as several files",
                f"{path} 超过 {MAX_FILE_BYTES >> 20} MiB，请分成几个文件",
            )
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}", f"{path} 无法读取：{error.strerror}"
        ) from error


def check_records(
    folder: RecordsFolder, request: ImportRequest, site: Site, clock: Clock
) -> ReadTable:
    """Read and check a file against the imports in force without taking it; raises as `import_records`."""
    manifests = folder.manifests()
    return _read(folder, manifests, request, site, clock)


def import_records(
    folder: RecordsFolder, request: ImportRequest, site: Site, clock: Clock
) -> Manifest:
    """Take a file, all of it or nothing, and return its manifest.

    Raises RecordFaultsError with every fault of the file, ConfigError for a wrong request, PermanentError while
    another import is running, VerificationError if the folder was changed, TransientError if the disk refuses.
    """
    by, reason = _checked(request.by, request.reason, needs_reason=request.replaces is not None)
    with folder.writing():
        manifests = folder.manifests()
        _same_site(manifests, site)
        read = _read(folder, manifests, request, site, clock)
        replaced = _replaced(manifests, request.replaces, reason)
        rows = encode_rows(request.table, read.rows)
        suffix = PurePath(request.name).suffix
        last = manifests[-1] if manifests else None
        manifest = Manifest(
            number=last.number + 1 if last is not None else 1,
            previous=last.sha256 if last is not None else None,
            origin=site.origin,
            by=by,
            t_ms=clock.unix_ns() // 1_000_000,
            software=version(),
            replaces=replaced,
            table=request.table.id,
            template=request.table.version,
            file=StoredFile(request.name, folder.put(request.data, suffix), len(request.data)),
            form=_form(read, site.zone),
            rows=len(read.rows),
            rows_sha256=folder.put(rows, ".json"),
            originals=tuple(
                StoredFile(name, folder.put(data, PurePath(name).suffix), len(data))
                for name, data in sorted(request.originals.items())
            ),
            years=request.years,
            findings=tuple(_stored(f) for f in read.warnings),
        )
        folder.append(manifest)
    return manifest


def withdraw(
    folder: RecordsFolder, text: str, *, by: str, reason: str, site: Site, clock: Clock
) -> Manifest:
    """Put an import out of force without a successor; its files stay. Raises as `import_records`."""
    by, reason = _checked(by, reason, needs_reason=True)
    with folder.writing():
        manifests = folder.manifests()
        _same_site(manifests, site)
        old = import_named(manifests, text)
        manifest = Manifest(
            number=manifests[-1].number + 1,
            previous=manifests[-1].sha256,
            origin=site.origin,
            by=by,
            t_ms=clock.unix_ns() // 1_000_000,
            software=version(),
            replaces=Replaced(old.sha256, old.number, reason),
        )
        folder.append(manifest)
    return manifest


def _checked(by: str, reason: str, *, needs_reason: bool) -> tuple[str, str]:
    by, reason = " ".join(by.split()), " ".join(reason.split())
    if not by or len(by) > MAX_BY:
        raise ConfigError(
            f"--by must name who imports, at most {MAX_BY} characters",
            f"--by 须写明导入人，最多 {MAX_BY} 个字符",
        )
    if needs_reason and not reason:
        raise ConfigError(
            "--reason must say why an import is replaced or withdrawn",
            "--reason 须写明替换或撤回的原因",
        )
    if len(reason) > MAX_REASON:
        raise ConfigError(
            f"--reason is longer than {MAX_REASON} characters",
            f"--reason 超过 {MAX_REASON} 个字符",
        )
    return by, reason


def _same_site(manifests: Sequence[Manifest], site: Site) -> None:
    others = sorted({m.origin for m in manifests} - {site.origin})
    if others:
        raise ConfigError(
            f"the folder holds imports of {others[0]}, this plant is {site.origin}",
            f"该文件夹中是 {others[0]} 的导入，本车间为 {site.origin}",
        )


def _read(
    folder: RecordsFolder,
    manifests: Sequence[Manifest],
    request: ImportRequest,
    site: Site,
    clock: Clock,
) -> ReadTable:
    replaced = import_named(manifests, request.replaces) if request.replaces else None
    if replaced is not None and replaced.table != request.table.id:
        raise ConfigError(
            f"import {replaced.number} is of table {replaced.table}, the file of {request.table.id}",
            f"第 {replaced.number} 次导入是 {replaced.table} 表，文件却是 {request.table.id} 表",
        )
    today = (_EPOCH + timedelta(microseconds=clock.unix_ns() // 1000)).astimezone(site.zone).date()
    return read_table(
        request.data,
        request.name,
        request.table,
        context=Context(
            today=today,
            years=request.years,
            existing=existing_rows(folder, manifests, request.table, replaced),
        ),
        zone=site.zone,
        attached=tuple(request.originals),
        sheet=request.sheet,
    )


def _replaced(manifests: Sequence[Manifest], text: str | None, reason: str) -> Replaced | None:
    if text is None:
        return None
    old = import_named(manifests, text)
    return Replaced(old.sha256, old.number, reason)


def _form(read: ReadTable, zone: ZoneInfo) -> dict[str, str]:
    match read.form:
        case CsvForm(encoding=encoding, delimiter=delimiter):
            names = {",": "comma", ";": "semicolon", "\t": "tab"}
            return {
                "delimiter": names[delimiter],
                "encoding": encoding,
                "format": "csv",
                "numbers": "text",
                "zone": zone.key,
            }
        case XlsxForm(sheet=sheet, epoch=epoch, formulas=formulas):
            return {
                "epoch": epoch.isoformat(),
                "format": "xlsx",
                "formulas": str(formulas),
                "numbers": "shortest-decimal-of-double",
                "sheet": sheet,
                "zone": zone.key,
            }


def _stored(finding: Finding) -> StoredFinding:
    seen = "".join(c for c in " ".join(finding.seen.split()) if ord(c) >= 32)
    problem = finding.problem
    return StoredFinding(problem.code, finding.place, seen[:200], problem.zh, problem.en)
