"""The page of definitions is fresh and complete."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from kpi.claims import ClaimRequest
from kpi.describe import DEFINITIONS, page

ROOT = Path(__file__).parents[3]


def test_page_in_the_repository_is_what_the_tables_say() -> None:
    assert (ROOT / "docs/kpi.md").read_text(encoding="utf-8") == page()


def test_page_has_every_algorithm_of_the_engine_and_of_the_normative_text() -> None:
    known = {d.algorithm for d in DEFINITIONS}
    assert known == {request.algorithm for request in get_args(ClaimRequest)}
    text = (ROOT / "docs/formats/claims.md").read_text(encoding="utf-8")
    assert all(f"### `{name}`" in text for name in known)
