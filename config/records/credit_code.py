"""Unified social credit code (统一社会信用代码): 18 characters, the last one a check character (GB 32100-2015)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from config.records.findings import Problem
from config.records.table import Context, Misfit, ReadRow

_CHARACTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters; I, O, S, V and Z are not used."""


def check_character(first: str) -> str:
    """Return the 18th character of the first 17: 31 − Σ cᵢ·3^(i−1) mod 31. Raises ValueError for other characters."""
    weighted = sum(_CHARACTERS.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return _CHARACTERS[-weighted % 31]


def valid_credit_code(code: str) -> bool:
    """Return whether a code has 18 allowed characters and the right check character."""
    if len(code) != 18 or any(c not in _CHARACTERS for c in code):
        return False
    return check_character(code[:17]) == code[17]


@dataclass(frozen=True, slots=True)
class CreditCode:
    """The field is a valid code."""

    field: str

    def __call__(self, rows: Sequence[ReadRow], _context: Context, /) -> Iterator[Misfit]:
        """Yield every code that is none."""
        for r in rows:
            if not valid_credit_code(getattr(r.row, self.field)):
                yield Misfit(
                    r.line,
                    self.field,
                    Problem(
                        code="row.bad-credit-code",
                        zh="统一社会信用代码不正确（位数、字符或校验位）",
                        en="is no valid unified social credit code (length, characters or check character)",
                        hint_zh="对照营业执照核对 18 位代码",
                        hint_en="compare the 18 characters with the business licence",
                    ),
                )
