"""Write THIRD_PARTY_LICENSES/python-packages.md: each run-time package with its licence, from installed metadata.

Run after `scripts/lock.sh`, in an environment made by `make test`. `--check` only compares and exits 1 on a difference.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "THIRD_PARTY_LICENSES" / "python-packages.md"
LOCK = ROOT / "requirements" / "run.txt"

HEAD = """# Python packages that plantproof runs with

Not part of this repository: pip or uv installs them, each with its own licence text in its `.dist-info` folder.
Whoever hands on a frozen program or a folder of wheels hands these licences on as well. asyncua is under the
LGPL (3.0 or later): a recipient must be able to replace it, which an environment of separate packages allows.
Made by `scripts/licences.py` from the packages' own metadata for the names in `requirements/run.txt`.

| package | licence |
|---|---|
"""

# Packages that only Windows installs, or whose metadata names no SPDX expression; read from their licence files.
READ_BY_HAND = {
    "aiosqlite": "MIT",
    "asyncua": "LGPL-3.0-or-later",
    "colorama": "BSD-3-Clause",
    "editables": "MIT",
    "influxdb-client": "MIT",
    "jinja2": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "pathspec": "MPL-2.0",
    "pwdlib": "MIT",
    "segno": "BSD-3-Clause",
    "shellingham": "ISC",
    "sortedcontainers": "Apache-2.0",
    "trove-classifiers": "Apache-2.0",
    "tzdata": "Apache-2.0",
}


def locked_names() -> list[str]:
    """Return the package names of the run-time lock file, sorted, each once."""
    found = re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,._-]+\])?==", LOCK.read_text(), re.MULTILINE
    )
    return sorted({name.lower() for name in found})


def licence(name: str) -> str:
    """Return the SPDX expression of an installed package."""
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    metadata = importlib.metadata.metadata(name)
    return metadata.get("License-Expression") or metadata["License"]


def main() -> int:
    """Write the page, or compare it with `--check`."""
    page = HEAD + "".join(f"| {name} | {licence(name)} |\n" for name in locked_names())
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text(encoding="utf-8") == page:
            return 0
        print("THIRD_PARTY_LICENSES/python-packages.md is out of date: run scripts/licences.py")
        return 1
    TARGET.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
