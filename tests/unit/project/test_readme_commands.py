"""The README shows each command of `plantproof`, and none that does not exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

README = Path(__file__).parents[3] / "README.md"


def test_readme_names_every_command_and_no_other() -> None:
    commands = {
        command.name for command in importlib.import_module("agent.cli.app").app.registered_commands
    }
    shown = re.findall(
        r"^(?:\.venv\S)?(?:Scripts\S)?plantproof ([a-z]+)\b",
        README.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert set(shown) == commands
