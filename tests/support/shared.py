"""Third-party texts and data beside the checkout (`../shared`), which tests may read and the project may not copy."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest

ABSENT = "third-party data is not beside the checkout"


def _beside(relative: str) -> Path:
    """Return `../shared/<relative>` (or below PLANTPROOF_SHARED); skip the test when it is absent."""
    beside = Path(__file__).parents[3] / "shared"
    path = Path(os.environ.get("PLANTPROOF_SHARED") or beside) / relative
    if not path.exists():
        pytest.skip(f"{ABSENT}: {relative}")
    return path


def shared_data(relative: str) -> Path:
    """Return `../shared/data/<relative>` (or below PLANTPROOF_SHARED); skip the test when it is absent."""
    return _beside(f"data/{relative}")


def shared_seeds() -> Seeds:
    """Return the official texts in `../shared/seeds`; skip the test when they are absent."""
    return _seeds(_beside("seeds"))


@cache
def _seeds(folder: Path) -> Seeds:
    return Seeds(
        {path.name[:3]: path.read_text("utf-8").split("\n") for path in folder.glob("*.txt")}
    )


class Seeds:
    """Official texts by number; lines are counted from 1 at every LF, as `000:33` does."""

    def __init__(self, lines: dict[str, list[str]]) -> None:
        self._lines = lines

    def at(self, seed: str) -> str:
        """Return the text at `000:33` or `000:33-35`, without any blank: sources break lines inside words."""
        name, _, span = seed.partition(":")
        first, _, last = span.partition("-")
        part = self._lines[name][int(first) - 1 : int(last or first)]
        return without_blanks("".join(part))

    def whole(self, name: str) -> str:
        """Return a whole text without any blank."""
        return without_blanks("".join(self._lines[name]))

    def stands(self, text: str, seeds: str) -> bool:
        """Return whether a text stands word for word at each of some places, separated by a comma."""
        return all(without_blanks(text) in self.at(seed) for seed in seeds.split(", "))


def without_blanks(text: str) -> str:
    """Return a text without blanks of any kind, the ideographic one included."""
    return re.sub(r"\s", "", text)
