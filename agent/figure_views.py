"""Figures of the KPI engine → what board and report show of them: values, reasons, operands, members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from agent.figures import Figure, Figures
from agent.web.state import Explanation, Member, Operand
from kpi.window import Span
from reports.words import Grade, KpiKey, Text, Unit

FIGURE_OF: Final[dict[KpiKey, str]] = {
    KpiKey.UPLOAD_RATE: "upload-rate",
    KpiKey.NETWORKED: "networked",
    KpiKey.NC_RATIO: "nc-ratio",
    KpiKey.OEE: "oee",
    KpiKey.UTILISATION: "utilisation",
    KpiKey.ENERGY_PER_PIECE: "energy-per-piece",
}
"""Figure (claim id) behind each KPI of the catalogue."""

UNIT_OF: Final[dict[KpiKey, Unit]] = {KpiKey.ENERGY_PER_PIECE: Unit.WH_PER_PIECE}

FORMULAS: Final[dict[str, tuple[Text, Text, Text]]] = {
    "upload-rate/1": (
        Text("数据上传率", "Upload rate"),
        Text(
            "各设备得率的平均值；设备得率 = 其必采点（按时 + 证实存活）槽数 ÷ 应采槽数 的平均值",
            "mean over assets of the mean over their required points of (on time + proven alive) / expected slots",
        ),
        Text(
            "本项目定义（官方文件未给出公式）", "our definition (no official text gives a formula)"
        ),
    ),
    "networked/1": (
        Text("设备联网率（实测）", "Networked ratio (observed)"),
        Text(
            "存活槽 ≥ 95 % 且连续在役 ≥ 14 天的生产装备台数 ÷ 生产装备登记台数",
            "production equipment alive in ≥ 95 % of its slots over ≥ 14 days / registered production equipment",
        ),
        Text(
            "本项目定义（官方文件未给出公式）", "our definition (no official text gives a formula)"
        ),
    ),
    "nc-ratio/1": (
        Text("数控装备占比", "NC ratio"),
        Text("数控生产装备台数 ÷ 生产装备总台数", "NC production equipment / production equipment"),
        Text("渝经信发〔2018〕22号 第四条（二）", "CQ 2018 No. 22, art. 4 (2)"),
    ),
    "oee-iso22400/1": (
        Text("设备综合效率 OEE（iso22400）", "OEE (iso22400)"),
        Text(
            "Σ(理想节拍 × 合格件数) ÷ Σ计划忙碌时间 PBT",
            "Σ(ideal cycle × good pieces) / Σ planned busy time PBT",
        ),
        Text("ISO 22400-2:2014 + Amd 1:2017", "ISO 22400-2:2014 + Amd 1:2017"),
    ),
    "utilisation/1": (
        Text("日历利用率", "Calendar utilisation"),
        Text("Σ生产时间 APT ÷ Σ日历时间", "Σ actual production time APT / Σ calendar time"),
        Text("本项目定义", "our definition"),
    ),
    "energy-per-piece/1": (
        Text("单位产品电耗", "Energy per good piece"),
        Text("Σ电表电量 (Wh) ÷ Σ合格件数", "Σ meter energy (Wh) / Σ good pieces"),
        Text("本项目定义；表格单位 吨标准煤/件 由固定系数换算", "our definition"),
    ),
    "before-after/1": (
        Text("改造前后变化", "Change before / after"),
        Text(
            "提高：A/B − 1；降低：1 − A/B；区间 CI-1（90 % 双侧）",
            "increase: A/B − 1; reduction: 1 − A/B; interval CI-1 (90 %, two-sided)",
        ),
        Text("本项目定义（CI-1）", "our definition (CI-1)"),
    ),
}
"""Title, formula and source of each algorithm."""


def ratio_text(text: object) -> Fraction | None:
    """Return the fraction of a `num/den` text of a detail; None for "0/0" and "unbounded"."""
    if not isinstance(text, str) or "/" not in text:
        return None
    num, den = text.split("/")
    return Fraction(int(num), int(den)) if int(den) else None


def reason_of(figure: Figure | None) -> Text | None:
    """Return why a figure has no value."""
    if figure is None or figure.result.reason is None:
        return None
    why = figure.result.reason.text
    return Text(why.zh, why.en)


def value_of(figures: Figures, name: str) -> Fraction | None:
    """Return the exact value of a figure, None if absent or undefined."""
    figure = figures.get(name)
    return figure.result.value if figure is not None else None


def details(figure: Figure, key: str) -> Sequence[Any]:
    """Return a list of a detail (objects or ids), empty if it is not there."""
    found = figure.result.detail.get(key, ())
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()


def coverage_of(figures: Figures, suffix: str = "") -> Fraction | None:
    """Return the share of expected slots with a value over all points (pooled), which figures rest on."""
    figure = figures.get(f"upload-rate{suffix}")
    return ratio_text(figure.result.detail.get("pooled")) if figure is not None else None


def window_ms(span: Span) -> tuple[int, int]:
    """Return the window of a span in Unix ms."""
    return span.start_ms, span.end_ms


def explain(
    figure_id: str,
    figure: Figure,
    names: Mapping[str, str],
    grade: Grade | None,
    *,
    unit: Unit = Unit.PERCENT,
) -> Explanation:
    """Return how a figure was computed."""
    request, result = figure.request, figure.result
    title, formula, source = FORMULAS[request.algorithm]
    return Explanation(
        id=figure_id,
        title=title,
        formula=formula,
        algorithm=request.algorithm,
        value=result.value,
        reason=reason_of(figure),
        unit=unit,
        window_ms=window_ms(request.span),
        operands=_operands(figure),
        members=_members(figure, names),
        excluded=tuple(
            Text(f"{names.get(str(n), n)}：没有理想节拍", f"{n}: no ideal cycle")
            for n in details(figure, "left_out")
        ),
        grade=grade,
        source=source,
    )


def _operands(figure: Figure) -> tuple[Operand, ...]:
    detail = figure.result.detail
    ms = Text("毫秒", "ms")
    match figure.request.algorithm:
        case "oee-iso22400/1":
            rows = details(figure, "assets")
            return (
                Operand(
                    label=Text("Σ 计划忙碌时间 PBT", "Σ planned busy time PBT"),
                    value=str(sum(r["pbt"] for r in rows)),
                    unit=ms,
                ),
                Operand(
                    label=Text("Σ 生产时间 APT", "Σ actual production time APT"),
                    value=str(sum(r["apt"] for r in rows)),
                    unit=ms,
                ),
                Operand(
                    label=Text("Σ 合格件数", "Σ good pieces"),
                    value=str(sum(r.get("good", 0) for r in rows)),
                ),
                Operand(
                    label=Text("未知时间", "unknown time"),
                    value=str(detail.get("unknown_ms", 0)),
                    unit=ms,
                ),
                *(
                    Operand(label=label, value=str(detail.get(key, "")))
                    for key, label in (
                        ("availability", Text("可用率 A（iso22400）", "availability A (iso22400)")),
                        ("effectiveness", Text("效率 E（iso22400）", "effectiveness E (iso22400)")),
                        (
                            "quality_ideal",
                            Text("质量率 Q（按理想时间加权）", "quality Q (ideal-time weighted)"),
                        ),
                        ("low", Text("下界", "lower bound")),
                        ("high", Text("上界", "upper bound")),
                    )
                ),
            )
        case "upload-rate/1":
            return tuple(
                Operand(label=label, value=str(detail.get(key, "")))
                for key, label in (
                    ("pooled", Text("合并口径 Σ覆盖/Σ应采", "pooled Σ covered / Σ expected")),
                    ("eventual", Text("含迟到数据", "with late data")),
                )
            )
        case "energy-per-piece/1":
            return (
                Operand(
                    label=Text("Σ 电量", "Σ energy"),
                    value=str(sum(r.get("wh", 0) for r in details(figure, "wh"))),
                    unit=Text("Wh", "Wh"),
                ),
                Operand(
                    label=Text("Σ 合格件数", "Σ good pieces"),
                    value=str(sum(r.get("good", 0) for r in details(figure, "good"))),
                ),
            )
        case "before-after/1":
            return _comparison_operands(detail)
        case _:
            return (
                Operand(label=Text("分子", "numerator"), value=str(figure.result.num)),
                Operand(label=Text("分母", "denominator"), value=str(figure.result.den)),
            )


def _comparison_operands(detail: Mapping[str, Any]) -> tuple[Operand, ...]:
    found = []
    for key, zh, en in (("before", "改造前", "before"), ("after", "改造后", "after")):
        part = detail.get(key, {})
        for item, label_zh, label_en in (
            ("n", "ΣN", "ΣN"),
            ("d", "ΣD", "ΣD"),
            ("valid", "有效生产日", "valid days"),
            ("days", "生产日", "production days"),
        ):
            if item in part:
                found.append(
                    Operand(
                        label=Text(f"{zh} {label_zh}", f"{en} {label_en}"), value=str(part[item])
                    )
                )
    interval = detail.get("interval", {})
    found += [
        Operand(label=Text(f"区间{zh}", f"interval {en}"), value=str(interval[key]))
        for key, zh, en in (("low", "下限", "low"), ("high", "上限", "high"))
        if key in interval
    ]
    return tuple(found)


def _members(figure: Figure, names: Mapping[str, str]) -> tuple[Member, ...]:
    def member(asset: str, *, included: bool, zh: str = "", en: str = "") -> Member:
        name = names.get(asset, asset)
        return Member(
            id=asset,
            name=Text(name, name),
            included=included,
            detail=Text(zh, en or zh) if zh else None,
        )

    match figure.request.algorithm:
        case "nc-ratio/1":
            nc = set(map(str, details(figure, "nc")))
            return tuple(
                member(
                    str(a),
                    included=True,
                    zh="数控" if a in nc else "非数控",
                    en="NC" if a in nc else "not NC",
                )
                for a in details(figure, "registered")
            )
        case "networked/1":
            observed = set(map(str, details(figure, "observed")))
            declared = set(map(str, details(figure, "declared")))
            return tuple(
                member(
                    str(a),
                    included=True,
                    zh=("实测联网" if a in observed else "未达实测口径")
                    + ("，申报联网" if a in declared else "，未申报联网"),
                    en=("observed" if a in observed else "not observed")
                    + (", declared" if a in declared else ", not declared"),
                )
                for a in details(figure, "registered")
            )
        case "upload-rate/1":
            return tuple(
                member(str(r["asset"]), included=r["rate"] != "0/0", zh=str(r["rate"]))
                for r in details(figure, "assets")
            )
        case "oee-iso22400/1":
            return tuple(
                member(
                    str(r["asset"]),
                    included=True,
                    zh=f"合格 {r.get('good', '—')} 件，PBT {r['pbt']} ms",
                    en=f"{r.get('good', '—')} good, PBT {r['pbt']} ms",
                )
                for r in details(figure, "assets")
            ) + tuple(member(str(n), included=False) for n in details(figure, "left_out"))
        case "energy-per-piece/1":
            return tuple(
                member(str(r["meter"]), included=True, zh=f"{r['wh']} Wh")
                for r in details(figure, "wh")
            )
        case _:
            return ()
