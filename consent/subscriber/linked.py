"""Who is behind a link that was mailed to them."""

from consent.contract import LinkRefused
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Reading
from consent.ledger.whose import living, load_living
from consent.subscriber.erasure import erased_among


def by_preferences(reading: Reading, token: str) -> Subject:
    """The subject of a link for preferences. One that was mailed before they changed their address, said that
    somebody else had one, or became part of somebody else, is over. Raises `LinkRefused`."""
    identity, mailed = reading.parts.tokens.read_preferences(token)
    subject = load(reading, [identity]).get(identity)
    if subject is None:
        raise LinkRefused("expired" if living(reading, [identity]) else _why_nobody(reading, identity))
    if subject.links_since and mailed <= subject.links_since:
        raise LinkRefused("expired")
    return subject


def by_unsubscribe(reading: Reading, token: str) -> tuple[Subject, str]:
    """The subject of a link to unsubscribe, or whom they have become part of, and its topic. Raises
    `LinkRefused`."""
    identity, topic = reading.parts.tokens.read_unsubscribe(token)
    subject = load_living(reading, identity)
    if subject is None:
        raise LinkRefused(_why_nobody(reading, identity))
    return subject, topic


def _why_nobody(reading: Reading, identity: str) -> str:
    """Only a link that was signed here comes so far: it may tell its reader that they were erased."""
    return "erased" if erased_among(reading, [identity]) else "unknown"
