"""Every way to tamper with a bundle that the design names, and the exact answer of the verifier.

`refused` gives (verdict, step, kind). "The owner" holds the key of the site and signs everything again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from evidence import canonical
from evidence.entries import Block, Config, Off
from evidence.grammar import Origin
from evidence.keys import SeedSigner
from evidence.note import Checkpoint, format_note, log_key, parse_note, sign_checkpoint
from model.flags import RowFlag
from tests.support.forger import (
    Forger,
    Members,
    accepted,
    read_members,
    refused,
    with_sums,
    write_members,
)
from tests.support.mini_history import AFTER, FIRST, MiniHistory, mini_history

SLOT = FIRST + 150
"""A minute inside the after window."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> MiniHistory:
    return mini_history(tmp_path_factory.mktemp("history"))


@pytest.fixture
def members(history: MiniHistory) -> Members:
    return read_members(history.bundle)


@pytest.fixture
def policy(history: MiniHistory) -> bytes:
    return history.policy.read_bytes()


@pytest.fixture
def owner(history: MiniHistory, members: Members) -> Forger:
    return Forger.of(members, history.signer)


def frames_name(members: Members) -> str:
    return next(name for name in members if name.startswith("frames/"))


def kinds(verified: Any) -> list[str]:
    return [finding.code for finding in verified.findings]


# the good bundle


def test_good_bundle_is_accepted_with_every_figure(members: Members, policy: bytes):
    verified = accepted(members, policy)
    figures = {c.claim.id: (c.num, c.den) for c in verified.claims}
    # By hand: runs 20 of 25 minutes; 2 + 6 pieces a minute for 500 W.h, two pieces unseen at the counter reset.
    assert figures["utilisation-before"] == (4, 5)
    assert figures["energy-per-piece-before"] == (125, 2)
    assert figures["energy-per-piece"] == (50_000 // 2, 798 // 2)
    assert figures["upload-rate-before"] == (1, 1)
    assert verified.simulated
    assert verified.scope.rows == 2408
    assert set(kinds(verified)) == {"no-anchor", "headers-only"}


def test_forger_that_changes_nothing_gives_an_accepted_bundle(
    owner: Forger, members: Members, policy: bytes
):
    again = owner.members()
    assert accepted(again, policy).claims == accepted(members, policy).claims
    assert {n for n in members if again.get(n) != members[n]} <= {
        "statement.dsse.json",
        "log/checkpoint",
        "log/entries.ndjson",
        "log/leaves.hash",
        "SHA256SUMS",
    }


# one byte of a frame


@pytest.mark.parametrize("at", [40, 1000, -1])
def test_one_byte_of_a_frame_without_new_sums(members: Members, policy: bytes, at: int):
    name = frames_name(members)
    members[name] = flipped(members[name], at)
    assert refused(members, policy) == ("INVALID", 1, "sums")


@pytest.mark.parametrize("at", [40, 1000, -1])
def test_one_byte_of_a_frame_with_new_sums(members: Members, policy: bytes, at: int):
    name = frames_name(members)
    members[name] = flipped(members[name], at)
    assert refused(with_sums(members), policy) == ("INVALID", 5, "frame-root")


def test_one_value_changed_by_the_owner_contradicts_the_stated_figures(
    owner: Forger, policy: bytes
):
    """One good piece more in one reading, block root and all signatures renewed."""
    slot = FIRST + 229
    frame = owner.frame(slot, "plc-01.count")
    value = (49 * 2).to_bytes(8, "little")
    assert frame.count(value) == 1
    owner.set_frame(slot, "plc-01.count", frame.replace(value, (49 * 2 + 1).to_bytes(8, "little")))
    assert refused(owner.members(), policy) == ("INVALID", 7, "claim")


def test_block_root_renewed_but_old_statement_kept(owner: Forger, members: Members, policy: bytes):
    """The owner changes a frame, renews block and head, but keeps the statement that was issued before."""
    slot = FIRST + 229
    frame = owner.frame(slot, "plc-01.count")
    changed = frame.replace((98).to_bytes(8, "little"), (99).to_bytes(8, "little"))
    owner.set_frame(slot, "plc-01.count", changed)
    forged = owner.members()
    forged["statement.dsse.json"] = members["statement.dsse.json"]
    assert refused(with_sums(forged), policy) == ("INVALID", 6, "prefix-root")


# a removed minute


def test_removed_minute_without_signing(members: Members, policy: bytes):
    lines = members["log/entries.ndjson"].split(b"\n")
    at = next(i for i, line in enumerate(lines) if f'"slot":{SLOT},'.encode() in line)
    members["log/entries.ndjson"] = b"\n".join(lines[:at] + lines[at + 1 :])
    leaves = members["log/leaves.hash"]
    members["log/leaves.hash"] = leaves[: 32 * at] + leaves[32 * (at + 1) :]
    assert refused(with_sums(members), policy) == ("INVALID", 3, "entries")


def test_removed_minute_signed_again_by_the_owner(owner: Forger, policy: bytes):
    del owner.entries[owner.index_of(SLOT)]
    del owner.records[SLOT]
    assert refused(owner.members(), policy) == ("INVALID", 4, "slots")


def test_removed_minute_declared_as_off_contradicts_the_stated_coverage(
    owner: Forger, policy: bytes
):
    at = owner.index_of(SLOT)
    block = owner.entries[at]
    owner.entries[at] = Off(block.t_ms, SLOT, 1, "agent_down")
    del owner.records[SLOT]
    assert refused(owner.members(), policy) == ("INVALID", 7, "coverage")


def test_removed_minute_of_frames_only(owner: Forger, policy: bytes):
    """The entries stay; the records of one minute are left out of the container."""
    del owner.records[SLOT]
    assert refused(owner.members(), policy) == ("INVALID", 5, "frame-root")


def test_removed_last_minute_of_frames_only(owner: Forger, policy: bytes):
    del owner.records[max(owner.records)]
    assert refused(owner.members(), policy) == ("INVALID", 5, "container")


def test_frames_file_left_out_is_incomplete(owner: Forger, policy: bytes):
    forged = owner.members()
    del forged[frames_name(forged)]
    assert refused(with_sums(forged), policy) == ("INCOMPLETE", 7, "missing-file")


# a swapped checkpoint


def test_older_valid_head_of_the_same_log(history: MiniHistory, members: Members, policy: bytes):
    owner = Forger.of(members, history.signer)
    older = owner.head(owner.entries)
    members["log/checkpoint"] = format_note(older, [sign_checkpoint(older, history.signer)])
    assert refused(with_sums(members), policy) == ("INVALID", 3, "entries")


def test_head_of_equal_size_of_another_version_of_the_log(
    history: MiniHistory, owner: Forger, members: Members, policy: bytes
):
    """Both heads are signed by the site: the owner keeps two versions of the log."""
    block = owner.entries[owner.index_of(SLOT)]
    assert isinstance(block, Block)
    owner.entries[owner.index_of(SLOT)] = replace(block, t_ms=block.t_ms + 1)
    members["log/checkpoint"] = owner.members()["log/checkpoint"]
    assert refused(with_sums(members), policy) == ("INVALID", 3, "root")


def test_head_of_another_epoch_signed_by_the_same_key(
    history: MiniHistory, members: Members, policy: bytes
):
    head = parse_note(members["log/checkpoint"]).checkpoint
    other = Origin("sim", head.origin.enterprise, head.origin.workshop, 2)
    swapped = Checkpoint(other, head.size, head.root)
    members["log/checkpoint"] = format_note(swapped, [sign_checkpoint(swapped, history.signer)])
    assert refused(with_sums(members), policy) == ("INVALID", 2, "log-signature")


# a forged key


def test_everything_signed_with_another_key(owner: Forger, policy: bytes):
    owner.with_key(SeedSigner(bytes(32)))
    assert refused(owner.members(), policy) == ("INVALID", 2, "log-signature")


def test_only_the_statement_signed_with_another_key(owner: Forger, members: Members, policy: bytes):
    owner.with_key(SeedSigner(bytes(32)))
    members["statement.dsse.json"] = owner.members()["statement.dsse.json"]
    assert refused(with_sums(members), policy) == ("INVALID", 6, "dsse-signature")


# an unsigned tail


def test_entries_beyond_the_signed_size(members: Members, policy: bytes):
    """One more well-formed entry after the last signed one, with its leaf or without."""
    tail = members["log/entries.ndjson"].split(b"\n")[-2]
    members["log/entries.ndjson"] += tail + b"\n"
    assert refused(with_sums(members), policy) == ("INVALID", 3, "entries")
    members["log/leaves.hash"] += members["log/leaves.hash"][-32:]
    assert refused(with_sums(members), policy) == ("INVALID", 3, "entries")


def test_bytes_after_the_last_record_of_a_frames_file(members: Members, policy: bytes):
    members[frames_name(members)] += bytes(36)
    assert refused(with_sums(members), policy) == ("INVALID", 5, "container")


# a moved salt border


def test_salt_border_moved_by_one_byte(owner: Forger, policy: bytes):
    """The record is one byte shorter, so that the first byte of the frame is read as the last one of the salt."""
    salt, frame = owner.records[SLOT][0]
    forged = owner.members()
    name = frames_name(forged)
    record = len(frame).to_bytes(4, "big") + salt + frame
    moved = (len(frame) - 1).to_bytes(4, "big") + salt[1:] + frame
    assert forged[name].count(record) == 1
    forged[name] = forged[name].replace(record, moved)
    assert refused(with_sums(forged), policy) == ("INVALID", 5, "frame-root")


def test_salt_shortened_by_the_owner_shifts_the_frame(owner: Forger, policy: bytes):
    """The owner hashes another border: the first byte of the frame belongs to the salt now."""
    salt, frame = owner.records[SLOT][0]
    owner.records[SLOT][0] = (salt[1:] + frame[:1], frame[1:])
    owner.reseal(SLOT)
    assert refused(owner.members(), policy) == ("INVALID", 5, "frame")


# a renamed stream


def test_renamed_stream_without_signing(members: Members, policy: bytes):
    name = next(n for n in members if n.startswith("docs/"))
    members[name] = members[name].replace(b"plc-01.count", b"plc-02.count")
    assert refused(with_sums(members), policy) == ("INVALID", 4, "document")


def test_renamed_stream_signed_again_by_the_owner(owner: Forger, policy: bytes):
    """The document names plc-02, the frames still say plc-01."""
    number, entry = next((i, e) for i, e in enumerate(owner.entries) if isinstance(e, Config))
    data = owner.documents.pop(entry.sha256).replace(b"plc-01.count", b"plc-02.count")
    digest = sha256(data).digest()
    owner.documents[digest] = data
    owner.entries[number] = replace(entry, sha256=digest, bytes=len(data))
    assert refused(owner.members(), policy) == ("INVALID", 5, "frame")


# a stripped simulated mark


def test_simulated_mark_stripped_from_a_row_by_the_owner(owner: Forger, policy: bytes):
    frame = owner.frame(SLOT, "plc-01.state")
    rows = int.from_bytes(frame[16:20], "little")
    assert rows == 1
    assert frame[-2:] == int(RowFlag.SIMULATED).to_bytes(2, "little")
    owner.set_frame(SLOT, "plc-01.state", frame[:-2] + bytes(2))
    assert refused(owner.members(), policy) == ("INVALID", 5, "simulated")


def test_simulated_mark_stripped_from_the_statement_by_the_owner(owner: Forger, policy: bytes):
    owner.statement = replace(owner.statement, simulated=False)
    assert refused(owner.members(), policy) == ("INVALID", 6, "simulated")


def test_simulated_log_renamed_to_a_real_one_by_the_owner(
    history: MiniHistory, owner: Forger, policy: bytes
):
    """Origin `ev` everywhere: the authority's policy does not know it; if it did, the rows would give it away."""
    real = Origin("ev", owner.origin.enterprise, owner.origin.workshop, 1)
    owner.origin = real
    owner.statement = replace(owner.statement, origin=str(real), simulated=False)
    genesis = owner.entries[0]
    key = str(log_key(real, history.signer.public_key))
    owner.entries[0] = replace(genesis, origin=real, vkey=key)  # type: ignore[call-arg]
    forged = owner.members()
    assert refused(forged, policy) == ("INVALID", 2, "log-signature")
    assert refused(forged, f"log {key}\nquorum none\n".encode()) == ("INVALID", 5, "simulated")


# a configuration flipped for one minute


def without_press(plant: dict[str, Any]) -> None:
    """Drop press-01 from the plant: its failed slots are expected no longer."""
    plant["devices"] = [d for d in plant["devices"] if d["id"] != "press-01"]
    for device in plant["devices"]:
        device["energy_of"] = [d for d in device.get("energy_of", []) if d != "press-01"]


def test_configuration_flipped_for_one_minute_is_shown(tmp_path: Path):
    flipped_history = mini_history(tmp_path, flipped={155: without_press})
    verified = accepted(read_members(flipped_history.bundle), flipped_history.policy.read_bytes())
    changes = [f.en for f in verified.findings if f.code == "config-change"]
    upload = next(c.claim for c in verified.claims if c.claim.id == "upload-rate")
    coverage = {item["stream"]: item for item in upload.coverage}  # type: ignore[union-attr,call-overload,index]
    assert coverage["press-01.count"] == {
        "absent": 1,
        "data": 90,
        "gap": 9,
        "off": 0,
        "stream": "press-01.count",
    }
    assert coverage["plc-01.count"]["absent"] == 0
    mine = [text for text in changes if text.startswith("claims upload-rate, ")]
    assert len(mine) == 2
    assert f"from slot {FIRST + 155}" in mine[0]
    assert f"from slot {FIRST + 156}" in mine[1]


def test_configuration_flipped_for_one_minute_cannot_carry_the_old_figures(tmp_path: Path):
    """The owner flips the configuration and states the coverage of a log without the flip."""
    flipped_history = mini_history(tmp_path, flipped={155: without_press})
    owner = Forger.of(read_members(flipped_history.bundle), flipped_history.signer)

    def hide(claim: dict[str, Any]) -> None:
        for item in claim["coverage"]:
            item["gap"] += item["absent"]
            item["absent"] = 0

    owner.change_claim("upload-rate", hide)
    policy = flipped_history.policy.read_bytes()
    assert refused(owner.members(), policy) == ("INVALID", 7, "coverage")


# embellished figures


def plus_one(claim: dict[str, Any]) -> None:
    claim["num"] = str(int(claim["num"]) + 1)


@pytest.mark.parametrize(
    "name", ["upload-rate", "oee", "utilisation", "energy-per-piece", "nc-ratio", "oee-before"]
)
def test_claim_embellished_by_one_by_the_owner(owner: Forger, policy: bytes, name: str):
    owner.change_claim(name, plus_one)
    assert refused(owner.members(), policy) == ("INVALID", 7, "claim")


def test_detail_embellished_by_one_by_the_owner(owner: Forger, policy: bytes):
    def one_more(claim: dict[str, Any]) -> None:
        claim["detail"]["assets"][0]["good"] += 1

    owner.change_claim("oee", one_more)
    assert refused(owner.members(), policy) == ("INVALID", 7, "detail")


def test_claim_in_the_file_differs_from_the_signed_one(members: Members, policy: bytes):
    data = json.loads(members["kpi/claims.json"])
    plus_one(data["claims"][0])
    members["kpi/claims.json"] = canonical.encode(data) + b"\n"
    assert refused(with_sums(members), policy) == ("INVALID", 6, "subject")


def test_report_exchanged_after_signing(members: Members, policy: bytes):
    members["report.pdf"] = members["report.pdf"] + b"%\n"
    assert refused(with_sums(members), policy) == ("INVALID", 6, "subject")


def test_statement_that_the_log_never_recorded(owner: Forger, members: Members, policy: bytes):
    """A second statement, signed by the site, put into the bundle of the first."""
    owner.statement = replace(owner.statement, claims=owner.statement.claims[:1])
    other = owner.members()
    members["statement.dsse.json"] = other["statement.dsse.json"]
    members["kpi/claims.json"] = other["kpi/claims.json"]
    assert refused(with_sums(members), policy) == ("INVALID", 6, "export")


# withheld streams


def test_withheld_stream_that_a_claim_needs(owner: Forger, policy: bytes):
    owner.withhold(SLOT, "plc-01.count")
    assert refused(owner.members(), policy) == ("INCOMPLETE", 7, "withheld")


def test_withheld_process_streams_are_fine_and_named(tmp_path: Path, members: Members):
    withheld = mini_history(tmp_path, withhold_process=True)
    verified = accepted(read_members(withheld.bundle), withheld.policy.read_bytes())
    assert "withheld" in kinds(verified)
    finding = next(f for f in verified.findings if f.code == "withheld")
    # One process stream (the program of cnc-02) in every minute of both windows with lead and grace.
    assert finding.en == f"{2 * 120} frames are withheld, of cnc-02.process"
    assert verified.scope.withheld == 240
    before = accepted_claims(members)
    assert {c.claim.id: (c.num, c.den) for c in verified.claims} == before


def accepted_claims(members: Members) -> dict[str, tuple[int, int]]:
    claims = json.loads(members["kpi/claims.json"])["claims"]
    return {c["id"]: (int(c["num"]), int(c["den"])) for c in claims}


# the command


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (lambda m: m, 0, ["VERIFIED", "SIMULATED DATA"]),
        (lambda m: with_sums({**m, "log/leaves.hash": flipped(m["log/leaves.hash"], 5)}), 1, ["INVALID", "step 3"]),
        (lambda m: {n: d for n, d in m.items() if n != "log/checkpoint"}, 1, ["INCOMPLETE", "step 1"]),
    ],
    ids=["good", "invalid", "incomplete"],
)  # fmt: skip
def test_command_says_verdict_and_exit_code(
    tmp_path: Path,
    history: MiniHistory,
    members: Members,
    spoil: Callable[[Members], Members],
    code: int,
    words: list[str],
):
    bundle = write_members(tmp_path / "b.zip", spoil(members))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "evidence.cli", bundle, "--trust", history.policy, "--lang", "en"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=Path(__file__).resolve().parents[2],
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    for word in words:
        assert word in done.stdout


def flipped(data: bytes, at: int) -> bytes:
    """Return `data` with the lowest bit of one byte changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def test_window_of_the_claims_is_the_one_asked_for(members: Members, policy: bytes):
    verified = accepted(members, policy)
    after = next(c.claim for c in verified.claims if c.claim.id == "oee")
    assert (after.first, after.last) == (AFTER.first, AFTER.last)
