"""Merkle trees: roots, inclusion and consistency."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from consent.proof.tree import (
    EMPTY_ROOT,
    Frontier,
    append,
    check_consistency,
    check_inclusion,
    consistency,
    frontier_at,
    inclusion,
    leaf_hash,
    merkle_root,
)

# The test vectors of RFC 6962 implementations: leaves, and the roots of their first 1 … 8.
LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def recursive_root(leaves):
    """MTH as RFC 6962 (2.1) words it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


def grown(leaves):
    """The frontier after all leaves, and every complete subtree by level and index."""
    frontier, nodes = Frontier(), {}
    for leaf in leaves:
        frontier, made = append(frontier, leaf_hash(leaf))
        nodes.update({(level, index): found for level, index, found in made})
    return frontier, lambda level, index: nodes[level, index]


def numbered(count):
    """Some leaves."""
    return [str(n).encode() for n in range(count)]


def test_roots_are_those_of_the_known_vectors():
    """Appending gives the roots that other implementations of RFC 6962 publish."""
    for count, root in enumerate(ROOTS, 1):
        frontier, _ = grown(LEAVES[:count])
        assert frontier.root().hex() == root
        assert merkle_root([leaf_hash(leaf) for leaf in LEAVES[:count]]).hex() == root


def test_the_empty_tree_has_the_hash_of_nothing():
    """RFC 6962 2.1: the hash of an empty list is the hash of an empty string."""
    assert Frontier().root() == EMPTY_ROOT == merkle_root([]) == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_three_ways_to_a_root_agree(leaves):
    """Appending one by one, hashing all at once and the recursive definition give one root."""
    frontier, nodes = grown(leaves)
    assert frontier.root() == recursive_root(leaves) == merkle_root([leaf_hash(leaf) for leaf in leaves])
    assert frontier_at(nodes, len(leaves)) == frontier


@given(st.integers(1, 90), st.data())
def test_every_leaf_can_be_proved_and_no_other(count, data):
    """An inclusion proof holds for its leaf at its place, and for nothing else."""
    frontier, nodes = grown(numbered(count))
    index = data.draw(st.integers(0, count - 1))
    proof = inclusion(nodes, index, count)
    leaf = leaf_hash(str(index).encode())
    assert check_inclusion(leaf, index, count, proof, frontier.root())
    assert not check_inclusion(leaf_hash(b"another"), index, count, proof, frontier.root())
    other = data.draw(st.integers(0, count))
    if other != index:
        assert not check_inclusion(leaf, other, count, proof, frontier.root())
    if proof:
        assert not check_inclusion(leaf, index, count, proof[:-1], frontier.root())


@given(st.integers(1, 90), st.data())
def test_a_prefix_can_be_proved_and_a_rewritten_one_not(count, data):
    """A consistency proof holds for the true older root only."""
    leaves = numbered(count)
    frontier, nodes = grown(leaves)
    old = data.draw(st.integers(1, count))
    proof = consistency(nodes, old, count)
    before = recursive_root(leaves[:old])
    assert check_consistency(old, count, before, frontier.root(), proof)
    changed = [*leaves]
    changed[data.draw(st.integers(0, old - 1))] = b"rewritten"
    assert not check_consistency(old, count, recursive_root(changed[:old]), frontier.root(), proof)


def test_appending_touches_few_nodes():
    """An append makes at most log2(n) + 1 complete subtrees, one on average besides the leaf."""
    frontier, made = Frontier(), 0
    for n in range(4096):
        frontier, fresh = append(frontier, leaf_hash(str(n).encode()))
        assert len(fresh) <= 13
        made += len(fresh)
    assert made < 2 * 4096
