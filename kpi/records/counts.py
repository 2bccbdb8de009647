"""Counts and sums that the forms ask for, as of the end of the after period: money, equipment, certificates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    build,
    exact,
    missing,
)
from kpi.records.rows import (
    AccidentYear,
    Equipment,
    EquipmentClass,
    Investment,
    InvestmentKind,
    MaturityCertificate,
    Partner,
    ProducedIn,
    Workshop,
)
from model.ratio import Ratio, Undefined

ASSETS: Final = (
    InvestmentKind.EQUIPMENT,
    InvestmentKind.LEASED_EQUIPMENT,
    InvestmentKind.CONTROL_SYSTEM,
    InvestmentKind.SOFTWARE,
)
"""「设备和软件投资」 (000:272): reading of ours; the sum of each kind stands beside it."""
ACCIDENT_YEARS: Final = 3
_YUAN_A_10K: Final = 10_000


def investments(records: Sequence[Record[Investment]]) -> dict[str, RecordFigure]:
    """Return `planned-investment` (equipment and software) and `done-investment` (all kinds), 万元."""
    if not records:
        return {}
    planned = [(r, r.row.planned) for r in records if r.row.kind in ASSETS]
    done = [(r, r.row.done) for r in records if r.row.done is not None]
    return {
        "planned-investment": _money(
            "planned-investment",
            planned,
            Words(
                "Σ 预计金额（设备、融资租赁设备、控制系统、软件）÷ 10000",
                "Σ planned (equipment, leased equipment, control systems, software) ÷ 10000",
            ),
            _by_kind([(r, r.row.planned) for r in records]),
        ),
        "done-investment": _money(
            "done-investment",
            done,
            Words("Σ 已完成金额（全部类别）÷ 10000", "Σ done (all kinds) ÷ 10000"),
            _by_kind(done),
        ),
    }


def _money(
    metric: str,
    rows: Sequence[tuple[Record[Investment], Fraction]],
    formula: Words,
    readings: tuple[OtherReading, ...],
) -> RecordFigure:
    amount = sum((x for _, x in rows), Fraction(0))
    value: Ratio = amount / _YUAN_A_10K
    if not rows:
        value = missing("没有符合类别的行", "no row of these kinds")
    return build(
        metric,
        value,
        unit="万元",
        formula=formula,
        numbers=f"{exact(amount)} ÷ {_YUAN_A_10K}",
        used=[r for r, _ in rows],
        readings=readings,
    )


def _by_kind(rows: Iterable[tuple[Record[Investment], Fraction]]) -> tuple[OtherReading, ...]:
    sums: dict[InvestmentKind, Fraction] = {}
    for r, amount in rows:
        sums[r.row.kind] = sums.get(r.row.kind, Fraction(0)) + amount
    return tuple(
        OtherReading(
            f"kind:{kind.value}",
            Words(f"其中 {INVESTMENT_NAMES[kind].zh}", f"of it {INVESTMENT_NAMES[kind].en}"),
            sums[kind] / _YUAN_A_10K,
        )
        for kind in InvestmentKind
        if kind in sums
    )


INVESTMENT_NAMES: Final[dict[InvestmentKind, Words]] = {
    InvestmentKind.EQUIPMENT: Words("设备", "equipment"),
    InvestmentKind.LEASED_EQUIPMENT: Words("融资租赁设备", "leased equipment"),
    InvestmentKind.CONTROL_SYSTEM: Words("控制系统", "control system"),
    InvestmentKind.SOFTWARE: Words("软件", "software"),
    InvestmentKind.CLOUD_SERVICE: Words("云服务", "cloud service"),
    InvestmentKind.INFORMATION_SERVICE: Words("信息服务", "information service"),
    InvestmentKind.HARDWARE: Words("相关硬件", "related hardware"),
    InvestmentKind.PLATFORM: Words("平台建设", "platform"),
    InvestmentKind.OTHER: Words("其他", "other"),
}


def equipment(records: Sequence[Record[Equipment]], day: date) -> dict[str, RecordFigure]:
    """Return the counts of the equipment list in service on `day` (台套 as listed, lines by name)."""
    if not records:
        return {}
    present = [
        r
        for r in records
        if r.row.in_service <= day and (r.row.out_of_service is None or r.row.out_of_service > day)
    ]
    tools = [
        r for r in present if r.row.kind in (EquipmentClass.ROBOT, EquipmentClass.MACHINE_TOOL)
    ]
    lined = [r for r in present if r.row.line is not None]
    lines = {r.row.line for r in lined}
    counted = {
        "total-equipment": (present, Words("全部设备", "all equipment")),
        "smart-equipment": (
            [r for r in present if r.row.smart],
            Words("自动化、智能化设备", "automated or intelligent equipment"),
        ),
        "robots-and-machine-tools": (
            tools,
            Words("工业机器人和机床", "robots and machine tools"),
        ),
        "local-robots-and-machine-tools": (
            [r for r in tools if r.row.made_in is ProducedIn.LOCAL],
            Words("本地产工业机器人和机床", "locally made robots and machine tools"),
        ),
    }
    return {
        **{name: _sets(name, rows, what, day, records) for name, (rows, what) in counted.items()},
        "digital-lines": build(
            "digital-lines",
            Fraction(len(lines)),
            unit="条",
            formula=Words(
                f"{day} 在用设备“所属数字化产线”的不同名称数",
                f"different lines named by equipment in service on {day}",
            ),
            numbers=str(len(lines)),
            used=lined or records,
        ),
    }


def _sets(
    metric: str,
    rows: Sequence[Record[Equipment]],
    what: Words,
    day: date,
    everything: Sequence[Record[Equipment]],
) -> RecordFigure:
    """Return a count; where nothing is counted it rests on all rows that were looked at."""
    number = sum(r.row.sets for r in rows)
    return build(
        metric,
        Fraction(number),
        unit="台套",
        formula=Words(
            f"{day} 在用的{what.zh}，Σ 台套数", f"Σ sets of {what.en} in service on {day}"
        ),
        numbers=str(number),
        used=rows or everything,
    )


def partners(records: Sequence[Record[Partner]], day: date) -> dict[str, RecordFigure]:
    """Return `platform-enterprises`: different enterprises connected on `day`."""
    if not records:
        return {}
    present = [
        r for r in records if r.row.connected <= day and (r.row.left is None or r.row.left > day)
    ]
    number = len({r.row.credit_code for r in present})
    return {
        "platform-enterprises": build(
            "platform-enterprises",
            Fraction(number),
            unit="个",
            formula=Words(
                f"{day} 已接入的企业数（按统一社会信用代码去重）",
                f"enterprises connected on {day}, by credit code",
            ),
            numbers=str(number),
            used=present or records,
        )
    }


def workshops(records: Sequence[Record[Workshop]], day: date) -> dict[str, RecordFigure]:
    """Return `digital-workshop-count`: finished workshops on `day`; recognised ones beside it (not said which)."""
    if not records:
        return {}
    finished = [r for r in records if r.row.finished is not None and r.row.finished <= day]
    recognised = sum(r.row.recognised for r in finished)
    return {
        "digital-workshop-count": build(
            "digital-workshop-count",
            Fraction(len(finished)),
            unit="个",
            formula=Words(f"{day} 已建成的数字化车间数", f"digital workshops finished by {day}"),
            numbers=str(len(finished)),
            used=finished or records,
            readings=(
                OtherReading(
                    "recognised",
                    Words("另一读法：只计已获认定的车间", "other reading: recognised ones only"),
                    Fraction(recognised),
                ),
            ),
            notes=(
                Note(
                    "records.recognition-not-said",
                    Words(
                        "原文未说明是否须已获认定（000:51）",
                        "the text does not say whether recognition is needed (000:51)",
                    ),
                ),
            ),
        )
    }


def maturity(records: Sequence[Record[MaturityCertificate]], day: date) -> dict[str, RecordFigure]:
    """Return `maturity-level` of the newest certificate issued by `day`; it is never computed from machine data."""
    if not records:
        return {}
    issued = sorted((r for r in records if r.row.issued <= day), key=lambda r: r.row.issued)
    newest = issued[-1] if issued else None
    value: Ratio
    if newest is None:
        value = missing(f"{day} 之前没有证书", f"no certificate issued by {day}")
    elif newest.row.valid_to is not None and newest.row.valid_to < day:
        value = missing(
            f"证书 {newest.row.number} 已于 {newest.row.valid_to} 到期",
            f"certificate {newest.row.number} ended on {newest.row.valid_to}",
        )
    else:
        value = Fraction(newest.row.level)
    return {
        "maturity-level": build(
            "maturity-level",
            value,
            unit="级",
            formula=Words(
                "最近一次评估结果（GB/T 39116-2020），不由机器数据计算",
                "newest assessment (GB/T 39116-2020), never computed from machine data",
            ),
            numbers="" if isinstance(value, Undefined) else str(value),
            used=[newest] if newest is not None else records,
        )
    }


def accidents(records: Sequence[Record[AccidentYear]], day: date) -> dict[str, RecordFigure]:
    """Return `major-accidents` of the three calendar years up to that of `day`; each year must be stated."""
    if not records:
        return {}
    years = [day.year - n for n in reversed(range(ACCIDENT_YEARS))]
    by_year = {r.row.year: r for r in records}
    used = [by_year[y] for y in years if y in by_year]
    absent = [y for y in years if y not in by_year]
    value: Ratio = Fraction(sum(r.row.total for r in used))
    if absent:
        names = "、".join(str(y) for y in absent)
        value = missing(
            f"没有 {names} 年的事故记录（无事故也须填 0）",
            f"no record for {names.replace('、', ', ')} (state 0 if there was none)",
        )
    return {
        "major-accidents": build(
            "major-accidents",
            value,
            unit="起",
            formula=Words(
                f"{years[0]}–{years[-1]} 年重大、特大安全生产和环境事故之和",
                f"major and extreme accidents of safety and environment, {years[0]}–{years[-1]}",
            ),
            numbers=" + ".join(str(r.row.total) for r in used),
            used=used,
            notes=(
                Note(
                    "records.three-years",
                    Words(
                        "“近三年”按自然年计算，原文未说明是自然年还是滚动三年",
                        "three calendar years; the text does not say whether calendar or rolling",
                    ),
                ),
            ),
        )
    }
