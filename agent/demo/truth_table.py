"""Figures of the chain beside the truth of the scenario: equal to the last integer, or explained by a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from agent.reporting.figure_detail import details
from agent.reporting.figures import Figure

_PERIODS = (("before", "-before"), ("after", ""))
_KPIS = (
    ("oee", "oee"),
    ("utilisation", "utilisation"),
    ("nc_ratio", "nc-ratio"),
    ("networked_observed", "networked"),
    ("energy_wh_per_good_piece", "energy-per-piece"),
    ("upload_rate_official", "upload-rate"),
    ("oee", "oee-by-product"),
    ("defect_rate", "defect-rate"),
    ("energy_kgce_per_good_piece", "unit-energy"),
)
"""Name in the truth file, figure. The plant makes one product a machine, so that both OEE are one number."""
_REGISTRY = (
    ("smart_share", "smart-share-of-production"),
    ("smart_declared_networked", "smart-declared-networked"),
    ("networked_of_smart", "declared-networked-of-smart"),
    ("key_equipment_nc", "key-equipment-nc-rate"),
    ("key_process_nc_by_equipment", "key-process-nc-rate"),
    ("key_process_nc_by_process", "key-process-nc-rate-by-process"),
    ("digital_equipment", "digital-equipment-rate"),
)
"""The same under `registry`."""


@dataclass(frozen=True, slots=True)
class TruthTable:
    """The comparison as text and as counts."""

    text: str
    equal: int
    total: int


def _by_figure(kpi: Mapping[str, Any]) -> dict[str, str]:
    """Return the true figures of a period, n/d each, by the figure of the product that must equal them."""
    found = {name: str(kpi[key]) for key, name in _KPIS}
    return found | {name: str(kpi["registry"][key]) for key, name in _REGISTRY}


def compare_with_truth(truth: Mapping[str, Any], figures: Mapping[str, Figure]) -> TruthTable:
    """Return chain, measurable truth and plant truth side by side.

    truth: the parsed truth file. *measurable* is what a perfect agent must find in the trace with its injected gaps;
    *plant* is what really happened.
    """
    lines = [f"{'figure':<44}{'chain':>30}{'measurable truth':>30}{'equal':>7}{'plant truth':>30}"]
    equal = total = 0

    def line(name: str, chain: object, measurable: object, plant: object) -> None:
        nonlocal equal, total
        same = chain == measurable
        equal, total = equal + same, total + 1
        lines.append(
            f"{name:<44}{chain!s:>30}{measurable!s:>30}{'yes' if same else 'NO':>7}{plant!s:>30}"
        )

    for period, suffix in _PERIODS:
        both = truth["periods"][period]
        measurable, plant = both["measurable"]["window"], both["ideal"]["window"]
        own, other = _by_figure(measurable["kpi"]), _by_figure(plant["kpi"])
        for name, expected in own.items():
            value = figures[f"{name}{suffix}"].result.value
            line(f"{period}: {name}", value, Fraction(expected), other[name])
        for row in details(figures[f"oee{suffix}"], "assets"):
            asset = str(row["asset"])
            for key in ("pbt", "apt", "good", "scrap"):
                line(
                    f"{period}: {asset} {key}",
                    row[key],
                    measurable["assets"][asset][key],
                    plant["assets"][asset][key],
                )
            for atom, ms in row["atoms"].items():
                expected = measurable["assets"][asset]["atoms"].get(atom, 0)
                if ms or expected:
                    line(
                        f"{period}: {asset} {atom} ms",
                        ms,
                        expected,
                        plant["assets"][asset]["atoms"].get(atom, 0),
                    )
        for row in details(figures[f"energy-per-piece{suffix}"], "wh"):
            meter = str(row["meter"])
            line(f"{period}: {meter} Wh", row["wh"], measurable["wh"][meter], plant["wh"][meter])
    for key, name in (("oee_change", "oee-change"), ("energy_change", "energy-change")):
        line(
            f"change: {name}",
            figures[name].result.value,
            Fraction(truth["comparison"]["measurable"][key]),
            truth["comparison"]["ideal"][key],
        )
    lines.append("")
    lines.append(f"{equal} of {total} figures equal the measurable truth to the last integer.")
    lines.append(
        "Where plant and measurable truth differ, the injected faults of the trace explain it:"
    )
    for period, _ in _PERIODS:
        for fault in truth["periods"][period]["faults"]:
            effect = {k: v for k, v in fault.items() if k != "kind"}
            lines.append(f"  {period}: {fault['kind']} {effect}")
    return TruthTable("\n".join(lines) + "\n", equal, total)
