"""DSSE envelope in its one spelling (format-core §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from evidence import b64, canonical
from evidence.keys import Signer, verifies
from evidence.note import VerifierKey
from evidence.refusal import Refusal

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding, the bytes that are signed (DSSE v1)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload: bytes, key: VerifierKey, signer: Signer) -> bytes:
    """Return the envelope file over `payload`, signed by the log's key."""
    signature = {
        "keyid": key.key_id.hex(),
        "sig": b64.encode(signer.sign(pae(PAYLOAD_TYPE, payload))),
    }
    envelope: canonical.Json = {
        "payload": b64.encode(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [signature],
    }
    return canonical.encode(envelope) + b"\n"


def open_envelope(data: bytes, key: VerifierKey) -> bytes:
    """Return the payload of an envelope that `key` signed, and only then.

    The key id selects a signature and never decides; signatures of other key ids are ignored. Raises `Refusal`
    (kind "json", "base64", "dsse" or "dsse-signature").
    """
    if not data.endswith(b"\n"):
        raise _bad("the file does not end with LF", "文件不以换行结尾")
    envelope = canonical.parse_object(data[:-1])
    if set(envelope) != {"payload", "payloadType", "signatures"}:
        raise _bad("other keys than payload, payloadType, signatures", "键不符")
    payload_text, signatures = envelope["payload"], envelope["signatures"]
    if envelope["payloadType"] != PAYLOAD_TYPE or not isinstance(payload_text, str):
        raise _bad("payload type", "载荷类型不符")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= 16:
        raise _bad("1 to 16 signatures expected", "签名数不在 1 至 16 之间")
    payload = b64.decode(payload_text)
    ours = [
        signature for key_id, signature in map(_signature, signatures) if key_id == key.key_id.hex()
    ]
    message = pae(PAYLOAD_TYPE, payload)
    if not ours or not all(verifies(key.public, signature, message) for signature in ours):
        raise Refusal(
            "dsse-signature",
            f"the statement is not signed by {key.name}",
            f"声明没有 {key.name} 的有效签名",
        )
    return payload


def _signature(item: canonical.Json) -> tuple[str, bytes]:
    if isinstance(item, Mapping) and set(item) == {"keyid", "sig"}:
        key_id, signature = item["keyid"], item["sig"]
        if isinstance(key_id, str) and isinstance(signature, str):
            return key_id, b64.decode(signature)
    raise _bad("a signature is not {keyid, sig}", "签名不是 {keyid, sig}")


def _bad(en: str, zh: str) -> Refusal:
    return Refusal("dsse", f"DSSE envelope: {en}", f"DSSE 信封：{zh}")
