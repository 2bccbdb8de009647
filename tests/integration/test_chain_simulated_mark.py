"""Everything that is made from simulated data says so: rows, statement, every page of the PDF, the file beside it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from evidence.dsse import open_envelope
from evidence.entries import Genesis
from evidence.note import log_key, parse_note
from model.flags import RowFlag
from tests.support.forger import read_members
from tests.support.mini_history import MiniHistory, mini_history
from tests.support.plant_run import entries_of, sealed_rows
from tests.support.servers import require


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    return mini_history(tmp_path_factory.mktemp("history"))


def test_every_sealed_row_carries_the_flag(history: MiniHistory):
    rows = [row for slot in sealed_rows(history.data).values() for row in slot]
    assert len(rows) > 2_000
    assert all(row[6] & RowFlag.SIMULATED for row in rows)


def test_name_of_the_log_says_it_for_ever(history: MiniHistory):
    genesis = entries_of(history.data.ledger(1))[0]
    assert isinstance(genesis, Genesis)
    assert genesis.origin.realm == "sim"
    members = read_members(history.bundle)
    assert str(parse_note(members["log/checkpoint"]).checkpoint.origin).startswith("sim/")


def test_signed_statement_says_it(history: MiniHistory):
    members = read_members(history.bundle)
    origin = parse_note(members["log/checkpoint"]).checkpoint.origin
    key = log_key(origin, history.signer.public_key)
    predicate = json.loads(open_envelope(members["statement.dsse.json"], key))["predicate"]
    assert predicate["simulated"] is True


def test_readme_of_the_bundle_says_it_in_both_languages(history: MiniHistory):
    text = read_members(history.bundle)["README.txt"].decode("utf-8")
    assert "SIMULATED DATA" in text
    assert "模拟数据" in text


def test_every_page_of_the_report_says_it(history: MiniHistory, tmp_path: Path):
    program = require("pdftoppm").with_name("pdftotext")
    path = tmp_path / "report.pdf"
    path.write_bytes(read_members(history.bundle)["report.pdf"])
    done = subprocess.run([program, path, "-"], capture_output=True, check=True)
    pages = done.stdout.decode("utf-8").split("\f")[:-1]
    assert len(pages) >= 3
    for number, page in enumerate(pages, 1):
        assert "模拟数据" in page.replace(" ", "").replace("\n", ""), f"page {number}"
