"""Frozen lists: canonical bytes written out by hand, digests, differences in words with their effect."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import pytest

from kpi.document import parse_document
from kpi.registry.changes import Change, Denominator, difference
from kpi.registry.content import (
    Acquisition,
    Control,
    EnergyMeter,
    Loop,
    Process,
    Registry,
    RegistryAsset,
    RequiredPoint,
    registry_of,
)
from kpi.registry.lists import FrozenList, ListKind, frozen_lists
from model.errors import ConfigError
from model.signal import SignalClass
from tests.support.kpi_plant import T0, asset, document, signal


def lists(**parts: object) -> dict[ListKind, FrozenList]:
    return frozen_lists(Registry(**{"assets": (), **parts}))  # type: ignore[arg-type]


def test_asset_list_bytes_and_digest_by_hand() -> None:
    found = lists(
        assets=(
            RegistryAsset(id="b", name="二号", counts_as=3, production=True, nc=False),
            RegistryAsset(id="a", asset_class="cnc", production=True, key=True, key_reason="瓶颈"),
        )
    )[ListKind.ASSETS]
    # head, then lines by id; keys by code point; what is not stated (None, "", []) has no key; no blanks
    by_hand = (
        '{"list":"assets","v":1}\n'
        '{"class":"cnc","counts_as":1,"id":"a","in_service":[0,0],"key":true,'
        '"key_reason":"瓶颈","production":true}\n'
        '{"counts_as":3,"id":"b","in_service":[0,0],"name":"二号","nc":false,"production":true}\n'
    ).encode()
    assert found.bytes == by_hand
    assert found.sha256 == hashlib.sha256(by_hand).hexdigest()


def test_every_list_has_its_lines_by_hand() -> None:
    found = lists(
        assets=(RegistryAsset(id="m1", name="磨床", counts_as=2, key=True, key_reason="精加工"),),
        processes=(
            Process(id="op10", name="车削", key=True, key_reason="定尺寸", control=Control.NC),
            Process(id="op20", key=False),
        ),
        points=(
            RequiredPoint(
                asset="m1",
                signal="temp",
                signal_class=SignalClass.ENV,
                slot_ms=60_000,
                deadline_ms=30_000,
                acquisition=Acquisition.MANUAL,
                process_data=True,
                deadband=Fraction(1, 2),
            ),
        ),
        loops=(Loop(id="fic1", unit="m1", normally_automatic=True),),
        meters=(
            EnergyMeter(
                id="e1",
                carrier="electricity",
                unit="kW.h",
                measures=("m1",),
                current_ratio=Fraction(20),
                share=Fraction(1, 3),
                share_rule="按面积",
            ),
        ),
    )
    lines = {kind: found[kind].lines[1:] for kind in ListKind}
    assert lines[ListKind.KEY_EQUIPMENT] == (
        '{"counts_as":2,"id":"m1","name":"磨床","reason":"精加工"}',
    )
    assert lines[ListKind.KEY_PROCESSES] == (
        '{"control":"nc","id":"op10","key":true,"key_reason":"定尺寸","name":"车削"}',
    )
    assert lines[ListKind.REQUIRED_POINTS] == (
        (
            '{"acquisition":"manual","class":"env","deadband":"1/2","deadline_ms":30000,'
            '"id":"m1/temp","process_data":true,"slot_ms":60000}'
        ),
    )
    assert lines[ListKind.CONTROL_LOOPS] == (
        '{"id":"fic1","normally_automatic":true,"span":["0","100"],"unit":"m1"}',
    )
    assert lines[ListKind.ENERGY_METERS] == (
        (
            '{"carrier":"electricity","current_ratio":"20","flow":"import","id":"e1","measures":'
            '["m1"],"share":"1/3","share_rule":"按面积","unit":"kW.h","voltage_ratio":"1"}'
        ),
    )


def test_list_order_is_that_of_the_bytes_and_not_of_the_input() -> None:
    a, b, c = (RegistryAsset(id=i) for i in ("a-10", "a-2", "b"))
    assert lists(assets=(c, b, a))[ListKind.ASSETS] == lists(assets=(a, b, c))[ListKind.ASSETS]
    assert list(lists(assets=(c, b, a))[ListKind.ASSETS].by_id) == ["a-10", "a-2", "b"]


def test_list_refuses_an_id_twice() -> None:
    with pytest.raises(ConfigError, match="'a' stands in the list twice") as caught:
        lists(assets=(RegistryAsset(id="a"), RegistryAsset(id="a", name="other")))
    assert "重复" in caught.value.zh


def test_difference_added_removed_changed_with_effect_on_each_denominator() -> None:
    old = lists(
        assets=(
            RegistryAsset(id="a", asset_class="cnc", production=True, smart=True, counts_as=5),
            RegistryAsset(id="b", name="冲床", asset_class="press", production=True, smart=False),
            RegistryAsset(id="c", asset_class="meter", production=False),
        )
    )[ListKind.ASSETS]
    new = lists(
        assets=(
            RegistryAsset(id="a", asset_class="cnc", production=True, smart=True, counts_as=1),
            RegistryAsset(id="c", asset_class="meter", production=False),
            RegistryAsset(id="d", asset_class="robot", production=True, smart=True, counts_as=2),
        )
    )[ListKind.ASSETS]
    found = difference(old, new)
    assert (found.old_sha256, found.new_sha256) == (old.sha256, new.sha256)
    changed, removed, added = found.lines
    assert (changed.id, changed.change) == ("a", Change.CHANGED)
    assert [(f.field, f.old, f.new) for f in changed.fields] == [("counts_as", 5, 1)]
    assert changed.effects == {
        Denominator.PRODUCTION: -4,
        Denominator.ALL_EQUIPMENT: -4,
        Denominator.SMART: -4,
    }
    assert (removed.id, removed.change) == ("b", Change.REMOVED)
    assert removed.effects == {Denominator.PRODUCTION: -1, Denominator.ALL_EQUIPMENT: -1}
    assert (added.id, added.change) == ("d", Change.ADDED)
    # 5 + 1 → 1 + 2 production; 5 → 1 + 2 smart
    assert found.effects == {
        Denominator.PRODUCTION: -3,
        Denominator.ALL_EQUIPMENT: -3,
        Denominator.SMART: -2,
    }
    assert changed.zh == (
        "设备台账：修改 a；折算台套数：5 → 1；分母“生产装备（台套）”-4，"
        "分母“全部设备（台套）”-4，分母“自动化、智能化设备（台套）”-4"
    )
    assert removed.en == (
        "register of equipment: removed b（冲床）; denominator production equipment (sets) -1, "
        "denominator all equipment (sets) -1"
    )


def test_difference_words_of_flags_instants_and_unstated_fields() -> None:
    one = lists(assets=(RegistryAsset(id="a", nc=True, in_service=(0, 0)),))[ListKind.ASSETS]
    two = lists(assets=(RegistryAsset(id="a", nc=False, nc_reason="改造中", in_service=(T0, 0)),))[
        ListKind.ASSETS
    ]
    (line,) = difference(one, two).lines
    # T0 = 2026-03-01T00:00:00Z
    assert line.zh == (
        "设备台账：修改 a；在役期：不限 … 不限 → 2026-03-01T00:00Z … 不限；数控：是 → 否；"
        "列为数控的理由：未填 → 改造中；分母不变"
    )
    assert line.en == (
        "register of equipment: changed a; in_service: open … open → 2026-03-01T00:00Z … open; "
        "nc: yes → no; nc_reason: not stated → 改造中; no denominator changes"
    )


def test_difference_of_points_counts_points_and_process_points() -> None:
    def point(name: str, slot: int, *, process: bool) -> RequiredPoint:
        return RequiredPoint(
            asset="m",
            signal=name,
            signal_class=SignalClass.PROCESS,
            slot_ms=slot,
            deadline_ms=60_000,
            process_data=process,
        )

    old = lists(points=(point("p", 60_000, process=True), point("q", 60_000, process=False)))
    new = lists(points=(point("q", 900_000, process=False),))
    found = difference(old[ListKind.REQUIRED_POINTS], new[ListKind.REQUIRED_POINTS])
    assert found.effects == {Denominator.POINTS: -1, Denominator.PROCESS_POINTS: -1}
    assert "slot_ms: 60 s → 900 s" in found.lines[1].en


def test_difference_of_equal_lists_is_empty_and_of_two_kinds_refused() -> None:
    found = lists(assets=(RegistryAsset(id="a"),))
    assert difference(found[ListKind.ASSETS], found[ListKind.ASSETS]).same
    with pytest.raises(ValueError, match="cannot be compared"):
        difference(found[ListKind.ASSETS], found[ListKind.CONTROL_LOOPS])


def test_registry_of_a_configuration_document() -> None:
    doc = parse_document(
        document(
            [asset("a1"), asset("i1", **{"class": "inspection"})],
            {
                "a1": [
                    signal("state", "state", required=True),
                    signal("temp", "temperature", "float", required=True, slot_ms=900_000),
                    signal("spare", "alarm"),
                ]
            },
        )
    )
    found = registry_of(doc)
    assert [(a.id, a.manufacturing, a.nc, a.digital) for a in found.assets] == [
        ("a1", True, True, None),
        ("i1", False, True, None),
    ]
    assert [(p.id, p.process_data, p.slot_ms) for p in found.points] == [
        ("a1/state", False, 60_000),
        ("a1/temp", True, 900_000),
    ]
