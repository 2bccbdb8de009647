"""RFC 6962 Merkle tree over SHA-256: incremental head, proofs and their verification."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from evidence.refusal import Refusal

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return SHA256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """The head of a growing tree in O(log n) memory; appending costs one hash on average."""

    __slots__ = ("_peaks", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []

    @property
    def size(self) -> int:
        """Return the number of leaves."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash of 32 bytes."""
        size = self._size
        self._size = size + 1
        peaks = self._peaks
        while size & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaf hashes in order."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the tree head of the leaves added so far."""
        if not self._peaks:
            return EMPTY_ROOT
        head = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            head = node_hash(peak, head)
        return head

    def state(self) -> tuple[int, tuple[bytes, ...]]:
        """Return (size, peaks from the largest subtree to the smallest); `restore` takes it back."""
        return self._size, tuple(self._peaks)

    @classmethod
    def restore(cls, size: int, peaks: Sequence[bytes]) -> Tree:
        """Return the tree with a saved state; raises ValueError if the parts contradict each other."""
        if size < 0 or len(peaks) != size.bit_count():
            raise ValueError(f"{len(peaks)} peaks cannot belong to a tree of {size} leaves")
        if any(len(peak) != HASH_BYTES for peak in peaks):
            raise ValueError("a peak is not 32 bytes long")
        tree = cls()
        tree._size = size
        tree._peaks = list(peaks)
        return tree


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the tree head over leaf hashes (pairs level by level; a lone last node moves up)."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        odd = level.pop() if len(level) & 1 else None
        level = [
            sha256(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, len(level), 2)
        ]
        if odd is not None:
            level.append(odd)
    return level[0]


def prefix_root(leaves: Sequence[bytes], size: int) -> bytes:
    """Return the head that the tree had when it held `size` leaves."""
    if not 0 <= size <= len(leaves):
        raise ValueError(f"no prefix of {size} in a tree of {len(leaves)} leaves")
    return root_of(leaves[:size])


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree over `leaves` (RFC 6962 §2.1.1)."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root_of(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the head of `first` leaves is a prefix of the tree over `leaves` (§2.1.2)."""
    if not 0 < first <= len(leaves):
        raise ValueError(f"no prefix of {first} in a tree of {len(leaves)} leaves")
    return _subproof(leaves, first, whole=True)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf` stands at `index` of the tree (size, root) (RFC 9162 §2.1.3.2).

    Raises `Refusal` (kind "proof") if it does not.
    """
    if not 0 <= index < size or any(len(node) != HASH_BYTES for node in (leaf, root, *proof)):
        raise _refused_proof()
    number, last, head = index, size - 1, leaf
    for node in proof:
        if last == 0:
            raise _refused_proof()
        if number & 1 or number == last:
            head = node_hash(node, head)
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            head = node_hash(head, node)
        number >>= 1
        last >>= 1
    if last != 0 or head != root:
        raise _refused_proof()


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Check that the tree (first, first_root) is a prefix of (second, second_root) (RFC 9162 §2.1.4.2).

    Size 0 is refused, as by other implementations: it would be consistent with everything.
    Raises `Refusal` (kind "proof").
    """
    if any(len(node) != HASH_BYTES for node in (first_root, second_root, *proof)):
        raise _refused_proof()
    if not 0 < first <= second:
        raise _refused_proof()
    if first == second:
        if proof or first_root != second_root:
            raise _refused_proof()
        return
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    if not path:
        raise _refused_proof()
    number, last = first - 1, second - 1
    while number & 1:
        number >>= 1
        last >>= 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise _refused_proof()
        if number & 1 or number == last:
            old = node_hash(node, old)
            new = node_hash(node, new)
            while number and not number & 1:
                number >>= 1
                last >>= 1
        else:
            new = node_hash(new, node)
        number >>= 1
        last >>= 1
    if last != 0 or old != first_root or new != second_root:
        raise _refused_proof()


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [root_of(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_subproof(leaves[:split], first, whole=whole), root_of(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, whole=False), root_of(leaves[:split])]


def _refused_proof() -> Refusal:
    return Refusal("proof", "the Merkle proof does not hold", "默克尔证明不成立")
