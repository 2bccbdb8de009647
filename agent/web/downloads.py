"""The folder of finished reports and bundles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
MEDIA_TYPES: Final = {
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Download:
    """One file offered."""

    name: str
    kind: str
    """Key of the catalogue under `reports.kind.`: pdf, zip, other."""
    size_bytes: int
    modified_ms: int
    media_type: str
    path: Path


def listing(folder: Path | None) -> list[Download]:
    """Return the files of `folder` that may be downloaded, newest first; none without a folder."""
    if folder is None or not folder.is_dir():
        return []
    found = [item for path in folder.iterdir() if (item := _offered(folder, path.name))]
    return sorted(found, key=lambda item: (-item.modified_ms, item.name))


def _offered(folder: Path, name: str) -> Download | None:
    path = folder / name
    media_type = MEDIA_TYPES.get(path.suffix)
    if not NAME.fullmatch(name) or media_type is None or path.is_symlink() or not path.is_file():
        return None
    status = path.stat()
    kind = path.suffix[1:] if path.suffix in {".pdf", ".zip"} else "other"
    return Download(name, kind, status.st_size, status.st_mtime_ns // 1_000_000, media_type, path)


def find(folder: Path | None, name: str) -> Download | None:
    """Return the file called `name` if it is offered, else None; a name with a separator is never one."""
    return None if folder is None else _offered(folder, name)
