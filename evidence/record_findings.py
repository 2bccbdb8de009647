"""What a reader must know of the imported records in a bundle: each by name, and that the log proves none of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from evidence.record_files import RecordImport
from evidence.texts import printable
from evidence.verified import Finding

_MAX_LISTED: Final = 20


def record_findings(records: Sequence[RecordImport]) -> list[Finding]:
    """Return one finding for each import whose files are there, and the number of the others."""
    attached = [r for r in records if r.attached]
    found = [_attached(r) for r in attached[:_MAX_LISTED]]
    if len(attached) > _MAX_LISTED:
        more = len(attached) - _MAX_LISTED
        found.append(
            Finding("imported-record", f"{more} more imports", f"另有 {more} 次导入，不逐条列出")
        )
    bare = [r for r in records if not r.attached and not r.withdrawal]
    if bare:
        gone = sum(not r.in_force for r in bare)
        found.append(
            Finding(
                "import-without-files",
                f"{len(bare)} further imports of this plant are named only, their files are not in the bundle; "
                f"{gone} of them were replaced or withdrawn",
                f"该工厂另有 {len(bare)} 次导入只有清单、未附文件，其中 {gone} 次已被替换或撤回",
            )
        )
    return found


def _attached(r: RecordImport) -> Finding:
    table, file, by = printable(r.table), printable(r.file), printable(r.by)
    state_zh = "" if r.in_force else "，已失效"
    state_en = "" if r.in_force else ", no longer in force"
    return Finding(
        "imported-record",
        f"import {r.number}, {table} from {file} by {by}: {r.rows} rows, {r.originals} originals{state_en}; "
        "declared or imported, not proven by this log, only unchanged since this statement",
        f"第 {r.number} 次导入 {table}（{file}，导入者自报 {by}，{r.rows} 行，凭证 {r.originals} 份{state_zh}）："
        "属申报或导入，本账本不能证明其内容，只证明自本声明起未再改动",
    )
