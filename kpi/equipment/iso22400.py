"""The indicators of ISO 22400-2 that follow from times and pieces of equipment (kpi.md B.1, kpi-audit E1–E4, E19).

The paid text was not at hand: formulas are those of a public transcription and say so. Factors split by state carry
bounds by enumeration where state is unknown; OEE needs no state and carries the bounds of its counters.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kpi.atoms import APT_ATOMS, PBT_ATOMS, apt, pbt
from kpi.display import decimal_text
from kpi.equipment.effectiveness import Effectiveness, effectiveness
from kpi.equipment.indicator import Indicator, Operand, Result, quotient, undefined
from kpi.equipment.iso_catalogue import (
    ALLOCATION_EFFICIENCY,
    AVAILABILITY,
    EFFECTIVENESS,
    FINAL_YIELD,
    FIRST_PASS,
    MTBF,
    MTTF,
    MTTR,
    NEE,
    OEE,
    QUALITY_FACTOR,
    QUALITY_RATIO,
    REWORK_RATIO,
    SCRAP_RATIO,
    SETUP_RATIO,
    TECHNICAL_EFFICIENCY,
    TEEP,
    UTILISATION,
    UTILISATION_EFFICIENCY,
)
from kpi.equipment.sums import EquipmentSums
from kpi.equipment.time_bounds import Linear, Range, TimeRatio, time_range
from kpi.reasons import Reason
from model.ratio import Undefined
from model.state import Atom

UNKNOWN_LIMIT: Final = Fraction(1, 20)
"""Above this share of unknown planned time counts of events are not stated (kpi-audit U3)."""

_APT: Final = frozenset(APT_ATOMS)
_AUST: Final = frozenset({Atom.SETUP})
_ADET: Final = frozenset({Atom.MINOR, Atom.FAULT, Atom.WAIT})
_PBT: Final = frozenset(PBT_ATOMS)
_AUPT: Final = _APT | _AUST
_AUBT: Final = _AUPT | _ADET


_TimeRatioRow = tuple[Indicator, str, frozenset[Atom], str, frozenset[Atom]]
_TIME_RATIOS: Final[tuple[_TimeRatioRow, ...]] = (
    (AVAILABILITY, "APT", _APT, "PBT", _PBT),
    (ALLOCATION_EFFICIENCY, "AUBT", _AUBT, "PBT", _PBT),
    (UTILISATION_EFFICIENCY, "APT", _APT, "AUBT", _AUBT),
    (TECHNICAL_EFFICIENCY, "APT", _APT, "APT + ADET", _APT | _ADET),
    (SETUP_RATIO, "AUST", _AUST, "AUPT", _AUPT),
)


def equipment_indicators(group: Sequence[EquipmentSums]) -> tuple[Result, ...]:
    """Return every indicator of ISO 22400-2 that times and pieces of a group allow; sums first, one ratio each.

    Times and failures are those of all assets, ideal times those of the assets with an ideal cycle; a group whose
    members differ in that gives A, E and Q of the latter, so that their product is OEE.
    """
    found = effectiveness(group)
    return (
        *(_time_ratio(found.counted or group, row) for row in _TIME_RATIOS),
        _effectiveness(found),
        *_quality(found),
        _oee(found),
        _nee(found),
        _teep(found),
        _utilisation(group),
        *_pieces(group),
        _mtbf(group),
        _mttr(group),
        undefined(
            MTTF,
            Undefined(
                "two public texts define it differently; not stated as ISO",
                "两份公开文本定义不一，不以 ISO 名义给出",
            ),
        ),
    )


def ms(symbol: str, value: int | Fraction) -> Operand:
    """Return an operand in milliseconds."""
    return Operand(symbol, Fraction(value), "ms")


def pieces(symbol: str, value: int | Fraction) -> Operand:
    """Return an operand in pieces."""
    return Operand(symbol, Fraction(value), "{pieces}")


def ranged(result: Result, bounds: Range | None) -> Result:
    """Return the result with bounds, if they say more than the value itself."""
    if bounds is None or (bounds.low == bounds.high == result.value):
        return result
    return Result(
        result.indicator,
        result.value,
        result.operands,
        low=bounds.low,
        high=bounds.high,
        open_low=bounds.low is None,
        open_high=bounds.high is None,
        note_zh=result.note_zh,
        note_en=result.note_en,
    )


def good_range(found: Effectiveness, base_ms: Fraction) -> Range | None:
    """Return the range of Σ ideal · good / a base that is certain, where counters have gaps; None for a base of 0."""
    if not base_ms:
        return None
    high = found.ideal_good_high
    return Range(found.ideal_good_low / base_ms, None if high is None else high / base_ms)


def _time_ratio(members: Sequence[EquipmentSums], row: _TimeRatioRow) -> Result:
    indicator, top_symbol, top, bottom_symbol, bottom = row
    atoms = [s.atoms for s in members]
    value = quotient(
        indicator,
        ms(top_symbol, sum(a[x] for a in atoms for x in top)),
        ms(bottom_symbol, sum(a[x] for a in atoms for x in bottom)),
    )
    return ranged(value, time_range(atoms, TimeRatio(Linear(top), Linear(bottom))))


def _effectiveness(found: Effectiveness) -> Result:
    if found.ideal_total is None:
        return undefined(EFFECTIVENESS, _NOT_COUNTED, ms("APT", found.apt_ms))
    value = quotient(EFFECTIVENESS, ms("Σ PRI·PQ", found.ideal_total), ms("APT", found.apt_ms))
    ratio = TimeRatio(Linear(frozenset(), found.ideal_total), Linear(_APT))
    result = ranged(value, time_range([s.atoms for s in found.counted], ratio))
    if isinstance(result.value, Fraction) and result.value > 1:
        return _noted(
            result,
            "超过 100 %：理想节拍偏慢，不是封顶错误",
            "above 100 %: the ideal cycle is not ideal; nothing is clamped",
        )
    return result


def _quality(found: Effectiveness) -> tuple[Result, Result]:
    if found.unmeasured:
        why = Reason.NO_REJECT_SIGNAL.text
        return undefined(QUALITY_RATIO, why), undefined(QUALITY_FACTOR, why)
    if found.made is None or found.ideal_total is None:
        return undefined(QUALITY_RATIO, _NOT_COUNTED), undefined(QUALITY_FACTOR, _NOT_COUNTED)
    return (
        quotient(QUALITY_RATIO, pieces("GQ", found.good), pieces("PQ", found.made)),
        quotient(
            QUALITY_FACTOR, ms("Σ PRI·GQ", found.ideal_good), ms("Σ PRI·PQ", found.ideal_total)
        ),
    )


def _why_no_oee(found: Effectiveness) -> Undefined:
    if not found.counted:
        return Reason.NO_IDEAL_CYCLE.text
    return Reason.NO_REJECT_SIGNAL.text if found.unmeasured else Reason.NO_PLANNED_TIME.text


def _oee(found: Effectiveness) -> Result:
    operands = [ms("Σ PRI·GQ", found.ideal_good), ms("PBT", found.pbt_ms)]
    if found.base_gain_ms:
        operands.append(ms("计划外未知时间 / unknown outside the plan", found.base_gain_ms))
    value = found.oee
    if value is None:
        return undefined(OEE, _why_no_oee(found), ms("PBT", found.pbt_ms))
    low, high = found.oee_low, found.oee_high
    result = Result(OEE, value, tuple(operands))
    result = ranged(result, Range(low, high))
    if any(s.outside_unbounded for s in found.counted):
        return _noted(
            result, "计划外未知时间内计数中断，上限不成立", "not bounded outside the plan"
        )
    return result


def _nee(found: Effectiveness) -> Result:
    value = found.oee
    if value is None:
        return undefined(NEE, _why_no_oee(found))
    top, bottom = ms("APT + AUST", found.apt_ms + found.setup_ms), ms("APT", found.apt_ms)
    factor = quotient(NEE, top, bottom)
    if not isinstance(factor.value, Fraction):
        return factor
    result = Result(NEE, value * factor.value, (Operand("OEE", value, "1"), top, bottom))
    split = time_range([s.atoms for s in found.counted], TimeRatio(Linear(_AUPT), Linear(_APT)))
    if split is None or found.oee_low is None:
        return result
    low = None if split.low is None else split.low * found.oee_low
    closed = split.high is not None and found.oee_high is not None
    high = split.high * found.oee_high if closed and split.high and found.oee_high else None
    return ranged(result, Range(low, high))


def _teep(found: Effectiveness) -> Result:
    if found.oee is None:
        return undefined(TEEP, _why_no_oee(found))
    value = quotient(
        TEEP, ms("Σ PRI·GQ", found.ideal_good), ms("日历 / calendar", found.calendar_ms)
    )
    return ranged(value, good_range(found, Fraction(found.calendar_ms)))


def _utilisation(group: Sequence[EquipmentSums]) -> Result:
    atoms = [s.atoms for s in group]
    every = frozenset(Atom)
    value = quotient(
        UTILISATION,
        ms("APT", sum(apt(a) for a in atoms)),
        ms("日历 / calendar", sum(sum(a.values()) for a in atoms)),
    )
    return ranged(value, time_range(atoms, TimeRatio(Linear(_APT), Linear(every))))


def _pieces(group: Sequence[EquipmentSums]) -> tuple[Result, ...]:
    """Return the ratios of pieces over all rows that know all of them."""
    rows = [r for s in group for r in s.rows]
    made = [r.made for r in rows if r.made is not None]
    scrap = [r.scrap for r in rows if r.scrap is not None]
    rework = [r.rework for r in rows if r.rework is not None]
    if len(made) < len(rows) or len(scrap) < len(rows) or not all(s.measured for s in group):
        why = Reason.NO_REJECT_SIGNAL.text
        return tuple(
            undefined(i, why) for i in (SCRAP_RATIO, REWORK_RATIO, FIRST_PASS, FINAL_YIELD)
        )
    made_all, scrap_all, rework_all = sum(made), sum(scrap), sum(rework)
    rework_known = len(rework) == len(rows)
    no_rework = Undefined("no signal counts rework", "没有返工计数信号")
    first_pass = quotient(
        FIRST_PASS,
        pieces("PQ − SQ − RQ", made_all - scrap_all - rework_all),
        pieces("PQ", made_all),
    )
    if not rework_known:
        first_pass = _noted(
            first_pass, "返工未计数，按 0 计", "rework is not counted and taken as 0"
        )
    return (
        quotient(SCRAP_RATIO, pieces("SQ", scrap_all), pieces("PQ", made_all)),
        quotient(REWORK_RATIO, pieces("RQ", rework_all), pieces("PQ", made_all))
        if rework_known
        else undefined(REWORK_RATIO, no_rework),
        first_pass,
        quotient(FINAL_YIELD, pieces("PQ − SQ", made_all - scrap_all), pieces("PQ", made_all)),
    )


def _unknown_share(group: Sequence[EquipmentSums]) -> Fraction:
    planned = sum(pbt(s.atoms) for s in group)
    return Fraction(sum(s.atoms[Atom.UNK] for s in group), planned) if planned else Fraction(0)


def _events(result: Result, group: Sequence[EquipmentSums], zh: str, en: str) -> Result:
    """Return a figure of events as unknown time allows: refused above 5 %, else said to be one-sided."""
    share = _unknown_share(group)
    if share > UNKNOWN_LIMIT:
        why = Undefined(
            "more than 5 % of the planned time is unknown", "计划时间中未知部分超过 5 %"
        )
        return undefined(result.indicator, why, *result.operands)
    return _noted(result, zh, en) if share else result


def _mtbf(group: Sequence[EquipmentSums]) -> Result:
    time = sum(apt(s.atoms) + s.atoms[Atom.SETUP] for s in group)
    failures = sum(s.failures for s in group)
    operands = (ms("APT + AUST", time), Operand("FE", Fraction(failures), "1"))
    if not failures:
        hours = decimal_text(Fraction(time, 3_600_000), 1)
        why = Undefined(f"no failure in {hours} h", f"{hours} 小时内无故障")
        return undefined(MTBF, why, *operands)
    return _events(
        quotient(MTBF, *operands),
        group,
        "未知时间内可能还有故障：至多",
        "at most: unknown time may hide failures",
    )


def _mttr(group: Sequence[EquipmentSums]) -> Result:
    repairs = sum(s.repairs for s in group)
    operands = (
        ms("Σ fault", sum(s.repair_ms for s in group)),
        Operand("ended", Fraction(repairs), "1"),
    )
    if not repairs:
        why = Undefined("no fault ended in the window", "窗口内没有已结束的故障")
        return undefined(MTTR, why, *operands)
    return _events(
        quotient(MTTR, *operands),
        group,
        "未知时间内可能有更长的故障：至少",
        "at least: unknown time may hide part of a fault",
    )


_NOT_COUNTED: Final = Undefined("the pieces made are not counted", "没有产出件数的计数")


def _noted(result: Result, zh: str, en: str) -> Result:
    return Result(
        result.indicator,
        result.value,
        result.operands,
        result.low,
        result.high,
        result.open_low,
        result.open_high,
        f"{result.note_zh}；{zh}".strip("；"),
        f"{result.note_en}; {en}".strip("; "),
    )
