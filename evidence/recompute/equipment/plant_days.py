"""Integers of the energy per piece of a whole plant by production day (claims.md §5 `before-after/2`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from evidence.recompute.equipment.asset_days import AssetDays, DayIntegers, in_service
from evidence.recompute.equipment.asset_work import AssetWork
from evidence.recompute.equipment.energy_per_piece import energy_registers
from evidence.recompute.equipment.production_days import ProductionDay
from evidence.recompute.equipment.registers import Register
from evidence.recompute.equipment.signals import Signals
from evidence.recompute.equipment.sums import sums_of

PLANT: Final = "plant"
"""The one asset of this metric."""
_STEPS_A_DAY: Final = 10
"""Steps of work that one register and day costs."""


def plant_days(
    signals: Signals, meters: Sequence[str], assets: Sequence[str], days: Sequence[ProductionDay]
) -> AssetDays:
    """Return Wh of the meters and good pieces of the assets on the whole production days of the period of `signals`.

    A day on which a meter has no accepted reading is unknown as a whole, and every day if an asset is not measured.
    """
    good: Counter[int] = Counter()
    busy: Counter[int] = Counter()
    measured = True
    for asset in assets:
        work = AssetWork(signals, asset)
        for day, cells in in_service(work, days):
            sums = sums_of(cells, work.roles, work.product, None)
            good[day.number] += sum(row.good or 0 for row in sums.rows)
            busy[day.number] += sums.pbt
        measured = measured and work.is_measured
    registers = [[one.register for one in energy_registers(signals, meter)] for meter in meters]
    number = sum(map(len, registers))
    what = "the days of the meters", "电表的日数据"
    signals.window.budget.spend(_STEPS_A_DAY * number * len(days), *what)
    found = {}
    for day in days:
        booked = sum(_booked(one, day) for own in registers for one in own)
        known = measured and all(_answered(own, day) for own in registers)
        base = busy[day.number]
        found[day.number] = DayIntegers(
            n=booked, d=good[day.number], p=base, k=0 if known else base, low=booked, high=booked
        )
    return AssetDays(PLANT, found, measured=measured)


def _booked(register: Register, day: ProductionDay) -> int:
    until = register.bookings.until
    return sum(until(end) - until(start) for start, end in day.stretches)


def _answered(registers: Sequence[Register], day: ProductionDay) -> bool:
    """Return whether a register of a meter has an accepted reading in the day."""
    return any(
        register.accepted_between(start, end)
        for register in registers
        for start, end in day.stretches
    )
