"""One claim by both engines, for cases that are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import pytest

from evidence.refusal import Refusal
from kpi.claims import ClaimRequest, ClaimResult, claim_object
from kpi.evaluate import evaluate
from model.errors import PermanentError
from tests.support.kpi_plant import PlantLog
from tests.support.plain_engine import recompute


@dataclass(frozen=True)
class Found:
    """What an engine says of a claim."""

    num: int
    den: int
    detail: dict[str, Any]
    coverage: list[dict[str, Any]]

    @property
    def value(self) -> Fraction | None:
        return Fraction(self.num, self.den) if self.den else None


Engine = Callable[[PlantLog, ClaimRequest], Found]


def columns(log: PlantLog, request: ClaimRequest) -> Found:
    """Ask the columnar engine of the agent."""
    item = cast("Any", claim_object("c", request, evaluate(request, log.rows())))
    return Found(int(item["num"]), int(item["den"]), item["detail"], item["coverage"])


def plain(log: PlantLog, request: ClaimRequest) -> Found:
    """Ask the plain engine of the verifier, which is told nothing of the result."""
    item = cast("Any", claim_object("c", request, ClaimResult(Fraction(0), None, {})))
    found = cast("Any", recompute(log, item))
    return Found(found.num, found.den, found.detail, found.coverage)


ENGINES: dict[str, Engine] = {"columns": columns, "plain": plain}
both = pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES.keys())
"""Runs a test with each engine."""
REFUSALS = (PermanentError, Refusal)
"""How the engines say that a claim is invalid."""
