"""Signed notes and checkpoints in the C2SP formats."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.errors import BrokenExport
from consent.proof.checkpoint import (
    Checkpoint,
    read_checkpoint,
    read_note,
    read_verifier_key,
    sign,
    verifier_key,
)

KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1"
    "FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def test_the_example_of_the_note_format_verifies():
    """The key and note that the format's own documentation shows are read and hold."""
    key = read_verifier_key(KEY)
    assert key.line() == KEY
    assert read_note(NOTE).signed_by(key)


def test_a_note_with_another_text_does_not_verify():
    """One changed letter and the signature is gone."""
    assert not read_note(NOTE.replace("answer", "Answer")).signed_by(read_verifier_key(KEY))


def test_a_checkpoint_survives_writing_and_reading():
    """Origin, size and root come back, and the signature holds by its own key alone."""
    checkpoint = Checkpoint("kafija.example/consent", 5, bytes(range(32)))
    note = read_note(sign(checkpoint, [("kafija.example/consent", PRIVATE)]))
    assert note.text == "kafija.example/consent\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert read_checkpoint(note.text) == checkpoint
    assert note.signed_by(verifier_key("kafija.example/consent", PRIVATE))
    assert not note.signed_by(verifier_key("kafija.example/other", PRIVATE))
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    assert not note.signed_by(verifier_key("kafija.example/consent", other))


def test_two_keys_sign_during_a_change_of_keys():
    """Either signature is enough for whoever knows that key."""
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    note = read_note(
        sign(Checkpoint("a.example", 1, bytes(32)), [("a.example", PRIVATE), ("a.example", other)])
    )
    assert note.signed_by(verifier_key("a.example", PRIVATE))
    assert note.signed_by(verifier_key("a.example", other))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.example\n",
        "a.example\n01\nAAAA\n",
        "a.example\nx\nAAAA\n",
        "a.example\n1\nAAAA\n",
        "a.example\n1\n!\n",
    ],
)
def test_what_is_no_checkpoint_is_said_to_be_none(text):
    """Missing lines, leading zeros, short roots and bad Base64 are refused."""
    with pytest.raises(BrokenExport):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "text",
    ["", "a\n", "a\n\n", "a\n\nb\n", "a\n\n— x\n", "a\n\n— x ####\n", "a\n\n— x AAAA\n", "a\n\n— x AAAAAAAA"],
)
def test_what_is_no_note_is_said_to_be_none(text):
    """A note needs an empty line and whole signature lines."""
    with pytest.raises(BrokenExport):
        read_note(text)


def test_a_mistyped_key_is_noticed():
    """The id in a verifier key belongs to its bytes."""
    for wrong in (KEY.replace("c74f", "c74e"), KEY.replace("Peter", "Pete"), "x", KEY[:-4], "a+b+####"):
        with pytest.raises(BrokenExport):
            read_verifier_key(wrong)
