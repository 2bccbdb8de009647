"""Sub-leaf of a frame and root of a block (format-core §3)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from evidence.merkle import root_of
from evidence.salt import SALT_BYTES

SUB_LEAF_PREFIX: Final = b"\x00plantproof frame v1\n"
"""Domain tag: a sub-leaf can never be a leaf of the main tree, whose entries start with `{`."""


def sub_leaf(salt: bytes, frame: bytes) -> bytes:
    """Return SHA256(tag ‖ salt ‖ frame); raises ValueError unless the salt has exactly 16 bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(SUB_LEAF_PREFIX + salt + frame).digest()


def block_root(sub_leaves: Sequence[bytes]) -> bytes:
    """Return the RFC 6962 head over the sub-leaves of all configured streams, in index order."""
    return root_of(sub_leaves)
