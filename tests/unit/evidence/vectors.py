"""Where the vectors of the format are, and small readers for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "vectors" / "evidence"
VECTORS: dict[str, Any] = json.loads((FOLDER / "vectors.json").read_text("utf-8"))


def members(folder: Path) -> dict[str, bytes]:
    """Return the files below `folder` by POSIX name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
