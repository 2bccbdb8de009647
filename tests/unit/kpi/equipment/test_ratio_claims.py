"""The other claims on equipment statistics by hand: rejects, registry, energy, automatic control (claims.md §5)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kpi.claims import (
    AutomaticControlClaim,
    ClaimResult,
    DefectRateClaim,
    RegistryRatioClaim,
    UnitEnergyClaim,
)
from kpi.reasons import Reason
from model.errors import PermanentError
from model.ratio import Undefined
from tests.support.equipment_plant import (
    LONG,
    PAIR,
    claim,
    counted,
    machine,
    plant,
    play,
    product,
    rules,
    state_signal,
    window,
)
from tests.support.kpi_plant import (
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    signal,
)

# defect-rate/1


def defects(log: PlantLog, length: int, *names: str) -> ClaimResult:
    return claim(log, DefectRateClaim(window(length), names))


def test_defect_rate_is_scrap_and_rework_per_piece_made() -> None:
    signals = [counted(f"count_{k}", f"count_{k}") for k in ("good", "scrap", "rework")]
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 11)
    for role, n in (("good", 90), ("scrap", 4), ("rework", 6)):
        log.row(f"a1/count_{role}", T0, 0)
        log.row(f"a1/count_{role}", T0 + 9 * MIN, n)
    found = defects(log, 10, "a1")
    assert found.value == Fraction(10, 100)
    assert found.detail == {
        "assets": [{"asset": "a1", "good": 90, "made": 100, "rework": 6, "scrap": 4}],
        "high": "1/10",
        "low": "1/10",
        "scrap_only": "1/25",
    }


def test_defect_rate_bounds_of_lost_counts() -> None:
    # total 100, good 80 with a reset whose gap of one minute may hide 60 counts: all 20 defects may have been good
    signals = [
        counted("total", "count_total"),
        counted("good", "count_good", counter=rules((60, MIN))),
    ]
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 11)
    for minute, total, good in ((0, 0, 0), (1, 50, 50), (2, 100, 30)):
        log.row("a1/total", T0 + minute * MIN, total)
        log.row("a1/good", T0 + minute * MIN, good)
    found = defects(log, 10, "a1")
    assert found.value == Fraction(20, 100)
    assert [found.detail[k] for k in ("low", "high", "scrap_only")] == ["0/1", "1/5", "0/0"]


def test_defect_rate_bounds_where_good_follows_from_the_total() -> None:
    # 100 made, 5 scrap; in the gap of the scrap counter 50 were made, of which 6 counts at most may be scrap
    signals = [
        counted("total", "count_total"),
        counted("scrap", "count_scrap", counter=rules((6, MIN))),
    ]
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 11)
    for minute, total, scrap in ((0, 0, 10), (1, 50, 13), (2, 100, 2)):
        log.row("a1/total", T0 + minute * MIN, total)
        log.row("a1/scrap", T0 + minute * MIN, scrap)
    found = defects(log, 10, "a1")
    assert found.value == Fraction(5, 100)
    assert [found.detail[k] for k in ("low", "high")] == ["1/20", "11/100"]


def test_defect_rate_undefined_without_reject_signal_or_pieces() -> None:
    log = PlantLog()
    log.config(machine([asset("a1")], {"a1": [counted("good", "count_good")]}))
    log.blocks(SLOT0, SLOT0 + 11)
    log.row("a1/good", T0, 5)
    found = defects(log, 10, "a1")
    assert (found.reason, found.detail["low"]) == (
        Reason.NO_REJECT_SIGNAL,
        "0/0",
    )  # made is not known
    log, length = plant({"a1": [("run", 10)]}, {"a1": (0, 0)})
    assert defects(log, length, "a1").reason is Reason.NO_PIECES


# registry-ratio/1


def registry() -> PlantLog:
    def of(name: str, **more: Any) -> dict[str, Any]:
        flags = {"smart": False, "networked": False, "nc": False, "key": False}
        return asset(name, **{**flags, **more})

    assets = [
        of(
            "a",
            smart=True,
            networked=True,
            nc=True,
            key=True,
            counts_as=3,
            key_step=True,
            process_step="cut",
        ),
        of("b", smart=True, key=True, key_step=True, process_step="cut"),
        of("c", networked=True, nc=True, key_step=True, process_step="weld"),
        of("d", networked=True, nc=True, production=False, key_step=True, process_step="paint"),
        of("e", nc=True, networked=True),
    ]
    later = [dict(x) for x in assets]
    later[4]["networked"] = False  # e loses its network during the window
    log = PlantLog()
    log.config(machine(assets, {}))
    log.blocks(SLOT0, SLOT0 + 5)
    log.config(machine(later, {}))
    log.blocks(SLOT0 + 5, SLOT0 + 11)
    return log


@pytest.mark.parametrize(
    ("name", "numerator", "denominator", "sets"),
    [
        ("smart-share", ["a", "b"], ["a", "b", "c", "e"], [4, 6]),
        ("smart-declared-networked", ["a"], ["a", "b"], [3, 4]),
        ("networked-of-smart", ["a", "c"], ["a", "b"], [4, 4]),
        ("key-equipment-nc", ["a"], ["a", "b"], [3, 4]),
        ("key-process-nc-by-equipment", ["a", "c"], ["a", "b", "c"], [4, 5]),
        ("key-process-nc-by-process", ["weld"], ["cut", "weld"], [1, 2]),
        ("digital-equipment", ["a", "c"], ["a", "b", "c", "e"], [4, 6]),
    ],
)
def test_registry_ratio_counts_sets_that_are_true_all_the_time(
    name: str, numerator: list[str], denominator: list[str], sets: list[int]
) -> None:
    found = claim(registry(), RegistryRatioClaim(window(10), name))
    assert found.detail == {"denominator": denominator, "numerator": numerator, "sets": sets}
    assert found.value == Fraction(sets[0], sets[1])


def test_registry_ratio_may_exceed_one_and_needs_a_denominator() -> None:
    log = PlantLog()
    assets = [asset("a", smart=True), asset("b", smart=False), asset("c", smart=False)]
    log.config(machine(assets, {}))
    log.blocks(SLOT0, SLOT0 + 2)
    assert claim(log, RegistryRatioClaim(window(1), "networked-of-smart")).value == 3
    log = PlantLog()
    log.config(machine([asset("a", key=False)], {}))
    log.blocks(SLOT0, SLOT0 + 2)
    found = claim(log, RegistryRatioClaim(window(1), "key-equipment-nc"))
    assert (found.reason, found.detail["sets"]) == (Reason.NO_REGISTERED_ASSET, [0, 0])
    with pytest.raises(PermanentError, match="half-smart"):
        RegistryRatioClaim(window(1), "half-smart")


# unit-energy/1

TABLE = {
    "id": "t/2008",
    "rows": [
        {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
        {"carrier": "gas", "kgce": [133, 100], "unit": "m3"},
    ],
}


def energy(coefficients: Any = TABLE, later: Any = None, **gas: Any) -> PlantLog:
    def doc(table: Any) -> dict[str, Any]:
        products = [product("A", 1000), product("B", 1000, weight=(5, 2))]
        signals = {
            "a1": [*PAIR, signal("sku", "product", "text", hold_ms=LONG)],
            "m1": [
                counted("energy", "energy", unit="W.h"),
                counted("gas", "consumption", **{"carrier": "gas", "unit": "m3", **gas}),
            ],
        }
        assets = [asset("a1", products=products), asset("m1", production=False, state_table="")]
        return machine(assets, signals, coefficients=table)

    log = PlantLog()
    log.config(doc(coefficients))
    log.blocks(SLOT0, SLOT0 + 30)
    if later is not None:
        log.config(doc(later))
    log.blocks(SLOT0 + 30, SLOT0 + 61)
    play(log, "a1/state", [("run", 60)])
    log.row("a1/sku", T0, "A")
    log.row("a1/sku", T0 + 30 * MIN, "B")
    for minute, n in ((0, 0), (29, 10), (31, 10), (59, 14)):
        log.row("a1/good", T0 + minute * MIN, n)
    log.row("a1/scrap", T0, 0)
    for minute, wh, m3 in ((0, 0, 5), (59, 2000, 8)):
        log.row("m1/energy", T0 + minute * MIN, wh)
        log.row("m1/gas", T0 + minute * MIN, m3)
    return log


def unit(log: PlantLog) -> ClaimResult:
    return claim(log, UnitEnergyClaim(window(60), ("m1",), ("a1",)))


def test_unit_energy_is_standard_coal_per_weighted_piece() -> None:
    # 2 kWh · 0.1229 + 3 m3 · 1.33 = 0.2458 + 3.99 kgce over 10 · 1 + 4 · 2.5 = 20
    found = unit(energy())
    assert found.value == Fraction("4.2358") / 20
    assert found.detail == {
        "coefficients": "t/2008",
        "good": [{"asset": "a1", "good": 14, "weighted": "20/1"}],
        "meters": [
            {
                "carrier": "electricity",
                "kgce": "1229/5000",
                "marks": {},
                "meter": "m1",
                "quantity": 2000,
            },
            {"carrier": "gas", "kgce": "399/100", "marks": {}, "meter": "m1", "quantity": 3},
        ],
    }
    assert [c.stream for c in found.coverage] == ["a1.state", "a1.count", "m1.energy"]


@pytest.mark.parametrize(
    "log",
    [
        energy({"id": "none", "rows": TABLE["rows"][:1]}),  # gas has no row  # type: ignore[index]
        energy(
            later={
                "id": "x",
                "rows": [
                    {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
                    {"carrier": "gas", "kgce": [12, 10], "unit": "m3"},
                ],
            }
        ),
        energy(
            {
                "id": "x",
                "rows": [
                    {"carrier": "electricity", "kgce": [1, 1], "unit": "MW.h"},
                    TABLE["rows"][1],
                ],
            }
        ),  # type: ignore[index]
        energy(unit="L"),
    ],
    ids=["no row", "another row later", "electricity not per kWh", "another unit"],
)
def test_unit_energy_without_one_coefficient_is_undefined(log: PlantLog) -> None:
    assert unit(log).reason is Reason.NO_COEFFICIENT


def test_unit_energy_another_table_with_the_same_rows_is_the_same() -> None:
    assert (
        unit(energy(later={"id": "other", "rows": TABLE["rows"]})).value == Fraction("4.2358") / 20
    )


def test_unit_energy_needs_readings_and_pieces() -> None:
    log = energy()
    silent = claim(log, UnitEnergyClaim(window(1, first=62), ("m1",), ("a1",)))
    assert silent.reason is Reason.NO_ENERGY
    assert silent.detail["meters"] == [
        {"carrier": "electricity", "kgce": "0/0", "marks": {}, "meter": "m1"},
        {"carrier": "gas", "kgce": "0/0", "marks": {}, "meter": "m1"},
    ]
    idle = claim(log, UnitEnergyClaim(window(2, first=59), ("m1",), ("a1",)))
    assert idle.reason is Reason.NO_PIECES


# automatic-control/1


def loops(
    out: list[tuple[float, float]], modes: list[tuple[float, int]], **more: Any
) -> ClaimResult:
    """One loop of an asset that runs 08:00 to 09:40 and idles to 10:00; (minute, value) of output and mode."""
    loop = {
        "auto": ["2", "3"],
        "high": [100, 1],
        "id": "tic",
        "low": [0, 1],
        "mode": "mode",
        "output": "out",
        **more,
    }
    signals = [
        state_signal(),
        signal("mode", "loop_mode", hold_ms=LONG),
        signal("out", "loop_output", "float", hold_ms=LONG),
    ]
    log = PlantLog()
    log.config(machine([asset("a1", loops=[loop])], {"a1": signals}))
    log.blocks(SLOT0, SLOT0 + 121)
    play(log, "a1/state", [("run", 100), ("idle", 20)])
    for at, value in out:
        log.row("a1/out", T0 + round(at * MIN), value)
    for at, mode in modes:
        log.row("a1/mode", T0 + round(at * MIN), mode)
    return claim(log, AutomaticControlClaim(window(120), ("a1",)))


def test_automatic_control_counts_automatic_running_time_not_at_a_limit() -> None:
    # mode unknown to 10, auto to 40, manual to 50, cascade (3) to the end: auto 30 + 50 of 100 running minutes;
    # output at 99.5 (its limit, within 0.5 of 100) from 20 to 30
    found = loops([(0, 50), (20, 99.5), (30, 50)], [(10, 2), (40, 1), (50, 3)])
    assert found.value == Fraction(70, 100)
    assert found.detail["loops"] == [
        {
            "asset": "a1",
            "automatic_ms": 70 * MIN,
            "changes": 2,
            "id": "tic",
            "limit_ms": 10 * MIN,
            "running_ms": 100 * MIN,
            "unknown_ms": 10 * MIN,
        }
    ]


def test_automatic_control_limit_is_exact_and_longer_than_five_minutes() -> None:
    def limited(out: list[tuple[float, float]], **more: Any) -> int:
        found = loops(out, [(0, 2)], **more)
        return found.detail["loops"][0]["limit_ms"] // MIN  # type: ignore[index,call-overload,operator,return-value]

    assert limited([(0, 50), (10, 100), (15, 50)]) == 0  # five minutes are not longer
    assert limited([(0, 50), (10, 100), (15.001, 50)]) == 5
    assert limited([(0, 50), (10, 99.49999), (20, 50)]) == 0
    assert limited([(0, 50), (10, 0.5), (20, 50)]) == 10
    assert limited([(0, 50), (10, 0.5000001), (20, 50)]) == 0
    assert limited([(0, 50), (10, 120), (20, 50)]) == 10  # beyond its limit
    assert limited([(0, 50), (10, 100), (13, 0), (16, 50)]) == 6  # from one limit to the other
    assert limited([], output="") == 0


def test_automatic_control_without_loop_or_running_time_is_undefined() -> None:
    log, length = plant({"a1": [("run", 10)]}, {})
    found = claim(log, AutomaticControlClaim(window(length), ("a1",)))
    assert (found.reason, found.detail["loops"]) == (Reason.NO_RUNNING_TIME, [])


def test_automatic_control_changes_are_counted_only_while_running() -> None:
    # 2 → 1 → 1 → 2 while running, → 3 while idle
    found = loops([], [(0, 2), (10, 1), (20, 1), (30, 2), (110, 3)])
    assert found.detail["loops"][0]["changes"] == 2  # type: ignore[index,call-overload]


def test_reasons_are_said_in_both_languages() -> None:
    for reason in (Reason.NO_COEFFICIENT, Reason.NO_IDEAL_CYCLE, Reason.NO_RUNNING_TIME):
        assert isinstance(reason.text, Undefined)
        assert reason.text.zh != reason.text.en
