"""Details of claims → the tables of a report; expected values are those put into the details."""

from __future__ import annotations

from fractions import Fraction

from agent.reporting import statistics
from agent.reporting.figures import Figure
from kpi.claims import (
    AutomaticControlClaim,
    ClaimRequest,
    ClaimResult,
    EquipmentOeeClaim,
    Json,
    RegistryRatioClaim,
    UnitEnergyClaim,
)
from kpi.reasons import Reason
from kpi.window import Span
from reports.words import Grade
from storage.records_manifest import Manifest, StoredFile

SPAN = Span(0, 1440, lead=0, grace=0)


def figures(
    name: str, request: ClaimRequest, value: Fraction | None, **detail: Json
) -> dict[str, Figure]:
    reason = None if value is not None else Reason.NO_REGISTERED_ASSET
    return {name: Figure(name, request, ClaimResult(value, reason, detail))}


def test_piece_rows_keep_what_is_not_known_apart_from_zero() -> None:
    found = statistics.product_rows(
        figures(
            "oee-by-product",
            EquipmentOeeClaim(SPAN, ("a",)),
            Fraction(1, 2),
            rows=[
                {"asset": "a", "product": "", "good": 0},
                {
                    "asset": "a",
                    "product": "A",
                    "ideal_low": "1000/1",
                    "ideal_high": "2000/1",
                    "made": 5,
                    "good": 4,
                    "scrap": 1,
                },
            ],
        )
    )
    assert [(r.product, r.made, r.good, r.rework) for r in found] == [
        ("", None, 0, None),
        ("A", 5, 4, None),
    ]
    assert (found[0].ideal_ms, found[1].ideal_ms, found[1].ideal_high_ms) == (
        None,
        Fraction(1000),
        Fraction(2000),
    )


def test_gap_of_a_counter_without_highest_rate_has_no_limit() -> None:
    gap: dict[str, Json] = {"asset": "a", "signal": "g", "start": 5, "end": 9, "planned": 3}
    limited, open_ = statistics.counter_gaps(
        figures(
            "oee-by-product",
            EquipmentOeeClaim(SPAN, ("a",)),
            Fraction(1, 2),
            gaps=[
                {**gap, "role": "count_good", "most": 7},
                {**gap, "role": "count_scrap"},
            ],
        )
    )
    assert (limited.most, limited.first_ms, limited.last_ms, limited.planned_ms) == (7, 5, 9, 3)
    assert open_.most is None
    assert (limited.role.zh, open_.role.zh) == ("合格计数", "报废计数")


def test_ratio_is_declared_and_carries_both_periods() -> None:
    request = RegistryRatioClaim(SPAN, "key-equipment-nc")
    after = figures(
        "key-equipment-nc-rate",
        request,
        Fraction(1, 2),
        numerator=["a"],
        denominator=["a", "b"],
        sets=[1, 2],
    )
    before = figures("key-equipment-nc-rate-before", request, Fraction(1, 3))
    (row,) = statistics.ratio_rows({**after, **before}, simulated=False)
    assert (row.before, row.after, row.sets, row.grade) == (
        Fraction(1, 3),
        Fraction(1, 2),
        (1, 2),
        Grade.D,
    )
    assert (row.above, row.below) == (("a",), ("a", "b"))
    assert row.name.zh == "关键设备数控化率"


def test_ratio_without_anything_below_its_line_says_why() -> None:
    request = RegistryRatioClaim(SPAN, "key-equipment-nc")
    found = figures("key-equipment-nc-rate", request, None, sets=[0, 0])
    (row,) = statistics.ratio_rows(found, simulated=False)
    assert row.after is None
    assert row.reason is not None


def test_carrier_has_the_name_of_its_table_and_marks_are_told() -> None:
    found = figures(
        "unit-energy",
        UnitEnergyClaim(SPAN, ("m",), ("a",)),
        Fraction(1),
        coefficients="gb-t-2589-2020-annex-a",
        meters=[
            {
                "meter": "m",
                "carrier": "electricity",
                "quantity": 1000,
                "kgce": "1229/10000",
                "marks": {"reset": 2},
            },
            {"meter": "m", "carrier": "own-gas", "kgce": "0/0"},
        ],
    )
    known, unknown = statistics.energy_rows(found)
    assert (known.carrier.zh, known.quantity, known.kgce) == (
        "电力（当量值）",
        1000,
        Fraction(1229, 10_000),
    )
    assert [(mark.zh, n) for mark, n in known.marks] == [("清零", 2)]
    assert (unknown.carrier.zh, unknown.quantity, unknown.kgce) == ("own-gas", None, None)


def test_what_must_be_said_of_a_coefficient_is_a_finding_of_the_report() -> None:
    def told(carrier: str, table: str = "gb-t-2589-2020-annex-a") -> list[str]:
        found = figures(
            "unit-energy",
            UnitEnergyClaim(SPAN, ("m",), ("a",)),
            Fraction(1),
            coefficients=table,
            meters=[{"meter": "m", "carrier": carrier, "kgce": "1/1"}],
        )
        return [f.code for f in statistics.coefficient_findings(found)]

    assert told("electricity") == []
    assert "energy.medium" in told("compressed-air")
    assert told("electricity", "own-2026") == ["energy.own-table"]


def test_loops_are_told_with_their_times() -> None:
    (loop,) = statistics.loop_rows(
        figures(
            "automatic-control-rate",
            AutomaticControlClaim(SPAN, ("a",)),
            Fraction(1),
            loops=[
                {
                    "asset": "a",
                    "id": "tic-101",
                    "running_ms": 10,
                    "automatic_ms": 6,
                    "limit_ms": 3,
                    "unknown_ms": 1,
                    "changes": 2,
                }
            ],
        )
    )
    assert (loop.running_ms, loop.automatic_ms, loop.limit_ms, loop.unknown_ms) == (10, 6, 3, 1)


def test_import_is_named_by_its_table_file_and_digest() -> None:
    manifest = Manifest(
        number=3,
        previous=None,
        origin="ev/X/ws1",
        by="张三",
        t_ms=0,
        software="test",
        table="operating-cost",
        template=1,
        file=StoredFile("成本.xlsx", "a" * 64, 1),
        rows=12,
        rows_sha256="b" * 64,
        originals=(StoredFile("账.pdf", "c" * 64, 1),),
    )
    (line,) = statistics.import_lines((manifest,))
    assert (line.number, line.table.zh, line.file, line.rows) == (3, "运营成本", "成本.xlsx", 12)
    assert (line.originals, line.digest) == (1, manifest.sha256)


def test_nothing_is_told_of_figures_that_are_not_stated() -> None:
    assert statistics.product_rows({}) == statistics.counter_gaps({}) == ()
    assert statistics.energy_rows({}) == statistics.loop_rows({}) == ()
    assert statistics.ratio_rows({}, simulated=True) == ()
    assert (statistics.left_out({}), statistics.coefficients_of({})) == ((), "")
