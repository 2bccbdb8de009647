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


def test_registry_ratio_numerator_needs_the_flag_in_every_configuration():
    found = registry("smart-share", [flagged("a", smart=True)], [flagged("a")])
    assert detail(found) == {"denominator": ["a"], "numerator": [], "sets": [0, 1]}
    # an asset that a configuration lacks is judged by the others
    found = registry(
        "smart-share", [flagged("a", smart=True), flagged("b")], [flagged("a", smart=True)]
    )
    assert detail(found)["sets"] == [1, 2]


def test_registry_ratio_denominator_takes_the_flag_of_any_configuration():
    # `b` without NC loses its key mark on the way: the ratio stays 1 of 2
    before = [flagged("a", key=True, nc=True), flagged("b", key=True)]
    after = [flagged("a", key=True, nc=True), flagged("b")]
    for documents in ((before, after), (after, before)):
        found = registry("key-equipment-nc", *documents)
        assert detail(found) == {"denominator": ["a", "b"], "numerator": ["a"], "sets": [1, 2]}
    # and `a`, marked as key on the way, is in the denominator alone
    found = registry("key-equipment-nc", [flagged("a", nc=True)], [flagged("a", nc=True, key=True)])
    assert detail(found)["sets"] == [0, 1]


def test_registry_ratio_of_two_flags_needs_each_of_them_all_the_time():
    # digital by NC first and by smart later: neither flag holds in every configuration
    found = registry(
        "digital-equipment",
        [flagged("a", nc=True, networked=True), flagged("b", nc=True, networked=True)],
        [flagged("a", smart=True, networked=True), flagged("b", nc=True, networked=True)],
    )
    assert detail(found) == {"denominator": ["a", "b"], "numerator": ["b"], "sets": [1, 2]}


def test_registry_ratio_counts_the_smallest_number_above_and_the_largest_below():
    # a counts as 5, later as 2: 2 of (5 + 1)
    found = registry(
        "smart-share",
        [flagged("a", smart=True, counts_as=5), flagged("b")],
        [flagged("a", smart=True, counts_as=2), flagged("b")],
    )
    assert detail(found)["sets"] == [2, 6]
    assert (found.num, found.den) == (1, 3)


def test_registry_ratio_by_process_takes_the_steps_that_any_configuration_names():
    def line(step: str, *, nc: bool = True) -> list[dict[str, Any]]:
        return [
            flagged("a", nc=nc, key_step=True, process_step=step),
            flagged("b", nc=True, key_step=True, process_step="涂装"),
        ]

    # `a` without NC moves from welding to painting: both steps are left without
    found = registry("key-process-nc-by-process", line("焊接", nc=False), line("涂装", nc=False))
    assert detail(found) == {"denominator": ["涂装", "焊接"], "numerator": [], "sets": [0, 2]}
    # it gets NC on the way: welding is not all NC in every configuration, painting is
    found = registry("key-process-nc-by-process", line("焊接", nc=False), line("焊接"))
    assert detail(found) == {"denominator": ["涂装", "焊接"], "numerator": ["涂装"], "sets": [1, 2]}
    # a step named while the asset is no key equipment is none
    spare = flagged("c", process_step="装配")
    found = registry("key-process-nc-by-process", [*line("焊接"), spare])
    assert detail(found)["sets"] == [2, 2]
    # and one that only an earlier configuration marks as key still counts
    key = flagged("c", process_step="装配", key_step=True)
    found = registry("key-process-nc-by-process", [*line("焊接"), key], [*line("焊接"), spare])
    assert detail(found) == {
        "denominator": ["涂装", "焊接", "装配"],
        "numerator": ["涂装", "焊接"],
        "sets": [2, 3],
    }


def test_registry_ratio_takes_as_registered_what_the_last_version_of_an_asset_says():
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
