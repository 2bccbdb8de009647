"""Evidence grade of a figure (kpi.md D.7, a rule of ours): one letter with its reasons; simulation is always said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

LEAST_COVERAGE: Final = Fraction(9, 10)
"""Slot coverage of the points that the metric uses, of each asset, in each period."""


class Origin(StrEnum):
    """Where the figures of a period come from."""

    MEASURED = "measured"
    IMPORTED = "imported"
    """Records with the originals attached."""
    DECLARED = "declared"


class Letter(StrEnum):
    """Grade."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvidence:
    """What stands behind the figures of one period."""

    origin: Origin
    coverage: Fraction | None = Fraction(0)
    """Worst slot coverage of an asset that the metric uses, 0…1; None = judged elsewhere, see `flaws` of `grade`."""
    drift: bool = False
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade with its reasons in both languages."""

    letter: Letter
    simulated: bool
    zh: tuple[str, ...]
    en: tuple[str, ...]

    @property
    def label(self) -> str:
        """Return the letter as printed: simulated data never carry a bare letter."""
        return f"{self.letter.value}（模拟数据 simulated）" if self.simulated else self.letter.value


def grade(
    after: PeriodEvidence,
    before: PeriodEvidence | None,
    *,
    sealed_before: bool,
    flaws: Sequence[tuple[str, str]] = (),
) -> Grade:
    """Return the grade of a comparison, or of a single period if `before` is None.

    sealed_before: the baseline was sealed before the after period began (of a single period: irrelevant). flaws: more
    reasons (zh, en) that make an A a B, such as an event without an entry; with C and D they are listed only.
    """
    periods = (after,) if before is None else (before, after)
    simulated = any(p.simulated for p in periods)
    zh, en = [], []
    if simulated:
        zh.append("数据由模拟器产生，不是实测")
        en.append("the data were made by a simulator, not measured")
    origins = {p.origin for p in periods}
    if origins == {Origin.MEASURED}:
        flaws = [*_flaws(periods, sealed=sealed_before or before is None), *flaws]
        letter = Letter.B if flaws else Letter.A
        zh.append("机器实测")
        en.append("machine-measured")
    elif Origin.DECLARED not in origins and (before is None or after.origin is Origin.MEASURED):
        letter = Letter.C
        zh.append("导入记录，附原始凭证" if before is None else "建设后实测，建设前为导入记录")
        en.append(
            "imported records with originals"
            if before is None
            else "measured after, imported before with originals"
        )
    else:
        letter = Letter.D
        zh.append("仅为申报数据")
        en.append("declared figures only")
    zh += [f[0] for f in flaws]
    en += [f[1] for f in flaws]
    return Grade(letter, simulated, tuple(zh), tuple(en))


def _flaws(periods: tuple[PeriodEvidence, ...], *, sealed: bool) -> list[tuple[str, str]]:
    found = []
    if any(p.coverage is not None and p.coverage < LEAST_COVERAGE for p in periods):
        found.append(("采集覆盖率低于 90 %", "slot coverage below 90 %"))
    if any(p.drift for p in periods):
        found.append(("存在漂移", "drift found"))
    if not sealed:
        found.append(
            ("基线未在建设后期开始前封存", "the baseline was not sealed before the after period")
        )
    return found
