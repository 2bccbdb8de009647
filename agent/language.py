"""Language of the command line: Chinese unless asked otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping


def language_of(option: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return "zh" or "en": the option, else PLANTPROOF_LANG, else zh.

    The locale is not asked: industrial PCs in Chinese workshops often run an English system.
    """
    wish = option or environment.get("PLANTPROOF_LANG", "zh")
    return "en" if wish.lower().startswith("en") else "zh"


def choose(language: str, zh: str, en: str) -> str:
    """Return the text in `language`."""
    return zh if language == "zh" else en
