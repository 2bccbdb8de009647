"""What each indicator of equipment must be given; a case without it gets the name of what is missing, no number."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from kpi.equipment.indicator import Indicator
from kpi.equipment.iso_catalogue import (
    ALLOCATION_EFFICIENCY,
    AVAILABILITY,
    EFFECTIVENESS,
    FINAL_YIELD,
    FIRST_PASS,
    MTBF,
    MTTF,
    MTTR,
    NEE,
    OEE,
    QUALITY_FACTOR,
    QUALITY_RATIO,
    REWORK_RATIO,
    SCRAP_RATIO,
    SETUP_RATIO,
    TECHNICAL_EFFICIENCY,
    TEEP,
    UTILISATION,
    UTILISATION_EFFICIENCY,
)
from kpi.equipment.schools import (
    E10_AVAILABILITY,
    E10_OPERATIONAL,
    E10_QUALITY,
    E10_RATE,
    E79_OEE,
    TPM_AVAILABILITY,
    TPM_OEE,
    TPM_PERFORMANCE,
    TPM_QUALITY,
    VDI_OEE,
    VDI_TECHNICAL,
    VDI_USE,
)


class Need(StrEnum):
    """Something that a case may give."""

    TIME = "time"
    """States within planned time."""
    CALENDAR = "calendar time"
    """All of the time, planned or not."""
    COUNTS = "counts"
    IDEAL = "ideal cycle"
    REJECTS = "rejects"
    """Scrap beside the pieces made."""
    FAILURES = "failures"
    REPAIRS = "repairs"


_TIMED: Final = frozenset({Need.TIME})
_CALENDAR: Final = frozenset({Need.TIME, Need.CALENDAR})
_QUALITY: Final = frozenset({Need.COUNTS, Need.IDEAL})
_SPEED: Final = frozenset({Need.TIME, Need.COUNTS, Need.IDEAL})
_PIECES: Final = frozenset({Need.COUNTS, Need.REJECTS})
_TOTAL: Final = _SPEED | {Need.CALENDAR}
_NEEDS: Final[tuple[tuple[Indicator, frozenset[Need]], ...]] = (
    *(
        (i, _TIMED)
        for i in (
            AVAILABILITY,
            ALLOCATION_EFFICIENCY,
            UTILISATION_EFFICIENCY,
            TECHNICAL_EFFICIENCY,
            SETUP_RATIO,
            TPM_AVAILABILITY,
            E10_OPERATIONAL,
            VDI_TECHNICAL,
            VDI_USE,
        )
    ),
    *((i, _SPEED) for i in (EFFECTIVENESS, OEE, NEE, TPM_PERFORMANCE, TPM_OEE, E10_RATE)),
    *((i, _QUALITY) for i in (QUALITY_FACTOR, TPM_QUALITY, E10_QUALITY)),
    (QUALITY_RATIO, frozenset({Need.COUNTS})),
    *((i, _PIECES) for i in (SCRAP_RATIO, REWORK_RATIO, FIRST_PASS, FINAL_YIELD)),
    *((i, _TOTAL) for i in (TEEP, E79_OEE)),
    (E10_AVAILABILITY, _CALENDAR),
    (UTILISATION, frozenset({Need.CALENDAR})),
    (MTBF, frozenset({Need.TIME, Need.FAILURES})),
    (MTTR, frozenset({Need.REPAIRS})),
    (MTTF, frozenset()),
    (VDI_OEE, frozenset()),
)
NEEDS: Final[Mapping[str, frozenset[Need]]] = MappingProxyType(
    {f"{i.school}/{i.id}": needs for i, needs in _NEEDS}
)
"""By `school/indicator`."""
NEVER: Final = frozenset(f"{i.school}/{i.id}" for i in (MTTF, VDI_OEE))
"""Indicators that are not stated whatever a case gives."""
