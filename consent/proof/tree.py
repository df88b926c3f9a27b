"""The Merkle tree of RFC 6962 (2.1) and RFC 9162 (2.1): hashes, roots and proofs. Pure.

A tree over n leaves is kept as the hashes of its complete subtrees, each named by its level (0: a leaf) and
its index on that level; whoever has those can make any root or proof with O(log n) look-ups."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

Nodes = Callable[[int, int], bytes]
"""`nodes(level, index)` is the hash of the complete subtree over leaves index·2^level … (index+1)·2^level −
1."""

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf's bytes (RFC 9162 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 9162 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree's size and the roots of its maximal complete subtrees, largest first: enough to go on
    appending."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def append(frontier: Frontier, leaf: bytes) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
    """The tree with one more leaf hash, and the complete subtrees `(level, index, hash)` that it finished."""
    peaks = list(frontier.peaks)
    level, index, found = 0, frontier.size, leaf
    made = [(level, index, found)]
    while index % 2:
        found = node_hash(peaks.pop(), found)
        level, index = level + 1, index // 2
        made.append((level, index, found))
    peaks.append(found)
    return Frontier(frontier.size + 1, tuple(peaks)), made


def peaks_of(size: int) -> list[tuple[int, int]]:
    """Level and index of each complete subtree that `size` leaves make, the largest first."""
    peaks = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            peaks.append((level, start >> level))
            start += 1 << level
    return peaks


def frontier_at(nodes: Nodes, size: int) -> Frontier:
    """The frontier of the first `size` leaves."""
    return Frontier(size, tuple(nodes(level, index) for level, index in peaks_of(size)))


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes that are all at hand (RFC 9162 2.1.1)."""
    row = list(leaves)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        # An odd last node moves up unhashed, which is what splitting at the largest power of two amounts to.
        pairs = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
        row = pairs + row[len(pairs) * 2 :]
    return row[0]


class Growing:
    """A tree that takes in leaf after leaf and keeps no more than it needs for its root. To hash some
    thousand leaves at once is three times as fast as to finish each subtree as soon as it can be."""

    _LEVEL = 12

    def __init__(self) -> None:
        self._whole: list[tuple[int, bytes]] = []  # level and hash, the largest first
        self._newest: list[bytes] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Take in the bytes of the next leaf."""
        self._newest.append(sha256(b"\x00" + leaf).digest())
        self.size += 1
        if len(self._newest) == 1 << self._LEVEL:
            level, found = self._LEVEL, merkle_root(self._newest)
            self._newest = []
            while self._whole and self._whole[-1][0] == level:
                found = node_hash(self._whole.pop()[1], found)
                level += 1
            self._whole.append((level, found))

    def root(self) -> bytes:
        """The Merkle tree hash of all leaves so far."""
        if not self._newest and not self._whole:
            return EMPTY_ROOT
        parts = [found for _, found in self._whole]
        found = merkle_root(self._newest) if self._newest else parts.pop()
        for part in reversed(parts):
            found = node_hash(part, found)
        return found


def inclusion(nodes: Nodes, index: int, size: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 9162 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    return tuple(_path(nodes, index, 0, size))


def consistency(nodes: Nodes, old: int, size: int) -> tuple[bytes, ...]:
    """The proof that the tree of `old` leaves is a prefix of that of `size` leaves (RFC 9162 2.1.4.1)."""
    if not 0 < old <= size:
        raise ValueError(f"A tree of {old} leaves is no prefix of one of {size}.")
    if old == size:
        return ()
    return tuple(_subproof(nodes, old, 0, size, True))


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from a leaf hash to `root` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that `old_root` is the root of the first `old` leaves (RFC 9162 2.1.4.2)."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if not _are_hashes(old_root, root, *proof):
        return False
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def _are_hashes(*found: bytes) -> bool:
    return all(len(each) == 32 for each in found)


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(nodes: Nodes, start: int, end: int) -> bytes:
    count = end - start
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return nodes(level, start >> level)
    middle = start + _split(count)
    return node_hash(_range_root(nodes, start, middle), _range_root(nodes, middle, end))


def _path(nodes: Nodes, index: int, start: int, end: int) -> list[bytes]:
    if end - start == 1:
        return []
    middle = start + _split(end - start)
    if index < middle:
        return [*_path(nodes, index, start, middle), _range_root(nodes, middle, end)]
    return [*_path(nodes, index, middle, end), _range_root(nodes, start, middle)]


def _subproof(nodes: Nodes, old: int, start: int, end: int, whole: bool) -> list[bytes]:
    if old == end:
        return [] if whole else [_range_root(nodes, start, end)]
    middle = start + _split(end - start)
    if old <= middle:
        return [*_subproof(nodes, old, start, middle, whole), _range_root(nodes, middle, end)]
    return [*_subproof(nodes, old, middle, end, False), _range_root(nodes, start, middle)]
