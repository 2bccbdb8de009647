"""Imported records that travel with a bundle (docs/formats/records.md): their chain and digests are checked.

Nothing of them is recomputed and no claim rests on them: they are what the applicant declared or imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from evidence import canonical
from evidence.bundle import Bundle, read_small
from evidence.canonical import Json
from evidence.grammar import HEX64, Origin
from evidence.refusal import Refusal
from evidence.statement import Statement

FOLDER: Final = "records/"
_MANIFEST: Final = re.compile(r"records/([0-9]{6})\.json")
_FILE: Final = re.compile(r"records/files/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class RecordImport:
    """One import as its manifest states it."""

    number: int
    withdrawal: bool
    table: str
    file: str
    """Name of the table file, as handed in."""
    rows: int
    by: str
    """Who imported, as typed."""
    originals: int
    """Number of original documents handed in with it."""
    attached: bool
    """Whether its table, rows and originals are in the bundle."""
    in_force: bool
    """No later import replaces or withdraws it."""


def check_records(bundle: Bundle, statement: Statement, origin: Origin) -> tuple[RecordImport, ...]:
    """Return the imports of a bundle whose subjects were compared already, empty if there are none.

    Raises `Refusal`: kind "record" for what contradicts itself, "missing-file" for an import in force whose table is
    there without its rows or originals, and for a hole in the chain.
    """
    named = {s.name: s.sha256.hex() for s in statement.subjects}
    members = sorted(name for name in bundle.sizes() if name.startswith(FOLDER))
    files, numbers = set[str](), list[int]()
    for name in members:
        file, manifest = _FILE.fullmatch(name), _MANIFEST.fullmatch(name)
        if name not in named or (file is None and manifest is None):
            raise _bad(
                f"{name} is no record that the statement names", f"{name} 不是声明所列的记录"
            )
        if file is not None:
            if named[name] != file[1]:
                raise _bad(
                    f"{name} does not have the digest of its name", f"{name} 与文件名摘要不符"
                )
            files.add(file[1])
        elif manifest is not None:
            numbers.append(int(manifest[1]))
    manifests = _chain(bundle, numbers, origin)
    used = {d for m in manifests for d in _digests(m)}
    if loose := sorted(files - used):
        raise _bad(f"no manifest names {loose[0]}", f"没有清单列出 {loose[0]}")
    gone = {_text(_object(m["replaces"]), "sha256") for m in manifests if "replaces" in m}
    return tuple(_import(m, files, gone) for m in manifests)


def _chain(bundle: Bundle, numbers: list[int], origin: Origin) -> list[Mapping[str, Json]]:
    """Return the manifests 1 … n, each naming the one before it."""
    found: list[Mapping[str, Json]] = []
    before = ""
    for expected, number in enumerate(numbers, 1):
        name = f"{FOLDER}{number:06d}.json"
        if number != expected:
            raise Refusal(
                "missing-file",
                f"the manifest of import {expected} is absent",
                f"缺少第 {expected} 次导入的清单",
            )
        data = read_small(bundle, name)
        manifest = canonical.parse_object(data)
        if not (_is(manifest.get("v"), 1) and _is(manifest.get("number"), number)):
            raise _bad(
                f"{name} is not the manifest of import {number}", f"{name} 不是该次导入的清单"
            )
        if manifest.get("previous", "") != before:
            raise _bad(f"{name} does not follow the import before it", f"{name} 与前一次导入不衔接")
        if manifest.get("origin") != origin.prefix:
            raise _bad(f"{name} is of another plant", f"{name} 属于另一工厂")
        if "replaces" in manifest and _text(_object(manifest["replaces"]), "sha256") not in {
            sha256(canonical.encode(m)).hexdigest() for m in found
        }:
            raise _bad(f"{name} replaces no earlier import", f"{name} 所替换的不是此前的导入")
        found.append(manifest)
        before = sha256(data).hexdigest()
    return found


def _digests(manifest: Mapping[str, Json]) -> tuple[str, ...]:
    """Return every file that a manifest names: table, rows, originals."""
    if manifest.get("kind") == "withdrawal":
        return ()
    originals = manifest.get("originals", [])
    if not isinstance(originals, list):
        raise _bad("originals of an import", "导入的凭证列表不合法")
    found = (
        _text(_object(manifest.get("file", False)), "sha256"),
        _text(manifest, "rows_sha256"),
        *(_text(_object(f), "sha256") for f in originals),
    )
    if not all(HEX64.fullmatch(digest) for digest in found):
        raise _bad("a digest of an import", "导入的摘要不合法")
    return found


def _import(manifest: Mapping[str, Json], files: set[str], gone: set[str]) -> RecordImport:
    """Return an import; two may share an original, so its table file says whether it is meant to be here."""
    digests = _digests(manifest)
    number, missing = manifest["number"], [d for d in digests if d not in files]
    in_force = bool(digests) and sha256(canonical.encode(manifest)).hexdigest() not in gone
    if in_force and missing and digests[0] in files:
        raise Refusal(
            "missing-file",
            f"file {missing[0]} of import {number} is absent",
            f"缺少第 {number} 次导入的文件 {missing[0]}",
        )
    rows = manifest.get("rows", 0)
    return RecordImport(
        number=number if isinstance(number, int) else 0,
        withdrawal=not digests,
        table=_text(manifest, "table") if digests else "",
        file=_text(_object(manifest["file"]), "name") if digests else "",
        rows=rows if isinstance(rows, int) else 0,
        by=_text(manifest, "by"),
        originals=max(0, len(digests) - 2),
        attached=bool(digests) and not missing,
        in_force=in_force,
    )


def _is(value: Json | None, wanted: int) -> bool:
    """Return whether a value is an integer; to Python true equals 1."""
    return value == wanted and not isinstance(value, bool)


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise _bad("an object is expected in a manifest", "清单中此处应为对象")
    return value


def _text(item: Mapping[str, Json], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str):
        raise _bad(f"{key} of an import is no text", f"导入的 {key} 不是文本")
    return value


def _bad(en: str, zh: str) -> Refusal:
    return Refusal("record", f"records: {en}", f"记录：{zh}")
