"""`plantproof plan --plant`: noise estimated from a sealed log, and what the command says when it cannot."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.folders import beside, data_folder
from agent.keys import load_signer, load_site_secret
from agent.sealer import Sealer
from agent.timelapse import replay
from config.document import plant_document
from evidence.grammar import Origin
from evidence.note import log_key
from model.batch import Batch
from model.signal import SignalTable
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger
from tests.support.mini_history import Sample, to_batch
from tests.support.plant_run import invoke as plantproof
from tests.support.plant_run import loaded, write_plant

PORTS = {"press-01": 1, "meter-02": 1}
DAYS = 26
# the mini history starts at 16:00 local; its production days begin at 08:00
DAY_MINUTES = 1440


def daily_counts() -> list[tuple[int, int]]:
    """Good pieces and energy steps a day: about 2 000 pieces, 3 a piece, with noise."""
    rng = random.Random(6)
    return [
        (made := rng.randrange(1800, 2201), 3 * made + rng.randrange(-300, 301))
        for _ in range(DAYS)
    ]


def batches(table: SignalTable) -> Iterator[Batch]:
    """Yield one minute of rows at 07:59 and one at 08:01 local of every day, so that a day's counts are its own."""
    good = energy = 0
    for day, (made, used) in enumerate(daily_counts()):
        morning = 16 * 60 + 1 + day * DAY_MINUTES  # 08:01 of the following day
        yield to_batch(_samples(morning, good, energy), table)
        good, energy = good + made, energy + used
        yield to_batch(_samples(morning + 1438, good, energy), table)


def _samples(minute: int, good: int, energy: int) -> list[Sample]:
    return [
        Sample("press-01", "state", minute, 1),
        Sample("press-01", "good", minute, good),
        Sample("press-01", "scrap", minute, 0),
        Sample("meter-02", "energy", minute, energy),
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")

    def of_trace(plant: dict[str, Any]) -> None:
        for device in plant["devices"]:
            device["connection"] = {"protocol": "file", "folder": "trace"}

    path = write_plant(folder, PORTS, ("press-01", "meter-02"), change=of_trace)
    plant = loaded(path)
    data = data_folder(plant)
    signer = load_signer(beside(plant, plant.config.evidence.key_file))
    secret = load_site_secret(beside(plant, plant.config.evidence.secret_file))
    origin = Origin("sim", plant.config.site.enterprise, plant.config.site.workshop, 1)
    ledger = open_ledger(data.ledger(1), log_key(origin, signer.public_key))
    assert isinstance(ledger, Ledger)
    with ledger, FrameArchive(data.frames(1), level=1) as archive:
        sealer = Sealer(ledger=ledger, archive=archive, signer=signer, secret=secret, origin=origin)
        document = plant_document(plant)
        replay(sealer, document, batches(document.table))
    return path


def test_plan_estimates_energy_noise_from_the_log_and_says_that_it_is_simulated(site: Path) -> None:
    # 2027-01-16 08:00 is the first morning, 25 whole production days follow
    answer = plantproof(
        "plan", "--plant", site, "--from", "2027-01-16", "--to", "2027-02-10", "--metric", "energy",
        "--threshold", "8", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    noise = answer.json["data"]["noise"]
    assert noise["source"] == "estimated from SIMULATED data"
    assert noise["days_per_week"] == 7
    # energy a piece is 3 ± 0.1 a day: 173 of 6 000 is 2.9 %
    assert 0.02 < float(noise["day"]) < 0.04


@pytest.mark.parametrize(
    ("metric", "start", "end", "code", "words"),
    [
        ("energy", "2027-01-16", "2027-01-20", 78, "4 valid days; at least 20"),
        ("oee", "2027-01-16", "2027-02-10", 78, "0 valid days"),  # no state for most of the time
        (
            "energy",
            "2027-01-16T09:00+08:00",
            "2027-01-16T10:00+08:00",
            1,
            "no whole production day",
        ),
        ("energy", "2027-01-16", "2027-05-01", 1, "sealed up to"),
        ("energy", "yesterday", "2027-05-01", 78, "no date"),
    ],
)
def test_plan_from_a_log_says_why_it_cannot(
    site: Path, metric: str, start: str, end: str, code: int, words: str
) -> None:
    answer = plantproof(
        "plan", "--lang", "en", "--plant", site, "--from", start, "--to", end, "--metric", metric
    )
    assert answer.code == code
    assert words in answer.err
