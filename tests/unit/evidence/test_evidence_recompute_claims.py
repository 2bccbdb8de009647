"""Whole claims over small logs; every expected figure is worked out by hand in the comments."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evidence.frame import FrameRow
from evidence.recompute.interface import Outcome
from evidence.refusal import Refusal
from evidence.statement import Claim
from evidence.verify import verify_bundle
from tests.unit.evidence.evidence_builder import (
    FIRST_SLOT,
    I,
    LogBuilder,
    asset,
    calendar,
    claim_of,
    filled,
    memory,
    missed,
    plant,
    proof,
    row,
    signal,
)

T0 = FIRST_SLOT * 60_000
MIN = 60_000
COUNTER = {"first": 0, "max_rate": [10, MIN], "modulus": "0"}
BAD = 0x8000_0000


def machine(**changes: Any) -> dict[str, object]:
    return plant(
        [asset("cnc-01", **changes)],
        {
            "cnc-01.state": [signal("state", "state")],
            "cnc-01.count": [
                signal("good", "count_good", counter=COUNTER),
                signal("scrap", "count_scrap", counter=COUNTER),
            ],
        },
    )


def ten_minutes(document: dict[str, object]) -> LogBuilder:
    """Ten minutes: run 0–6, fault 6–9, run 9–10; 2 good a minute while running, one scrap at minute 3."""
    log = LogBuilder()
    log.config(document)
    log.boot()
    good = 100
    for minute in range(10):
        t = T0 + minute * MIN
        running = minute < 6 or minute >= 9
        good += 2 if running and minute else 0
        log.block(
            {
                "cnc-01.state": [row(t, 0, 3 if running else 4)],
                "cnc-01.count": [row(t + 1000, 0, good), row(t + 1000, 1, 0 if minute < 3 else 1)],
            }
        )
    return log


def window(algorithm: str, last: int = 10, **parameters: Any) -> Claim:
    return claim_of(algorithm, FIRST_SLOT, FIRST_SLOT + last, **parameters)


def oee(log: LogBuilder, last: int = 10, **more: Any) -> Outcome:
    return log.compute(window("oee-iso22400/1", last, assets=["cnc-01"], by="all", **more))


def test_oee_ten_minutes_by_hand():
    # PBT 10 min, APT 7 min, fault 3 min; good 100 → 112 = 12 at 30 s; total = 12 + 1
    found = oee(ten_minutes(machine()))
    detail: Any = found.detail
    assert (found.num, found.den) == (3, 5)
    assert (
        detail["availability"]
        == detail["availability_low"]
        == detail["availability_high"]
        == "7/10"
    )
    assert detail["effectiveness"] == "13/14"  # 13 × 30 s / 420 s
    assert detail["quality_ideal"] == "12/13"
    assert (detail["low"], detail["high"]) == ("3/5", "3/5")
    (one,) = detail["assets"]
    assert (one["good"], one["scrap"], one["total"]) == (12, 1, 13)
    assert (one["atoms"]["run"], one["atoms"]["fault"], one["atoms"]["minor"]) == (
        420_000,
        180_000,
        0,
    )
    assert sum(one["atoms"].values()) == 600_000
    assert found.coverage == [
        {"absent": 0, "data": 10, "gap": 0, "off": 0, "stream": "cnc-01.state"},
        {"absent": 0, "data": 10, "gap": 0, "off": 0, "stream": "cnc-01.count"},
    ]


def test_oee_stop_up_to_the_threshold_is_minor():
    detail: Any = oee(ten_minutes(machine(minor_stop_ms=180_000))).detail
    assert detail["assets"][0]["atoms"]["minor"] == 180_000
    assert detail["assets"][0]["atoms"]["fault"] == 0


def test_oee_break_is_not_planned_and_running_in_it_counts_as_busy():
    # break minutes 5–8 UTC: run 5–6 → run_x, fault 6–8 → brk; PBT = 10 − 3 + 1 = 8 min
    document = machine()
    document["calendar"] = calendar(breaks=[[5, 8]])
    detail: Any = oee(ten_minutes(document)).detail
    atoms = detail["assets"][0]["atoms"]
    assert (atoms["run"], atoms["run_x"], atoms["brk"], atoms["fault"]) == (
        6 * MIN,
        MIN,
        2 * MIN,
        MIN,
    )
    assert detail["assets"][0]["pbt"] == 8 * MIN


def test_oee_stop_registered_in_time_counts_and_one_registered_later_does_not():
    stop = {"asset": "cnc-01", "from_ms": T0 + 6 * MIN, "kind": "pm", "to_ms": T0 + 9 * MIN}
    document = machine()
    document["calendar"] = calendar(stops=[stop])
    detail: Any = oee(ten_minutes(document)).detail
    assert detail["assets"][0]["atoms"]["pm"] == 3 * MIN

    log = LogBuilder()
    log.config(machine())
    log.boot()
    for minute in range(7):
        log.block({"cnc-01.state": [row(T0 + minute * MIN, 0, 4)]})
    log.config(document)
    for minute in range(7, 10):
        log.block({"cnc-01.state": [row(T0 + minute * MIN, 0, 4)]})
    detail = oee(log).detail
    assert detail["assets"][0]["atoms"]["pm"] == 0
    assert detail["assets"][0]["atoms"]["fault"] == 10 * MIN


def test_oee_without_reject_signal_is_undefined_and_lists_what_is_known():
    document = plant(
        [asset("cnc-01")],
        {
            "cnc-01.state": [signal("state", "state")],
            "cnc-01.count": [signal("good", "count_good", counter=COUNTER)],
        },
    )
    log = LogBuilder()
    log.config(document)
    log.boot()
    for minute in range(3):
        t = T0 + minute * MIN
        log.block({"cnc-01.state": [row(t, 0, 3)], "cnc-01.count": [row(t, 0, minute)]})
    found = oee(log, 3)
    detail: Any = found.detail
    assert (found.num, found.den, detail["undefined"]) == (0, 0, "no_reject_signal")
    assert detail["assets"][0]["good"] == 2
    assert "scrap" not in detail["assets"][0]
    assert detail["availability"] == "1/1"
    assert (detail["low"], detail["high"], detail["quality_ideal"]) == ("0/0", "0/0", "0/0")


def test_oee_scrap_follows_from_good_and_total():
    document = plant(
        [asset("cnc-01")],
        {
            "cnc-01.state": [signal("state", "state")],
            "cnc-01.count": [
                signal("good", "count_good", counter=COUNTER),
                signal("total", "count_total", counter=COUNTER),
            ],
        },
    )
    log = LogBuilder()
    log.config(document)
    log.boot()
    for minute in range(3):
        t = T0 + minute * MIN
        log.block(
            {
                "cnc-01.state": [row(t, 0, 3)],
                "cnc-01.count": [row(t, 0, 3 * minute), row(t, 1, 4 * minute)],
            }
        )
    detail: Any = oee(log, 3).detail
    assert [detail["assets"][0][k] for k in ("good", "scrap", "total")] == [6, 2, 8]


def test_oee_asset_without_ideal_cycle_is_left_out():
    found = oee(ten_minutes(machine(ideal_cycle_ms=[0, 1])))
    detail: Any = found.detail
    assert (found.num, found.den, detail["undefined"]) == (0, 0, "no_planned_time")
    assert (detail["left_out"], detail["assets"]) == (["cnc-01"], [])


def test_oee_unknown_asset_or_other_parameters_refuse_the_claim():
    log = ten_minutes(machine())
    for claim in (
        window("oee-iso22400/1", assets=["nobody"], by="all"),
        window("oee-iso22400/1", assets=["cnc-01"], by="asset"),
        window("oee-iso22400/1", assets=["cnc-01", "cnc-01"], by="all"),
        window("oee-iso22400/1", assets=[], by="all"),
        window("oee-iso22400/1", by="all"),
        window("oee-iso22400/1", assets=["cnc-01"], by="all", extra=1),
        replace(window("oee-iso22400/1", assets=["cnc-01"], by="all"), unit="%"),
        replace(window("oee-iso22400/1", assets=["cnc-01"], by="all"), detail=None),
    ):
        with pytest.raises(Refusal) as caught:
            log.compute(claim)
        assert caught.value.kind == "claim"


def test_oee_counter_gap_gives_an_upper_bound():
    # good 0,2,(500 quarantined),6,8: gap from minute 1 to 3 (2 min planned): 2 min × 10/min = 20 pieces at 30 s
    log = LogBuilder()
    log.config(machine())
    log.boot()
    for minute, good in enumerate((0, 2, 500, 6, 8)):
        t = T0 + minute * MIN
        log.block({"cnc-01.state": [row(t, 0, 3)], "cnc-01.count": [row(t, 0, good), row(t, 1, 0)]})
    found = oee(log, 5)
    detail: Any = found.detail
    assert (found.num, found.den) == (4, 5)  # 8 × 30 s of 300 s
    assert detail["assets"][0]["quarantined"] == 1
    # 8 × 30 + 20 × 30 = 840 s, capped at the 300 s of PBT
    assert (detail["low"], detail["high"]) == ("4/5", "1/1")


def test_utilisation_is_running_time_over_calendar_time():
    found = ten_minutes(machine()).compute(window("utilisation/1", assets=["cnc-01"]))
    assert (found.num, found.den) == (7, 10)
    assert found.detail == {"assets": [{"apt": 7 * MIN, "asset": "cnc-01", "calendar": 10 * MIN}]}


def test_duplicates_and_imported_rows_do_not_count_and_late_rows_do():
    log = LogBuilder()
    log.config(machine())
    log.boot()
    t = T0
    log.block(
        {"cnc-01.count": [row(t, 0, 1), row(t, 0, 1), row(t, 1, 0)], "cnc-01.state": [row(t, 0, 3)]}
    )
    # imported: never used; a value of minute 0 that arrives in minute 1
    log.block(
        {"cnc-01.count": [row(t + 30_000, 0, 9, flags=I), FrameRow(t + 70_000, t + 40_000, 0, 3)]}
    )
    found = oee(log, 1, grace=1)
    detail: Any = found.detail
    assert detail["assets"][0]["good"] == 2
    assert oee(log, 1).detail["assets"][0]["good"] == 0  # type: ignore[index]


def test_nc_ratio_counts_only_assets_that_were_nc_in_every_configuration():
    def document(nc: bool, ids: tuple[str, ...]) -> dict[str, object]:
        assets = [
            asset(name, nc=nc or name == "b", counts_as=2 if name == "b" else 1) for name in ids
        ]
        assets.append(asset("z", production=False))
        return plant(assets, {"a.state": [signal("state", "state")]})

    log = LogBuilder()
    log.config(document(True, ("a", "b", "c")))
    log.boot()
    log.block({})
    log.config(document(False, ("a", "b")))
    log.block({})
    found = log.compute(window("nc-ratio/1", 2))
    # registered a (1), b (2), c (1, removed); nc in every configuration: b and c
    assert (found.num, found.den) == (3, 4)
    assert found.detail == {"nc": ["b", "c"], "registered": ["a", "b", "c"], "removed": ["c"]}
    assert found.coverage == []


def test_nc_ratio_without_registered_assets_is_undefined():
    log = LogBuilder()
    log.config(
        plant([asset("a", in_service=[T0 + 10 * MIN, 0])], {"a.state": [signal("state", "state")]})
    )
    log.boot()
    log.block({})
    found = log.compute(window("nc-ratio/1", 1))
    assert (found.num, found.den, found.detail["undefined"]) == (0, 0, "no_registered_asset")  # type: ignore[index]


def upload_log() -> LogBuilder:
    log = LogBuilder()
    log.config(
        plant(
            [asset("a"), asset("b")],
            {"a.state": [signal("state", "state", required=True), signal("mode", "mode")]},
        )
    )
    log.boot()
    t = T0
    rows: list[list[FrameRow]] = [
        [row(t + 1, 0, 3)],  # on time
        [proof(t + MIN + 5, 0)],  # held alive
        [FrameRow(t + 2 * MIN + 9, t + 2 * MIN, 0, 3, BAD)],  # bad quality
        [],  # nothing: missed_agent
        [],  # missed by the network, reported in slot 6
        [],  # a value that arrives after the deadline, in slot 7
        [missed(t + 4 * MIN, 0, 2), missed(t + 4 * MIN, 0, 1)],
        [FrameRow(t + 7 * MIN + 1, t + 5 * MIN, 0, 3), row(t + 7 * MIN + 2, 0, 3)],
    ]
    for block in rows:
        log.block({"a.state": block})
    return log


def test_upload_rate_every_outcome_by_hand():
    found = upload_log().compute(window("upload-rate/1", 8))
    detail: Any = found.detail
    # slots 0 on time, 1 held, 2 bad, 3 missed_agent, 4 missed_network, 5 late, 6 missed_agent, 7 on time
    assert detail["points"] == [
        {
            "asset": "a",
            "expected": 8,
            "outcomes": {
                "bad_quality": 1,
                "held_alive": 1,
                "late": 1,
                "missed_agent": 2,
                "missed_network": 1,
                "on_time": 2,
            },
            "signal": "state",
        }
    ]
    # b is registered but has no point: it counts 0 with weight one
    assert detail["assets"] == [{"asset": "a", "rate": "3/8"}, {"asset": "b", "rate": "0/1"}]
    assert (found.num, found.den) == (3, 16)
    assert (detail["eventual"], detail["pooled"]) == ("1/4", "3/8")
    assert detail["longest_gap"] == {
        "asset": "a",
        "minutes": 2,
        "signal": "state",
        "slot": FIRST_SLOT + 3,
    }


def test_upload_rate_back_dated_arrival_is_clamped_to_the_sealing_slot():
    log = LogBuilder()
    log.config(plant([asset("a")], {"a.state": [signal("state", "state", required=True)]}))
    log.boot()
    for minute in range(5):
        # slot 4 seals a row that claims to have been received in slot 0
        log.block({"a.state": [FrameRow(T0 + 1, T0 + 1, 0, 3)] if minute == 4 else []})
    detail: Any = log.compute(window("upload-rate/1", 1, grace=4)).detail
    assert detail["points"][0]["outcomes"] == {"late": 1}


def test_upload_rate_excused_and_partial_slots_are_not_expected():
    stop = {"asset": "*", "from_ms": T0 + 90_000, "kind": "off", "to_ms": T0 + 100_000}
    log = LogBuilder()
    document = plant(
        [asset("a", in_service=[T0 + 30_000, T0 + 4 * MIN + 1])],
        {"a.state": [signal("state", "state", required=True)]},
        calendar(stops=[stop]),
    )
    log.config(document)
    log.boot()
    for _ in range(6):
        log.block({})
    detail: Any = log.compute(window("upload-rate/1", 6)).detail
    # slot 0 begins before service, slot 1 meets the stop, slots 2 and 3 are expected, 4 and 5 end after service
    assert detail["points"][0]["expected"] == 2


def test_upload_rate_removed_asset_stays_expected():
    log = LogBuilder()
    log.config(
        plant([asset("a"), asset("b")], {"a.state": [signal("state", "state", required=True)]})
    )
    log.boot()
    log.block({"a.state": [row(T0, 0, 3)]})
    log.config(plant([asset("b")], {"b.state": [signal("state", "state")]}))
    log.block({})
    log.block({})
    found = log.compute(window("upload-rate/1", 3))
    detail: Any = found.detail
    assert detail["points"][0]["expected"] == 3
    assert detail["points"][0]["outcomes"] == {"on_time": 1, "missed_agent": 2}
    assert found.coverage == [{"absent": 2, "data": 1, "gap": 0, "off": 0, "stream": "a.state"}]


def test_upload_rate_value_sealed_under_a_later_configuration_counts():
    log = LogBuilder()
    log.config(plant([asset("a")], {"a.state": [signal("state", "state", required=True)]}))
    log.boot()
    log.block({})
    log.config(plant([asset("a")], {"a.state": [signal("state", "state")]}))
    log.block({"a.state": [FrameRow(T0 + MIN + 1, T0 + 5, 0, 3)]})
    detail: Any = log.compute(window("upload-rate/1", 2)).detail
    assert detail["points"][0]["outcomes"] == {"on_time": 1}


def test_networked_needs_the_share_and_the_days():
    log = upload_log()
    found = log.compute(window("networked/1", 8, threshold=[1, 2], min_days=0))
    # a: alive = on time 2 + held 1 + late 1 = 4 of 8
    assert (found.num, found.den) == (1, 2)
    assert found.detail == {"declared": ["a", "b"], "observed": ["a"], "registered": ["a", "b"]}
    assert log.compute(window("networked/1", 8, threshold=[51, 100], min_days=0)).num == 0
    assert log.compute(window("networked/1", 8, threshold=[1, 2], min_days=1)).num == 0


def energy_plant() -> dict[str, object]:
    return plant(
        [asset("a"), asset("m", production=False, ideal_cycle_ms=[0, 1], state_table="")],
        {
            "a.state": [signal("state", "state")],
            "a.count": [
                signal("good", "count_good", counter=COUNTER),
                signal("scrap", "count_scrap", counter=COUNTER),
            ],
            "m.energy": [signal("energy", "energy", "float", scale=[1000, 1])],
        },
    )


def energy_claim(last: int, **more: Any) -> Claim:
    return window("energy-per-piece/1", last, unit="W.h", assets=["a"], meters=["m"], **more)


def test_energy_per_piece_by_hand():
    log = LogBuilder()
    log.config(energy_plant())
    log.boot()
    for minute in range(4):
        t = T0 + minute * MIN
        log.block(
            {
                "a.state": [row(t, 0, 3)],
                "a.count": [row(t, 0, 2 * minute), row(t, 1, 0)],
                "m.energy": [row(t, 0, 1234.5 + minute * 0.0625)],
            }
        )
    found = log.compute(energy_claim(4))
    # readings 1234500, round(1234562.5) = 1234562, 1234625, round(1234687.5) = 1234688: 188 Wh for 6 pieces
    assert (found.num, found.den) == (94, 3)
    assert found.detail == {
        "good": [{"asset": "a", "good": 6}],
        "wh": [{"meter": "m", "quarantined": 0, "reset": 0, "wh": 188}],
    }


def test_energy_long_gap_is_spread_over_plain_time():
    log = LogBuilder()
    log.config(energy_plant())
    log.boot()
    for minute in range(11):
        t = T0 + minute * MIN
        energy = [row(t, 0, 1.0 if minute == 0 else 1.1)] if minute in (0, 10) else []
        log.block({"a.count": [row(t, 0, minute), row(t, 1, 0)], "m.energy": energy})
    # 100 Wh from minute 0 to 10; the window begins at minute 5: booked(10) − booked(5) = 100 − 50
    claim = replace(energy_claim(11), first=FIRST_SLOT + 5, lead=5)
    detail: Any = log.compute(claim).detail
    assert detail["wh"][0]["wh"] == 50


@pytest.mark.parametrize("case", ["no_energy", "no_reject_signal", "no_pieces"])
def test_energy_undefined_for_a_stated_reason(case: str):
    log = LogBuilder()
    log.config(energy_plant())
    log.boot()
    for minute in range(2):
        t = T0 + minute * MIN
        rows: dict[str, list[FrameRow]] = {}
        if case != "no_energy":
            rows["m.energy"] = [row(t, 0, 1.0 + minute)]
        log.block(rows)
    if case == "no_reject_signal":
        log.config(
            plant([asset("a"), asset("m")], {"m.energy": [signal("energy", "energy", "float")]})
        )
        log.block({})
        found = log.compute(replace(energy_claim(3), first=FIRST_SLOT + 2, lead=2))
    else:
        found = log.compute(energy_claim(2))
    detail: Any = found.detail
    assert (found.num, found.den, detail["undefined"]) == (0, 0, case)
    assert ("wh" in detail["wh"][0]) is (case != "no_energy")


def test_every_algorithm_in_one_bundle_is_verified_and_an_embellished_detail_refused():
    log = ten_minutes(machine())
    wanted = [
        window("oee-iso22400/1", assets=["cnc-01"], by="all"),
        window("utilisation/1", assets=["cnc-01"]),
        window("nc-ratio/1"),
        window("networked/1", threshold=[19, 20], min_days=14),
        window("upload-rate/1"),
    ]
    claims = [
        replace(filled(claim, log.compute(claim)), id=f"k{number}")
        for number, claim in enumerate(wanted)
    ]
    entries = list(log.entries)
    verified = verify_bundle(memory(log.bundle(claims)), log.policy)
    assert [c.claim.id for c in verified.claims] == ["k0", "k1", "k2", "k3", "k4"]
    for number, claim in enumerate(claims):
        detail = {**claim.detail, "extra": 1}  # type: ignore[dict-item]
        log.entries = list(entries)
        with pytest.raises(Refusal) as caught:
            verify_bundle(memory(log.bundle([replace(claim, detail=detail)])), log.policy)
        assert (caught.value.kind, caught.value.step) == ("detail", 7), number


def test_configuration_without_registry_refuses_the_claim():
    log = LogBuilder()
    log.config(
        {"streams": [{"id": "a.state", "signals": [{"name": "state", "type": "int"}]}], "v": 1}
    )
    log.boot()
    log.block({})
    with pytest.raises(Refusal) as caught:
        log.compute(window("nc-ratio/1", 1))
    assert caught.value.kind == "document"


def test_late_stop_and_configuration_change_are_findings():
    stop = {"asset": "*", "from_ms": T0, "kind": "pm", "to_ms": T0 + MIN}
    log = LogBuilder()
    log.config(machine())
    log.boot()
    log.block({})
    changed = machine()
    changed["calendar"] = calendar(stops=[stop])
    log.config(changed)
    log.block({})
    claim = window("nc-ratio/1", 2)
    verified = verify_bundle(memory(log.bundle([filled(claim, log.compute(claim))])), log.policy)
    texts = {finding.code: finding.en for finding in verified.findings}
    assert "* pm 2026-03-01T00:00:00.000+00:00" in texts["late-stop"]
    assert f"from slot {FIRST_SLOT + 1}" in texts["config-change"]
