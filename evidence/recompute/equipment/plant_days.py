"""Integers of the energy per piece of a whole plant by production day (claims.md §5 `before-after/2`)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from evidence.recompute.equipment.asset_days import (
    AssetDays,
    DayIntegers,
    in_service,
    pieces_of_day,
)
from evidence.recompute.equipment.asset_work import AssetWork
from evidence.recompute.equipment.bounds import extra_good, good_made
from evidence.recompute.equipment.energy_per_piece import energy_registers
from evidence.recompute.equipment.production_days import ProductionDay
from evidence.recompute.equipment.registers import Register
from evidence.recompute.equipment.signals import Counted, Signals
from evidence.recompute.equipment.statistics import Pieces
from evidence.recompute.interval import Pair
from evidence.recompute.plant_model import Plant
from model.signal import Role

PLANT: Final = "plant"
"""The one asset of this metric."""
_STEPS_A_DAY: Final = 10
"""Steps of work that one register and day costs."""


def plant_days(
    signals: Signals, meters: Sequence[str], assets: Sequence[str], days: Sequence[ProductionDay]
) -> AssetDays:
    """Return Wh of the meters and good pieces of the assets on the whole production days of the period of `signals`.

    A day is unknown as a whole if a register did not answer on it, may have lost energy on it, or good pieces of an
    asset are not known on it. There are no days if an asset is not measured.
    """
    work_of = [AssetWork(signals, asset) for asset in assets]
    if not all(work.is_measured for work in work_of):
        return AssetDays(PLANT, {}, measured=False)
    pieces: dict[int, list[Pieces]] = {day.number: [] for day in days}
    for work in work_of:
        for day, cells in in_service(work, days):
            pieces[day.number].append(pieces_of_day(work, cells, day))
    registers = [[*energy_registers(signals, meter)] for meter in meters]
    number = sum(map(len, registers))
    what = "the days of the meters", "电表的日数据"
    signals.window.budget.spend(_STEPS_A_DAY * number * len(days), *what)
    found = {}
    for day in days:
        plants = {run.plant for run in signals.window.runs_within(day.start, day.end)}
        own = [
            _MeterDay(meter, counted, day, plants, signals.window.end)
            for meter, counted in zip(meters, registers, strict=True)
        ]
        found[day.number] = _integers(own, pieces[day.number])
    return AssetDays(PLANT, found)


class _MeterDay:
    """The registers of one meter on one day. spread: known, or between accepted readings before and after it."""

    def __init__(
        self,
        meter: str,
        registers: Sequence[Counted],
        day: ProductionDay,
        plants: Iterable[Plant],
        end: int,
    ) -> None:
        needed = {
            signal.name
            for plant in plants
            for signal in plant.of_role(f"{meter}.energy", Role.ENERGY)
        }
        asked = [one.register for one in registers if one.name in needed]
        self.wh = sum(_booked(one.register, day) for one in registers)
        whole = bool(needed) and not any(_may_lack(one.register, day, end) for one in registers)
        self.is_known = whole and all(one.accepted_between(day.start, day.end) for one in asked)
        self.is_spread = self.is_known or (whole and all(_reaches_round(one, day) for one in asked))


def _integers(meters: Sequence[_MeterDay], pieces: Sequence[Pieces]) -> DayIntegers:
    wh = sum(meter.wh for meter in meters)
    good = sum(good_made(one)[0] for one in pieces)
    base = sum(one.sums.pbt for one in pieces)
    told = all(row.good is not None for one in pieces for row in one.rows)
    known = told and all(meter.is_known for meter in meters)
    low: Pair | None = None
    high: Pair | None = None
    if told and all(meter.is_spread for meter in meters):
        extra = [extra_good(one) for one in pieces]
        if None not in extra:
            low = wh, good + sum(count or 0 for count in extra)
        high = wh, good - sum(one.lost for one in pieces)
    return DayIntegers(n=wh, d=good, p=base, k=0 if known else base, low=low, high=high)


def _booked(register: Register, day: ProductionDay) -> int:
    return register.bookings.until(day.end) - register.bookings.until(day.start)


def _may_lack(register: Register, day: ProductionDay, end: int) -> bool:
    """Return whether the day meets a gap between accepted readings, or one that ends in quarantined readings."""
    at = bisect_right(register.doubts, day.start, key=lambda doubt: doubt.end)
    if at < len(register.doubts) and register.doubts[at].start < day.end:
        return True
    proof = register.proof if register.doubtful else None
    return proof is not None and proof[0] < day.end and day.start < end


def _reaches_round(register: Register, day: ProductionDay) -> bool:
    """Return whether there are accepted readings before and after the day."""
    accepted = register.accepted
    return bool(accepted) and accepted[0] <= day.start and day.end <= accepted[-1]
