"""A fault in a file that a user wrote, and how it is shown: line, column, the line itself, a caret, a hint."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault at one place of one file (1-based line and column)."""

    file: str
    line: int
    column: int
    text: str
    en: str
    zh: str
    hint_en: str = ""
    hint_zh: str = ""

    def render(self, language: str) -> str:
        """Return the fault as three lines in `language` ("zh" or "en"), caret under the place."""
        chinese = language.startswith("zh")
        word = "错误" if chinese else "error"
        head = f"{self.file}:{self.line}:{self.column}: {word}  {self.zh if chinese else self.en}"
        if not self.text:
            return head
        shown = self.text.replace("\t", " ")
        pad = sum(_width(c) for c in shown[: self.column - 1])
        hint = self.hint_zh if chinese else self.hint_en
        return f"{head}\n    {shown}\n    {' ' * pad}^{'  ' + hint if hint else ''}"


def _width(character: str) -> int:
    """Columns of a terminal that a character takes (Unicode annex 11)."""
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class ConfigFaultsError(ConfigError):
    """All faults of the configuration at once."""

    def __init__(self, faults: list[Fault]) -> None:
        """Keep the faults; the texts are their renderings."""
        super().__init__(
            "\n".join(f.render("en") for f in faults), "\n".join(f.render("zh") for f in faults)
        )
        self.faults = tuple(faults)
