"""Sums over registers: import and export apart, and what a meter of the frozen list adds to a period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kpi.energy.meters import GRADES, MeterEnergy
from kpi.energy.unit_energy import Consumption, ReadingGrade
from kpi.registry.content import EnergyMeter, Flow
from model.ratio import Ratio, Undefined


@dataclass(frozen=True, slots=True)
class FlowTotals:
    """Import and export apart; the net is formed only by who asks for it."""

    imported: Ratio
    exported: Ratio

    @property
    def net(self) -> Ratio:
        """Return import − export; undefined if either is. Own generation that is used inside is in neither."""
        if isinstance(self.imported, Undefined):
            return self.imported
        if isinstance(self.exported, Undefined):
            return self.exported
        return self.imported - self.exported


def totals(registers: Sequence[MeterEnergy]) -> FlowTotals:
    """Return the sums by flow, all in one unit; a register without energy makes its sum undefined, not smaller.

    Without any export register nothing is known to be exported and the sum is 0. Raises ValueError for two units.
    """
    if len({r.unit for r in registers}) > 1:
        raise ValueError("registers of one sum need one unit")
    return FlowTotals(
        _total([r for r in registers if r.flow is Flow.IMPORT], empty=False),
        _total([r for r in registers if r.flow is Flow.EXPORT], empty=True),
    )


def _total(registers: Sequence[MeterEnergy], *, empty: bool) -> Ratio:
    if not registers and not empty:
        return Undefined("no import register is listed", "没有登记正向（用电）寄存器")
    total = Fraction(0)
    for r in registers:
        if isinstance(r.energy, Undefined):
            return r.energy
        total += r.energy
    return total


def consumption(meter: EnergyMeter, registers: Sequence[MeterEnergy]) -> Consumption:
    """Return what a meter of the frozen list adds to the energy of a period: the sum of its import registers.

    registers: all of that meter. The amount is None (not known) if any is undefined or there is none.
    """
    imported = [r for r in registers if r.flow is Flow.IMPORT]
    total = totals(imported).imported
    return Consumption(
        carrier=meter.carrier,
        unit=imported[0].unit if imported else meter.unit,
        amount=None if isinstance(total, Undefined) else total,
        source=meter.id,
        grade=max((r.worst for r in imported), key=GRADES.index, default=ReadingGrade.MEASURED),
        share=meter.share,
        share_rule=meter.share_rule,
    )
