"""E3 and E4 of kpi-audit: the same 480 minutes in the words of the schools."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.profiles import Profile, iso_times, times, tpm_availability
from model.ratio import Undefined
from model.state import Atom

MIN = 60_000


def atoms(**minutes: int) -> dict[Atom, int]:
    return {a: minutes.get(a.value, 0) * MIN for a in Atom}


E3 = atoms(run=300, setup=30, fault=60, minor=20, idle=70)


def test_iso22400_e3_malfunction_with_order_is_adet() -> None:
    found = iso_times(E3)
    assert (found.aubt, found.pbt) == (410 * MIN, 480 * MIN)
    assert found.utilisation_efficiency == Fraction(300, 410)  # 73.17 %
    assert found.allocation_efficiency == Fraction(410, 480)  # 85.42 %
    assert found.technical_efficiency == Fraction(300, 380)  # 78.95 %


def test_iso22400_e4_nee_gives_the_setup_back() -> None:
    found = iso_times(atoms(run=300, setup=60, fault=60, idle=60))
    assert found.availability == Fraction(5, 8)
    assert tpm_availability(atoms(run=300, setup=60, fault=60, idle=60)) == Fraction(5, 8)
    assert found.nee(Fraction(260, 480)) == Fraction(65, 100)
    assert found.setup_ratio == Fraction(1, 6)


def test_e4_minor_stops_are_what_tells_iso22400_from_tpm() -> None:
    found = atoms(run=380, minor=20, setup=50, fault=30)
    assert iso_times(found).availability == Fraction(380, 480)  # 79.17 %
    assert tpm_availability(found) == Fraction(400, 480)  # 83.33 %


def test_nee_without_production_time_is_undefined() -> None:
    assert isinstance(iso_times(atoms(setup=10)).nee(Fraction(0)), Undefined)


@pytest.mark.parametrize("profile", Profile)
def test_times_of_every_school_add_up_to_all_time(profile: Profile) -> None:
    every = {a: 2**i for i, a in enumerate(Atom)}
    assert sum(times(profile, every).values()) == sum(every.values())


def test_identity_pbt_is_aupt_adet_adot_and_unknown() -> None:
    every = {a: 2**i for i, a in enumerate(Atom)}
    outside = every[Atom.PM] + every[Atom.BRK] + every[Atom.OFF] + every[Atom.UNK_X]
    assert iso_times(every).pbt == sum(every.values()) - outside
