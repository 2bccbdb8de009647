"""Every case that ships: its published figures stand here a second time, and ours agree with them to their digits."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import pytest

from config.calc.case import case_schema
from config.calc.examples import example_bytes, example_names
from config.yaml_document import parse_yaml
from kpi.calc.expected import Agreement
from tests.support.calc_case import Solved, solved
from tests.support.json_schema import misfits

EQUAL, DIFFERS = Agreement.EQUAL, Agreement.DIFFERS
PUBLISHED: dict[str, dict[str, tuple[str, Agreement]]] = {
    # cnblogs.com/chen1880/p/18304643: load 460, stops 70, 418 pieces of 0.8 min, 98 %.
    "tpm-day": {
        "tpm/availability": ("84.8 %", EQUAL),
        "tpm/performance": ("85.7 %", EQUAL),
        "tpm/quality": ("98 %", EQUAL),
        "tpm/oee": ("71.2 %", EQUAL),
    },
    # SMRP 2.1.1 machine D: 12.26/16 h, 100 of 167, 92 of 100; planned stops are in the base of SMRP, not of ISO.
    "smrp-availability": {
        "as-smrp:iso22400/availability": ("76.63 %", EQUAL),
        "as-smrp:iso22400/effectiveness": ("59.9 %", EQUAL),
        "as-smrp:iso22400/quality-ratio": ("92 %", EQUAL),
        "as-smrp:iso22400/oee": ("42.21 %", EQUAL),
        "as-smrp:ours/teep": ("28.14 %", EQUAL),
        "as-iso:iso22400/availability": ("76.63 %", DIFFERS),
        "as-iso:ours/teep": ("28.14 %", EQUAL),
    },
    # Versalytics: 18 000 of 30/min in 16 of 24 h.
    "teep-press": {
        "tpm/oee": ("62.5 %", EQUAL),
        "iso22400/oee": ("62.5 %", EQUAL),
        "ours/teep": ("41.67 %", EQUAL),
    },
    # Versalytics: three parts, 455 min each.
    "three-parts": {
        "a123:tpm/oee": ("80.22 %", EQUAL),
        "b456:tpm/oee": ("70.05 %", EQUAL),
        "c789:tpm/oee": ("55.90 %", EQUAL),
        "tpm/availability": ("94.73 %", EQUAL),
        "tpm/oee": ("68.72 %", EQUAL),
    },
    # Minitab: 0.95 * 0.84 * 0.88 = 0.70.
    "rolled-yield": {
        "labels:iso22400/first-pass-yield": ("95 %", EQUAL),
        "second:iso22400/first-pass-yield": ("84 %", EQUAL),
        "third:iso22400/first-pass-yield": ("88 %", EQUAL),
        "ours/rolled-throughput-yield": ("0.70", EQUAL),
    },
    # Tech Learning Blog 125 h/4 and 45 h/3; Gulati 2000 h/10; Anela-Tek 900 h/6 and 108 h/6.
    "mtbf": {
        "four-runs:iso22400/mtbf": ("31.25 h", DIFFERS),
        "four-runs:iso22400/mttr": ("15 h", EQUAL),
        "pumps:iso22400/mtbf": ("200 h", EQUAL),
        "press:iso22400/mtbf": ("150 h", EQUAL),
        "press:iso22400/mttr": ("18 h", EQUAL),
    },
    # oee.com: 480 − 60 − 47 min, 19 271 pieces of 1.0 s, 423 rejects.
    "oee-com-shift": {
        "tpm/availability": ("88.81 %", EQUAL),
        "tpm/performance": ("86.11 %", EQUAL),
        "tpm/quality": ("97.80 %", EQUAL),
        "tpm/oee": ("74.79 %", EQUAL),
    },
    # IER: 300 kWh · 0.123; with 0.1229 it is 36.87.
    "standard-coal": {
        "energy-of-electricity-ier": ("36.9 kgce", EQUAL),
        "energy-of-electricity-gbt": ("36.9 kgce", EQUAL),
    },
    # kpi-audit V1, from a second implementation with 40 digits.
    "before-after": {
        "oee-change": ("15.5086794111 %", EQUAL),
        "oee-change@low": ("13.3281292568 %", EQUAL),
        "oee-change@high": ("17.7311856006 %", EQUAL),
    },
    # Clopper–Pearson of 4 of 20 at 90 %: 0.071354 … 0.401028, as reductions 1 − p/(1 − p).
    "few-defects": {
        "defect-change": ("75 %", EQUAL),
        "defect-change@low": ("33.05 %", EQUAL),
        "defect-change@high": ("92.32 %", EQUAL),
    },
    # kpi-audit E5: 320/500.
    "unknown-time": {
        "iso22400/oee": ("64 %", EQUAL),
        "iso22400/availability": ("64 %", EQUAL),
    },
    # By hand: see the comment of the case.
    "workshop": {
        "nc-ratio": ("40 %", EQUAL),
        "networked": ("20 %", EQUAL),
        "networked@declared": ("40 %", EQUAL),
        "upload-rate": ("42.5 %", EQUAL),
        "upload-rate@pooled": ("85 %", EQUAL),
        "total-energy": ("294.96 kgce", EQUAL),
        "unit-energy": ("0.00029496", EQUAL),
        "automatic-control-rate": ("80 %", EQUAL),
        "iso22400/throughput-rate": ("100 /h", EQUAL),
        "iso22400/allocation-ratio": ("90 %", EQUAL),
        "iso22400/worker-efficiency": ("87.5 %", EQUAL),
        "iso22400/corrective-maintenance-ratio": ("25 %", EQUAL),
        "d12:iso22400/cp": ("2.108", EQUAL),
    },
}


def case(name: str) -> Solved:
    return solved(example_bytes(name).decode(), f"{name}.yaml")


def test_every_case_is_listed_here() -> None:
    assert set(PUBLISHED) == set(example_names())


@pytest.mark.parametrize("name", example_names())
def test_case_agrees_with_its_publication(name: str) -> None:
    rows = {c.name: (c.published, c.agreement) for c in case(name).result.compared}
    assert rows == PUBLISHED[name]


@pytest.mark.parametrize("name", example_names())
def test_case_ends_without_a_contradiction_of_its_own(name: str) -> None:
    found = case(name)
    assert found.result.holds(found.loaded.findings)


@pytest.mark.parametrize("name", example_names())
def test_case_explains_itself_in_both_languages_and_names_its_source(name: str) -> None:
    given = case(name).loaded.case
    assert given.title is not None
    assert re.search("[一-鿿]", given.title.zh)
    assert not re.search("[一-鿿]", given.title.en)
    assert given.source is not None
    assert given.source.title
    assert given.source.read
    comments = [line for line in example_bytes(name).decode().splitlines() if line.startswith("#")]
    assert len(comments) >= 4
    assert any(re.search("[一-鿿]", line) for line in comments)


@pytest.mark.parametrize("name", example_names())
def test_case_fits_the_schema(name: str) -> None:
    document, faults = parse_yaml(example_bytes(name), name)
    assert faults == []
    assert misfits(document.value, case_schema(), case_schema(), name) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"product": []}, "product: unknown"),
        ({"zone": 8}, "zone"),
        ({"expect": [{"figure": "x"}]}, "value: missing"),
        ({"time": {"tpm": {"loading": 460}}}, "loading"),
    ],
)
def test_wrong_case_does_not_fit_the_schema(change: dict[str, Any], where: str) -> None:
    value = {**parse_yaml(example_bytes("tpm-day"), "x")[0].value, **change}
    assert any(where in found for found in misfits(value, case_schema(), case_schema(), "x"))


def test_range_of_the_case_with_unknown_time() -> None:
    # (320 + 132)/500 with floor(110 min · 72/h) = 132; availability up to 430/500.
    found = case("unknown-time")
    assert found.range("iso22400/oee") == (Fraction(16, 25), Fraction(113, 125))
    assert found.range("iso22400/availability") == (Fraction(16, 25), Fraction(43, 50))
