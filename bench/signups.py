"""What a person costs the consent service: sign-up, proof mail, confirmation, and mails claimed by six.

    python bench/signups.py [PEOPLE]

Prints CPU time per step, if people, proof mails, confirmations and mails are as many in the store as were
meant. First with every commit synced, as the service runs; then without, as a simulation does, in which
nobody waits for the disk."""

import hashlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, select

from consent.address import read_address
from consent.contract import (
    Ask,
    Basis,
    MailClass,
    Outcome,
    Permit,
    Policy,
    Purpose,
    Settlement,
    SignUp,
    TemplateFacts,
    Visit,
)
from consent.keys import Keys
from consent.ledger.policy import publish
from consent.mails import claims, settlements
from consent.service import Service, open_service
from consent.store.tables import standings
from consent.subscriber import signup
from virta.bench.permits import counted
from virta.bench.result import agreed

T = TypeVar("T")
TEMPLATE = hashlib.sha256(b"template").hexdigest()
TOPICS = ("news", "offers")
AT_ONCE = 6
MAILS = 10  # to each person


def policy() -> Policy:
    """Two topics, one with a cap that is never reached."""
    purposes = (
        Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Example"),
        Purpose(
            "offers", Basis.CONSENT, {"en": "Offers"}, {"en": "I want offers."}, "Example", 1_000, "month"
        ),
    )
    return Policy(purposes, (TemplateFacts("t", TEMPLATE, unsubscribe=True, imprint=True),))


def measured(lines: list[str], name: str, count: int, work: Callable[[], T]) -> T:
    """Do `work` and note what one of its `count` parts cost."""
    cpu = time.process_time()
    found = work()
    lines.append(f"  {name:28} {(time.process_time() - cpu) / count * 1e6:7.1f} µs CPU each")
    return found


def sign_up_all(service: Service, people: int, topics: tuple[str, ...] = TOPICS) -> None:
    """Each in a transaction of their own, as forms come in."""
    for n in range(people):
        wish = SignUp(f"person{n}@kafija.example", topics, "en", "form")
        address = read_address(wish.email)
        service.write(partial(signup.sign_up, address=address, request=wish))


def mail_proofs(service: Service) -> list[str]:
    """The tokens to confirm by."""
    tokens = []
    while proofs := service.read(partial(signup.proofs, limit=AT_ONCE, after="")):
        asks = [proof.ask for proof in proofs]
        decided = service.read(partial(claims.decide, asks=asks))
        tokens += [one.links.confirm.rpartition("/")[2] for one in decided]
        given = claim(service, asks, [])
        settle(service, [Settlement(one.key, 1, Outcome.ACCEPTED, 250) for one in given])
    return tokens


def claim(service: Service, asks: list[Ask], ended: list[Settlement]) -> tuple[Permit, ...]:
    """Permits for `asks`."""
    return service.write(partial(claims.claim, sender="bench", asks=asks, settlements=ended)).permits


def settle(service: Service, ended: list[Settlement]) -> None:
    """Record how attempts ended."""
    service.write(partial(settlements.settle, sender="bench", settlements=ended))


def confirm_all(service: Service, tokens: list[str]) -> list[str]:
    """Each presses the button; their ids."""
    return [service.write(partial(signup.confirm, token=token, visit=Visit())).subject for token in tokens]


def send(service: Service, people: list[str], topic: str) -> None:
    """Decide, claim and settle mails, a few at once."""
    ended: list[Settlement] = []
    for _ in range(len(people) * MAILS // AT_ONCE):
        asks = [
            Ask(os.urandom(16).hex(), 1, one, MailClass.MARKETING, topic, TEMPLATE)
            for one in random.sample(people, AT_ONCE)
        ]
        service.read(partial(claims.decide, asks=asks))
        given = claim(service, asks, ended)
        ended = [Settlement(one.key, 1, Outcome.ACCEPTED, 250) for one in given]
    settle(service, ended)


def run(path: Path, durable: bool, people: int) -> None:
    """Take `people` all the way."""
    service = open_service(
        path,
        Keys.random(os.urandom),
        origin="bench.example/consent",
        public_url="https://bench.example",
        team=(),
        clock=lambda: time.time_ns() // 1_000_000,
        entropy=os.urandom,
        durable=durable,
    )
    service.write(lambda tx: publish(tx, policy()))
    lines = [f"{people} people, {'each commit synced' if durable else 'nothing synced'}"]
    measured(lines, "sign-up", people, lambda: sign_up_all(service, people))
    tokens = measured(lines, "proof mail, by 6", people, lambda: mail_proofs(service))
    ids = measured(lines, "confirmation", people, lambda: confirm_all(service, tokens))
    measured(lines, "mail, by 6", people * MAILS, lambda: send(service, ids, "news"))
    measured(lines, "mail on a topic with a cap", people * MAILS, lambda: send(service, ids, "offers"))
    active = select(func.count()).where(standings.c.topic == "news", standings.c.state == "active")
    standing = service.read(lambda reading: reading.conn.scalar(active))
    claimed, settled = counted(service)
    service.close()
    agreed({"people": people, "proof mails": len(tokens), "confirmed": len(ids), "active": standing or 0})
    mails = 2 * (people * MAILS // AT_ONCE * AT_ONCE) + people
    counts = agreed({"mails, proofs among them": mails, "decisions": claimed, "accepted": settled})
    print("\n".join(lines))
    print(
        f"  counted alike: people, proof mails, confirmed, active ({people}); {', '.join(counts)} ({mails:,})"
    )


def main() -> None:
    """Measure both ways."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "synced.db", True, people)
        run(Path(folder) / "fast.db", False, people)


if __name__ == "__main__":
    main()
