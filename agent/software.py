"""Name, version and digest of the running software, as a boot entry states them (self-reported)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata, resources

NAME = "plantproof"
PACKAGES = (
    "agent",
    "config",
    "connectors",
    "evidence",
    "kpi",
    "model",
    "reports",
    "simulators",
    "storage",
)


@cache
def version() -> str:
    """Return the installed version, "0" when run without installation."""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return "0"


@cache
def source_digest() -> bytes:
    """Return SHA-256 over path and content of every Python file of the project, in path order.

    Detection for honest sites only: whoever owns the machine can make it say anything.
    """
    digest = hashlib.sha256()
    for package in PACKAGES:
        root = resources.files(package)
        with resources.as_file(root) as folder:
            for path in sorted(folder.rglob("*.py")):
                digest.update(f"{package}/{path.relative_to(folder).as_posix()}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()
