"""The configuration document: hand-checked values."""

from __future__ import annotations

import json

from config.document import plant_document
from tests.unit.config.test_loader import GOOD, load


def test_document_has_exact_rate_cycle_and_calendar() -> None:
    document = plant_document(load(GOOD))
    data = json.loads(document.bytes)
    # 7 a minute = 60000/7 ms; max rate 1.5 / cycle = 3*7 pieces in 2*60000 ms.
    assert data["assets"][0]["ideal_cycle_ms"] == [60000, 7]
    assert data["streams"][0]["id"] == "plc-01.count"
    assert data["streams"][0]["signals"][0]["counter"]["max_rate"] == [21, 120000]
    assert data["calendar"]["utc_offset_min"] == 480
    assert data["calendar"]["shifts"][1] == {
        "from_min": 1200,
        "name": "晚班",
        "to_min": 1920,
        "weekdays": [1, 2, 3, 4, 5, 6, 7],
    }
    assert document.bytes == plant_document(load(GOOD)).bytes


def test_comment_and_order_of_keys_do_not_change_the_document() -> None:
    other = GOOD.replace("    nc: true\n", "").replace(
        "    class: plc\n", "    # 注释\n    nc: true\n    class: plc\n"
    )
    assert plant_document(load(other)).sha256 == plant_document(load(GOOD)).sha256
