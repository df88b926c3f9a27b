"""A person's choices, from the page behind a link for preferences: topics, language, how often, a pause."""

import re
from collections.abc import Collection, Sequence

from msgspec.structs import replace
from sqlalchemy import update

from consent.contract import Basis, Frequency, Receipt, Visit
from consent.ledger.evidence import Evidence, of_visit
from consent.ledger.subjects import Subject, keep_evidence
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.rules import spoken
from consent.states import STANDING
from consent.store.tables import subjects
from consent.subscriber.choice import Choice, changes_of, is_too_much, only_less
from consent.subscriber.linked import by_preferences, by_unsubscribe
from consent.subscriber.mailed import NOT_LOOKED, Mailed, count
from consent.subscriber.pages import choosable
from consent.subscriber.receipts import receipt_of
from consent.subscriber.signup import ask_for
from consent.subscriber.told import alive
from consent.subscriber.wishes import wished_by
from consent.subscriber.withdrawal import everything_of, still_to_stop, stop

ACTOR = "subject:preferences"
SLOWER = "subject:page"
SLOW = Frequency.MONTHLY
LONGEST_PAUSE = 366  # days
_LANGUAGE = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
"""It is told to the engine, and all mails are written in it."""


def choose(tx: Writing, token: str, choice: Choice, visit: Visit, seen: Mailed = NOT_LOOKED) -> Receipt:
    """Keep the topics chosen, withdraw the others that were shown, ask for confirmation of those that are
    new, and note the rest at once. `seen` are mails that were looked for beforehand. Of whoever has changed
    too much within an hour only what stops mail or makes it rarer is taken. Raises `LinkRefused`, and
    `ValueError` for what cannot be chosen."""
    subject = by_preferences(tx, token)
    identity = subject.id
    wanted = replace(choice, topics=tuple(dict.fromkeys(choice.topics)))
    _check(tx, subject, wanted)
    wished = wished_by(tx, identity)
    choice = _taken(tx, subject, wanted, wished)
    chosen = choice.topics
    read, default = choice.read or subject.language, tx.rules.policy.default_language
    record: Evidence = {
        "schema": "choice/v4",
        "topics": list(chosen),
        "worded": [spoken(tx.rules.purposes[topic][1].wording, read, default) for topic in chosen],
        "shown": "all" if choice.shown is None else list(choice.shown),
        "language": choice.language,
        "frequency": "" if choice.frequency is None else choice.frequency.value or "as_it_comes",
        "pause": -1 if choice.pause is None else choice.pause,
        "at": tx.now,
        **of_visit(visit),
    }
    first = tx.log.frontier.size
    dropped = _dropped(tx, subject, wanted.topics, choice.shown, wished)
    fresh = [topic for topic in chosen if not subject.gets(topic) and topic not in wished]
    if dropped:
        subject = stop(tx, subject, dropped, ACTOR, record)
    _note(tx, subject, choice, record, ACTOR, seen)
    ask_for(tx, subject, _asked(tx, chosen), choice.language or subject.language, record, ACTOR)
    if dropped or fresh:
        tx.log.append(Leaf(type="topic.changed", subject=identity, actor=ACTOR))
    alive(tx, [(identity, tx.now)])
    # Of all that a press may bring about, a stop is what somebody needs a proof of. What they had agreed to
    # before is told by other leaves.
    stopped = max((subject.standing(topic).seq for topic in dropped), default=-1)
    receipt = receipt_of(
        tx, identity, dropped or fresh, stopped if dropped else tx.log.about(identity, first)
    )
    return replace(receipt, cut=choice is not wanted)


def slow_down(tx: Writing, token: str, visit: Visit, seen: Mailed = NOT_LOOKED) -> Receipt:
    """At most one mail a month, by an unsubscribe link; everything else stays. Raises `LinkRefused`."""
    subject, topic = by_unsubscribe(tx, token)
    choice = Choice((), frequency=SLOW)
    record: Evidence = {
        "schema": "slower/v1",
        "frequency": SLOW.value,
        "link": topic,
        "at": tx.now,
        **of_visit(visit),
    }
    first = tx.log.frontier.size
    _note(tx, subject, choice, record, SLOWER, seen)
    return receipt_of(tx, subject.id, (), tx.log.about(subject.id, first))


def _taken(tx: Reading, subject: Subject, wanted: Choice, wished: Collection[str]) -> Choice:
    """Of what is wanted, what is taken now: all of it, unless it is more than to stop mail or make it rarer,
    and they have changed too much within the hour."""
    has = [topic for topic in wanted.topics if subject.gets(topic) or topic in wished]
    less = only_less(subject, wanted, has, tx.now)
    is_less = less.topics == wanted.topics and _says_the_same(subject, less, wanted, tx.now)
    return wanted if is_less or not is_too_much(tx, subject) else less


def _says_the_same(subject: Subject, one: Choice, other: Choice, now: int) -> bool:
    return changes_of(subject, one, now) == changes_of(subject, other, now)


def _note(tx: Writing, subject: Subject, choice: Choice, record: Evidence, actor: str, seen: Mailed) -> None:
    """Keep what is new about the person, each with a leaf. A frequency counts what they got before they took
    it up."""
    changes = changes_of(subject, choice, tx.now)
    if not changes:
        return
    columns = {name: value for _, name, value in changes}
    tx.conn.execute(update(subjects).where(subjects.c.id == subject.id).values(columns))
    if choice.frequency and not subject.frequency:
        count(tx, subject.id, seen)
    commitment = keep_evidence(tx, subject, record)
    for type_, name, value in changes:
        language = str(value) if name == "language" else ""
        tx.log.append(
            Leaf(type=type_, subject=subject.id, actor=actor, evidence=commitment, language=language)
        )


def _dropped(
    tx: Writing,
    subject: Subject,
    chosen: Collection[str],
    shown: Collection[str] | None,
    wished: Collection[str],
) -> list[str]:
    if shown is None and not chosen:
        return still_to_stop(subject, everything_of(tx, subject, wished), wished)
    spoken_of = {*subject.standings, *wished} if shown is None else set(shown)
    return [
        topic
        for topic in sorted(spoken_of.difference(chosen))
        if subject.standing(topic).state in STANDING or topic in wished
    ]


def _asked(tx: Writing, chosen: Sequence[str]) -> list[str]:
    """Those that one agrees to by confirming; what goes by a sale is kept or left, and not asked for."""
    return [topic for topic in chosen if tx.rules.purposes[topic][1].basis is Basis.CONSENT]


def _check(tx: Writing, subject: Subject, choice: Choice) -> None:
    offered, pause = {purpose.topic for purpose in choosable(tx, subject)}, choice.pause
    for language in filter(None, (choice.language, choice.read)):
        if not _LANGUAGE.fullmatch(language):
            raise ValueError("A language is named by its tag, as in `lv`.")
    for topic in choice.topics:
        if topic not in offered:
            raise ValueError(f"There is no topic `{topic}` that one can choose.")
    if pause is not None and not 0 <= pause <= LONGEST_PAUSE:
        raise ValueError(f"A pause has between 0 and {LONGEST_PAUSE} days, not {pause}.")
