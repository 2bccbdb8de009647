"""Rules around a scheme against declared facts and a date: who is barred, until when a title holds, who decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from kpi.bilingual import Bilingual
from kpi.schemes.document import years_later
from kpi.schemes.facts import Facts, holds
from kpi.schemes.figures import Figure
from kpi.schemes.limits import Checked, Photos, TextLimit, check_photos, check_text
from kpi.schemes.rules import (
    Competence,
    Deadline,
    Exclusive,
    RuleKind,
    Sanction,
    SchemeRule,
    Validity,
)
from kpi.schemes.verdicts import RuleAnswer, RuleState

APPLIES_FOR: Final = "applies-for"
REVOKED_FOR: Final = "revoked-for"
REVOKED_ON: Final = "revoked-on"


def answer_rule(
    rule: SchemeRule, figures: Mapping[str, Figure], facts: Facts, on: date | None
) -> RuleAnswer:
    """Return what a rule says to the declared facts; what is not declared stays open."""
    applies = holds(rule.when, facts)
    if applies is False:
        return RuleAnswer(rule, RuleState.DOES_NOT_APPLY, None)
    match rule.terms:
        case Exclusive():
            return _exclusive(rule, rule.terms, facts)
        case Validity():
            return _validity(rule, rule.terms, facts, on)
        case Sanction():
            return _sanction(rule, rule.terms, facts, on)
        case Deadline():
            return _deadline(rule, rule.terms, on)
        case Competence():
            return _competence(rule, rule.terms, figures)
        case _:
            return _handed_in(rule, facts) or _by_parts(rule, facts)


def _by_parts(rule: SchemeRule, facts: Facts) -> RuleAnswer:
    """Answer by the parts whose declared fact holds."""
    conditional = [p for p in rule.parts if p.when is not None]
    holding = tuple(p for p in conditional if holds(p.when, facts) is True)
    open_ = any(holds(p.when, facts) is None for p in conditional)
    if rule.kind is RuleKind.EXCLUSION:
        state = RuleState.BARS if holding else RuleState.OPEN if open_ else RuleState.CLEAR
    elif holding:
        state = RuleState.APPLIES
    elif conditional and not open_:
        state = RuleState.DOES_NOT_APPLY
    else:
        # A title or case that nobody claims is not held against the applicant: the rule just stands there.
        state = RuleState.INFORMS
    return RuleAnswer(rule, state, None, holding)


def _exclusive(rule: SchemeRule, terms: Exclusive, facts: Facts) -> RuleAnswer:
    declared = facts.choices.get(APPLIES_FOR)
    if declared is None:
        return RuleAnswer(
            rule,
            RuleState.OPEN,
            Bilingual("未申报同时申请的项目", "what else is applied for is not declared"),
        )
    together = [s for s in terms.schemes if s in declared]
    if len(together) < 2:
        return RuleAnswer(rule, RuleState.CLEAR, None)
    names = "、".join(together)
    return RuleAnswer(
        rule,
        RuleState.BARS,
        Bilingual(f"同时申报了 {names}", f"applied for together: {', '.join(together)}"),
    )


def _validity(rule: SchemeRule, terms: Validity, facts: Facts, on: date | None) -> RuleAnswer:
    for start in terms.starts:
        if holds(start.when, facts) is not True:
            continue
        day = facts.dates.get(start.event)
        if day is None:
            continue
        until = years_later(day, terms.years)
        text = Bilingual(
            f"自 {day} 起 {terms.years} 年，至 {until}",
            f"{terms.years} years from {day}, until {until}",
        )
        if on is None:
            return RuleAnswer(rule, RuleState.APPLIES, text)
        valid = day <= on <= until
        said = ("有效", "valid") if valid else ("无效", "not valid")
        return RuleAnswer(
            rule,
            RuleState.MET if valid else RuleState.NOT_MET,
            Bilingual(f"{text.zh}；{on} {said[0]}", f"{text.en}; {said[1]} on {on}"),
        )
    return RuleAnswer(
        rule,
        RuleState.INFORMS,
        Bilingual(f"有效期 {terms.years} 年", f"holds for {terms.years} years"),
    )


def _sanction(rule: SchemeRule, terms: Sanction, facts: Facts, on: date | None) -> RuleAnswer:
    causes, day = facts.choices.get(REVOKED_FOR, ()), facts.dates.get(REVOKED_ON)
    bans = [b for b in terms.bans if any(c in b.causes for c in causes)]
    if not bans or day is None:
        return RuleAnswer(rule, RuleState.INFORMS, None)
    ban = max(bans, key=lambda b: b.years)
    if ban.years == 0:
        return RuleAnswer(
            rule,
            RuleState.DOES_NOT_APPLY,
            Bilingual("原文未规定后果", "the text states no consequence"),
        )
    until = years_later(day, ban.years)
    text = Bilingual(
        f"自 {day} 起 {ban.years} 年内不再受理，至 {until}",
        f"no application for {ban.years} years from {day}, until {until}",
    )
    if on is None:
        return RuleAnswer(rule, RuleState.APPLIES, text)
    return RuleAnswer(rule, RuleState.BARS if on <= until else RuleState.DOES_NOT_APPLY, text)


def _deadline(rule: SchemeRule, terms: Deadline, on: date | None) -> RuleAnswer:
    shown = f"{terms.last_day} {terms.hour}".strip()
    if on is None:
        return RuleAnswer(rule, RuleState.INFORMS, Bilingual(shown, shown))
    late = on > terms.last_day
    return RuleAnswer(
        rule,
        RuleState.OVER if late else RuleState.INFORMS,
        Bilingual(
            f"截止 {shown}" + (f"；{on} 已过" if late else ""),
            f"until {shown}" + (f"; over on {on}" if late else ""),
        ),
    )


def _competence(rule: SchemeRule, terms: Competence, figures: Mapping[str, Figure]) -> RuleAnswer:
    figure = figures.get(terms.metric)
    value = figure.value if figure is not None else None
    if not isinstance(value, Fraction):
        return RuleAnswer(rule, RuleState.INFORMS, None)
    return RuleAnswer(
        rule, RuleState.APPLIES, terms.below if value < terms.split else terms.from_split
    )


def _handed_in(rule: SchemeRule, facts: Facts) -> RuleAnswer | None:
    """Answer by what is handed in (photos, a text); None if nothing of the kind is."""
    found: Checked | None = None
    if isinstance(rule.terms, Photos) and facts.photos is not None:
        found = check_photos(facts.photos, rule.terms)
    elif isinstance(rule.terms, TextLimit) and rule.id in facts.texts:
        found = check_text(facts.texts[rule.id], rule.terms)
    if found is None:
        return None
    state = {True: RuleState.MET, False: RuleState.NOT_MET, None: RuleState.INFORMS}[found.within]
    return RuleAnswer(rule, state, found.text)
