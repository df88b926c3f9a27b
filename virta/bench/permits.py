"""What a permit costs: claim and settle per mail, in batches, on a store with many subjects in random order.
Every commit is synced, and each claim settles the batch before it, as the delivery does."""

import hashlib
import os
import random
import time
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from consent.contract import (
    Ask,
    Basis,
    MailClass,
    Outcome,
    Policy,
    Purpose,
    Settlement,
    TemplateFacts,
)
from consent.keys import Keys
from consent.ledger.policy import publish
from consent.ledger.transaction import Writing
from consent.mails import claims
from consent.proof.leaf import Leaf
from consent.rules import purpose_version
from consent.service import Service, open_service
from consent.store.tables import decisions, standings, subjects
from virta.bench.result import Figure, Run, agreed
from virta.bench.ten_steps import Told
from virta.wiring import wall_clock

TEMPLATE = hashlib.sha256(b"template").hexdigest()
BATCH = 64
MAILS = 25_600
_AT_ONCE = 10_000
_FILLED = 0.5
"""The part of the work that is done when the subjects are there."""


def policy(cap: int = 0) -> Policy:
    """One topic that rests on consent, with or without a cap."""
    purpose = Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Example", cap, "month")
    return Policy((purpose,), (TemplateFacts("t", TEMPLATE, unsubscribe=True, imprint=True),))


def fill(tx: Writing, count: int) -> list[str]:
    """The ids of `count` subjects who agreed, each by a leaf, on which mails rest."""
    vault = tx.parts.vault
    version = purpose_version(tx.rules.policy.purposes[0])
    ids = [tx.parts.entropy(16).hex() for _ in range(count)]
    for start in range(0, count, _AT_ONCE):
        people, stands = [], []
        for n, one in enumerate(ids[start : start + _AT_ONCE], start):
            wrapped = vault.new_key(one)
            address = address_of(n)
            seq = tx.log.append(
                Leaf(
                    type="confirmed",
                    subject=one,
                    purpose="news",
                    before="pending",
                    after="active",
                    notice=version,
                    actor="subject:link",
                )
            )
            people.append(
                {
                    "id": one,
                    "lookup": vault.lookup(address),
                    "wrapped": wrapped,
                    "address": vault.seal_address(one, wrapped, address),
                    "epoch": 0,
                    "language": "en",
                    "proofs": 0,
                    "proof_at": 0,
                    "confirmed": seq,
                    "complained": 0,
                    "bounced": 0,
                    "frequency": "",
                    "paused_until": 0,
                }
            )
            stands.append(
                {
                    "subject": one,
                    "topic": "news",
                    "state": "active",
                    "seq": seq,
                    "version": version,
                    "at": tx.now,
                    "expires": 0,
                }
            )
        tx.conn.execute(subjects.insert(), people)
        tx.conn.execute(standings.insert(), stands)
        tx.log.write()
    return ids


def address_of(number: int) -> str:
    """Of the subject with that number, counted from 0."""
    return f"person{number}@kafija.example"


def opened(folder: Path, keys: Keys | None = None, durable: bool = True) -> Service:
    """A service of its own: with nobody in it, or the one of these keys that is there already."""
    service = open_service(
        folder / "consent.db",
        keys or Keys.random(os.urandom),
        origin="bench.example/consent",
        public_url="https://bench.example",
        team=(),
        clock=wall_clock,
        entropy=os.urandom,
        durable=durable,
    )
    service.write(lambda tx: publish(tx, policy()))
    return service


def some_asks(people: list[str], batch: int) -> list[Ask]:
    """For so many people, drawn at random."""
    keys = [os.urandom(16).hex() for _ in range(batch)]
    return [
        Ask(key, 1, one, MailClass.MARKETING, "news", TEMPLATE, message_id=f"<{key}@kafija.example>")
        for key, one in zip(keys, random.sample(people, batch), strict=True)
    ]


def claim_and_settle(service: Service, people: list[str], batch: int, mails: int) -> tuple[float, int]:
    """Microseconds of CPU that claim and settlement of a mail take together, and how many there were."""
    before: list[Settlement] = []
    given, began = 0, time.process_time()
    for _ in range(mails // batch):
        asks = some_asks(people, batch)
        permits = service.write(partial(claims.claim, sender="bench", asks=asks, settlements=before)).permits
        before = [Settlement(permit.key, permit.attempt, Outcome.ACCEPTED, 250) for permit in permits]
        given += len(permits)
    service.write(partial(claims.claim, sender="bench", asks=[], settlements=before))
    return (time.process_time() - began) / given * 1e6, given


def counted(service: Service) -> tuple[int, int]:
    """How many decisions the log of decisions has, and how many of them were settled as accepted."""
    every = select(func.count()).select_from(decisions)
    claimed, settled = service.read(
        lambda reading: (
            reading.conn.scalar(every),
            reading.conn.scalar(every.where(decisions.c.outcome == Outcome.ACCEPTED.value)),
        )
    )
    return claimed or 0, settled or 0


def measure(folder: Path, people: int, told: Told) -> Run:
    """Permits in batches of 64 on a store with `people` subjects."""
    service = opened(folder)
    ids = service.write(lambda tx: fill(tx, people))
    told(_FILLED, 0)
    batch = min(BATCH, people)
    mails = min(MAILS, people) // batch * batch
    cost, given = claim_and_settle(service, ids, batch, mails)
    claimed, settled = counted(service)
    service.close()
    counts = agreed({"mails asked for": mails, "permits": given, "decisions": claimed, "settled": settled})
    told(1.0, given)
    return Run(people, {"permit": Figure(cost)}, counts, {"batches of": batch})
