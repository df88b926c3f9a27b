"""What stands in the log: one canonical JSON object (RFC 8785) per leaf, and no personal data in it."""

from msgspec import Struct

from consent.proof.canonical import canonical

VERSION = 1
CHANNEL = "email"


class Batch(Struct, frozen=True):
    """The decisions of one claim: their count, and the root (hex) of the Merkle tree over their records."""

    count: int
    root: str


class Expiry(Struct, frozen=True):
    """Decisions of all batches before the position `before` may be gone: they were kept for `months`."""

    before: int
    months: int


class Leaf(Struct, frozen=True):
    """A leaf before it has a position. Empty text stands where a member does not apply.

    `before` and `after` are states of (subject, purpose); `notice` is the SHA-256 of the words that the leaf
    is about, `evidence` a salted commitment, `into` the subject whom this one became part of. `language` is
    told to the feed and does not enter the leaf."""

    type: str
    subject: str = ""
    purpose: str = ""
    before: str = ""
    after: str = ""
    notice: str = ""
    actor: str = "system"
    evidence: str = ""
    batch: Batch | None = None
    expired: Expiry | None = None
    language: str = ""
    into: str = ""


def leaf_bytes(origin: str, seq: int, at: int, leaf: Leaf) -> bytes:
    """The exact bytes that are stored, hashed and exported."""
    body: dict[str, object] = {
        "v": VERSION,
        "log": origin,
        "seq": seq,
        "at": at,
        "type": leaf.type,
        "subject": leaf.subject,
        "purpose": leaf.purpose,
        "channel": CHANNEL if leaf.subject else "",
        "from": leaf.before,
        "to": leaf.after,
        "notice": leaf.notice,
        "actor": leaf.actor,
        "evidence": leaf.evidence,
    }
    if leaf.into:
        body["into"] = leaf.into
    if leaf.batch is not None:
        body["batch"] = {"count": leaf.batch.count, "root": leaf.batch.root}
    if leaf.expired is not None:
        body["expired"] = {"before": leaf.expired.before, "months": leaf.expired.months}
    return canonical(body)
