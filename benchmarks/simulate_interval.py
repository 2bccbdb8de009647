"""Coverage, width and false-pass rate of CI-1, flag rates of DR-1 and of the change point, by simulation.

Run: `python benchmarks/simulate_interval.py [--runs 4000] [--sample 20] [--seed 20261121]`. The interval is computed in
numpy floats for all runs of a cell at once and, on a sample of runs, by the exact implementation; the two must agree.
The plants are those of the reference simulation: daily ratio = base · (1 + weekday effect) + AR(1) noise of standard
deviation 0.08, base 0.60 before and 0.66 after (true gain 10 %), nominal 90 % two-sided. False pass = lower bound
≥ 10 % when the gain is exactly 10 %.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from kpi.comparison.drift import drift
from kpi.comparison.interval import Day, interval
from kpi.comparison.nonroutine import change_point
from kpi.comparison.planning import Noise, predicted_half_width
from kpi.comparison.weekly import weekly_influences
from kpi.student_t import T95_MICRO, T975_MICRO

Array = NDArray[np.float64]
Pair = tuple[Array, Array]
"""N and D of all runs, shape (runs, days)."""

T95 = np.array(T95_MICRO) / 1e6
T975 = np.array(T975_MICRO) / 1e6
SD = 0.08
BEFORE, AFTER = 0.60, 0.66
MONDAY = date(2026, 3, 2)


@dataclass(frozen=True)
class Plant:
    name: str
    plan: tuple[int, ...]
    """Planned minutes Monday to Sunday."""
    effect: tuple[float, ...]
    """Relative weekday effect."""

    @property
    def week_days(self) -> int:
        return sum(m > 0 for m in self.plan)


SHORT_SUNDAY = (1440,) * 6 + (480,)
PLANTS = (
    Plant("7-day, short Sunday", SHORT_SUNDAY, (0.0,) * 7),
    Plant("5-day", (1440,) * 5 + (0, 0), (0.0,) * 7),
    # "+6 … −8 %" in the reference, here in equal steps from Monday to Sunday
    Plant("7-day, strong weekday", SHORT_SUNDAY, tuple(0.06 - 0.14 * i / 6 for i in range(7))),
)
REFERENCE = {
    # plant, φ, days: coverage iid, coverage CI-1, width pp iid, CI-1, false pass iid, CI-1 (kpi-audit §2)
    (0, 0.0, 30): (0.899, 0.940, 12.5, 14.8, 0.045, 0.027),
    (0, 0.0, 60): (0.896, 0.939, 8.8, 10.5, 0.051, 0.029),
    (0, 0.0, 90): (0.901, 0.927, 7.1, 8.0, 0.046, 0.034),
    (0, 0.0, 180): (0.901, 0.933, 5.1, 5.7, 0.049, 0.035),
    (0, 0.3, 30): (0.770, 0.915, 12.3, 18.7, 0.106, 0.038),
    (0, 0.3, 60): (0.783, 0.937, 8.7, 13.4, 0.104, 0.029),
    (0, 0.3, 90): (0.786, 0.919, 7.1, 10.4, 0.109, 0.044),
    (0, 0.3, 180): (0.781, 0.924, 5.0, 7.5, 0.104, 0.032),
    (0, 0.6, 30): (0.595, 0.894, 11.9, 26.8, 0.198, 0.054),
    (0, 0.6, 60): (0.607, 0.910, 8.5, 18.4, 0.196, 0.044),
    (0, 0.6, 90): (0.609, 0.909, 7.0, 14.3, 0.191, 0.043),
    (0, 0.6, 180): (0.610, 0.916, 5.0, 10.4, 0.197, 0.038),
    (1, 0.0, 30): (0.899, 0.936, 14.1, 16.6, 0.050, 0.032),
    (1, 0.0, 60): (0.909, 0.947, 9.9, 11.7, 0.045, 0.027),
    (1, 0.0, 90): (0.903, 0.932, 8.1, 9.1, 0.046, 0.034),
    (1, 0.0, 180): (0.901, 0.930, 5.7, 6.4, 0.050, 0.034),
    (1, 0.3, 30): (0.805, 0.918, 13.9, 20.4, 0.099, 0.042),
    (1, 0.3, 60): (0.803, 0.927, 9.8, 14.3, 0.098, 0.038),
    (1, 0.3, 90): (0.817, 0.920, 8.1, 11.2, 0.089, 0.037),
    (1, 0.3, 180): (0.811, 0.926, 5.7, 8.0, 0.101, 0.043),
    (1, 0.6, 30): (0.634, 0.909, 13.5, 32.1, 0.185, 0.051),
    (1, 0.6, 60): (0.632, 0.917, 9.7, 19.6, 0.183, 0.043),
    (1, 0.6, 90): (0.639, 0.914, 8.0, 15.3, 0.186, 0.039),
    (1, 0.6, 180): (0.647, 0.910, 5.7, 10.9, 0.169, 0.042),
    (2, 0.0, 30): (0.921, 0.958, 13.2, 15.7, 0.043, 0.024),
    (2, 0.0, 60): (0.923, 0.954, 9.3, 10.9, 0.039, 0.021),
    (2, 0.0, 90): (0.923, 0.947, 7.6, 8.4, 0.035, 0.022),
    (2, 0.0, 180): (0.924, 0.945, 5.3, 6.0, 0.041, 0.028),
    (2, 0.3, 30): (0.819, 0.945, 13.1, 20.0, 0.093, 0.028),
    (2, 0.3, 60): (0.800, 0.935, 9.2, 14.0, 0.099, 0.033),
    (2, 0.3, 90): (0.805, 0.936, 7.5, 10.9, 0.098, 0.030),
    (2, 0.3, 180): (0.808, 0.943, 5.3, 7.7, 0.097, 0.031),
    (2, 0.6, 30): (0.634, 0.920, 12.7, 28.3, 0.174, 0.037),
    (2, 0.6, 60): (0.633, 0.923, 9.1, 18.9, 0.181, 0.037),
    (2, 0.6, 90): (0.615, 0.913, 7.5, 14.8, 0.192, 0.043),
    (2, 0.6, 180): (0.635, 0.925, 5.3, 10.7, 0.183, 0.041),
}  # fmt: skip


def t95(df: Array | int) -> Array:
    """Return the frozen quantile, above 400 degrees that of 400."""
    return (
        T95[np.minimum(df, 400).astype(int) - 1]
        if isinstance(df, np.ndarray)
        else T95[min(df, 400) - 1]
    )


def influences(side: Pair) -> tuple[Array, Array]:
    """Return uᵢ/(N·D) and N/D of every run."""
    n, d = side
    total_n, total_d = n.sum(1, keepdims=True), d.sum(1, keepdims=True)
    return n / total_n - d / total_d, (total_n / total_d)[:, 0]


def ci1(before: Pair, after: Pair, week: int) -> tuple[Array, list[Array]]:
    """Return θ and the half-width of every method, each of shape (runs,)."""
    (u_b, r_b), (u_a, r_a) = influences(before), influences(after)
    sides = (u_b, u_a)
    sizes = [u.shape[1] for u in sides]
    total = sum(sizes)
    v1 = sum(n / (n - 1) * (u * u).sum(1) for u, n in zip(sides, sizes, strict=True))
    lagged = sum(n * n * (u[:, :-1] * u[:, 1:]).sum(1) for u, n in zip(sides, sizes, strict=True))
    own = sum(n * n * (u * u).sum(1) for u, n in zip(sides, sizes, strict=True))
    m = total / 2
    rho = np.clip((m * lagged / own + 1) / (m - 4), 0, 0.9)
    f = (1 + rho) / (1 - rho)
    widths = [
        t95(total - 2) * np.sqrt(v1),
        t95(np.maximum(3, np.floor(total / f) - 2)) * np.sqrt(f * v1),
    ]
    for length in (week, 2 * week, 4 * week):
        if length and min(sizes) >= 4 * length:
            v = np.zeros(len(v1))
            for u, n in zip(sides, sizes, strict=True):
                padded = np.concatenate([np.zeros((len(u), 1)), u, u[:, :length]], 1).cumsum(1)
                sums = padded[:, length : length + n] - padded[:, :n]
                v += n / (n - length) / length * (sums * sums).sum(1)
            widths.append(t95(max(3, total // length - 2)) * np.sqrt(v))
    return np.log(r_a / r_b), widths


def widest(found: tuple[Array, list[Array]]) -> Array:
    """Return h of every run."""
    return np.max(found[1], axis=0)


def ar1(rng: np.random.Generator, runs: int, days: int, phi: float, sd: float) -> Array:
    """Return stationary AR(1) noise with standard deviation sd."""
    steps = rng.standard_normal((runs, days)) * sd * np.sqrt(1 - phi * phi)
    x = np.empty((runs, days))
    x[:, 0] = rng.standard_normal(runs) * sd
    for i in range(1, days):
        x[:, i] = phi * x[:, i - 1] + steps[:, i]
    return x


def sides(plant: Plant, phi: float, days: int, runs: int, rng: np.random.Generator) -> list[Pair]:
    """Return N and D of both periods over the production days of so many calendar days from a Monday on."""
    plan = np.array([plant.plan[i % 7] for i in range(days)], float)
    effect = np.array([plant.effect[i % 7] for i in range(days)])
    keep = plan > 0
    found = []
    for base in (BEFORE, AFTER):
        ratio = base * (1 + effect) + ar1(rng, runs, days, phi, SD)
        n = (ratio * plan)[:, keep]
        found.append((n, np.broadcast_to(plan[keep], n.shape)))
    return found


@dataclass(frozen=True)
class Cell:
    coverage: tuple[float, float]
    width: tuple[float, float]
    false_pass: tuple[float, float]
    half_width: float
    valid: int
    largest_difference: float
    """Largest relative difference of h to the exact implementation over the sample."""


def simulate(plant: Plant, phi: float, days: int, runs: int, sample: int, seed: int) -> Cell:
    """Return the row of one cell: (iid, CI-1)."""
    rng = np.random.default_rng(seed)
    before, after = sides(plant, phi, days, runs, rng)
    # whole ms, as the exact implementation has them
    before, after = ((np.round(n * 60_000), d * 60_000) for n, d in (before, after))
    theta, widths = ci1(before, after, plant.week_days)
    true = np.log(AFTER / BEFORE)
    h = np.max(widths, axis=0)

    def both(function):
        return float(function(widths[0])), float(function(h))

    return Cell(
        coverage=both(lambda w: (np.abs(theta - true) <= w).mean()),
        width=both(lambda w: 100 * (np.exp(theta + w) - np.exp(theta - w)).mean()),
        false_pass=both(lambda w: (theta - w >= true).mean()),
        half_width=float(h.mean()),
        valid=before[0].shape[1],
        largest_difference=max(
            abs(float(_exact(before, after, i, plant).half_width) / h[i] - 1) for i in range(sample)
        ),
    )


def _exact(before: Pair, after: Pair, run: int, plant: Plant):
    days = [
        [Day(int(n), int(d)) for n, d in zip(side[0][run], side[1][run], strict=True)]
        for side in (before, after)
    ]
    return interval(days[0], days[1], "increase", plant.week_days)


# drift and change point


def process(kind: str, runs: int, days: int, rng: np.random.Generator) -> Array:
    """Return the deviation from the mean 0.60 of one of the processes of the reference."""
    if kind.startswith("AR(1) "):
        return ar1(rng, runs, days, float(kind[6:]), SD)
    if kind == "AR(2) .3/.3":
        burn = 200
        x = np.zeros((runs, days + burn))
        steps = rng.standard_normal(x.shape)
        for i in range(2, days + burn):
            x[:, i] = 0.3 * x[:, i - 1] + 0.3 * x[:, i - 2] + steps[:, i]
        # variance of AR(2): (1 − φ₂) / ((1 + φ₂)·((1 − φ₂)² − φ₁²))
        return x[:, burn:] / np.sqrt(0.7 / (1.3 * (0.49 - 0.09))) * SD
    if kind == "slow AR(.97) .04 + white .08":
        return ar1(rng, runs, days, 0.97, 0.04) + ar1(rng, runs, days, 0.0, SD)
    x = ar1(rng, runs, days, 0.3, SD)
    if kind == "10 % slope + AR .3":
        return x + 0.1 * BEFORE * np.linspace(-0.5, 0.5, days)
    if kind == "10 % step at 1/3 + AR .3":
        return x + 0.1 * BEFORE * (np.arange(days) >= days // 3)
    raise ValueError(kind)


PROCESSES = (
    "AR(1) 0",
    "AR(1) 0.3",
    "AR(1) 0.6",
    "AR(2) .3/.3",
    "slow AR(.97) .04 + white .08",
    "10 % slope + AR .3",
    "10 % step at 1/3 + AR .3",
)
U9 = {
    ("AR(1) 0", 13): "7–9",
    ("AR(1) 0.3", 13): "7–9",
    ("AR(1) 0.6", 13): "8–11",
    ("AR(2) .3/.3", 13): "10–16",
    ("slow AR(.97) .04 + white .08", 13): "28–36",
    ("slow AR(.97) .04 + white .08", 26): "52–64",
    ("slow AR(.97) .04 + white .08", 52): "78–90",
    ("10 % slope + AR .3", 13): "32",
    ("10 % slope + AR .3", 26): "57",
    ("10 % slope + AR .3", 52): "85",
}
"""Printed in kpi-audit U9, per cent."""


def flags(y: Array) -> tuple[Array, Array, Array]:
    """Return whether trend, persistence and change point are flagged, for weekly sums of shape (runs, weeks)."""
    w = y.shape[1]
    t = 2.0 * np.arange(1, w + 1) - (w + 1)
    squares = (t * t).sum()
    centred = y - y.mean(1, keepdims=True)
    slope = (y * t).sum(1) / squares
    rest = ((centred - slope[:, None] * t) ** 2).sum(1)
    trend = np.abs(slope) > T975[min(w - 2, 120) - 1] * np.sqrt(rest / (w - 2) / squares)
    r2 = (centred[:, :-2] * centred[:, 2:]).sum(1) / (centred * centred).sum(1)
    persistent = r2 > 1.645 / np.sqrt(w) - (w - 2) / (w * (w - 1))
    cusum = np.abs(centred.cumsum(1))[:, :-1].max(1)
    sigma = np.sqrt((np.diff(y, axis=1) ** 2).sum(1) / 2 / (w - 1))
    return trend, persistent, cusum > 1.358 * sigma * np.sqrt(w)


def flag_rates(
    kind: str, weeks: int, runs: int, sample: int, seed: int
) -> tuple[float, float, float]:
    """Return the shares of runs with trend, with drift (either test) and with a change point, in one period."""
    rng = np.random.default_rng(seed)
    plan = np.array([SHORT_SUNDAY[i % 7] for i in range(7 * weeks)], float) * 60_000
    n = np.round((BEFORE + process(kind, runs, 7 * weeks, rng)) * plan)
    d = np.broadcast_to(plan, n.shape)
    u, _ = influences((n, d))
    trend, persistent, step = flags(u.reshape(runs, weeks, 7).sum(2))
    for i in range(sample):
        days = [
            (MONDAY + timedelta(days=k), Day(int(n[i, k]), int(d[i, k]))) for k in range(7 * weeks)
        ]
        exact, point = drift(days), change_point(weekly_influences(days))
        assert exact is not None
        assert point is not None
        assert (exact.trend, exact.persistent, point.found) == (trend[i], persistent[i], step[i])
    return float(trend.mean()), float((trend | persistent).mean()), float(step.mean())


def other_process(kind: str, days: int, runs: int, seed: int) -> tuple[float, float, float]:
    """Return coverage of CI-1, share of comparisons without drift in either period, coverage among those."""
    rng = np.random.default_rng(seed)
    plan = np.array([SHORT_SUNDAY[i % 7] for i in range(days)], float)
    pair, drifts = [], np.zeros(runs, dtype=bool)
    for base in (BEFORE, AFTER):
        n = (base + process(kind, runs, days, rng)) * plan
        side = (n, np.broadcast_to(plan, n.shape))
        pair.append(side)
        weeks = days // 7
        if weeks >= 8:
            y = influences(side)[0][:, : 7 * weeks].reshape(runs, weeks, 7).sum(2)
            trend, persistent, _ = flags(y)
            drifts |= trend | persistent
    theta, widths = ci1(pair[0], pair[1], 7)
    covered = np.abs(theta - np.log(AFTER / BEFORE)) <= np.max(widths, axis=0)
    return float(covered.mean()), float((~drifts).mean()), float(covered[~drifts].mean())


OTHER = (
    ("AR(2) .3/.3", (30, 90, 180, 365), (0.813, 0.867, 0.888, 0.875)),
    ("slow AR(.97) .04 + white .08", (56, 91, 182, 364), (0.61, 0.57, 0.67, 0.67)),
    ("10 % slope + AR .3", (91, 182, 364), (None, None, None)),
)
"""Process, days, coverage of CI-1 printed in kpi-audit §2 (slope: .93–.97)."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=4000, help="runs a cell")
    parser.add_argument("--sample", type=int, default=20, help="runs a cell computed exactly too")
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    start = time.process_time()
    print(
        f"{options.runs} runs a cell, {options.sample} of them exactly as well, seed {options.seed}; "
        "kpi-audit in brackets\n"
    )
    _print_coverage(options.runs, options.sample, options.seed)
    _print_other(options.runs, options.seed)
    _print_flags(options.runs, options.sample, options.seed)
    print(f"\n{time.process_time() - start:.0f} s of CPU")


def _print_coverage(runs: int, sample: int, seed: int) -> None:
    print(
        "| plant | φ | days (valid) | coverage iid | coverage CI-1 | width pp, iid / CI-1 | "
        "false pass, iid / CI-1 | mean h | planned h |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    worst = 0.0
    for p, plant in enumerate(PLANTS):
        for phi in (0.0, 0.3, 0.6):
            for days in (30, 60, 90, 180):
                own = seed + 1000 * p + round(10 * phi) * 100 + days
                cell = simulate(plant, phi, days, runs, sample, own)
                worst = max(worst, cell.largest_difference)
                ref = REFERENCE[p, phi, days]
                planned = predicted_half_width(_noise(plant, phi), cell.valid)
                print(
                    f"| {plant.name} | {phi} | {days} ({cell.valid}) "
                    f"| {cell.coverage[0]:.3f} ({ref[0]:.3f}) "
                    f"| **{cell.coverage[1]:.3f}** ({ref[1]:.3f}) "
                    f"| {cell.width[0]:.1f} / {cell.width[1]:.1f} ({ref[2]} / {ref[3]}) "
                    f"| {cell.false_pass[0]:.3f} / {cell.false_pass[1]:.3f} "
                    f"({ref[4]:.3f} / {ref[5]:.3f}) | {cell.half_width:.4f} | {planned:.4f} |"
                )
    print(f"\nLargest relative difference of h to the exact implementation: {worst:.1e}\n")
    assert worst < 1e-9


def _print_other(runs: int, seed: int) -> None:
    print(
        "| process, 7-day plant | days | coverage CI-1 | no drift found % | coverage among those |"
    )
    print("|---|---|---|---|---|")
    for kind, lengths, printed in OTHER:
        for days, ref in zip(lengths, printed, strict=True):
            covered, quiet, among = other_process(kind, days, runs, seed + days)
            tested = f"{100 * quiet:.0f} | {among:.3f}" if days >= 56 else "not tested |"
            beside = "" if ref is None else f" ({ref})"
            print(f"| {kind} | {days} | {covered:.3f}{beside} | {tested} |")
    print()


def _print_flags(runs: int, sample: int, seed: int) -> None:
    print("| process, one period | weeks | trend % | drift DR-1 % | U9 % | change point % |")
    print("|---|---|---|---|---|---|")
    for kind in PROCESSES:
        for weeks in (8, 13, 26, 52):
            trend, either, step = flag_rates(kind, weeks, runs, sample, seed + weeks)
            beside = U9.get((kind, weeks), "")
            print(
                f"| {kind} | {weeks} | {100 * trend:.1f} | {100 * either:.1f} | {beside} | "
                f"{100 * step:.1f} |"
            )


def _noise(plant: Plant, phi: float) -> Noise:
    """Return what the planning aid would be told: day noise of both periods with the weights of the days."""
    plan = np.array([m for m in plant.plan if m], float)
    effect = np.array([e for e, m in zip(plant.effect, plant.plan, strict=True) if m])
    weight = len(plan) * (plan**2).sum() / plan.sum() ** 2
    mean = (plan * effect).sum() / plan.sum()
    weekday = (plan**2 * (effect - mean) ** 2).sum() / (plan**2).sum()
    relative = np.mean([(SD / base) ** 2 + weekday for base in (BEFORE, AFTER)])
    # days in sequence: over a weekend two days are missing, so a five-day plant has (4·φ + φ³)/5
    rho = phi if plant.week_days == 7 else (4 * phi + phi**3) / 5
    day = Fraction(round(float(np.sqrt(relative * weight)) * 10_000), 10_000)
    return Noise(day, Fraction(round(rho * 1000), 1000), plant.week_days)


if __name__ == "__main__":
    main()
