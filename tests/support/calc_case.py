"""A case of the calculator from text: its figures, findings and faults."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from textwrap import dedent

import pytest

from config.calc.reading import LoadedCase, parse_case
from config.faults import ConfigFaultsError, Fault
from kpi.calc.case import CaseResult, calculate
from kpi.calc.expected import by_name
from kpi.calc.figure import Figure
from kpi.calc.findings import CaseFinding
from model.ratio import Undefined


@dataclass(frozen=True, slots=True)
class Solved:
    """A case with its result."""

    loaded: LoadedCase
    result: CaseResult

    def figure(self, name: str) -> Figure:
        return by_name(self.result.figures)[name]

    def value(self, name: str) -> Fraction:
        value = self.figure(name).value
        assert isinstance(value, Fraction), value
        return value

    def undefined(self, name: str) -> Undefined:
        value = self.figure(name).value
        assert isinstance(value, Undefined), value
        return value

    def range(self, name: str) -> tuple[Fraction | None, Fraction | None]:
        found = self.figure(name)
        assert found.bounded
        return found.low, found.high

    @property
    def names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.result.figures)

    @property
    def findings(self) -> tuple[CaseFinding, ...]:
        return (*self.loaded.findings, *self.result.findings)

    def finding(self, name: str) -> CaseFinding:
        found = [f for f in self.findings if f.name == name]
        assert len(found) == 1, [f.name for f in self.findings]
        one = found[0]
        assert one.zh
        assert one.en not in ("", one.zh)
        return one

    def missing(self, machine: str = "") -> dict[str, frozenset[str]]:
        """Return what each missing figure lacks."""
        assert self.result.equipment is not None
        return {
            figure: frozenset(n.value for n in m.lacks)
            for one in self.result.equipment.machines
            if one.machine == machine
            for m in one.missing
            for figure in m.figures
        }


def solved(text: str, name: str = "case.yaml") -> Solved:
    """Return the result of a case."""
    loaded = parse_case(dedent(text).encode(), name)
    return Solved(loaded, calculate(loaded.inputs))


def faults(text: str) -> tuple[Fault, ...]:
    """Return the faults of writing of a case; there must be some."""
    with pytest.raises(ConfigFaultsError) as caught:
        parse_case(dedent(text).encode(), "case.yaml")
    return tuple(caught.value.faults)


def only_fault(text: str) -> Fault:
    """Return the one fault of a case."""
    found = faults(text)
    assert len(found) == 1, [str(f) for f in found]
    return found[0]
