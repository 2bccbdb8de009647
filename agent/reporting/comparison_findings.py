"""What speaks against the comparisons of a report, in words: one line a finding, with the changes it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from agent.reporting.figures import Figure
from kpi.claims import ComparisonClaim
from kpi.comparison.details import finding_names
from kpi.equipment.before_after_texts import TEXTS, effect_of
from kpi.metrics import METRICS
from reports.model import Finding
from reports.words import Text

_REASONS: Final = {
    "force_majeure": Text("不可抗力", "force majeure"),
    "holiday": Text("节假日", "holiday"),
    "registered_stop": Text("已登记停产", "registered stop"),
}


def comparison_findings(figures: Mapping[str, Figure]) -> Iterator[Finding]:
    """Yield the findings of all comparisons by name; those that several comparisons share are one line."""
    about: dict[str, list[str]] = {}
    yield from _excluded(figures)
    for name, figure in figures.items():
        for finding in finding_names(figure.result.detail):
            about.setdefault(finding, []).append(name)
    for finding, names in sorted(about.items()):
        text, effect = TEXTS[finding], effect_of(finding)
        metrics = [METRICS[name] for name in names]
        yield Finding(
            code=finding,
            text=Text(
                f"{text.zh}（{'、'.join(m.zh for m in metrics)}）",
                f"{text.en} ({', '.join(m.en for m in metrics)})",
            ),
            effect=Text(effect.zh, effect.en),
        )


def _excluded(figures: Mapping[str, Figure]) -> Iterator[Finding]:
    """Yield the days that the claimant wants left out: the same in every comparison of a report."""
    requests = (f.request for f in figures.values())
    days = next((r.exclusions for r in requests if isinstance(r, ComparisonClaim)), ())
    if not days:
        return
    zh = "、".join(f"{d.date} {_REASONS[d.reason].zh}" for d in days)
    en = ", ".join(f"{d.date} {_REASONS[d.reason].en}" for d in days)
    yield Finding(
        code="exclusions",
        text=Text(f"申报方要求剔除 {len(days)} 天：{zh}", f"{len(days)} days to be left out: {en}"),
        effect=Text(
            "全部事先登记时主结果才剔除；带与不带剔除的变化都在声明中",
            "left out of the main figure only if all were registered before; the claim states both",
        ),
    )
