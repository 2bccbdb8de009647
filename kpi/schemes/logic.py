"""Three-valued logic of criteria: what is not known is never counted as reached, and never as failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum


class Verdict(StrEnum):
    """Verdict of a row or of a whole scheme."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNDETERMINED = "undetermined"


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of "every one of"; raises ValueError for none."""
    _refuse_none(verdicts)
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.UNDETERMINED if Verdict.UNDETERMINED in verdicts else Verdict.PASS


def one_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of "at least one of"; raises ValueError for none."""
    return at_least(1, verdicts)


def at_least(k: int, verdicts: Sequence[Verdict], mandatory: Collection[int] = ()) -> Verdict:
    """Return the verdict of "at least k of them, among these the mandatory ones".

    mandatory: positions that must pass. Raises ValueError for no row or a k that cannot be asked.
    """
    _refuse_none(verdicts)
    if not 1 <= k <= len(verdicts):
        raise ValueError(f"{k} of {len(verdicts)} cannot be asked")
    musts = [verdicts[i] for i in mandatory]
    passed = verdicts.count(Verdict.PASS)
    open_ = verdicts.count(Verdict.UNDETERMINED)
    if Verdict.FAIL in musts or passed + open_ < k:
        return Verdict.FAIL
    return (
        Verdict.PASS if passed >= k and Verdict.UNDETERMINED not in musts else Verdict.UNDETERMINED
    )


def _refuse_none(verdicts: Sequence[Verdict]) -> None:
    if not verdicts:
        raise ValueError("a rule needs at least one row")
