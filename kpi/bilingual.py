"""A text for people in both languages of the product."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in Chinese and in English."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """Return the text in `language` ("zh…" is Chinese, anything else English)."""
        return self.zh if language.startswith("zh") else self.en
