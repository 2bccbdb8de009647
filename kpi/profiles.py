"""Named readings of the 14 atoms by school (kpi-audit U1): the same milliseconds, different factors.

Profiles with the same base (iso22400, tpm) have equal OEE and different factors; semi_e10 divides by total time;
vdi3423 defines no OEE. The rows of semi_e10 and vdi3423 were not checked against the standards and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from model.ratio import Ratio, ratio_of
from model.state import Atom

Atoms = Mapping[Atom, int]


class Profile(StrEnum):
    """A school of time accounting."""

    ISO22400 = "iso22400"
    TPM = "tpm"
    SEMI_E10 = "semi_e10"
    VDI3423 = "vdi3423"


CONFIRMED: Final = frozenset({Profile.ISO22400, Profile.TPM})
"""Profiles whose mapping rests on a public source that was read."""

_SCHOOLS: Final = (Profile.ISO22400, Profile.TPM, Profile.SEMI_E10, Profile.VDI3423)
_ROWS: Final[dict[Atom, tuple[str, str, str, str]]] = {
    Atom.RUN: ("APT", "operating", "productive", "T_N"),
    Atom.RUN_X: ("APT", "operating", "productive", "T_N"),
    Atom.SETUP: ("AUST", "downtime", "scheduled down", "T_O"),
    Atom.MINOR: ("ADET", "operating (performance loss)", "unscheduled down", "T_T"),
    Atom.FAULT: ("ADET", "downtime", "unscheduled down", "T_T"),
    Atom.WAIT: ("ADET", "downtime", "standby", "T_O"),
    Atom.IDLE: ("ADOT", "downtime", "standby", "T_O"),
    Atom.IDLE_FAULT: ("ADOT", "downtime", "unscheduled down", "T_T"),
    Atom.TEST: ("ADOT", "downtime", "engineering", "T_O"),
    Atom.PM: ("PDOT", "excluded", "scheduled down", "T_W"),
    Atom.BRK: ("PDOT", "excluded", "non-scheduled", "excluded"),
    Atom.OFF: ("outside", "excluded", "non-scheduled", "excluded"),
    Atom.UNK: ("unknown in PBT", "unknown in loading", "unknown in total", "unknown in T_B"),
    Atom.UNK_X: ("unknown outside", "excluded", "unknown in total", "excluded"),
}


def category(profile: Profile, atom: Atom) -> str:
    """Return what a school calls an atom."""
    return _ROWS[atom][_SCHOOLS.index(profile)]


def times(profile: Profile, atoms: Atoms) -> dict[str, int]:
    """Return ms by category of a school; they add up to all ms of the atoms."""
    found: dict[str, int] = {}
    for atom in Atom:
        name = category(profile, atom)
        found[name] = found.get(name, 0) + atoms[atom]
    return found


@dataclass(frozen=True, slots=True)
class IsoTimes:
    """Times of ISO 22400-2 in ms; AUPT = APT + AUST, AUBT = AUPT + ADET, PBT = AUBT + ADOT + unknown."""

    apt: int
    aust: int
    adet: int
    adot: int
    pdot: int
    unknown: int

    @property
    def aubt(self) -> int:
        """Return actual unit busy time."""
        return self.apt + self.aust + self.adet

    @property
    def pbt(self) -> int:
        """Return planned busy time."""
        return self.aubt + self.adot + self.unknown

    @property
    def availability(self) -> Ratio:
        """Return APT / PBT."""
        return _ratio(self.apt, self.pbt)

    @property
    def utilisation_efficiency(self) -> Ratio:
        """Return APT / AUBT."""
        return _ratio(self.apt, self.aubt)

    @property
    def allocation_efficiency(self) -> Ratio:
        """Return AUBT / PBT."""
        return _ratio(self.aubt, self.pbt)

    @property
    def technical_efficiency(self) -> Ratio:
        """Return APT / (APT + ADET)."""
        return _ratio(self.apt, self.apt + self.adet)

    @property
    def setup_ratio(self) -> Ratio:
        """Return AUST / AUPT."""
        return _ratio(self.aust, self.apt + self.aust)

    def nee(self, oee: Fraction) -> Ratio:
        """Return net equipment effectiveness = OEE · (1 + AUST/APT), undefined without production time."""
        return _ratio(oee * (self.apt + self.aust), self.apt)


def iso_times(atoms: Atoms) -> IsoTimes:
    """Return the times of ISO 22400-2 of one or many assets (atoms add)."""
    found = times(Profile.ISO22400, atoms)
    return IsoTimes(
        apt=found["APT"],
        aust=found["AUST"],
        adet=found["ADET"],
        adot=found["ADOT"],
        pdot=found["PDOT"],
        unknown=found["unknown in PBT"],
    )


def tpm_availability(atoms: Atoms) -> Ratio:
    """Return operating time / loading time of TPM: minor stops are a loss of performance, not of availability."""
    found = times(Profile.TPM, atoms)
    operating = found["operating"] + found["operating (performance loss)"]
    loading = operating + found["downtime"] + found["unknown in loading"]
    return _ratio(operating, loading)


def _ratio(numerator: int | Fraction, denominator: int) -> Ratio:
    return ratio_of(
        numerator, denominator, en="no such time in the window", zh="窗口内没有该类时间"
    )
