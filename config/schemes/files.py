"""The certification schemes that ship with the project, as data, and those that a user adds."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from config.schemes.library import SchemeLibrary, build_library, read_folder
from kpi.schemes.scheme import Scheme

COVERAGE_FILE: Final = "coverage.yaml"
"""List of statements; long, and needed by nobody but who checks the files."""


@cache
def builtin_library() -> SchemeLibrary:
    """Return what every file of `config/schemes/` says; raises ConfigFaultsError if one is wrong."""
    return build_library(builtin_sources())


def builtin_sources() -> list[tuple[str, bytes]]:
    """Return name and content of the files of `config/schemes/`, without the list of statements."""
    folder = resources.files("config") / "schemes"
    entries = sorted(folder.iterdir(), key=lambda e: e.name)
    return [
        (e.name, e.read_bytes())
        for e in entries
        if e.name.endswith(".yaml") and e.name != COVERAGE_FILE
    ]


def library_with(folder: Path | None) -> SchemeLibrary:
    """Return the built-in files together with those of a folder; raises ConfigFaultsError with all faults."""
    if folder is None:
        return builtin_library()
    return build_library([*builtin_sources(), *read_folder(folder)])


def builtin_schemes() -> dict[str, Scheme]:
    """Return every scheme that ships with the project, by id."""
    return builtin_library().schemes
