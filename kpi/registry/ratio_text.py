"""A ratio as it is printed: definition, every reading with its counts, our default named as ours, findings."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from kpi.display import percent_text
from kpi.findings import Severity
from kpi.registry.ratio_readings import EquipmentRatio, Reading
from model.ratio import Undefined

_WORDS: Final = {
    Severity.NOTE: ("说明", "note"),
    Severity.WARN: ("警告", "warning"),
    Severity.DISQUALIFY: ("无法得出", "no result"),
}


def printed(ratio: EquipmentRatio, language: str) -> tuple[str, ...]:
    """Return the lines of a ratio in `language` ("zh" or "en"): title, formula, source, readings, findings."""
    d, chinese = ratio.definition, language.startswith("zh")
    lines = [
        f"{d.zh}（{d.metric}）" if chinese else f"{d.en} ({d.metric})",
        f"定义：{d.formula_zh}" if chinese else f"definition: {d.formula_en}",
        f"出处：{d.source}" if chinese else f"source: {d.source}",
    ]
    if d.ours:
        lines.append(f"本项目确定：{d.ours}" if chinese else f"ours: {d.ours}")
    for i, reading in enumerate(ratio.readings):
        lines.append(_reading(reading, chinese=chinese, default=i == 0))
    for f in ratio.findings:
        word = _WORDS[f.severity]
        lines.append(f"{word[0]}：{f.text.zh}" if chinese else f"{word[1]}: {f.text.en}")
    return tuple(lines)


def _reading(reading: Reading, *, chinese: bool, default: bool) -> str:
    top, below = (sum(c.count for c in x) for x in (reading.numerator, reading.denominator))
    name = reading.wording.zh if chinese else reading.wording.en
    ours = ("（本项目默认读法）" if chinese else " (our default reading)") if default else ""
    if isinstance(reading.value, Undefined):
        why = reading.value.zh if chinese else reading.value.en
        return f"{name}{ours}：未定（{why}）" if chinese else f"{name}{ours}: undetermined ({why})"
    value = f"{percent_text(reading.value)} %"
    if not below or reading.value != Fraction(top, below):
        # a mean of ratios: the sums would read like its numerator and denominator and are not
        text = "比率的平均，不是合计之比" if chinese else "a mean of ratios, not a ratio of sums"
        return f"{name}{ours}：{value}（{text}）" if chinese else f"{name}{ours}: {value} ({text})"
    return (
        f"{name}{ours}：{value}（分子 {top}，分母 {below}）"
        if chinese
        else f"{name}{ours}: {value} (numerator {top}, denominator {below})"
    )
