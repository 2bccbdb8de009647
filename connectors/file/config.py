"""What a user writes to replay a recorded or simulated run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.base import ConfigModel


class FileConnection(ConfigModel):
    """A folder that is replayed in place of a live device."""

    protocol: Literal["file"]
    """Always `file`."""
    folder: str = Field(min_length=1)
    """Folder of the trace (docs/formats/trace.md)."""
    format: Literal["trace-v1"] = "trace-v1"
    """Format of the folder."""


class FileAddress(ConfigModel):
    """Which signal of the trace fills a signal; absent keys mean the same name."""

    device: str = ""
    """Device id in the trace; empty = the id of this device."""
    signal: str = ""
    """Signal name in the trace; empty = the name of this signal."""
