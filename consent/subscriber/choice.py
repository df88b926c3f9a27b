"""What somebody chooses on the page of their preferences, and how much of it is taken within an hour."""

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import bindparam, func, or_, select

from consent.contract import Frequency
from consent.ledger.subjects import Subject
from consent.ledger.transaction import Reading
from consent.store.statement import Statement
from consent.store.tables import IN_ANY_SPAN, leaves
from consent.times import DAY_MS, HOUR_MS

MOST_AN_HOUR = 20
"""So many things one person may change within an hour: topics, the language, how often, a break. Each is
a leaf and keeps evidence, and whoever has one link could go to and fro by it without an end."""

_CHANGES = ("topic.changed", "language.changed", "frequency.changed", "paused", "resumed")
_SINCE = Statement(
    select(func.count()).where(
        IN_ANY_SPAN,
        leaves.c.subject == bindparam("of"),
        leaves.c.at > bindparam("since"),
        leaves.c.at <= bindparam("now"),
        or_(*(leaves.c.type == each for each in _CHANGES)),
    )
)
_RARER = (Frequency.AS_IT_COMES, Frequency.WEEKLY, Frequency.MONTHLY)


class Choice(Struct, frozen=True):
    """Everything on the page. `pause` counts days from now, 0 ends one; None leaves a member as it is, and an
    empty language too. `shown` are the topics that the page had: of others nothing was said. None: the choice
    is about all that there is, and whoever chooses nothing of it leaves what they never had as well. `read`
    is the language in which the page put the topics; empty: theirs."""

    topics: tuple[str, ...]
    language: str = ""
    frequency: Frequency | None = None
    pause: int | None = None
    shown: tuple[str, ...] | None = None
    read: str = ""


def changes_of(subject: Subject, choice: Choice, now: int) -> list[tuple[str, str, str | int]]:
    """What is new about the person: the leaf's type, the column, its value."""
    found: list[tuple[str, str, str | int]] = []
    if choice.language and choice.language != subject.language:
        found.append(("language.changed", "language", choice.language))
    if choice.frequency is not None and choice.frequency is not subject.frequency:
        found.append(("frequency.changed", "frequency", choice.frequency.value))
    if choice.pause:
        found.append(("paused", "paused_until", now + choice.pause * DAY_MS))
    elif choice.pause == 0 and subject.paused_until > now:
        found.append(("resumed", "paused_until", 0))
    return found


def is_too_much(reading: Reading, subject: Subject) -> bool:
    """Whether they have changed as much within the last hour as is taken."""
    [(changed,)] = _SINCE.rows(reading.driver, of=subject.id, since=reading.now - HOUR_MS, now=reading.now)
    return bool(changed >= MOST_AN_HOUR)


def only_less(subject: Subject, choice: Choice, has: Collection[str], now: int) -> Choice:
    """Of a choice what stops mail or makes it rarer, which is never refused. `has` are the topics that they
    get or wait for. However often it is said, it comes to an end: nothing is rarer than once a month, and a
    break has to be longer by a day."""
    rarer = choice.frequency is not None and _RARER.index(choice.frequency) > _RARER.index(subject.frequency)
    until = now + (choice.pause or 0) * DAY_MS
    longer = until >= max(subject.paused_until, now) + DAY_MS
    return replace(
        choice,
        topics=tuple(topic for topic in choice.topics if topic in has),
        language="",
        frequency=choice.frequency if rarer else None,
        pause=choice.pause if longer else None,
    )
