"""Coefficients of standard coal (折标准煤系数): one frozen, editioned table for every period that is compared.

The tabulated value is used, never a quotient: electricity is 0.1229 kgce/kWh, not 3.6/29.307 (kpi-audit E20).
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from kpi.energy.units import factor
from kpi.findings import Finding, note, warn
from model.errors import ConfigError


class Mark(StrEnum):
    """How well a row is evidenced."""

    SRC = "SRC"
    """Seen in a public source; a secondary one unless the source says otherwise."""
    MEM = "MEM"
    """From memory: to be checked against the standard before it is printed in a form."""


class Basis(StrEnum):
    """What one unit of a carrier is made equal to."""

    EQUIVALENT = "equivalent"
    """当量值: its own heat content."""
    EQUAL = "equal_value"
    """等价值: what it took to make it; changes with the year and the grid."""


class Kind(StrEnum):
    """Kind of carrier."""

    FUEL = "fuel"
    ELECTRICITY = "electricity"
    HEAT = "heat"
    MEDIUM = "medium"
    """耗能工质: water, compressed air, gases."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several tabulated values of a carrier."""

    name: str
    kgce: Fraction
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """One row: kgce per unit, or what the site must choose from because the table does not decide."""

    carrier: str
    zh: str
    en: str
    kind: Kind
    basis: Basis
    unit: str
    mark: Mark
    source: str
    kgce: Fraction | None = None
    choices: tuple[Choice, ...] = ()
    """Several tabulated values; there is no default."""
    between: tuple[Fraction, Fraction] | None = None
    """A tabulated range; the site states its measured value."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a site chose for a row that the table leaves open."""

    kgce: Fraction
    name: str
    """Name of the choice, or empty for a value of its own."""
    reason: str
    """Why, and from which document: test report, bill, announcement with its year."""


@dataclass(frozen=True)
class CoefficientTable:
    """A table with the choices of the site; two tables are the same exactly if their digests are."""

    id: str
    zh: str
    en: str
    edition: str
    rows: tuple[Coefficient, ...]
    chosen: Mapping[str, Chosen] = field(default_factory=dict)

    @cached_property
    def by_carrier(self) -> Mapping[str, Coefficient]:
        """Return the rows by carrier."""
        return {r.carrier: r for r in self.rows}

    def row(self, carrier: str) -> Coefficient:
        """Return the row of a carrier; raises ConfigError that names the nearest known one."""
        found = self.by_carrier.get(carrier)
        if found is None:
            near = difflib.get_close_matches(carrier, list(self.by_carrier), n=1, cutoff=0.5)
            hint_en = f"; did you mean {near[0]}?" if near else ""
            hint_zh = f"；是不是想写 {near[0]}？" if near else ""
            raise ConfigError(
                f"coefficient table {self.id}: no carrier {carrier!r}{hint_en}",
                f"折标系数表 {self.id}：没有能源品种“{carrier}”{hint_zh}",
            )
        return found

    def kgce(self, carrier: str, unit: str) -> Fraction:
        """Return kgce per `unit` of a carrier, exactly.

        Raises ConfigError for a carrier that is not in the table, one whose value the site must choose and has not,
        and a unit of another dimension.
        """
        row = self.row(carrier)
        value = self.chosen[carrier].kgce if carrier in self.chosen else row.kgce
        if value is None:
            raise ConfigError(
                f"coefficient table {self.id}: {row.en} has no default; {_open(row)[1]}",
                f"折标系数表 {self.id}：{row.zh} 没有默认系数；{_open(row)[0]}",
            )
        return value * factor(unit, row.unit)

    def choose(self, carrier: str, value: str | Fraction, reason: str) -> CoefficientTable:
        """Return the table with the value of a row that it leaves open: the name of a choice, or an own positive value.

        Raises ConfigError for a row that the table decides, an unknown name, a value that is not positive, no reason.
        """
        row = self.row(carrier)
        if row.kgce is not None:
            raise ConfigError(
                f"coefficient table {self.id}: {row.en} is fixed at {row.kgce}; a table is not edited",
                f"折标系数表 {self.id}：{row.zh} 已规定为 {row.kgce}，不能改动",
            )
        if not reason.strip():
            raise ConfigError(
                f"coefficient table {self.id}: state the reason and source of the value of {row.en}",
                f"折标系数表 {self.id}：请写明 {row.zh} 取值的理由与出处",
            )
        chosen = Chosen(_value(row, value), value if isinstance(value, str) else "", reason)
        return replace(self, chosen={**self.chosen, carrier: chosen})

    @cached_property
    def sha256(self) -> str:
        """Return the digest of the canonical lines: head, rows by carrier, choices of the site."""
        lines = [{"edition": self.edition, "table": self.id, "v": 1}]
        lines += [_line(self.by_carrier[c]) for c in sorted(self.by_carrier)]
        lines += [
            {"carrier": c, "chosen": str(x.kgce), "name": x.name, "reason": x.reason}
            for c, x in sorted(self.chosen.items())
        ]
        text = "".join(
            json.dumps(x, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
            for x in lines
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def findings(self, carriers: frozenset[str]) -> tuple[Finding, ...]:
        """Return what must be said of the rows that a figure uses; raises ConfigError for an unknown carrier."""
        found = []
        for carrier in sorted(carriers):
            row, chosen = self.row(carrier), self.chosen.get(carrier)
            if row.basis is Basis.EQUAL and row.kind is Kind.MEDIUM:
                found.append(
                    note(
                        "energy.medium",
                        f"{row.zh} 是耗能工质，按表列等价值折算",
                        f"{row.en} is an energy-carrying medium, converted by its tabulated equal value",
                        (carrier,),
                    )
                )
            elif row.basis is Basis.EQUAL:
                found.append(
                    warn(
                        "energy.equal-value",
                        f"{row.zh} 采用等价值：随电网与年份变化，混用年份会造成虚假的节能；默认应采用当量值",
                        f"{row.en} is converted by equal value, which changes with grid and year: mixing years "
                        "manufactures a saving; the default is the equivalent value",
                        (carrier,),
                    )
                )
            found += _evidence(row, chosen)
        return tuple(found)


def _evidence(row: Coefficient, chosen: Chosen | None) -> list[Finding]:
    found = []
    by_name = {c.name: c for c in row.choices}
    mark = by_name[chosen.name].mark if chosen and chosen.name in by_name else row.mark
    if chosen is not None:
        found.append(
            note(
                "energy.chosen-coefficient",
                f"{row.zh} 的系数 {chosen.kgce} 由企业选定：{chosen.reason}",
                f"the coefficient of {row.en}, {chosen.kgce}, was chosen by the site: {chosen.reason}",
                (row.carrier,),
                kgce=chosen.kgce,
            )
        )
        low, high = row.between or (chosen.kgce, chosen.kgce)
        if not low <= chosen.kgce <= high:
            found.append(
                warn(
                    "energy.outside-range",
                    f"{row.zh} 的系数 {chosen.kgce} 超出表列范围 {low}–{high}，须附实测热值报告",
                    f"the coefficient of {row.en}, {chosen.kgce}, lies outside the tabulated range {low}–{high}; "
                    "attach the report of the measured heating value",
                    (row.carrier,),
                    kgce=chosen.kgce,
                    low=low,
                    high=high,
                )
            )
    if mark is Mark.MEM:
        found.append(
            note(
                "energy.unconfirmed-coefficient",
                f"{row.zh} 的系数未对照标准原文核实，填表前须核对",
                f"the coefficient of {row.en} was not checked against the standard; check it before it is filled in",
                (row.carrier,),
            )
        )
    return found


def _open(row: Coefficient) -> tuple[str, str]:
    """Return what the site must do, in Chinese and English."""
    if row.choices:
        names = ", ".join(c.name for c in row.choices)
        return f"请选择表列值之一：{names}", f"choose one of the tabulated values: {names}"
    if row.between:
        low, high = row.between
        return (
            f"请按实测热值在 {low}–{high} 内填写",
            f"state a value by measured heating value, between {low} and {high}",
        )
    return "请填写数值及出处", "state a value and its source"


def _value(row: Coefficient, value: str | Fraction) -> Fraction:
    if isinstance(value, Fraction):
        if value <= 0 or row.choices:
            raise ConfigError(
                f"{row.en}: {_open(row)[1] if row.choices else 'the value must be positive'}",
                f"{row.zh}：{_open(row)[0] if row.choices else '数值必须大于 0'}",
            )
        return value
    found = {c.name: c.kgce for c in row.choices}
    if value not in found:
        raise ConfigError(
            f"{row.en}: no choice {value!r}; {_open(row)[1]}",
            f"{row.zh}：没有选项“{value}”；{_open(row)[0]}",
        )
    return found[value]


def _line(row: Coefficient) -> dict[str, object]:
    line: dict[str, object] = {"basis": row.basis.value, "carrier": row.carrier, "unit": row.unit}
    if row.kgce is not None:
        line["kgce"] = str(row.kgce)
    if row.choices:
        line["choices"] = [[c.name, str(c.kgce)] for c in row.choices]
    if row.between:
        line["between"] = [str(x) for x in row.between]
    return line
