"""Register of wordings that can be read in several ways (kpi.md A.7, criteria-audit O21), with our printed default."""

from __future__ import annotations

from dataclasses import dataclass

from kpi.bilingual import Bilingual


@dataclass(frozen=True, slots=True)
class NamedReading:
    """One way to read a wording."""

    id: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """One wording that the official text leaves open."""

    id: str
    phrase: str
    """The wording, verbatim at each of its seeds."""
    seeds: tuple[str, ...]
    readings: tuple[NamedReading, ...]
    default: str
    """Reading that we use, ours in every case; empty = we do not decide, all are printed."""
    note: Bilingual | None

    @property
    def chosen(self) -> NamedReading | None:
        """Return the default reading, None where nothing is decided."""
        return next((r for r in self.readings if r.id == self.default), None)

    def reading(self, name: str) -> NamedReading | None:
        """Return a reading by its id, with or without the id of the ambiguity in front."""
        short = name.removeprefix(f"{self.id}.")
        return next((r for r in self.readings if r.id == short), None)
