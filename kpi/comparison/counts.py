"""Ratios that are counted, not sampled (networking, NC equipment): exact, no interval, and the lists behind them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from kpi.findings import Finding, disqualify, warn


@dataclass(frozen=True, slots=True)
class CountedRatio:
    """A ratio of the sizes of two lists of ids; the numerator need not lie inside the denominator."""

    numerator: frozenset[str]
    denominator: frozenset[str]

    @property
    def value(self) -> Fraction | None:
        """Return the ratio, None of an empty denominator."""
        return Fraction(len(self.numerator), len(self.denominator)) if self.denominator else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountComparison:
    """Both ratios, their difference and how the lists differ."""

    before: Fraction | None
    after: Fraction | None
    points: Fraction | None
    """after − before."""
    relative: Fraction | None
    """after / before − 1; None if before is 0."""
    numerator_added: tuple[str, ...]
    numerator_removed: tuple[str, ...]
    denominator_added: tuple[str, ...]
    denominator_removed: tuple[str, ...]
    findings: tuple[Finding, ...]


def compare_counts(before: CountedRatio, after: CountedRatio) -> CountComparison:
    """Return the exact change of a counted ratio with the differences of its lists. Source: kpi.md D.3."""
    b, a = before.value, after.value
    findings: list[Finding] = []
    if b is None or a is None:
        findings.append(
            disqualify(
                "count.empty",
                "分母清单为空。",
                "The list of the denominator is empty.",
                before=len(before.denominator),
                after=len(after.denominator),
            )
        )
    removed = sorted(before.denominator - after.denominator)
    if removed:
        findings.append(
            warn(
                "count.denominator-shrunk",
                f"分母减少了 {len(removed)} 项：{'、'.join(removed)}。减少分母也会抬高比率。",
                f"The denominator lost {len(removed)} entries: {', '.join(removed)}. A smaller denominator "
                "raises the ratio.",
                lowers_grade=True,
                removed=len(removed),
            )
        )
    return CountComparison(
        before=b,
        after=a,
        points=a - b if a is not None and b is not None else None,
        relative=a / b - 1 if b and a is not None else None,
        numerator_added=tuple(sorted(after.numerator - before.numerator)),
        numerator_removed=tuple(sorted(before.numerator - after.numerator)),
        denominator_added=tuple(sorted(after.denominator - before.denominator)),
        denominator_removed=tuple(removed),
        findings=tuple(findings),
    )
