"""The status of the running agent as a small file: `plantproof status` reads it, no port needed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """State of one source."""

    name: str
    state: str
    since_ms: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """What the agent says of itself every few seconds; instants in UTC ms."""

    at_ms: int
    started_ms: int
    pid: int
    version: str
    origin: str
    board: str
    """URL of the board, empty without one."""
    collected_rows: int
    pending_rows: int
    journal_bytes: int
    journal_quota_bytes: int
    undelivered_rows: int
    oldest_undelivered_ms: int
    lost_rows: int
    blocks: int
    head_size: int
    store: str
    """`embedded` or the URL of InfluxDB."""
    problem_zh: str
    problem_en: str
    sources: tuple[SourceLine, ...]


def write_status(path: Path, status: AgentStatus) -> None:
    """Replace the status file in one step."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(asdict(status), ensure_ascii=False), encoding="utf-8")
    os.replace(partial, path)  # noqa: PTH105 - atomic on every system


def read_status(path: Path) -> AgentStatus | None:
    """Return the last status, None if there is none or it is from another version."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        sources = tuple(SourceLine(**line) for line in data.pop("sources"))
        return AgentStatus(**data, sources=sources)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
