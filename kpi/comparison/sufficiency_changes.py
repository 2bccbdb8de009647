"""What changed between the periods besides the project: findings (kpi.md D.2, D.4, kpi-audit U12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final

from kpi.comparison.compared_metrics import RuleKind
from kpi.comparison.data import BaselineData, Options, PeriodFacts, ReportingData, Rule
from kpi.comparison.mix import MIX_SHIFT, stability_index
from kpi.comparison.nonroutine import EventCause
from kpi.comparison.periods import SEASON_WEEKS, Baseline, Reporting
from kpi.findings import Finding, disqualify, percent, warn
from kpi.grades import LEAST_COVERAGE

COVERAGE_CHANGE: Final = Fraction(1, 20)
DOWNTIME_CHANGE: Final = Fraction(1, 50)
STAFFING_CHANGE: Final = Fraction(1, 10)

_KINDS: Final = {
    RuleKind.IDEAL_CYCLE: ("理想节拍", "ideal cycle", EventCause.DEFINITION),
    RuleKind.CALENDAR: ("工作日历", "working calendar", EventCause.SHIFT_MODEL),
    RuleKind.COUNTING: ("计数规则", "counting rule", EventCause.DEFINITION),
    RuleKind.INSPECTION: ("检验规则", "inspection rule", EventCause.DEFINITION),
    RuleKind.STATE_TABLE: ("状态对照表", "state table", EventCause.DEFINITION),
    RuleKind.METER_RATIO: ("电表变比", "meter ratio", EventCause.METER_RATIO),
    RuleKind.LABOUR_SCOPE: ("工时统计范围", "scope of labour", EventCause.DEFINITION),
    RuleKind.PRICE_LIST: ("不变价目录", "constant price list", EventCause.DEFINITION),
}


def change_findings(
    before: BaselineData, after: ReportingData, matched: Sequence[str], options: Options
) -> list[Finding]:
    """Return every finding on differences between the periods. matched: assets in the main figure."""
    b, a = before.facts, after.facts
    season = options.metric.seasonal if options.season is None else options.season
    return [
        *coverage_findings(b, a, matched),
        *set_findings(before, after, matched, options),
        *rule_findings(b.rules, a.rules, options),
        *downtime_findings(b, a),
        *(season_findings(before.period, after.period) if season else ()),
        *mix_findings(b, a, options),
        *staffing_findings(b, a, options),
    ]


def coverage_findings(
    before: PeriodFacts, after: PeriodFacts, assets: Iterable[str]
) -> list[Finding]:
    """Return findings on slot coverage below 90 %, not stated, or changed by more than five points."""
    found: list[Finding] = []
    sides = (dict(before.coverage), dict(after.coverage))
    for asset in assets:
        b, a = (side.get(asset) for side in sides)
        if b is None or a is None:
            found.append(
                warn(
                    "coverage.not-stated",
                    f"{asset}：未给出两期的采集覆盖率。",
                    f"{asset}: the slot coverage of both periods is not stated.",
                    lowers_grade=True,
                    asset=asset,
                )
            )
            continue
        if min(b, a) < LEAST_COVERAGE:
            found.append(
                warn(
                    "coverage.low",
                    f"{asset}：采集覆盖率基期 {percent(b)}、报告期 {percent(a)}，低于 {percent(LEAST_COVERAGE)}。",
                    f"{asset}: slot coverage {percent(b)} before and {percent(a)} after, below "
                    f"{percent(LEAST_COVERAGE)}.",
                    lowers_grade=True,
                    asset=asset,
                    before=b,
                    after=a,
                )
            )
        if abs(a - b) > COVERAGE_CHANGE:
            found.append(
                warn(
                    "coverage.change",
                    f"{asset}：采集覆盖率由 {percent(b)} 变为 {percent(a)}，看得更多或更少都会改变指标。",
                    f"{asset}: slot coverage went from {percent(b)} to {percent(a)}; seeing more or less "
                    "moves the figure.",
                    lowers_grade=True,
                    asset=asset,
                    before=b,
                    after=a,
                )
            )
    return found


def set_findings(
    before: BaselineData, after: ReportingData, matched: Sequence[str], options: Options
) -> list[Finding]:
    """Return findings on machines that are not in both periods."""
    names = sorted(before.by_asset.keys() | after.by_asset.keys())
    if not matched:
        return [
            disqualify(
                "set.empty",
                "没有任何设备在两期都在用且数据已知：无法比较。",
                "No asset is in service and known in both periods: nothing can be compared.",
                assets=len(names),
            )
        ]
    dropped = [n for n in names if n not in matched]
    if not dropped:
        return []
    explained = _registered(options, EventCause.NEW_MACHINE)
    return [
        warn(
            "set.changed",
            f"只有 {len(matched)}/{len(names)} 台设备在两期都在用且数据已知；未计入主结果："
            f"{'、'.join(dropped)}。全部设备的结果另列。",
            f"Only {len(matched)} of {len(names)} assets are in service and known in both periods; not in "
            "the main figure: "
            f"{', '.join(dropped)}. The result of all assets is printed beside it.",
            lowers_grade=not explained,
            matched=len(matched),
            all=len(names),
            dropped=", ".join(dropped),
        )
    ]


def rule_findings(before: Sequence[Rule], after: Sequence[Rule], options: Options) -> list[Finding]:
    """Return findings on definitions that were not the same over both periods."""
    found: list[Finding] = []
    sides = (_values(before), _values(after))
    for key in sorted(sides[0].keys() & sides[1].keys()):
        values = [sides[0][key], sides[1][key]]
        if values[0] == values[1] and len(values[0]) == 1:
            continue
        kind, subject = RuleKind(key[0]), key[1]
        zh_name, en_name, cause = _KINDS[kind]
        old, new = (" → ".join(v) for v in values)
        name = f"rules.{kind.value.replace('_', '-')}"
        zh = f"{zh_name}（{subject}）在两期不一致：基期 {old}，报告期 {new}。"
        en = f"The {en_name} of {subject} is not the same in both periods: {old} before, {new} after."
        if kind in options.metric.breaking:
            found.append(
                disqualify(
                    name,
                    zh + "两期不是同一个指标，需用同一定义重算。",
                    en
                    + " The periods show two different figures; compute both with one definition.",
                    subject=subject,
                    before=old,
                    after=new,
                )
            )
        else:
            found.append(
                warn(
                    name,
                    zh,
                    en,
                    lowers_word=kind is RuleKind.CALENDAR,
                    lowers_grade=not _registered(options, cause),
                    subject=subject,
                    before=old,
                    after=new,
                )
            )
    return found


def downtime_findings(before: PeriodFacts, after: PeriodFacts) -> list[Finding]:
    """Return the finding on planned downtime whose share of planned operation time moved by more than two points."""
    shares = []
    for facts in (before, after):
        if facts.planned_downtime_ms is None or not facts.planned_operation_ms:
            return []
        shares.append(Fraction(facts.planned_downtime_ms, facts.planned_operation_ms))
    if abs(shares[1] - shares[0]) <= DOWNTIME_CHANGE:
        return []
    return [
        warn(
            "plan.downtime-share",
            f"计划停机占比由 {percent(shares[0])} 变为 {percent(shares[1])}：损失移入计划停机会抬高 OEE，"
            "请对照 TEEP。",
            f"The share of planned downtime went from {percent(shares[0])} to {percent(shares[1])}: losses "
            "moved into planned "
            "downtime raise OEE; compare TEEP.",
            lowers_grade=True,
            before=shares[0],
            after=shares[1],
        )
    ]


def season_findings(baseline: Baseline, reporting: Reporting) -> list[Finding]:
    """Return the finding on calendar months that are not in both periods, for a metric on which season acts."""
    months = [{d.month for d in p.dates()} for p in (baseline, reporting)]
    if min(baseline.weeks, reporting.weeks) >= SEASON_WEEKS or months[0] == months[1]:
        return []
    old, new = (", ".join(map(str, sorted(m))) for m in months)
    return [
        warn(
            "season.months",
            f"两期月份不同（{old} 月；{new} 月），季节会影响该指标：应取各 {SEASON_WEEKS} 周，"
            "或用含度日数的回归核对。",
            f"The months differ ({old}; {new}) and season acts on this metric: take {SEASON_WEEKS} weeks "
            "each, or check by a "
            "regression with degree days.",
            lowers_word=True,
            before=old,
            after=new,
        )
    ]


def mix_findings(before: PeriodFacts, after: PeriodFacts, options: Options) -> list[Finding]:
    """Return the finding on a shifted product mix (PSI above 0.2)."""
    if not before.mix or not after.mix:
        return []
    index = stability_index(dict(before.mix), dict(after.mix))
    if index is None or index <= MIX_SHIFT:
        return []
    return [
        warn(
            "mix.shift",
            f"产品结构变化明显：群体稳定性指数 PSI = {index:.3f}（> {MIX_SHIFT}）。",
            f"The product mix shifted: population-stability index {index:.3f} (> {MIX_SHIFT}).",
            lowers_grade=not _registered(options, EventCause.PRODUCT_MIX),
            psi=f"{index:.6f}",
        )
    ]


def staffing_findings(before: PeriodFacts, after: PeriodFacts, options: Options) -> list[Finding]:
    """Return the finding on attended hours a day that changed by more than a tenth."""
    b, a = before.attended, after.attended
    if b is None or a is None or not b or abs(a / b - 1) <= STAFFING_CHANGE:
        return []
    return [
        warn(
            "staffing.change",
            f"每生产日出勤工时变化 {percent(a / b - 1)}。",
            f"Attended hours a production day changed by {percent(a / b - 1)}.",
            lowers_grade=not _registered(options, EventCause.STAFFING),
            before=b,
            after=a,
        )
    ]


def unchecked(before: PeriodFacts, after: PeriodFacts, options: Options) -> tuple[str, ...]:
    """Return the names of confounders for which the data of a check were not given (`kpi.comparison.confounders`)."""
    rules = [{r.kind for r in f.rules} for f in (before, after)]
    known = rules[0] & rules[1]
    season = options.metric.seasonal if options.season is None else options.season
    definitions = {RuleKind.IDEAL_CYCLE, RuleKind.COUNTING, RuleKind.STATE_TABLE}
    missing = {
        "season": not season,
        "mix": not (before.mix and after.mix),
        "prices": RuleKind.PRICE_LIST not in known
        and (options.twin is None or RuleKind.PRICE_LIST not in options.metric.breaking),
        "overtime": RuleKind.CALENDAR not in known
        and (before.attended is None or after.attended is None),
        "inspection": RuleKind.INSPECTION not in known,
        "counting": not (known & definitions),
        "coverage": not (before.coverage and after.coverage),
    }
    return tuple(name for name, absent in missing.items() if absent)


def _registered(options: Options, cause: EventCause) -> bool:
    return any(e.cause is cause and e.concerns(options.metric.id) for e in options.events)


def _values(rules: Sequence[Rule]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the values of each (kind, subject) in the order given, each once."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for rule in rules:
        found.setdefault((rule.kind.value, rule.subject), {})[rule.value] = None
    return {key: tuple(values) for key, values in found.items()}
