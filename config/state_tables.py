"""The state tables of published standards that ship with the project, as data; none is a default."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import ValidationError

from config.signal_models import StateTableConfig
from config.yaml_document import parse_yaml
from model.errors import ConfigError


@cache
def builtin_state_tables() -> dict[str, StateTableConfig]:
    """Return every table of `config/state_tables/*.yaml` by id; raises ConfigError if one is wrong."""
    found: dict[str, StateTableConfig] = {}
    folder = resources.files("config") / "state_tables"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        document, faults = parse_yaml(entry.read_bytes(), entry.name)
        if faults:
            raise ConfigError("\n".join(f.render("en") for f in faults))
        try:
            table = StateTableConfig.model_validate(document.value)
        except ValidationError as exc:
            raise ConfigError(
                f"state table {entry.name}: {exc}", f"状态表 {entry.name}：{exc}"
            ) from exc
        found[table.id] = table
    return found
