"""Ed25519 keys: a signer from a seed, verification, and the refusal of keys that verify anything."""

from __future__ import annotations

import secrets
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.refusal import Refusal

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_FIELD: Final = 2**255 - 19
_ORDER_8: Final = int.from_bytes(
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"
)
_SMALL_ORDER_Y: Final = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
"""y coordinates of the eight points of small order (their negatives share y)."""


class Signer(Protocol):
    """Whoever can sign with one Ed25519 key: a seed in memory, a token, a test."""

    @property
    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of the signature over `message`."""
        ...


class SeedSigner:
    """Signs with an Ed25519 seed held in memory."""

    __slots__ = ("_key", "_public")

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        """Return the 32 bytes of the public key."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Return the deterministic Ed25519 signature over `message` (RFC 8032)."""
        return self._key.sign(message)


def generate_seed() -> bytes:
    """Return 32 random bytes for a new key (the one place of this package that is not deterministic)."""
    return secrets.token_bytes(SEED_BYTES)


def check_public_key(public: bytes) -> None:
    """Refuse a key of the wrong length, of small order or in a second spelling.

    With the identity point as key one fixed signature verifies every message. Raises `Refusal` (kind "policy").
    """
    if len(public) != PUBLIC_BYTES:
        raise Refusal("policy", "a public key is not 32 bytes long", "公钥长度不是 32 字节")
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _FIELD or y in _SMALL_ORDER_Y:
        raise Refusal(
            "policy",
            f"public key {public.hex()} is of small order or not canonical; it would verify anything",
            f"公钥 {public.hex()} 是小阶点或非规范写法，任何签名都会通过",
        )


def verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return whether `signature` over `message` is good; the caller must turn False into a refusal."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
