"""A whole scheme against figures, declared facts and a date, in three-valued logic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from kpi.bilingual import Bilingual
from kpi.grades import Origin
from kpi.schemes.clauses import Clause
from kpi.schemes.document import force_of
from kpi.schemes.facts import NO_FACTS, Facts, holds, with_size
from kpi.schemes.figures import Figure
from kpi.schemes.logic import Verdict, all_of, at_least
from kpi.schemes.row_judging import judge_row
from kpi.schemes.rule_answers import answer_rule
from kpi.schemes.rules import RuleKind
from kpi.schemes.scheme import Group, Rule, Scheme
from kpi.schemes.verdicts import (
    Answer,
    Combination,
    GroupVerdict,
    RowVerdict,
    RuleAnswer,
    RuleState,
    SchemeVerdict,
    Tally,
)

_WEIGHED: Final = Bilingual(
    "由专家综合评价，原文未规定数量", "weighed by experts; the text asks for no number"
)
_BARRED: Final = Bilingual(
    "按企业自报的情况不得申报（排除条款）", "barred by its own declaration (exclusion rule)"
)
_OPEN_BAR: Final = Bilingual(
    "是否存在排除情形尚未申报", "whether an exclusion applies is not declared"
)
_DIRECT: Final = Bilingual(
    "条件未全部达到，但企业申报了可直接认定的称号：由主管部门凭证明决定",
    "criteria are not met, but a title for direct recognition is declared: the authority decides on the papers",
)
_NOT_COVERED: Final = Bilingual(
    "按申报的情况没有一项适用，原文未规定这种情形",
    "no item applies to what is declared; the text does not cover the case",
)
_OTHERS_CHOSEN: Final = Bilingual("企业未选此项申报", "the applicant did not choose it")
_VERDICT_OF: Final = {
    RuleState.BARS: Verdict.FAIL,
    RuleState.CLEAR: Verdict.PASS,
    RuleState.OPEN: Verdict.UNDETERMINED,
}


def judge(
    scheme: Scheme,
    figures: Mapping[str, Figure],
    facts: Facts = NO_FACTS,
    *,
    on: date | None = None,
) -> SchemeVerdict:
    """Return the verdicts of a scheme.

    figures: by metric id (kpi/metrics.py). facts: what the applicant declares. on: the date of the question, for terms,
    deadlines and bans; nothing is said about them without it.
    """
    facts = with_size(facts, scheme.rules)
    root = judge_group(scheme.root, figures, facts)
    rules = tuple(answer_rule(r, figures, facts, on) for r in scheme.rules)
    verdict, reason = _overall(root, rules)
    force = force_of(scheme.source, on) if on is not None else None
    return SchemeVerdict(scheme, verdict, reason, root, rules, tally_of(root), force)


def _overall(root: GroupVerdict, rules: Sequence[RuleAnswer]) -> tuple[Verdict, Bilingual | None]:
    """Return the verdict over criteria and barring rules; a declared title keeps failed criteria open."""
    criteria = root.verdict or Verdict.UNDETERMINED
    bars = [_VERDICT_OF[r.state] for r in rules if r.state in _VERDICT_OF]
    if Verdict.FAIL in bars:
        return Verdict.FAIL, _BARRED
    direct = any(r.rule.kind is RuleKind.DIRECT and r.state is RuleState.APPLIES for r in rules)
    if criteria is Verdict.FAIL and direct:
        return Verdict.UNDETERMINED, _DIRECT
    verdict = all_of([criteria, *bars])
    return verdict, _OPEN_BAR if verdict is not criteria else None


def judge_group(group: Group, figures: Mapping[str, Figure], facts: Facts) -> GroupVerdict:
    """Return the verdict of a group by its rule, over the items that take part."""
    applies = holds(group.when, facts)
    chosen = facts.chosen.get(group.id) if group.declared else None
    items = tuple(
        _not_chosen(item)
        if chosen is not None and item.id not in chosen
        else judge_group(item, figures, facts)
        if isinstance(item, Group)
        else judge_row(item, figures, facts)
        for item in group.items
    )
    if applies is False:
        return GroupVerdict(
            group, None, Answer.NOT_APPLICABLE, _said(group, met=False), items, None
        )
    combination = _combination(group, items, chosen)
    verdict, reason = _by_rule(group, items, chosen)
    if applies is None and verdict is not None:
        verdict, reason = Verdict.UNDETERMINED, _said(group, met=None)
    answer = Answer(verdict.value) if verdict is not None else Answer.NOT_APPLICABLE
    if group.rule is Rule.WEIGHED:
        answer = Answer.NOT_EVALUATED
    return GroupVerdict(group, verdict, answer, reason, items, combination)


def _by_rule(
    group: Group, items: Sequence[RowVerdict | GroupVerdict], chosen: tuple[str, ...] | None
) -> tuple[Verdict | None, Bilingual | None]:
    part = [(_id(i), i.verdict) for i in items]
    taking = [(name, v) for name, v in part if v is not None]
    if group.rule is Rule.WEIGHED:
        return Verdict.UNDETERMINED, _WEIGHED
    if chosen is not None and (fault := _wrong_choice(group, chosen)) is not None:
        return fault
    if not taking:
        return (None, None) if group.rule is Rule.ALL else (Verdict.UNDETERMINED, _NOT_COVERED)
    verdicts = [v for _, v in taking]
    match group.rule:
        case Rule.ALL:
            return all_of(verdicts), None
        case Rule.ONE_OF:
            return at_least(1, verdicts), None
        case Rule.K_OF_N:
            if len(verdicts) < group.k:
                return Verdict.FAIL, None
            musts = [i for i, (name, _) in enumerate(taking) if name in group.mandatory]
            return at_least(group.k, verdicts, musts), None


def _wrong_choice(group: Group, chosen: tuple[str, ...]) -> tuple[Verdict, Bilingual] | None:
    """Return the verdict on a choice that the text does not allow, None for one that it does."""
    k = group.k or 1
    missing = sorted(group.mandatory - set(chosen))
    if missing:
        names = "、".join(missing)
        return Verdict.FAIL, Bilingual(
            f"所选项目缺少必选项：{names}",
            f"the choice lacks mandatory items: {', '.join(missing)}",
        )
    if len(chosen) < k:
        return Verdict.FAIL, Bilingual(
            f"须选 {k} 项，只选了 {len(chosen)} 项", f"{k} must be chosen, {len(chosen)} were"
        )
    if len(chosen) > k:
        return Verdict.UNDETERMINED, Bilingual(
            f"须恰好选 {k} 项申报，选了 {len(chosen)} 项：请改正",
            f"exactly {k} are to be chosen, {len(chosen)} were: mend the choice",
        )
    return None


def _combination(
    group: Group, items: Sequence[RowVerdict | GroupVerdict], chosen: tuple[str, ...] | None
) -> Combination | None:
    if group.rule is not Rule.K_OF_N:
        return None
    found = Counter(i.verdict for i in items)
    return Combination(
        k=group.k,
        chosen=chosen,
        of=len(group.items),
        mandatory=tuple(i.id for i in group.items if i.id in group.mandatory),
        passed=found[Verdict.PASS],
        failed=found[Verdict.FAIL],
        open=found[Verdict.UNDETERMINED],
    )


def _not_chosen(item: Clause | Group) -> RowVerdict | GroupVerdict:
    if isinstance(item, Group):
        below = tuple(_not_chosen(i) for i in item.items)
        return GroupVerdict(item, None, Answer.NOT_CHOSEN, _OTHERS_CHOSEN, below, None)
    return RowVerdict(item, Answer.NOT_CHOSEN, _OTHERS_CHOSEN)


def _id(item: RowVerdict | GroupVerdict) -> str:
    return item.group.id if isinstance(item, GroupVerdict) else item.row.id


def _said(group: Group, *, met: bool | None) -> Bilingual:
    name = group.when.name if group.when is not None else Bilingual("", "")
    if met is None:
        return Bilingual(
            f"未申报“{name.zh}”，无法判断本组是否适用",
            f"'{name.en}' is not declared, so whether this group applies is not known",
        )
    return Bilingual(f"按申报的“{name.zh}”不适用", f"does not apply by the declared '{name.en}'")


def tally_of(root: GroupVerdict) -> Tally:
    """Return how the rows stand; rows of groups that do not take part are counted as left out."""
    passed: Counter[Origin] = Counter()
    failed: Counter[Origin] = Counter()
    undetermined = no_figure = people = 0
    inside = list(root.counted())
    left_out = sum(1 for _ in root.rows()) - len(inside)
    for row in inside:
        if row.verdict is None:
            left_out += 1
        elif row.verdict is Verdict.PASS:
            passed[_origin(row)] += 1
        elif row.verdict is Verdict.FAIL:
            failed[_origin(row)] += 1
        elif row.known is not None or row.answer is not Answer.NOT_EVALUATED:
            undetermined += 1
        elif row.row.target is not None:
            no_figure += 1
        else:
            people += 1
    return Tally(dict(passed), dict(failed), undetermined, no_figure, people, left_out)


def _origin(row: RowVerdict) -> Origin:
    return row.known.origin if row.known is not None else Origin.DECLARED
