"""Third-party data beside the checkout (`../shared/data`), which tests may read and the project may not copy."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ABSENT = "third-party data is not beside the checkout"


def shared_data(relative: str) -> Path:
    """Return `../shared/data/<relative>` (or below PLANTPROOF_SHARED); skip the test when it is absent."""
    beside = Path(__file__).parents[3] / "shared"
    path = Path(os.environ.get("PLANTPROOF_SHARED") or beside) / "data" / relative
    if not path.exists():
        pytest.skip(f"{ABSENT}: {relative}")
    return path
