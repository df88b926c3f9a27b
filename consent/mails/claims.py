"""Decide, claim: the way of a mail from a question to a permit."""

import base64
import json
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import bindparam, func, select, update

from consent.contract import Ask, Claimed, Decision, Links, MailClass, Permit, Reason, Settlement
from consent.ledger.doubts import doubt
from consent.ledger.tokens import Scope
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import parts_of
from consent.mails.asks import Attempt, Gathered, barred, decision, gather, verdict
from consent.mails.gate import Verdict, exceeds
from consent.mails.reach import shut
from consent.mails.settlements import settle
from consent.proof.leaf import Batch, Leaf
from consent.proof.record import VERSION, Record, record_bytes
from consent.proof.told import names
from consent.proof.tree import leaf_hash, merkle_root
from consent.store.statement import Statement
from consent.store.tables import among, batches, checkpoints, decisions, requests
from consent.subscriber import hold_notice

MOST_ASKS = 256
MOST_ATTEMPTS = 2**31 - 1
LONGEST_TEXT = 200
VARIANTS = ("plain", "personalised")
DEADLINE_MS = 5_000
NO_LINKS = Links()


def decide(reading: Reading, asks: Sequence[Ask]) -> list[Decision]:
    """The gate's opinion of each ask, in order, with links for the templates. Writes nothing, and opens no
    address for its own sake: a damaged one is found by the claim."""
    gathered = gather(reading, asks)
    last = reading.parts.signing.last
    signed = last.size if last is not None else 0  # the log has more, and the claim looks again
    found = []
    for ask in asks:
        newest = gathered.attempts.get(ask.key)
        fault = gathered.attempt_fault(ask)
        again = newest is not None and newest.attempt == ask.attempt and newest.outcome is None
        if again:
            fault = None  # claimed and unsettled: its sender may be asking again
        opinion = shut(reading, ask, signed) if fault is None else Verdict(fault)
        if opinion is None:
            opinion = verdict(reading, gathered, ask, opens=False)
        if again and newest is not None and exceeds(*_terms(opinion), *_terms(newest)):
            opinion = replace(opinion, variant="plain", measured=False)  # its permit was for no more
        links = _links(reading, gathered, ask) if opinion.reason is None else NO_LINKS
        found.append(decision(ask, opinion, gathered.epoch(ask.subject), links))
    return found


def claim(tx: Writing, sender: str, asks: Sequence[Ask], settlements: Sequence[Settlement]) -> Claimed:
    """Settle, run the gate again, record all decisions under one leaf, and give permits for what is
    allowed."""
    if len(asks) > MOST_ASKS:
        raise ValueError(f"At most {MOST_ASKS} mails can be claimed at once, not {len(asks)}.")
    if len({ask.key for ask in asks}) < len(asks):
        raise ValueError("A key stands twice in one claim.")
    _refuse_unsound(sender, asks)
    settle(tx, sender, settlements)
    if not asks:
        return Claimed((), (), tx.now)
    gathered = gather(tx, asks)
    if gathered.unborne:
        doubt(tx, [(subject, "standing") for subject in gathered.unborne])
    unreadable = [one.id for one in gathered.people.values() if one.unreadable]
    if unreadable:
        doubt(tx, [(subject, "row") for subject in unreadable])
    busy = _busy(tx, asks)
    repeated: list[tuple[Ask, Attempt]] = []
    recorded: list[tuple[Ask, Verdict]] = []
    denied: list[Decision] = []
    for ask in asks:
        newest = gathered.attempts.get(ask.key)
        if newest is not None and _repeats(ask, newest, sender):
            subject = gathered.people.get(ask.subject)
            epoch = gathered.epoch(ask.subject)
            if subject is None:  # erased since: the permit that was given is not told once more
                denied.append(decision(ask, verdict(tx, gathered, ask, opens=True), epoch, NO_LINKS))
            elif not _is_same_mail(ask, newest):  # another mail of that key is under way
                denied.append(decision(ask, _ONE_AT_A_TIME, epoch, NO_LINKS))
            elif exceeds(*_terms(ask), *_terms(newest)):
                denied.append(decision(ask, _NOT_AS_AGREED, epoch, NO_LINKS))
            elif gathered.address(tx, subject) is None:
                # Allowed and recorded before its row was damaged: no second, contrary decision is kept.
                denied.append(decision(ask, Verdict(Reason.UNREADABLE_SUBJECT), epoch, NO_LINKS))
            elif barred(tx, gathered, subject):
                denied.append(decision(ask, Verdict(Reason.NOT_ON_TEAM), epoch, NO_LINKS))
            else:
                repeated.append((ask, newest))
            continue
        fault = gathered.attempt_fault(ask)
        behind = shut(tx, ask, tx.log.frontier.size) if fault is None else None
        if behind is not None:
            denied.append(decision(ask, behind, gathered.epoch(ask.subject), NO_LINKS))
            continue
        found = Verdict(fault) if fault else verdict(tx, gathered, ask, opens=True)
        if found.reason is None:
            more = exceeds(ask.variant, ask.measured, found.variant, found.measured)
            if more or ask.subject in busy:
                # Not a refusal but a "not yet": it will be asked again, so it is no decision to keep.
                later = _NOT_AS_AGREED if more else _ONE_AT_A_TIME
                denied.append(decision(ask, later, gathered.epoch(ask.subject), NO_LINKS))
                continue
            busy.add(ask.subject)
        else:
            denied.append(decision(ask, found, gathered.epoch(ask.subject), NO_LINKS))
        recorded.append((ask, found))
    given = _record(tx, sender, gathered, recorded) if recorded else {}
    for ask, newest in repeated:
        given[ask.key] = _repeat(tx, gathered, ask, newest)
    permits = tuple(given[ask.key] for ask in asks if ask.key in given)
    return Claimed(permits, tuple(denied), tx.now)


def _refuse_unsound(sender: str, asks: Sequence[Ask]) -> None:
    """What is recorded stays in the log for ever, and whoever verifies it must be able to read it."""
    texts = [sender]
    for ask in asks:
        if not 1 <= ask.attempt <= MOST_ATTEMPTS:
            raise ValueError(f"An attempt is a number from 1 to {MOST_ATTEMPTS}, not {ask.attempt}.")
        if ask.variant not in VARIANTS:
            raise ValueError(f"A mail is written {' or '.join(VARIANTS)}, not {ask.variant[:40]!r}.")
        texts += [ask.key, ask.subject, ask.topic or "", ask.template]
    for text in texts:
        if len(text) > LONGEST_TEXT or not text.isprintable():
            raise ValueError(f"A claim has a text that is too long, or no plain one: {text[:40]!r}")
    for ask in asks:
        if ask.message_id and not names(ask.key, ask.message_id):
            raise ValueError(
                f"The Message-ID of mail {ask.key!r} is `<KEY@DOMAIN>`, not {ask.message_id[:80]!r}."
            )


_NOT_AS_AGREED, _ONE_AT_A_TIME = Verdict(Reason.NOT_AS_AGREED), Verdict(Reason.ONE_AT_A_TIME)


def _terms(written: Ask | Attempt | Verdict) -> tuple[str, bool]:
    return written.variant, bool(written.measured)


def _repeats(ask: Ask, newest: Attempt, sender: str) -> bool:
    return (
        ask.attempt == newest.attempt
        and ask.subject == newest.subject
        and newest.outcome is None
        and newest.sender == sender
    )


def _is_same_mail(ask: Ask, newest: Attempt) -> bool:
    """Whether the permit that was given is for this mail: of its class, topic, template and
    Message-ID, by which whoever holds a mail finds its decision."""
    return (ask.mail_class.value, ask.topic or "", ask.template, ask.message_id) == (
        newest.mail_class,
        newest.topic,
        newest.template,
        newest.message_id,
    )


_BUSY = Statement(
    select(decisions.c.subject).where(
        among(decisions.c.subject, "subjects"), decisions.c.reason.is_(None), decisions.c.outcome.is_(None)
    )
)


def _busy(tx: Writing, asks: Sequence[Ask]) -> set[str]:
    """The subjects of whom a mail is on its way, also under an id that has become part of theirs since."""
    whole = {ask.subject: ask.subject for ask in asks}
    whole |= parts_of(tx, list(whole))
    return {whole[row[0]] for row in _BUSY.rows(tx.driver, subjects=json.dumps(list(whole)))}


_NEWEST = Statement(select(func.max(decisions.c.id)))
_DECISIONS = Statement(decisions.insert())
_BATCH = Statement(batches.insert())
_PROOF = Statement(update(requests).where(requests.c.id == bindparam("key")).values(mail="claimed"))
_NOTE = Statement(select(checkpoints.c.note).where(checkpoints.c.size == bindparam("of")))


def _record(
    tx: Writing, sender: str, gathered: Gathered, recorded: Sequence[tuple[Ask, Verdict]]
) -> dict[str, Permit]:
    """Write the decisions and their one leaf; the permits by key."""
    seq = tx.log.frontier.size
    policy = tx.rules.digest
    newest = _NEWEST.first(tx.driver)
    first = (newest[0] if newest and newest[0] else 0) + 1
    hashes: list[bytes] = []
    rows: list[tuple[object, ...]] = []
    for ask, found in recorded:
        record = Record(
            attempt=ask.attempt,
            mail_class=ask.mail_class,
            consent_seq=found.consent_seq,
            epoch=gathered.epoch(ask.subject),
            key=ask.key,
            measured=ask.measured,
            message_id=ask.message_id,
            policy=policy,
            purpose=found.purpose,
            reason=found.reason or "",
            subject=ask.subject,
            template=ask.template,
            topic=ask.topic or "",
            v=VERSION,
            variant=ask.variant,
            verdict="deny" if found.reason else "allow",
        )
        hashes.append(leaf_hash(record_bytes(record)))
        rows.append(
            (
                first + len(rows),
                seq,
                ask.key,
                ask.attempt,
                ask.subject,
                ask.mail_class.value,
                record.topic,
                ask.template,
                found.purpose,
                found.consent_seq,
                record.epoch,
                tx.now,
                found.reason.value if found.reason else None,
                None,
                0,
                0,
                ask.mail_class is MailClass.MARKETING and gathered.counts(ask),
                ask.variant,
                ask.measured,
                ask.message_id,
            )
        )
    leaf = Leaf(
        type="decisions", notice=policy, actor=sender, batch=Batch(len(rows), merkle_root(hashes).hex())
    )
    tx.log.append(leaf)
    checkpoint = tx.checkpoint()
    _BATCH.run(
        tx.driver,
        seq=seq,
        first=first,
        count=len(rows),
        policy=policy,
        sender=sender,
        checkpoint=checkpoint.size,
    )
    _DECISIONS.run_many(tx.driver, rows)
    for ask, found in recorded:
        if ask.mail_class is MailClass.PROOF and found.reason is None:
            _PROOF.run(tx.driver, key=ask.key)
        elif ask.mail_class is MailClass.NOTICE and found.reason is None:
            hold_notice.claimed(tx, ask.key)
    header = _header(checkpoint.note)
    deadline = tx.now + DEADLINE_MS
    return {
        ask.key: _permit(tx, gathered, ask, header, seq, sender, deadline)
        for ask, found in recorded
        if found.reason is None
    }


def _repeat(tx: Writing, gathered: Gathered, ask: Ask, newest: Attempt) -> Permit:
    """The permit that was given before, to the letter."""
    kept = _NOTE.first(tx.driver, of=newest.checkpoint)
    assert kept is not None  # the batch was committed with the checkpoint that its permits carry
    (note,) = kept
    return _permit(tx, gathered, ask, _header(note), newest.batch, newest.sender, newest.at + DEADLINE_MS)


def _permit(
    tx: Writing,
    gathered: Gathered,
    ask: Ask,
    checkpoint: tuple[str, str],
    leaf: int,
    sender: str,
    deadline: int,
) -> Permit:
    recipient = gathered.address(tx, gathered.people[ask.subject])
    assert recipient is not None  # it was opened before the mail was allowed
    headers: tuple[tuple[str, str], ...] = (checkpoint,)
    if ask.mail_class is MailClass.MARKETING:
        headers = (
            ("List-Unsubscribe", f"<{tx.parts.tokens.unsubscribe(ask.subject, ask.topic or '')}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            checkpoint,
        )
    elif ask.mail_class in (MailClass.PROOF, MailClass.NOTICE, MailClass.SERVICE):
        headers = (("Auto-Submitted", "auto-generated"), checkpoint)
    return Permit(
        key=ask.key,
        attempt=ask.attempt,
        subject=ask.subject,
        recipient=recipient,
        headers=headers,
        leaf=leaf,
        sender=sender,
        deadline=deadline,
    )


def _header(note: str) -> tuple[str, str]:
    return ("Consent-Checkpoint", base64.b64encode(note.encode()).decode())


def _links(reading: Reading, gathered: Gathered, ask: Ask) -> Links:
    tokens = reading.parts.tokens
    if ask.mail_class is MailClass.MARKETING:
        return Links(
            unsubscribe=tokens.unsubscribe(ask.subject, ask.topic or ""),
            preferences=tokens.preferences(ask.subject),
        )
    if ask.mail_class is MailClass.PROOF:
        refuse = tokens.request(Scope.REFUSE, ask.key)
        return Links(
            confirm=tokens.request(Scope.CONFIRM, ask.key) if gathered.asks(ask) else "", refuse=refuse
        )
    return NO_LINKS
