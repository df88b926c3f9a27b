"""Sign-up: from a wish by way of a proof mail to a confirmation. The same for every address."""

from collections.abc import Sequence

from sqlalchemy import bindparam, update

from consent.address import Address
from consent.contract import (
    BESIDE_TOPICS,
    About,
    Ask,
    Basis,
    LinkRefused,
    MailClass,
    Proof,
    Receipt,
    SignUp,
    Visit,
)
from consent.ledger.evidence import Evidence, of_visit
from consent.ledger.policy import read_purposes
from consent.ledger.subjects import Subject, find_or_make, keep_evidence, load, move
from consent.ledger.suppression import lift, suppress
from consent.ledger.tokens import Scope
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import take_address
from consent.proof.leaf import Leaf
from consent.rules import words
from consent.states import TRANSITIONS, State, Step
from consent.store.statement import Statement
from consent.store.tables import subjects
from consent.subscriber import hold_notice
from consent.subscriber.collected import record_of
from consent.subscriber.cooling import cooled_down, hold_off, one_more
from consent.subscriber.fetched import note_fetch
from consent.subscriber.moving import change, decline, refuse_change
from consent.subscriber.receipts import receipt_of
from consent.subscriber.wishes import (
    ask,
    close,
    close_all,
    extend,
    open_requests,
    queue,
    queued,
    wish,
    wished_in,
)
from consent.subscriber.withdrawal import stop
from consent.times import HOUR_MS

_ACTOR = "subject:link"


def sign_up(tx: Writing, address: Address, request: SignUp) -> None:
    """Record the wish and queue a proof mail, unless a cool-down forbids it. Raises `ValueError`."""
    topics = tuple(dict.fromkeys(request.topics))
    if not set(topics) - set(BESIDE_TOPICS):
        raise ValueError("A sign-up names at least one topic that mails are about.")
    for topic in topics:
        known = tx.rules.purposes.get(topic)
        if known is None or known[1].basis is not Basis.CONSENT:
            raise ValueError(f"There is no topic `{topic}` that one can sign up for.")
    if _too_young(tx, request):
        return
    [identity] = find_or_make(tx, [address], known_too=False)
    subject = load(tx, [identity])[identity]
    record = record_of(tx, address, request, topics)
    ask_for(tx, subject, topics, request.language, record, "subject:sign_up", shown=bool(request.shown))


def _too_young(reading: Reading, request: SignUp) -> bool:
    """Nothing is stored of such people, and they get the answer that everybody gets."""
    least = reading.parts.times.least_age(request.country)
    if least and request.age is None:
        raise ValueError(f"A sign-up says by `age` how old the person is, for one must be {least} at least.")
    return request.age is not None and request.age < least


def ask_for(
    tx: Writing,
    subject: Subject,
    topics: Sequence[str],
    language: str,
    record: Evidence,
    actor: str,
    shown: bool = False,
) -> None:
    """Make `topics` pending, as far as they are not agreed to in the words of today, and queue one proof mail
    for them. The evidence names the request, by which all that comes of it is known. `shown`: a form of ours
    had served them."""
    wanted = [topic for topic in topics if not _settled(tx, subject, topic)]
    if not wanted:
        return
    waiting, wished = open_requests(tx, subject.id)
    may_queue = cooled_down(subject, tx.now)
    queues = may_queue and (waiting is None or waiting.mail == "held")
    if not queues and wished.issuperset(wanted):
        return  # asked for already: nothing new, however often someone presses the button
    expires = tx.now + tx.parts.times.link_hours * HOUR_MS
    if waiting is None:
        request = ask(tx, subject.id, language, expires, "queued" if queues else "held")
    else:
        request = waiting.id
        if queues:
            queue(tx, request, language, expires)
            extend(tx, request, subject.id, expires)
    commitment = keep_evidence(tx, subject, {**record, "request": request})
    for topic in wanted:
        if subject.standing(topic).lapsed(tx.now):
            subject = subject.moved(topic, move(tx, subject, topic, Step.EXPIRED, actor="system"))
        if shown:
            served = Leaf(
                type="notice.served",
                subject=subject.id,
                purpose=topic,
                notice=tx.rules.purposes[topic][0],
                actor=actor,
                evidence=commitment,
            )
            tx.log.append(served)
        move(
            tx,
            subject,
            topic,
            Step.REQUESTED,
            actor=actor,
            notice=tx.rules.purposes[topic][0],
            commitment=commitment,
            expires=expires,
        )
    wish(tx, request, wanted)
    if queues:
        one_more(tx, subject)
        tx.log.append(Leaf(type="proof_mail.queued", subject=subject.id, actor=actor, evidence=commitment))


def proofs(reading: Reading, limit: int, after: str) -> list[Proof]:
    """Mails of our own that are queued and neither claimed nor settled for good: those that ask for a
    confirmation, oldest first, and behind them those that tell of a hold; with `after`, the key of one, those
    that come behind it."""
    telling = hold_notice.waiting(reading)
    behind = next((place for place, one in enumerate(telling, 1) if one.ask.key == after), 0)
    if behind:
        return telling[behind:][:limit]
    asking = [
        Proof(
            Ask(key, attempt, subject, MailClass.PROOF, None, ""),
            language,
            _sentences(reading, key, language),
            About.NEW_ADDRESS if moves else About.OLD_ADDRESS if tells else About.SIGN_UP,
        )
        for key, subject, language, attempt, moves, tells in queued(reading, limit, after)
    ]
    return [*asking, *telling][:limit]


def _sentences(reading: Reading, request: str, language: str) -> tuple[str, ...]:
    versions = [version for _, version in wished_in(reading, request)]
    known = read_purposes(reading, versions)
    default = reading.rules.policy.default_language
    return tuple(words(known[version].wording, language, default) for version in versions)


def _settled(reading: Reading, subject: Subject, topic: str) -> bool:
    """Whether they agreed to `topic` as it is put today."""
    return subject.agreed(topic) and reading.rules.holds(
        subject.standing(topic).version, reading.rules.purposes[topic][0]
    )


_CONFIRMED = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"))
    .values(
        language=bindparam("spoken"),
        proofs=0,
        proof_at=0,
        confirmed=bindparam("leaf"),
        alive=bindparam("now"),
    )
)


def confirm(tx: Writing, token: str, visit: Visit, fetched: str = "") -> Receipt:
    """Turn the request's topics into consent, or the new address into the person's, once only. Whoever had
    agreed to no topic is back with it, and a break from before is over. Raises `LinkRefused`."""
    request = close(tx, tx.parts.tokens.read_request(token, Scope.CONFIRM), "confirmed")
    if request.tells:
        raise LinkRefused("unknown")  # such a mail has no link to confirm
    note_fetch(tx, request, fetched, _ACTOR)
    if request.moves:
        return change(tx, request, visit)
    subject = load(tx, [request.subject])[request.subject]
    wished = wished_in(tx, request.id)
    record: Evidence = {
        "schema": "confirmation/v1",
        "request": request.id,
        "topics": [topic for topic, _ in wished],
        "at": tx.now,
        **of_visit(visit),
    }
    commitment = keep_evidence(tx, subject, record)
    leaf, fresh = -1, 0
    if subject.paused_until > tx.now and not _agreed_to_any(subject) and _names_any(wished):
        _RESUME.run(tx.driver, of=subject.id)
        tx.log.append(Leaf(type="resumed", subject=subject.id, actor=_ACTOR, evidence=commitment))
    for topic, version in wished:
        before = subject.standing(topic)
        agreed = subject.agreed(topic)
        if agreed and before.state is State.ACTIVE and tx.rules.holds(before.version, version):
            leaf = max(leaf, before.seq)
            continue
        standing = move(
            tx,
            subject,
            topic,
            Step.RENEWED if agreed else Step.CONFIRMED,
            actor=_ACTOR,
            notice=version,
            commitment=commitment,
            language=request.language,
        )
        fresh = standing.seq
    lift(tx, subject)
    take_address(tx, subject)
    _CONFIRMED.run(
        tx.driver, of=subject.id, spoken=request.language, leaf=fresh or subject.confirmed, now=tx.now
    )
    return receipt_of(tx, subject.id, [topic for topic, _ in wished], fresh or leaf)


_RESUME = Statement(update(subjects).where(subjects.c.id == bindparam("of")).values(paused_until=0))


def _agreed_to_any(subject: Subject) -> bool:
    return any(subject.agreed(topic) for topic in subject.standings if topic not in BESIDE_TOPICS)


def _names_any(wished: Sequence[tuple[str, str]]) -> bool:
    return any(topic not in BESIDE_TOPICS for topic, _ in wished)


def refuse(tx: Writing, token: str, visit: Visit, fetched: str = "") -> None:
    """ "This wasn't me": close this request and every other that is open, and begin the longest cool-down.
    It can be said for as long as the request is known. Whoever gets nothing is kept from what others bring,
    whatever is entered in their name afterwards. Raises `LinkRefused`."""
    known = tx.parts.tokens.read_request(token, Scope.CONFIRM, Scope.REFUSE)
    request = close(tx, known, "refused", lapsed=True)
    note_fetch(tx, request, fetched, _ACTOR)
    if request.tells:
        return refuse_change(tx, request, visit)
    subject = load(tx, [request.subject])[request.subject]
    close_all(tx, subject.id, "refused")
    hold_off(tx, subject)
    record: Evidence = {"schema": "refusal/v1", "request": request.id, "at": tx.now, **of_visit(visit)}
    commitment = keep_evidence(tx, subject, record)
    if request.moves:
        return decline(tx, subject, commitment)
    for topic, version in wished_in(tx, request.id):
        if (subject.standing(topic).state, Step.REFUSED) in TRANSITIONS:
            move(tx, subject, topic, Step.REFUSED, actor=_ACTOR, notice=version, commitment=commitment)
    # Their own word that they never asked weighs more than what somebody else attested of them.
    denied = [of for of, _ in wished_in(tx, request.id) if subject.standing(of).state is State.ATTESTED]
    if denied:
        subject = stop(tx, subject, denied, _ACTOR, record)
    if not any(subject.gets(topic) for topic in subject.standings):
        suppress(tx, subject)
