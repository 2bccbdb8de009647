"""What a report must say of its data."""

from __future__ import annotations

from fractions import Fraction

from agent.figures import Figure
from agent.log_window import LogIndex
from agent.report_findings import findings_of
from kpi.claims import ClaimResult, OeeClaim
from kpi.window import Span

BEFORE, AFTER = Span(0, 100, lead=0, grace=0), Span(200, 300, lead=0, grace=0)


def oee(name: str, span: Span, *assets: str) -> Figure:
    return Figure(name, OeeClaim(span, assets), ClaimResult(Fraction(1, 2), None, {}))


def test_devices_that_differ_between_the_periods_are_named() -> None:
    figures = {
        "oee": oee("oee", AFTER, "a", "c"),
        "oee-before": oee("oee-before", BEFORE, "a", "b"),
    }
    (found,) = [
        f for f in findings_of(LogIndex(), (BEFORE, AFTER), figures) if f.code != "no-anchor"
    ]
    assert found.code == "set-changed"
    assert "增加 c，减少 b" in found.text.zh
    assert "只对两期都有的设备比较" in found.effect.zh


def test_the_same_devices_need_no_word() -> None:
    figures = {"oee": oee("oee", AFTER, "a"), "oee-before": oee("oee-before", BEFORE, "a")}
    assert [f.code for f in findings_of(LogIndex(), (BEFORE, AFTER), figures)] == ["no-anchor"]


def test_minutes_without_the_agent_are_those_inside_the_periods() -> None:
    """Off from slot 90 for 120: 10 before and 10 after the gap between the periods."""
    index = LogIndex(off=[(90, 120), (150, 20)])
    found = [f for f in findings_of(index, (BEFORE, AFTER), {}) if f.code == "agent-down"]
    assert [f.text.zh for f in found] == ["采集程序停机 20 分钟（自分钟槽 90 起）"]
