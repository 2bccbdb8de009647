"""Manifest of one import of records: canonical JSON that names every file by digest (docs/formats/records.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from evidence import canonical
from evidence.canonical import Json
from evidence.grammar import HEX64, MAX_INTEGER
from evidence.refusal import Refusal

_IMPORT: Final = frozenset(
    (
        *("by", "file", "findings", "form", "kind", "number", "origin", "originals", "rows"),
        *("rows_sha256", "software", "t_ms", "table", "template", "v"),
    )
)
_WITHDRAWAL: Final = frozenset(("by", "kind", "number", "origin", "software", "t_ms", "v"))
_OPTIONAL: Final = frozenset(("previous", "replaces", "years"))
_TEXT_LIMIT: Final = 2000
_NAME = re.compile(r"[^\x00-\x1f/\\]{1,255}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was handed in."""

    name: str
    sha256: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A warning that was kept with the import."""

    code: str
    cell: str
    """Like C5, or 5 for a row, or empty for the file."""
    seen: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """The import that this one puts out of force."""

    sha256: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One import, or the withdrawal of one (then `table` is empty and `replaces` says which)."""

    number: int
    """1, 2, 3 … in the order of the imports of this plant."""
    previous: str | None
    """SHA-256 of the manifest before it, None for the first."""
    origin: str
    """Realm, enterprise and workshop, like ev/91500000…/ws1."""
    by: str
    """Who imported, as typed."""
    t_ms: int
    """Wall clock of this computer, a claim."""
    software: str
    replaces: Replaced | None = None
    table: str = ""
    template: int = 0
    file: StoredFile | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    """How the file was read: encoding and separator, or sheet, serial epoch and number of formulas."""
    rows: int = 0
    rows_sha256: str = ""
    originals: tuple[StoredFile, ...] = ()
    years: tuple[int, int] | None = None
    """First and last year of the form, if they were stated."""
    findings: tuple[StoredFinding, ...] = ()

    @property
    def withdrawal(self) -> bool:
        """Return whether it only puts another import out of force."""
        return self.file is None

    @property
    def simulated(self) -> bool:
        """Return whether it belongs to a plant whose data are simulated."""
        return self.origin.startswith("sim/")

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        fields: dict[str, Json] = {
            "by": self.by,
            "kind": "withdrawal" if self.withdrawal else "import",
            "number": self.number,
            "origin": self.origin,
            "software": self.software,
            "t_ms": self.t_ms,
            "v": 1,
        }
        if self.previous is not None:
            fields["previous"] = self.previous
        if self.replaces is not None:
            fields["replaces"] = {
                "number": self.replaces.number,
                "reason": self.replaces.reason,
                "sha256": self.replaces.sha256,
            }
        if self.file is not None:
            fields |= {
                "file": _file_json(self.file),
                "findings": [
                    {"cell": f.cell, "code": f.code, "en": f.en, "seen": f.seen, "zh": f.zh}
                    for f in self.findings
                ],
                "form": dict(self.form),
                "originals": [_file_json(f) for f in self.originals],
                "rows": self.rows,
                "rows_sha256": self.rows_sha256,
                "table": self.table,
                "template": self.template,
            }
        if self.years is not None:
            fields["years"] = list(self.years)
        return canonical.encode(fields)

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of its canonical bytes, 64 hex digits."""
        return hashlib.sha256(self.encode()).hexdigest()


def _file_json(file: StoredFile) -> Json:
    return {"bytes": file.size, "name": file.name, "sha256": file.sha256}


def parse_manifest(data: bytes) -> Manifest:
    """Return the manifest of canonical bytes; raises `Refusal` (kind "json" or "records")."""
    top = canonical.parse_object(data)
    kind = top.get("kind")
    needed = {"import": _IMPORT, "withdrawal": _WITHDRAWAL}.get(str(kind))
    if needed is None or top.get("v") != 1 or not needed <= set(top) <= needed | _OPTIONAL:
        raise _bad("keys of the manifest", "清单的键不符")
    manifest = Manifest(
        number=_count(top["number"], low=1),
        previous=_digest(top["previous"]) if "previous" in top else None,
        origin=_text(top["origin"]),
        by=_text(top["by"]),
        t_ms=_count(top["t_ms"]),
        software=_text(top["software"]),
        replaces=_replaced(_object(top["replaces"])) if "replaces" in top else None,
        years=_years(top["years"]) if "years" in top else None,
    )
    if kind == "withdrawal":
        if manifest.replaces is None:
            raise _bad("a withdrawal names no import", "撤回没有写明是哪一次导入")
        return manifest
    return _with_table(manifest, top)


def _with_table(manifest: Manifest, top: Mapping[str, Json]) -> Manifest:
    form = _object(top["form"])
    return Manifest(
        number=manifest.number,
        previous=manifest.previous,
        origin=manifest.origin,
        by=manifest.by,
        t_ms=manifest.t_ms,
        software=manifest.software,
        replaces=manifest.replaces,
        years=manifest.years,
        table=_text(top["table"]),
        template=_count(top["template"], low=1),
        file=_file(top["file"]),
        form={key: _text(value, empty=True) for key, value in form.items()},
        rows=_count(top["rows"]),
        rows_sha256=_digest(top["rows_sha256"]),
        originals=tuple(_file(f) for f in _list(top["originals"])),
        findings=tuple(_finding(_object(f)) for f in _list(top["findings"])),
    )


def _file(value: Json) -> StoredFile:
    item = _object(value)
    if set(item) != {"bytes", "name", "sha256"}:
        raise _bad("keys of a file", "文件的键不符")
    name = _text(item["name"])
    if _NAME.fullmatch(name) is None:
        raise _bad("name of a file", "文件名不合法")
    return StoredFile(name, _digest(item["sha256"]), _count(item["bytes"]))


def _finding(item: Mapping[str, Json]) -> StoredFinding:
    if set(item) != {"cell", "code", "en", "seen", "zh"}:
        raise _bad("keys of a finding", "提醒的键不符")
    return StoredFinding(
        code=_text(item["code"]),
        cell=_text(item["cell"], empty=True),
        seen=_text(item["seen"], empty=True),
        zh=_text(item["zh"]),
        en=_text(item["en"]),
    )


def _replaced(item: Mapping[str, Json]) -> Replaced:
    if set(item) != {"number", "reason", "sha256"}:
        raise _bad("keys of replaces", "replaces 的键不符")
    return Replaced(_digest(item["sha256"]), _count(item["number"], low=1), _text(item["reason"]))


def _years(value: Json) -> tuple[int, int]:
    items = _list(value)
    if len(items) != 2:
        raise _bad("years of the form", "申报表年份不合法")
    return _count(items[0]), _count(items[1])


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise _bad("an object is expected", "此处应为对象")
    return value


def _list(value: Json) -> Sequence[Json]:
    if not isinstance(value, list):
        raise _bad("a list is expected", "此处应为列表")
    return value


def _text(value: Json, *, empty: bool = False) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_LIMIT or not (value or empty):
        raise _bad("a text is expected", "此处应为文本")
    return value


def _count(value: Json, *, low: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= MAX_INTEGER:
        raise _bad("a count is expected", "此处应为非负整数")
    return value


def _digest(value: Json) -> str:
    if not isinstance(value, str) or HEX64.fullmatch(value) is None:
        raise _bad("a SHA-256 is expected", "此处应为 SHA-256")
    return value


def _bad(en: str, zh: str) -> Refusal:
    return Refusal("records", f"manifest: {en}", f"导入清单：{zh}")
