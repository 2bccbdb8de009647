"""The page of the plant file names every key, role and state, and its example is a plant without faults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.sources import protocols
from config import models, signal_models
from config.base import ConfigModel
from config.loader import parse_plant
from model.signal import Role
from model.state import MachineState

PAGE = (Path(__file__).parents[3] / "docs" / "plant-file.md").read_text(encoding="utf-8")
KEYS = PAGE.partition("## 三")[2]
EXAMPLE = PAGE.partition("```yaml\n")[2].partition("```")[0]
OF_A_PROFILE = {"ProfileConfig", "Text"}
"""Models of the shipped device profiles, not of the plant file."""


def plant_models() -> list[type[ConfigModel]]:
    found = [
        m
        for module in (models, signal_models)
        for m in vars(module).values()
        if isinstance(m, type) and issubclass(m, ConfigModel) and m.__module__ == module.__name__
    ]
    return [m for m in found if m.__name__ not in OF_A_PROFILE]


@pytest.mark.parametrize("model", plant_models(), ids=lambda m: m.__name__)
def test_every_key_of_the_plant_file_is_on_the_page(model: type[ConfigModel]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert len(keys) >= 2
    assert [k for k in keys if f"`{k}`" not in KEYS] == []


def test_every_key_on_the_page_exists() -> None:
    words = {field.alias or n for m in plant_models() for n, field in m.model_fields.items()}
    told = {
        key
        for line in KEYS.splitlines()
        if (cell := re.match(r"\| (`[^|]*`) \|", line))
        for key in re.findall(r"`([^`]+)`", cell[1])
    }
    assert told <= words
    assert {"site", "calendar", "devices"} <= words


def test_every_role_and_state_is_on_the_page() -> None:
    assert [r.value for r in Role if f"`{r.value}`" not in KEYS] == []
    assert [s.value for s in MachineState if f"`{s.value}`" not in KEYS] == []


def test_example_is_a_plant_without_faults() -> None:
    plant = parse_plant(EXAMPLE.encode(), Path("site.yaml"), protocols=protocols(), environment={})
    press, meter, manual = plant.devices
    assert [p.factor for p in press.config.products] == [4, 1]
    assert plant.coefficients.id == "gb-t-2589-2020-annex-a"
    assert [s.config.carrier for s in meter.signals] == ["", "diesel"]
    assert manual.connection is None


def test_example_uses_every_key_but_those_of_other_places() -> None:
    elsewhere = {
        # of InfluxDB, files of keys and settings that few need: in the tables only
        *(
            "version",
            "token_env",
            "ca_file",
            "verify_tls",
            "gzip",
            "timeout",
            "i_accept_plain_http",
        ),
        *("key_file", "secret_file", "epoch", "flush", "rows_in_memory", "profile", "mark", "map"),
    }
    words = {field.alias or n for m in plant_models() for n, field in m.model_fields.items()}
    used = set(re.findall(r"([a-z_]+):", EXAMPLE))
    assert words - used - elsewhere == set()
