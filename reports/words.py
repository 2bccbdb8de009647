"""Words that the board and the report share: texts in two languages, verdicts, grades, units."""

from __future__ import annotations

from enum import StrEnum

from kpi.bilingual import Bilingual

Text = Bilingual
"""A text for people in both languages of the product."""


class VerdictWord(StrEnum):
    """What is said about a clause; the values are the words of a claim (docs/formats/claims.md)."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    PASS_POINT = "pass, point only"  # noqa: S105 - a verdict, no password
    INCONCLUSIVE = "inconclusive"
    FAIL = "fail"
    UNDETERMINED = "undetermined"
    NOT_EVALUATED = "not evaluated"
    """The machine data cannot answer this clause at all (narrative, legal or imported figures)."""

    @property
    def key(self) -> str:
        """Return the word as a key of the catalogues and of style classes."""
        return self.name.lower()


class Grade(StrEnum):
    """Evidence grade of one cell (reference: kpi D.7); never mixed into one score."""

    A = "A"
    """Machine-measured in both periods, coverage of 90 % or more, no drift, sealed before."""
    B = "B"
    """Machine-measured in both periods, with gaps or drift."""
    C = "C"
    """Measured after, imported before with original records."""
    D = "D"
    """Declared figures only."""


class Unit(StrEnum):
    """Unit of a figure; fixes how it is written."""

    PERCENT = "percent"
    """The value is a ratio; 9/10 is written 90.00 %."""
    PIECES = "pieces"
    WH_PER_PIECE = "wh_per_piece"
    KGCE_PER_PIECE = "kgce_per_piece"
    COUNT = "count"
    MINUTES = "minutes"
    HOURS = "hours"


class KpiKey(StrEnum):
    """The figures that board and report know by name; the catalogues hold label and formula of each."""

    UPLOAD_RATE = "upload_rate"
    NETWORKED = "networked"
    NC_RATIO = "nc_ratio"
    OEE = "oee"
    OEE_BY_PRODUCT = "oee_by_product"
    AVAILABILITY = "availability"
    EFFECTIVENESS = "effectiveness"
    QUALITY = "quality"
    UTILISATION = "utilisation"
    ENERGY_PER_PIECE = "energy_per_piece"
    UNIT_ENERGY = "unit_energy"
    DEFECT_RATE = "defect_rate"
    AUTOMATIC_CONTROL = "automatic_control"
    PIECES_TODAY = "pieces_today"
    PIECES_GOOD = "pieces_good"


class Realm(StrEnum):
    """First part of a log origin."""

    EVIDENCE = "ev"
    SIMULATED = "sim"


def is_simulated(origin: str) -> bool:
    """Return whether figures from the log `origin` are simulated: everything that does not say `ev/` is."""
    return not origin.startswith(Realm.EVIDENCE.value + "/")
