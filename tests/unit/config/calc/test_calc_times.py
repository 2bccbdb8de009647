"""Sums of time in the words of each school: what a word or a total leaves open stays open (kpi-audit U4, E2 to E4)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from kpi.profiles import Profile, category
from model.state import Atom
from tests.support.calc_case import Solved, solved

F = Fraction
COUNTS = "products: [{ideal_cycle: 1 min}]\ncounts: [{made: 300, good: 270, scrap: 30}]\n"


def split(found: Solved) -> dict[str, tuple[int, frozenset[str]]]:
    """Return the minutes of every time that may be several atoms."""
    assert found.result.equipment is not None
    (machine,) = found.result.equipment.sums.machines
    assert machine.machine.time is not None
    return {
        s.name: (s.ms // 60_000, frozenset(a.value for a in s.atoms))
        for s in machine.machine.time.splits
    }


def certain(found: Solved) -> dict[str, int]:
    """Return the minutes that can be one atom only."""
    assert found.result.equipment is not None
    (machine,) = found.result.equipment.sums.machines
    assert machine.machine.time is not None
    return {a.value: ms // 60_000 for a, ms in machine.machine.time.atoms.items() if ms}


def test_all_fourteen_atoms_can_be_written() -> None:
    words = [a.value for a in Atom]
    written = ", ".join(f"{w}: {i + 1} min" for i, w in enumerate(words))
    found = solved(f"time: {{atoms: {{{written}}}}}\n")
    assert certain(found) == {w: i + 1 for i, w in enumerate(words)}
    assert split(found) == {}


def test_what_the_planned_time_leaves_is_any_stop_or_running() -> None:
    # Planned 460, run 390: 70 left. Availability of ISO 22400-2 is 390/460 whatever it was, as run is written.
    found = solved("time: {atoms: {run: 390 min, planned: 460 min}}\n" + COUNTS)
    assert split(found) == {
        "setup + minor + fault + wait + idle + idle_fault + test": (
            70,
            frozenset({"setup", "minor", "fault", "wait", "idle", "idle_fault", "test"}),
        )
    }
    assert found.value("iso22400/availability") == F(390, 460)
    assert found.value("iso22400/oee") == F(270, 460)
    # As set-up it is part of AUPT: AUST/AUPT is anything from 0 to 70/460.
    assert found.range("iso22400/setup-ratio") == (0, F(70, 460))


def test_what_the_calendar_leaves_is_not_scheduled() -> None:
    found = solved("time: {atoms: {run: 6 h, wait: 2 h, calendar: 24 h}}\n" + COUNTS)
    assert certain(found) == {"run": 360, "wait": 120, "off": 960}
    assert found.value("ours/teep") == F(270, 1440)


def test_without_all_of_the_time_nothing_is_formed_over_the_calendar() -> None:
    found = solved("time: {atoms: {run: 6 h, wait: 2 h}}\n" + COUNTS)
    assert found.missing()["ours/teep"] == {"calendar time"}
    assert "ours/teep" not in found.names


def test_iso_times_give_the_ratios_of_iso_22400() -> None:
    # kpi-audit E3: AUPT 330 of which APT 300 and AUST 30, ADET 80 (fault 60 + minor 20), ADOT 70 (no order) = 480.
    found = solved(
        "time: {iso22400: {APT: 300 min, AUST: 30 min, ADET: 80 min, ADOT: 70 min}}\n" + COUNTS
    )
    assert found.value("iso22400/availability") == F(300, 480)
    assert found.value("iso22400/allocation-efficiency") == F(410, 480)  # 85.42 %
    assert found.value("iso22400/utilisation-efficiency") == F(300, 410)  # 73.17 %
    assert found.value("iso22400/technical-efficiency") == F(300, 380)  # 78.95 %
    assert found.value("iso22400/setup-ratio") == F(30, 330)
    assert found.value("iso22400/oee") == F(270, 480)
    # NEE = OEE · (1 + AUST/APT) = 270/480 · 330/300.
    assert found.value("iso22400/nee") == F(270 * 330, 480 * 300)
    # ADET may be a breakdown, a minor stop, waiting or a test: TPM counts minor stops as operating time.
    assert found.range("tpm/availability") == (F(300, 480), F(380, 480))


def test_totals_of_iso_give_what_they_leave_to_the_time_that_is_not_written() -> None:
    # AUPT 330 − APT 300 = AUST 30; AUBT 410 − AUPT 330 = ADET 80; PBT 480 − AUBT 410 = ADOT 70; POT − PBT = PDOT 20.
    found = solved(
        "time: {iso22400: {APT: 300 min, AUPT: 330 min, AUBT: 410 min, PBT: 480 min, POT: 500 min, "
        "calendar: 1440 min}}\n" + COUNTS
    )
    assert found.value("iso22400/allocation-efficiency") == F(410, 480)
    assert found.value("iso22400/setup-ratio") == F(30, 330)
    assert found.value("ours/teep") == F(270, 1440)
    assert split(found)["PDOT"][0] == 20
    assert certain(found) == {"run": 300, "setup": 30, "off": 940}


def test_minor_stops_of_tpm_are_part_of_operating_time() -> None:
    # Operating 390 of which 20 are minor stops: run 370, so ISO availability is 370/460 and TPM's 390/460.
    found = solved(
        "time: {tpm: {loading: 460 min, operating: 390 min, minor_stops: 20 min}}\n" + COUNTS
    )
    assert certain(found) == {"run": 370, "minor": 20}
    assert split(found)["downtime"][0] == 70
    assert found.value("tpm/availability") == F(390, 460)
    assert found.value("iso22400/availability") == F(370, 460)
    assert found.value("tpm/performance") == F(300, 390)


def test_without_minor_stops_operating_time_of_tpm_leaves_iso_availability_a_range() -> None:
    # Running 0 … 390 of 460: nobody says how much of the 390 were minor stops.
    found = solved("time: {tpm: {loading: 460 min, downtime: 70 min}}\n" + COUNTS)
    assert found.value("tpm/availability") == F(390, 460)
    assert found.range("iso22400/availability") == (0, F(390, 460))
    told = found.undefined("iso22400/availability")
    assert "divided" in told.en


def test_semi_e10_states_give_its_ratios() -> None:
    # 1440: productive 400, standby 50, engineering 30, scheduled down 60, unscheduled 40, the rest not scheduled.
    found = solved(
        "time: {semi_e10: {productive: 400 min, standby: 50 min, engineering: 30 min, scheduled_down: 60 min, "
        "unscheduled_down: 40 min, total: 24 h}}\n" + COUNTS
    )
    assert found.value("semi_e10/availability-efficiency") == F(480, 1440)
    assert found.value("semi_e10/operational-efficiency") == F(400, 480)
    assert found.value("semi_e10/rate-efficiency") == F(300, 400)
    assert found.value("semi_e10/quality-efficiency") == F(270, 300)
    assert found.value("semi_e10/oee") == F(270, 1440)


def test_uptime_of_semi_e10_gives_its_rest_to_what_is_not_written() -> None:
    found = solved("time: {semi_e10: {productive: 400 min, uptime: 480 min, total: 24 h}}\n")
    assert found.value("semi_e10/operational-efficiency") == F(400, 480)
    assert found.value("semi_e10/availability-efficiency") == F(480, 1440)


def test_vdi_times_give_its_ratios() -> None:
    # T_B 480 = T_N 300 + T_O 100 + T_T 50 + T_W 30: V_T = 430/480, use degree 300/480.
    found = solved("time: {vdi3423: {T_N: 300 min, T_O: 100 min, T_T: 50 min, T_B: 480 min}}\n")
    assert found.value("vdi3423/technical-availability") == F(430, 480)
    assert found.value("vdi3423/use-degree") == F(300, 480)


@pytest.mark.parametrize(
    ("profile", "school", "words"),
    [
        (Profile.ISO22400, "iso22400", {"APT": "APT", "AUST": "AUST", "ADET": "ADET"}),
        (Profile.SEMI_E10, "semi_e10", {"standby": "standby", "scheduled_down": "scheduled down"}),
        (Profile.VDI3423, "vdi3423", {"T_N": "T_N", "T_O": "T_O", "T_T": "T_T", "T_W": "T_W"}),
        (Profile.TPM, "tpm", {"downtime": "downtime", "excluded": "excluded"}),
    ],
)
def test_words_of_a_school_are_the_atoms_that_its_profile_calls_so(
    profile: Profile, school: str, words: dict[str, str]
) -> None:
    for word, called in words.items():
        found = solved(f"time: {{{school}: {{{word}: 10 min}}}}\n")
        atoms = frozenset(certain(found)) | frozenset(
            a for _, several in split(found).values() for a in several
        )
        inside = {a.value for a in Atom if category(profile, a) == called}
        assert atoms == inside - {"run_x", "unk_x"}


def test_failures_and_repairs_of_a_time_case() -> None:
    # E11: (APT + AUST) / failures = (120 + 5) h / 3; MTTR = 45 h / 3.
    found = solved(
        "time: {atoms: {run: 120 h, setup: 5 h, fault: 45 h}, failures: 3, repairs: 3, repair_time: 45 h}\n"
    )
    assert found.value("iso22400/mtbf") == F(125, 3) * 3_600_000
    assert found.value("iso22400/mttr") == 15 * 3_600_000


def test_unknown_time_of_a_time_case_leaves_a_range() -> None:
    # kpi-audit E5 ii: run 330, idle 60, unknown 110 of 500, 410 pieces of 1 min: A in [.66, .88], OEE exact .82.
    found = solved(
        "time: {atoms: {run: 330 min, idle: 60 min, unk: 110 min}}\n"
        "products: [{ideal_cycle: 1 min}]\ncounts: [{good: 410, scrap: 0}]\n"
    )
    assert found.range("iso22400/availability") == (F(33, 50), F(22, 25))
    assert found.range("iso22400/effectiveness") == (F(41, 44), F(41, 33))
    assert found.value("iso22400/oee") == F(41, 50)
