"""What the reader of a report must know of its data: outages, anchors, devices that differ, coefficients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.log_window import LogIndex
from agent.reporting.comparison_findings import comparison_findings
from agent.reporting.figures import Figure
from agent.reporting.statistics import coefficient_findings
from kpi.window import Span
from reports.model import Finding
from reports.words import Text


def findings_of(
    index: LogIndex, periods: Sequence[Span | None], figures: Mapping[str, Figure]
) -> tuple[Finding, ...]:
    """Return what must be said of a log over its periods, and of the figures that rest on it."""
    found = [
        Finding(
            code="no-anchor",
            text=Text("账本头未经外部锚定或见证", "no head was anchored or witnessed outside"),
            effect=Text(
                "无法证明形成时间与唯一性：可能存在其他版本",
                "neither age nor uniqueness is proven: other versions may exist",
            ),
        )
    ]
    spans = [s for s in periods if s is not None]
    for first, slots in index.off:
        inside = sum(max(0, min(first + slots, s.last) - max(first, s.first)) for s in spans)
        if inside:
            found.append(
                Finding(
                    code="agent-down",
                    text=Text(
                        f"采集程序停机 {inside} 分钟（自分钟槽 {first} 起）",
                        f"the agent was down for {inside} minutes (from slot {first})",
                    ),
                    effect=Text(
                        "这些分钟的时隙全部计为缺失，设备状态计为未知",
                        "every slot of these minutes counts as missed, every state as unknown",
                    ),
                )
            )
    compared = (*_set_changed(figures), *comparison_findings(figures))
    return (*found, *compared, *coefficient_findings(figures))


def _set_changed(figures: Mapping[str, Figure]) -> Iterator[Finding]:
    """Yield what must be said if the two periods are not about the same devices."""

    def assets(name: str) -> frozenset[str]:
        found = figures.get(name)
        return frozenset(getattr(found.request, "assets", ())) if found is not None else frozenset()

    for name, zh, en in (
        (
            "oee-by-product",
            "OEE 只对两期都有的设备比较",
            "OEE is compared for the devices of both periods only",
        ),
        ("energy-per-piece", "单位产品能耗不作前后比较", "energy per piece is not compared"),
    ):
        after, before = assets(name), assets(f"{name}-before")
        if not before or after == before:
            continue
        added, gone = sorted(after - before), sorted(before - after)
        yield Finding(
            code="set-changed",
            text=Text(
                f"两期设备不同（{name}）：增加 {'、'.join(added) or '无'}，减少 {'、'.join(gone) or '无'}",
                f"the devices of the periods differ ({name}): added {', '.join(added) or 'none'}, "
                f"gone {', '.join(gone) or 'none'}",
            ),
            effect=Text(zh, en),
        )
