"""Asks the columnar and the plain engine the same claims of the same log and compares every number."""

from __future__ import annotations

import os
from collections.abc import Sequence

from kpi.claims import ClaimRequest, Json, claim_object
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace
from tests.support.kpi_plant import PlantLog
from tests.support.plain_engine import recompute_all


def examples(usual: int) -> int:
    """Return how many random plants a test goes through: PLANTPROOF_PLANTS where it is set, else the usual number."""
    return int(os.environ.get("PLANTPROOF_PLANTS", usual))


def assert_same(log: PlantLog, requests: Sequence[ClaimRequest]) -> list[dict[str, Json]]:
    """Compare value, detail and coverage of every claim; return the claims of the columnar engine."""
    rows = log.rows()
    works: dict[Span, Workspace] = {}
    ours = []
    for request in requests:
        work = works.setdefault(request.span, Workspace(rows, request.span))
        ours.append(claim_object("c", request, evaluate(request, work)))
    for item, plain in zip(ours, recompute_all(log, ours), strict=True):
        assert item["detail"] == plain.detail, item["algorithm"]
        assert (item["num"], item["den"]) == (str(plain.num), str(plain.den)), item["algorithm"]
        assert item["coverage"] == plain.coverage, item["algorithm"]
    return ours
