"""docs/statistics.md names every finding of the code and no other, and shows the commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

from kpi.comparison.compared_metrics import RuleKind

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
SUBJECTS = {
    *("cherry", "cost", "count", "coverage", "cycle", "days", "drift", "energy", "events"),
    *("exclusions", "mix", "nonroutine", "period", "plan", "rules", "season", "set"),
    *("staffing", "sums", "twin", "unknown"),
}


def raised() -> set[str]:
    """Names in the calls that make findings; what is filled in at run time is a `*`."""
    found = set()
    for source in (ROOT / "kpi" / "comparison").glob("*.py"):
        text = source.read_text(encoding="utf-8")
        for name in re.findall(r"\b(?:note|warn|disqualify)\(\s*f?\"([^\"]+)\"", text):
            found.add(re.sub(r"\{[^}]*\}", "*", name))
    return found


def documented() -> set[str]:
    section = PAGE[PAGE.index("## 6 Findings") : PAGE.index("## 7 Planning")]
    return set(re.findall(r"`([a-z]+\.[a-z*-]+)`", section))


def test_every_finding_is_documented_and_none_is_invented() -> None:
    names = raised()
    assert {n.partition(".")[0] for n in names} | {"rules"} == SUBJECTS
    # the names of definitions are made from RuleKind
    names |= {f"rules.{kind.value.replace('_', '-')}" for kind in RuleKind}
    written = documented()
    assert names - written == set()
    assert {w for w in written if w not in names} == {"drift.before", "drift.after"}


def test_the_printed_tables_come_from_the_benchmark() -> None:
    rows = re.findall(r"^\| (?:7-day|5-day)[^|]*\| 0\.[036] \| ", PAGE, re.MULTILINE)
    assert len(rows) == 36
    assert "seed 20261121" in PAGE
