"""Networked equipment: declared by the registry, observed alive, verified by challenge (kpi.md B.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from kpi.calendar import DAY_MS
from kpi.findings import Finding, listed, note, warn
from kpi.ratios import AssetSlots
from kpi.registry.content import KIND_OF_CLASS, Flag
from kpi.registry.period import PeriodAsset, PeriodRegistry
from kpi.registry.ratio_readings import (
    EquipmentRatio,
    Reading,
    Wording,
    by_sets,
    claimed_production,
    having,
    last_sets,
    one_each,
    ratio,
    reading,
    stated_only,
    undefined,
    unstated,
)

LEAST_ALIVE: Final = Fraction(19, 20)
"""Share of the expected slots of all required points of an asset in which it must be alive (ours, B.5)."""
LEAST_DAYS: Final = 14
"""Days in service within the period (ours, U7: counted over the whole period, so that no fortnight can be picked)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One challenge of an audit: a person does something known at a machine, the event must arrive in time."""

    asset: str
    at_ms: int
    action: str
    """What was done: start, stop, part, door."""
    delay_ms: int | None
    """Until the matching event arrived; None = it never did."""
    limit_ms: int
    witness: str
    """Who saw it; empty = nobody signed, which proves nothing."""

    @property
    def passed(self) -> bool:
        """Return whether the matching event arrived within the limit and a witness signed."""
        in_time = self.delay_ms is not None and 0 <= self.delay_ms <= self.limit_ms
        return in_time and bool(self.witness)


def observed(
    period: PeriodRegistry,
    slots: Mapping[str, AssetSlots],
    least: Fraction = LEAST_ALIVE,
    least_days: int = LEAST_DAYS,
) -> frozenset[str]:
    """Return the ids of assets seen alive in at least `least` of their slots over at least `least_days` in service.

    Alive = on time, held alive or late, Σ over the required points and the whole period. Source: U7 (B.5 observed).
    """
    found = set()
    for a in period.assets:
        own = slots.get(a.id)
        days = a.last.serves_within(period.start_ms, period.end_ms)
        if own is None or not own.expected or days < least_days * DAY_MS:
            continue
        if own.alive >= least * own.expected:
            found.add(a.id)
    return frozenset(found)


def networked(
    period: PeriodRegistry, seen: frozenset[str] | None, challenges: Iterable[Challenge] = ()
) -> EquipmentRatio:
    """Return networked / production equipment: observed (default, equal to `networked/1`), declared, verified.

    seen: ids observed alive; None = not measured. challenges: those inside the period count.
    """
    base = tuple(claimed_production(period))
    declared = tuple(a for a in base if a.last.networked and not a.removed)
    return _triple("networked", period, _Rule(base, declared, _as_claimed), seen, challenges)


def key_equipment_networked(
    period: PeriodRegistry, seen: frozenset[str] | None, challenges: Iterable[Challenge] = ()
) -> EquipmentRatio:
    """Return networked / key equipment: observed (default), declared, verified; removed key equipment stays in."""
    base = period.of(Flag.KEY)
    rule = _Rule(base, tuple(having(base, Flag.NETWORKED)), by_sets)
    return _triple("key-equipment-networked", period, rule, seen, challenges)


def smart_networked_share(period: PeriodRegistry, seen: frozenset[str] | None) -> EquipmentRatio:
    """Return networked smart equipment / smart equipment; seen: ids observed alive, None = not measured."""
    return _share("smart-networked-share", period, Flag.SMART, seen)


def production_networked_of_smart(
    period: PeriodRegistry, seen: frozenset[str] | None
) -> EquipmentRatio:
    """Return networked production equipment / smart equipment; the numerator is not inside: it may exceed 1."""
    found = _share("production-networked-of-smart", period, Flag.PRODUCTION, seen)
    outside = found.readings[0].outside or found.reading("declared").outside
    if not outside:
        return found
    finding = note(
        "ratio.numerator-outside-denominator",
        f"分子中有 {len(outside)} 台不在分母内：{listed(outside)}；本比值可以超过 100 %，按原样打印",
        f"{len(outside)} assets of the numerator are not in the denominator: {listed(outside)}; "
        "the ratio may exceed 100 % and is printed as it is",
        outside,
        count=len(outside),
    )
    return EquipmentRatio(found.definition, found.readings, (finding, *found.findings))


@dataclass(frozen=True, slots=True)
class KindNetworked:
    """Networked equipment of one kind of 渝经信发〔2018〕22号 art. 4 (3): processing, inspection, logistics."""

    kind: str
    present: tuple[str, ...]
    networked: tuple[str, ...]

    @property
    def every(self) -> bool | None:
        """Return the reading "every such machine"; None = the workshop has none, and the text does not say."""
        return len(self.networked) == len(self.present) if self.present else None

    @property
    def any(self) -> bool | None:
        """Return the reading "at least one of the kind"; None = there is none."""
        return bool(self.networked) if self.present else None


def networked_by_kind(period: PeriodRegistry, seen: frozenset[str]) -> tuple[KindNetworked, ...]:
    """Return what is networked of 加工, 检测, 物流设备; the text gives no quantity (criteria-audit E3)."""
    found = []
    for kind in ("processing", "inspection", "logistics"):
        present = [a.id for a in period.serving if KIND_OF_CLASS.get(a.last.asset_class) == kind]
        found.append(KindNetworked(kind, tuple(present), tuple(i for i in present if i in seen)))
    return tuple(found)


_OBSERVED: Final = Wording("observed", "实测联网，按折算台套计", "observed alive, by sets")
_DECLARED: Final = Wording("declared", "申报联网，按折算台套计", "declared as networked, by sets")
_VERIFIED: Final = Wording(
    "verified", "经现场挑战验证，按折算台套计", "verified by challenge, by sets"
)
_LINES: Final = Wording(
    "observed-lines", "实测联网，一条产线计一台（套）", "observed alive, a line counts one"
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Whom a triple counts, and how."""

    below: tuple[PeriodAsset, ...]
    declared: tuple[PeriodAsset, ...]
    by: Callable[[Wording, Sequence[PeriodAsset], Sequence[PeriodAsset]], Reading]


def _as_claimed(
    wording: Wording, top: Sequence[PeriodAsset], below: Sequence[PeriodAsset]
) -> Reading:
    return reading(wording, top, below, last_sets)


def _triple(
    metric: str,
    period: PeriodRegistry,
    rule: _Rule,
    seen: frozenset[str] | None,
    challenges: Iterable[Challenge],
) -> EquipmentRatio:
    below, by = rule.below, rule.by
    inside = [c for c in challenges if period.start_ms <= c.at_ms < period.end_ms]
    alive = [a for a in below if a.id in (seen or ())]
    passed = _verified(inside)
    verified = by(_VERIFIED, [a for a in alive if a.id in passed], below)
    readings = (
        _measured(by(_OBSERVED, alive, below), seen),
        *stated_only(period, [by(_DECLARED, rule.declared, below)], Flag.NETWORKED),
        _measured(verified, seen)
        if inside
        else undefined(verified, "期间内没有做过现场挑战", "no challenge was made in the period"),
        _measured(reading(_LINES, alive, below, one_each), seen),
    )
    findings = [*unstated(period, Flag.NETWORKED), *_failed(inside)]
    if seen is not None:
        findings += _only_declared(rule.declared, seen)
    return ratio(metric, readings, findings)


def _share(
    metric: str, period: PeriodRegistry, top: Flag, seen: frozenset[str] | None
) -> EquipmentRatio:
    """Return observed (default) and declared networked assets with `top` / smart assets."""
    smart, base = period.of(Flag.SMART), period.of(top)
    alive = [a for a in base if a.id in (seen or ())]
    readings = (
        _measured(by_sets(_OBSERVED, alive, smart), seen),
        *stated_only(
            period, [by_sets(_DECLARED, having(base, Flag.NETWORKED), smart)], Flag.NETWORKED
        ),
        _measured(reading(_LINES, alive, smart, one_each), seen),
    )
    return ratio(
        metric,
        stated_only(period, readings, Flag.SMART, top),
        unstated(period, Flag.SMART, Flag.NETWORKED),
    )


def _measured(one: Reading, seen: frozenset[str] | None) -> Reading:
    return undefined(one, "没有实测数据", "not measured") if seen is None else one


def _verified(challenges: list[Challenge]) -> set[str]:
    """Return the assets with a challenge in the period, all of which passed."""
    failed = {c.asset for c in challenges if not c.passed}
    return {c.asset for c in challenges} - failed


def _failed(challenges: list[Challenge]) -> list[Finding]:
    return [
        warn(
            "networked.challenge-failed",
            f"{c.asset}：现场挑战“{c.action}”未通过（{_why(c)[0]}）",
            f"{c.asset}: challenge {c.action!r} failed ({_why(c)[1]})",
            (c.asset,),
            limit_ms=c.limit_ms,
            delay_ms="never" if c.delay_ms is None else c.delay_ms,
        )
        for c in challenges
        if not c.passed
    ]


def _why(c: Challenge) -> tuple[str, str]:
    if c.delay_ms is None:
        return "事件没有到达", "the event never arrived"
    if not 0 <= c.delay_ms <= c.limit_ms:
        return (
            f"{c.delay_ms} ms 后到达，时限 {c.limit_ms} ms",
            f"after {c.delay_ms} ms, limit {c.limit_ms} ms",
        )
    return "没有见证人签字", "no witness signed"


def _only_declared(declared: Sequence[PeriodAsset], seen: frozenset[str]) -> list[Finding]:
    """Return the assets that the registry calls networked and that were not observed so."""
    silent = [a.id for a in declared if a.id not in seen]
    if not silent:
        return []
    return [
        note(
            "networked.declared-not-observed",
            f"{len(silent)} 台设备申报为联网，但未达到实测联网：{listed(silent)}",
            f"{len(silent)} assets are declared as networked but were not observed so: "
            f"{listed(silent)}",
            tuple(silent),
            count=len(silent),
        )
    ]
