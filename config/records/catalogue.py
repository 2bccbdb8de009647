"""The tables of the product, from `config/records/tables/*.yaml` (form of a file: docs/formats/records.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from pydantic import Field, ValidationError

from config.base import ConfigModel
from config.messages import suggestion
from config.records.carriers import UnitOfCarrier
from config.records.checks_periods import FormYears, MonthsInARow, NotInFuture, SpansInARow
from config.records.checks_rows import (
    AllOrNone,
    AtLeastOne,
    InOrder,
    Needs,
    NotMoreThan,
    OneValue,
    Unique,
)
from config.records.columns import Choice, Column, Kind, Sign
from config.records.credit_code import CreditCode
from config.records.table import Check, Table
from config.records.units import UNITS
from config.yaml_document import parse_yaml
from kpi.records import rows
from kpi.records.figure import Words
from model.errors import ConfigError

ROW_TYPES: Final[Mapping[str, type[Any]]] = {
    "finance": rows.FinanceYear,
    "operating-cost": rows.CostMonth,
    "headcount": rows.HeadcountMonth,
    "output": rows.OutputMonth,
    "orders": rows.Order,
    "defects": rows.Lot,
    "energy-bills": rows.EnergyBill,
    "rd-projects": rows.RdProject,
    "rd-staff": rows.RdPerson,
    "rd-tasks": rows.RdTask,
    "sales": rows.SalesMonth,
    "inventory": rows.InventoryMonth,
    "logistics": rows.LogisticsMonth,
    "partners": rows.Partner,
    "investments": rows.Investment,
    "equipment": rows.Equipment,
    "workshops": rows.Workshop,
    "maturity": rows.MaturityCertificate,
    "accidents": rows.AccidentYear,
    "resource-use": rows.ResourceMonth,
    "outages": rows.OffInterval,
}
"""In the order of a listing."""

_ENUMS: Final[Mapping[tuple[str, str], type[Any]]] = {
    ("energy-bills", "reading"): rows.Reading,
    ("investments", "kind"): rows.InvestmentKind,
    ("equipment", "kind"): rows.EquipmentClass,
    ("equipment", "made_in"): rows.ProducedIn,
}
_CHECKS: Final[Mapping[str, Callable[..., Check]]] = {
    "all-or-none": AllOrNone,
    "at-least-one": AtLeastOne,
    "credit-code": CreditCode,
    "form-years": FormYears,
    "in-order": InOrder,
    "months-in-a-row": MonthsInARow,
    "needs": Needs,
    "not-in-future": NotInFuture,
    "not-more-than": NotMoreThan,
    "one-value": OneValue,
    "spans-in-a-row": SpansInARow,
    "unit-of-carrier": UnitOfCarrier,
}


_ABOUT_ABSENCE: Final = (AllOrNone, FormYears, MonthsInARow, SpansInARow)


class _Text(ConfigModel):
    zh: str
    en: str

    @property
    def words(self) -> Words:
        return Words(self.zh, self.en)


class _ChoiceFile(ConfigModel):
    value: str | int
    zh: str
    en: str
    also: tuple[str, ...] = ()


class _ColumnFile(ConfigModel):
    field: str
    kind: Kind
    zh: str
    en: str
    help: _Text
    example: str
    unit: str | None = None
    required: bool = True
    sign: Sign = Sign.NOT_NEGATIVE
    highest: int | None = None
    also: tuple[str, ...] = ()
    choices: tuple[_ChoiceFile, ...] = ()


class _TableFile(ConfigModel):
    id: str
    version: int = Field(ge=1)
    zh: str
    en: str
    purpose: _Text
    key: tuple[str, ...]
    columns: tuple[_ColumnFile, ...]
    checks: tuple[dict[str, dict[str, Any]], ...] = ()
    advice: tuple[_Text, ...] = ()


@cache
def tables() -> Mapping[str, Table]:
    """Return every table by id, in the order of a listing; raises ConfigError if a definition is wrong."""
    folder = resources.files("config") / "records" / "tables"
    return {name: _load((folder / f"{name}.yaml").read_bytes(), name) for name in ROW_TYPES}


def table_named(name: str) -> Table:
    """Return the table with an id or Chinese title; raises ConfigError with the nearest name."""
    known = tables()
    for table in known.values():
        if name.strip() in (table.id, table.zh):
            return table
    near_en, near_zh = suggestion(name, [*known, *(t.zh for t in known.values())])
    every = ", ".join(known)
    raise ConfigError(
        f"unknown table '{name}'; {near_en or 'known: ' + every}",
        f"未知的记录表“{name}”；{near_zh or '可用：' + every}",
    )


def _load(data: bytes, name: str) -> Table:
    document, faults = parse_yaml(data, f"{name}.yaml")
    if faults:
        raise ConfigError("\n".join(f.render("en") for f in faults))
    try:
        file = _TableFile.model_validate(document.value)
    except ValidationError as exc:
        raise ConfigError(f"{name}.yaml: {exc}") from exc
    if file.id != name:
        raise ConfigError(f"{name}.yaml: the id is {file.id}")
    columns = tuple(_column(name, c) for c in file.columns)
    checks = [
        _check(name, check_name, arguments)
        for c in file.checks
        for check_name, arguments in c.items()
    ]
    return Table(
        id=file.id,
        version=file.version,
        zh=file.zh,
        en=file.en,
        purpose=file.purpose.words,
        row=ROW_TYPES[name],
        columns=columns,
        key=file.key,
        checks=(Unique(file.key), *checks),
        looks_for_holes=any(isinstance(c, _ABOUT_ABSENCE) for c in checks),
        advice=tuple(a.words for a in file.advice),
    )


def _column(table: str, file: _ColumnFile) -> Column:
    if file.unit is not None and file.unit not in UNITS:
        raise ConfigError(f"{table}.yaml: {file.field}: unknown unit {file.unit}")
    make = _ENUMS.get((table, file.field), lambda value: value)
    return Column(
        field=file.field,
        zh=file.zh,
        en=file.en,
        kind=file.kind,
        help=file.help.words,
        example=file.example,
        unit=UNITS[file.unit] if file.unit is not None else None,
        required=file.required,
        aliases=file.also,
        sign=file.sign,
        highest=file.highest,
        choices=tuple(Choice(make(c.value), c.zh, c.en, c.also) for c in file.choices),
    )


def _check(table: str, name: str, arguments: Mapping[str, Any]) -> Check:
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    try:
        return _CHECKS[name](**plain)
    except (KeyError, TypeError) as exc:
        raise ConfigError(f"{table}.yaml: check {name}: {exc}") from exc
