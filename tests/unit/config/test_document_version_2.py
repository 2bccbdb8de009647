"""What a plant file can say in version 2 of the configuration document, and that the document says it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from agent.cli.init import plant_schema
from config.document import plant_document
from config.document_version import lowest_version
from config.faults import ConfigFaultsError
from config.loader import LoadedPlant, parse_plant
from config.state_tables import builtin_state_tables
from kpi.document import CoefficientRow, Coefficients, Product, parse_document
from model.signal import Role
from model.state import MachineState
from tests.unit.config.test_loader import GOOD, PROTOCOLS

TABLES = {
    "t/2008": Coefficients(
        "t/2008",
        (
            CoefficientRow("electricity", Fraction(1229, 10000), "kW.h"),
            CoefficientRow("natural-gas", Fraction(133, 100), "m3"),
        ),
    )
}

FULL = """\
site: {enterprise: 91500000TEST000017, name: 一号车间, workshop: ws1, realm: sim}
calendar:
  shifts:
    - {name: 早班, start: 08:00, end: 20:00}
  extra:
    - {name: 加班, date: 2026-10-03, start: 22:00, end: 02:00}
coefficients: t/2008
counter_events:
  - {device: press-01, signal: good, at: 2026-11-20T08:00+08:00, kind: replaced}
devices:
  - id: press-01
    name: 注塑机
    class: press
    ideal_cycle: 30 s
    minor_stop: 2 min
    debounce: 500 ms
    key_step: true
    process_step: 注塑
    product: B
    products:
      - {id: B, ideal_cycle: 7/min, factor: 4, weight: 1.5}
      - {id: A, ideal_cycle: 20 s}
    loops:
      - {id: tic-101, mode: tic101_mode, output: tic101_out, auto: [2, "3"], high: 50}
    state_table:
      id: press/2
      inputs: [state, mode]
      rows:
        - {values: [3, 1], state: run}
        - {values: [3, "*"], state: setup}
    connection: {protocol: modbus, host: 127.0.0.1}
    signals:
      - {name: state, role: state, type: int, address: {address: 1}}
      - {name: safety, role: state, type: int, state_table: {id: safe/1, map: {"1": fault}}, address: {address: 2}}
      - {name: mode, role: mode, type: int, address: {address: 3}}
      - {name: sku, role: product, type: text, address: {address: 4}}
      - {name: hours, role: uptime, type: uint, address: {address: 5}}
      - {name: tic101_mode, role: loop_mode, type: int, address: {address: 6}}
      - {name: tic101_out, role: loop_output, type: float, address: {address: 7}}
      - {name: good, role: count_good, type: uint, counter: {max_correction: 2}, address: {address: 8}}
      - {name: good_plc, role: count_good, type: uint, alternate_of: good, address: {address: 9}}
      - {name: rework, role: count_rework, type: uint, address: {address: 10}}
      - {name: gas, role: consumption, type: uint, carrier: natural-gas, unit: m3, address: {address: 11}}
"""


def load(text: str) -> LoadedPlant:
    return parse_plant(
        text.encode(), Path("site.yaml"), protocols=PROTOCOLS, environment={}, coefficients=TABLES
    )


def document(text: str = FULL) -> dict[str, Any]:
    return json.loads(plant_document(load(text)).bytes)


def faults(text: str) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ConfigFaultsError) as caught:
        load(text)
    return [(f.line, f.column, f.en, f.hint_en) for f in caught.value.faults]


def test_document_version_2_says_products_loops_and_registry() -> None:
    asset = document()["assets"][0]
    # 7 a minute = 60000/7 ms a piece; one count of B stands for 4 pieces; sorted by id.
    assert asset["products"] == [
        {"factor": 1, "id": "A", "ideal_cycle_ms": [20_000, 1], "weight": [1, 1]},
        {"factor": 4, "id": "B", "ideal_cycle_ms": [60_000, 7], "weight": [3, 2]},
    ]
    assert asset["loops"] == [
        {
            "auto": ["2", "3"],
            "high": [50, 1],
            "id": "tic-101",
            "low": [0, 1],
            "mode": "tic101_mode",
            "output": "tic101_out",
        }
    ]
    assert (asset["product"], asset["debounce_ms"], asset["key_step"], asset["process_step"]) == (
        "B",
        500,
        True,
        "注塑",
    )


def test_document_version_2_says_signals_tables_and_events() -> None:
    data = document()
    signals = {s["name"]: s for stream in data["streams"] for s in stream["signals"]}
    # Shortest time between two counts: A 20 s, B 60/7 · 4 = 34.3 s, without product 30 s; 1.5 / 20 s = 3 in 40 s.
    assert signals["good"]["counter"] == {
        "first": 0,
        "max_correction": 2,
        "max_rate": [3, 40_000],
        "modulus": "0",
    }
    assert signals["good_plc"]["alternate_of"] == "good"
    assert (signals["gas"]["carrier"], signals["gas"]["counter"]["max_rate"]) == (
        "natural-gas",
        [0, 1],
    )
    assert [signals[n]["table"] for n in ("state", "safety")] == ["", "safe/1"]
    assert data["state_tables"] == [
        {
            "id": "press/2",
            "inputs": ["state", "mode"],
            "map": [
                {"state": "run", "values": ["3", "1"]},
                {"state": "setup", "values": ["3", "*"]},
            ],
            "other": "unknown",
        },
        {
            "id": "safe/1",
            "inputs": ["state"],
            "map": [{"state": "fault", "values": ["1"]}],
            "other": "unknown",
        },
    ]
    # 2026-11-20T00:00Z = 1795132800 s
    assert data["counter_events"] == [
        {"at_ms": 1_795_132_800_000, "device": "press-01", "kind": "replaced", "signal": "good"}
    ]
    assert data["coefficients"] == {
        "id": "t/2008",
        "rows": [
            {"carrier": "electricity", "kgce": [1229, 10_000], "unit": "kW.h"},
            {"carrier": "natural-gas", "kgce": [133, 100], "unit": "m3"},
        ],
    }


def test_document_version_2_says_extra_shifts_and_offsets() -> None:
    calendar = document()["calendar"]
    assert calendar["extra"] == [
        {"date": "2026-10-03", "from_min": 1320, "name": "加班", "to_min": 1560}
    ]
    assert calendar["offsets"] == [[0, 480]]


def test_document_version_2_is_read_back_as_written() -> None:
    found = parse_document(plant_document(load(FULL)).bytes)
    press = found.asset["press-01"]
    assert press.product_of("B") == Product("B", Fraction(60_000, 7), 4, Fraction(3, 2))
    assert [s.name for s in found.signals_of("press-01", Role.COUNT_GOOD)] == ["good"]
    table = found.table["press/2"]
    assert [table.state_of(x) for x in (("3", "1"), ("3", None), ("4", "1"))] == [
        MachineState.RUN,
        MachineState.SETUP,
        MachineState.UNKNOWN,
    ]


def test_document_of_a_plain_plant_stays_version_1_and_means_the_same() -> None:
    data = document(GOOD)
    assert data["v"] == 1
    assert (data["calendar"]["utc_offset_min"], "offsets" in data["calendar"]) == (480, False)
    second = _as_version_2(data)
    assert lowest_version(second) == data
    assert parse_document(second) == parse_document(data)


def _as_version_2(data: dict[str, Any]) -> dict[str, Any]:
    """The bracketed values of config-document.md, written out once more."""
    found = json.loads(json.dumps(data))
    found.update(v=2, coefficients={"id": "", "rows": []}, counter_events=[])
    calendar = found["calendar"]
    calendar.update(offsets=[[0, calendar.pop("utc_offset_min")]], extra=[])
    for a in found["assets"]:
        product = {
            "factor": 1,
            "id": "",
            "ideal_cycle_ms": a["ideal_cycle_ms"],
            "weight": [1, 1],
        }
        a.update(debounce_ms=0, key_step=False, loops=[], process_step="", product="")
        a["products"] = [product] if a["ideal_cycle_ms"][0] else []
    for t in found["state_tables"]:
        t.update(
            inputs=["state"], map=[{"state": r["state"], "values": [r["value"]]} for r in t["map"]]
        )
    for s in (s for stream in found["streams"] for s in stream["signals"]):
        s.update(alternate_of="", carrier="", table="")
        if "counter" in s:
            s["counter"]["max_correction"] = 0
    return found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    nc: true", "    debounce: 1 s"),
        ("    nc: true", "    key_step: true"),
        ("    nc: true", "    process_step: 装配"),
        ("    nc: true", "    products: [{id: A, ideal_cycle: 9 s}]"),
        ("role: count_good", "role: count_rework"),
        ("  day_start: 08:00", "  extra: [{name: x, date: 2026-10-03, start: 08:00, end: 09:00}]"),
        ("  realm: sim", "  realm: sim\n  zone: Europe/Berlin"),
    ],
)
def test_document_is_version_2_as_soon_as_one_thing_needs_it(old: str, new: str) -> None:
    text = GOOD.replace(old, new)
    assert text != GOOD
    assert document(text)["v"] == 2


def test_zone_with_daylight_saving_has_every_change_to_2050() -> None:
    offsets = document(GOOD.replace("  realm: sim", "  realm: sim\n  zone: Europe/Berlin"))
    found = offsets["calendar"]["offsets"]
    # The European Union changes at 01:00 UTC on the last Sundays of March and October:
    # 2020-03-29T01:00Z = 1585443600 s, 2020-10-25T01:00Z = 1603587600 s; 31 years, two changes each.
    assert found[:3] == [[0, 60], [1_585_443_600_000, 120], [1_603_587_600_000, 60]]
    assert len(found) == 1 + 2 * 31
    # 2050-10-30T01:00Z = 2550704400 s
    assert found[-1] == [2_550_704_400_000, 60]


def test_state_tables_of_the_two_annexes_disagree_on_delay_and_down() -> None:
    tables = builtin_state_tables()
    first, second = tables["opc40501-1/1.01/C.2.3"], tables["opc40001-1/1.03/C.2"]
    # kpi-audit E19: NotExecuting (2) and None (0) with an order is a delay by 40001-1, down by 40501-1.
    assert first.state_of(("2", "0")) is MachineState.IDLE
    assert second.state_of(("2", "0", "1")) is MachineState.WAIT
    assert second.state_of(("2", "0", "0")) is MachineState.IDLE
    assert second.state_of(("1", "0", None)) is MachineState.IDLE_FAULT
    assert second.state_of(("1", "3", "1")) is MachineState.FAULT
    assert first.state_of(("1", "3")) is MachineState.FAULT
    # both: Executing (3) and Processing (3) is production, and Setup (2) setup
    assert [t.state_of(("3", "3", None)[: len(t.inputs)]) for t in (first, second)] == [
        MachineState.RUN
    ] * 2


def test_state_table_of_40001_without_order_signal_is_unknown_split() -> None:
    table = builtin_state_tables()["opc40001-1/1.03/C.2"]
    assert table.state_of(("2", "0", None)) is MachineState.UNKNOWN


def test_state_table_by_id_takes_the_shipped_one() -> None:
    start = FULL.index("    state_table:\n      id: press/2")
    end = FULL.index("    connection:")
    text = FULL[:start] + "    state_table: {id: opc40501-1/1.01/C.2.3}\n" + FULL[end:]
    tables = document(text)["state_tables"]
    assert [t["id"] for t in tables] == ["opc40501-1/1.01/C.2.3", "safe/1"]
    assert tables[0]["map"][2] == {"state": "idle", "values": ["2", "*"]}


@pytest.mark.parametrize(
    ("old", "new", "message", "hint", "where"),
    [
        (
            "id: A, ideal",
            "id: B, ideal",
            "product 'B' is listed twice",
            "",
            "id: B, ideal_cycle: 20 s",
        ),
        (
            "product: B",
            "product: Bb",
            "product 'Bb' is not among the products",
            "did you mean B",
            "",
        ),
        (
            "mode: tic101_mode",
            "mode: tic101_mod",
            "no signal 'tic101_mod' of role loop_mode",
            "did you mean tic101_mode",
            "",
        ),
        ("output: tic101_out", "output: mode", "no signal 'mode' of role loop_output", "", ""),
        ("high: 50", "high: 0", "not above the lower one", "", ""),
        (
            "alternate_of: good,",
            "alternate_of: goood,",
            "no counter 'goood' of role count_good",
            "did you mean good",
            "",
        ),
        (
            "alternate_of: good,",
            "alternate_of: rework,",
            "no counter 'rework' of role count_good",
            "",
            "",
        ),
        (
            "carrier: natural-gas",
            "carrier: natural-gaz",
            "has no row 'natural-gaz'",
            "did you mean natural-gas",
            "",
        ),
        (", carrier: natural-gas", "", "needs its carrier", "", ""),
        (
            "unit: m3",
            "unit: L",
            "unit L is not that of the coefficient",
            "convert it with scale",
            "",
        ),
        (
            "coefficients: t/2008",
            "coefficients: t/2009",
            "no table of coefficients 't/2009'",
            "did you mean t/2008",
            "",
        ),
        ("signal: good,", "signal: goods,", "no counter 'goods'", "did you mean good", ""),
        ("device: press-01", "device: press-1", "no device 'press-1'", "did you mean press-01", ""),
        (
            "at: 2026-11-20T08:00+08:00",
            "at: 2026-11-20T08:00",
            "needs an instant with an offset",
            "",
            "",
        ),
        (
            "{name: mode, role: mode",
            "{name: mode, role: alarm",
            "asks for mode, but press-01 has no signal of role mode",
            "",
            "id: press/2",
        ),
        ('safe/1, map: {"1": fault}', "safe/9", "no state table 'safe/9'", "", ""),
        (
            'id: safe/1, map: {"1": fault}',
            'id: press/2, map: {"1": fault}',
            "written differently elsewhere",
            "give each content its own id",
            "",
        ),
        (
            "inputs: [state, mode]",
            "inputs: [mode, state]",
            "optionally followed by mode and order",
            "",
            "id: press/2",
        ),
        ("values: [3, 1]", "values: [3]", "one value per input", "", "id: press/2"),
        ("start: 22:00, end: 02:00", "start: 22:00, end: 22:00", "has no length", "", ""),
        (
            "role: uptime, type: uint",
            "role: uptime, type: text",
            "role uptime needs type int, uint, float",
            "",
            "",
        ),
    ],
)
def test_equipment_faults_name_line_and_hint(
    old: str, new: str, message: str, hint: str, where: str
) -> None:
    text = FULL.replace(old, new)
    assert text != FULL
    lines = [i for i, x in enumerate(text.splitlines(), 1) if (where or new or "name: gas") in x]
    found = faults(text)
    assert any(f[0] in lines and message in f[2] and hint in f[3] for f in found), found


def test_schema_of_the_plant_file_knows_every_new_setting() -> None:
    schema = json.loads(plant_schema())
    kinds = schema["$defs"]
    for model, keys in {
        "DeviceConfig": {"debounce", "products", "product", "key_step", "process_step", "loops"},
        "SignalConfig": {"alternate_of", "carrier", "state_table"},
        "StateTableConfig": {"inputs", "rows", "map", "other", "id"},
        "CounterConfig": {"max_correction"},
        "CalendarConfig": {"extra"},
        "CounterEventConfig": {"device", "signal", "at", "kind"},
    }.items():
        properties = kinds[model]["properties"]
        assert keys <= set(properties)
        assert all(properties[k].get("description") or "$ref" in properties[k] for k in keys)
    assert {"coefficients", "counter_events"} <= set(schema["properties"])
