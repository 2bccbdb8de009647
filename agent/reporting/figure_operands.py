"""The numbers that a figure was formed from, as the board prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from agent.reporting.figure_detail import details
from agent.reporting.figures import Figure
from agent.web.state import Operand
from kpi.comparison.details import interval_texts
from reports.words import Text

_MS: Final = Text("毫秒", "ms")
_BOUNDS: Final = (
    ("low", Text("下界", "lower bound")),
    ("high", Text("上界", "upper bound")),
)


def operands_of(figure: Figure) -> tuple[Operand, ...]:
    """Return the numbers of a figure, exact, with what each is."""
    return tuple(_OPERANDS.get(figure.request.algorithm, _fraction)(figure))


def _fraction(figure: Figure) -> Iterator[Operand]:
    yield _operand("分子", "numerator", figure.result.num)
    yield _operand("分母", "denominator", figure.result.den)


def _operand(zh: str, en: str, value: object, unit: Text | None = None) -> Operand:
    return Operand(label=Text(zh, en), value=str(value), unit=unit)


def _texts(figure: Figure, named: Sequence[tuple[str, Text]]) -> Iterator[Operand]:
    """Yield entries of a detail as they stand there."""
    for key, label in named:
        yield Operand(label=label, value=str(figure.result.detail.get(key, "")))


def _oee(figure: Figure) -> Iterator[Operand]:
    rows = details(figure, "assets")
    unknown = figure.result.detail.get("unknown_ms", 0)
    yield _operand(
        "Σ 计划忙碌时间 PBT", "Σ planned busy time PBT", sum(r["pbt"] for r in rows), _MS
    )
    yield _operand(
        "Σ 生产时间 APT", "Σ actual production time APT", sum(r["apt"] for r in rows), _MS
    )
    yield _operand("Σ 合格件数", "Σ good pieces", sum(r.get("good", 0) for r in rows))
    yield _operand("未知时间", "unknown time", unknown, _MS)
    yield from _texts(
        figure,
        (
            ("availability", Text("可用率 A（iso22400）", "availability A (iso22400)")),
            ("effectiveness", Text("效率 E（iso22400）", "effectiveness E (iso22400)")),
            (
                "quality_ideal",
                Text("质量率 Q（按理想时间加权）", "quality Q (ideal-time weighted)"),
            ),
            *_BOUNDS,
        ),
    )


def _oee_by_product(figure: Figure) -> Iterator[Operand]:
    assets, rows, gaps = (details(figure, key) for key in ("assets", "rows", "gaps"))
    unknown = figure.result.detail.get("unknown_ms", 0)
    yield _operand(
        "Σ 计划忙碌时间 PBT", "Σ planned busy time PBT", sum(r["pbt"] for r in assets), _MS
    )
    yield _operand(
        "计划外有产出的未知时间",
        "unknown time outside the plan with pieces made",
        sum(r["base_gain"] for r in assets),
        _MS,
    )
    good = sum(r.get("good", 0) for r in rows)
    yield _operand("Σ 一次合格件数", "Σ pieces good at the first pass", good)
    yield _operand("未知时间", "unknown time", unknown, _MS)
    yield _operand("计数器漏计区间", "gaps of counters", len(gaps))
    yield from _texts(
        figure,
        (
            ("availability", Text("可用率 A", "availability A")),
            ("effectiveness", Text("效率 E", "effectiveness E")),
            (
                "quality_ideal",
                Text("质量率 Q（按理想时间加权）", "quality Q (ideal-time weighted)"),
            ),
            ("pieces_quality", Text("质量率（按件）", "quality by pieces")),
            *_BOUNDS,
        ),
    )


def _defect_rate(figure: Figure) -> Iterator[Operand]:
    rows = details(figure, "assets")
    for key, zh, en in (
        ("made", "Σ 产出", "Σ made"),
        ("good", "Σ 一次合格", "Σ good at the first pass"),
        ("scrap", "其中报废", "of which scrap"),
        ("rework", "其中返工", "of which rework"),
    ):
        known = [r[key] for r in rows if key in r]
        yield _operand(zh, en, sum(known) if len(known) == len(rows) else "—")
    yield from _texts(
        figure, (("scrap_only", Text("报废率（不含返工）", "scrap rate, without rework")), *_BOUNDS)
    )


def _registry_ratio(figure: Figure) -> Iterator[Operand]:
    above, below = details(figure, "sets") or (0, 0)
    yield _operand("分子台套数（或工序数）", "sets (or steps) above the line", above)
    yield _operand("分母台套数（或工序数）", "sets (or steps) below the line", below)


def _unit_energy(figure: Figure) -> Iterator[Operand]:
    table = figure.result.detail.get("coefficients", "")
    yield _operand("折标系数表", "table of coefficients", table)
    unit = Text("计量单位 → kgce", "booked units → kgce")
    for row in details(figure, "meters"):
        name = f"{row['meter']} {row['carrier']}"
        yield _operand(name, name, f"{row.get('quantity', '—')} → {row['kgce']}", unit)
    for row in details(figure, "good"):
        asset = row["asset"]
        text = f"{row.get('good', '—')} ({row.get('weighted', '—')})"
        yield _operand(f"{asset} 合格（加权）", f"{asset} good (weighted)", text)


def _automatic_control(figure: Figure) -> Iterator[Operand]:
    rows = details(figure, "loops")
    for key, zh, en in (
        ("running_ms", "Σ 设备运行", "Σ equipment running"),
        ("automatic_ms", "Σ 自动且未限位", "Σ automatic, output free"),
        (
            "limit_ms",
            "Σ 自动但输出限位（不计入分子）",
            "Σ automatic, output at a limit (not counted)",
        ),
        ("unknown_ms", "Σ 方式未知（计入分母）", "Σ mode unknown (counts below the line)"),
    ):
        yield _operand(zh, en, sum(r[key] for r in rows), _MS)


def _upload_rate(figure: Figure) -> Iterator[Operand]:
    yield from _texts(
        figure,
        (
            ("pooled", Text("合并口径 Σ覆盖/Σ应采", "pooled Σ covered / Σ expected")),
            ("eventual", Text("含迟到数据", "with late data")),
        ),
    )


def _energy_per_piece(figure: Figure) -> Iterator[Operand]:
    energy = sum(r.get("wh", 0) for r in details(figure, "wh"))
    yield _operand("Σ 电量", "Σ energy", energy, Text("Wh", "Wh"))
    good = sum(r.get("good", 0) for r in details(figure, "good"))
    yield _operand("Σ 合格件数", "Σ good pieces", good)


def _comparison(figure: Figure) -> Iterator[Operand]:
    detail: Mapping[str, Any] = figure.result.detail
    for key, zh, en in (("before", "改造前", "before"), ("after", "改造后", "after")):
        part = detail.get(key, {})
        for item, label_zh, label_en in (
            ("n", "ΣN", "ΣN"),
            ("d", "ΣD", "ΣD"),
            ("valid", "有效生产日", "valid days"),
            ("days", "生产日", "production days"),
        ):
            if item in part:
                yield _operand(f"{zh} {label_zh}", f"{en} {label_en}", part[item])
    interval = interval_texts(detail)
    for text, zh, en in zip(interval or (), ("下限", "上限"), ("low", "high"), strict=False):
        yield _operand(f"区间{zh}", f"interval {en}", text)


_OPERANDS: Final[Mapping[str, Callable[[Figure], Iterator[Operand]]]] = {
    "oee-iso22400/1": _oee,
    "oee/2": _oee_by_product,
    "defect-rate/1": _defect_rate,
    "registry-ratio/1": _registry_ratio,
    "unit-energy/1": _unit_energy,
    "automatic-control/1": _automatic_control,
    "upload-rate/1": _upload_rate,
    "energy-per-piece/1": _energy_per_piece,
    "energy-per-piece/2": _energy_per_piece,
    "before-after/1": _comparison,
    "before-after/2": _comparison,
}
"""By algorithm; any other shows its fraction."""
