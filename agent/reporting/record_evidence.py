"""Which imported records a report rests on, as members of its bundle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.assessment.known_figures import Periods, RecordFigures
from agent.records import attachments
from kpi.metrics import metric_of
from kpi.schemes.figures import Figure as KnownFigure
from kpi.schemes.forms import Form
from kpi.schemes.scheme import Scheme
from storage.records import RecordsFolder, in_force
from storage.records_manifest import Manifest


@dataclass(frozen=True, slots=True)
class RecordsBeside:
    """Where the records of a plant lie, and how they become figures."""

    folder: Path
    figures: RecordFigures


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """What the records say to a scheme, and the imports behind it."""

    figures: Mapping[str, KnownFigure]
    """By metric."""
    used: tuple[Manifest, ...]
    """Imports that a row or cell of the scheme rests on."""
    members: Mapping[str, bytes]
    """Members of the bundle; empty if nothing is used."""


NO_RECORDS = RecordEvidence({}, (), {})


def record_evidence(
    beside: RecordsBeside | None, periods: Periods, scheme: Scheme, forms: Iterable[Form]
) -> RecordEvidence:
    """Return the figures of a plant's records that a scheme asks for, and the imports they rest on.

    Raises VerificationError if anything in the folder was changed.
    """
    if beside is None:
        return NO_RECORDS
    asked = metrics_of(scheme, forms)
    figures = {
        name: figure
        for name, figure in beside.figures(beside.folder, periods).items()
        if (metric := metric_of(name)) is not None and metric.id in asked
    }
    digests = {digest for figure in figures.values() for digest in figure.imports}
    folder = RecordsFolder(beside.folder)
    used = tuple(m for m in in_force(folder.manifests()) if m.sha256 in digests)
    return RecordEvidence(figures, used, attachments(folder, digests))


def metrics_of(scheme: Scheme, forms: Iterable[Form]) -> frozenset[str]:
    """Return every metric that a row of a scheme or a cell of its forms asks for, prints beside or reads otherwise."""
    found = {cell.metric for form in forms for cell in form.fields()}
    for row in scheme.rows:
        found |= {row.target.metric} if row.target is not None else set()
        found |= set(row.beside)
        found |= {a.points_of for a in row.alternatives}
        found |= {a.target.metric for a in row.alternatives if a.target is not None}
    return frozenset(found - {""})
