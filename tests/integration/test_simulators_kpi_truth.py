"""The columnar engine on the time-lapse history, against the truth of the script, to the last integer."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from config.document import plant_document
from config.loader import Protocol, parse_plant
from connectors.registry import BUILTIN
from kpi.claims import (
    REGISTRY_RATIOS,
    BeforeAfterClaim,
    DefectRateClaim,
    EnergyPerPieceClaim,
    EquipmentOeeClaim,
    NcRatioClaim,
    NetworkedClaim,
    OeeClaim,
    RegistryRatioClaim,
    UnitEnergyClaim,
    UploadRateClaim,
    UtilisationClaim,
)
from kpi.document import parse_document
from kpi.evaluate import evaluate
from kpi.history import ConfigEntry, ConfigHistory
from kpi.window import NO_TIME_MS, PointKey, Span, WindowRows
from kpi.workspace import Workspace
from model.batch import NO_TIME
from simulators.history import plant_file_stops, render_history
from simulators.plan import Plan, local_time
from simulators.truth import plan_truth

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
PLAN = Plan(7, date(2026, 8, 3))
MACHINES = ("cnc-01", "cnc-02", "plc-01", "press-01", "robot-01")
METERS = ("meter-01", "meter-02")
COLUMNS = ("signal", "source_ns", "received_ns", "value", "status", "flags")


@pytest.fixture(scope="module")
def truth():
    return json.loads(json.dumps(plan_truth(PLAN)))


@pytest.fixture(scope="module")
def plant():
    file = ROOT / "config" / "samples" / "demo.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "  stops: []", "  stops: " + json.dumps(plant_file_stops(PLAN))
    )
    retired = local_time(PLAN.before.span[1]).isoformat()
    text = text.replace("  - id: manual-01\n", f"  - id: manual-01\n    in_service_to: {retired}\n")
    assert retired in text
    names = [f"{device.upper().replace('-', '_')}_PORT" for device in (*MACHINES, *METERS)]
    protocols = {k: Protocol(s.connection_model, s.address_model) for k, s in BUILTIN.items()}
    loaded = parse_plant(
        text.encode(), file, protocols=protocols, environment=dict.fromkeys(names, "9000")
    )
    return plant_document(loaded)


@pytest.fixture(scope="module")
def rows(plant, tmp_path_factory):
    """All rows of the trace, each sealed in the minute in which it arrived."""
    folder = tmp_path_factory.mktemp("trace")
    render_history(PLAN, folder)
    header = json.loads((folder / "trace.json").read_text(encoding="utf-8"))
    parts = {name: [] for name in COLUMNS}
    texts = ()
    for day in header["days"]:
        with np.load(folder / f"{day['day']}.npz", allow_pickle=False) as data:
            for name in COLUMNS:
                parts[name].append(data[name])
            texts = tuple(t.decode() for t in data["texts"])
    whole = {name: np.concatenate(part) for name, part in parts.items()}
    received = whole["received_ns"] // 1_000_000
    source = whole["source_ns"]
    table = plant.table
    blocks = np.concatenate(
        [np.arange(a // 60_000, b // 60_000, dtype=np.int64) for a, b in header["spans"]]
    )
    document = parse_document(plant.bytes)
    return WindowRows(
        from_slot=int(blocks[0]) - 200,
        to_slot=int(blocks[-1]) + 200,
        points=tuple(
            PointKey(table.signals[table.by_name[s["device"], s["name"]]].stream, s["name"])
            for s in header["signals"]
        ),
        point=whole["signal"],
        slot=received // 60_000,
        source_ms=np.where(source == NO_TIME, NO_TIME_MS, source // 1_000_000),
        received_ms=received,
        value=whole["value"],
        status=whole["status"],
        flags=whole["flags"],
        texts=texts,
        history=ConfigHistory((ConfigEntry(document, None, int(blocks[0])),)),
        block_slot=blocks,
        block_state=("D" * len(table.streams),) * len(blocks),
        off=(),
    )


def span(truth, name):
    return Span(*truth["periods"][name]["window"], lead=60, grace=10)


@pytest.mark.parametrize("name", ["before", "after"])
def test_claims_of_a_period_equal_the_truth(rows, truth, name):
    window = truth["periods"][name]["measurable"]["window"]
    over = span(truth, name)
    work = Workspace(rows, over)
    for claim, key in (
        (OeeClaim(over, MACHINES), "oee"),
        (UtilisationClaim(over, MACHINES), "utilisation"),
        (NcRatioClaim(over), "nc_ratio"),
        (UploadRateClaim(over), "upload_rate_official"),
        (NetworkedClaim(over), "networked_observed"),
        (EnergyPerPieceClaim(over, METERS, MACHINES), "energy_wh_per_good_piece"),
        # one product a machine, no piece in a test run and none in unknown time outside the plan
        (EquipmentOeeClaim(over, MACHINES), "oee"),
        (DefectRateClaim(over, MACHINES), "defect_rate"),
        (UnitEnergyClaim(over, METERS, MACHINES), "energy_kgce_per_good_piece"),
    ):
        assert evaluate(claim, work).value == Fraction(window["kpi"][key]), key


@pytest.mark.parametrize("ratio", REGISTRY_RATIOS)
@pytest.mark.parametrize("name", ["before", "after"])
def test_ratios_of_the_registry_equal_the_truth(rows, truth, name, ratio):
    wanted = truth["periods"][name]["measurable"]["window"]["kpi"]["registry"]
    found = evaluate(RegistryRatioClaim(span(truth, name), ratio), rows).value
    assert found == Fraction(wanted[ratio.replace("-", "_")])


@pytest.mark.parametrize("name", ["before", "after"])
def test_bounds_of_oee_are_what_rollovers_and_resets_may_hide(rows, truth, name):
    """A rollover of 16 bits may be a restart, and a restart may have lost pieces: 60 s between two readings.

    press-01 makes at most 3 pieces in 12 s, 15 in 60 s, of 6 s each; plc-01 at most 3 in 40 s, ⌊4.5⌋ in 60 s, of 20 s.
    """
    period = truth["periods"][name]
    hidden = period["rollovers"]["press-01.good"] * 15 * 6_000
    hidden += 4 * 20_000 * sum(f["kind"] == "CounterReset" for f in period["faults"])
    detail = evaluate(EquipmentOeeClaim(span(truth, name), MACHINES), rows).detail
    assets = period["measurable"]["window"]["assets"].values()
    ideal = {m["asset"]: m["ideal_cycle_ms"] for m in truth["machines"]}
    good = sum(ideal[a] * m["good"] for a, m in period["measurable"]["window"]["assets"].items())
    pbt = sum(m["pbt"] for m in assets)
    assert Fraction(detail["low"]) == Fraction(good, pbt)
    assert Fraction(detail["high"]) == Fraction(good + hidden, pbt)


@pytest.mark.parametrize("name", ["before", "after"])
def test_integers_behind_the_oee_of_a_period_equal_the_truth(rows, truth, name):
    window = truth["periods"][name]["measurable"]["window"]
    over = span(truth, name)
    detail = evaluate(OeeClaim(over, MACHINES), rows).detail
    assert [a["asset"] for a in detail["assets"]] == sorted(MACHINES)
    for found in detail["assets"]:
        wanted = window["assets"][found["asset"]]
        for key in ("atoms", "pbt", "apt", "good", "scrap", "total"):
            assert found[key] == wanted[key], (found["asset"], key)
        resets = 2 if (found["asset"], name) == ("plc-01", "after") else 0
        assert (found["reset"], found["quarantined"]) == (resets, 0)


def test_meters_of_a_period_equal_the_truth(rows, truth):
    for name in ("before", "after"):
        over = span(truth, name)
        detail = evaluate(EnergyPerPieceClaim(over, METERS, MACHINES), rows).detail
        found = {m["meter"]: m["wh"] for m in detail["wh"]}
        assert found == truth["periods"][name]["measurable"]["window"]["wh"]


@pytest.mark.parametrize(
    ("metric", "sense", "name"),
    [
        ("oee-iso22400/1", "increase", "oee"),
        ("energy-per-piece/1", "reduction", "energy"),
    ],
)
def test_comparison_of_both_periods_equals_the_truth(rows, truth, metric, sense, name):
    claim = BeforeAfterClaim(
        span(truth, "after"),
        span(truth, "before"),
        metric,
        sense,
        Fraction(1, 10),
        MACHINES,
        METERS if name == "energy" else (),
    )
    outcome = evaluate(claim, rows)
    wanted = truth["comparison"]["measurable"]
    assert outcome.value == Fraction(wanted[f"{name}_change"])
    for side in ("before", "after"):
        expected = wanted[f"{name}_{side}"]
        got = outcome.detail[side]
        assert (int(got["n"]), int(got["d"])) == (expected["n"], expected["d"])
        assert (got["days"], got["valid"]) == (expected["days"], expected["valid"])
    low = Fraction(outcome.detail["interval"]["low"])
    assert Fraction(1, 10) < low < outcome.value
