"""R&D cycle (产品研发周期) and use of design tools (研发设计工具普及率): definitions ours (kpi.md B.3, D.3)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from kpi.records.change import Sense, Side, change, change_figure, level_figures, quotient_side
from kpi.records.figure import (
    Note,
    OtherReading,
    Record,
    RecordFigure,
    Words,
    exact,
    median,
    missing,
)
from kpi.records.periods import Dates, Month, RecordPeriods
from kpi.records.rows import RdPerson, RdProject, RdTask
from model.ratio import Ratio, Undefined

CYCLE = Words(
    "期内结题项目“结束日期 − 开始日期”的中位数（天）",
    "median of end − start, days, of the projects that ended in the period",
)
TOOLS = Words(
    "期末有许可证账户且近三个月至少使用一个月的研发人员 ÷ 全部研发人员（申报方口径）",
    "R&D staff with a licensed account used in at least 1 of 3 months ÷ R&D staff (applicant's definition)",
)
TASKS = Words(
    "已用数字化工具的设计任务种类 ÷ 适用的设计任务种类（申报方口径）",
    "kinds of design tasks done with digital tools ÷ kinds that apply (applicant's definition)",
)
FEW_PROJECTS: Final = 5

Projects = tuple[Record[RdProject], ...]


def rd_cycle(
    records: Sequence[Record[RdProject]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `rd-cycle` (天) before and after and `rd-cycle-change`, with mean, count and each class beside it."""
    if not records:
        return {}
    ended_after = _ended(records, periods.after)
    after = _cycle(ended_after)
    if periods.before is None:
        return level_figures("rd-cycle", None, after, unit="天", formula=CYCLE)
    ended_before = _ended(records, periods.before)
    before = _cycle(ended_before)
    found = level_figures("rd-cycle", before, after, unit="天", formula=CYCLE)
    kinds = sorted({r.row.kind for r in (*ended_before, *ended_after)})
    by_kind = [
        OtherReading(
            f"kind:{kind}",
            Words(f"仅“{kind}”类项目", f"projects of class {kind} only"),
            change(
                _cycle(_of_kind(ended_before, kind)).value,
                _cycle(_of_kind(ended_after, kind)).value,
                Sense.REDUCTION,
            ),
        )
        for kind in kinds
    ]
    found["rd-cycle-change"] = change_figure(
        "rd-cycle-change",
        before,
        after,
        Sense.REDUCTION,
        formula=CYCLE,
        readings=(
            OtherReading(
                "mean",
                Words("另一读法：平均数", "other reading: mean"),
                change(_mean(ended_before), _mean(ended_after), Sense.REDUCTION),
            ),
            *by_kind,
        ),
        notes=_cycle_notes(ended_before, ended_after, before.value, after.value, by_kind),
    )
    return found


def _ended(records: Sequence[Record[RdProject]], period: Dates) -> Projects:
    return tuple(r for r in records if r.row.end is not None and period.holds(r.row.end))


def _of_kind(records: Projects, kind: str) -> Projects:
    return tuple(r for r in records if r.row.kind == kind)


def _days(records: Projects) -> list[int]:
    return [(r.row.end - r.row.start).days for r in records if r.row.end is not None]


def _cycle(records: Projects) -> Side:
    middle = median(_days(records))
    if middle is None:
        return Side(missing("期内没有结题项目", "no project ended in the period"), "", ())
    note = Note(
        "records.projects",
        Words(
            f"结题项目 {len(records)} 个，最短 {min(_days(records))} 天，最长 {max(_days(records))} 天",
            f"{len(records)} projects ended, shortest {min(_days(records))} d, longest {max(_days(records))} d",
        ),
    )
    return Side(middle, exact(middle), records, (note,))


def _mean(records: Projects) -> Ratio:
    days = _days(records)
    if not days:
        return missing("期内没有结题项目", "no project ended in the period")
    return Fraction(sum(days), len(days))


def _cycle_notes(
    before: Projects, after: Projects, b: Ratio, a: Ratio, by_kind: Sequence[OtherReading]
) -> tuple[Note, ...]:
    notes = []
    fewest = min(len(before), len(after))
    if fewest < FEW_PROJECTS:
        notes.append(
            Note(
                "records.few-projects",
                Words(
                    f"某一期结题项目只有 {fewest} 个（少于 {FEW_PROJECTS} 个）",
                    f"only {fewest} projects ended in one period (fewer than {FEW_PROJECTS})",
                ),
            )
        )
    overall = change(b, a, Sense.REDUCTION)
    inside = [x.value for x in by_kind if not isinstance(x.value, Undefined)]
    if not isinstance(overall, Undefined) and inside and all(x * overall < 0 for x in inside):
        notes.append(
            Note(
                "records.mix-disagrees",
                Words(
                    "每一类项目的变化方向都与总体相反：变化来自项目类别结构",
                    "every class moves against the total: the mix of classes makes the change",
                ),
            )
        )
    return tuple(notes)


def rd_tools(
    people: Sequence[Record[RdPerson]], tasks: Sequence[Record[RdTask]], periods: RecordPeriods
) -> dict[str, RecordFigure]:
    """Return `rd-tool-rate` (by people) and `rd-tool-rate-by-task` as of the last kept month of the after period."""
    found: dict[str, RecordFigure] = {}
    if people:
        found |= level_figures(
            "rd-tool-rate", None, _people_rate(people, periods.after), unit="1", formula=TOOLS
        )
    if tasks:
        found |= level_figures(
            "rd-tool-rate-by-task", None, _task_rate(tasks, periods.after), unit="1", formula=TASKS
        )
    return found


def _last_month(months: Sequence[Month], period: Dates) -> Month | None:
    inside = [m for m in months if period.holds(m.last)]
    return max(inside, default=None)


_NO_MONTH = missing(
    "建设后期间内没有研发工具的月末统计", "no month-end count of R&D tools lies in the period after"
)


def _as_of(month: Month) -> Note:
    return Note("records.as-of", Words(f"以 {month} 月末为准", f"as of the end of {month}"))


def _people_rate(people: Sequence[Record[RdPerson]], period: Dates) -> Side:
    month = _last_month([r.row.month for r in people], period)
    if month is None:
        return Side(_NO_MONTH, "", ())
    staff = tuple(r for r in people if r.row.month == month)
    everybody = {r.row.person for r in staff}
    active = {
        r.row.person for r in staff if r.row.account and r.row.licence and r.row.months_used >= 1
    }
    return quotient_side(
        Fraction(len(active)),
        Fraction(len(everybody)),
        numbers=f"{len(active)} ÷ {len(everybody)}",
        used=staff,
        nothing=missing("没有研发人员", "no R&D staff"),
        notes=(_as_of(month),),
    )


def _task_rate(tasks: Sequence[Record[RdTask]], period: Dates) -> Side:
    month = _last_month([r.row.month for r in tasks], period)
    if month is None:
        return Side(_NO_MONTH, "", ())
    kinds = tuple(r for r in tasks if r.row.month == month)
    applicable = [r for r in kinds if r.row.applicable]
    covered = [r for r in applicable if r.row.covered]
    return quotient_side(
        Fraction(len(covered)),
        Fraction(len(applicable)),
        numbers=f"{len(covered)} ÷ {len(applicable)}",
        used=kinds,
        nothing=missing("没有适用的设计任务", "no kind of design task applies"),
        notes=(_as_of(month),),
    )
