"""The mail that tells somebody of a hold on their proof, and until when.

It is queued as the hold is placed, and goes the way of all mails. From an erasure on nothing goes to them any
more, this mail neither: then they are to be told before, or in another way."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from consent.contract import Ask, MailClass, Proof
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import living
from consent.store.statement import Statement
from consent.store.tables import among, merged, notices, subjects


class Way(StrEnum):
    """How far such a mail has come."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENT = "sent"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"  # the mail server never answered


UNDER_WAY = frozenset({Way.QUEUED, Way.CLAIMED})

_INTO = insert(notices)
_QUEUE = Statement(
    _INTO.on_conflict_do_update(
        index_elements=[notices.c.subject],
        set_={name: _INTO.excluded[name] for name in ("key", "until", "mail", "attempt", "not_before")},
    )
)
_DROP = Statement(delete(notices).where(notices.c.subject == bindparam("of")))
# Whoever has become part of somebody is told as that somebody; whoever was erased is told nothing.
_WHOM = func.coalesce(merged.c.into, notices.c.subject)
_TOLD = notices.outerjoin(merged, merged.c.subject == notices.c.subject)
_THERE = _TOLD.join(subjects, subjects.c.id == _WHOM)
_WAITING = Statement(
    select(notices.c.key, subjects.c.id, notices.c.attempt, notices.c.until, subjects.c.language)
    .select_from(_THERE)
    .where(notices.c.mail == Way.QUEUED.value, notices.c.not_before <= bindparam("now"))
    .order_by(notices.c.key)
)
_DUE = Statement(
    select(notices.c.key, _WHOM)
    .select_from(_TOLD)
    .where(among(notices.c.key, "keys"), notices.c.mail == Way.QUEUED.value)
)
_CLAIM = Statement(update(notices).where(notices.c.key == bindparam("of")).values(mail=Way.CLAIMED.value))
_SETTLE = Statement(
    update(notices)
    .where(notices.c.key == bindparam("of"))
    .values(mail=bindparam("now_is"), attempt=bindparam("next"), not_before=bindparam("from_then"))
    .returning(notices.c.subject)
)
_CAME_BACK = Statement(
    update(notices)
    .where(notices.c.key == bindparam("of"))
    .values(mail=Way.BOUNCED.value)
    .returning(notices.c.subject)
)
_UNDER_WAY = Statement(
    select(notices.c.until, notices.c.mail)
    .select_from(_THERE)
    .where(or_(notices.c.subject == bindparam("of"), merged.c.into == bindparam("of")))
)
_WAYS = Statement(
    select(notices.c.subject, notices.c.mail)
    .select_from(_TOLD.outerjoin(subjects, subjects.c.id == _WHOM))
    .where((notices.c.mail != Way.QUEUED.value) | subjects.c.id.is_not(None))
)


def queue(tx: Writing, identity: str, until: int) -> None:
    """Let a mail tell a subject that their proof is held until a moment (ms UTC), in place of any other."""
    _QUEUE.run(
        tx.driver,
        subject=identity,
        key=tx.parts.entropy(16).hex(),
        until=until,
        mail=Way.QUEUED.value,
        attempt=1,
        not_before=tx.now,
    )


def drop(tx: Writing, identity: str) -> None:
    """No mail is to tell them any more."""
    _DROP.run(tx.driver, of=identity)


def waiting(reading: Reading) -> list[Proof]:
    """The mails of this kind that may go now, in the order of their keys. Nobody but the team gets any where
    the service is for the team alone, and holds are not tried out on it."""
    if reading.parts.team_only:
        return []
    return [
        Proof(Ask(key, attempt, subject, MailClass.NOTICE, None, ""), language, (), until=until)
        for key, subject, attempt, until, language in _WAITING.rows(reading.driver, now=reading.now)
    ]


def due_among(reading: Reading, keys: Sequence[str]) -> dict[str, str]:
    """Whom the queued ones with these keys tell something, by key."""
    found = _DUE.rows(reading.driver, keys=msgspec.json.encode(list(keys)).decode())
    return dict(found)


def claimed(tx: Writing, key: str) -> None:
    """It is on its way."""
    _CLAIM.run(tx.driver, of=key)


def settled(tx: Writing, key: str, now_is: Way, attempt: int, not_before: int) -> str | None:
    """How far a mail has come, and which attempt may be made from when; whom it tells, None where nobody is
    to be told by it any more."""
    row = _SETTLE.rows(tx.driver, of=key, now_is=now_is.value, next=attempt, from_then=not_before)
    return row[0][0] if row else None


def came_back(tx: Writing, key: str) -> str | None:
    """A mail that the server had taken came back; who was not told, therefore. None: it was no such mail."""
    row = _CAME_BACK.rows(tx.driver, of=key)
    return row[0][0] if row else None


def under_way(reading: Reading, identity: str) -> int:
    """Until when a subject's proof is held (ms UTC), theirs or that of somebody who became part of them, if a
    mail that tells them so may still go; 0: none."""
    rows = _UNDER_WAY.rows(reading.driver, of=living(reading, [identity]).get(identity, identity))
    return max((until for until, mail in rows if Way(mail) in UNDER_WAY), default=0)


def ways(reading: Reading) -> Mapping[str, Way]:
    """By subject, how far the mail has come that tells them; whom no mail can tell any more is left out."""
    return {subject: Way(mail) for subject, mail in _WAYS.rows(reading.driver)}
