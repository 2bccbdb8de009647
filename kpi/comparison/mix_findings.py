"""What the product mix did to a change: crude, at the mix of the reporting period, at that of the baseline (D.3)."""

from __future__ import annotations

from kpi.bilingual import Bilingual
from kpi.comparison.data import Options
from kpi.comparison.mix import Standardised
from kpi.findings import Finding, note, percent, warn


def mix_findings(title: Bilingual, found: Standardised, options: Options) -> list[Finding]:
    """Return the finding that prints the three changes; disagreement in sign or about the threshold is a warning.

    title: what the change is called, positive = better, as the metric's sense says.
    """
    sign = 1 if options.metric.sense == "increase" else -1
    crude, after, before = (
        sign * c for c in (found.crude, found.at_mix_after, found.at_mix_before)
    )
    zh = (
        f"{title.zh}：合计 {percent(crude)}，按报告期产品结构 {percent(after)}，按基期产品结构 {percent(before)}"
        f"（共同产品 {len(found.products)} 种，之外占基期 {percent(found.outside_before)}、报告期 "
        f"{percent(found.outside_after)}）"
    )
    en = (
        f"{title.en}: {percent(crude)} crude, {percent(after)} at the mix of the reporting period, "
        f"{percent(before)} at that "
        f"of the baseline ({len(found.products)} common products; others are "
        f"{percent(found.outside_before)} before and "
        f"{percent(found.outside_after)} after)"
    )
    if found.disagree:
        return [
            warn(
                "mix.simpson",
                zh + "：方向不一致（辛普森悖论），合计数掩盖了各产品的变化。",
                en + ": the signs disagree (Simpson), the sums hide what the products did.",
                lowers_word=True,
                crude=crude,
                at_mix_after=after,
                at_mix_before=before,
            )
        ]
    if len({c >= options.threshold for c in (crude, after, before)}) > 1:
        return [
            warn(
                "mix.threshold",
                zh + "：是否达到阈值取决于产品结构。",
                en + ": whether the threshold is reached depends on the mix.",
                lowers_word=True,
                crude=crude,
                at_mix_after=after,
                at_mix_before=before,
            )
        ]
    return [
        note(
            "mix.standardised",
            zh + "。",
            en + ".",
            crude=crude,
            at_mix_after=after,
            at_mix_before=before,
        )
    ]
