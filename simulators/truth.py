"""The true figures of a plan, from its events alone (docs/simulators.md, `truth-v1`).

Two truths: *ideal*, what happened in the plant, and *measurable*, what a perfect agent must compute from the trace.
Nothing here is shared with the engines that it checks.
"""

from __future__ import annotations

import argparse
import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from model.state import Atom
from simulators.delivery import delivery_of
from simulators.demo_plant import (
    MACHINES,
    REGISTRY,
    REQUIRED_SIGNALS,
    Regime,
    RegisteredSpec,
)
from simulators.events import WMS_PER_WH, EnergyCurve, MachineEvents, PlantEvents, period_events
from simulators.history import calendar_document, scenario_sha256
from simulators.injected import CounterReset, Fault, Gap, injected_faults
from simulators.plan import LEAD_SLOTS, MINUTE_MS, Period, Plan, Stop, local_date
from simulators.registers import counter_base, energy_base_wh
from simulators.truth_measured import (
    SlotCount,
    darkness_of,
    lost_in_reset,
    measured_pieces,
    measured_spells,
    measured_wh,
    slot_count,
)
from simulators.truth_time import Spell, atoms_by_day, planned_busy_ms, production_ms

VERSION: Final = "truth-v1"
NETWORKED_THRESHOLD: Final = Fraction(19, 20)
KGCE_PER_10_MWH: Final = 1229
"""Electricity, equivalent value: 0.1229 kgce/kWh, the tabulated number."""
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class MachineTruth:
    """Integers of one machine over some days."""

    ideal_cycle_ms: int
    atoms: Mapping[Atom, int]
    good: int
    scrap: int

    @property
    def pbt(self) -> int:
        """Return planned busy time in ms."""
        return planned_busy_ms(dict(self.atoms))

    @property
    def apt(self) -> int:
        """Return actual production time in ms."""
        return production_ms(dict(self.atoms))

    def document(self) -> Json:
        """Return the JSON form."""
        return {
            "atoms": {a.value: ms for a, ms in self.atoms.items()},
            "pbt": self.pbt,
            "apt": self.apt,
            "good": self.good,
            "scrap": self.scrap,
            "total": self.good + self.scrap,
        }


@dataclass(frozen=True, slots=True)
class PeriodTruth:
    """One truth of one period: by production day and machine, by production day and meter, slots by asset."""

    day_starts: tuple[int, ...]
    machines: Mapping[str, tuple[MachineTruth, ...]]
    wh: Mapping[str, tuple[int, ...]]
    slots: Mapping[str, SlotCount]
    regime: Regime

    def whole(self, asset: str) -> MachineTruth:
        """Return the sum over the days of one machine."""
        days = self.machines[asset]
        atoms = {a: sum(d.atoms[a] for d in days) for a in Atom}
        good, scrap = sum(d.good for d in days), sum(d.scrap for d in days)
        return MachineTruth(days[0].ideal_cycle_ms, atoms, good, scrap)


def plan_truth(plan: Plan) -> Json:
    """Return the truth file of a plan as a JSON object."""
    periods: Json = {}
    both: dict[str, list[PeriodTruth]] = {"ideal": [], "measurable": []}
    for period in plan.periods:
        events = period_events(plan, period)
        faults = injected_faults(period, events)
        ideal = _ideal(plan, period, events)
        measurable = _measurable(plan, period, events, faults)
        both["ideal"].append(ideal)
        both["measurable"].append(measurable)
        periods[period.regime.value] = {
            "window": list(period.slots),
            "faults": [_fault_document(f, events, faults) for f in faults],
            "rollovers": _rollovers(plan, period, events),
            "ideal": _period_document(ideal),
            "measurable": _period_document(measurable),
        }
    return {
        "v": VERSION,
        "origin": "simulator",
        "seed": plan.seed,
        "first_day": plan.first_day.isoformat(),
        "scenario_sha256": scenario_sha256(plan),
        "lead_slots": LEAD_SLOTS,
        "calendar": calendar_document(plan),
        "machines": [
            {
                "asset": m.id,
                "ideal_cycle_ms": m.ideal_cycle_ms,
                "minor_stop_ms": m.minor_stop_ms,
                "modulus": m.modulus,
                "max_rate": list(m.max_rate),
            }
            for m in MACHINES
        ],
        "registry": [asdict(r) for r in REGISTRY],
        "points": {k: list(v) for k, v in REQUIRED_SIGNALS.items()},
        "periods": periods,
        "comparison": {name: _comparison(*pair) for name, pair in both.items()},
    }


def _ideal(plan: Plan, period: Period, events: PlantEvents) -> PeriodTruth:
    edges = [*period.days, period.end_ms]
    machines = {}
    for machine in events.machines:
        good = _between(machine.good_ms.tolist(), edges)
        scrap = _between(machine.scrap_ms.tolist(), edges)
        machines[machine.spec.id] = _machine_days(
            machine, machine.spells(), (good, scrap), period, plan.stops
        )
    wh = {}
    for meter, curve in events.curves.items():
        shown = [_true_wh(curve, edge) for edge in edges]
        wh[meter] = tuple(b - a for a, b in pairwise(shown))
    slots = {a: slot_count(a, period, _stops_ms(plan, period, a), ()) for a in REQUIRED_SIGNALS}
    return PeriodTruth(period.days, machines, wh, slots, period.regime)


def _measurable(
    plan: Plan, period: Period, events: PlantEvents, faults: Sequence[Fault]
) -> PeriodTruth:
    edges = [*period.days, period.end_ms]
    machines = {}
    for machine in events.machines:
        asset = machine.spec.id
        spells = measured_spells(asset, machine.spells(), faults, period.span)
        by_total = any(i.name == "total" for i in delivery_of(asset).items)
        good = measured_pieces(
            machine, machine.good_ms, item_name="good", edges=edges, faults=faults
        )
        if by_total:
            total = measured_pieces(
                machine, machine.total_ms, item_name="total", edges=edges, faults=faults
            )
            scrap = [t - g for t, g in zip(total, good, strict=True)]
        else:
            scrap = measured_pieces(
                machine, machine.scrap_ms, item_name="scrap", edges=edges, faults=faults
            )
        machines[asset] = _machine_days(machine, spells, (good, scrap), period, plan.stops)
    wh = {
        meter: tuple(
            measured_wh(curve, meter, energy_base_wh(plan.seed, meter, period.regime), edges)
        )
        for meter, curve in events.curves.items()
    }
    slots = {a: slot_count(a, period, _stops_ms(plan, period, a), faults) for a in REQUIRED_SIGNALS}
    return PeriodTruth(period.days, machines, wh, slots, period.regime)


def _machine_days(
    machine: MachineEvents,
    spells: Sequence[Spell],
    pieces: tuple[Sequence[int], Sequence[int]],
    period: Period,
    stops: Sequence[Stop],
) -> tuple[MachineTruth, ...]:
    spec = machine.spec
    atoms = atoms_by_day(
        spells, period, asset=spec.id, stops=stops, minor_stop_ms=spec.minor_stop_ms
    )
    return tuple(
        MachineTruth(spec.ideal_cycle_ms, a, g, s) for a, g, s in zip(atoms, *pieces, strict=True)
    )


def _between(instants: Sequence[int], edges: Sequence[int]) -> list[int]:
    """Return how many of the ascending instants lie in each [edge, next edge)."""
    at = [bisect_left(instants, edge) for edge in edges]
    return [b - a for a, b in pairwise(at)]


def _true_wh(curve: EnergyCurve, at_ms: int) -> int:
    """Return whole Wh up to an instant."""
    return int(curve.wms_at(np.array([at_ms], np.int64))[0]) // WMS_PER_WH


def _stops_ms(plan: Plan, period: Period, asset: str) -> int:
    return sum(
        s.to_ms - s.from_ms
        for s in plan.stops
        if s.asset in {asset, "*"} and period.start_ms <= s.from_ms < period.end_ms
    )


def _period_document(truth: PeriodTruth) -> Json:
    days = []
    for i, start in enumerate(truth.day_starts):
        days.append(
            {
                "day": local_date(start).isoformat(),
                "start_ms": start,
                "assets": {a: m[i].document() for a, m in sorted(truth.machines.items())},
                "wh": {meter: wh[i] for meter, wh in sorted(truth.wh.items())},
            }
        )
    window = {
        "assets": {a: truth.whole(a).document() for a in sorted(truth.machines)},
        "wh": {meter: sum(wh) for meter, wh in sorted(truth.wh.items())},
        "slots": {a: asdict(c) for a, c in sorted(truth.slots.items())},
        "kpi": _kpi_document(truth),
    }
    return {"days": days, "window": window}


def _kpi_document(truth: PeriodTruth) -> Json:
    """Return the figures of a period as exact fractions, from sums only."""
    whole = [truth.whole(a) for a in truth.machines]
    pbt, apt = sum(m.pbt for m in whole), sum(m.apt for m in whole)
    calendar = sum(sum(m.atoms.values()) for m in whole)
    ideal_good = sum(m.ideal_cycle_ms * m.good for m in whole)
    ideal_total = sum(m.ideal_cycle_ms * (m.good + m.scrap) for m in whole)
    good = sum(m.good for m in whole)
    wh = sum(sum(days) for days in truth.wh.values())
    after = truth.regime is Regime.AFTER
    production = [r for r in REGISTRY if r.production and not (r.retired and after)]
    networked = [r for r in production if r.id in truth.slots and _alive(truth.slots[r.id])]
    connected = {a: Fraction(c.alive, c.expected) for a, c in truth.slots.items()}
    judged = sorted({*connected, *(r.id for r in production)})
    official = sum((connected.get(a, Fraction(0)) for a in judged), Fraction(0)) / len(judged)
    scrap = sum(m.scrap for m in whole)
    return {
        "oee": _ratio(ideal_good, pbt),
        "availability": _ratio(apt, pbt),
        "effectiveness": _ratio(ideal_total, apt),
        "quality_ideal": _ratio(ideal_good, ideal_total),
        "utilisation": _ratio(apt, calendar),
        "oee_by_asset": {
            a: _ratio(m.ideal_cycle_ms * m.good, m.pbt)
            for a, m in sorted((a, truth.whole(a)) for a in truth.machines)
        },
        "nc_ratio": _ratio(sum(r.nc for r in production), len(production)),
        "networked_declared": _ratio(sum(r.networked for r in production), len(production)),
        "networked_observed": _ratio(len(networked), len(production)),
        "energy_wh_per_good_piece": _ratio(wh, good),
        "energy_kgce_per_good_piece": _ratio(wh * KGCE_PER_10_MWH, 10_000_000 * good),
        "defect_rate": _ratio(scrap, good + scrap),
        "registry": _registry_document(production),
        "upload_rate_official": str(official),
        "upload_rate_by_asset": {a: str(connected.get(a, Fraction(0))) for a in judged},
    }


def _registry_document(production: Sequence[RegisteredSpec]) -> Json:
    """Return the ratios of the registry over the production equipment of a period, each machine one set."""
    smart = [r for r in production if r.smart]
    key = [r for r in production if r.key]
    serving = [r for r in production if r.key_step]
    steps = sorted({r.key_step for r in serving})
    controlled = [s for s in steps if all(r.nc for r in serving if r.key_step == s)]
    digital = [r for r in production if (r.nc or r.smart) and r.networked]
    return {
        "smart_share": _ratio(len(smart), len(production)),
        "smart_declared_networked": _ratio(sum(r.networked for r in smart), len(smart)),
        "networked_of_smart": _ratio(sum(r.networked for r in production), len(smart)),
        "key_equipment_nc": _ratio(sum(r.nc for r in key), len(key)),
        "key_process_nc_by_equipment": _ratio(sum(r.nc for r in serving), len(serving)),
        "key_process_nc_by_process": _ratio(len(controlled), len(steps)),
        "digital_equipment": _ratio(len(digital), len(production)),
    }


def _alive(count: SlotCount) -> bool:
    return Fraction(count.alive, count.expected) >= NETWORKED_THRESHOLD


def _ratio(num: int, den: int) -> str:
    """Return an exact fraction in lowest terms as num/den."""
    value = Fraction(num, den)
    return f"{value.numerator}/{value.denominator}"


def _comparison(before: PeriodTruth, after: PeriodTruth) -> Json:
    """Return the change of OEE (increase) and of energy per good piece (reduction) over the valid days."""
    document: Json = {}
    sums = {side: _daily_sums(t) for side, t in (("before", before), ("after", after))}
    for metric in ("oee", "energy"):
        totals = {}
        for side, by_metric in sums.items():
            valid = [(n, d) for n, d, ok in by_metric[metric] if ok]
            totals[side] = (sum(n for n, _ in valid), sum(d for _, d in valid))
            document[f"{metric}_{side}"] = {
                "days": len(by_metric[metric]),
                "valid": len(valid),
                "n": totals[side][0],
                "d": totals[side][1],
            }
        (nb, db), (na, da) = totals["before"], totals["after"]
        rise = Fraction(na * db, nb * da)
        change = rise - 1 if metric == "oee" else 1 - rise
        document[f"{metric}_change"] = f"{change.numerator}/{change.denominator}"
    return document


def _daily_sums(truth: PeriodTruth) -> dict[str, list[tuple[int, int, bool]]]:
    """Return (N, D, valid) per production day for both metrics."""
    oee, energy = [], []
    for i in range(len(truth.day_starts)):
        day = [m[i] for m in truth.machines.values()]
        pbt = sum(m.pbt for m in day)
        ideal_good = sum(m.ideal_cycle_ms * m.good for m in day)
        unknown = sum(m.atoms[Atom.UNK] for m in day)
        oee.append((ideal_good, pbt, pbt > 0 and ideal_good > 0 and unknown * 10 <= pbt))
        good, wh = sum(m.good for m in day), sum(days[i] for days in truth.wh.values())
        energy.append((wh, good, good > 0 and wh > 0))
    return {"oee": oee, "energy": energy}


def _fault_document(fault: Fault, events: PlantEvents, faults: Sequence[Fault]) -> Json:
    """Return a fault with its expected effect, per machine, in ms, pieces and slots."""
    document: Json = {"kind": type(fault).__name__, **asdict(fault)}
    if isinstance(fault, Gap):
        document["cause"] = fault.cause.name.lower()
    document["unknown_ms"] = {
        m.spec.id: dark.to_ms - dark.from_ms
        for m in events.machines
        for origin, dark in darkness_of(m.spec.id, m.spells(), faults)
        if origin is fault
    }
    if isinstance(fault, CounterReset):
        machine, delivery = events.machine(fault.asset), delivery_of(fault.asset)
        document["counted_as_reset"] = ["good", "scrap"]
        document["lost_pieces"] = {
            "good": lost_in_reset(delivery, machine.good_ms, fault, on_change=False),
            "scrap": lost_in_reset(delivery, machine.scrap_ms, fault, on_change=False),
        }
        document["note"] = "the counters start at 0 in a fault spell; after it they count on from 0"
    else:
        document["slots_per_point"] = (fault.to_ms - fault.from_ms) // MINUTE_MS
        document["lost_pieces"] = {}
        document["note"] = "the device counts on; its pieces and Wh are booked over the interval"
    return document


def _rollovers(plan: Plan, period: Period, events: PlantEvents) -> Json:
    """Return how often each counter passes its modulus inside the window."""
    found: Json = {}
    for machine in events.machines:
        base = counter_base(plan.seed, machine.spec, period.regime).good
        known = [base + bisect_left(machine.good_ms, e) for e in (period.start_ms, period.end_ms)]
        passed = known[1] // machine.spec.modulus - known[0] // machine.spec.modulus
        if passed:
            found[f"{machine.spec.id}.good"] = passed
    return found


def write_truth(plan: Plan, path: Path) -> None:
    """Write the truth file of `plan`."""
    text = json.dumps(plan_truth(plan), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Write a truth file: `python -m simulators.truth --out FILE --first-day 2026-08-03 [--seed 7]`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first-day", type=date.fromisoformat, required=True)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    write_truth(Plan(chosen.seed, chosen.first_day), chosen.out)


if __name__ == "__main__":
    main()
