"""Imported records that travel with a bundle, and the figures that they give again."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.assessment.imported_figures import ImportedFigures, coefficient_table_of, offset_min
from agent.assessment.known_figures import Periods
from agent.records import digests_of, records_of
from config.coefficient_files import builtin_coefficients
from evidence.entries import Config, parse_entry
from evidence.refusal import Refusal
from kpi.document import ConfigDocument, parse_document
from kpi.records.all_figures import Records
from kpi.schemes.figures import Figure as KnownFigure
from model.errors import ConfigError, VerificationError
from storage.records import in_force
from storage.records_manifest import parse_manifest


@dataclass(frozen=True, slots=True)
class BundleRecords:
    """The figures of the records in a bundle; the folder that an assessment names plays no role."""

    records: Records
    seam: ImportedFigures

    def __call__(self, folder: Path, periods: Periods) -> Mapping[str, KnownFigure]:  # noqa: ARG002
        """Return what the records of the bundle say over the periods."""
        return self.seam.figures(self.records, periods)


def records_of_bundle(bundle: Path, coefficients: str | None) -> BundleRecords:
    """Return the seam for the records that a bundle carries; it is read, not verified.

    coefficients: id of a table; None = the one of the last configuration in the bundle, if it ships. Raises ConfigError
    for a bundle that cannot be read, or a table that does not exist, VerificationError for a file that was changed.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            document = _last_document(archive)
            records = _records(archive)
    except (OSError, KeyError, zipfile.BadZipFile, Refusal) as exc:
        raise ConfigError(
            f"{bundle} is no readable bundle: {exc}", f"{bundle} 不是可读取的证据包：{exc}"
        ) from exc
    own = document.coefficients.id
    name = coefficients or (own if own in builtin_coefficients() else "")
    calendar = document.calendar
    seam = ImportedFigures(
        offset_min(calendar.zone), calendar.day_start_min, coefficient_table_of(name)
    )
    return BundleRecords(records, seam)


def _last_document(archive: zipfile.ZipFile) -> ConfigDocument:
    """Return the configuration document of the last `config` entry."""
    for line in reversed(archive.read("log/entries.ndjson").split(b"\n")):
        if b'"kind":"config"' in line:
            entry = parse_entry(line)
            if isinstance(entry, Config):
                return parse_document(archive.read(f"docs/{entry.sha256.hex()}"))
    raise KeyError("no configuration in log/entries.ndjson")


def _records(archive: zipfile.ZipFile) -> Records:
    names = set(archive.namelist())
    manifests = [
        parse_manifest(archive.read(name))
        for name in sorted(names)
        if name.startswith("records/") and name.endswith(".json")
    ]

    def get(digest: str) -> bytes:
        data = archive.read(f"records/files/{digest}")
        if hashlib.sha256(data).hexdigest() != digest:
            raise VerificationError(
                f"records/files/{digest} was changed", f"records/files/{digest} 已被改动"
            )
        return data

    attached = [
        m
        for m in in_force(manifests)
        if all(f"records/files/{digest}" in names for digest in digests_of(m))
    ]
    return records_of(attached, get)
