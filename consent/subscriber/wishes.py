"""Requests that want a proof mail, and the topics wished for in each: rows, and no decisions."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import bindparam, delete, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from consent.contract import BESIDE_TOPICS, LinkRefused
from consent.ledger.transaction import Reading, Writing
from consent.states import State
from consent.store.statement import Row, Statement
from consent.store.tables import MOVES, QUEUED, among, requests, standings, wishes


class Request(Struct, frozen=True):
    """A sign-up, or what a change of address needs. Its id is the key of its proof mail; `mail` is how far
    that has come. `moves` is the subject who wants the address that the mail goes to, `tells` the request
    that this mail is a notice of."""

    id: str
    subject: str
    language: str
    mail: str
    moves: str = ""
    tells: str = ""


_REQUEST = (
    requests.c.id,
    requests.c.subject,
    requests.c.language,
    requests.c.mail,
    requests.c.moves,
    requests.c.tells,
)
_ASK = Statement(requests.insert())
_AGAIN = Statement(
    update(requests)
    .where(requests.c.id == bindparam("of"))
    .values(
        mail="queued",
        at=bindparam("now"),
        not_before=bindparam("now"),
        expires=bindparam("until"),
        language=bindparam("spoken"),
    )
)
_EXTEND = Statement(
    update(standings)
    .where(
        standings.c.subject == bindparam("of"),
        standings.c.state == State.PENDING.value,
        standings.c.expires < bindparam("until"),
        standings.c.topic.in_(select(wishes.c.topic).where(wishes.c.request == bindparam("by"))),
    )
    .values(expires=bindparam("until"))
)
_INTO = insert(wishes)
_WISH = Statement(
    _INTO.on_conflict_do_update(index_elements=["request", "topic"], set_={"version": _INTO.excluded.version})
)


def ask(
    tx: Writing, subject: str, language: str, expires: int, mail: str, moves: str = "", tells: str = ""
) -> str:
    """A new request, its mail `queued` or `held`; its id. `moves` and `tells` are as in `Request`."""
    request = tx.parts.entropy(16).hex()
    _ASK.run(
        tx.driver,
        id=request,
        subject=subject,
        language=language,
        at=tx.now,
        expires=expires,
        mail=mail,
        attempt=1,
        not_before=tx.now,
        closed="",
        moves=moves,
        tells=tells,
    )
    return request


def queue(tx: Writing, request: str, language: str, expires: int) -> None:
    """Let the mail of an open request go now."""
    _AGAIN.run(tx.driver, of=request, now=tx.now, until=expires, spoken=language)


def extend(tx: Writing, request: str, subject: str, expires: int) -> None:
    """Let what was wished for in a request stay pending as long as its link can be used."""
    _EXTEND.run(tx.driver, of=subject, by=request, until=expires)


def wish(tx: Writing, request: str, topics: Sequence[str]) -> None:
    """Let a request be about `topics` too, in the words that are in force."""
    _WISH.run_many(tx.driver, [(request, topic, tx.rules.purposes[topic][0]) for topic in topics])


_WISHED = Statement(
    select(wishes.c.topic, wishes.c.version)
    .where(wishes.c.request == bindparam("of"))
    .order_by(wishes.c.topic)
)
_OPEN = Statement(
    select(*_REQUEST, requests.c.expires, wishes.c.topic)
    .outerjoin(wishes, wishes.c.request == requests.c.id)
    .where(requests.c.subject == bindparam("of"), requests.c.closed == "")
)


def wished_in(reading: Reading, request: str) -> list[tuple[str, str]]:
    """Topics and versions of a request in the order of the policy, the purposes beside the topics last."""
    place = {topic: index for index, topic in enumerate(reading.rules.purposes)}
    rows = [(topic, version) for topic, version in _WISHED.rows(reading.driver, of=request)]
    return sorted(rows, key=lambda wished: (wished[0] in BESIDE_TOPICS, place.get(wished[0], len(place))))


def wished_by(reading: Reading, subject: str) -> set[str]:
    """Topics of all requests of a person that are not closed, lapsed ones too."""
    return {topic for *_, topic in _OPEN.rows(reading.driver, of=subject) if topic is not None}


def open_requests(reading: Reading, subject: str) -> tuple[Request | None, set[str]]:
    """The request whose mail has not begun its way, so that topics can still join it, and the topics of all
    that can still be confirmed."""
    found = [(Request(*row[:6]), *row[6:]) for row in _OPEN.rows(reading.driver, of=subject)]
    live = [(request, topic) for request, expires, topic in found if expires > reading.now]
    waits = (one for one, _ in live if one.mail in ("queued", "held") and not (one.moves or one.tells))
    return next(waits, None), {topic for _, topic in live if topic is not None}


_PLACE = tuple_(requests.c.at, requests.c.id)
_MARK = select(requests.c.at, requests.c.id).where(requests.c.id == bindparam("after")).scalar_subquery()
_QUEUED = Statement(
    select(
        requests.c.id,
        requests.c.subject,
        requests.c.language,
        requests.c.attempt,
        requests.c.moves,
        requests.c.tells,
    )
    .where(
        QUEUED,
        requests.c.expires > bindparam("now"),
        requests.c.not_before <= bindparam("now"),
        or_(bindparam("after") == "", _PLACE > _MARK),
    )
    .order_by(requests.c.at, requests.c.id)
    .limit(bindparam("most"))
)


def queued(reading: Reading, limit: int, after: str) -> list[Row]:
    """Id, subject, language, attempt and, as in `Request`, `moves` and `tells` of requests whose mail may go
    now, oldest first, those behind `after` if it is given."""
    return _QUEUED.rows(reading.driver, now=reading.now, after=after, most=limit)


# The condition stands in the update, so that a link works once, whoever presses at the same time.
_CLOSE = Statement(
    update(requests)
    .where(requests.c.id == bindparam("of"), requests.c.closed == "", requests.c.expires > bindparam("after"))
    .values(closed=bindparam("how"))
    .returning(*_REQUEST)
)
_CLOSED = Statement(select(requests.c.closed).where(requests.c.id == bindparam("of")))
_CLOSE_ALL = Statement(
    update(requests)
    .where(requests.c.subject == bindparam("of"), requests.c.closed == "")
    .values(closed=bindparam("how"))
)
_CLOSE_MOVES = Statement(
    update(requests)
    .where(MOVES, requests.c.moves == bindparam("of"), requests.c.closed == "")
    .values(closed=bindparam("how"))
)


def close(tx: Writing, request: str, how: str, lapsed: bool = False) -> Request:
    """Close an open request, once; `lapsed`: also one whose time to be confirmed is over. Raises
    `LinkRefused`."""
    found = _CLOSE.rows(tx.driver, of=request, after=-1 if lapsed else tx.now, how=how)
    if found:
        return Request(*found[0])
    earlier = _CLOSED.first(tx.driver, of=request)
    raise LinkRefused("unknown" if earlier is None else "used" if earlier[0] else "expired")


def close_all(tx: Writing, subject: str, how: str) -> None:
    """Close every open request of a person, that for another address too."""
    _CLOSE_ALL.run(tx.driver, of=subject, how=how)
    _CLOSE_MOVES.run(tx.driver, of=subject, how=how)


def close_own(tx: Writing, subject: str, how: str) -> None:
    """Close every open request to a person's own address; but by a notice that they have they may still close
    that for another."""
    _CLOSE_OWN.run(tx.driver, of=subject, how=how)


_SIGN_UPS = (
    requests.c.subject == bindparam("of"),
    requests.c.closed == "",
    requests.c.moves == "",
    requests.c.tells == "",
)
_CLOSE_OWN = Statement(
    update(requests)
    .where(
        requests.c.subject == bindparam("of"),
        requests.c.closed == "",
        or_(requests.c.tells == "", requests.c.mail != "sent"),
    )
    .values(closed=bindparam("how"))
)
_MINE = select(requests.c.id).where(*_SIGN_UPS)
_DROP = Statement(delete(wishes).where(among(wishes.c.topic, "topics"), wishes.c.request.in_(_MINE)))
_CLOSE_EMPTY = Statement(
    update(requests)
    .where(
        *_SIGN_UPS,
        requests.c.id.not_in(select(wishes.c.request).where(wishes.c.request.in_(_MINE))),
    )
    .values(closed="withdrawn")
)


def drop(tx: Writing, subject: str, topics: str) -> None:
    """Take `topics` (a JSON array) out of a person's open requests, and close those that are left empty."""
    _DROP.run(tx.driver, of=subject, topics=topics)
    _CLOSE_EMPTY.run(tx.driver, of=subject)
