"""Both engines agree on `before-after/2` and `energy-per-piece/2` to the last integer, on plants of two periods.

`PLANTPROOF_PLANTS` = number of plants, 30 unless it is set.
"""

from __future__ import annotations

import os
import random
from fractions import Fraction
from functools import cache
from typing import Any, Final

import pytest

from evidence.refusal import Refusal
from kpi.claims import ClaimResult, ComparisonClaim, EquipmentEnergyClaim, claim_object
from kpi.evaluate import evaluate
from kpi.window import Span
from kpi.workspace import Workspace
from model.errors import PermanentError
from tests.support.comparison_plant import ComparedPlant, random_comparison
from tests.support.plain_engine import recompute_all

PLANTS: Final = int(os.environ.get("PLANTPROOF_PLANTS", "30"))

FINDINGS: Final = {
    "days.provisional",
    "days.unknown-decide",
    "drift.not-tested-after",
    "drift.not-tested-before",
    "drift.persistent-after",
    "drift.persistent-before",
    "drift.trend-after",
    "drift.trend-before",
    "exclusions.decide",
    "exclusions.late",
    "period.not-whole-weeks-after",
    "period.not-whole-weeks-before",
    "period.too-short-after",
    "period.too-short-before",
    "period.unequal",
    "period.weekday",
    "rules.calendar",
    "rules.counting",
    "rules.ideal-cycle",
    "rules.state-table",
    "set.changed",
    "set.full-differs",
    "unknown.pieces",
    "unknown.share-after",
    "unknown.share-before",
}
WORDS: Final = {"pass", "pass, point only", "inconclusive", "fail", "undetermined"}


@cache
def plant(
    seed: int, *, wide: bool = False
) -> tuple[ComparedPlant, list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a plant with what the columnar engine says about it: claims, and those that it refuses."""
    found = random_comparison(seed, wide=wide)
    rows = found.log.rows()
    spaces: dict[Span, Workspace] = {}

    def space(span: Span) -> Workspace:
        return spaces.setdefault(span, Workspace(rows, span))

    items: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for claim in found.claims(random.Random(seed)):
        before = space(claim.before) if isinstance(claim, ComparisonClaim) else None
        try:
            result = evaluate(claim, space(claim.span), before)
        except PermanentError:
            refused.append(dict(claim_object("c", claim, ClaimResult(Fraction(0), None, {}))))
        else:
            items.append(dict(claim_object("c", claim, result)))
    return found, items, refused


def assert_agree(seed: int, *, wide: bool) -> None:
    found, items, refused = plant(seed, wide=wide)
    for item in refused:
        with pytest.raises(Refusal):
            recompute_all(found.log, [item])
    for item, plain in zip(items, recompute_all(found.log, items), strict=True):
        name = item.get("metric", item["algorithm"])
        assert item["detail"] == plain.detail, name
        assert (item["num"], item["den"]) == (str(plain.num), str(plain.den)), name
        assert item["coverage"] == plain.coverage, name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(PLANTS))
def test_two_engines_agree_on_a_random_comparison(seed: int) -> None:
    assert_agree(seed, wide=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(PLANTS // 2))
def test_two_engines_agree_where_machines_and_counters_come_and_go(seed: int) -> None:
    assert_agree(seed, wide=True)


@pytest.mark.slow
def test_random_comparisons_reach_every_finding_word_and_reason() -> None:
    findings: set[str] = set()
    words: set[str] = set()
    reasons: set[str] = set()
    metrics: set[str] = set()
    for seed in range(30):
        for item in plant(seed)[1]:
            detail = item["detail"]
            if item["algorithm"] == EquipmentEnergyClaim.algorithm:
                reasons.add(f"energy {detail.get('undefined', 'defined')}")
                continue
            findings |= set(detail["findings"])
            words.add(detail["word"])
            if detail["main"]["word"] != "undetermined":
                metrics.add(item["metric"])
            reasons.add(str(detail.get("undefined", "defined")))
    assert findings == FINDINGS
    assert words == WORDS
    assert {"defined", "no_baseline"} <= reasons
    assert "energy defined" in reasons
    assert metrics == {
        "oee/2",
        "availability/2",
        "utilisation/2",
        "defect-rate/1",
        "energy-per-piece/2",
    }
