"""A facts file: what an applicant declares for an assessment. Everything in it is graded D and printed as declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from config.base import ConfigModel, ExactNumber
from config.faults import ConfigFaultsError, Fault
from config.messages import suggestion
from config.schemes.faults import faults_of
from config.schemes.library import SchemeLibrary
from config.yaml_document import Path as Place
from config.yaml_document import YamlDocument, parse_yaml
from kpi.metrics import METRICS, metric_of
from kpi.schemes.facts import FactDefinition, FactKind, Facts
from kpi.schemes.limits import Photo
from kpi.schemes.scheme import Group

_YES = ("yes", "是", "true")
_NO = ("no", "否", "false")


class DeclaredFigure(ConfigModel):
    """A figure that the applicant states."""

    value: ExactNumber
    """The number in the unit: 16.2 with "%" is 0.162."""
    unit: str
    """The unit of the metric (plantproof schemes --metrics)."""
    note: str = ""
    """Where it comes from."""


class PhotoModel(ConfigModel):
    """A photo as handed in."""

    width: Annotated[int, Field(ge=1)]
    """Pixels."""
    height: Annotated[int, Field(ge=1)]
    """Pixels."""


class FactsModel(ConfigModel):
    """The file."""

    facts: dict[str, Any] = Field(default_factory=dict)
    """Fact (or its Chinese name) → option, list of options, yes or no, number, date."""
    choose: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Group with a declared selection → the items that are to be assessed."""
    lists: dict[str, dict[str, bool]] = Field(default_factory=dict)
    """Row → entry of its list → whether it is there."""
    figures: dict[str, DeclaredFigure] = Field(default_factory=dict)
    """Metric → figure."""
    texts: dict[str, str] = Field(default_factory=dict)
    """Cell or rule with a limit in characters → text."""
    photos: tuple[PhotoModel, ...] | None = None
    """Photos of a finished project."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a facts file says."""

    facts: Facts
    figures: dict[str, Fraction] = field(default_factory=dict)
    """Exact values by metric: 16.2 % is 81/500."""
    notes: dict[str, str] = field(default_factory=dict)


def load_facts(path: Path, library: SchemeLibrary) -> Declared:
    """Return what a facts file declares; raises ConfigFaultsError with all faults found."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        fault = Fault(
            str(path), 1, 1, "", f"cannot be read: {exc.strerror}", f"无法读取：{exc.strerror}"
        )
        raise ConfigFaultsError([fault]) from exc
    return parse_facts(data, path.name, library)


def parse_facts(data: bytes, name: str, library: SchemeLibrary) -> Declared:
    """Return what the bytes of a facts file declare; see `load_facts`."""
    text, faults = parse_yaml(data, name)
    if text.value is None:
        raise ConfigFaultsError(faults)
    try:
        model = FactsModel.model_validate(text.value)
    except ValidationError as exc:
        raise ConfigFaultsError([*faults, *faults_of(exc, text, FactsModel)]) from exc
    reader = _Reader(text, library, faults)
    declared = reader.read(model)
    if faults:
        raise ConfigFaultsError(sorted(faults, key=lambda f: (f.line, f.column)))
    return declared


class _Reader:
    """Checks a file against the catalogue of facts, the schemes and the metrics."""

    def __init__(self, text: YamlDocument, library: SchemeLibrary, faults: list[Fault]) -> None:
        self._text = text
        self._library = library
        self._faults = faults
        self._groups = {g.id: g for g in _groups(library)}
        self._rows = {r.id: r for g in _groups(library) for r in g.rows()}

    def read(self, model: FactsModel) -> Declared:
        choices: dict[str, tuple[str, ...]] = {}
        numbers: dict[str, Fraction] = {}
        dates: dict[str, date] = {}
        for key, value in model.facts.items():
            place: Place = ("facts", key)
            fact = self._fact(key, place)
            if fact is None:
                continue
            if fact.kind is FactKind.NUMBER:
                if (number := self._number(value, place)) is not None:
                    numbers[fact.id] = number
            elif fact.kind is FactKind.DATE:
                if (day := self._date(value, place)) is not None:
                    dates[fact.id] = day
            elif (options := self._options(fact, value, place)) is not None:
                choices[fact.id] = options
        return Declared(
            Facts(
                choices=choices,
                numbers=numbers,
                dates=dates,
                chosen={k: self._chosen(k, v) for k, v in model.choose.items()},
                checks={k: self._checks(k, v) for k, v in model.lists.items()},
                texts=self._texts(model.texts),
                photos=None
                if model.photos is None
                else tuple(Photo(p.width, p.height) for p in model.photos),
            ),
            {k: v for k, f in model.figures.items() if (v := self._figure(k, f)) is not None},
            {k: f.note for k, f in model.figures.items() if f.note},
        )

    def _fault(
        self, place: Place, en: str, zh: str, hint: tuple[str, str] = ("", ""), *, key: bool = False
    ) -> None:
        self._faults.append(self._text.fault(place, en, zh, on_key=key, hint=hint))

    def _unknown(self, name: str, known: Sequence[str], place: Place, en: str, zh: str) -> None:
        self._fault(
            place,
            f"unknown {en} '{name}'",
            f"未知的{zh}“{name}”",
            suggestion(name, known),
            key=True,
        )

    def _fact(self, key: str, place: Place) -> FactDefinition | None:
        known = self._library.facts
        if key in known:
            return known[key]
        named = next((f for f in known.values() if f.name.zh == key), None)
        if named is None:
            self._unknown(
                key, [*known, *(f.name.zh for f in known.values())], place, "fact", "事实"
            )
        return named

    def _options(self, fact: FactDefinition, value: Any, place: Place) -> tuple[str, ...] | None:
        if fact.kind is FactKind.YES_NO:
            said = str(value).lower()
            if said in _YES or said in _NO:
                return ("yes",) if said in _YES else ("no",)
            self._fault(
                place, f"{fact.id} is yes or no", f"{fact.name.zh} 只能写 yes 或 no（是／否）"
            )
            return None
        several = isinstance(value, list)
        if several and fact.kind is FactKind.CHOICE:
            self._fault(place, f"{fact.id} is one option", f"{fact.name.zh} 只能选一项")
            return None
        found = []
        for i, item in enumerate(value if several else [value]):
            option = next((o for o in fact.options if str(item) in (o.id, o.name.zh)), None)
            if option is None:
                known = [o.id for o in fact.options]
                self._fault(
                    (*place, i) if several else place,
                    f"{fact.id} is one of {', '.join(known)}; found '{item}'",
                    f"{fact.name.zh} 只能是 {'、'.join(o.name.zh for o in fact.options)}；实际为“{item}”",
                    suggestion(str(item), known),
                )
            else:
                found.append(option.id)
        return tuple(found)

    def _number(self, value: Any, place: Place) -> Fraction | None:
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self._fault(place, f"'{value}' is no number", f"“{value}”不是数字")
            return None

    def _date(self, value: Any, place: Place) -> date | None:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self._fault(
                place,
                f"'{value}' is no date like 2026-10-01",
                f"“{value}”不是日期，例如 2026-10-01",
            )
            return None

    def _chosen(self, key: str, items: tuple[str, ...]) -> tuple[str, ...]:
        place: Place = ("choose", key)
        open_ = [g.id for g in self._groups.values() if g.declared]
        group = self._groups.get(key)
        if group is None or not group.declared:
            self._unknown(key, open_, place, "group with a selection", "可选分组")
            return items
        known = [i.id for i in group.items]
        for i, name in enumerate(items):
            if name not in known:
                self._unknown(name, known, (*place, i), "item", "条目")
        return items

    def _checks(self, key: str, entries: dict[str, bool]) -> dict[str, bool]:
        place: Place = ("lists", key)
        row = self._rows.get(key)
        if row is None or row.checklist is None:
            known = [r.id for r in self._rows.values() if r.checklist is not None]
            self._unknown(key, known, place, "row with a list", "带清单的条目")
            return entries
        names = [i.id for i in row.checklist.items]
        for name in entries:
            if name not in names:
                self._unknown(name, names, (*place, name), "entry", "清单项")
        return entries

    def _texts(self, texts: dict[str, str]) -> dict[str, str]:
        known = limited_texts(self._library)
        for key in texts:
            if key not in known:
                self._unknown(
                    key, list(known), ("texts", key), "cell with a limit", "有字数限制的栏目"
                )
        return texts

    def _figure(self, key: str, model: DeclaredFigure) -> Fraction | None:
        place: Place = ("figures", key)
        metric = metric_of(key)
        if metric is None:
            self._unknown(key, list(METRICS), place, "metric", "指标")
            return None
        if model.unit != metric.unit:
            self._fault(
                (*place, "unit"),
                f"the metric {key} has the unit {metric.unit}",
                f"指标 {key} 的单位是 {metric.unit}",
            )
            return None
        return model.value / 100 if metric.unit == "%" else model.value


def limited_texts(library: SchemeLibrary) -> dict[str, str]:
    """Return every cell and rule that has a limit in characters, with its label."""
    found = {
        cell.id: cell.label
        for form in library.forms.values()
        for cell in form.fields()
        if cell.limit
    }
    for rules in library.rules.values():
        found |= {r.id: r.zh for r in rules if r.kind == "word limit"}
    return found


def _groups(library: SchemeLibrary) -> list[Group]:
    return [g for s in library.schemes.values() for g in s.root.groups()]
