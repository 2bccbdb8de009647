"""Readings of a ratio: named lists above and below the line, the exact fraction, the wording that led to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kpi.findings import Finding, listed, warn
from kpi.registry.content import Flag
from kpi.registry.definitions import DEFINITIONS, Definition
from kpi.registry.period import PeriodAsset, PeriodRegistry
from model.ratio import Ratio, Undefined, ratio_of


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of a numerator or denominator and what it counts."""

    id: str
    count: int


@dataclass(frozen=True, slots=True)
class Wording:
    """A reading by name and in words."""

    name: str
    """Stable id of the reading."""
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A ratio under one reading of its official wording."""

    wording: Wording
    numerator: tuple[Counted, ...]
    denominator: tuple[Counted, ...]
    value: Ratio
    """Exact; not clamped."""

    @property
    def outside(self) -> tuple[str, ...]:
        """Return the lines of the numerator that are not in the denominator: the ratio may exceed 1."""
        inside = {c.id for c in self.denominator}
        return tuple(c.id for c in self.numerator if c.id not in inside)


@dataclass(frozen=True, slots=True)
class EquipmentRatio:
    """A ratio with all its readings; the first one is our default, printed as ours."""

    definition: Definition
    readings: tuple[Reading, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def value(self) -> Ratio:
        """Return the figure under the default reading."""
        return self.readings[0].value

    def reading(self, name: str) -> Reading:
        """Return one reading by name; raises KeyError if there is none."""
        found = {r.wording.name: r for r in self.readings}
        return found[name]


Chosen = Sequence[PeriodAsset]
Weight = Callable[[PeriodAsset], int]
_SETS: Final = Wording("sets", "按折算台套计", "by sets")
_LINES: Final = Wording("lines", "一条产线计一台（套）", "a line counts one")


def last_sets(asset: PeriodAsset) -> int:
    """Weigh an asset by the sets of its last version, as the claims do."""
    return asset.last.counts_as


def one_each(_: PeriodAsset) -> int:
    """Weigh every asset, also a whole line, as one."""
    return 1


def counted_readings(numerator: Chosen, denominator: Chosen) -> tuple[Reading, Reading]:
    """Return both readings of how a line counts: as its sets (our default), and as one."""
    return (
        by_sets(_SETS, numerator, denominator),
        reading(_LINES, numerator, denominator, one_each),
    )


def by_sets(wording: Wording, numerator: Chosen, denominator: Chosen) -> Reading:
    """Return a reading in which an asset counts as its sets.

    Where the sets changed inside the period, an asset of the numerator counts as the fewest of its versions and any
    other as the most, so that no change raises the ratio; below the line too, if the numerator lies inside.
    """
    above = {a.id for a in numerator}
    inside = above <= {a.id for a in denominator}
    return reading(
        wording,
        numerator,
        denominator,
        lambda a: a.sets[0],
        lambda a: a.sets[0] if inside and a.id in above else a.sets[1],
    )


def reading(
    wording: Wording,
    numerator: Chosen,
    denominator: Chosen,
    weight: Weight,
    below: Weight | None = None,
) -> Reading:
    """Return a reading; its value is undefined if nothing is below the line.

    weight: what an asset counts; below: what it counts below the line, if that is another.
    """
    top = tuple(Counted(a.id, weight(a)) for a in numerator)
    bottom = tuple(Counted(a.id, (below or weight)(a)) for a in denominator)
    value = ratio_of(
        sum(c.count for c in top),
        sum(c.count for c in bottom),
        en="the registry has no equipment of the denominator",
        zh="台账中没有分母所指的设备",
    )
    return Reading(wording=wording, numerator=top, denominator=bottom, value=value)


def undefined(one: Reading, zh: str, en: str) -> Reading:
    """Return the reading without a value, for a reason."""
    return replace(one, value=Undefined(en, zh))


def having(assets: Iterable[PeriodAsset], flag: Flag) -> list[PeriodAsset]:
    """Return the assets with the flag in every version of the period."""
    return [a for a in assets if flag in a.always]


def ratio(
    metric: str, readings: Sequence[Reading], findings: Iterable[Finding] = ()
) -> EquipmentRatio:
    """Return the ratio of a metric id of DEFINITIONS."""
    return EquipmentRatio(DEFINITIONS[metric], tuple(readings), tuple(findings))


def stated_only(
    period: PeriodRegistry, readings: Sequence[Reading], *flags: Flag
) -> tuple[Reading, ...]:
    """Return the readings, undefined if the registry states one of the flags of no asset at all."""
    found = tuple(readings)
    for flag in flags:
        if period.serving and not period.stated(flag):
            zh = f"台账没有填写“{flag.value}”"
            en = f"the registry states {flag.value!r} of no asset"
            found = tuple(undefined(r, zh, en) for r in found)
    return found


def claimed_production(period: PeriodRegistry) -> list[PeriodAsset]:
    """Return the production equipment as the claims count it: by the last version of each asset, in service."""
    return [a for a in period.assets if a.last.production is not False and a.serves]


def unstated(period: PeriodRegistry, *flags: Flag) -> tuple[Finding, ...]:
    """Return a finding per flag that is stated of some assets and not of others."""
    found = []
    for flag in flags:
        silent = [a.id for a in period.serving if flag in a.unstated]
        if silent and period.stated(flag):
            found.append(
                warn(
                    f"registry.unstated.{flag.value}",
                    f"{len(silent)} 台设备没有填写“{flag.value}”：{listed(silent)}；计入分母，不计入分子",
                    f"{flag.value!r} is not stated of {len(silent)} assets: {listed(silent)}; "
                    "they count in denominators and not in numerators",
                    tuple(silent),
                    count=len(silent),
                )
            )
    return tuple(found)
