"""`plantproof plan`: how long to measure before and after, said before the baseline begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.common import (
    JsonOption,
    LanguageOption,
    fail,
    load_or_exit,
    print_json,
    resolve_language,
)
from model.errors import ConfigError, PlantproofError

if TYPE_CHECKING:
    from datetime import date

    from kpi.comparison.interval import Day, Sense
    from kpi.comparison.planning import Noise

_NOISE, _RHO, _WEEK_DAYS = "13", "0.3", 6
"""Assumed when nothing is said: the example of kpi-audit E18, and a working week of six days."""
_THRESHOLDS = ("8", "10", "15")


@dataclass(frozen=True)
class _Estimated:
    noise: Noise
    simulated: bool = False

    @property
    def source(self) -> tuple[str, str]:
        """Return what the plan says about it, zh and en."""
        if self.simulated:
            return ("由模拟数据估计", "estimated from SIMULATED data")
        return ("由日值估计", "estimated from daily values")


def plan(
    *,
    noise: Annotated[
        str | None,
        typer.Option(
            help="日间波动：标准差占均值的百分比，例如 13 / noise of a day, standard deviation in % of the mean"
        ),
    ] = None,
    rho: Annotated[
        str | None,
        typer.Option(help="相邻两日的相关系数 0…0.9 / correlation of neighbouring days"),
    ] = None,
    days_per_week: Annotated[
        int | None, typer.Option(min=1, max=7, help="每周生产日数 / production days a week")
    ] = None,
    values: Annotated[
        Path | None,
        typer.Option(
            help="日值文件（CSV 或 JSON：日期,分子,分母），由其估计波动 / file of daily values to estimate from"
        ),
    ] = None,
    plant: Annotated[
        Path | None,
        typer.Option(help="车间配置文件，由其账本估计 / plant file whose log to estimate from"),
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="账本中的起点 / start in the log, 2026-10-01")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="账本中的终点（不含） / end in the log")
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            help="账本中的指标 / metric in the log: oee, availability, utilisation, defects, energy"
        ),
    ] = "oee",
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            help="要证明的变化（%），可多次给出，默认 8、10、15 / change to prove in %, repeatable"
        ),
    ] = None,
    expected: Annotated[
        str | None,
        typer.Option(help="预期的真实变化（%） / true change you expect in %"),
    ] = None,
    as_json: JsonOption = False,
    lang: LanguageOption = None,
) -> None:
    """测量计划 / Plan: how many weeks before and after prove a change; run it before the baseline begins."""
    from agent.plan_page import PlanPage, PlanTable, plan_json, plan_lines
    from kpi.comparison.planning import advise
    from kpi.comparison.planning import plan as rows_of

    language = resolve_language(lang)
    try:
        estimated = _estimated(values, plant, (start, end, metric), language=language)
        found = _noise(estimated, noise, rho, days_per_week)
        aim = None if expected is None else _percent(expected, "--expected")
        limits = _limits(threshold, aim)
    except PlantproofError as exc:
        fail(exc, language=language, as_json=as_json)
    senses: tuple[Sense, ...] = ("increase", "reduction")
    page = PlanPage(
        noise=found,
        source=_source((noise, rho, days_per_week), estimated),
        estimated=estimated is not None,
        expected=aim,
        tables=[
            PlanTable(s, t, rows_of(found, t, s), advise(found, t, s, aim))
            for s in senses
            for t in limits
        ],
    )
    if as_json:
        print_json(plan_json(page))
    else:
        print("\n".join(plan_lines(page, language)))


def _noise(
    estimated: _Estimated | None, noise: str | None, rho: str | None, days_per_week: int | None
) -> Noise:
    """Return what was given, else what was estimated, else what is assumed."""
    from kpi.comparison.planning import MOST_RHO, Noise

    assumed = Noise(Fraction(_NOISE) / 100, Fraction(_RHO), _WEEK_DAYS)
    base = assumed if estimated is None else estimated.noise
    return Noise(
        base.day if noise is None else _percent(noise, "--noise"),
        base.rho if rho is None else _number(rho, "--rho", most=MOST_RHO),
        days_per_week or base.week_days,
    )


def _limits(threshold: Sequence[str] | None, aim: Fraction | None) -> list[Fraction]:
    """Return what is to be proven: what was asked for, else the default thresholds below the expected change."""
    limits = [_percent(t, "--threshold", least=False) for t in threshold or _THRESHOLDS]
    if aim is None:
        return limits
    below = [t for t in limits if t < aim]
    if not below or (threshold and len(below) < len(limits)):
        from kpi.display import percent_text

        shown, wish = percent_text(max(limits) if threshold else min(limits)), percent_text(aim)
        raise ConfigError(
            f"--expected {wish}: a change of that size cannot prove {shown} %; name a larger one",
            f"--expected {wish}：这样大小的变化不能证明 {shown} %；请给出更大的预期",
        )
    return below


def _estimated(
    values: Path | None,
    plant: Path | None,
    window: tuple[str | None, str | None, str],
    *,
    language: str,
) -> _Estimated | None:
    """Return the noise of a file or of a log, None if neither is named; raises PlantproofError."""
    if values is not None:
        from agent.daily_values_file import read_daily_values

        rows = read_daily_values(values)
        weeks = len({when.isocalendar()[:2] for when, _ in rows})
        usual = Counter(when.isoweekday() for when, _ in rows)
        week_days = sum(2 * n >= weeks for n in usual.values())
        return _Estimated(_of_days(str(values), rows, week_days or 1))
    if plant is None:
        return None
    from agent.cli.instants import instant_ms
    from agent.daily_values_log import PlannedMetric, log_daily_values
    from agent.reporting.run import Window

    start, end, name = window
    names = [m.value for m in PlannedMetric]
    if start is None or end is None or name not in names:
        raise ConfigError(
            f"--plant needs --from, --to and a --metric of {', '.join(names)}",
            f"--plant 需要 --from、--to，且 --metric 为 {'、'.join(names)} 之一",
        )
    loaded = load_or_exit(plant, language=language)
    stretch = Window(instant_ms(start, loaded.config), instant_ms(end, loaded.config))
    found = log_daily_values(loaded, stretch, PlannedMetric(name))
    noise = _of_days(f"{plant} {start} … {end}", found.days, found.week_days)
    return _Estimated(noise, simulated=found.simulated)


def _of_days(source: str, rows: Sequence[tuple[date, Day]], week_days: int) -> Noise:
    from kpi.comparison.interval import FEWEST_DAYS
    from kpi.comparison.planning import noise_of

    found = noise_of([day for _, day in rows], week_days)
    if found is None:
        raise ConfigError(
            f"{source}: {len(rows)} valid days; at least {FEWEST_DAYS} that vary and are positive are needed",
            f"{source}：有 {len(rows)} 个有效日；至少需要 {FEWEST_DAYS} 个大于 0 且有波动的日值",
        )
    return found


def _number(text: str, option: str, *, most: Fraction) -> Fraction:
    try:
        value = Fraction(text.strip().removesuffix("%").strip())
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= most:
        raise ConfigError(
            f"{option} {text}: a number from 0 to {float(most):g} is expected",
            f"{option} {text}：应为 0 到 {float(most):g} 之间的数",
        )
    return value


def _percent(
    text: str, option: str, *, most: Fraction = Fraction(99, 100), least: bool = True
) -> Fraction:
    """Return a percentage as a fraction of one. least: whether 0 is refused."""
    value = _number(text, option, most=100 * most) / 100
    if least and value == 0:
        raise ConfigError(f"{option} {text}: must be above 0", f"{option} {text}：必须大于 0")
    return value


def _source(given: tuple[object, ...], estimated: _Estimated | None) -> tuple[str, str]:
    """Return where noise, correlation and days a week come from, in both languages."""
    if None not in given:
        return ("给定", "given")
    rest = (
        estimated.source
        if estimated is not None
        else (
            "假设值，不是本车间的测量；用 --values 或 --plant 由日值估计",
            "assumed, not measured here; --values or --plant estimates them",
        )
    )
    if given == (None, None, None):
        return rest
    return (f"部分给定，其余为{rest[0]}", f"partly given, the rest {rest[1]}")
