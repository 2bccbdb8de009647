"""The certification schemes that ship with the project, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources

from config.yaml_document import parse_yaml
from kpi.clauses import Scheme, scheme_from_mapping
from model.errors import ConfigError


@cache
def builtin_schemes() -> dict[str, Scheme]:
    """Return every scheme of `config/schemes/*.yaml` by id; raises ConfigError if one is wrong."""
    found: dict[str, Scheme] = {}
    folder = resources.files("config") / "schemes"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".yaml"):
            continue
        document, faults = parse_yaml(entry.read_bytes(), entry.name)
        if faults:
            raise ConfigError("\n".join(f.render("en") for f in faults))
        scheme = scheme_from_mapping(document.value, entry.name)
        found[scheme.id] = scheme
    return found
