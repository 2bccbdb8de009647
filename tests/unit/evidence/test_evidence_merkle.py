"""RFC 6962 tree against the Certificate Transparency reference leaves and a naive recursion."""

from __future__ import annotations

from hashlib import sha256

import pytest

from evidence.merkle import (
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    prefix_root,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from evidence.refusal import Refusal

REFERENCE = [
    b"",
    b"\x00",
    b"\x10",
    bytes.fromhex("2021"),
    bytes.fromhex("3031"),
    bytes.fromhex("40414243"),
    bytes.fromhex("5051525354555657"),
    bytes.fromhex("606162636465666768696a6b6c6d6e6f"),
]
# beginnings and ends as printed in the reference set of Certificate Transparency
ROOTS = {
    0: ("e3b0c442", "b855"),
    1: ("6e340b9c", "a01d"),
    2: ("fac54203", "c125"),
    3: ("aeb6bcfe", "6e77"),
    4: ("d37ee418", "14b7"),
    5: ("4e3bbb1f", "64d4"),
    8: ("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328", "4328"),
}


def naive_root(data: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return sha256(b"\x01" + naive_root(data[:k]) + naive_root(data[k:])).digest()


@pytest.mark.parametrize("size", sorted(ROOTS))
def test_root_certificate_transparency_reference_leaves(size: int):
    root = root_of([leaf_hash(data) for data in REFERENCE[:size]]).hex()
    begin, end = ROOTS[size]
    assert root.startswith(begin)
    assert root.endswith(end)


def test_tree_every_size_agrees_with_the_naive_recursion():
    tree = Tree()
    data = [bytes([i]) for i in range(70)]
    leaves = [leaf_hash(item) for item in data]
    for size in range(70):
        assert tree.root() == naive_root(data[:size]) == prefix_root(leaves, size)
        size_, peaks = tree.state()
        tree = Tree.restore(size_, peaks)
        tree.append(leaves[size])


def test_tree_restore_contradicting_state_raises():
    with pytest.raises(ValueError, match="peaks"):
        Tree.restore(3, [bytes(32)])
    with pytest.raises(ValueError, match="32 bytes"):
        Tree.restore(1, [b"short"])


@pytest.mark.parametrize("size", range(1, 34))
def test_inclusion_proof_every_leaf_verifies_and_no_other_does(size: int):
    leaves = [leaf_hash(bytes([i])) for i in range(size)]
    root = root_of(leaves)
    for index in range(size):
        proof = inclusion_proof(leaves, index)
        verify_inclusion(leaves[index], index, size, proof, root)
        for bad_index, bad_size, bad_proof in (
            ((index + 1) % size, size, proof),
            (index, size, [*proof, bytes(32)]),
            (index, size, proof[:-1]),
            (size, size, proof),
            (-1, size, proof),
            (index, size, [p[:31] for p in proof]),
        ):
            if (bad_index, bad_proof) == (index, proof):
                continue
            with pytest.raises(Refusal):
                verify_inclusion(leaves[index], bad_index, bad_size, bad_proof, root)


@pytest.mark.parametrize("second", range(1, 34))
def test_consistency_proof_every_prefix_verifies_and_no_other_does(second: int):
    leaves = [leaf_hash(bytes([i])) for i in range(second)]
    new = root_of(leaves)
    for first in range(1, second + 1):
        old = root_of(leaves[:first])
        proof = consistency_proof(leaves, first)
        verify_consistency(first, second, proof, old, new)
        with pytest.raises(Refusal):
            verify_consistency(first, second, proof, bytes(32), new)
        with pytest.raises(Refusal):
            verify_consistency(first, second, proof, old, bytes(32))
        with pytest.raises(Refusal):
            verify_consistency(first, second, [*proof, bytes(32)], old, new)
        if proof:
            with pytest.raises(Refusal):
                verify_consistency(first, second, proof[:-1], old, new)


def test_consistency_size_zero_is_refused():
    with pytest.raises(Refusal):
        verify_consistency(0, 1, [], sha256(b"").digest(), leaf_hash(b""))
    with pytest.raises(Refusal):
        verify_consistency(2, 1, [], bytes(32), bytes(32))


def test_proofs_outside_the_tree_raise():
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof([bytes(32)], 1)
    with pytest.raises(ValueError, match="no prefix"):
        consistency_proof([bytes(32)], 0)
    with pytest.raises(ValueError, match="no prefix"):
        prefix_root([], 1)
