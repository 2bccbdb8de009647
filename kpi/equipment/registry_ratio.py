"""Claim `registry-ratio/1` (docs/formats/claims.md §5): counted sets of the registry.

Nothing is gained by a change inside the window: what counts for the enterprise must hold all the time, what counts
against it once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from kpi.claims import ClaimResult, Json, RegistryRatioClaim, result
from kpi.document_types import Asset
from kpi.exact import quotient
from kpi.ratios import registered_assets
from kpi.reasons import Reason
from kpi.workspace import Workspace

Versions = Sequence[Asset]
"""What each configuration of the window that has an asset says about it."""


def _all(flag: Callable[[Asset], bool]) -> Callable[[Versions], bool]:
    return lambda versions: all(map(flag, versions))


def _any(flag: Callable[[Asset], bool]) -> Callable[[Versions], bool]:
    return lambda versions: any(map(flag, versions))


def _smart(asset: Asset) -> bool:
    return asset.smart


def _networked(asset: Asset) -> bool:
    return asset.networked


def _nc(asset: Asset) -> bool:
    return asset.nc


def _key(asset: Asset) -> bool:
    return asset.key


def _key_step(asset: Asset) -> bool:
    return asset.key_step


_RATIOS: Final[
    Mapping[
        str, tuple[tuple[tuple[Callable[[Versions], bool], ...], ...], Callable[[Versions], bool]]
    ]
] = {
    "smart-share": (((_all(_smart),),), _all(lambda _: True)),
    "smart-declared-networked": (((_all(_smart),), (_all(_networked),)), _any(_smart)),
    "networked-of-smart": (((_all(_networked),),), _any(_smart)),
    "key-equipment-nc": (((_all(_key),), (_all(_nc),)), _any(_key)),
    "key-process-nc-by-equipment": (((_all(_key_step),), (_all(_nc),)), _any(_key_step)),
    "digital-equipment": (((_all(_nc), _all(_smart)), (_all(_networked),)), _all(lambda _: True)),
}
"""Numerator (of every group of flags one must hold) and denominator."""


def registry_ratio(work: Workspace, request: RegistryRatioClaim) -> ClaimResult:
    """Return a ratio over the registered production equipment of the window."""
    versions = {
        name: [a for p in work.parts if (a := p.document.asset.get(name)) is not None]
        for name in registered_assets(work)
    }
    if request.ratio == "key-process-nc-by-process":
        return _by_process(versions)
    groups, below = _RATIOS[request.ratio]
    numerator = [
        n for n, own in versions.items() if all(any(f(own) for f in flags) for flags in groups)
    ]
    denominator = [n for n, own in versions.items() if below(own)]
    return _result(
        numerator,
        denominator,
        sum(min(a.counts_as for a in versions[n]) for n in numerator),
        sum(max(a.counts_as for a in versions[n]) for n in denominator),
    )


def _by_process(versions: Mapping[str, Versions]) -> ClaimResult:
    """Return key process steps all of whose equipment is NC / key process steps."""
    steps = sorted(
        {a.process_step for own in versions.values() for a in own if a.key_step} - {""},
        key=str.encode,
    )
    manual = {a.process_step for own in versions.values() if not all(map(_nc, own)) for a in own}
    controlled = [s for s in steps if s not in manual]
    return _result(controlled, steps, len(controlled), len(steps))


def _result(numerator: list[str], denominator: list[str], num: int, den: int) -> ClaimResult:
    detail: dict[str, Json] = {
        "denominator": denominator,
        "numerator": numerator,
        "sets": [num, den],
    }
    return result(quotient(num, den), Reason.NO_REGISTERED_ASSET, detail)
