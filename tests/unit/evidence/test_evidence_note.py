"""Checkpoint notes, keys and trust policies."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence import b64
from evidence.grammar import parse_origin
from evidence.keys import SeedSigner, check_public_key, generate_seed, verifies
from evidence.note import (
    Checkpoint,
    SignatureLine,
    VerifierKey,
    cosign_checkpoint,
    format_note,
    parse_note,
    parse_vkey,
    sign_checkpoint,
    verify_note,
)
from evidence.policy import parse_policy
from evidence.refusal import Refusal, Verdict
from tests.unit.evidence.vectors import FOLDER, VECTORS

LOG = SeedSigner(bytes.fromhex(VECTORS["log_seed"]))
WITNESS = SeedSigner(bytes.fromhex(VECTORS["witness_seed"]))
NOTE = VECTORS["checkpoint"].encode()
LOG_KEY = parse_vkey(VECTORS["log_vkey"])
WITNESS_KEY = parse_vkey(VECTORS["witness_vkey"])

# the eight points of small order and second spellings of them (RFC 7748 / Ed25519 literature)
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def refused(text: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        parse_note(text)
    return caught.value.kind


def test_note_of_the_vectors_is_written_byte_for_byte():
    head = Checkpoint(
        parse_origin("sim/91500000TEST000017/ws1/1"), 9, bytes.fromhex(VECTORS["roots"]["9"])
    )
    lines = [
        sign_checkpoint(head, LOG),
        cosign_checkpoint(head, "witness.example/w1", WITNESS, 1772323800),
    ]
    assert format_note(head, lines) == NOTE == (FOLDER / "bundle/log/checkpoint").read_bytes()


def test_note_verified_returns_the_cosignature_with_its_time():
    note = parse_note((FOLDER / "bundle/log/checkpoint").read_bytes())
    (seen,) = verify_note(note, LOG_KEY, [WITNESS_KEY])
    assert (seen.witness, seen.time_s) == ("witness.example/w1", 1772323800)
    assert verify_note(note, LOG_KEY, []) == []


def test_note_with_unknown_signature_line_is_accepted_and_known_bad_one_refused():
    note = parse_note(NOTE)
    stranger = SignatureLine("someone", b"abcd", bytes(64))
    assert (
        verify_note(parse_note(format_note(note.checkpoint, [*note.lines, stranger])), LOG_KEY, [])
        == []
    )
    bad = cosign_checkpoint(note.checkpoint, "witness.example/w1", LOG, 5)
    forged = SignatureLine(bad.name, WITNESS_KEY.key_id, bad.signature)
    with pytest.raises(Refusal) as caught:
        verify_note(
            parse_note(format_note(note.checkpoint, [note.lines[0], forged])),
            LOG_KEY,
            [WITNESS_KEY],
        )
    assert caught.value.kind == "witness-signature"
    again = SignatureLine(note.lines[0].name, note.lines[0].key_id, bytes(64))
    with pytest.raises(Refusal) as caught:
        verify_note(parse_note(format_note(note.checkpoint, [note.lines[0], again])), LOG_KEY, [])
    assert caught.value.kind == "log-signature"


def test_note_whose_first_line_is_not_the_logs_is_refused():
    note = parse_note((FOLDER / "bundle/log/checkpoint").read_bytes())
    swapped = parse_note(format_note(note.checkpoint, note.lines[::-1]))
    with pytest.raises(Refusal) as caught:
        verify_note(swapped, LOG_KEY, [WITNESS_KEY])
    assert caught.value.kind == "log-signature"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b"\n9\n", b"\n0\n", "checkpoint"),
        (b"\n9\n", b"\n09\n", "checkpoint"),
        (b"\n9\n", b"\n9\nextra\n", "checkpoint"),
        (b"\n9\n", b"\n9007199254740993\n", "checkpoint"),
        (b"ws1/1\n9", b"ws1/01\n9", "origin"),
        (b"sim/", b"xyz/", "origin"),
        (b"zA=\n", b"zB=\n", "base64"),
        (b"zA=\n", b"z=\n", "base64"),
        ("— sim".encode(), b"- sim", "checkpoint"),
        ("— sim".encode(), "—  sim".encode(), "checkpoint"),
        (b"\n\n", b"\n", "checkpoint"),
    ],
)
def test_note_other_spelling_is_refused(old: bytes, new: bytes, kind: str):
    assert old in NOTE
    assert refused(NOTE.replace(old, new, 1)) == kind


def test_note_incomplete_or_too_long_is_refused():
    assert refused(NOTE[:-1]) == "checkpoint"
    assert refused(b"") == "checkpoint"
    assert refused(b"\xff\n\n") == "checkpoint"
    assert refused(NOTE + NOTE.split(b"\n\n")[1] * 16) == "checkpoint"
    assert refused(NOTE.split(b"\n\n")[0] + b"\n\n") == "checkpoint"


@pytest.mark.parametrize("encoded", SMALL_ORDER)
def test_public_key_of_small_order_is_refused(encoded: str):
    with pytest.raises(Refusal):
        check_public_key(bytes.fromhex(encoded))


def test_public_key_identity_point_would_verify_any_message():
    # why the refusal exists: S = 0, R = identity verifies under the identity key
    identity = bytes.fromhex(SMALL_ORDER[0])
    Ed25519PublicKey.from_public_bytes(identity).verify(identity + bytes(32), b"anything")


def test_generated_seed_signs_and_verifies():
    signer = SeedSigner(generate_seed())
    check_public_key(signer.public_key)
    signature = signer.sign(b"m")
    assert verifies(signer.public_key, signature, b"m")
    assert not verifies(signer.public_key, signature, b"n")
    assert not verifies(signer.public_key, signature[:-1], b"m")


def test_vkey_round_trip_and_other_spellings():
    assert str(LOG_KEY) == VECTORS["log_vkey"]
    for text in (
        "",
        "name",
        "a+b",
        VECTORS["log_vkey"].replace("41edbb67", "41edbb68"),
        VECTORS["log_vkey"] + "A",
        VECTORS["log_vkey"].replace("sim", "si m"),
        str(VerifierKey("n", 0x02, bytes(31) + b"\x05")),
    ):
        with pytest.raises(Refusal) as caught:
            parse_vkey(text)
        assert caught.value.kind == "policy"


def vkey(name: str, seed: int, algorithm: int = 4) -> str:
    return str(VerifierKey(name, algorithm, SeedSigner(bytes([seed]) * 32).public_key))


def test_policy_of_the_vectors():
    policy = parse_policy((FOLDER / "policy.txt").read_bytes())
    assert policy.log_key("sim/91500000TEST000017/ws1/1") == LOG_KEY
    assert policy.witnesses["w1"] == WITNESS_KEY
    with pytest.raises(Refusal) as caught:
        policy.log_key("ev/91500000TEST000017/ws1/1")
    assert caught.value.kind == "log-signature"


def test_policy_quorum_of_groups_is_counted():
    text = "\n".join(
        [
            f"log {VECTORS['log_vkey']} https://log.example",
            *(f"witness w{i} {vkey(f'k{i}', i)}" for i in range(1, 5)),
            "group pair all w1 w2",
            "group any2 2 pair w3 w4",
            "# comment",
            "quorum any2",
        ]
    )
    policy = parse_policy(text.encode())
    policy.check_quorum({"k1", "k2", "k3"})
    policy.check_quorum({"k3", "k4"})
    for names in (set(), {"k1", "k3"}, {"k1", "k2"}, {"w3", "w4"}):
        with pytest.raises(Refusal) as caught:
            policy.check_quorum(names)
        assert caught.value.kind == "quorum"
        assert caught.value.verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize(
    "lines",
    [
        ["quorum none"],
        ["LOG"],
        ["LOG", "quorum none", "quorum none"],
        ["LOG", "LOG", "quorum none"],
        ["LOG", "quorum w1"],
        ["LOG", "witness none W", "quorum none"],
        ["LOG", "witness w1 W", "witness w1 V", "quorum none"],
        ["LOG", "witness w1 W", "witness w2 W", "quorum none"],
        ["LOG", "witness w1 W", "group g 2 w1", "quorum g"],
        ["LOG", "witness w1 W", "group g 0 w1", "quorum g"],
        ["LOG", "witness w1 W", "group g any w1 w1", "quorum g"],
        ["LOG", "group g any g", "quorum g"],
        ["LOG", "witness w1 L", "quorum none"],
        ["log W", "quorum none"],
        ["LOG", "trust me", "quorum none"],
        ["LOG", "witness w1 SMALL", "quorum none"],
    ],
)
def test_policy_that_cannot_be_used_is_refused(lines: list[str]):
    small = str(VerifierKey("s", 4, bytes.fromhex(SMALL_ORDER[0])))
    text = "\n".join(lines).replace("LOG", f"log {VECTORS['log_vkey']}")
    for letter, key in (("W", vkey("k1", 1)), ("V", vkey("k2", 2)), ("SMALL", small)):
        text = text.replace(f" {letter}", f" {key}")
    text = text.replace(" L", f" {VECTORS['log_vkey']}")
    with pytest.raises(Refusal) as caught:
        parse_policy(text.encode())
    assert caught.value.kind in {"policy", "origin"}


def test_policy_not_utf8_is_refused():
    with pytest.raises(Refusal):
        parse_policy(b"\xff")


def test_checkpoint_body_is_three_lines():
    head = Checkpoint(parse_origin("ev/A/b/2"), 1, bytes(32))
    assert head.body == b"ev/A/b/2\n1\n" + b64.encode(bytes(32)).encode() + b"\n"
