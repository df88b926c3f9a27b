"""What becomes of people's data by time alone. Each job takes a part, oldest first, and says how much it did;
what is done is found by its state, so that doing it again, or after a kill, changes nothing."""

import json
from collections.abc import Callable, Sequence

from sqlalchemy import and_, bindparam, delete, exists, not_, select, update

from consent.contract import BESIDE_TOPICS, Basis, Kept
from consent.ledger.evidence import Evidence
from consent.ledger.sealing import find_hold
from consent.ledger.subjects import Subject, load, move
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.states import AGREED, GOING, State, Step
from consent.store.statement import Statement
from consent.store.tables import among, evidence, facts, holds, reports, requests, standings, subjects, wishes
from consent.subscriber.hold import end_holds
from consent.subscriber.signup import ask_for
from consent.times import DAY_MS, ENDED_MS, MONTH_MS, YEAR_MS

PENDING_PURGED = "pending.purged"
PROOF_PURGED = "proof.purged"
_AT_ONCE = 500
_MANY = json.dumps


def run(tx: Writing, most: int = 200) -> Kept:
    """One part of every job, of at most `most` people each; `Kept.more` says whether to call again."""
    done = {name: job(tx, most) for name, job in _JOBS.items()}
    return Kept(**done, more=any(count >= most for count in done.values()))


def overdue(reading: Reading, most: int = 1000) -> int:
    """How many wishes stand pending although their time is over: 0 where the jobs run."""
    return len(_LAPSED.rows(reading.driver, now=reading.now, most=most))


# ---------------------------------------------------------------- wishes that nobody confirmed

_LAPSED = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(standings.c.state == State.PENDING.value, standings.c.expires <= bindparam("now"))
    .order_by(standings.c.expires)
    .limit(bindparam("most"))
)


def expire(tx: Writing, most: int) -> int:
    """Write down that a wish was not confirmed in time. (The gate has denied it since.)"""
    rows = _LAPSED.rows(tx.driver, now=tx.now, most=most)
    return _step_each(tx, rows, Step.EXPIRED, "system:time")


_OLD_REQUESTS = Statement(
    select(requests.c.id, requests.c.subject)
    .where(requests.c.at <= bindparam("before"), requests.c.expires <= bindparam("now"))
    .where(requests.c.closed != "confirmed", requests.c.mail != "claimed")
    .order_by(requests.c.at)
    .limit(bindparam("most"))
)
_OPEN = Statement(select(requests.c.id).where(requests.c.subject == bindparam("of")).limit(1))
_DROP_WISHES = Statement(delete(wishes).where(among(wishes.c.request, "ids")))
_DROP_REQUESTS = Statement(delete(requests).where(among(requests.c.id, "ids")))
_KNOWN = Statement(select(subjects.c.known).where(subjects.c.id == bindparam("of")))
_EMPTY = Statement(
    update(evidence).where(evidence.c.subject == bindparam("of")).values(sealed=b"", ip=b"", whole=False)
)
_FORGET = tuple(
    Statement(delete(table).where(column == bindparam("of")))
    for table, column in (
        (standings, standings.c.subject),
        (evidence, evidence.c.subject),
        (reports, reports.c.subject),
        (subjects, subjects.c.id),
    )
)
_NEVER = frozenset({State.NONE, State.PENDING, State.EXPIRED, State.REFUSED})


def purge_pending(tx: Writing, most: int) -> int:
    """Forget requests that came to nothing, and of people who never confirmed anything all that was kept of
    the asking; of those whom nobody else knows, everything."""
    before = tx.now - tx.parts.times.pending_days * DAY_MS
    rows = _OLD_REQUESTS.rows(tx.driver, now=tx.now, before=before, most=most)
    if not rows:
        return 0
    gone = _MANY([request for request, _ in rows])
    _DROP_WISHES.run(tx.driver, ids=gone)
    _DROP_REQUESTS.run(tx.driver, ids=gone)
    people = load(tx, [subject for _, subject in rows])
    for subject in people.values():
        if _came_to_nothing(tx, subject) and subject.proof_at <= before:
            _purge(tx, subject)
    return len(rows)


def _came_to_nothing(tx: Writing, subject: Subject) -> bool:
    return (
        not (subject.confirmed or subject.stopped or subject.restricted)
        and find_hold(tx, subject.id) is None
        and all(standing.at(tx.now) in _NEVER for standing in subject.standings.values())
        and _OPEN.first(tx.driver, of=subject.id) is None
    )


def _purge(tx: Writing, subject: Subject) -> None:
    known = _KNOWN.first(tx.driver, of=subject.id)
    for statement in (_EMPTY,) if known is not None and known[0] else _FORGET:
        statement.run(tx.driver, of=subject.id)
    tx.log.append(Leaf(type=PENDING_PURGED, subject=subject.id, actor="system:time"))


# ---------------------------------------------------------------- people who fell silent, topics that ended

_SILENT = Statement(
    select(standings.c.subject, standings.c.topic)
    .join(subjects, subjects.c.id == standings.c.subject)
    .where(
        among(standings.c.state, "going"),
        standings.c.at <= bindparam("before"),
        subjects.c.alive <= bindparam("before"),
        (standings.c.subject + standings.c.topic) > bindparam("after"),
    )
    .order_by(standings.c.subject, standings.c.topic)
    .limit(bindparam("page"))
)
_GOING = _MANY(sorted(GOING))


def go_stale(tx: Writing, most: int) -> int:
    """End the topics of whoever has given no sign of life for so many months; not of those who refused to be
    measured, since of them nobody can tell."""
    before = tx.now - tx.parts.times.stale_months * MONTH_MS
    after, done = "", 0
    while done < most:
        rows = _SILENT.rows(tx.driver, going=_GOING, before=before, after=after, page=_AT_ONCE)
        if not rows:
            break
        after = "".join(rows[-1])
        people = load(tx, [subject for subject, _ in rows])
        silent = [
            (subject, topic)
            for subject, topic in rows
            if topic not in BESIDE_TOPICS and _can_be_told(tx, people[subject])
        ]
        done += _step_each(tx, silent[: most - done], Step.STALE, "system:silence")
    return done


def _can_be_told(reading: Reading, subject: Subject) -> bool:
    return "measurement" not in reading.rules.purposes or subject.agreed("measurement")


_ENDED = Statement(select(facts.c.name, facts.c.value).where(facts.c.name.like("ended %")))
_OF_TOPIC = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(standings.c.topic == bindparam("of"), among(standings.c.state, "states"))
    .limit(bindparam("most"))
)
_ENDING = _MANY([*sorted(GOING), State.PENDING.value, State.UNPROVEN.value, State.STALE.value])


def end_topics(tx: Writing, most: int) -> int:
    """End topics that the policy has not had for a month."""
    done = 0
    for name, value in _ENDED.rows(tx.driver):
        if int(bytes(value)) <= tx.now - ENDED_MS and done < most:
            topic = name.removeprefix("ended ")
            rows = _OF_TOPIC.rows(tx.driver, of=topic, states=_ENDING, most=most - done)
            done += _step_each(tx, rows, Step.TERMINATED, "system:ended")
    return done


# ---------------------------------------------------------------- words that changed

_ON_OTHER_WORDS = Statement(
    select(standings.c.subject, standings.c.topic)
    .where(
        standings.c.topic == bindparam("of"),
        among(standings.c.state, "states"),
        not_(among(standings.c.version, "versions")),
        standings.c.asked != bindparam("present"),
    )
    .limit(bindparam("most"))
)
_ASKED = Statement(
    update(standings)
    .where(standings.c.subject == bindparam("of"), standings.c.topic == bindparam("about"))
    .values(asked=bindparam("present"))
)
_AGREED = _MANY(sorted(AGREED))


def ask_again(tx: Writing, most: int) -> int:
    """Ask whoever agreed to other words than those of today, once for each change of them."""
    done = 0
    for topic, (present, purpose) in tx.rules.purposes.items():
        if purpose.basis is not Basis.CONSENT or done >= most:
            continue
        same = [version for version in tx.rules.grounds if tx.rules.holds(version, present)]
        rows = _ON_OTHER_WORDS.rows(
            tx.driver,
            of=topic,
            states=_AGREED,
            versions=_MANY([*same, present]),
            present=present,
            most=most - done,
        )
        for identity, _ in rows:
            subject = load(tx, [identity])[identity]
            if not subject.held(topic) and not subject.restricted:
                record: Evidence = {"schema": "renewal/v1", "topic": topic, "words": present, "at": tx.now}
                ask_for(tx, subject, [topic], subject.language, record, "system:renewal")
            _ASKED.run(tx.driver, of=identity, about=topic, present=present)
        done += len(rows)
    return done


# ---------------------------------------------------------------- proof that is kept no longer

_STILL = [*sorted(GOING), State.PENDING.value, State.STALE.value]
_OLD_PROOF = Statement(
    select(evidence.c.subject)
    .where(evidence.c.sealed != b"", evidence.c.at <= bindparam("before"))
    .where(not_(exists().where(holds.c.subject == evidence.c.subject)))
    .where(
        not_(
            exists().where(
                and_(
                    standings.c.subject == evidence.c.subject,
                    (standings.c.at > bindparam("before")) | among(standings.c.state, "still"),
                )
            )
        )
    )
    .distinct()
    .limit(bindparam("most"))
)


def purge_proof(tx: Writing, most: int) -> int:
    """Forget the evidence of people who left everything years ago. What the log says of them stays."""
    before = tx.now - tx.parts.times.proof_years * YEAR_MS
    rows = _OLD_PROOF.rows(tx.driver, before=before, still=_MANY(_STILL), most=most)
    for (identity,) in rows:
        _EMPTY.run(tx.driver, of=identity)
        tx.log.append(Leaf(type=PROOF_PURGED, subject=identity, actor="system:time"))
    return len(rows)


_WHOLE_IPS = Statement(
    select(evidence.c.commitment, evidence.c.subject, evidence.c.row, evidence.c.ip)
    .where(evidence.c.whole, evidence.c.at <= bindparam("before"))
    .order_by(evidence.c.at)
    .limit(bindparam("most"))
)
_SHORTEN = Statement(
    update(evidence)
    .where(evidence.c.commitment == bindparam("of"))
    .values(ip=bindparam("sealed_ip"), whole=False)
)


def shorten_ips(tx: Writing, most: int) -> int:
    """Cut IP addresses down to their networks. The commitments in the log hold as before."""
    before = tx.now - tx.parts.times.ip_days * DAY_MS
    rows = _WHOLE_IPS.rows(tx.driver, before=before, most=most)
    people = load(tx, [subject for _, subject, _, _ in rows])
    vault = tx.parts.vault
    for commitment, identity, row, ip in rows:
        subject = people.get(identity)
        short = vault.shorten_ip(identity, subject.wrapped, row, bytes(ip)) if subject is not None else b""
        _SHORTEN.run(tx.driver, of=commitment, sealed_ip=short)
    return len(rows)


def _step_each(tx: Writing, rows: Sequence[Sequence[str]], step: Step, actor: str) -> int:
    people = load(tx, [subject for subject, _ in rows])
    for identity, topic in rows:
        subject = people[identity]
        people[identity] = subject.moved(topic, move(tx, subject, topic, step, actor=actor))
    return len(rows)


_JOBS: dict[str, Callable[[Writing, int], int]] = {
    "expired": expire,
    "purged": purge_pending,
    "stale": go_stale,
    "ended": end_topics,
    "asked_again": ask_again,
    "proof_purged": purge_proof,
    "ips_shortened": shorten_ips,
    "holds_ended": end_holds,
}
