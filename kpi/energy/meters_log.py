"""Registers and power of a window as the log has them, in ticks, with each change of scale as a change of ratio.

The claim `energy-per-piece/1` takes a reading as value · scale and steps from one to the next; a scale that changes
between two readings (another transformer) makes a step there that is no energy. Here the scale is a ratio from the
instant on at which its configuration is in force, so that no such step arises. Energy is in Wh, as in the claims.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from kpi.calendar import MINUTE_MS
from kpi.days import asset_days
from kpi.document import PLAIN_COUNTER, Counter, SignalSpec
from kpi.energy.coefficients import CoefficientTable
from kpi.energy.meters import RegisterRecord, TransformerRatio, meter_energy
from kpi.energy.meters_totals import consumption
from kpi.energy.unit_energy import Output, PeriodEnergy
from kpi.findings import Finding, warn
from kpi.readings import Readings, compact
from kpi.registry.content import EnergyMeter
from kpi.window import Int64, PointKey
from kpi.workspace import Workspace
from model.signal import Role, SignalType


def register_records(work: Workspace, meter: str) -> tuple[RegisterRecord, ...]:
    """Return the energy registers of a meter with their readings of the visible time, by signal name."""
    found = []
    for key in sorted(work.rows.points, key=lambda k: k.signal):
        if key.stream == f"{meter}.energy":
            record = _record(work, key, meter)
            if record is not None:
                found.append(record)
    return tuple(found)


def power_samples(work: Workspace, key: PointKey) -> tuple[tuple[int, Fraction], ...]:
    """Return the good values of a power signal in the window, scaled, exact."""
    selection = work.selection
    specs = selection.specs(key)
    rows = selection.of_point(key)
    found = []
    for i in (np.flatnonzero(selection.good[rows]) + rows.start).tolist():
        spec = specs[int(selection.config[i])]
        if spec is not None and spec.type is not SignalType.TEXT:
            value = _exact(selection.value[i : i + 1], spec.type)[0] * spec.scale
            found.append((int(selection.tau[i]), value))
    return tuple(found)


def scale_findings(work: Workspace) -> tuple[Finding, ...]:
    """Return a warning per energy register whose scale changes in the window: a claim over it books a step there."""
    found = []
    for key in sorted(work.rows.points, key=lambda k: (k.stream, k.signal)):
        specs = [p.document.signal.get((key.stream, key.signal)) for p in work.parts]
        scales = list(
            dict.fromkeys(s.scale for s in specs if s is not None and s.role is Role.ENERGY)
        )
        if len(scales) > 1:
            meter = key.stream.rpartition(".")[0]
            found.append(
                warn(
                    "energy.scale-changed",
                    f"{meter}/{key.signal} 的倍率在期间内改变（{', '.join(map(str, scales))}）："
                    "energy-per-piece/1 会在此处计入一次跳变，应以分段计算的电量为准",
                    f"the scale of {meter}/{key.signal} changes inside the window "
                    f"({', '.join(map(str, scales))}): energy-per-piece/1 books a step there; "
                    "use the energy by segments",
                    (meter,),
                    scales=len(scales),
                )
            )
    return tuple(found)


def electricity_of(
    work: Workspace, meters: Sequence[str], assets: Sequence[str], table: CoefficientTable
) -> PeriodEnergy:
    """Return the energy of electricity meters and the good pieces of assets over a window, each asset a product.

    Weights are 1 and shares are 1: a frozen list of the site states others, see `kpi.energy.meters.consumption`.
    """
    span = work.span
    consumptions = []
    for meter in meters:
        registers = [
            meter_energy(r, span.start_ms, span.end_ms) for r in register_records(work, meter)
        ]
        listed = EnergyMeter(id=meter, carrier="electricity", unit="W.h", measures=tuple(assets))
        consumptions.append(consumption(listed, registers))
    good = {a: asset_days(work, a).pieces.good for a in assets}
    outputs = tuple(
        Output(product=a, quantity=None if n is None else Fraction(n)) for a, n in good.items()
    )
    return PeriodEnergy(table=table, consumptions=tuple(consumptions), outputs=outputs)


def _record(work: Workspace, key: PointKey, meter: str) -> RegisterRecord | None:
    selection = work.selection
    specs = selection.specs(key)
    known = [s for s in specs if s is not None and s.role is Role.ENERGY]
    if not known:
        return None
    usable = np.array([s is not None and s.role is Role.ENERGY for s in specs])
    rows = selection.of_point(key)
    index = np.flatnonzero(selection.good[rows] & usable[selection.config[rows]]) + rows.start
    ticks, per_unit = _ticks(selection.value[index], selection.config[index], specs)
    return RegisterRecord(
        meter=meter,
        at_ms=selection.tau[index],
        ticks=ticks,
        grade=np.zeros(len(index), dtype=np.uint8),
        ratios=_ratios(work, key),
        tick=Fraction(1, per_unit),
        rules=_rules(known[-1], per_unit),
    )


def _ticks(
    raw: Int64, config: NDArray[np.int32], specs: tuple[SignalSpec | None, ...]
) -> tuple[Readings, int]:
    """Return the exact raw values, before scale, as whole ticks, and how many ticks are one raw unit."""
    kinds = {s.type for i in np.unique(config).tolist() if (s := specs[i]) is not None}
    if kinds <= {SignalType.INT, SignalType.BOOL}:
        return raw, 1
    values: list[Fraction] = []
    for i, used in enumerate(config.tolist()):
        spec = specs[used]
        values += _exact(raw[i : i + 1], spec.type if spec is not None else SignalType.INT)
    per_unit = lcm(*(v.denominator for v in values))
    return compact([int(v * per_unit) for v in values]), per_unit


def _exact(raw: Int64, kind: SignalType) -> list[Fraction]:
    if kind is SignalType.FLOAT:
        return [Fraction(v) for v in raw.view(np.float64).tolist()]
    return [Fraction(v % 2**64 if kind is SignalType.UINT else v) for v in raw.tolist()]


def _ratios(work: Workspace, key: PointKey) -> tuple[TransformerRatio, ...]:
    """Return the scale of each configuration from its first slot on, only where it changes; at least one."""
    history = work.rows.history
    found: list[TransformerRatio] = []
    for slot, entry in zip(history.from_slots, history.used, strict=True):
        spec = entry.document.signal.get((key.stream, key.signal))
        if spec is not None and (not found or found[-1].ratio != spec.scale):
            found.append(TransformerRatio(slot * MINUTE_MS, spec.scale))
    return tuple(found)


def _rules(spec: SignalSpec, per_unit: int) -> Counter:
    """Return the counter rules in ticks; a modulus that is no whole number of ticks is left out."""
    rules = spec.rules
    ticks = per_unit / spec.scale
    modulus, first = rules.modulus * ticks, rules.first * ticks
    rate = Fraction(rules.pieces, rules.per_ms) * ticks
    if rules == PLAIN_COUNTER:
        return rules
    return Counter(
        first=round(first),
        modulus=int(modulus) if modulus.denominator == 1 else 0,
        pieces=rate.numerator if rules.limited else 0,
        per_ms=rate.denominator if rules.limited else 1,
    )
