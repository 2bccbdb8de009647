"""The report as a PDF/A-3b: the same data give the same bytes, on any machine, with the project's fonts only."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import segno
import typst

from model.errors import PermanentError
from reports.content import content
from reports.drawings import drawings
from reports.model import ReportData
from reports.writer import Writer, catalogue

HERE: Final = Path(__file__).parent
FONTS: Final = HERE / "fonts"
TEMPLATE: Final = "report.typ"
DATA_NAME: Final = "report-data.json"
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_MISSING: Final = re.compile(
    r"could not be displayed|missing glyph|no glyph|not be encoded|\.notdef", re.IGNORECASE
)
_CODE: Final = re.compile(r"U\+([0-9A-F]{4,6})")


def build_pdf(data: ReportData, language: str = "zh-CN") -> bytes:
    """Return the report in `language` ("zh-CN" or "en").

    The machine-readable content and `data.attachments` are embedded files. Raises PermanentError naming the character
    when the fonts of the project lack one, or when an attachment has an unusable name.
    """
    writer = Writer(data, catalogue(language))
    page = content(data, language)
    charts = drawings(writer)
    page["charts"] = [name for name, _ in charts]
    names = [item.name for item in data.attachments]
    for name in names:
        if not _FILE_NAME.fullmatch(name) or name == DATA_NAME or names.count(name) > 1:
            raise PermanentError(
                f"attachment {name!r} cannot be put into the report: use a unique name of letters, digits, "
                "dots, underscores, hyphens",
                f"附件 {name!r} 不能放入报告：名称只能用字母、数字、点、下划线、连字符，且不能重复",
            )
    with tempfile.TemporaryDirectory(prefix="plantproof-report-") as name:
        root = Path(name)
        shutil.copy(HERE / "templates" / TEMPLATE, root / TEMPLATE)
        (root / DATA_NAME).write_text(
            json.dumps(page, ensure_ascii=False, sort_keys=True, indent=1), encoding="utf-8"
        )
        for chart, svg in charts:
            (root / f"{chart}.svg").write_text(svg, encoding="utf-8")
        (root / "checkpoint.svg").write_text(checkpoint_qr(data.log.note), encoding="utf-8")
        for item in data.attachments:
            (root / f"attachment-{item.name}").write_bytes(item.content)
        return _compile(root, data, page)


def checkpoint_qr(note: str) -> str:
    """Return the QR code of a checkpoint: three body lines, the empty line and the first signature line, as SVG."""
    kept = "\n".join(note.rstrip("\n").split("\n")[:5]) + "\n"
    code = segno.make(
        kept, error="m", micro=False, boost_error=False, mode="byte", encoding="utf-8"
    )
    target = io.BytesIO()
    code.save(target, kind="svg", border=4, omitsize=True, xmldecl=False, dark="#000", light="#fff")
    return target.getvalue().decode()


def _compile(root: Path, data: ReportData, page: object) -> bytes:
    try:
        made = typst.compile(
            root / TEMPLATE,
            root=root,
            font_paths=[FONTS],
            ignore_system_fonts=True,
            pdf_standards=["a-3b"],
            timestamp=data.issued_ms // 1000,
        )
    except typst.TypstError as error:
        raise _refused(str(error), page) from error
    if not isinstance(made, bytes):
        raise TypeError("the typesetter returned no PDF")
    return made


def _refused(message: str, page: object) -> PermanentError:
    if not _MISSING.search(message):
        return PermanentError(
            f"the report could not be typeset: {message}", f"报告排版失败：{message}"
        )
    found = [chr(int(code, 16)) for code in _CODE.findall(message)]
    found = found or [
        c for c in dict.fromkeys(_characters(page)) if c in message and ord(c) > 0x2E7F
    ]
    named = ", ".join(f"“{c}” (U+{ord(c):04X})" for c in found) or message
    return PermanentError(
        f"the fonts of the report lack the character {named}; write the name with another character",
        f"报告字体缺少字符 {named}；请改用其他写法",
    )


def _characters(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _characters(item)
    elif isinstance(value, list):
        for item in value:
            yield from _characters(item)
