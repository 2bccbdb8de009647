"""What reading a table found: faults that refuse the file and warnings that are kept with it, each at its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from model.errors import ConfigError


class Severity(StrEnum):
    """A fault refuses the whole file; a warning is stored with the import."""

    FAULT = "fault"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one value or row, without its place."""

    code: str
    """Dotted name of ours, stable, for tests and for the manifest."""
    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""
    severity: Severity = Severity.FAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem at its place; `row` is 1-based as the spreadsheet shows it, 0 = the whole file."""

    problem: Problem
    file: str
    sheet: str = ""
    row: int = 0
    column: int = 0
    """1-based, 0 = the whole row."""
    header: str = ""
    seen: str = ""

    @property
    def place(self) -> str:
        """Return the cell as the spreadsheet names it, like C5; the row alone as 5; empty for the file."""
        if not self.row:
            return ""
        return f"{column_letters(self.column)}{self.row}" if self.column else str(self.row)

    def render(self, language: str) -> str:
        """Return one line with the place, what is wrong and the value seen, and a second one with the hint."""
        chinese = language.startswith("zh")
        p = self.problem
        words = {
            (Severity.FAULT, True): "错误",
            (Severity.WARN, True): "提醒",
            (Severity.FAULT, False): "error",
            (Severity.WARN, False): "warning",
        }
        where = self.file
        if self.sheet:
            where += f" 工作表“{self.sheet}”" if chinese else f" sheet '{self.sheet}'"
        if self.row:
            cell = f"{column_letters(self.column)}{self.row}"
            if chinese:
                where += f" {cell}" if self.column else f" 第 {self.row} 行"
            else:
                where += f" {cell}" if self.column else f" row {self.row}"
        if self.header:
            where += f"（{self.header}）" if chinese else f" ({self.header})"
        text = p.zh if chinese else p.en
        if self.seen:
            text += f"：“{_short(self.seen)}”" if chinese else f": '{_short(self.seen)}'"
        line = f"{where}{'：' if chinese else ': '}{words[p.severity, chinese]}  {text}"
        hint = p.hint_zh if chinese else p.hint_en
        if not hint:
            return line
        return f"{line}\n    {'处理：' if chinese else 'cure: '}{hint}"


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else flat[:59] + "…"


def column_letters(number: int) -> str:
    """Return the letters of a 1-based column, A, B, … Z, AA."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class RecordFaultsError(ConfigError):
    """Every fault of a file at once; nothing of it was taken."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        """Keep the findings, faults first in the order of their cells; the texts are those of the faults."""
        self.findings = tuple(sorted(findings, key=_order))
        faults = [f for f in self.findings if f.problem.severity is Severity.FAULT]
        super().__init__(
            "\n".join(f.render("en") for f in faults), "\n".join(f.render("zh") for f in faults)
        )

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Return the faults without the warnings."""
        return tuple(f for f in self.findings if f.problem.severity is Severity.FAULT)


def _order(finding: Finding) -> tuple[bool, int, int]:
    return finding.problem.severity is Severity.WARN, finding.row, finding.column
