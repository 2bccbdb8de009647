"""Which indicators of ISO 22400-2 follow from times and pieces of equipment: names, formulas, sources (kpi.md B.1)."""

from __future__ import annotations

from typing import Final

from kpi.equipment.indicator import Indicator

EDITION: Final = "ISO 22400-2:2014 + Amd 1:2017"
_SOURCE: Final = f"{EDITION} (public transcription; not checked against the standard itself)"
_OURS: Final = "ours"


def _iso(name: str, zh: str, en: str, formula: str, unit: str = "1") -> Indicator:
    return Indicator(name, "iso22400", zh, en, formula, unit, _SOURCE)


AVAILABILITY: Final = _iso("availability", "可用率", "availability", "APT / PBT")
ALLOCATION_EFFICIENCY: Final = _iso(
    "allocation-efficiency", "分配效率", "allocation efficiency", "AUBT / PBT"
)
UTILISATION_EFFICIENCY: Final = _iso(
    "utilisation-efficiency", "利用效率", "utilisation efficiency", "APT / AUBT"
)
TECHNICAL_EFFICIENCY: Final = _iso(
    "technical-efficiency", "技术效率", "technical efficiency", "APT / (APT + ADET)"
)
SETUP_RATIO: Final = _iso("setup-ratio", "准备时间比", "setup ratio", "AUST / AUPT")
EFFECTIVENESS: Final = _iso("effectiveness", "效率", "effectiveness", "Σ PRI·PQ / APT")
QUALITY_RATIO: Final = _iso("quality-ratio", "质量率（件数）", "quality ratio, pieces", "GQ / PQ")
QUALITY_FACTOR: Final = Indicator(
    "quality-factor",
    "iso22400",
    "质量率（按理想时间加权）",
    "quality factor, ideal-time weighted",
    "Σ PRI·GQ / Σ PRI·PQ",
    "1",
    "ours: with several products only this factor makes A·E·Q equal OEE (equal to GQ / PQ for one product)",
)
OEE: Final = _iso("oee", "设备综合效率 OEE", "OEE index", "Σ PRI·GQ / PBT = A · E · Q")
NEE: Final = _iso("nee", "净设备效率 NEE", "NEE index", "AUPT/PBT · E · Q = OEE · (1 + AUST/APT)")
SCRAP_RATIO: Final = _iso("scrap-ratio", "废品率", "scrap ratio", "SQ / PQ")
REWORK_RATIO: Final = _iso("rework-ratio", "返工率", "rework ratio", "RQ / PQ")
FIRST_PASS: Final = Indicator(
    "first-pass-yield-by-counts",
    "iso22400",
    "一次合格率（按件数）",
    "first pass yield by counts",
    "(PQ − SQ − RQ) / PQ",
    "1",
    f"{EDITION} defines FPY = GP / IP over inspected parts by identity; counts cannot tell a part that comes twice",
)
FINAL_YIELD: Final = Indicator(
    "final-yield",
    "ours",
    "最终合格率",
    "final yield",
    "(PQ − SQ) / PQ",
    "1",
    "ours: every reworked piece taken as good",
)
TEEP: Final = Indicator(
    "teep",
    "ours",
    "完全有效生产率 TEEP",
    "TEEP",
    "Σ PRI·GQ / calendar time",
    "1",
    "not an indicator of ISO 22400-2",
)
UTILISATION: Final = Indicator(
    "utilisation", "ours", "日历利用率", "calendar utilisation", "APT / calendar time", "1", _OURS
)
MTBF: Final = _iso(
    "mtbf",
    "平均故障间隔时间",
    "mean operating time between failures",
    "Σ(APT + AUST) / FE, estimator: total time / failures",
    "ms",
)
MTTR: Final = _iso(
    "mttr",
    "平均修复时间",
    "mean time to restore",
    "Σ fault time of ended faults / their number",
    "ms",
)
MTTF: Final = _iso("mttf", "平均失效前时间", "mean time to failure", "–", "ms")

EQUIPMENT_INDICATORS: Final = (
    AVAILABILITY,
    ALLOCATION_EFFICIENCY,
    UTILISATION_EFFICIENCY,
    TECHNICAL_EFFICIENCY,
    SETUP_RATIO,
    EFFECTIVENESS,
    QUALITY_RATIO,
    QUALITY_FACTOR,
    OEE,
    NEE,
    TEEP,
    UTILISATION,
    SCRAP_RATIO,
    REWORK_RATIO,
    FIRST_PASS,
    FINAL_YIELD,
    MTBF,
    MTTR,
    MTTF,
)
"""Everything that `iso22400.equipment_indicators` returns, in its order."""
