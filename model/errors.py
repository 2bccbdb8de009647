"""The error tree of the project: one root, three kinds for running code and one for what a user wrote."""

from __future__ import annotations


class PlantproofError(Exception):
    """Root of every error that the project raises on purpose."""

    def __init__(self, en: str, zh: str = "") -> None:
        """Keep the message in both languages; `zh` falls back to `en`."""
        super().__init__(en)
        self.en = en
        self.zh = zh or en

    def text(self, language: str) -> str:
        """Return the message in `language` ("zh" or "en")."""
        return self.zh if language.startswith("zh") else self.en


class TransientError(PlantproofError):
    """The same action may succeed later without any change by a person: retry with back-off."""


class PermanentError(PlantproofError):
    """The same action would fail again: stop this source or request and show it."""


class ConfigError(PermanentError):
    """What a user wrote cannot be used; the text carries file, line, column and a hint."""


class VerificationError(PlantproofError):
    """Evidence was refused: something is false (INVALID) or absent (INCOMPLETE)."""
