"""A registry that a site writes by hand in YAML (docs/registry.md): lists that the plant file does not have."""

from __future__ import annotations

from config.yaml_document import parse_yaml
from kpi.registry.content import Registry
from kpi.registry.parsing import registry_from_mapping
from model.errors import ConfigError


def registry_file(data: bytes, name: str) -> Registry:
    """Return the registry of a YAML file; raises ConfigError with every fault of syntax, or the first of content."""
    document, faults = parse_yaml(data, name)
    if faults:
        raise ConfigError(
            "\n".join(f.render("en") for f in faults), "\n".join(f.render("zh") for f in faults)
        )
    return registry_from_mapping(document.value, name)
