"""The catalogue of metrics: every name that figures, schemes, imports and calculations share."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.reporting.figures import REGISTRY_FIGURES, requests_for
from config.document import plant_document
from config.schemes.files import builtin_library
from kpi.document import parse_document
from kpi.metrics import METRICS, Better, metric_of
from kpi.schemes.clauses import SourceClass
from tests.support.mini_history import AFTER, BEFORE, DEVICES, PORTS
from tests.support.plant_run import loaded, write_plant

_NAMES = """
upload-rate networked nc-ratio oee utilisation energy-per-piece oee-change energy-change
defect-rate defect-change availability availability-change utilisation-change smart-share smart-networked-share
production-networked-of-smart key-equipment-networked manufacturing-nc-rate key-equipment-nc-rate
key-process-nc-rate key-process-nc-rate-by-process digital-equipment-rate data-acquisition-rate
data-acquisition-coverage equipment-data-rate automatic-control-rate automatic-control-rate-static
energy-utilisation-change energy-utilisation-gain unit-energy
operating-cost-change unit-cost-change productivity productivity-change physical-productivity-change
rd-cycle-change rd-tool-rate sales-growth-change-points sales-growth-change-relative sales-growth-change-sales
inventory-turnover-change on-time-delivery-change order-cycle-change logistics-cost-change staff-change
resource-utilisation-change platform-enterprises digital-workshop-count planned-investment done-investment
headcount-before headcount-after revenue profit tax maturity-level major-accidents digital-lines
total-equipment smart-equipment robots-and-machine-tools
"""
SHARED = _NAMES.split()
"""Names that other parts of the project use as well."""


@pytest.mark.parametrize("name", SHARED)
def test_shared_name_is_in_the_catalogue(name: str) -> None:
    assert name in METRICS


def test_names_are_lower_case_with_hyphens_and_both_languages_are_there() -> None:
    for metric in METRICS.values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", metric.id), metric.id
        assert re.search(r"[\u4e00-\u9fff]", metric.zh), metric.id
        assert not re.search(r"[\u4e00-\u9fff]", metric.en), metric.id


def test_change_is_a_ratio_that_is_better_upward() -> None:
    changes = [m for m in METRICS.values() if m.id.endswith("-change")]
    assert len(changes) > 10
    assert {m.unit for m in changes} == {"%"}
    assert {m.better for m in changes} <= {Better.UP, Better.NEITHER}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("oee-before", "oee"),
        ("headcount-before", "headcount-before"),
        ("revenue-2018", "revenue"),
        ("oee-2018", None),
        ("revenue-18", None),
        ("nothing", None),
    ],
)
def test_name_of_a_figure_leads_to_its_metric(name: str, expected: str | None) -> None:
    found = metric_of(name)
    assert (found.id if found else None) == expected


def test_every_figure_of_a_report_is_a_metric(tmp_path: Path) -> None:
    plant = loaded(write_plant(tmp_path, PORTS, DEVICES))
    document = parse_document(plant_document(plant).bytes)
    names = requests_for(document, AFTER, BEFORE)
    assert {"oee", "oee-before", "oee-change", "energy-change"} <= set(names)
    assert {"oee-by-product", "oee-by-product-before", "defect-rate"} <= set(names)
    assert [n for n in names if metric_of(n) is None] == []


def test_figure_that_stands_in_for_another_metric_is_measured() -> None:
    stands = {m.id: m.stood_in_by for m in METRICS.values() if m.stood_in_by}
    assert stands == {"energy-utilisation-change": "energy-change"}
    assert all(SourceClass.MEASURED in METRICS[name].sources for name in stands.values())


def test_every_metric_is_used_by_a_scheme_a_form_or_as_a_figure_of_the_log() -> None:
    library = builtin_library()
    used = {f.metric for form in library.forms.values() for f in form.fields()}
    for scheme in library.schemes.values():
        for row in scheme.rows:
            used |= {row.target.metric} if row.target else set()
            used |= set(row.beside)
            used |= {a.target.metric for a in row.alternatives if a.target}
            used |= {a.points_of for a in row.alternatives}
    unused = set(METRICS) - used - {"energy-change", "energy-per-piece", "oee-by-product"}
    unused -= set(REGISTRY_FIGURES)
    assert unused <= {
        "availability-change",
        "smart-networked",
    }
