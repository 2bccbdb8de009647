"""What every check of this package raises: one refusal with a kind, a step and a verdict."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self

from model.errors import VerificationError


class Verdict(StrEnum):
    """Outcome of a verification that did not pass."""

    INVALID = "INVALID"
    """Something that was stated is false."""
    INCOMPLETE = "INCOMPLETE"
    """Something that is needed is absent or not known to this version."""


INCOMPLETE_KINDS: Final = frozenset(
    {"missing-file", "unknown-kind", "withheld", "algorithm", "quorum"}
)
"""Kinds that say "absent"; every other kind says "false"."""


class Refusal(VerificationError):  # noqa: N818 - a refused bundle is a result, not a malfunction
    """Evidence was refused.

    kind: one word for programs (`vectors.json` lists those of the core). step: 1 to 7 of format-core §9, 0 while a
    part is checked on its own. The texts name the object and the value seen.
    """

    def __init__(self, kind: str, en: str, zh: str, *, step: int = 0) -> None:
        super().__init__(en, zh)
        self.kind = kind
        self.step = step

    @property
    def verdict(self) -> Verdict:
        """Return INCOMPLETE if something is absent, INVALID if something is false."""
        return Verdict.INCOMPLETE if self.kind in INCOMPLETE_KINDS else Verdict.INVALID

    def at_step(self, step: int) -> Self:
        """Return this refusal with the step of the verification in which it happened."""
        self.step = self.step or step
        return self

    def within(self, en: str, zh: str) -> Refusal:
        """Return the same refusal with the name of the object it happened in put before the text."""
        return Refusal(self.kind, f"{en}: {self.en}", f"{zh}：{self.zh}", step=self.step)
