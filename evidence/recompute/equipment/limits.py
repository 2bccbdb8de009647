"""Bound on the work that one claim can ask for: a small hostile bundle must not keep the verifier busy for days."""

from __future__ import annotations

from typing import Final

from evidence.refusal import Refusal

MAX_STEPS: Final = 20_000_000
"""A year of five hundred machines needs about five million cells."""


def require_steps(steps: int, en: str, zh: str) -> None:
    """Refuse work of more than `MAX_STEPS` (kind "claim"), naming what would be too much; call it before the work."""
    if steps > MAX_STEPS:
        raise Refusal(
            "claim",
            f"{en} would take {steps} steps, this verifier takes at most {MAX_STEPS}: ask for a shorter window",
            f"{zh}需要 {steps} 步，本验证程序最多 {MAX_STEPS} 步：请缩短窗口",
        )
