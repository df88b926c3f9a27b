"""What a permit costs: claim and settle per mail, in batches, on a store with many subjects.

    python bench/claims.py [SUBJECTS]

Prints wall and CPU time per mail. Every commit is synced (`synchronous=FULL`), subjects are drawn at random,
and each claim settles the batch before it, as the delivery does."""

import hashlib
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from consent import claims
from consent.contract import (
    Ask,
    Basis,
    Links,
    MailClass,
    Outcome,
    Policy,
    Purpose,
    Settlement,
    TemplateFacts,
)
from consent.keys import Keys
from consent.policy import publish
from consent.rules import purpose_version
from consent.service import Service, open_service
from consent.store import standings, subjects
from consent.transaction import Writing

TEMPLATE = hashlib.sha256(b"template").hexdigest()


def policy(cap: int) -> Policy:
    """One topic that rests on consent, with or without a cap."""
    purpose = Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Example", cap, "month")
    return Policy((purpose,), (TemplateFacts("t", TEMPLATE, unsubscribe=True, imprint=True),))


def fill(tx: Writing, count: int) -> list[str]:
    """`count` subjects who agreed; the state is put in place without a leaf each, which claims do not
    read."""
    vault = tx.parts.vault
    version = purpose_version(tx.rules.policy.purposes[0])
    ids = [tx.parts.entropy(16).hex() for _ in range(count)]
    for start in range(0, count, 10_000):
        people, stands = [], []
        for n, one in enumerate(ids[start : start + 10_000], start):
            wrapped = vault.new_key(one)
            address = f"person{n}@kafija.example"
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
                    "confirmed": 2,
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
                    "seq": 2,
                    "version": version,
                    "at": 0,
                    "expires": 0,
                }
            )
        tx.conn.execute(subjects.insert(), people)
        tx.conn.execute(standings.insert(), stands)
    return ids


def run(service: Service, people: list[str], batch: int, mails: int) -> None:
    """Claim and settle `mails` mails in batches and print what one costs."""
    before: list[Settlement] = []
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(mails // batch):
        asks = [
            Ask(os.urandom(16).hex(), 1, one, MailClass.MARKETING, "news", TEMPLATE)
            for one in random.sample(people, batch)
        ]
        given = service.write(lambda tx, a=asks, b=before: claims.claim(tx, "bench", a, b)).permits
        before = [Settlement(permit.key, permit.attempt, Outcome.ACCEPTED, 250) for permit in given]
    service.write(lambda tx: claims.claim(tx, "bench", [], before))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    count = mails // batch * batch
    print(f"claim, settle, by {batch:3}: {cpu / count * 1e6:6.1f} µs CPU, {wall / count * 1e6:6.1f} µs")


def run_decide(service: Service, people: list[str], batch: int, mails: int) -> None:
    """Decide and print what one ask costs, its links included."""
    cpu = time.process_time()
    for _ in range(mails // batch):
        asks = [
            Ask(os.urandom(16).hex(), 1, one, MailClass.MARKETING, "news", TEMPLATE)
            for one in random.sample(people, batch)
        ]
        found = service.read(lambda reading, a=asks: claims.decide(reading, a))
        assert found[0].links != Links()
    print(f"decide with links, batches of {batch:3}: {(time.process_time() - cpu) / mails * 1e6:6.1f} µs CPU")


def main() -> None:
    """Fill a store and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        service = open_service(
            Path(folder) / "consent.db",
            Keys.random(os.urandom),
            origin="bench.example/consent",
            public_url="https://bench.example",
            team=(),
            clock=lambda: time.time_ns() // 1_000_000,
            entropy=os.urandom,
        )
        service.write(lambda tx: publish(tx, policy(0)))
        people = service.write(lambda tx: fill(tx, count))
        print(f"{count} subjects, synchronous=FULL")
        for batch, mails in ((256, 51_200), (64, 25_600), (16, 8_000), (1, 500)):
            run(service, people, batch, mails)
        run_decide(service, people, 256, 25_600)
        service.write(lambda tx: publish(tx, policy(1_000)))
        print("with a cap on the topic:")
        run(service, people, 256, 51_200)
        service.close()


if __name__ == "__main__":
    main()
