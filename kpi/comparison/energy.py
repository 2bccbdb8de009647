"""Energy per piece before and after (kpi.md D.3): the ratio of sums, and a regression that must agree with it in sign.

Plain specific consumption falls when more is made, because the base load spreads over more pieces. The regression holds
production, degree days and day type fixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from kpi.comparison.compare import compare
from kpi.comparison.daily import PeriodDay, select
from kpi.comparison.data import BaselineData, Options, ReportingData
from kpi.comparison.energy_model import LEAST_R2, EnergyDay, EnergyModel, Saving, fit, saving
from kpi.comparison.interval import Word, word_of
from kpi.comparison.result import Comparison
from kpi.comparison.twins import same_direction
from kpi.findings import Finding, note, percent, warn


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyComparison:
    """Both answers. `comparison.word` already takes the sign of the model into account."""

    comparison: Comparison
    model: EnergyModel | None
    """None = no drivers given, or the comparison is disqualified, or the model cannot be fitted."""
    saving: Saving | None
    model_word: Word | None
    """Word of the model's own interval, printed beside the official one."""


def compare_energy(
    before: BaselineData,
    after: ReportingData,
    options: Options,
    drivers: Mapping[date, tuple[Fraction, ...]] | None = None,
    names: Sequence[str] = (),
) -> EnergyComparison:
    """Return the comparison of energy per piece; daily values: n = Wh, d = pieces.

    drivers: values on each date of both periods, in the order of `names` (production by family, degree days, day type
    as 0 or 1). When the signs of both answers disagree the word is `inconclusive`. Source: kpi.md D.3.
    """
    found = compare(before, after, options)
    bare = EnergyComparison(comparison=found, model=None, saving=None, model_word=None)
    if found.main is None:
        return bare
    if not names or drivers is None:
        return replace(bare, comparison=found.with_findings([_no_model()]))
    valid = [select(days, with_exclusions=found.leaves_out) for days in (found.before, found.after)]
    fitted, forecast = ([*_energy_days(days, drivers)] for days in valid)
    found = found.with_findings(
        _missing_findings(sum(map(len, valid)) - len(fitted) - len(forecast))
    )
    model = fit(fitted, names)
    result = saving(model, forecast, after.period.days) if model is not None else None
    if model is None or result is None or found.main is None:
        return replace(bare, comparison=found.with_findings([_unfit()]))
    change = found.main.change
    agree = same_direction(change, result.share)
    judged = found.with_findings(
        [
            _result_finding(model, result),
            *_quality_findings(model),
            *_range_findings(result),
            *([] if agree else [_sign_finding(change, result)]),
        ]
    )
    if not agree and judged.word is not Word.UNDETERMINED:
        judged = replace(judged, word=Word.INCONCLUSIVE)
    return EnergyComparison(
        comparison=judged,
        model=model,
        saving=result,
        model_word=word_of(
            result.low, result.share, result.high, options.threshold, strict=options.strict
        ),
    )


def _energy_days(
    days: Sequence[PeriodDay], drivers: Mapping[date, tuple[Fraction, ...]]
) -> Iterator[EnergyDay]:
    return (EnergyDay(d.date, d.measured.n, drivers[d.date]) for d in days if d.date in drivers)


def gain_of_drop(drop: Fraction) -> Fraction | None:
    """Return the other reading of 能源利用率提高: 1/(1 − drop) − 1; None for a drop of 100 %.

    Source: kpi.md A.7 row 2.
    """
    return 1 / (1 - drop) - 1 if drop != 1 else None


def _no_model() -> Finding:
    return warn(
        "energy.no-model",
        "未给出产量、度日数等驱动因素：只有单耗之比，产量增加本身就会使单耗下降。",
        "No drivers (production, degree days) are given: there is only the ratio of consumption to pieces, "
        "which falls by "
        "itself when more is made.",
        lowers_word=True,
    )


def _unfit() -> Finding:
    return warn(
        "energy.model-unfit",
        "能耗回归模型无法建立（天数不足、驱动因素相互依赖或预测不为正）。",
        "The energy regression cannot be fitted (too few days, drivers that depend on each other, or no "
        "positive forecast).",
        lowers_word=True,
    )


def _missing_findings(days: int) -> list[Finding]:
    if not days:
        return []
    return [
        warn(
            "energy.drivers-missing",
            f"有 {days} 个有效日没有驱动因素数据，回归未使用这些天。",
            f"{days} valid days have no drivers and are not in the regression.",
            lowers_word=True,
            days=days,
        )
    ]


def _result_finding(model: EnergyModel, result: Saving) -> Finding:
    return note(
        "energy.model",
        f"回归（{'、'.join(model.names)}）：节能 {percent(result.share)}，90 % 区间 {100 * result.low:.1f} % 至 "
        f"{100 * result.high:.1f} %。",
        f"Regression on {', '.join(model.names)}: saving {percent(result.share)}, 90 % interval "
        f"{100 * result.low:.1f} % "
        f"to {100 * result.high:.1f} %.",
        share=result.share,
        expected_wh=result.expected,
        actual_wh=result.actual,
    )


def _quality_findings(model: EnergyModel) -> list[Finding]:
    if model.r2 is None or model.r2 >= LEAST_R2:
        return []
    return [
        warn(
            "energy.model-weak",
            f"回归解释的变化只有 R² = {percent(model.r2)}（低于 {percent(LEAST_R2)}）：模型结果仅供参考。",
            f"The regression explains only {percent(model.r2)} of the variance (below {percent(LEAST_R2)}): "
            "take its result "
            "with care.",
            lowers_word=True,
            r2=model.r2,
        )
    ]


def _range_findings(result: Saving) -> list[Finding]:
    if not result.outside:
        return []
    return [
        warn(
            "energy.drivers-out-of-range",
            f"报告期 {result.days} 天中有 {result.outside} 天的驱动因素超出基期范围的 90–110 %：模型被外推。",
            f"On {result.outside} of {result.days} days a driver lies outside 90–110 % of the baseline "
            "range: the model is "
            "extrapolated.",
            lowers_word=True,
            outside=result.outside,
            days=result.days,
        )
    ]


def _sign_finding(change: Fraction, result: Saving) -> Finding:
    return warn(
        "energy.sign",
        f"单耗下降 {percent(change)}，而按驱动因素校正后节能 {percent(result.share)}：方向不一致，不能下结论。",
        f"Unit consumption falls by {percent(change)}, but at equal drivers {percent(result.share)} is "
        "saved: the signs "
        "disagree, no conclusion.",
        lowers_word=True,
        ratio=change,
        model=result.share,
    )
