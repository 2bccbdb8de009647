"""Texts for people, by key, from JSON files in two languages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("zh-CN", "en")
DEFAULT_LANGUAGE: Final = "zh-CN"
PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_FOLDER: Final = Path(__file__).parent / "locales"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All texts of one language."""

    language: str
    entries: Mapping[str, str]

    def t(self, key: str, **values: object) -> str:
        """Return the text of `key` with `{name}` replaced by `values`; raises KeyError for an unknown key or name."""
        return PLACEHOLDER.sub(lambda match: str(values[match[1]]), self.entries[key])

    def over(self, other: Catalogue) -> Catalogue:
        """Return both catalogues as one; raises ValueError if a key is in both."""
        double = sorted(set(self.entries) & set(other.entries))
        if double:
            raise ValueError(f"keys in two catalogues of {self.language}: {', '.join(double)}")
        return Catalogue(self.language, {**self.entries, **other.entries})


@cache
def load(folder: Path, language: str) -> Catalogue:
    """Return the catalogue `folder/<language>.json`."""
    return Catalogue(
        language, json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
    )


def words(language: str) -> Catalogue:
    """Return the words shared by board and report: figures, verdicts, states, atoms, slot outcomes."""
    return load(_FOLDER, language)


def closest(language: str | None) -> str:
    """Return the language of the product for a wish such as "en-GB" or None."""
    wish = (language or "").lower()
    if wish.startswith("en"):
        return "en"
    return DEFAULT_LANGUAGE
