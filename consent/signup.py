"""Sign-up: from a wish by way of a proof mail to a confirmation. The same for every address."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Row, Select, select, true, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from consent.address import Address
from consent.contract import Ask, Basis, LinkRefused, MailClass, Proof, Receipt, SignUp, Visit
from consent.evidence import Evidence, of_visit
from consent.leaf import Leaf
from consent.policy import read_purposes
from consent.rules import words
from consent.states import State, Step
from consent.store import requests, subjects, wishes
from consent.subjects import Subject, find_or_make, keep_evidence, keep_form, load, move
from consent.tokens import Scope
from consent.transaction import Reading, Writing

DAY_MS = 86_400_000
LINK_MS = 3 * DAY_MS
COOL_DOWNS_MS = (DAY_MS, 7 * DAY_MS, 30 * DAY_MS)

_WISH = insert(wishes)
_WISH = _WISH.on_conflict_do_update(
    index_elements=["request", "topic"], set_={"version": _WISH.excluded.version}
)


def sign_up(tx: Writing, address: Address, request: SignUp) -> None:
    """Record the wish and queue a proof mail, unless a cool-down forbids it. Raises `ValueError`."""
    topics = tuple(dict.fromkeys(request.topics))
    if not topics:
        raise ValueError("A sign-up names at least one topic.")
    for topic in topics:
        known = tx.rules.purposes.get(topic)
        if known is None or known[1].basis is not Basis.CONSENT:
            raise ValueError(f"There is no topic `{topic}` that one can sign up for.")
    [identity] = find_or_make(tx, [address])
    subject = load(tx, [identity])[identity]
    record: Evidence = {
        "schema": "sign_up/v1",
        "form": request.form,
        "shown": keep_form(tx, request.shown),
        "language": request.language,
        "topics": list(topics),
        "address": address.typed,
        "at": tx.now,
        **of_visit(request.visit),
    }
    ask_for(tx, subject, topics, request.language, record, "subject:sign_up")


def ask_for(
    tx: Writing,
    subject: Subject,
    topics: Sequence[str],
    language: str,
    record: Evidence,
    actor: str,
) -> None:
    """Make `topics` pending, as far as they are not active, and queue one proof mail for them."""
    wanted = [topic for topic in topics if not subject.agreed(topic)]
    waiting = _waiting(tx, subject.id)
    wished = _wished(tx, subject.id)
    fresh = [topic for topic in wanted if topic not in wished]
    may_queue = _cooled_down(subject, tx.now)
    queues = may_queue and (waiting is None or waiting.mail == "held")
    if not wanted or not (fresh or queues):
        return  # asked for already: nothing new, however often someone presses the button
    expires = tx.now + LINK_MS
    commitment = keep_evidence(tx, subject, record)
    for topic in wanted:
        if subject.standing(topic).lapsed(tx.now):
            subject = subject.moved(topic, move(tx, subject, topic, Step.EXPIRED, actor="system"))
        version = tx.rules.purposes[topic][0]
        move(
            tx,
            subject,
            topic,
            Step.REQUESTED,
            actor=actor,
            notice=version,
            commitment=commitment,
            expires=expires,
        )
    if waiting is None:
        request = tx.parts.entropy(16).hex()
        row = {"id": request, "subject": subject.id, "language": language, "at": tx.now, "expires": expires}
        rest = {"mail": "queued" if queues else "held", "attempt": 1, "not_before": tx.now, "closed": ""}
        tx.conn.execute(requests.insert(), row | rest)
    else:
        request = waiting.id
        if queues:
            tx.conn.execute(
                update(requests)
                .where(requests.c.id == request)
                .values(mail="queued", at=tx.now, not_before=tx.now, expires=expires, language=language)
            )
    tx.conn.execute(
        _WISH,
        [{"request": request, "topic": topic, "version": tx.rules.purposes[topic][0]} for topic in wanted],
    )
    if queues:
        tx.conn.execute(
            update(subjects)
            .where(subjects.c.id == subject.id)
            .values(proofs=subjects.c.proofs + 1, proof_at=tx.now)
        )
        tx.log.append(Leaf(type="proof_mail.queued", subject=subject.id, actor=actor))


def proofs(reading: Reading, limit: int, after: str) -> list[Proof]:
    """Proof mails that are queued and neither claimed nor settled for good, oldest first; with `after`, the
    key of one, those that come behind it."""
    place = tuple_(requests.c.at, requests.c.id)
    mark = select(requests.c.at, requests.c.id).where(requests.c.id == after).scalar_subquery()
    rows = reading.conn.execute(
        select(requests.c.id, requests.c.subject, requests.c.language, requests.c.attempt)
        .where(
            requests.c.mail == "queued",
            requests.c.closed == "",
            requests.c.expires > reading.now,
            requests.c.not_before <= reading.now,
            place > mark if after else true(),
        )
        .order_by(requests.c.at, requests.c.id)
        .limit(limit)
    ).all()
    wished: dict[str, list[str]] = {}
    for request, version in reading.conn.execute(
        select(wishes.c.request, wishes.c.version)
        .where(wishes.c.request.in_([row.id for row in rows]))
        .order_by(wishes.c.request, wishes.c.topic)
    ):
        wished.setdefault(request, []).append(version)
    known = read_purposes(reading, list({version for versions in wished.values() for version in versions}))
    default = reading.rules.policy.default_language
    return [
        Proof(
            Ask(row.id, row.attempt, row.subject, MailClass.PROOF, None, ""),
            row.language,
            tuple(words(known[version].wording, row.language, default) for version in wished.get(row.id, [])),
        )
        for row in rows
    ]


def confirm(tx: Writing, token: str, visit: Visit) -> Receipt:
    """Turn the request's topics into consent, once only. Raises `LinkRefused`."""
    request = tx.parts.tokens.read_request(token, Scope.CONFIRM)
    row = _close(tx, request, "confirmed")
    subject = load(tx, [row.subject])[row.subject]
    wished = tx.conn.execute(
        select(wishes.c.topic, wishes.c.version).where(wishes.c.request == request).order_by(wishes.c.topic)
    ).all()
    record: Evidence = {"schema": "confirmation/v1", "request": request, "at": tx.now, **of_visit(visit)}
    commitment = keep_evidence(tx, subject, record)
    leaf = fresh = 0
    for topic, version in wished:
        if subject.agreed(topic):
            leaf = leaf or subject.standing(topic).seq
            continue
        standing = move(
            tx,
            subject,
            topic,
            Step.CONFIRMED,
            actor="subject:link",
            notice=version,
            commitment=commitment,
            language=row.language,
        )
        leaf = fresh = standing.seq
    tx.conn.execute(
        update(subjects)
        .where(subjects.c.id == subject.id)
        .values(language=row.language, proofs=0, proof_at=0, confirmed=fresh or subject.confirmed)
    )
    note = tx.sign().note
    return Receipt(subject.id, Step.CONFIRMED, tuple(topic for topic, _ in wished), tx.now, leaf, note)


def refuse(tx: Writing, token: str, visit: Visit) -> None:
    """ "This wasn't me": close this request and every other that is open, and begin the longest cool-down.

    Raises `LinkRefused`."""
    request = tx.parts.tokens.read_request(token, Scope.CONFIRM, Scope.REFUSE)
    row = _close(tx, request, "refused")
    subject = load(tx, [row.subject])[row.subject]
    tx.conn.execute(
        update(requests)
        .where(requests.c.subject == subject.id, requests.c.closed == "")
        .values(closed="refused")
    )
    tx.conn.execute(
        update(subjects).where(subjects.c.id == subject.id).values(proofs=len(COOL_DOWNS_MS), proof_at=tx.now)
    )
    record: Evidence = {"schema": "refusal/v1", "request": request, "at": tx.now, **of_visit(visit)}
    commitment = keep_evidence(tx, subject, record)
    for topic, version in tx.conn.execute(
        select(wishes.c.topic, wishes.c.version).where(wishes.c.request == request).order_by(wishes.c.topic)
    ).all():
        if subject.standing(topic).state in (State.PENDING, State.WITHDRAWN):
            move(
                tx, subject, topic, Step.REFUSED, actor="subject:link", notice=version, commitment=commitment
            )


class _Request(Struct, frozen=True):
    id: str
    subject: str
    language: str
    mail: str


def _request(row: Row[str, str, str, str]) -> _Request:
    return _Request(row.id, row.subject, row.language, row.mail)


_REQUEST = select(requests.c.id, requests.c.subject, requests.c.language, requests.c.mail)


def _close(tx: Writing, request: str, how: str) -> _Request:
    """Close an open request, once: the condition stands in the update. Raises `LinkRefused`."""
    closed = tx.conn.execute(
        update(requests)
        .where(requests.c.id == request, requests.c.closed == "", requests.c.expires > tx.now)
        .values(closed=how)
    )
    if closed.rowcount:
        return _request(tx.conn.execute(_REQUEST.where(requests.c.id == request)).one())
    earlier = tx.conn.scalar(select(requests.c.closed).where(requests.c.id == request))
    raise LinkRefused("unknown" if earlier is None else "used" if earlier else "expired")


def _open_requests(tx: Writing, subject: str) -> Select[str, str, str, str]:
    return _REQUEST.where(requests.c.subject == subject, requests.c.closed == "", requests.c.expires > tx.now)


def _waiting(tx: Writing, subject: str) -> _Request | None:
    """The open request whose mail has not begun its way, so that topics can still join it."""
    row = tx.conn.execute(
        _open_requests(tx, subject).where(requests.c.mail.in_(("queued", "held"))).limit(1)
    ).first()
    return _request(row) if row else None


def _wished(tx: Writing, subject: str) -> set[str]:
    """Topics of all open requests."""
    ids = [row[0] for row in tx.conn.execute(_open_requests(tx, subject))]
    return set(tx.conn.scalars(select(wishes.c.topic).where(wishes.c.request.in_(ids))))


def _cooled_down(subject: Subject, now: int) -> bool:
    """Whether one more proof mail may be queued: at once, then after 1, 7, 30 and each further 30 days."""
    pause = COOL_DOWNS_MS[min(subject.proofs, len(COOL_DOWNS_MS)) - 1]
    return subject.proofs == 0 or now >= subject.proof_at + pause
