"""The record of one decision: canonical JSON without an address, a leaf of its batch's Merkle tree."""

import msgspec
from msgspec import Struct, field

VERSION = 1


class Record(Struct, frozen=True):
    """What was decided about one ask. The members stand in the order of RFC 8785, and none needs escapes that
    msgspec would write differently; so encoding it as it stands gives canonical bytes."""

    attempt: int
    mail_class: str = field(name="class")
    consent_seq: int
    epoch: int
    key: str
    measured: bool
    message_id: str
    policy: str
    purpose: str
    reason: str
    subject: str
    template: str
    topic: str
    v: int
    variant: str
    verdict: str


_encoder = msgspec.json.Encoder()


def record_bytes(record: Record) -> bytes:
    """The exact bytes that are hashed and exported."""
    return _encoder.encode(record)
