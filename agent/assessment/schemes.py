"""One scheme assessed: figures from every source, declared facts and a date → a verdict and what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from agent.assessment.known_figures import (
    Contradiction,
    Periods,
    RecordFigures,
    declared_figure,
    measured_figures,
    merged,
    no_records,
)
from agent.assessment.sources import FigureSource
from config.facts_file import Declared
from config.schemes.library import SchemeLibrary
from kpi.schemes.facts import NO_FACTS
from kpi.schemes.figures import Figure
from kpi.schemes.judging import judge
from kpi.schemes.limits import Checked, check_text
from kpi.schemes.scheme import Scheme
from kpi.schemes.verdicts import SchemeVerdict


@dataclass(frozen=True, slots=True)
class SchemeAssessment:
    """A judged scheme with the figures behind it."""

    library: SchemeLibrary
    verdict: SchemeVerdict
    figures: Mapping[str, Figure]
    contradictions: tuple[Contradiction, ...]
    source: FigureSource | None
    declared: Declared | None
    texts: Mapping[str, Checked]
    """Texts of the facts file against the limits of their cells, by id of the cell."""
    on: date

    @property
    def scheme(self) -> Scheme:
        """Return the scheme."""
        return self.verdict.scheme

    @property
    def simulated(self) -> bool:
        """Return whether any figure comes from simulated data."""
        return self.source is not None and self.source.simulated


def assess_scheme(
    library: SchemeLibrary,
    scheme: Scheme,
    *,
    on: date,
    source: FigureSource | None = None,
    declared: Declared | None = None,
    folder: Path = Path(),
    records: RecordFigures = no_records,
) -> SchemeAssessment:
    """Return the assessment of a scheme; whatever is not given stays open.

    records: the seam for imported records, asked for the folder of the plant and the periods of the source.
    """
    measured: Mapping[str, Figure] = {}
    periods = Periods(None, None)
    if source is not None:
        claimed = measured_figures(source.figures, simulated=source.simulated)
        measured = {**source.registry, **claimed}
        periods = source.periods
    imported = records(folder, periods)
    stated = (
        {} if declared is None else {k: declared_figure(v) for k, v in declared.figures.items()}
    )
    figures, contradictions = merged(measured, imported, stated)
    facts = NO_FACTS if declared is None else declared.facts
    cells = {c.id: c for form in library.forms_of(scheme.id) for c in form.fields()}
    return SchemeAssessment(
        library=library,
        verdict=judge(scheme, figures, facts, on=on),
        figures=figures,
        contradictions=contradictions,
        source=source,
        declared=declared,
        texts={
            key: check_text(text, limit)
            for key, text in facts.texts.items()
            if key in cells and (limit := cells[key].limit) is not None
        },
        on=on,
    )
