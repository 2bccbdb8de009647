"""The page docs/kpi.md, written from the tables that the code uses: `python -m kpi.describe`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kpi.atoms import APT_ATOMS, PBT_ATOMS
from kpi.comparison.drift import FEWEST_WEEKS
from kpi.comparison.interval import FEWEST_DAYS, FIRM_DAYS
from kpi.equipment.indicator import Indicator
from kpi.equipment.iso_catalogue import EQUIPMENT_INDICATORS
from kpi.equipment.iso_others import CAPABILITY, ENERGY, ROLLED, RULES
from kpi.equipment.schools import SCHOOL_INDICATORS
from kpi.grades import LEAST_COVERAGE
from kpi.profiles import CONFIRMED, Profile, category
from kpi.reasons import Reason
from kpi.slots import Outcome
from model.state import Atom


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: how it is named, computed and where the definition comes from."""

    algorithm: str
    zh: str
    en: str
    formula: str
    unit: str
    source: str


DEFINITIONS: Final = (
    Definition(
        "oee-iso22400/1",
        "设备综合效率 OEE",
        "overall equipment effectiveness",
        "Σ ideal cycle · good pieces / Σ PBT = A · E · Q; A = ΣAPT/ΣPBT, E = Σ ideal · total / ΣAPT, "
        "Q = Σ ideal · good / Σ ideal · total (weighted by ideal time)",
        "1",
        "ISO 22400-2:2014 (A, E, OEE); group index and weighting ours (kpi-audit E1)",
    ),
    Definition(
        "utilisation/1",
        "日历利用率",
        "calendar utilisation",
        "ΣAPT / Σ time in service",
        "1",
        "ours",
    ),
    Definition(
        "nc-ratio/1",
        "数控装备占生产装备总数的比例",
        "NC share of production equipment",
        "Σ sets with nc in every configuration of the window / Σ sets of production equipment",
        "1",
        "渝经信发〔2018〕22号 第四条（二）; registry rule ours",
    ),
    Definition(
        "upload-rate/1",
        "信息的上传率",
        "information upload rate",
        "mean over assets of the mean over required points of (on_time + held_alive) / expected slots",
        "1",
        "渝经信发〔2018〕22号 第四条（三）; formula ours (no official one)",
    ),
    Definition(
        "networked/1",
        "设备联网率（实测）",
        "networked ratio, observed",
        "Σ sets with alive slots ≥ 95 % of the expected ones and ≥ 14 days in service / Σ sets of production equipment",
        "1",
        "ours (kpi.md B.5)",
    ),
    Definition(
        "energy-per-piece/1",
        "单位合格品电耗",
        "energy per good piece",
        "Σ booked Wh of the meters / Σ good pieces",
        "W.h",
        "ours",
    ),
    Definition(
        "before-after/1",
        "建设前后变化",
        "change before/after",
        "increase: (N_A·D_B)/(N_B·D_A) − 1; reduction: 1 − the same quotient; sums over valid production days",
        "1",
        "渝经信发〔2018〕22号 第四条（六） asks for it; interval CI-1 ours (kpi-audit U8)",
    ),
    Definition(
        "oee/2",
        "设备综合效率 OEE（分产品）",
        "overall equipment effectiveness by product",
        "Σ ideal cycle of the product · good pieces / Σ (PBT + unknown time outside the plan with pieces made), "
        "with bounds where counters have gaps",
        "1",
        "ISO 22400-2:2014 (OEE); products, bounds and base ours (kpi-audit U1–U6, E1, E5)",
    ),
    Definition(
        "defect-rate/1",
        "不良品率",
        "defect rate",
        "Σ (made − good at the first pass) / Σ made",
        "1",
        "ours",
    ),
    Definition(
        "registry-ratio/1",
        "台账比率（智能装备、联网、关键工序数控化）",
        "ratios of the registry",
        "Σ sets with one property in every configuration of the window / Σ sets with another in any of them",
        "1",
        "ours (kpi.md B.5)",
    ),
    Definition(
        "unit-energy/1",
        "单位产品综合能耗",
        "energy per weighted piece",
        "Σ booked quantity of the registers · coefficient / Σ good pieces · weight of the product",
        "kgce",
        "ours; coefficients by the table that the configuration names",
    ),
    Definition(
        "automatic-control/1",
        "自控投用率",
        "share of time in automatic control",
        "Σ running time of loops in automatic, output not at a limit / Σ running time of loops",
        "1",
        "ours (kpi.md B.7)",
    ),
    Definition(
        "energy-per-piece/2",
        "单位合格品电耗（设备统计口径）",
        "energy per good piece, by equipment statistics",
        "Σ booked Wh of the meters / Σ good pieces at the first pass; a changed transformer ratio makes no step",
        "W.h",
        "ours",
    ),
    Definition(
        "before-after/2",
        "建设前后变化（含复核）",
        "change before/after, with what speaks against it",
        "as before-after/1 over whole production days of matched machines, one table of ideal cycles; with and "
        "without exclusions, all machines, unknown pieces and unknown days at their worst, drift, changed rules",
        "1",
        "渝经信发〔2018〕22号 第四条（六） asks for it; U8–U11 of kpi-audit and ADR 0008, ours",
    ),
)
"""Every claim algorithm, in the order of docs/formats/claims.md."""

NOT_ADDITIVE: Final = (
    ("upload rate (mean of means)", "Σ covered and Σ expected slots of each point"),
    ("longest gap", "the outcome of each slot of the whole window"),
    ("minor stops", "the uncut stop, seen through the lead of the window"),
    ("interval and word of a comparison", "N and D of each valid production day"),
    ("OEE bounds", "the counter gaps of the whole window"),
    (
        "ends of a comparison",
        "gaps and unknown time of each production day, as of a window of its own",
    ),
)
"""Outputs that do not add from window to window, and what they are computed from."""


_INTRODUCTION: Final = (
    "Written by `python -m kpi.describe`; do not edit.",
    "The arithmetic to the last integer is in [formats/claims.md](formats/claims.md).",
    "Time is integer milliseconds, counts are integers, ratios are exact fractions, rounded once, for display.",
    "Nothing is clamped; what cannot be known says why.",
)
_COMPARISON: Final = (
    f"Fewer than {FEWEST_DAYS} valid days in either period: `undetermined`;",
    f"fewer than {FIRM_DAYS}: at best `pass, point only`.",
    "A day is valid if planned time and numerator are positive and, for OEE,",
    "at most a tenth of the planned time is unknown.",
    "Interval: widest of iid, autocorrelation-corrected and circular block variance, two-sided 90 %.",
    "`before-after/2`: a day without a piece is valid; unknown pieces and unknown days are also taken at their worst.",
    f"Drift (DR-1) needs at least {FEWEST_WEEKS} whole weeks, else it is not tested; none found proves little.",
    "Periods, findings, other metrics, planning and simulation: [statistics.md](statistics.md).",
)
_GRADES: Final = (
    f"A measured in both periods, slot coverage ≥ {LEAST_COVERAGE * 100} %, no drift, baseline sealed before;",
    "B measured with gaps or drift; C measured after, imported before with originals; D declared.",
    "Simulated data carry the word beside the letter.",
)


_INDICATORS: Final = (
    "Each is printed with the name of its school and the numbers put in. Ratios of time carry bounds where state is",
    "unknown: the unknown time goes as a whole to one atom after another. OEE needs no state; it carries the bounds of",
    "its counters. An assembly of machines is one ratio of sums, never a mean of percentages.",
)


def page() -> str:
    """Return the page in Markdown."""
    lines = [
        "# Figures and their definitions",
        "",
        *_INTRODUCTION,
        "",
        "## Claims",
        "",
        *_table(
            ("algorithm", "name", "formula", "unit", "source"),
            [
                (f"`{d.algorithm}`", f"{d.zh} ({d.en})", d.formula, d.unit, d.source)
                for d in DEFINITIONS
            ],
        ),
        "",
        "## Indicators of equipment",
        "",
        *_INDICATORS,
        "",
        *_indicator_table(EQUIPMENT_INDICATORS),
        "",
        "Other schools, from the same atoms:",
        "",
        *_indicator_table(SCHOOL_INDICATORS),
        "",
        "Indicators of ISO 22400-2 that need numbers no machine gives (orders, workers, maintenance, material):",
        "",
        *_indicator_table((*(r.indicator for r in RULES), *CAPABILITY, ENERGY, ROLLED)),
        "",
        "## Time atoms",
        "",
        f"PBT = {' + '.join(a.value for a in PBT_ATOMS)}; APT = {' + '.join(a.value for a in APT_ATOMS)}.",
        "Names by school; columns marked * were not checked against the standard.",
        "",
        *_table(
            ("atom", *(p.value + ("" if p in CONFIRMED else "*") for p in Profile)),
            [(f"`{a.value}`", *(category(p, a) for p in Profile)) for a in Atom],
        ),
        "",
        "## Outcomes of a scheduled slot, the first that fits",
        "",
        " · ".join(f"`{o.value}`" for o in Outcome),
        "",
        "## Why a figure is undefined",
        "",
        *_table(
            ("word", "中文", "English"), [(f"`{r.value}`", r.text.zh, r.text.en) for r in Reason]
        ),
        "",
        "## What does not add",
        "",
        *_table(("output", "computed from"), list(NOT_ADDITIVE)),
        "",
        "## Comparison before/after",
        "",
        *_COMPARISON,
        "",
        "## Evidence grade",
        "",
        *_GRADES,
        "",
    ]
    return "\n".join(lines)


def _indicator_table(indicators: Sequence[Indicator]) -> list[str]:
    return _table(
        ("indicator", "name", "formula", "unit", "source"),
        [
            (f"`{i.school}/{i.id}`", f"{i.zh} ({i.en})", i.formula, i.unit, i.source)
            for i in indicators
        ],
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


if __name__ == "__main__":
    sys.stdout.write(page())
