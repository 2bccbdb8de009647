"""What a claim algorithm is to the verifier: a plan made from the claim, then one computation over collected rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final, Protocol

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.view import LogView
from evidence.refusal import Refusal
from evidence.statement import Claim

SlotRange = tuple[int, int]
"""Half-open."""
MAX_BITS: Final = 13_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """A recomputed claim: exact fraction, coverage and detail as they must stand in the statement."""

    num: int
    den: int
    coverage: Json
    detail: Json | None = None


class Plan(Protocol):
    """A claim that was understood: what it needs, and how to compute it."""

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose sealed rows take part; the claim's own range first."""
        ...

    def streams(self, document: ConfigDocument) -> Set[str]:
        """Return the streams of `document` whose rows are to be kept while it is in force."""
        ...

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld, for the configurations in force in the ranges."""
        ...

    def compute(self, view: LogView) -> Outcome:
        """Return what the claim should state; raises `Refusal` (kind "claim") if it cannot be computed."""
        ...


MakePlan = Callable[[Claim], Plan]
Registry = Mapping[str, MakePlan]


def all_streams(plan: Plan, documents: Sequence[ConfigDocument]) -> Set[str]:
    """Return every stream that a plan keeps under any of the configurations."""
    return {stream for document in documents for stream in plan.streams(document)}


def decimal_text(number: int) -> str:
    """Return the decimal spelling; refuses numbers that no honest claim can need."""
    if number.bit_length() > MAX_BITS:
        raise Refusal("claim", "a recomputed number has too many digits", "重算结果位数过多")
    return str(number)


def bad_parameter(claim: Claim, en: str, zh: str) -> Refusal:
    """Return the refusal of a claim whose parameters cannot be used."""
    return Refusal("claim", f"claim {claim.id}: {en}", f"指标 {claim.id}：{zh}")
