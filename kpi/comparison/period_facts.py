"""What the sealed log knows of a period besides its daily values: coverage, definitions in force, planned downtime."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from kpi.comparison.compared_metrics import RuleKind
from kpi.comparison.data import PeriodFacts, Rule
from kpi.days import asset_days
from kpi.document import Calendar, ConfigDocument
from kpi.exact import written
from kpi.grades import Origin
from kpi.ratios import asset_slots
from kpi.workspace import Workspace
from model.signal import Role
from model.state import Atom

_COUNTS = (Role.COUNT_GOOD, Role.COUNT_SCRAP, Role.COUNT_TOTAL)


def period_facts(
    work: Workspace, assets: Sequence[str], *, meters: Sequence[str] = (), simulated: bool
) -> PeriodFacts:
    """Return the facts of a window for a comparison of these assets. Mix and staffing are not in the log.

    Coverage: covered / expected slots of the required points of each asset and meter (kpi-audit E21).
    """
    names = sorted({*assets, *meters})
    slots = asset_slots(work)
    coverage = tuple(
        (name, Fraction(sum(p.covered for p in slots[name].points), slots[name].expected))
        for name in names
        if name in slots and slots[name].expected
    )
    atoms = [asset_days(work, a).atoms for a in sorted(set(assets))]
    down = sum(a[Atom.PM] + a[Atom.BRK] for a in atoms)
    busy = sum(asset_days(work, a).days[i].pbt for a in assets for i in range(len(work.days)))
    return PeriodFacts(
        origin=Origin.MEASURED,
        simulated=simulated,
        coverage=coverage,
        rules=tuple(r for p in work.parts for r in rules_of(p.document, assets, meters)),
        planned_downtime_ms=down,
        planned_operation_ms=busy + down,
    )


def rules_of(document: ConfigDocument, assets: Sequence[str], meters: Sequence[str]) -> list[Rule]:
    """Return the definitions of one configuration that a comparison depends on."""
    found = [Rule(RuleKind.CALENDAR, "*", _calendar(document.calendar))]
    for name in sorted(set(assets)):
        asset = document.asset.get(name)
        if asset is None:
            continue
        found.append(Rule(RuleKind.IDEAL_CYCLE, name, written(asset.ideal_cycle_ms)))
        found.append(Rule(RuleKind.STATE_TABLE, name, _table(document, asset.state_table)))
        found.append(Rule(RuleKind.COUNTING, name, _signals(document, name, _COUNTS)))
    found += [
        Rule(RuleKind.METER_RATIO, name, _signals(document, name, (Role.ENERGY,)))
        for name in sorted(set(meters))
    ]
    return found


def _calendar(calendar: Calendar) -> str:
    shifts = ", ".join(
        f"{s.from_min}-{s.to_min}/{''.join(map(str, sorted(s.weekdays)))}" for s in calendar.shifts
    )
    breaks = ", ".join(f"{a}-{b}" for a, b in calendar.breaks)
    return f"shifts {shifts}; breaks {breaks or '-'}; day {calendar.day_start_min}"


def _table(document: ConfigDocument, name: str) -> str:
    table = document.table.get(name)
    if table is None:
        return name or "-"
    rows = ", ".join(f"{raw}={state.value}" for raw, state in sorted(table.map.items()))
    return f"{name}: {rows}; other={table.other.value}"


def _signals(document: ConfigDocument, asset: str, roles: Sequence[Role]) -> str:
    return "; ".join(
        f"{role.value} x{written(signal.scale)}"
        for role in roles
        for signal in document.signals_of(asset, role)
    )
