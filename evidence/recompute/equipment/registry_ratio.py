"""`registry-ratio/1`: ratios over the declared flags of the registered equipment (claims.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from evidence.canonical import Json
from evidence.document import ConfigDocument
from evidence.recompute.claim_tools import Parameters, outcome, ratio
from evidence.recompute.interface import Outcome, SlotRange, all_streams
from evidence.recompute.oee import used_slots
from evidence.recompute.plant_model import Asset
from evidence.recompute.registry_ratios import registered
from evidence.recompute.view import LogView
from evidence.recompute.window import window_of
from evidence.statement import Claim

NAME: Final = "registry-ratio/1"
BY_PROCESS: Final = "key-process-nc-by-process"


@dataclass(frozen=True, slots=True)
class Flags:
    """The declared flags of one asset over the configurations of the window that have it: all true, or any."""

    smart: bool
    networked: bool
    nc: bool
    key: bool
    key_step: bool


_Test = Callable[[Flags], bool]
_BY_EQUIPMENT: Final[Mapping[str, tuple[_Test, _Test]]] = {
    "smart-share": (lambda f: f.smart, lambda _: True),
    "smart-declared-networked": (lambda f: f.smart and f.networked, lambda f: f.smart),
    "networked-of-smart": (lambda f: f.networked, lambda f: f.smart),
    "key-equipment-nc": (lambda f: f.key and f.nc, lambda f: f.key),
    "key-process-nc-by-equipment": (lambda f: f.key_step and f.nc, lambda f: f.key_step),
    "digital-equipment": (lambda f: (f.nc or f.smart) and f.networked, lambda _: True),
}
"""Numerator and denominator of each ratio of numbers of equipment; a denominator asks for one flag at most."""


def flags_of(entries: Sequence[Asset], holds: Callable[[Iterable[bool]], bool]) -> Flags:
    """Return the flags of an asset whose versions are `entries`.

    holds: `all` for a numerator and `any` for a denominator, so that nothing is gained by a change in the window.
    """
    return Flags(
        smart=holds(entry.smart for entry in entries),
        networked=holds(entry.networked for entry in entries),
        nc=holds(entry.nc for entry in entries),
        key=holds(entry.key for entry in entries),
        key_step=holds(entry.key_step for entry in entries),
    )


@dataclass(frozen=True, slots=True)
class RegistryRatio:
    """A claim of `registry-ratio/1`; parameters: ratio, one of seven words."""

    claim: Claim
    ratio: str

    @property
    def ranges(self) -> tuple[SlotRange, ...]:
        """Return the slots whose configurations take part."""
        return (used_slots(self.claim),)

    def streams(self, document: ConfigDocument) -> Set[str]:  # noqa: ARG002 - the registry alone decides
        """Return no stream."""
        return frozenset()

    def required(self, documents: Sequence[ConfigDocument]) -> Set[str]:
        """Return the streams that may not be withheld: all that the plan keeps."""
        return all_streams(self, documents)

    def compute(self, view: LogView) -> Outcome:
        """Return Σ counts_as of the numerator / Σ counts_as of the denominator, or processes / processes."""
        claim = self.claim
        window = window_of(view, claim.first, claim.last, claim.lead, claim.grace)
        versions = {asset: window.versions_of(asset) for asset in registered(window)}
        if self.ratio == BY_PROCESS:
            numerator, denominator = _processes(versions)
            sizes = len(numerator), len(denominator)
        else:
            above, below = _BY_EQUIPMENT[self.ratio]
            numerator = [one for one in versions if above(flags_of(versions[one], all))]
            denominator = [one for one in versions if below(flags_of(versions[one], any))]
            sizes = (
                sum(min(entry.counts_as for entry in versions[one]) for one in numerator),
                sum(max(entry.counts_as for entry in versions[one]) for one in denominator),
            )
        detail: dict[str, Json] = {
            "denominator": denominator,
            "numerator": numerator,
            "sets": list(sizes),
        }
        return outcome(ratio(*sizes), "no_registered_asset", [], detail)


def _processes(versions: Mapping[str, Sequence[Asset]]) -> tuple[list[str], list[str]]:
    """Return the key process steps all of whose equipment is numerically controlled, and all of them.

    A step is a key one if a version of an asset names it while it has key_step; an asset belongs to each step that a
    version of it names, so that to take the flag from a machine leaves it where it is.
    """
    key_steps: set[str] = set()
    not_controlled: set[str] = set()
    for entries in versions.values():
        key_steps |= {entry.process_step for entry in entries if entry.key_step}
        if not flags_of(entries, all).nc:
            not_controlled |= {entry.process_step for entry in entries}
    steps = sorted(key_steps - {""})
    return [step for step in steps if step not in not_controlled], steps


def plan_registry_ratio(claim: Claim) -> RegistryRatio:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    word = parameters.word("ratio", (*_BY_EQUIPMENT, BY_PROCESS))
    parameters.finish("1")
    return RegistryRatio(claim, word)
