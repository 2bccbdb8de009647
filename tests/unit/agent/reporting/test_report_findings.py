"""What a report must say of its data."""

from __future__ import annotations

from fractions import Fraction

from agent.log_window import LogIndex
from agent.reporting.figures import Figure
from agent.reporting.findings import findings_of
from kpi.claims import ClaimResult, ComparisonClaim, EquipmentOeeClaim, ExcludedDay
from kpi.window import Span

BEFORE, AFTER = Span(0, 100, lead=0, grace=0), Span(200, 300, lead=0, grace=0)


def oee(name: str, span: Span, *assets: str) -> Figure:
    return Figure(name, EquipmentOeeClaim(span, assets), ClaimResult(Fraction(1, 2), None, {}))


def test_devices_that_differ_between_the_periods_are_named() -> None:
    figures = {
        "oee-by-product": oee("oee-by-product", AFTER, "a", "c"),
        "oee-by-product-before": oee("oee-by-product-before", BEFORE, "a", "b"),
    }
    (found,) = [
        f for f in findings_of(LogIndex(), (BEFORE, AFTER), figures) if f.code != "no-anchor"
    ]
    assert found.code == "set-changed"
    assert "增加 c，减少 b" in found.text.zh
    assert "只对两期都有的设备比较" in found.effect.zh


def test_the_same_devices_need_no_word() -> None:
    figures = {
        "oee-by-product": oee("oee-by-product", AFTER, "a"),
        "oee-by-product-before": oee("oee-by-product-before", BEFORE, "a"),
    }
    assert [f.code for f in findings_of(LogIndex(), (BEFORE, AFTER), figures)] == ["no-anchor"]


def test_minutes_without_the_agent_are_those_inside_the_periods() -> None:
    """Off from slot 90 for 120: 10 before and 10 after the gap between the periods."""
    index = LogIndex(off=[(90, 120), (150, 20)])
    found = [f for f in findings_of(index, (BEFORE, AFTER), {}) if f.code == "agent-down"]
    assert [f.text.zh for f in found] == ["采集程序停机 20 分钟（自分钟槽 90 起）"]


def change(name: str, *findings: str, exclusions: tuple[ExcludedDay, ...] = ()) -> Figure:
    request = ComparisonClaim(
        AFTER, BEFORE, "oee/2", "increase", Fraction(1, 10), ("a",), exclusions=exclusions
    )
    return Figure(name, request, ClaimResult(Fraction(1, 5), None, {"findings": list(findings)}))


def test_findings_of_comparisons_are_said_once_with_the_changes_they_are_about() -> None:
    figures = {
        "oee-change": change("oee-change", "days.provisional", "rules.ideal-cycle"),
        "defect-change": change("defect-change", "days.provisional"),
    }
    found = {f.code: f for f in findings_of(LogIndex(), (BEFORE, AFTER), figures)}
    assert set(found) == {"no-anchor", "days.provisional", "rules.ideal-cycle"}
    both = found["days.provisional"]
    assert "不足 60 天" in both.text.zh
    assert both.text.zh.endswith("（设备综合效率 OEE 变化、产品不良品率降低）")
    assert both.effect.en == "the word is at best pass, point only"
    assert "产品不良品率降低" not in found["rules.ideal-cycle"].text.zh


def test_days_to_be_left_out_are_named_with_their_reasons() -> None:
    days = (ExcludedDay("2026-10-01", "holiday"), ExcludedDay("2026-10-09", "force_majeure"))
    figures = {
        "oee-change": change("oee-change", "exclusions.late", exclusions=days),
        "defect-change": change("defect-change", exclusions=days),
    }
    found = list(findings_of(LogIndex(), (BEFORE, AFTER), figures))
    assert [f.code for f in found] == ["no-anchor", "exclusions", "exclusions.late"]
    assert found[1].text.zh == "申报方要求剔除 2 天：2026-10-01 节假日、2026-10-09 不可抗力"
