"""`registry-ratio/1`: ratios over the declared flags of the registered equipment (claims.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
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
from evidence.recompute.window import Window, window_of
from evidence.statement import Claim

NAME: Final = "registry-ratio/1"
BY_PROCESS: Final = "key-process-nc-by-process"


@dataclass(frozen=True, slots=True)
class Flags:
    """The declared flags of one asset, each true only if it is so in every configuration of the window that has it."""

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
"""Numerator and denominator of each ratio of numbers of equipment."""


def flags_of(window: Window, asset: str) -> Flags:
    """Return the flags of an asset over the configurations of the window."""
    entries = [run.plant.assets[asset] for run in window.runs if asset in run.plant.assets]
    return Flags(
        smart=all(entry.smart for entry in entries),
        networked=all(entry.networked for entry in entries),
        nc=all(entry.nc for entry in entries),
        key=all(entry.key for entry in entries),
        key_step=all(entry.key_step for entry in entries),
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
        assets = registered(window)
        flags = {asset: flags_of(window, asset) for asset in assets}
        if self.ratio == BY_PROCESS:
            numerator, denominator = _processes(assets, flags)
            sizes = len(numerator), len(denominator)
        else:
            numerator, denominator = (
                [asset for asset in assets if test(flags[asset])]
                for test in _BY_EQUIPMENT[self.ratio]
            )
            sizes = _counted(assets, numerator), _counted(assets, denominator)
        detail: dict[str, Json] = {
            "denominator": denominator,
            "numerator": numerator,
            "sets": list(sizes),
        }
        return outcome(ratio(*sizes), "no_registered_asset", [], detail)


def _counted(assets: Mapping[str, Asset], chosen: Sequence[str]) -> int:
    return sum(assets[asset].counts_as for asset in chosen)


def _processes(
    assets: Mapping[str, Asset], flags: Mapping[str, Flags]
) -> tuple[list[str], list[str]]:
    """Return the key process steps all of whose key equipment is numerically controlled, and all of them."""
    by_step: dict[str, list[bool]] = {}
    for asset, entry in assets.items():
        if flags[asset].key_step and entry.process_step:
            by_step.setdefault(entry.process_step, []).append(flags[asset].nc)
    steps = sorted(by_step)
    return [step for step in steps if all(by_step[step])], steps


def plan_registry_ratio(claim: Claim) -> RegistryRatio:
    """Return the plan of a claim; raises `Refusal` (kind "claim") for other parameters."""
    parameters = Parameters(claim)
    word = parameters.word("ratio", (*_BY_EQUIPMENT, BY_PROCESS))
    parameters.finish("1")
    return RegistryRatio(claim, word)
