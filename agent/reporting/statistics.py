"""The tables of a report on products, gaps of counters, registry ratios, energy carriers, loops and imports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from agent.reporting.evidence_grades import evidence_grade
from agent.reporting.figure_detail import details, ratio_text
from agent.reporting.figure_views import reason_of, value_of
from agent.reporting.figures import REGISTRY_FIGURES, Figure
from config.coefficient_files import builtin_coefficients
from config.records.catalogue import tables
from kpi.metrics import METRICS
from model.signal import Role
from reports.model import Finding
from reports.statistics_model import (
    CounterGap,
    EnergyRow,
    ImportLine,
    LoopRow,
    ProductRow,
    RatioRow,
)
from reports.words import Grade, Text
from storage.records_manifest import Manifest

Figures = Mapping[str, Figure]

_ROLES: Final = {
    Role.COUNT_GOOD: Text("合格计数", "good counter"),
    Role.COUNT_SCRAP: Text("报废计数", "scrap counter"),
    Role.COUNT_TOTAL: Text("总产出计数", "counter of all pieces"),
    Role.COUNT_REWORK: Text("返工计数", "rework counter"),
}


_MARKS: Final = {
    "ambiguous": Text("存疑", "ambiguous"),
    "correction": Text("更正", "correction"),
    "lost": Text("丢圈", "lost rollover"),
    "quarantined": Text("隔离", "quarantined"),
    "reset": Text("清零", "reset"),
    "restart": Text("重启", "restart"),
    "segment": Text("换表或设定", "replaced or set"),
    "turns": Text("可能多圈", "perhaps several turns"),
}


def _rows(figures: Figures, name: str, key: str) -> Sequence[Mapping[str, Any]]:
    return details(figures[name], key) if name in figures else ()


def product_rows(figures: Figures) -> tuple[ProductRow, ...]:
    """Return the piece rows of the OEE by product."""
    return tuple(
        ProductRow(
            device=str(row["asset"]),
            product=str(row["product"]),
            ideal_ms=ratio_text(row.get("ideal_low")),
            ideal_high_ms=ratio_text(row.get("ideal_high")),
            made=row.get("made"),
            good=row.get("good"),
            scrap=row.get("scrap"),
            rework=row.get("rework"),
        )
        for row in _rows(figures, "oee-by-product", "rows")
    )


def counter_gaps(figures: Figures) -> tuple[CounterGap, ...]:
    """Return the gaps of the counters behind the OEE by product."""
    return tuple(
        CounterGap(
            device=str(row["asset"]),
            role=_ROLES[Role(str(row["role"]))],
            signal=str(row["signal"]),
            first_ms=int(row["start"]),
            last_ms=int(row["end"]),
            planned_ms=int(row["planned"]),
            most=row.get("most"),
        )
        for row in _rows(figures, "oee-by-product", "gaps")
    )


def left_out(figures: Figures) -> tuple[str, ...]:
    """Return the assets that have no ideal cycle."""
    found = figures.get("oee-by-product")
    return tuple(map(str, details(found, "left_out"))) if found is not None else ()


def ratio_rows(figures: Figures, *, simulated: bool) -> tuple[RatioRow, ...]:
    """Return every ratio of the registry that is stated, in the order of the catalogue."""
    found = []
    for name in REGISTRY_FIGURES:
        figure = figures.get(name)
        if figure is None:
            continue
        above, below = details(figure, "sets") or (0, 0)
        metric = METRICS[name]
        found.append(
            RatioRow(
                name=Text(metric.zh, metric.en),
                before=value_of(figures, f"{name}-before"),
                after=figure.result.value,
                above=tuple(map(str, details(figure, "numerator"))),
                below=tuple(map(str, details(figure, "denominator"))),
                sets=(int(above), int(below)),
                grade=Grade(evidence_grade(name, figures, simulated=simulated).letter.value),
                reason=reason_of(figure),
            )
        )
    return tuple(found)


def energy_rows(figures: Figures) -> tuple[EnergyRow, ...]:
    """Return what the meters booked, by carrier."""
    return tuple(
        EnergyRow(
            meter=str(row["meter"]),
            carrier=_carrier(coefficients_of(figures), str(row["carrier"])),
            quantity=row.get("quantity"),
            kgce=ratio_text(row.get("kgce")),
            marks=tuple(
                (_MARKS.get(mark, Text(mark, mark)), int(n))
                for mark, n in sorted(row.get("marks", {}).items())
            ),
        )
        for row in _rows(figures, "unit-energy", "meters")
    )


def _carrier(table: str, carrier: str) -> Text:
    """Return the name of a carrier in its table, the key itself if this version does not ship the table."""
    found = builtin_coefficients().get(table)
    row = found.by_carrier.get(carrier) if found is not None else None
    return Text(row.zh, row.en) if row is not None else Text(carrier, carrier)


def _own_table(name: str) -> Finding:
    return Finding(
        code="energy.own-table",
        text=Text(
            f"折标系数表 {name} 由企业自行提供，不是随程序发布的表",
            f"the table of coefficients {name} is the site's own, none that ships",
        ),
        effect=Text(
            "单位产品综合能耗以此表计算，须对照标准核对",
            "the energy per weighted piece rests on it: check it against the standard",
        ),
    )


def coefficient_findings(figures: Figures) -> tuple[Finding, ...]:
    """Return what must be said of the coefficients that the unit energy uses."""
    name = coefficients_of(figures)
    table = builtin_coefficients().get(name)
    if table is None:
        return (_own_table(name),) if name else ()
    used = {str(row["carrier"]) for row in _rows(figures, "unit-energy", "meters")}
    return tuple(
        Finding(
            code=f.name,
            text=Text(f.text.zh, f.text.en),
            effect=Text(
                "单位产品综合能耗以此系数计算",
                "the energy per weighted piece rests on this coefficient",
            ),
        )
        for f in table.findings(frozenset(used & set(table.by_carrier)))
    )


def coefficients_of(figures: Figures) -> str:
    """Return the id of the table of coefficients, empty without unit energy."""
    found = figures.get("unit-energy")
    return str(found.result.detail.get("coefficients", "")) if found is not None else ""


def loop_rows(figures: Figures) -> tuple[LoopRow, ...]:
    """Return the times of the control loops."""
    return tuple(
        LoopRow(
            device=str(row["asset"]),
            loop=str(row["id"]),
            running_ms=int(row["running_ms"]),
            automatic_ms=int(row["automatic_ms"]),
            limit_ms=int(row["limit_ms"]),
            unknown_ms=int(row["unknown_ms"]),
            changes=int(row["changes"]),
        )
        for row in _rows(figures, "automatic-control-rate", "loops")
    )


def import_lines(imports: Sequence[Manifest]) -> tuple[ImportLine, ...]:
    """Return what is printed of the imports that a report rests on."""
    known = tables()
    found = []
    for m in imports:
        table = known.get(m.table)
        found.append(
            ImportLine(
                number=m.number,
                table=Text(table.zh, table.en) if table else Text(m.table, m.table),
                file=m.file.name if m.file is not None else "",
                rows=m.rows,
                by=m.by,
                originals=len(m.originals),
                digest=m.sha256,
            )
        )
    return tuple(found)
