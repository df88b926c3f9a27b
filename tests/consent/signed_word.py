"""The controller's word on an import made up, signed with a key of theirs."""

import hashlib

from moved_in import ANNA, CONFIRMED, FILES, row
from msgspec.structs import replace

from consent.contract.imports import Attested
from consent.proof.attestation import Attestation, AttestedFile, new_key, public_half, sign_attestation
from consent.subscriber.terms import part_digest

PROJECT = "kafija.example/consent"
PEOPLE = [row(ANNA, confirmed_at=CONFIRMED)]
KEY = new_key(PROJECT, lambda count: b"c" * count)
PUBLIC = public_half(KEY).line()
WORD = Attestation(
    PROJECT,
    "Kafija SIA",
    "Anna Example",
    "2026-03-01",
    ("newsletter",),
    "https://old.example/form",
    "Send me news.",
    tuple(AttestedFile(file.name, file.digest) for file in FILES),
    (part_digest(PEOPLE),),
)


def signed(word=WORD, key=KEY):
    """The note, as bytes."""
    return sign_attestation(word, key).encode()


def word_of(*parts):
    """The word on rows that come in these parts."""
    return replace(WORD, parts=tuple(map(part_digest, parts)))


def attested(note, word=WORD):
    """What it makes of an import."""
    digest = hashlib.sha256(note).hexdigest()
    return Attested(digest, word.by, word.on, word.topics, word.form, word.wording, PUBLIC)


async def let_attest(world):
    """The controller's key is published."""
    await world.client.publish(replace(world.policy, attestation_key=PUBLIC))
