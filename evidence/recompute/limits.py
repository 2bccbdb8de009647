"""Bounds on the work that claims can ask for: a small hostile bundle must not keep the verifier busy for days."""

from __future__ import annotations

from typing import Final

from evidence.recompute.view import LogView
from evidence.refusal import Refusal

MAX_STEPS: Final = 20_000_000
"""Of one part of one claim. A year of five hundred machines needs about five million cells."""
MAX_TOTAL_STEPS: Final = 2_000_000_000
"""Of all claims of a statement together, at about a microsecond each. All claims over a year of two hundred machines
need about a tenth of it."""
STEPS_A_ROW: Final = 64
"""What each collected row adds to the total: a bundle may ask for work in proportion to what it brings."""


def require_steps(steps: int, en: str, zh: str) -> None:
    """Refuse work of more than `MAX_STEPS` (kind "claim"), naming what would be too much; call it before the work."""
    if steps > MAX_STEPS:
        raise Refusal(
            "claim",
            f"{en} would take {steps} steps, this verifier takes at most {MAX_STEPS}: ask for a shorter window",
            f"{zh}需要 {steps} 步，本验证程序最多 {MAX_STEPS} 步：请缩短窗口",
        )


class Budget:
    """The steps that are left to all claims of a statement together.

    rows: number of collected rows.
    """

    __slots__ = ("_left", "_limit")

    def __init__(self, rows: int) -> None:
        self._limit = self._left = MAX_TOTAL_STEPS + STEPS_A_ROW * rows

    def spend_part(self, steps: int, en: str, zh: str) -> None:
        """Take the steps of one part of one claim off, which are at most `MAX_STEPS`; raises as `spend` does."""
        require_steps(steps, en, zh)
        self.spend(steps, en, zh)

    def spend(self, steps: int, en: str, zh: str) -> None:
        """Take `steps` off before they are done; raises `Refusal` (kind "claim") once nothing is left.

        en, zh: what the steps are for.
        """
        self._left -= steps
        if self._left < 0:
            raise Refusal(
                "claim",
                f"{en}: the claims of this statement would take more than {self._limit} steps together: "
                "ask for fewer claims or shorter windows",
                f"{zh}：本声明的全部指标合计超过 {self._limit} 步：请减少指标或缩短窗口",
            )


def budget_of(view: LogView) -> Budget:
    """Return the budget of all claims that are computed from `view`."""
    found = view.shared.get("budget")
    if not isinstance(found, Budget):
        rows = sum(len(columns.signal) for columns in view.columns.values())
        found = view.shared["budget"] = Budget(rows)
    return found
