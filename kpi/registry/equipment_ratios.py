"""Ratios over the register of equipment, each with its own denominator by name; none stands in for another.

Sources: criteria-audit.md E1, O7 (five different ratios in one official form), kpi.md B.3, B.5, A.7 #5.
"""

from __future__ import annotations

from fractions import Fraction

from kpi.findings import Finding, listed, note, warn
from kpi.registry.content import MEASURING_CLASSES, Control, Flag, Process
from kpi.registry.period import PeriodRegistry
from kpi.registry.ratio_readings import (
    Counted,
    EquipmentRatio,
    Reading,
    Wording,
    by_sets,
    claimed_production,
    counted_readings,
    having,
    last_sets,
    one_each,
    ratio,
    reading,
    stated_only,
    undefined,
    unstated,
)
from model.ratio import ratio_of


def nc_ratio(period: PeriodRegistry, seen: frozenset[str] | None = None) -> EquipmentRatio:
    """Return NC equipment / production equipment; the default reading equals the claim `nc-ratio/1`.

    Third reading, where it differs: equipment that left the production equipment inside the period stays in. seen: ids
    observed alive, None = not measured; a machine that answers only corroborates what the registry says of it.
    """
    by_claim = claimed_production(period)
    kept = period.of(Flag.PRODUCTION)
    nc = having(by_claim, Flag.NC)
    main = (
        reading(Wording("sets", "按折算台套计", "by sets"), nc, by_claim, last_sets),
        reading(
            Wording("lines", "一条产线计一台（套）", "a line counts one"), nc, by_claim, one_each
        ),
    )
    flags = (Flag.PRODUCTION, Flag.NC)
    findings = (*unstated(period, *flags), *_corroborated([a.id for a in nc], seen))
    if {a.id for a in kept} == {a.id for a in by_claim}:
        return ratio("nc-ratio", stated_only(period, main, *flags), findings)
    stays = by_sets(
        Wording(
            "kept",
            "期间内改列为非生产装备或退役的设备仍计入分母",
            "equipment relabelled or retired inside the period stays in the denominator",
        ),
        having(kept, Flag.NC),
        kept,
    )
    out = [a.id for a in kept if a.id not in {b.id for b in by_claim}]
    finding = warn(
        "registry.production.relabelled",
        f"{len(out)} 台设备在期间内被移出生产装备：{listed(out)}；另列保留它们的读法",
        f"{len(out)} assets left the production equipment inside the period: {listed(out)}; "
        "the reading that keeps them is printed beside",
        tuple(out),
        kept=stays.value if isinstance(stays.value, Fraction) else "undefined",
    )
    readings = stated_only(period, (*main, stays), *flags)
    return ratio("nc-ratio", readings, (finding, *findings))


def manufacturing_nc_rate(period: PeriodRegistry) -> EquipmentRatio:
    """Return NC manufacturing equipment / manufacturing equipment."""
    return _flag_ratio("manufacturing-nc-rate", period, Flag.MANUFACTURING, Flag.NC)


def key_equipment_nc_rate(period: PeriodRegistry) -> EquipmentRatio:
    """Return NC key equipment / key equipment."""
    return _flag_ratio("key-equipment-nc-rate", period, Flag.KEY, Flag.NC)


def digital_equipment_rate(period: PeriodRegistry) -> EquipmentRatio:
    """Return digital production equipment / production equipment."""
    return _flag_ratio("digital-equipment-rate", period, Flag.PRODUCTION, Flag.DIGITAL)


def smart_share(period: PeriodRegistry) -> EquipmentRatio:
    """Return automated or smart equipment / all equipment, by sets and by lines, without and with instruments."""
    everything = period.serving
    machines = [a for a in everything if a.classes - MEASURING_CLASSES]
    readings = (
        *counted_readings(having(machines, Flag.SMART), machines),
        by_sets(
            Wording(
                "sets-with-instruments",
                "分母含计量仪表，按折算台套计",
                "measuring instruments count as equipment, by sets",
            ),
            having(everything, Flag.SMART),
            everything,
        ),
    )
    return ratio(
        "smart-share", stated_only(period, readings, Flag.SMART), unstated(period, Flag.SMART)
    )


def key_process_nc_rate(period: PeriodRegistry) -> EquipmentRatio:
    """Return NC equipment in key processes / equipment in key processes, reading (b)."""
    keys = {p.id for p in period.processes if p.key}
    inside = [a for a in period.of(Flag.PRODUCTION) if keys & a.processes]
    empty = sorted(keys - {p for a in inside for p in a.processes})
    findings = list(unstated(period, Flag.NC))
    if empty:
        findings.append(
            warn(
                "registry.key-process.without-equipment",
                f"{len(empty)} 道关键工序没有登记设备：{listed(empty)}；按设备的读法看不到它们",
                f"{len(empty)} key processes without registered equipment: {listed(empty)}; "
                "the reading by equipment cannot see them",
                tuple(empty),
                count=len(empty),
            )
        )
    readings = stated_only(period, counted_readings(having(inside, Flag.NC), inside), Flag.NC)
    if not keys:
        readings = tuple(undefined(r, *_NO_KEY_PROCESS) for r in readings)
    return ratio("key-process-nc-rate", readings, findings)


def key_process_nc_rate_by_process(period: PeriodRegistry) -> EquipmentRatio:
    """Return key processes under NC or process control / key processes, reading (a)."""
    keys = [p for p in period.processes if p.key]
    under = [p for p in keys if p.control in (Control.NC, Control.PROCESS_CONTROL)]
    by_process = Reading(
        wording=Wording("processes", "按工序计", "by processes"),
        numerator=tuple(Counted(p.id, 1) for p in under),
        denominator=tuple(Counted(p.id, 1) for p in keys),
        value=ratio_of(len(under), len(keys), en=_NO_KEY_PROCESS[1], zh=_NO_KEY_PROCESS[0]),
    )
    return ratio("key-process-nc-rate-by-process", (by_process,), _contradicted(period, under))


def _flag_ratio(metric: str, period: PeriodRegistry, base: Flag, favour: Flag) -> EquipmentRatio:
    denominator = period.of(base)
    readings = counted_readings(having(denominator, favour), denominator)
    return ratio(
        metric, stated_only(period, readings, base, favour), unstated(period, base, favour)
    )


def _corroborated(nc: list[str], seen: frozenset[str] | None) -> tuple[Finding, ...]:
    """Return how many of the NC machines answered over the network."""
    if seen is None or not nc:
        return ()
    silent = [i for i in nc if i not in seen]
    tail_zh = f"；其余 {len(silent)} 台只有台账为证：{listed(silent)}" if silent else ""
    tail_en = f"; {len(silent)} rest on the registry alone: {listed(silent)}" if silent else ""
    return (
        note(
            "registry.nc.corroborated",
            f"台账列为数控的 {len(nc)} 台设备中，{len(nc) - len(silent)} 台实测联网可佐证{tail_zh}",
            f"of {len(nc)} assets that the registry calls NC, {len(nc) - len(silent)} were observed alive, "
            f"which corroborates it{tail_en}",
            tuple(silent),
            nc=len(nc),
            observed=len(nc) - len(silent),
        ),
    )


_NO_KEY_PROCESS = ("台账没有关键工序清单", "the registry lists no key process")


def _contradicted(period: PeriodRegistry, under: list[Process]) -> tuple[Finding, ...]:
    """Return the processes stated as NC that have equipment, none of which is NC."""
    found = []
    for p in under:
        inside = [a for a in period.serving if p.id in a.processes]
        if p.control is Control.NC and inside and not having(inside, Flag.NC):
            found.append(
                warn(
                    "registry.process.nc-without-nc-equipment",
                    f"工序 {p.id} 填为数控，但其 {len(inside)} 台登记设备都不是数控",
                    f"process {p.id} is stated as numerically controlled, "
                    f"but none of its {len(inside)} registered assets is",
                    (p.id,),
                    equipment=len(inside),
                )
            )
    return tuple(found)
