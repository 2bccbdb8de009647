"""Checkpoint body and signed note (C2SP signed-note, tlog-checkpoint, tlog-cosignature/v1; format-core §6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from evidence import b64
from evidence.grammar import MAX_INTEGER, MAX_SIGNATURES, Origin, parse_origin
from evidence.keys import Signer, check_public_key, verifies
from evidence.merkle import HASH_BYTES
from evidence.refusal import Refusal

ALG_ED25519: Final = 0x01
ALG_COSIGNATURE_V1: Final = 0x04
KEY_ID_BYTES: Final = 4
MAX_NOTE_BYTES: Final = 65_536
_NAME = re.compile(r"[^\s+\x00-\x1f]{1,255}")
_SIZE = re.compile(r"[1-9][0-9]{0,15}")
_LINE = re.compile(r"— ([^\s+]{1,255}) ([A-Za-z0-9+/=]{1,8192})")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and algorithm: what a policy lists (C2SP vkey)."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return SHA256(name LF ‖ algorithm ‖ key)[0:4]."""
        data = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.public
        return sha256(data).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:  # type: ignore[explicit-override]
        key = b64.encode(bytes([self.algorithm]) + self.public)
        return f"{self.name}+{self.key_id.hex()}+{key}"


def parse_vkey(text: str) -> VerifierKey:
    """Return the key that `text` spells (`name+id+base64`).

    Raises `Refusal` (kind "policy") for a wrong spelling, a wrong id, an unknown algorithm or a small-order key.
    """
    name, plus, rest = text.partition("+")
    key_id, plus2, encoded = rest.partition("+")
    if not (plus and plus2) or _NAME.fullmatch(name) is None:
        raise _bad_vkey(text)
    try:
        data = b64.decode(encoded)
    except Refusal as fault:
        raise _bad_vkey(text) from fault
    if not data or data[0] not in (ALG_ED25519, ALG_COSIGNATURE_V1):
        raise _bad_vkey(text)
    key = VerifierKey(name, data[0], data[1:])
    check_public_key(key.public)
    if key.key_id.hex() != key_id:
        raise _bad_vkey(text)
    return key


def _bad_vkey(text: str) -> Refusal:
    return Refusal(
        "policy", f"{text[:120]!r} is not a verifier key", f"{text[:120]!r} 不是合法的验证公钥"
    )


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: what is signed, stamped and printed."""

    origin: Origin
    size: int
    root: bytes

    @property
    def body(self) -> bytes:
        """Return the three lines that every signature covers and every time stamp stamps."""
        return f"{self.origin}\n{self.size}\n{b64.encode(self.root)}\n".encode()


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature line of a note, not yet verified."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note: the head it states and its signature lines, none of them verified."""

    checkpoint: Checkpoint
    lines: tuple[SignatureLine, ...]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature of a witness: it saw this head at `time_s` (Unix seconds, its clock)."""

    witness: str
    time_s: int


def format_note(checkpoint: Checkpoint, lines: Sequence[SignatureLine]) -> bytes:
    """Return the bytes of a note; the log's line must be the first."""
    text = "".join(f"— {line.name} {b64.encode(line.key_id + line.signature)}\n" for line in lines)
    return checkpoint.body + b"\n" + text.encode()


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> SignatureLine:
    """Return the log's signature line over `checkpoint` (Ed25519, type 0x01)."""
    key = log_key(checkpoint.origin, signer.public_key)
    return SignatureLine(key.name, key.key_id, signer.sign(checkpoint.body))


def log_key(origin: Origin, public: bytes) -> VerifierKey:
    """Return the verifier key of a log; its name is the origin."""
    return VerifierKey(str(origin), ALG_ED25519, public)


def cosign_checkpoint(
    checkpoint: Checkpoint, name: str, signer: Signer, time_s: int
) -> SignatureLine:
    """Return a witness's line over `checkpoint` (tlog-cosignature/v1, type 0x04)."""
    key = VerifierKey(name, ALG_COSIGNATURE_V1, signer.public_key)
    signature = signer.sign(_cosigned_message(checkpoint, time_s))
    return SignatureLine(name, key.key_id, time_s.to_bytes(8, "big") + signature)


def _cosigned_message(checkpoint: Checkpoint, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n".encode() + checkpoint.body


def parse_note(data: bytes) -> Note:
    """Return the head and signature lines of a note.

    Raises `Refusal` (kind "checkpoint", "base64" or "origin") for extension lines, no or more than 16 signature lines
    and any other deviation from the one spelling.
    """
    body, blank, signatures = data.partition(b"\n\n")
    try:
        head = body.decode("ascii").split("\n")
        lines = signatures.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise _bad_note("not ASCII and UTF-8", "编码错误") from error
    if not blank or len(head) != 3 or len(data) > MAX_NOTE_BYTES:
        raise _bad_note("the body is not exactly three lines", "正文不是三行")
    if _SIZE.fullmatch(head[1]) is None or int(head[1]) > MAX_INTEGER:
        raise _bad_note(f"size {head[1][:40]!r}", f"条目数 {head[1][:40]!r} 不合法")
    root = b64.decode(head[2])
    if len(root) != HASH_BYTES:
        raise _bad_note("the root is not 32 bytes long", "根哈希不是 32 字节")
    if lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise _bad_note("1 to 16 complete signature lines expected", "签名行数不在 1 至 16 之间")
    checkpoint = Checkpoint(parse_origin(head[0]), int(head[1]), root)
    return Note(checkpoint, tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> SignatureLine:
    match = _LINE.fullmatch(line)
    if match is None:
        raise _bad_note(f"line {line[:60]!r}", f"签名行 {line[:60]!r} 不合法")
    data = b64.decode(match[2])
    if len(data) <= KEY_ID_BYTES:
        raise _bad_note(f"line {line[:60]!r} has no signature", f"签名行 {line[:60]!r} 没有签名")
    return SignatureLine(match[1], data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def verify_note(
    note: Note, log: VerifierKey, witnesses: Sequence[VerifierKey]
) -> list[Cosignature]:
    """Check the log's line and every line of a known witness; return the cosignatures.

    Lines of an unknown (name, id) are ignored, a known one that fails refuses the note. Raises `Refusal`
    (kind "log-signature" or "witness-signature").
    """
    first = note.lines[0]
    head = note.checkpoint
    if (
        str(head.origin) != log.name
        or (first.name, first.key_id) != (log.name, log.key_id)
        or not verifies(log.public, first.signature, head.body)
    ):
        raise Refusal(
            "log-signature",
            f"the first signature line is not a good one of {log.name}",
            f"第一行签名不是 {log.name} 的有效签名",
        )
    known = {(key.name, key.key_id): key for key in witnesses}
    found: dict[str, Cosignature] = {}
    for line in note.lines[1:]:
        if (line.name, line.key_id) == (log.name, log.key_id):
            if not verifies(log.public, line.signature, head.body):
                raise Refusal("log-signature", "a second log line fails", "另一行日志签名无效")
            continue
        key = known.get((line.name, line.key_id))
        if key is not None:
            found[key.name] = _verify_cosignature(head, line, key)
    return list(found.values())


def _verify_cosignature(head: Checkpoint, line: SignatureLine, key: VerifierKey) -> Cosignature:
    time_s = int.from_bytes(line.signature[:8], "big")
    if not verifies(key.public, line.signature[8:], _cosigned_message(head, time_s)):
        raise Refusal(
            "witness-signature",
            f"the cosignature of witness {key.name} fails",
            f"见证方 {key.name} 的副署无效",
        )
    return Cosignature(key.name, time_s)


def _bad_note(en: str, zh: str) -> Refusal:
    return Refusal("checkpoint", f"checkpoint: {en}", f"检查点：{zh}")
