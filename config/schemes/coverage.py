"""The list of all checkable statements of the official texts, and what of the scheme files covers each."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from config.faults import ConfigFaultsError
from config.schemes.file_models import CoverageFileModel
from config.schemes.files import COVERAGE_FILE
from config.schemes.ids import ids_of
from config.schemes.library import SchemeLibrary, parse_scheme_file
from kpi.bilingual import Bilingual


@dataclass(frozen=True, slots=True)
class Statement:
    """One checkable statement."""

    no: int
    at: str
    """File and line of the text that was read."""
    with_number: bool
    """It has a number, ratio, amount, date, limit or figure cell."""
    quote: str
    covers: tuple[str, ...]
    """Ids that cover it; empty = nothing does, `not_evaluated` says why."""
    not_evaluated: Bilingual | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """All statements, and what each id is."""

    entries: tuple[Statement, ...]
    kinds: dict[str, str]


def coverage_of(library: SchemeLibrary) -> Coverage:
    """Return the list of statements; raises ConfigFaultsError for a wrong file or an id that nothing has."""
    data = (resources.files("config") / "schemes" / COVERAGE_FILE).read_bytes()
    parsed, faults = parse_scheme_file(COVERAGE_FILE, data)
    if parsed is None or not isinstance(parsed.model, CoverageFileModel):
        raise ConfigFaultsError(faults)
    kinds = ids_of(library)
    for i, entry in enumerate(parsed.model.entries):
        for j, name in enumerate(entry.covers):
            if name not in kinds:
                faults.append(
                    parsed.text.fault(
                        ("entries", i, "covers", j), f"unknown id '{name}'", f"未知的编号“{name}”"
                    )
                )
        if bool(entry.covers) == (entry.not_evaluated is not None):
            faults.append(
                parsed.text.fault(
                    ("entries", i),
                    "a statement is covered by something, or it says why not",
                    "每条陈述要么有编号覆盖，要么写明不评定的原因",
                )
            )
    if faults:
        raise ConfigFaultsError(faults)
    entries = tuple(
        Statement(
            e.no,
            e.at,
            e.kind == "Q",
            e.quote,
            e.covers,
            None if e.not_evaluated is None else Bilingual(e.not_evaluated.zh, e.not_evaluated.en),
        )
        for e in parsed.model.entries
    )
    return Coverage(entries, kinds)
