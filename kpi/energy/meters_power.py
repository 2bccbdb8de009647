"""Integral of a power signal against the energy register of the same meter: two witnesses of one energy (C37)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from kpi.display import percent_text
from kpi.findings import Finding, note, warn

MS_PER_HOUR: Final = 3_600_000
TOLERANCE: Final = Fraction(1, 20)
"""Largest difference, as a share of the register, that is not a finding (ours)."""
LEAST_COVERED: Final = Fraction(9, 10)
"""Share of the time between the two register readings in which power must be known for the comparison (ours)."""


@dataclass(frozen=True, slots=True)
class PowerCheck:
    """Both energies over the time between the first and the last register reading."""

    register_wh: Fraction
    integral_wh: Fraction
    """By trapezoids, exact; only over the time in which power is known."""
    covered: Fraction
    """Share of the time in which power is known."""
    findings: tuple[Finding, ...]


def power_check(
    meter: str,
    register: Sequence[tuple[int, Fraction]],
    power: Sequence[tuple[int, Fraction]],
    hold_ms: int,
) -> PowerCheck:
    """Return the comparison of a register (instant, Wh) with a power signal (instant, W), both by time.

    The register has at least two readings, at different instants, without reset between them. Power is known between
    two samples at most `hold_ms` apart. The register is compared with the integral over the known time, scaled to all
    of it. Raises ValueError for fewer than two register readings.
    """
    if len(register) < 2 or register[0][0] >= register[-1][0]:
        raise ValueError("a register needs two readings at different instants")
    low, high = register[0][0], register[-1][0]
    wh = register[-1][1] - register[0][1]
    twice, known = Fraction(0), 0
    for (a, x), (b, y) in pairwise(_around(power, low, high)):
        left, right = max(a, low), min(b, high)
        if b - a > hold_ms or left >= right:
            continue
        slope = (y - x) / (b - a) if b > a else Fraction(0)
        twice += (right - left) * (2 * x + slope * (left - a + right - a))
        known += right - left
    integral = twice / (2 * MS_PER_HOUR)
    covered = Fraction(known, high - low)
    return PowerCheck(wh, integral, covered, _judge(meter, wh, integral, covered))


def _around(
    power: Sequence[tuple[int, Fraction]], low: int, high: int
) -> Sequence[tuple[int, Fraction]]:
    """Return the samples of [low, high] with one neighbour on either side."""
    times = [at for at, _ in power]
    return power[max(bisect_left(times, low) - 1, 0) : bisect_right(times, high) + 1]


def _judge(meter: str, wh: Fraction, integral: Fraction, covered: Fraction) -> tuple[Finding, ...]:
    if covered < LEAST_COVERED:
        return (
            note(
                "energy.power-not-compared",
                f"{meter} 的功率只在 {percent_text(covered)} % 的时间已知，无法与电量寄存器核对",
                f"the power of {meter} is known in {percent_text(covered)} % of the time only: "
                "no comparison with its register",
                (meter,),
                covered=covered,
            ),
        )
    whole = integral / covered
    if abs(whole - wh) <= TOLERANCE * wh:
        return ()
    return (
        warn(
            "energy.power-against-register",
            f"{meter} 的功率积分 {_whole(whole)} Wh 与寄存器 {_whole(wh)} Wh 相差超过 5 %："
            "检查互感器变比与接线",
            f"the integral of the power of {meter}, {_whole(whole)} Wh, differs from its register, "
            f"{_whole(wh)} Wh, by more than 5 %: check transformer ratio and wiring",
            (meter,),
            integral_wh=whole,
            register_wh=wh,
        ),
    )


def _whole(value: Fraction) -> str:
    """Return a number rounded half to even to whole units, as text."""
    return str(round(value))
