"""What speaks against the comparisons of a report, in words: one line a finding, with the changes it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.reporting.figures import Figure
from kpi.comparison.details import finding_names
from kpi.equipment.before_after_texts import TEXTS, effect_of
from kpi.metrics import METRICS
from reports.model import Finding
from reports.words import Text


def comparison_findings(figures: Mapping[str, Figure]) -> Iterator[Finding]:
    """Yield the findings of all comparisons by name; those that several comparisons share are one line."""
    about: dict[str, list[str]] = {}
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
