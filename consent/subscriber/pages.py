"""What the pages behind links show. Reading them changes nothing, not even a log."""

from collections.abc import Iterable

from msgspec.structs import replace
from sqlalchemy import bindparam, select

from consent.address import shortened
from consent.contract import BESIDE_TOPICS, About, Basis, LinkRefused, LinkView, Purpose, TopicView
from consent.errors import WrongKeys
from consent.ledger.policy import read_purposes
from consent.ledger.subjects import Subject, load
from consent.ledger.tokens import Scope
from consent.ledger.transaction import Reading
from consent.rules import spoken, words
from consent.states import STOPPED
from consent.store.statement import Statement
from consent.store.tables import requests
from consent.subscriber.linked import by_preferences, by_unsubscribe
from consent.subscriber.wishes import wished_in

_REQUEST = Statement(
    select(
        requests.c.subject,
        requests.c.language,
        requests.c.closed,
        requests.c.expires,
        requests.c.moves,
        requests.c.tells,
    ).where(requests.c.id == bindparam("of"))
)


def confirmation(reading: Reading, token: str) -> LinkView:
    """The page behind a link to confirm or refuse: what would be agreed to, in the words of the proof mail.
    To refuse it is never too late.
    Of somebody who wants another address it tells nothing before the button was pressed: whoever has the
    link may be a stranger to them. Afterwards, what goes on there."""
    try:
        request = reading.parts.tokens.read_request(token, Scope.CONFIRM, Scope.REFUSE)
    except LinkRefused as fault:
        return _nothing(fault.reason)
    refuses = reading.parts.tokens.is_of(token, Scope.REFUSE)
    row = _REQUEST.first(reading.driver, of=request)
    if row is None:
        return _nothing("unknown")
    identity, language, closed, expires, moves, tells = row
    subject = load(reading, [identity])[identity]
    versions = [version for _, version in wished_in(reading, request)]
    if moves and closed == "confirmed":
        versions = [standing.version for topic, standing in subject.standings.items() if subject.gets(topic)]
    known = read_purposes(reading, versions)
    reason = "used" if closed else "expired" if expires <= reading.now and not refuses else ""
    topics = _topics(reading, subject, (known[version] for version in versions), language)
    return LinkView(
        valid=not reason,
        reason=reason,
        language=language,
        address=shortened(_address(reading, subject)),
        topic="",
        topics=tuple(
            replace(topic, controller=known[version].controller, notice=known[version].notice)
            for topic, version in zip(topics, versions, strict=True)
        ),
        closed=closed,
        fetched="" if reason else reading.parts.tokens.fetched(request, reading.now),
        about=About.NEW_ADDRESS if moves else About.OLD_ADDRESS if tells else About.SIGN_UP,
    )


def unsubscription(reading: Reading, token: str, language: str = "") -> LinkView:
    """The page behind an unsubscribe link: its topic, and where the person stands with all of them, put in
    `language`, else in theirs."""
    try:
        subject, topic = by_unsubscribe(reading, token)
    except LinkRefused as fault:
        return _nothing(fault.reason)
    versions = {one: standing.version for one, standing in subject.standings.items() if standing.version}
    known = read_purposes(reading, versions.values())
    shown = {one: known[version] for one, version in sorted(versions.items())}
    if topic and topic not in shown and topic in reading.rules.purposes:
        shown[topic] = reading.rules.purposes[topic][1]
    return LinkView(
        valid=True,
        reason="",
        language=subject.language,
        address=shortened(_address(reading, subject)),
        topic=topic,
        topics=_topics(reading, subject, shown.values(), language or subject.language),
        frequency=subject.frequency,
    )


def preferences(reading: Reading, token: str, language: str = "") -> LinkView:
    """The page behind a link for preferences: every topic on offer, those that they get without having been
    asked, and the whole address; the topics in `language`, else in the person's."""
    try:
        subject = by_preferences(reading, token)
    except LinkRefused as fault:
        return _nothing(fault.reason)
    return LinkView(
        valid=True,
        reason="",
        language=subject.language,
        address=_address(reading, subject),
        topic="",
        topics=_topics(reading, subject, choosable(reading, subject), language or subject.language),
        frequency=subject.frequency,
        paused_until=subject.paused_until if subject.paused_until > reading.now else 0,
    )


def offered(reading: Reading) -> tuple[Purpose, ...]:
    """The topics that a form may offer: those that rest on consent."""
    return tuple(purpose for purpose in reading.rules.policy.purposes if purpose.basis is Basis.CONSENT)


def choosable(reading: Reading, subject: Subject) -> list[Purpose]:
    """What somebody may keep or leave by the page of their preferences: what a form may offer, and what they
    get by a sale, which can be left there and not be had."""
    purposes = reading.rules.policy.purposes
    return [one for one in purposes if one.basis is Basis.CONSENT or subject.gets(one.topic)]


def _topics(
    reading: Reading, subject: Subject, purposes: Iterable[Purpose], language: str
) -> tuple[TopicView, ...]:
    default = reading.rules.policy.default_language
    return tuple(
        TopicView(
            topic=purpose.topic,
            title=words(purpose.title, language, default),
            wording=words(purpose.wording, language, default),
            state=subject.shown(purpose.topic, reading.now),
            beside=purpose.topic in BESIDE_TOPICS,
            gets=subject.gets(purpose.topic),
            left=subject.standing(purpose.topic).state in STOPPED,
            language=spoken(purpose.wording or purpose.title, language, default),
        )
        for purpose in purposes
    )


def _address(reading: Reading, subject: Subject) -> str:
    """Empty for one that is damaged: its owner must come to the button all the same."""
    try:
        return reading.parts.vault.open_address(subject.id, subject.wrapped, subject.sealed)
    except WrongKeys:
        return ""


def _nothing(reason: str) -> LinkView:
    return LinkView(False, reason, "", "", "", ())
