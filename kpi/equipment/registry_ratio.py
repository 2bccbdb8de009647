"""Claim `registry-ratio/1` (docs/formats/claims.md §5): counted sets of the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kpi.claims import ClaimResult, Json, RegistryRatioClaim, result
from kpi.document_types import Asset
from kpi.exact import quotient
from kpi.ratios import registered_assets
from kpi.reasons import Reason
from kpi.workspace import Workspace

Flag = Callable[[Asset], bool]

_RATIOS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "smart-share": (("smart",), ()),
    "smart-declared-networked": (("smart", "networked"), ("smart",)),
    "networked-of-smart": (("networked",), ("smart",)),
    "key-equipment-nc": (("key", "nc"), ("key",)),
    "key-process-nc-by-equipment": (("key_step", "nc"), ("key_step",)),
    "digital-equipment": (("nc_or_smart", "networked"), ()),
}
"""Flags that all must be true: of the numerator, of the denominator (none = every registered asset)."""
_FLAGS: Final[Mapping[str, tuple[Flag, ...]]] = {
    "smart": (lambda a: a.smart,),
    "networked": (lambda a: a.networked,),
    "key": (lambda a: a.key,),
    "nc": (lambda a: a.nc,),
    "key_step": (lambda a: a.key_step,),
    "nc_or_smart": (lambda a: a.nc, lambda a: a.smart),
}
"""What each flag is: true if one of these is true in every configuration."""


def registry_ratio(work: Workspace, request: RegistryRatioClaim) -> ClaimResult:
    """Return a ratio over the registered production equipment of the window."""
    registered = registered_assets(work)
    if request.ratio == "key-process-nc-by-process":
        return _by_process(work, registered)
    top, bottom = _RATIOS[request.ratio]
    numerator = [n for n in registered if all(_true(work, n, f) for f in top)]
    denominator = [n for n in registered if all(_true(work, n, f) for f in bottom)]
    return _result(
        numerator,
        denominator,
        sum(registered[n].counts_as for n in numerator),
        sum(registered[n].counts_as for n in denominator),
    )


def _by_process(work: Workspace, registered: Mapping[str, Asset]) -> ClaimResult:
    """Return key process steps all of whose equipment is NC / key process steps."""
    equipment: dict[str, list[str]] = {}
    for name, asset in registered.items():
        if asset.process_step and _true(work, name, "key_step"):
            equipment.setdefault(asset.process_step, []).append(name)
    steps = sorted(equipment, key=str.encode)
    controlled = [s for s in steps if all(_true(work, n, "nc") for n in equipment[s])]
    return _result(controlled, steps, len(controlled), len(steps))


def _true(work: Workspace, asset: str, flag: str) -> bool:
    """Return whether a flag is true in every configuration of the window in which the asset appears."""
    versions = [a for p in work.parts if (a := p.document.asset.get(asset)) is not None]
    return any(all(test(a) for a in versions) for test in _FLAGS[flag])


def _result(numerator: list[str], denominator: list[str], num: int, den: int) -> ClaimResult:
    detail: dict[str, Json] = {
        "denominator": denominator,
        "numerator": numerator,
        "sets": [num, den],
    }
    return result(quotient(num, den), Reason.NO_REGISTERED_ASSET, detail)
