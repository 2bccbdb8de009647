"""Indicators of other schools from the same 14 atoms (kpi-audit U1, E2, E3; kpi.md B.2): TPM, SEMI E10/E79, VDI 3423.

The product of the factors is equal only where the base is: `iso22400` and `tpm`. The mappings of E10 and VDI are from
memory and every result of them says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from kpi.equipment.effectiveness import Effectiveness, effectiveness
from kpi.equipment.indicator import Indicator, Operand, Result, quotient, undefined
from kpi.equipment.iso22400 import good_range, ms, ranged
from kpi.equipment.sums import EquipmentSums
from kpi.equipment.time_bounds import Linear, Range, TimeRatio, time_range
from kpi.profiles import Profile, category
from kpi.reasons import Reason
from model.ratio import Undefined
from model.state import Atom

_TPM: Final = "Nakajima TPM (formulas read in public sources, the book was not at hand)"
_E10: Final = "SEMI E10 / E79 (from memory, not checked against the standard)"
_VDI: Final = "VDI 3423:2011 (from memory, not checked against the guideline)"

TPM_AVAILABILITY: Final = Indicator(
    "availability", "tpm", "时间开动率", "availability", "(loading − downtime) / loading", "1", _TPM
)
TPM_PERFORMANCE: Final = Indicator(
    "performance",
    "tpm",
    "性能开动率",
    "performance",
    "ideal cycle · processed / operating",
    "1",
    _TPM,
)
TPM_QUALITY: Final = Indicator(
    "quality",
    "tpm",
    "合格品率（按理想时间加权）",
    "quality, ideal-time weighted",
    "Σ ideal · good / Σ ideal · processed",
    "1",
    _TPM,
)
TPM_OEE: Final = Indicator(
    "oee", "tpm", "设备综合效率 OEE", "OEE", "A · P · Q = Σ ideal · good / loading", "1", _TPM
)
E79_OEE: Final = Indicator(
    "oee",
    "semi_e10",
    "设备综合效率（以总时间为基数）",
    "OEE over total time",
    "theoretical time of effective units / total time",
    "1",
    _E10,
)
E10_AVAILABILITY: Final = Indicator(
    "availability-efficiency",
    "semi_e10",
    "可用效率",
    "availability efficiency",
    "uptime / total time; uptime = productive + standby + engineering",
    "1",
    _E10,
)
E10_OPERATIONAL: Final = Indicator(
    "operational-efficiency",
    "semi_e10",
    "运行效率",
    "operational efficiency",
    "productive / uptime",
    "1",
    _E10,
)
E10_RATE: Final = Indicator(
    "rate-efficiency",
    "semi_e10",
    "速率效率",
    "rate efficiency",
    "theoretical time of actual units / productive",
    "1",
    _E10,
)
E10_QUALITY: Final = Indicator(
    "quality-efficiency",
    "semi_e10",
    "质量效率",
    "quality efficiency",
    "theoretical time of effective units / that of actual units",
    "1",
    _E10,
)
VDI_TECHNICAL: Final = Indicator(
    "technical-availability",
    "vdi3423",
    "技术可用度 V_T",
    "technical availability V_T",
    "(T_B − T_T) / T_B",
    "1",
    _VDI,
)
VDI_USE: Final = Indicator("use-degree", "vdi3423", "使用度", "use degree", "T_N / T_B", "1", _VDI)
VDI_OEE: Final = Indicator("oee", "vdi3423", "设备综合效率 OEE", "OEE", "–", "1", _VDI)


SCHOOL_INDICATORS: Final = (
    TPM_AVAILABILITY,
    TPM_PERFORMANCE,
    TPM_QUALITY,
    TPM_OEE,
    E10_AVAILABILITY,
    E10_OPERATIONAL,
    E10_RATE,
    E10_QUALITY,
    E79_OEE,
    VDI_TECHNICAL,
    VDI_USE,
    VDI_OEE,
)
"""Everything that `school_indicators` returns for one school or another."""


def school_indicators(group: Sequence[EquipmentSums], profile: Profile) -> tuple[Result, ...]:
    """Return the indicators of a school; for `iso22400` see `iso22400.equipment_indicators`."""
    found = effectiveness(group)
    members = found.counted or tuple(group)
    match profile:
        case Profile.TPM:
            return _tpm(found, members)
        case Profile.SEMI_E10:
            return _semi(found, members)
        case Profile.VDI3423:
            return _vdi(members)
        case Profile.ISO22400:
            raise ValueError("the indicators of iso22400 are in kpi.equipment.iso22400")


def _atoms_of(profile: Profile, *categories: str) -> frozenset[Atom]:
    return frozenset(a for a in Atom if category(profile, a) in categories)


def _time(
    members: Sequence[EquipmentSums],
    indicator: Indicator,
    top: tuple[str, frozenset[Atom]],
    bottom: tuple[str, frozenset[Atom]],
) -> Result:
    atoms: list[Mapping[Atom, int]] = [s.atoms for s in members]
    value = quotient(
        indicator,
        ms(top[0], sum(a[x] for a in atoms for x in top[1])),
        ms(bottom[0], sum(a[x] for a in atoms for x in bottom[1])),
    )
    return ranged(value, time_range(atoms, TimeRatio(Linear(top[1]), Linear(bottom[1]))))


def _ideal(
    found: Effectiveness, indicator: Indicator, top: str, bottom: Operand | None, *, good: bool
) -> Result:
    """Return Σ ideal / bottom; without `bottom` the ideal time of the pieces made is below."""
    if not found.counted:
        return undefined(indicator, Reason.NO_IDEAL_CYCLE.text)
    if good and found.unmeasured:
        return undefined(indicator, Reason.NO_REJECT_SIGNAL.text)
    total = found.ideal_total
    if total is None and (not good or bottom is None):
        return undefined(
            indicator, Undefined("the pieces made are not counted", "没有产出件数的计数")
        )
    below = bottom or ms("Σ ideal · made", total or 0)
    return quotient(indicator, ms(top, found.ideal_good if good else total or 0), below)


def _speed(
    found: Effectiveness,
    members: Sequence[EquipmentSums],
    indicator: Indicator,
    top: str,
    bottom: tuple[str, frozenset[Atom]],
) -> Result:
    """Return Σ ideal of the pieces made / time, with bounds where the state is unknown."""
    name, atoms = bottom
    ran = ms(name, sum(s.atoms[a] for s in members for a in atoms))
    result = _ideal(found, indicator, top, ran, good=False)
    if not isinstance(result.value, Fraction):
        return result
    ratio = TimeRatio(Linear(frozenset(), found.ideal_total or Fraction(0)), Linear(atoms))
    return ranged(result, time_range([s.atoms for s in members], ratio))


def _counted(result: Result, bounds: Range | None) -> Result:
    """Return the index with the range that gaps of the counters leave it."""
    return ranged(result, bounds) if isinstance(result.value, Fraction) else result


def _tpm(found: Effectiveness, members: Sequence[EquipmentSums]) -> tuple[Result, ...]:
    operating = _atoms_of(Profile.TPM, "operating", "operating (performance loss)")
    loading = operating | _atoms_of(Profile.TPM, "downtime", "unknown in loading")
    base = ms("loading", sum(s.atoms[a] for s in members for a in loading) + found.base_gain_ms)
    return (
        _time(members, TPM_AVAILABILITY, ("operating", operating), ("loading", loading)),
        _speed(found, members, TPM_PERFORMANCE, "Σ ideal · processed", ("operating", operating)),
        _ideal(found, TPM_QUALITY, "Σ ideal · good", None, good=True),
        # Loading time is planned busy time, so the counters leave this index the same range as that of iso22400.
        _counted(
            _ideal(found, TPM_OEE, "Σ ideal · good", base, good=True),
            Range(found.oee_low, found.oee_high),
        ),
    )


def _semi(found: Effectiveness, members: Sequence[EquipmentSums]) -> tuple[Result, ...]:
    productive = _atoms_of(Profile.SEMI_E10, "productive")
    uptime = productive | _atoms_of(Profile.SEMI_E10, "standby", "engineering")
    total = frozenset(Atom)
    base = ms("total", sum(sum(s.atoms.values()) for s in members))
    return (
        _time(members, E10_AVAILABILITY, ("uptime", uptime), ("total", total)),
        _time(members, E10_OPERATIONAL, ("productive", productive), ("uptime", uptime)),
        _speed(found, members, E10_RATE, "Σ ideal · made", ("productive", productive)),
        _ideal(found, E10_QUALITY, "Σ ideal · good", None, good=True),
        _counted(
            _ideal(found, E79_OEE, "Σ ideal · good", base, good=True),
            good_range(found, base.value),
        ),
    )


def _vdi(members: Sequence[EquipmentSums]) -> tuple[Result, ...]:
    names = ("T_N", "T_O", "T_T", "T_W", "unknown in T_B")
    base = _atoms_of(Profile.VDI3423, *names)
    # Unknown time does not count as able: missing data count against the claimant, the bounds say what it may be.
    able = base - _atoms_of(Profile.VDI3423, "T_T", "unknown in T_B")
    use = _atoms_of(Profile.VDI3423, "T_N")
    return (
        _time(members, VDI_TECHNICAL, ("T_B − T_T", able), ("T_B", base)),
        _time(members, VDI_USE, ("T_N", use), ("T_B", base)),
        undefined(VDI_OEE, Undefined("not defined in this school", "该标准不定义 OEE")),
    )
