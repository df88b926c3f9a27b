"""What the store knows about a batch of asks, gathered in a few statements whatever the size of the batch."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from sqlalchemy import bindparam, func, or_, select

from consent.address import read_address
from consent.caps import unit_start
from consent.contract import (
    BESIDE_TOPICS,
    Ask,
    Decision,
    Frequency,
    InvalidAddress,
    Links,
    MailClass,
    Outcome,
    Reason,
)
from consent.errors import WrongKeys
from consent.ledger.doubts import doubted_among
from consent.ledger.logged import all_bear, logged_at
from consent.ledger.spent import Spent, spent_among
from consent.ledger.subjects import Standing, Subject, load
from consent.ledger.suppression import suppressed
from consent.ledger.transaction import Reading
from consent.ledger.whose import parts_of
from consent.mails.gate import NO_CIRCUMSTANCES, UNITS, Circumstances, Verdict, judge
from consent.states import GOING
from consent.store.statement import Statement
from consent.store.tables import among, batches, decisions, requests
from consent.subscriber.erasure import Erased, erased_among
from consent.subscriber.hold_notice import due_among

AGAIN = frozenset({Outcome.DEFERRED, Outcome.RELEASED})
"""Outcomes after which another attempt may be claimed."""


class Attempt(Struct, frozen=True):
    """The newest attempt that was claimed for a key. `outcome` is None while it is unsettled."""

    attempt: int
    subject: str
    outcome: str | None
    sender: str
    batch: int
    at: int
    topic: str
    mail_class: str
    checkpoint: int
    variant: str
    measured: bool
    template: str
    message_id: str


_ATTEMPTS = Statement(
    select(
        decisions.c.key,
        decisions.c.attempt,
        decisions.c.subject,
        decisions.c.outcome,
        batches.c.sender,
        decisions.c.batch,
        decisions.c.at,
        decisions.c.topic,
        decisions.c["class"],
        batches.c.checkpoint,
        decisions.c.variant,
        decisions.c.measured,
        decisions.c.template,
        decisions.c.message_id,
    )
    .join(batches, batches.c.seq == decisions.c.batch)
    .where(decisions.c.reason.is_(None), among(decisions.c.key, "keys"))
    .order_by(decisions.c.attempt)
)
_PROOFS = Statement(
    select(requests.c.id, requests.c.subject, requests.c.expires, requests.c.tells).where(
        among(requests.c.id, "keys"), requests.c.mail == "queued", requests.c.closed == ""
    )
)
# Marketing mails that people got since a moment, or may have got, by topic: what is counted is marketing.
_SENT = Statement(
    select(decisions.c.subject, decisions.c.topic, func.count())
    .where(
        among(decisions.c.subject, "subjects"),
        decisions.c.counted,
        decisions.c.at >= bindparam("since"),
        decisions.c.reason.is_(None),
        or_(
            decisions.c.outcome.is_(None),
            decisions.c.outcome == Outcome.ACCEPTED,
            decisions.c.outcome == Outcome.UNKNOWN,
        ),
    )
    .group_by(decisions.c.subject, decisions.c.topic)
)


@dataclass(slots=True)
class Gathered:
    """Everything that the gate needs for a batch of asks."""

    people: dict[str, Subject]
    attempts: dict[str, Attempt]
    sent: dict[tuple[str, str], int]
    got: dict[str, int]
    proofs: dict[str, tuple[str, int, bool]]
    erased: dict[str, Erased]
    spent: dict[str, Spent] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)  # whom those that are due tell, by key
    suppressed: set[str] = field(default_factory=set)
    doubted: set[str] = field(default_factory=set)  # of whom the store says what the log does not
    unborne: set[str] = field(default_factory=set)  # those of them whose standings no leaf bears
    _addresses: dict[str, str | None] = field(default_factory=dict)

    def address(self, reading: Reading, subject: Subject) -> str | None:
        """The typed form of a subject's address; None if what is sealed cannot be opened."""
        if subject.id not in self._addresses:
            try:
                if subject.unreadable:
                    raise WrongKeys(subject.id)
                opened = reading.parts.vault.open_address(subject.id, subject.wrapped, subject.sealed)
            except WrongKeys:  # the keys were compared at the start: this one row is damaged
                self._addresses[subject.id] = None
            else:
                self._addresses[subject.id] = opened
        return self._addresses[subject.id]

    def epoch(self, subject: str) -> int:
        """How many stops a subject had; 0 for one that nobody knows."""
        known = self.people.get(subject) or self.erased.get(subject)
        return known.epoch if known is not None else 0

    def asks(self, ask: Ask) -> bool:
        """Whether there is something to confirm by this proof mail: a notice has nothing."""
        return not self.proofs.get(ask.key, ("", 0, False))[2]

    def counts(self, ask: Ask) -> bool:
        """Whether this mail counts towards a cap of its topic or the person's own frequency."""
        return (ask.subject, ask.topic) in self.sent or ask.subject in self.got

    def attempt_fault(self, ask: Ask) -> Reason | None:
        """Why this attempt may not be claimed, whatever the gate says."""
        newest = self.attempts.get(ask.key)
        if newest is None:
            if ask.key in self.spent:
                return Reason.ALREADY_CLAIMED
            return None if ask.attempt == 1 else Reason.WRONG_ATTEMPT
        if ask.attempt <= newest.attempt:
            return Reason.ALREADY_CLAIMED
        if ask.attempt > newest.attempt + 1 or newest.outcome not in AGAIN:
            return Reason.WRONG_ATTEMPT
        return None


def gather(reading: Reading, asks: Sequence[Ask]) -> Gathered:
    """Read what is known about `asks`."""
    keys = json.dumps([ask.key for ask in asks])
    attempts = {key: Attempt(*rest) for key, *rest in _ATTEMPTS.rows(reading.driver, keys=keys)}
    proofs: dict[str, tuple[str, int, bool]] = {}
    if any(ask.mail_class is MailClass.PROOF for ask in asks):
        proofs = {
            key: (subject, expires, tells != "")
            for key, subject, expires, tells in _PROOFS.rows(reading.driver, keys=keys)
            if isinstance(expires, int)
        }
    people = load(reading, [ask.subject for ask in asks])
    erased = erased_among(reading, [ask.subject for ask in asks if ask.subject not in people])
    parts = parts_of(reading, people)
    sent, got = _sent(reading, asks, parts), _got(reading, asks, people, parts)
    found = Gathered(people, attempts, sent, got, proofs, erased)
    telling = [ask.key for ask in asks if ask.mail_class is MailClass.NOTICE]
    found.notices = due_among(reading, telling) if telling else {}
    found.spent = spent_among(reading, [ask.key for ask in asks if ask.key not in attempts])
    written_to = {ask.subject for ask in asks if ask.mail_class is MailClass.MARKETING} & people.keys()
    found.suppressed = suppressed(reading, written_to, lambda one: found.address(reading, people[one]))
    found.unborne = _unborne(reading, asks, people)
    found.doubted = found.unborne | doubted_among(reading, list(people))
    return found


def _unborne(reading: Reading, asks: Sequence[Ask], people: Mapping[str, Subject]) -> set[str]:
    """Those whose mails would rest on a standing to which no leaf led: one look at all of these leaves."""
    rests_on: list[tuple[str, dict[str, Standing]]] = []
    for ask in asks:
        subject = people.get(ask.subject)
        if subject is not None and ask.mail_class in _RESTING:
            topics = (ask.topic, *BESIDE_TOPICS)
            going = {of: one for of, one in subject.standings.items() if of in topics and one.state in GOING}
            if going:
                rests_on.append((subject.id, going))
    if not rests_on:
        return set()
    logged = logged_at(reading, {one.seq for _, going in rests_on for one in going.values()})
    return {subject for subject, going in rests_on if not all_bear(logged, subject, going)}


_RESTING = frozenset({MailClass.MARKETING, MailClass.SERVICE})


_DOUBTED = Circumstances(doubted=True)


def verdict(reading: Reading, gathered: Gathered, ask: Ask, opens: bool) -> Verdict:
    """The gate's verdict on one of the gathered asks. `opens`: and whether the recipient's address can be
    opened, which takes as long as all else; nobody gets a permit without it."""
    subject = gathered.people.get(ask.subject)
    around = NO_CIRCUMSTANCES
    if ask.subject in gathered.erased:
        around = Circumstances(erased=gathered.erased[ask.subject].seq)
    elif ask.mail_class is MailClass.MARKETING:
        sent = gathered.sent.get((ask.subject, ask.topic or ""), 0)
        got = gathered.got.get(ask.subject, 0)
        silent, doubted = ask.subject in gathered.suppressed, ask.subject in gathered.doubted
        if sent or got or silent or doubted:
            around = Circumstances(sent=sent, got=got, suppressed=silent, doubted=doubted)
    elif ask.mail_class is MailClass.SERVICE:
        around = _DOUBTED if ask.subject in gathered.doubted else NO_CIRCUMSTANCES
    elif ask.mail_class is MailClass.PROOF:
        owner, expires, _ = gathered.proofs.get(ask.key, ("", 0, False))
        around = Circumstances(proof_expires=expires if owner == ask.subject else None)
    elif ask.mail_class is MailClass.NOTICE:
        around = Circumstances(due=gathered.notices.get(ask.key) == ask.subject)
    elif ask.mail_class in (MailClass.INTERNAL, MailClass.TEST) and subject is not None:
        if gathered.address(reading, subject) is None:
            return Verdict(Reason.UNREADABLE_SUBJECT)
        around = Circumstances(on_team=_on_team(reading, gathered, subject))
    if subject is not None and subject.unreadable:
        return Verdict(Reason.UNREADABLE_SUBJECT)
    found = judge(ask, subject, reading.rules, around, reading.now)
    if found.reason is not None or subject is None:
        return found
    if opens and gathered.address(reading, subject) is None:
        # One damaged row denies the mails of one person; it must not end the way of all others.
        return Verdict(Reason.UNREADABLE_SUBJECT, purpose=found.purpose, consent_seq=found.consent_seq)
    if barred(reading, gathered, subject):
        return Verdict(Reason.NOT_ON_TEAM, purpose=found.purpose, consent_seq=found.consent_seq)
    return found


def barred(reading: Reading, gathered: Gathered, subject: Subject) -> bool:
    """Whether a subject gets no mail of any class, since the service is for the team alone."""
    return reading.parts.team_only and not _on_team(reading, gathered, subject)


def decision(ask: Ask, found: Verdict, epoch: int, links: Links) -> Decision:
    """The answer to an ask, as callers get it."""
    return Decision(
        key=ask.key,
        attempt=ask.attempt,
        allowed=found.reason is None,
        reason=found.reason,
        variant=found.variant,
        purpose=found.purpose,
        consent_seq=found.consent_seq,
        epoch=epoch,
        links=links,
        measured=found.measured,
    )


def _with_parts(subjects: Sequence[str], parts: Mapping[str, str]) -> str:
    """The subjects, and the ids that have become part of them."""
    of_these = set(subjects)
    return json.dumps([*subjects, *(part for part, whole in parts.items() if whole in of_these)])


def _sent(reading: Reading, asks: Sequence[Ask], parts: Mapping[str, str]) -> dict[tuple[str, str], int]:
    """Marketing mails of each capped topic that its subjects got, or may have got, in the present unit: an
    entry for every ask on such a topic."""
    capped: dict[str, list[str]] = {}
    for ask in asks:
        known = reading.rules.purposes.get(ask.topic or "")
        if ask.mail_class is MailClass.MARKETING and known is not None and known[1].cap_count:
            capped.setdefault(known[1].topic, []).append(ask.subject)
    counts: dict[tuple[str, str], int] = {}
    for topic, subjects in capped.items():
        counts |= {(subject, topic): 0 for subject in subjects}
        start = unit_start(reading.rules.purposes[topic][1].cap_unit, reading.now)
        for subject, of, count in _SENT.rows(
            reading.driver, subjects=_with_parts(subjects, parts), since=start
        ):
            if of == topic:
                counts[parts.get(subject, subject), topic] += count
    return counts


def _got(
    reading: Reading, asks: Sequence[Ask], people: Mapping[str, Subject], parts: Mapping[str, str]
) -> dict[str, int]:
    """Marketing mails that each of those who want few got, or may have got, in the week or month of their
    choice: an entry for each of them."""
    counts: dict[str, int] = {}
    wishes: dict[Frequency, list[str]] = {}
    for ask in asks:
        subject = people.get(ask.subject)
        if ask.mail_class is MailClass.MARKETING and subject is not None and subject.frequency:
            wishes.setdefault(subject.frequency, []).append(subject.id)
    for frequency, subjects in wishes.items():
        counts |= dict.fromkeys(subjects, 0)
        start = unit_start(UNITS[frequency], reading.now)
        for subject, _, count in _SENT.rows(
            reading.driver, subjects=_with_parts(subjects, parts), since=start
        ):
            counts[parts.get(subject, subject)] += count
    return counts


def _on_team(reading: Reading, gathered: Gathered, subject: Subject) -> bool:
    try:
        return read_address(gathered.address(reading, subject) or "").folded in reading.parts.team
    except InvalidAddress:
        return False
