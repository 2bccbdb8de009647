"""DSSE envelope, in-toto statement and the reading rule."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from evidence import b64, canonical
from evidence.dsse import PAYLOAD_TYPE, open_envelope, pae, sign_envelope
from evidence.keys import SeedSigner
from evidence.note import parse_vkey
from evidence.reading import reading, round_half_even
from evidence.refusal import Refusal
from evidence.statement import encode_statement, parse_statement
from model.signal import SignalType
from tests.unit.evidence.vectors import FOLDER, VECTORS

PAYLOAD = VECTORS["statement_payload"].encode()
SIGNER = SeedSigner(bytes.fromhex(VECTORS["log_seed"]))
KEY = parse_vkey(VECTORS["log_vkey"])
ENVELOPE = (FOLDER / "bundle/statement.dsse.json").read_bytes()


def test_pae_of_the_dsse_specification():
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_vectors_envelope_byte_for_byte():
    assert sha256(pae(PAYLOAD_TYPE, PAYLOAD)).hexdigest() == VECTORS["statement_pae_sha256"]
    assert sign_envelope(PAYLOAD, KEY, SIGNER) == ENVELOPE
    assert open_envelope(ENVELOPE, KEY) == PAYLOAD


def envelope(**changes: Any) -> bytes:
    fields: dict[str, Any] = dict(canonical.parse_object(ENVELOPE[:-1]))
    return canonical.encode({**fields, **changes}) + b"\n"


def test_envelope_with_an_unknown_second_signature_is_accepted():
    ours = canonical.parse_object(ENVELOPE[:-1])["signatures"][0]  # type: ignore[index]
    other = {"keyid": "00000000", "sig": b64.encode(bytes(64))}
    assert open_envelope(envelope(signatures=[other, ours]), KEY) == PAYLOAD


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ENVELOPE[:-1], "dsse"),
        (ENVELOPE + b"\n", "json"),
        (envelope(extra=1), "dsse"),
        (envelope(payloadType="text/plain"), "dsse"),
        (envelope(payload=5), "dsse"),
        (envelope(signatures=[]), "dsse"),
        (envelope(signatures=[{"keyid": "41edbb67"}]), "dsse"),
        (envelope(signatures=["x"]), "dsse"),
        (envelope(signatures=[{"keyid": "41edbb67", "sig": "A"}]), "base64"),
        (
            envelope(signatures=[{"keyid": "41edbb67", "sig": b64.encode(bytes(64))}]),
            "dsse-signature",
        ),
        (
            envelope(signatures=[{"keyid": "41edbb68", "sig": b64.encode(bytes(64))}]),
            "dsse-signature",
        ),
        (envelope(payload=b64.encode(PAYLOAD + b" ")), "dsse-signature"),
    ],
)
def test_envelope_in_any_other_form_is_refused(data: bytes, kind: str):
    with pytest.raises(Refusal) as caught:
        open_envelope(data, KEY)
    assert caught.value.kind == kind


def test_vectors_statement_round_trip():
    statement = parse_statement(PAYLOAD)
    assert (statement.size, statement.simulated) == (8, True)
    assert [(c.id, c.num, c.den, c.grace) for c in statement.claims] == [
        ("parts", "4", "1", 1),
        ("energy", "62", "1", 1),
    ]
    assert encode_statement(statement) == PAYLOAD


def test_statement_claim_with_detail_keeps_lead_detail_and_parameters():
    statement = parse_statement(PAYLOAD)
    claim = replace(statement.claims[0], lead=3, detail={"a": 1})
    again = parse_statement(encode_statement(replace(statement, claims=(claim,))))
    assert again.claims == (claim,)


def changed(edit: Any) -> bytes:

    value = json.loads(PAYLOAD)
    edit(value)
    return canonical.encode(value)


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        (lambda v: v.update(_type="x"), "unknown-kind"),
        (lambda v: v.update(predicateType="x"), "unknown-kind"),
        (lambda v: v.update(extra=1), "statement"),
        (lambda v: v["predicate"].update(extra=1), "statement"),
        (lambda v: v["predicate"].pop("simulated"), "statement"),
        (lambda v: v["predicate"].update(simulated=1), "statement"),
        (lambda v: v["predicate"]["log"].update(size=0), "statement"),
        (lambda v: v["predicate"]["log"].update(root="00"), "statement"),
        (lambda v: v["predicate"]["claims"][0].pop("den"), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(num="04"), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(num=4), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(num="9" * 4001), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(window=[1]), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(window=[1, True]), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(grace=-1), "statement"),
        (lambda v: v["predicate"]["claims"][0].update(id=""), "statement"),
        (lambda v: v["predicate"]["claims"][1].update(id="parts"), "statement"),
        (lambda v: v["predicate"].update(claims={}), "statement"),
        (lambda v: v["subject"][0].update(name="../x"), "statement"),
        (lambda v: v["subject"][0]["digest"].update(sha256="X"), "statement"),
        (lambda v: v["subject"][0].update(extra=1), "statement"),
    ],
)
def test_statement_in_any_other_form_is_refused(edit: Any, kind: str):
    with pytest.raises(Refusal) as caught:
        parse_statement(changed(edit))
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "item", VECTORS["scaling"], ids=lambda i: f"{i['type']} {i['value']} {i['scale']}"
)
def test_vectors_reading(item: dict[str, Any]):
    raw = struct.unpack(">q", bytes.fromhex(item["bits"]))[0]
    assert reading(SignalType(item["type"]), raw, *item["scale"]) == int(item["reading"])


@pytest.mark.parametrize(
    ("num", "den", "expected"),
    [(1, 2, 0), (3, 2, 2), (5, 2, 2), (-1, 2, 0), (-3, 2, -2), (7, 3, 2)],
)
def test_round_half_even(num: int, den: int, expected: int):
    assert round_half_even(num, den) == expected
