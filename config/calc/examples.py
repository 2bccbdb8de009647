"""The cases that ship with the calculator."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

_FOLDER = "calc_cases"


def example_names() -> tuple[str, ...]:
    """Return the names of all cases, in alphabetical order."""
    folder = resources.files("config") / _FOLDER
    names = (f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml"))
    return tuple(sorted(names))


def example_bytes(name: str) -> bytes:
    """Return the file of a case; raises KeyError if there is none of this name."""
    if name not in example_names():
        raise KeyError(name)
    return (resources.files("config") / _FOLDER / f"{name}.yaml").read_bytes()


def examples() -> Iterator[tuple[str, bytes]]:
    """Yield name and file of every case."""
    for name in example_names():
        yield name, example_bytes(name)
