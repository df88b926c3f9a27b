"""Who is behind a link to choose: it was mailed to them lately, and to the address that they have now."""

from consent.contract import LinkRefused
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Reading
from consent.ledger.whose import living


def by_preferences(reading: Reading, token: str) -> Subject:
    """The subject of a link for preferences. One that was mailed before they changed their address, or became
    part of somebody else, is over. Raises `LinkRefused`."""
    identity, mailed = reading.parts.tokens.read_preferences(token)
    subject = load(reading, [identity]).get(identity)
    if subject is None:
        raise LinkRefused("expired" if living(reading, [identity]) else "unknown")
    if subject.address_since and mailed <= subject.address_since:
        raise LinkRefused("expired")
    return subject
