"""The device profiles that ship with the project, as data."""

from __future__ import annotations

from functools import cache
from importlib import resources

from pydantic import ValidationError

from config.signal_models import ProfileConfig
from config.yaml_document import parse_yaml
from model.errors import ConfigError


@cache
def builtin_profiles() -> dict[str, ProfileConfig]:
    """Return every profile of `config/profiles/*.yaml` by id; raises ConfigError if one is wrong."""
    found: dict[str, ProfileConfig] = {}
    folder = resources.files("config") / "profiles"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if not entry.name.endswith(".yaml"):
            continue
        document, faults = parse_yaml(entry.read_bytes(), entry.name)
        if faults:
            raise ConfigError("\n".join(f.render("en") for f in faults))
        try:
            profile = ProfileConfig.model_validate(document.value)
        except ValidationError as exc:
            raise ConfigError(
                f"profile {entry.name}: {exc}", f"设备模板 {entry.name}：{exc}"
            ) from exc
        found[profile.id] = profile
    return found
