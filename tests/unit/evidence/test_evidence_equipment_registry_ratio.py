"""`registry-ratio/1` (claims.md §5); expected values by hand."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.recompute.interface import Outcome
from evidence.refusal import Refusal
from tests.unit.evidence.equipment_builder import (
    MIN,
    T0,
    LogBuilder,
    asset,
    claim,
    compute,
    log_of,
    plant,
    signal,
)
from tests.unit.evidence.equipment_runs import detail


def flagged(name: str, **flags: Any) -> dict[str, Any]:
    fields = {"key": False, "key_step": False, "nc": False, "networked": False, "smart": False}
    return asset(name, **{**fields, **flags})


def registry(word: str, *documents: list[dict[str, Any]]) -> Outcome:
    """One minute under each list of assets."""
    log = LogBuilder()
    for number, assets in enumerate(documents):
        log.config(plant(assets, {"a.state": [signal("state", "state")]}))
        if number == 0:
            log.boot()
        log.block({})
    return compute(log, "registry-ratio/1", len(documents), ratio=word)


FLEET = [
    flagged("a", smart=True, networked=True, nc=True, key=True, key_step=True, process_step="焊接"),
    flagged("b", smart=True, counts_as=2, key=True, key_step=True, process_step="焊接"),
    flagged("c", networked=True, nc=True, key_step=True, process_step="涂装"),
    flagged("d", networked=True, counts_as=3),
    flagged("e", smart=True, networked=True, nc=True, production=False),
]


@pytest.mark.parametrize(
    ("word", "sets", "numerator", "denominator"),
    [
        ("smart-share", [3, 7], ["a", "b"], ["a", "b", "c", "d"]),
        ("smart-declared-networked", [1, 3], ["a"], ["a", "b"]),
        ("networked-of-smart", [5, 3], ["a", "c", "d"], ["a", "b"]),
        ("key-equipment-nc", [1, 3], ["a"], ["a", "b"]),
        ("key-process-nc-by-equipment", [2, 4], ["a", "c"], ["a", "b", "c"]),
        # welding has b without NC
        ("key-process-nc-by-process", [1, 2], ["涂装"], ["涂装", "焊接"]),
        ("digital-equipment", [2, 7], ["a", "c"], ["a", "b", "c", "d"]),
    ],
)
def test_registry_ratio_by_hand(
    word: str, sets: list[int], numerator: list[str], denominator: list[str]
):
    found = registry(word, FLEET)
    assert detail(found) == {"denominator": denominator, "numerator": numerator, "sets": sets}
    assert found.num * sets[1] == found.den * sets[0]
    assert found.coverage == []


def test_registry_ratio_takes_a_flag_as_true_only_if_every_configuration_says_so():
    found = registry("smart-share", [flagged("a", smart=True)], [flagged("a")])
    assert detail(found)["sets"] == [0, 1]
    # an asset that a configuration lacks is judged by the others
    found = registry(
        "smart-share", [flagged("a", smart=True), flagged("b")], [flagged("a", smart=True)]
    )
    assert detail(found)["sets"] == [1, 2]


def test_registry_ratio_takes_the_last_version_of_an_asset():
    found = registry("smart-share", [flagged("a", counts_as=5)], [flagged("a", counts_as=2)])
    assert detail(found)["sets"] == [0, 2]
    gone = flagged("a", production=False)
    assert detail(registry("smart-share", [flagged("a")], [gone]))["undefined"] == (
        "no_registered_asset"
    )


def test_registry_ratio_takes_assets_in_service_in_the_window():
    later = flagged("b", in_service=[T0 + 5 * MIN, 0])
    assert detail(registry("smart-share", [flagged("a"), later]))["sets"] == [0, 1]


def test_registry_ratio_without_denominator_is_undefined():
    found = registry("key-equipment-nc", [flagged("a")])
    assert (found.den, detail(found)["undefined"]) == (0, "no_registered_asset")
    assert detail(found)["sets"] == [0, 0]


@pytest.mark.parametrize(
    "parameters", [{"ratio": "smart"}, {}, {"ratio": "smart-share", "assets": ["a"]}]
)
def test_registry_ratio_without_a_known_word_is_refused(parameters: dict[str, Any]):
    log = log_of(plant(FLEET, {"a.state": [signal("state", "state")]}), {}, 1)
    with pytest.raises(Refusal) as caught:
        log.compute(claim("registry-ratio/1", 1, **parameters))
    assert caught.value.kind == "claim"
