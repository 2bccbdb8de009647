"""A registry written by hand: the example of docs/registry.md is read, and each fault names its place."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from config.registry_files import registry_file
from kpi.registry.content import Acquisition, Control
from kpi.registry.equipment_ratios import key_process_nc_rate, nc_ratio
from kpi.registry.period import RegistryVersion, over_period
from model.errors import ConfigError

PAGE = Path(__file__).parents[4] / "docs" / "registry.md"


def example() -> bytes:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(block).encode()


def test_example_of_the_page_is_read_and_gives_the_ratios_it_promises() -> None:
    registry = registry_file(example(), "registry.yaml")
    assert [a.id for a in registry.assets] == ["cnc-01", "line-1", "scale-1"]
    assert registry.assets[1].counts_as == 4
    assert registry.assets[2].nc is None
    assert registry.processes[0].control is Control.NC
    assert registry.points[1].acquisition is Acquisition.MANUAL
    assert registry.loops[0].span == (Fraction(4), Fraction(20))
    assert registry.meters[0].current_ratio == 20
    period = over_period([RegistryVersion(0, registry)], 0, 1)
    # cnc-01 of cnc-01 1 + line-1 4 + scale-1 1; in op10: cnc-01 of 1 + 4
    assert nc_ratio(period).value == Fraction(1, 6)
    assert key_process_nc_rate(period).value == Fraction(1, 5)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("nc: true", "nx: true", r"assets\[0\].nx: expected no such key"),
        ("nc: true", "nc: maybe", r"assets\[0\].nc: expected true or false"),
        (
            "counts_as: 4",
            "counts_as: 0",
            r"assets\[1\].counts_as: expected an integer of at least 1",
        ),
        ("id: line-1", "id: cnc-01", "'cnc-01' stands in the list twice"),
        ("processes: [op10]", "processes: [op99]", "'op99' is none"),
        ("control: nc", "control: yes-it-is", "one of nc, process_control, none"),
        ("acquisition: manual", "acquisition: typed", "one of automatic, manual, none"),
        (
            "signal: hardness\n    class: quality",
            "signal: hardness\n    class: good",
            "one of state",
        ),
        ("{low: 4, high: 20}", "{low: 20, high: 4}", "low < high"),
        ("current_ratio: 100/5", "current_ratio: 0", "a number above 0, like 100/5"),
        ("share_rule: 按装机容量", 'share_rule: ""', "with its written share_rule"),
        ("unit: kWh", "unit: kWhh", "unit 'kWhh' is not known"),
        ("unit: line-1", "unit: line-9", "'line-9' is none"),
        ("measures: [line-1]", "measures: [line-2]", "'line-2' is none"),
    ],
)
def test_each_fault_names_its_place(old: str, new: str, fault: str) -> None:
    text = example().decode()
    assert old in text
    with pytest.raises(ConfigError, match=fault):
        registry_file(text.replace(old, new, 1).encode(), "registry.yaml")


def test_fault_of_syntax_says_the_line() -> None:
    with pytest.raises(ConfigError, match=r"registry\.yaml:2:.*indented with a tab"):
        registry_file(b"assets:\n\t- id: a\n", "registry.yaml")
