"""Sealing: what is kept under lock opens for its own row only."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.errors import WrongKeys
from consent.ledger.evidence import Vault, commitment

ANNA, BOB = "a" * 32, "b" * 32


def dice():
    """Bytes that differ each time."""
    count = 0

    def draw(size):
        nonlocal count
        count += 1
        return hashlib.sha256(str(count).encode()).digest()[:size]

    return draw


def test_sealed_evidence_opens_and_gives_its_commitment_again():
    """The salt is sealed with it."""
    vault = Vault([b"m" * 32], [b"p" * 32], dice())
    key = vault.new_key(ANNA)
    sealed, committed = vault.seal_evidence(ANNA, key, "row", {"form": "footer", "topics": ["news"], "at": 5})
    plain, again = vault.open_evidence(ANNA, key, "row", sealed)
    assert plain == b'{"at":5,"form":"footer","topics":["news"]}'
    assert again == committed
    assert b"footer" not in sealed


def test_equal_evidence_gives_different_commitments():
    """The salt sees to it that nobody can guess evidence by hashing."""
    vault = Vault([b"m" * 32], [b"p" * 32], dice())
    key = vault.new_key(ANNA)
    assert len({vault.seal_evidence(ANNA, key, "row", {"a": "b"})[1] for _ in range(5)}) == 5


def test_a_commitment_is_the_documented_hash():
    """SHA-256("evid/v1\\0" ‖ salt ‖ JCS)."""
    assert commitment(b"salt", b"{}") == hashlib.sha256(b"evid/v1\x00salt{}").hexdigest()


def test_what_is_sealed_for_one_row_opens_for_no_other():
    """Another row, another schema, another subject, another master key."""
    vault = Vault([b"m" * 32], [b"p" * 32], dice())
    key = vault.new_key(ANNA)
    sealed = vault.seal(ANNA, key, "row", "address/v1", b"x")
    assert vault.open(ANNA, key, "row", "address/v1", sealed) == b"x"
    for subject, row, schema in (
        (ANNA, "other", "address/v1"),
        (ANNA, "row", "evidence/v1"),
        (BOB, "row", "address/v1"),
    ):
        with pytest.raises(WrongKeys):
            vault.open(subject, key, row, schema, sealed)
    with pytest.raises(WrongKeys):
        Vault([b"n" * 32], [b"p" * 32], dice()).open(ANNA, key, "row", "address/v1", sealed)


def test_an_address_is_found_under_an_older_pepper():
    """Peppers are added: the newest comes first, the older ones still find."""
    old, both = Vault([b"m" * 32], [b"p" * 32], dice()), Vault([b"m" * 32], [b"p" * 32, b"q" * 32], dice())
    assert old.lookup("anna@kafija.example") in both.lookups("anna@kafija.example")
    assert both.lookups("anna@kafija.example")[0] == both.lookup("anna@kafija.example")
    assert old.lookup("anna@kafija.example") != both.lookup("anna@kafija.example")


def test_wrong_keys_are_noticed_at_once():
    """Before anything is read or written with them. What tells so holds no key, under whichever other."""
    check = Vault([b"m" * 32], [b"p" * 32], dice()).check()
    Vault([b"m" * 32], [b"q" * 32], dice()).matches(check)
    with pytest.raises(WrongKeys, match="master"):
        Vault([b"n" * 32], [b"p" * 32], dice()).matches(check)
    assert AESGCM(b"m" * 32).decrypt(check[:12], check[12:], b"check/v1") == b""
