"""What only all scheme files together can show: unknown names, doubled ids, rules that cannot hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from config.faults import Fault
from config.messages import suggestion
from config.schemes.file_models import (
    AnyFile,
    DocumentFileModel,
    FactModel,
    FactsCatalogueModel,
    RegisterModel,
    SchemeFileModel,
)
from config.schemes.form_models import FormFileModel
from config.schemes.models import (
    ConditionModel,
    GroupModel,
    IncludeModel,
    Item,
    RowModel,
    WordedModel,
)
from config.schemes.rule_models import (
    CompetenceModel,
    ExclusiveModel,
    RuleModel,
    SanctionModel,
    ValidityModel,
)
from config.yaml_document import Path, YamlDocument
from kpi.metrics import METRICS
from kpi.schemes.clauses import Decision, Operator
from kpi.schemes.facts import FactKind
from kpi.schemes.forms import FieldKind
from kpi.schemes.rule_answers import REVOKED_FOR
from kpi.schemes.scheme import Rule

_YES_NO = ("yes", "no")
_CHOICES = (FieldKind.CHOICE, FieldKind.CHOICES, FieldKind.YES_NO)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file whose shape is right."""

    text: YamlDocument
    model: AnyFile


@dataclass(slots=True)
class Names:
    """Every name that a file may refer to."""

    documents: set[str] = field(default_factory=set)
    schemes: set[str] = field(default_factory=set)
    shared: dict[str, GroupModel] = field(default_factory=dict)
    facts: dict[str, FactModel] = field(default_factory=dict)
    readings: set[str] = field(default_factory=set)
    ambiguities: set[str] = field(default_factory=set)


def names_of(files: Sequence[ParsedFile]) -> Names:
    """Return the names that the files define."""
    names = Names()
    for file in files:
        match file.model:
            case DocumentFileModel() as model:
                names.documents.add(model.id)
                names.shared.update({g.id: g for g in model.groups})
            case SchemeFileModel() as model:
                names.schemes.add(model.id)
            case FactsCatalogueModel() as model:
                names.facts.update({f.id: f for f in model.facts})
            case RegisterModel() as model:
                for entry in model.ambiguities:
                    names.ambiguities.add(entry.id)
                    names.readings |= {f"{entry.id}.{r.id}" for r in entry.readings}
            case _:
                pass
    return names


def check_files(files: Sequence[ParsedFile]) -> list[Fault]:
    """Return every fault between and inside files whose shapes are right."""
    names = names_of(files)
    seen: dict[str, str] = {}
    found: list[Fault] = []
    for file in files:
        checker = _Checker(file.text, names, seen, found)
        match file.model:
            case DocumentFileModel() as model:
                checker.document(model)
            case SchemeFileModel() as model:
                checker.scheme(model)
            case FormFileModel() as model:
                checker.form(model)
            case FactsCatalogueModel() as model:
                for i, fact in enumerate(model.facts):
                    checker.own_id(fact.id, ("facts", i, "id"))
                    checker.unique([o.id for o in fact.options], ("facts", i, "options"))
            case RegisterModel() as model:
                checker.register(model)
            case _:
                pass
    return found


@dataclass(slots=True)
class _Checker:
    """Checks of one file."""

    text: YamlDocument
    names: Names
    seen: dict[str, str]
    """Id → file that has it."""
    found: list[Fault]

    def fault(self, path: Path, en: str, zh: str, hint: tuple[str, str] = ("", "")) -> None:
        self.found.append(self.text.fault(path, en, zh, hint=hint))

    def known(self, name: str, among: Collection[str], path: Path, what: tuple[str, str]) -> None:
        """Report a name that is not among the known ones, with the nearest of them."""
        if name not in among:
            self.fault(
                path,
                f"unknown {what[0]} '{name}'",
                f"未知的{what[1]}“{name}”",
                hint=suggestion(name, among),
            )

    def own_id(self, name: str, path: Path) -> None:
        if name in self.seen:
            self.fault(
                path,
                f"the id '{name}' is already used in {self.seen[name]}",
                f"编号“{name}”已在 {self.seen[name]} 中使用",
            )
        self.seen.setdefault(name, self.text.name)

    def unique(self, ids: Sequence[str], path: Path) -> None:
        for i, name in enumerate(ids):
            if name in ids[:i]:
                self.fault((*path, i, "id"), f"'{name}' stands twice", f"“{name}”重复")

    def metric(self, name: str | None, path: Path) -> None:
        if name is not None:
            self.known(name, METRICS, path, ("metric", "指标"))

    def condition(self, when: ConditionModel | None, path: Path) -> None:
        if when is None:
            return
        self.known(when.fact, self.names.facts, (*path, "fact"), ("fact", "事实"))
        fact = self.names.facts.get(when.fact)
        if fact is None:
            return
        options = _YES_NO if fact.kind is FactKind.YES_NO else [o.id for o in fact.options]
        for i, value in enumerate(when.values):
            self.known(value, options, (*path, "is", i), ("option", "选项"))

    def worded(self, model: WordedModel, path: Path) -> None:
        self.own_id(model.id, (*path, "id"))
        self.condition(model.when, (*path, "when"))
        for i, name in enumerate(model.ambiguities):
            here = (*path, "ambiguities", i)
            self.known(name, self.names.ambiguities, here, ("ambiguity", "歧义条目"))

    def document(self, model: DocumentFileModel) -> None:
        self.own_id(model.id, ("id",))
        for i, rule in enumerate(model.rules):
            self.rule(rule, ("rules", i))
        for i, group in enumerate(model.groups):
            self.group(group, ("groups", i))
            if any(isinstance(item, IncludeModel) for item in group.items):
                self.fault(
                    ("groups", i, "items"),
                    "a shared group includes no other group",
                    "共用分组不能再包含其他分组",
                )

    def scheme(self, model: SchemeFileModel) -> None:
        self.own_id(model.id, ("id",))
        self.known(model.document, self.names.documents, ("document",), ("document", "文件"))
        for i, name in enumerate(model.further_documents):
            here: Path = ("further_documents", i)
            self.known(name, self.names.documents, here, ("document", "文件"))
        for i, name in enumerate(model.ambiguities):
            self.known(name, self.names.ambiguities, ("ambiguities", i), ("ambiguity", "歧义条目"))
        if model.rule in (Rule.K_OF_N, Rule.WEIGHED):
            self.fault(
                ("rule",),
                "a scheme as a whole is all or one_of; put k_of_n and weighed into a group",
                "整个方案只能是 all 或 one_of；k_of_n、weighed 请写在分组里",
            )
        self.items(model.items, ())

    def items(self, items: Sequence[Item], path: Path) -> None:
        for i, item in enumerate(items):
            here = (*path, "items", i)
            match item:
                case RowModel():
                    self.row(item, here)
                case GroupModel():
                    self.group(item, here)
                case IncludeModel():
                    self.known(
                        item.include, self.names.shared, (*here, "include"), ("group", "分组")
                    )

    def group(self, model: GroupModel, path: Path) -> None:
        self.worded(model, path)
        counted = model.rule is Rule.K_OF_N
        if counted != (model.k is not None):
            self.fault(
                (*path, "k"), "`k` belongs to k_of_n, and only to it", "k 只用于 k_of_n，且必填"
            )
        if model.k is not None and model.k > len(model.items):
            self.fault(
                (*path, "k"),
                f"k is {model.k}, but there are {len(model.items)} items",
                f"k 为 {model.k}，但只有 {len(model.items)} 项",
            )
        if not counted and (model.mandatory or model.selection == "declared"):
            self.fault(
                (*path, "rule"),
                "mandatory items and a declared selection need the rule k_of_n",
                "必选项和申报选择只用于 k_of_n",
            )
        ids = [item.include if isinstance(item, IncludeModel) else item.id for item in model.items]
        for i, name in enumerate(model.mandatory):
            self.known(name, ids, (*path, "mandatory", i), ("item of this group", "本组条目"))
        self.items(model.items, path)

    def row(self, model: RowModel, path: Path) -> None:
        self.worded(model, path)
        self.metric(model.metric, (*path, "metric"))
        for i, name in enumerate(model.beside):
            self.metric(name, (*path, "beside", i))
        needed = (model.operator, model.threshold, model.unit)
        if any((x is None) != (model.metric is None) for x in needed):
            self.fault(
                path,
                "metric, operator, threshold and unit come together or not at all",
                "metric、operator、threshold、unit 必须同时写或同时不写",
            )
            return
        found = METRICS.get(model.metric or "")
        if found is not None and (found.unit == "%") != (model.unit == "%"):
            self.fault(
                (*path, "unit"),
                f"the metric {found.id} has the unit {found.unit}",
                f"指标 {found.id} 的单位是 {found.unit}",
            )
        upward = (Operator.AT_LEAST, Operator.MORE_THAN)
        if found is not None and found.id.endswith("-change") and model.operator not in upward:
            self.fault(
                (*path, "operator"),
                "a change is positive when it is better: only >= and > compare it",
                "变化率以改善为正，只能用 >= 或 > 比较",
            )
        self.alternatives(model, path)
        if model.checklist is not None:
            self.unique([i.id for i in model.checklist.items], (*path, "list", "items"))

    def alternatives(self, model: RowModel, path: Path) -> None:
        if model.decision is Decision.UNANIMOUS and not model.alternatives:
            self.fault(
                (*path, "decision"), "unanimous needs alternatives", "unanimous 需要 alternatives"
            )
        for i, other in enumerate(model.alternatives):
            here = (*path, "alternatives", i)
            self.known(other.reading, self.names.readings, (*here, "reading"), ("reading", "读法"))
            self.metric(other.metric, (*here, "metric"))
            self.metric(other.points_of, (*here, "points_of"))
            if model.metric is None:
                self.fault(
                    here,
                    "a row without metric has no other reading to compute",
                    "没有指标的条目不能计算其他读法",
                )
            if (other.points_of is None) == (other.metric is None and other.threshold is None):
                self.fault(
                    here,
                    "write either points_of, or metric or threshold",
                    "points_of 与 metric/threshold 二选一",
                )

    def rule(self, model: RuleModel, path: Path) -> None:
        self.worded(model, path)
        for i, name in enumerate(model.schemes):
            self.known(name, self.names.schemes, (*path, "schemes", i), ("scheme", "方案"))
        self.unique([p.id for p in model.parts], (*path, "parts"))
        for i, part in enumerate(model.parts):
            self.condition(part.when, (*path, "parts", i, "when"))
        match model:
            case ValidityModel():
                for i, start in enumerate(model.starts):
                    self.condition(start.when, (*path, "starts", i, "when"))
                    dates = [f.id for f in self.names.facts.values() if f.kind is FactKind.DATE]
                    here = (*path, "starts", i, "event")
                    self.known(start.event, dates, here, ("date", "日期"))
            case SanctionModel():
                fact = self.names.facts.get(REVOKED_FOR)
                options = [o.id for o in fact.options] if fact is not None else []
                for i, ban in enumerate(model.bans):
                    for j, cause in enumerate(ban.causes):
                        here = (*path, "bans", i, "causes", j)
                        self.known(cause, options, here, ("cause", "撤销原因"))
            case ExclusiveModel():
                for i, name in enumerate(model.between):
                    self.known(name, self.names.schemes, (*path, "between", i), ("scheme", "方案"))
            case CompetenceModel():
                self.metric(model.metric, (*path, "metric"))
            case _:
                pass

    def form(self, model: FormFileModel) -> None:
        self.own_id(model.id, ("id",))
        self.known(model.document, self.names.documents, ("document",), ("document", "文件"))
        for i, name in enumerate(model.schemes):
            self.known(name, self.names.schemes, ("schemes", i), ("scheme", "方案"))
        tables = {f.id for s in model.sections for f in s.fields if f.kind is FieldKind.TABLE}
        ids: list[str] = []
        for i, section in enumerate(model.sections):
            self.condition(section.when, ("sections", i, "when"))
            for j, cell in enumerate(section.fields):
                here: Path = ("sections", i, "fields", j)
                self.condition(cell.when, (*here, "when"))
                self.metric(cell.metric, (*here, "metric"))
                if cell.id in ids:
                    self.fault((*here, "id"), f"'{cell.id}' stands twice", f"“{cell.id}”重复")
                ids.append(cell.id)
                if cell.inside is not None:
                    self.known(cell.inside, tables, (*here, "inside"), ("table", "表格"))
                if cell.choices and cell.kind not in _CHOICES:
                    self.fault(
                        (*here, "choices"), "only a choice has choices", "只有选择项可以有 choices"
                    )
                self.unique([c.id for c in cell.choices], (*here, "choices"))

    def register(self, model: RegisterModel) -> None:
        for i, entry in enumerate(model.ambiguities):
            self.own_id(entry.id, ("ambiguities", i, "id"))
            ids = [r.id for r in entry.readings]
            self.unique(ids, ("ambiguities", i, "readings"))
            if entry.default is not None:
                here = ("ambiguities", i, "default")
                self.known(entry.default, ids, here, ("reading", "读法"))
