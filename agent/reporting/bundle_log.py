"""The configurations that stand in a bundle, as the log has them in force; it is read, not verified."""

from __future__ import annotations

import zipfile
from pathlib import Path

from agent.log_window import LogIndex, index_log
from evidence.entries import parse_entry
from evidence.refusal import Refusal
from kpi.history import ConfigHistory
from model.errors import ConfigError


def index_of_bundle(bundle: Path) -> LogIndex:
    """Return what the entries of a bundle say; raises ConfigError if it cannot be read."""
    try:
        with zipfile.ZipFile(bundle) as archive:
            lines = archive.read("log/entries.ndjson").split(b"\n")[:-1]
            return index_log(
                map(parse_entry, lines), lambda digest: archive.read(f"docs/{digest.hex()}")
            )
    except (OSError, KeyError, zipfile.BadZipFile, Refusal) as exc:
        raise ConfigError(
            f"{bundle} is no readable bundle: {exc}", f"{bundle} 不是可读取的证据包：{exc}"
        ) from exc


def history_of_bundle(bundle: Path) -> ConfigHistory:
    """Return the configurations of a bundle with the slots from which each is in force."""
    return index_of_bundle(bundle).history
