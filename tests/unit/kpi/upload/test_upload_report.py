"""The upload rate of a log with everything beside it: equal to the claim, and each finding from real rows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from kpi.claims import UploadRateClaim
from kpi.evaluate import evaluate
from kpi.registry.content import Acquisition, RequiredPoint, registry_of
from kpi.registry.data_ratios import (
    data_acquisition_coverage,
    data_acquisition_rate,
    equipment_data_rate,
)
from kpi.registry.ratio_text import printed
from kpi.upload.log_traces import asset_traces
from kpi.upload.parts import expected_pieces
from kpi.upload.report import UploadReport, asset_points, upload_report
from kpi.window import Span
from kpi.workspace import Workspace
from model.flags import RowFlag
from model.ratio import Undefined
from model.signal import SignalClass
from tests.support.kpi_plant import (
    DAY,
    HOUR,
    MIN,
    SLOT0,
    T0,
    PlantLog,
    asset,
    calendar,
    document,
    shift,
    signal,
)


def workspace(log: PlantLog, minutes: int) -> Workspace:
    return Workspace(log.rows(), Span(SLOT0, SLOT0 + minutes, 0, 5))


def report(log: PlantLog, minutes: int) -> UploadReport:
    return upload_report(workspace(log, minutes))


def named(found: UploadReport) -> dict[str, tuple[str, ...]]:
    return {
        f.name: tuple(s for g in found.findings if g.name == f.name for s in g.subjects)
        for f in found.findings
    }


def machine(name: str, **more: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [
            signal("state", "state", required=True),
            signal("good", "count_good", required=True),
            signal("energy", "energy", required=True, slot_ms=15 * MIN, counter=None)
            | {"counter": {"first": 0, "max_rate": [0, 1], "modulus": "0"}},
        ],
        **more,
    }


def test_official_rate_equals_the_claim_and_the_rest_stands_beside_it() -> None:
    log = PlantLog()
    log.config(
        document(
            [asset("a"), asset("b"), asset("never")],
            {**machine("a"), "b": [signal("state", "state", required=True)]},
            calendar(shifts=[shift(480, 510, [7])]),  # 08:00–08:30 local = the first 30 minutes
        )
    )
    for k in range(60):
        log.row("a/state", T0 + k * MIN, 1)
        log.row("a/good", T0 + k * MIN, k)
        log.row("a/energy", T0 + k * MIN, k * 10)
        if k < 15:
            log.row("b/state", T0 + k * MIN, 1)
        elif k < 30:
            log.row("b/state", T0 + k * MIN, 1, delay=4 * MIN)  # late
    log.blocks(SLOT0, SLOT0 + 65)
    found = report(log, 60)
    claim = evaluate(UploadRateClaim(Span(SLOT0, SLOT0 + 60, 0, 5)), log.rows())
    # a: all 60, 60 and 4 slots; b: 15 of 60; never: 0
    assert found.summary.official == claim.value == (1 + Fraction(1, 4) + 0) / 3
    assert found.summary.eventual == Fraction(claim.detail["eventual"]) == (1 + Fraction(1, 2)) / 3  # type: ignore[arg-type]
    assert found.summary.pooled == Fraction(claim.detail["pooled"])  # type: ignore[arg-type]
    assert found.summary.worst == ("never",)
    # shift: a all, b 15 of 30, never connected 0; afterwards b nothing
    assert [(s.name, s.official) for s in found.shifts] == [
        ("480", (1 + Fraction(1, 2) + 0) / 3),
        ("", (1 + Fraction(0) + 0) / 3),
    ]
    # at a tenth (6 s): a value a minute covers one tenth; of 15 energy minutes a tenth is 1.5 min, so all ten
    a_rate = (Fraction(1, 10) + Fraction(1, 10) + 1) / 3
    assert found.finer.official == (a_rate + Fraction(1, 40) + 0) / 3
    assert named(found) == {
        "upload.few-points": ("b", "never"),
        "upload.contradiction-not-tested": ("b",),
    }


def test_run_without_production_is_found_and_its_held_slots_are_void() -> None:
    log = PlantLog()
    log.config(document([asset("a")], machine("a")))
    log.row("a/state", T0, 1)
    log.row("a/good", T0, 5)
    log.row("a/energy", T0, 100)
    for k in range(1, 60):
        # the state is held alive, the counter is read and stands, so does the register
        log.alive("a/state", T0 + k * MIN)
        log.row("a/good", T0 + k * MIN, 5)
        log.row("a/energy", T0 + k * MIN, 100)
    log.blocks(SLOT0, SLOT0 + 65)
    found = report(log, 60)
    assert found.summary.official == 1
    # state: slots 1…58 are void: the readings stand still from T0 to T0 + 59 min
    assert found.without_contradicted.official == (Fraction(2, 60) + 1 + 1) / 3
    (finding,) = [f for f in found.findings if f.name == "upload.run-without-production"]
    assert finding.numbers == {"stretches": 1, "minutes": 59, "first_ms": T0}


def test_proofs_of_life_are_looks_until_something_breaks() -> None:
    log = PlantLog()
    log.config(document([asset("a")], {"a": [signal("good", "count_good", scale=[3, 1])]}))
    log.alive("a/good", T0)  # nothing to confirm yet
    log.row("a/good", T0 + MIN, 5)
    log.alive("a/good", T0 + 2 * MIN)
    log.bad("a/good", T0 + 3 * MIN)
    log.alive("a/good", T0 + 4 * MIN)  # confirms nothing after the break
    log.row("a/good", T0 + 5 * MIN, 6)
    log.blocks(SLOT0, SLOT0 + 15)
    (own,) = asset_traces(workspace(log, 10))
    (trace,) = own.traces
    assert trace.tau.tolist() == [T0 + MIN, T0 + 2 * MIN, T0 + 5 * MIN]
    assert trace.value.tolist() == [15, 15, 18]


def test_tenths_are_covered_only_by_values_in_time() -> None:
    log = PlantLog()
    log.config(document([asset("a")], {"a": [signal("state", "state", required=True)]}))
    log.row("a/state", T0, 1)  # first tenth, in time
    log.row("a/state", T0 + 30_000, 1, delay=3 * MIN)  # sixth tenth, after the deadline
    log.row("a/state", T0 + 59_999, 1)  # last tenth
    log.blocks(SLOT0, SLOT0 + 10)
    assert report(log, 1).finer.official == Fraction(2, 10)


def test_meter_of_its_own_confirms_or_contradicts_its_machine() -> None:
    def plant(*, rises: bool) -> PlantLog:
        log = PlantLog()
        log.config(
            document(
                [asset("a"), asset("m", production=False, energy_of=["a"], **{"class": "meter"})],
                {
                    "a": [signal("state", "state", required=True), signal("good", "count_good")],
                    "m": [signal("energy", "energy", slot_ms=15 * MIN)],
                },
            )
        )
        for k in range(90):
            log.row("a/state", T0 + k * MIN, 1)
            log.row("a/good", T0 + k * MIN, k)
            log.row("m/energy", T0 + k * MIN, 7 + (k if rises else 0))
        log.blocks(SLOT0, SLOT0 + 95)
        return log

    assert "upload.frozen-value" not in named(report(plant(rises=True), 90))
    found = report(plant(rises=False), 90)
    assert named(found)["upload.frozen-value"] == ("m/energy", "a/good")
    assert "upload.run-without-production" not in named(found)  # pieces are counted


def test_copied_machine_future_stamps_and_back_fill_from_rows() -> None:
    log = PlantLog()
    log.config(document([asset("a"), asset("b")], {**machine("a"), **machine("b")}))
    for k in range(60):
        for name in ("a", "b"):
            log.row(f"{name}/state", T0 + k * MIN, 1 + (k * k) % 7)
            log.row(f"{name}/energy", T0 + k * MIN, 10 * k + (name == "b") * k * (k % 3))
        log.row("a/good", T0 + k * MIN, k)
        flags = RowFlag.BACK_FILLED if k < 12 else RowFlag(0)
        log.row("b/good", T0 + k * MIN + 5000, 2 * k, flags=flags, delay=-5000 if k == 59 else 0)
    log.blocks(SLOT0, SLOT0 + 65)
    found = report(log, 60)
    assert named(found)["upload.twin-traces"] == ("a/state", "b/state")
    assert named(found)["upload.time-stamps"] == ("b/good",)
    (filled,) = [f for f in found.findings if f.name == "upload.back-filled"]
    assert filled.numbers == {"rows": 360, "back_filled": 12, "share": Fraction(1, 30)}


def test_late_stop_of_the_calendar_is_a_finding_and_early_one_a_note() -> None:
    log = PlantLog()
    early = {"asset": "a", "from_ms": T0 + 40 * MIN, "kind": "pm", "to_ms": T0 + 50 * MIN}
    late = {"asset": "a", "from_ms": T0 + 10 * MIN, "kind": "off", "to_ms": T0 + 20 * MIN}
    log.config(document([asset("a")], machine("a"), calendar(stops=[early])))
    log.blocks(SLOT0, SLOT0 + 30)
    log.config(document([asset("a")], machine("a"), calendar(stops=[early, late])))
    log.blocks(SLOT0 + 30, SLOT0 + 65)
    found = {
        f.name: f.numbers["minutes"] for f in report(log, 60).findings if "exclusions" in f.name
    }
    assert found == {"upload.exclusions": 10, "upload.late-exclusions": 10}


def test_expected_pieces_follow_the_u4_vector() -> None:
    # 10 pieces reported for 09:50–10:20, all run: 3 before 10:00 and 7 after
    log = PlantLog()
    log.config(
        document(
            [asset("a")],
            {"a": [signal("state", "state", hold_ms=HOUR), signal("total", "count_total")]},
        )
    )
    log.row("a/state", T0 + 45 * MIN, 1)
    log.row("a/total", T0 + 50 * MIN, 100)
    log.row("a/total", T0 + 80 * MIN, 110)
    log.blocks(SLOT0, SLOT0 + 120)
    rows = log.rows()
    first = Workspace(rows, Span(SLOT0, SLOT0 + 60, 0, 60))
    second = Workspace(rows, Span(SLOT0 + 60, SLOT0 + 120, 60, 0))
    assert expected_pieces(second, "a") == 7
    # the reading that ends the step lies after the first window, so it is not seen there (claims.md §2)
    assert expected_pieces(first, "a") == 0
    whole = Workspace(rows, Span(SLOT0, SLOT0 + 120, 0, 0))
    assert expected_pieces(whole, "a") == 10


def test_expected_pieces_without_a_counter_are_not_known() -> None:
    log = PlantLog()
    log.config(document([asset("a")], {"a": [signal("state", "state")]}))
    log.blocks(SLOT0, SLOT0 + 10)
    assert expected_pieces(workspace(log, 10), "a") is None


def required(name: str, acquisition: Acquisition, *, process: bool) -> RequiredPoint:
    asset_id, _, point = name.partition("/")
    return RequiredPoint(
        asset=asset_id,
        signal=point,
        signal_class=SignalClass.PROCESS,
        slot_ms=MIN,
        deadline_ms=MIN,
        acquisition=acquisition,
        process_data=process,
    )


def test_process_data_rate_static_and_by_slots() -> None:
    log = PlantLog()
    log.config(
        document(
            [asset("a"), asset("b")],
            {
                "a": [
                    signal("state", "state", required=True),
                    signal("temp", "temperature", "float", required=True),
                ],
                "b": [signal("torque", "process_value", "float", required=True)],
            },
        )
    )
    for k in range(10):
        log.row("a/state", T0 + k * MIN, 1)
        log.row("b/torque", T0 + k * MIN, 1.5)
        if k < 4:
            log.row("a/temp", T0 + k * MIN, 20.5)
    log.blocks(SLOT0, SLOT0 + 15)
    work = workspace(log, 10)
    points = [
        *registry_of(work.parts[-1].document).points,
        required("a/hardness", Acquisition.MANUAL, process=True),
        required("b/smell", Acquisition.NONE, process=True),
    ]
    static = data_acquisition_rate(points)
    assert static.value == Fraction(2, 4)  # temp and torque of four points of process data
    assert static.reading("all-points").value == Fraction(3, 5)
    assert [f.subjects for f in static.findings] == [("a/hardness",)]
    slots = {f"{a.asset}/{p.signal}": p for a in asset_points(work) for p in a.slots}
    found = data_acquisition_coverage(points, slots)
    # a: (4/10 + 0)/2, b: (1 + 0)/2
    assert found.value == (Fraction(1, 5) + Fraction(1, 2)) / 2
    assert found.reading("pooled").value == Fraction(14, 20)


def test_process_data_rate_without_process_points_is_undefined() -> None:
    only = [required("a/state", Acquisition.AUTOMATIC, process=False)]
    for found in (data_acquisition_rate(only), data_acquisition_coverage(only, {})):
        assert isinstance(found.value, Undefined)
        assert "工艺数据点" in found.value.zh


def test_equipment_data_rate_prints_three_readings() -> None:
    log = PlantLog()
    log.config(document([asset("a"), asset("b"), asset("c")], {**machine("a"), **machine("b")}))
    for k in range(30):
        log.row("a/state", T0 + k * MIN, 1)
    log.blocks(SLOT0, SLOT0 + 35)
    found = equipment_data_rate(asset_points(workspace(log, 30)))
    assert found.value == Fraction(1, 3) / 3  # a: one of three points; b and c nothing
    assert found.reading("assets-with-data").value == Fraction(1, 3)
    assert found.reading("points-with-data").value == Fraction(1, 6)
    # 30 of 124 slots are not what the default reading divides, so they are not printed as if they were
    lines = printed(found, "zh")
    assert (
        "时隙覆盖率（与信息的上传率同法）（本项目默认读法）：11.1 %（比率的平均，不是合计之比）"
        in lines
    )
    assert "采集到数据的设备 ÷ 设备：33.3 %（分子 1，分母 3）" in lines


def test_report_over_days_is_the_same_for_text_states() -> None:
    log = PlantLog()
    log.config(
        document(
            [asset("a")],
            {"a": [signal("state", "state", "text", required=True, slot_ms=HOUR)]},
            states={"RUN": "run"},
        )
    )
    for k in range(48):
        log.row("a/state", T0 + k * HOUR, "RUN")
    log.blocks(SLOT0, SLOT0 + 2 * DAY // MIN + 5)
    found = report(log, 2 * DAY // MIN)
    assert found.summary.official == 1
    assert named(found)["upload.contradiction-not-tested"] == ("a",)
