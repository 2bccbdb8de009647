"""The registry over a period: what left a list during it stays in its denominators.

A numerator needs its property in every version that has the asset, a denominator needs it in any: so neither removing
nor relabelling a line inside the period can raise a ratio (a rule of ours; kpi.md B.5, A.7 #6). A line that is added
counts from then on, and is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from kpi.findings import Finding, listed, note, warn
from kpi.history import ConfigSegment
from kpi.registry.changes import Change, LineChange, difference
from kpi.registry.content import Flag, Process, Registry, RegistryAsset, registry_of
from kpi.registry.lists import ListKind, frozen_lists


@dataclass(frozen=True, slots=True)
class RegistryVersion:
    """One version and the instant (Unix ms) from which it is in force."""

    from_ms: int
    registry: Registry


@dataclass(frozen=True, slots=True)
class PeriodAsset:
    """One asset over the period."""

    last: RegistryAsset
    """The last version of it."""
    ever: frozenset[Flag]
    """Flags that any version states."""
    always: frozenset[Flag]
    """Flags that every version with the asset states."""
    unstated: frozenset[Flag]
    """Flags that no version states with yes or no."""
    classes: frozenset[str]
    """Classes that any version states."""
    processes: frozenset[str]
    """Processes that any version states."""
    sets: tuple[int, int]
    """Fewest and most sets (台套) that any version counts it as."""
    removed: bool
    """Not in the last version of the registry."""
    serves: bool
    """In service in the period by its last version."""
    served: bool
    """In service in the period by its last version, or at any time by the version then in force."""

    @property
    def id(self) -> str:
        """Return the id."""
        return self.last.id


@dataclass(frozen=True, slots=True)
class PeriodRegistry:
    """The registry over [start, end)."""

    start_ms: int
    end_ms: int
    assets: tuple[PeriodAsset, ...]
    """Every asset of any version, by id in byte order."""
    processes: tuple[Process, ...]
    """Every process of any version as its last version states it; `key` and absence of control by any version."""
    versions: tuple[Registry, ...]
    """Versions in force in the period, in order; at least one."""

    def stated(self, flag: Flag) -> bool:
        """Return whether the flag is stated of any asset."""
        return any(flag not in a.unstated for a in self.assets)

    def of(self, flag: Flag) -> tuple[PeriodAsset, ...]:
        """Return the denominator of a flag: assets that served and had it in any version, or never said no."""
        return tuple(a for a in self.assets if a.served and (flag in a.ever or flag in a.unstated))

    @property
    def serving(self) -> tuple[PeriodAsset, ...]:
        """Return all assets that served in the period."""
        return tuple(a for a in self.assets if a.served)


def over_period(versions: Sequence[RegistryVersion], start_ms: int, end_ms: int) -> PeriodRegistry:
    """Return the registry over [start, end), from versions in rising order of `from_ms`.

    The version in force at the start is the last one with from_ms ≤ start, or the first of all. Raises ValueError for
    no version, an empty period or versions out of order.
    """
    if not versions or start_ms >= end_ms:
        raise ValueError("a period needs a version of the registry and a positive length")
    if any(a.from_ms >= b.from_ms for a, b in pairwise(versions)):
        raise ValueError("versions must be in rising order")
    parts = []
    for i, version in enumerate(versions):
        low = start_ms if i == 0 else max(start_ms, version.from_ms)
        high = end_ms if i + 1 == len(versions) else min(end_ms, versions[i + 1].from_ms)
        if low < high:
            parts.append((low, high, version.registry))
    ids = sorted({a.id for _, _, r in parts for a in r.assets}, key=str.encode)
    return PeriodRegistry(
        start_ms,
        end_ms,
        tuple(_asset(name, parts, start_ms, end_ms) for name in ids),
        _processes([r for _, _, r in parts]),
        tuple(r for _, _, r in parts),
    )


def period_of(parts: Sequence[ConfigSegment]) -> PeriodRegistry:
    """Return the registry over the configurations in force in a window of the log, as `Workspace.parts` gives them."""
    versions = [RegistryVersion(p.start_ms, registry_of(p.document)) for p in parts]
    return over_period(versions, parts[0].start_ms, parts[-1].end_ms)


def registry_findings(period: PeriodRegistry) -> tuple[Finding, ...]:
    """Return what must be said of the lists: changes inside the period with their effect, missing reasons, doubles."""
    found = [_change(line) for line in period_changes(period)]
    keys = [a for a in period.of(Flag.KEY) if Flag.KEY in a.ever and not a.last.key_reason]
    if keys:
        found.append(_no_reason("关键设备", "key equipment", [a.id for a in keys]))
    processes = [p.id for p in period.processes if p.key and not p.key_reason]
    if processes:
        found.append(_no_reason("关键工序", "key processes", processes))
    found += _shared(period, "identity", "设备标识", "identity")
    return tuple(found)


def period_changes(period: PeriodRegistry) -> tuple[LineChange, ...]:
    """Return every change of every list inside the period, in order of time, then list, then id."""
    found: list[LineChange] = []
    for old, new in pairwise(period.versions):
        before, after = frozen_lists(old), frozen_lists(new)
        for kind in ListKind:
            found += difference(before[kind], after[kind]).lines
    return tuple(found)


def _asset(
    name: str, parts: Sequence[tuple[int, int, Registry]], start_ms: int, end_ms: int
) -> PeriodAsset:
    seen = [(low, high, a) for low, high, r in parts for a in r.assets if a.id == name]
    last = seen[-1][2]
    stated = {f: [a.flag(f) for _, _, a in seen] for f in Flag}
    sets = [a.counts_as for _, _, a in seen]
    serves = last.serves_within(start_ms, end_ms) > 0
    return PeriodAsset(
        last=last,
        ever=frozenset(f for f, said in stated.items() if True in said),
        always=frozenset(f for f, said in stated.items() if all(x is True for x in said)),
        unstated=frozenset(f for f, said in stated.items() if all(x is None for x in said)),
        classes=frozenset(a.asset_class for _, _, a in seen),
        processes=frozenset(p for _, _, a in seen for p in a.processes),
        sets=(min(sets), max(sets)),
        removed=all(a.id != name for a in parts[-1][2].assets),
        serves=serves,
        served=serves or any(a.serves_within(low, high) > 0 for low, high, a in seen),
    )


def _processes(registries: Iterable[Registry]) -> tuple[Process, ...]:
    """Return each process as last stated: key if ever key, controlled only if every version says the same."""
    found: dict[str, list[Process]] = {}
    for registry in registries:
        for p in registry.processes:
            found.setdefault(p.id, []).append(p)
    merged = []
    for name in sorted(found, key=str.encode):
        all_of = found[name]
        last = all_of[-1]
        controls = {p.control for p in all_of}
        merged.append(
            Process(
                id=name,
                name=last.name,
                key=any(p.key for p in all_of),
                key_reason=last.key_reason,
                control=last.control if len(controls) == 1 else None,
            )
        )
    return tuple(merged)


def _change(line: LineChange) -> Finding:
    """Return the finding of one change: a warning where a denominator would shrink, else a note."""
    shrinks = any(n < 0 for n in line.effects.values())
    word = "removed" if line.change is Change.REMOVED else line.change.value
    make = warn if shrinks else note
    after_zh, after_en = _KEPT.get(line.kind, _NOT_KEPT) if shrinks else ("", "")
    found = make(
        f"registry.{line.kind.value}.{word}",
        f"统计期内清单有变更。{line.zh}{after_zh}",
        f"a list changed inside the period. {line.en}{after_en}",
        (line.id,),
    )
    return replace(found, numbers={d.value: n for d, n in line.effects.items()})


_STAYS: Final = (
    "；期间内的分母保留变更前的数量",
    "; the denominators of the period keep what they had",
)
_KEPT: Final = {
    ListKind.ASSETS: _STAYS,
    ListKind.KEY_EQUIPMENT: _STAYS,
    ListKind.KEY_PROCESSES: _STAYS,
}
_NOT_KEPT: Final = (
    "；变更之前的时隙照计，之后不再应采",
    "; its slots before the change count, those after are no longer expected",
)


def _no_reason(zh: str, en: str, ids: list[str]) -> Finding:
    return warn(
        f"registry.{en.replace(' ', '-')}.no-reason",
        f"{len(ids)} 项{zh}没有写明列入理由：{listed(ids)}；请在清单中补充理由（工艺瓶颈、质量关键、无备用设备等）",
        f"{len(ids)} {en} without a stated reason: {listed(ids)}; state why each is key "
        "(bottleneck, decides quality, no spare …)",
        tuple(ids),
        count=len(ids),
    )


def _shared(period: PeriodRegistry, field: str, zh: str, en: str) -> list[Finding]:
    """Return the assets that share one identity: two lines for one machine."""
    groups: dict[str, list[str]] = {}
    for a in period.serving:
        value = str(getattr(a.last, field))
        if value:
            groups.setdefault(value, []).append(a.id)
    return [
        warn(
            f"registry.shared-{field}",
            f"{len(ids)} 台设备登记了同一{zh}“{value}”：{listed(ids)}；一台设备只能登记一次",
            f"{len(ids)} assets are registered with one {en} {value!r}: {listed(ids)}; "
            "one machine is one line",
            tuple(ids),
            count=len(ids),
        )
        for value, ids in sorted(groups.items())
        if len(ids) > 1
    ]
