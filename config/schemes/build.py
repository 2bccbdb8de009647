"""Checked scheme files → the frozen types of `kpi/`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from config.schemes.checks import Names
from config.schemes.file_models import (
    AmbiguityModel,
    DocumentFileModel,
    FactModel,
    SchemeFileModel,
)
from config.schemes.form_models import FieldModel, FormFileModel
from config.schemes.models import (
    AlternativeModel,
    BilingualModel,
    ChecklistModel,
    ConditionModel,
    GroupModel,
    IncludeModel,
    Item,
    LinkModel,
    ProposalModel,
    RowModel,
)
from config.schemes.rule_models import (
    CompetenceModel,
    DeadlineModel,
    ExclusiveModel,
    PhotosModel,
    QuotaModel,
    RuleModel,
    SanctionModel,
    SizeModel,
    ValidityModel,
    WordLimitModel,
)
from kpi.bilingual import Bilingual
from kpi.schemes.ambiguities import Ambiguity, NamedReading
from kpi.schemes.clauses import (
    Alternative,
    Checklist,
    Clause,
    Condition,
    ListItem,
    Proposal,
    Target,
)
from kpi.schemes.document import Document, Term
from kpi.schemes.facts import FactDefinition, FactOption
from kpi.schemes.forms import Choice, Form, FormField, Section
from kpi.schemes.limits import Photos, TextLimit
from kpi.schemes.rules import (
    Amount,
    Ban,
    Competence,
    Deadline,
    Exclusive,
    Quota,
    QuotaLimit,
    RuleKind,
    RulePart,
    Sanction,
    SchemeRule,
    SizeClass,
    SizeTable,
    Terms,
    Validity,
    ValidityStart,
)
from kpi.schemes.scheme import Group, Link, MachineEvidence, Scene, Scheme


def bilingual(model: BilingualModel) -> Bilingual:
    """Return a text in both languages."""
    return Bilingual(model.zh, model.en)


def _maybe(model: BilingualModel | None) -> Bilingual | None:
    return None if model is None else bilingual(model)


def _proposals(models: Sequence[ProposalModel]) -> tuple[Proposal, ...]:
    return tuple(Proposal(m.what, bilingual(m)) for m in models)


class Builder:
    """Builds what refers to other files: facts by name, shared groups."""

    def __init__(self, names: Names) -> None:
        """Take the names that all files define."""
        self._names = names

    def condition(self, model: ConditionModel | None) -> Condition | None:
        """Return a condition with the name of its fact."""
        if model is None:
            return None
        return Condition(model.fact, bilingual(self._names.facts[model.fact]), model.values)

    def scheme(
        self, model: SchemeFileModel, source: Document, rules: Sequence[SchemeRule]
    ) -> Scheme:
        """Return a scheme with the rules of its document that hold for it."""
        root = Group(
            id=model.id,
            clause=model.clause,
            zh=model.lead,
            verbatim=True,
            en=model.en,
            seed=model.seed,
            rule=model.rule,
            k=0,
            mandatory=frozenset(),
            declared=False,
            items=tuple(self._item(i) for i in model.items),
            proposed=_proposals(model.proposed),
            ambiguities=model.ambiguities,
        )
        return Scheme(
            id=model.id,
            zh=model.zh,
            en=model.en,
            source=source,
            root=root,
            rules=tuple(r for r in rules if not r.schemes or model.id in r.schemes),
            links=tuple(_link(link) for link in model.links),
            notes=tuple(map(bilingual, model.notes)),
        )

    def _item(self, model: Item) -> Clause | Group:
        match model:
            case RowModel():
                return self._row(model)
            case GroupModel():
                return self.group(model)
            case IncludeModel():
                return self.group(self._names.shared[model.include])

    def group(self, model: GroupModel) -> Group:
        """Return a group with everything below it."""
        return Group(
            id=model.id,
            clause=model.clause,
            zh=model.zh,
            verbatim=model.verbatim,
            en=model.en,
            seed=model.seed,
            rule=model.rule,
            k=model.k or 0,
            mandatory=frozenset(model.mandatory),
            declared=model.selection == "declared",
            items=tuple(self._item(i) for i in model.items),
            proposed=_proposals(model.proposed),
            ambiguities=model.ambiguities,
            when=self.condition(model.when),
            note=_maybe(model.note),
        )

    def _row(self, model: RowModel) -> Clause:
        return Clause(
            id=model.id,
            clause=model.clause,
            zh=model.zh,
            verbatim=model.verbatim,
            en=model.en,
            seed=model.seed,
            sources=model.source,
            target=_target(model),
            beside=model.beside,
            grade=model.grade,
            base=_maybe(model.base),
            reading=_maybe(model.reading),
            proposed=_proposals(model.proposed),
            ambiguities=model.ambiguities,
            alternatives=tuple(_alternative(a, model) for a in model.alternatives),
            decision=model.decision,
            checklist=_checklist(model.checklist),
            when=self.condition(model.when),
            optional=model.optional,
        )

    def rule(self, model: RuleModel) -> SchemeRule:
        """Return a rule with its terms."""
        return SchemeRule(
            id=model.id,
            kind=RuleKind(model.kind),
            clause=model.clause,
            zh=model.zh,
            verbatim=model.verbatim,
            en=model.en,
            seed=model.seed,
            schemes=model.schemes,
            parts=tuple(
                RulePart(p.id, p.zh, p.verbatim, p.en, p.seed, self.condition(p.when))
                for p in model.parts
            ),
            amounts=tuple(Amount(a.id, a.value, a.unit) for a in model.amounts),
            terms=self._terms(model),
            when=self.condition(model.when),
            proposed=_proposals(model.proposed),
            ambiguities=model.ambiguities,
            note=_maybe(model.note),
        )

    def _terms(self, model: RuleModel) -> Terms | None:
        match model:
            case ValidityModel():
                starts = (ValidityStart(self.condition(s.when), s.event) for s in model.starts)
                return Validity(model.years, tuple(starts))
            case SanctionModel():
                return Sanction(tuple(Ban(b.causes, b.years, b.clawback) for b in model.bans))
            case ExclusiveModel():
                return Exclusive(model.between)
            case DeadlineModel():
                return Deadline(model.last_day, model.hour)
            case QuotaModel():
                limits = (
                    QuotaLimit(bilingual(q.body), bilingual(q.what), q.most) for q in model.limits
                )
                return Quota(tuple(limits))
            case CompetenceModel():
                below, above = bilingual(model.below), bilingual(model.from_split)
                return Competence(model.metric, model.split, below, above)
            case _:
                return _simple_terms(model)

    def form(self, model: FormFileModel) -> Form:
        """Return a form with full ids of its cells."""
        return Form(
            id=model.id,
            title=model.zh,
            en=model.en,
            seed=model.seed,
            document=model.document,
            schemes=model.schemes,
            notes=tuple(map(bilingual, model.notes)),
            sections=tuple(
                Section(
                    id=f"{model.id}.{s.id}",
                    heading=s.zh,
                    en=s.en,
                    seed=s.seed,
                    when=self.condition(s.when),
                    fields=tuple(self._field(f, model.id) for f in s.fields),
                )
                for s in model.sections
            ),
        )

    def _field(self, model: FieldModel, form: str) -> FormField:
        return FormField(
            id=f"{form}.{model.id}",
            label=model.zh,
            verbatim=model.verbatim,
            en=model.en,
            seed=model.seed,
            kind=model.kind,
            unit=model.unit,
            sources=model.source,
            metric=model.metric or "",
            period=model.period,
            years=model.years,
            formula=_maybe(model.formula),
            proposed=_proposals(model.proposed),
            limit=TextLimit(model.limit.most, model.limit.firmness) if model.limit else None,
            choices=tuple(Choice(c.id, bilingual(c), c.seed or model.seed) for c in model.choices),
            photos=Photos(model.photos.megapixels, model.photos.count) if model.photos else None,
            prompt=model.prompt,
            prompt_seed=model.prompt_seed or model.seed,
            optional=model.optional,
            inside=f"{form}.{model.inside}" if model.inside else "",
            when=self.condition(model.when),
            note=_maybe(model.note),
        )


def document_of(model: DocumentFileModel) -> Document:
    """Return a document."""
    term = model.term
    return Document(
        id=model.id,
        number=model.number,
        title=bilingual(model.title),
        issuer=bilingual(model.issuer),
        seed=model.seed,
        issued=model.issued,
        printed=model.printed,
        term=Term(
            term.kind, term.zh, term.clause, term.seed or "", term.years, term.trial, term.last_day
        ),
        basis=model.basis,
        notes=tuple(map(bilingual, model.notes)),
        proposed=_proposals(model.proposed),
    )


def fact_of(model: FactModel) -> FactDefinition:
    """Return the definition of a fact."""
    options = tuple(
        FactOption(o.id, bilingual(o), o.seed or model.seed or "") for o in model.options
    )
    return FactDefinition(
        model.id, bilingual(model), model.kind, model.unit, model.seed or "", options
    )


def ambiguity_of(model: AmbiguityModel) -> Ambiguity:
    """Return an entry of the ambiguity register."""
    return Ambiguity(
        id=model.id,
        phrase=model.phrase,
        seeds=tuple(model.seed.split(", ")),
        readings=tuple(NamedReading(r.id, bilingual(r)) for r in model.readings),
        default=model.default or "",
        note=_maybe(model.note),
    )


def _target(model: RowModel) -> Target | None:
    if model.metric is None or model.operator is None or model.threshold is None:
        return None
    return Target(
        model.metric, model.operator, _exact(model.threshold, model.unit), model.unit or ""
    )


def _alternative(model: AlternativeModel, row: RowModel) -> Alternative:
    if model.points_of is not None or row.operator is None or row.threshold is None:
        return Alternative(model.reading, None, model.points_of or "")
    threshold = row.threshold if model.threshold is None else model.threshold
    metric = model.metric or row.metric or ""
    target = Target(metric, row.operator, _exact(threshold, row.unit), row.unit or "")
    return Alternative(model.reading, target)


def _exact(threshold: Fraction, unit: str | None) -> Fraction:
    return threshold / 100 if unit == "%" else threshold


def _checklist(model: ChecklistModel | None) -> Checklist | None:
    if model is None:
        return None
    return Checklist(
        model.rule, model.open, tuple(ListItem(i.id, bilingual(i)) for i in model.items)
    )


def _simple_terms(model: RuleModel) -> Terms | None:
    match model:
        case WordLimitModel():
            return TextLimit(model.most, model.firmness)
        case PhotosModel():
            return Photos(model.megapixels, model.count)
        case SizeModel():
            classes = (SizeClass(c.id, c.employees, c.revenue, c.either) for c in model.classes)
            return SizeTable(tuple(classes))
        case _:
            return None


def _link(model: LinkModel) -> Link:
    scenes = (
        Scene(s.number, bilingual(s), s.seed, MachineEvidence(s.evidence), _maybe(s.why))
        for s in model.scenes
    )
    return Link(model.number, bilingual(model), model.seed, tuple(scenes))
