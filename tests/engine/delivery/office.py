"""A post office: the real consent service with people who agreed, and the whole of delivery around it."""

import asyncio
import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

from dice import Dice

from consent.client import InProcess
from consent.contract import (
    Ask,
    Basis,
    ConsentClient,
    Decision,
    MailClass,
    Outcome,
    Policy,
    Purpose,
    Settlement,
    SignUp,
    Status,
    TemplateFacts,
    Visit,
)
from consent.keys import Keys
from consent.ledger.transaction import Reading
from consent.service import Service, open_service
from engine.delivery.attempts import AttemptFile
from engine.delivery.dispatch import Dispatch
from engine.delivery.login import Login
from engine.delivery.mailer import Mailer
from engine.delivery.outcomes import Verdict
from engine.delivery.queue import Item, Queue
from engine.mail.message import Letter

NEWS = hashlib.sha256(b"news").hexdigest()
POLICY = Policy(
    purposes=(
        Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Kafija SIA"),
        Purpose("offers", Basis.CONSENT, {"en": "Offers"}, {"en": "I want offers."}, "Kafija SIA"),
    ),
    templates=(TemplateFacts("news", NEWS, unsubscribe=True, imprint=True),),
)


class Clock:
    """Ms UTC; stands still until a test lets time pass."""

    def __init__(self) -> None:
        self.now = 1_772_442_000_000

    def __call__(self) -> int:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


class Consent:
    """The consent service, in memory, and people who have agreed to `news` and `offers`."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self.service: Service = open_service(
            None,
            Keys.random(Dice("keys")),
            origin="kafija.example/consent",
            public_url="https://kafija.example",
            team=(),
            clock=clock,
            entropy=Dice("consent"),
            durable=False,
        )
        self.client = InProcess(self.service)

    async def join(self, count: int = 1, name: str = "person") -> list[str]:
        """So many people sign up and confirm; their ids."""
        await self.client.publish(POLICY)
        addresses = [f"{name}{number}@example.com" for number in range(count)]
        for address in addresses:
            await self.client.sign_up(SignUp(address, ("news", "offers"), "en", "footer"))
        while asks := [proof.ask for proof in await self.client.proofs()]:
            decided = await self.client.decide(asks)
            claimed = await self.client.claim("proofs", asks, [])
            done = [Settlement(one.key, one.attempt, Outcome.ACCEPTED, 250) for one in claimed.permits]
            await self.client.settle("proofs", done)
            for decision in decided:
                await self.client.confirm(decision.links.confirm.rpartition("/")[2], Visit())
        return [subject for subject in await self.client.subjects(addresses) if subject is not None]

    async def withdraw(self, subject: str, topic: str = "news") -> int:
        """A one-click withdrawal; its leaf."""
        token = self.service.parts.tokens.unsubscribe(subject, topic).rpartition("/")[2]
        return (await self.client.withdraw(token, "one_click", False, Visit())).leaf

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What SQL finds in the store."""

        def read(reading: Reading) -> list[tuple[object, ...]]:
            return [tuple(row) for row in reading.conn.exec_driver_sql(query)]

        return self.service.reader.submit(self.service.read, read).result()

    def outcomes(self) -> dict[str, list[str | None]]:
        """How each key's attempts ended, in order; proofs are left out."""
        found: dict[str, list[str | None]] = {}
        for key, outcome in self.rows(
            "SELECT key, outcome FROM decisions WHERE reason IS NULL AND class <> 'proof' ORDER BY id"
        ):
            found.setdefault(str(key), []).append(None if outcome is None else str(outcome))
        return found


_numbers = itertools.count(1)


def item(
    subject: str,
    write: Callable[[Decision, str], Letter] | None = None,
    *,
    topic: str = "news",
    template: str = NEWS,
    key: str = "",
) -> Item:
    """A mail to a person."""
    key = key or hashlib.sha256(f"mail {next(_numbers)}".encode()).hexdigest()[:32]
    ask = Ask(key, 1, subject, MailClass.MARKETING, topic, template)
    return Item(ask, write or plain, 0)


def plain(decision: Decision, address: str) -> Letter:
    """What most mails say."""
    return Letter(
        "News", "", f"Hello\n.\n..two dots\n{decision.links.unsubscribe}\n", "Kafija <a@kafija.example>"
    )


class Office:
    """One life of a sender. `verdicts` gathers what ended."""

    def __init__(
        self,
        consent: ConsentClient,
        login: Login,
        attempts: Path,
        clock: Callable[[], int],
        *,
        connections: int = 1,
        per_second: float = 0,
        held: Callable[[], bool] = lambda: True,
    ) -> None:
        self.consent = consent
        self.attempts = AttemptFile(attempts, Dice(str(attempts))(16))
        self.queue = Queue()
        self.mailer = Mailer(login, connections, self.attempts, clock)
        self.dispatch = Dispatch(
            consent, self.mailer, self.queue, "kafija.example", clock, lambda: None, per_second, held=held
        )
        self._verdicts: list[Verdict] = []

    @property
    def verdicts(self) -> dict[str, list[str]]:
        """The reasons by which mails ended, by key; an empty one is a hand-over."""
        self._verdicts += self.dispatch.take_verdicts()
        found: dict[str, list[str]] = {}
        for verdict in self._verdicts:
            found.setdefault(verdict.item.key, []).append(verdict.reason)
        return found

    def put(self, *items: Item) -> list[str]:
        """Queue them; their keys."""
        for one in items:
            self.queue.put(one)
        return [one.key for one in items]

    async def drain(self) -> None:
        """Work until nothing may go now; a mail server that hangs fails the test."""
        async with asyncio.timeout(20):
            await self.dispatch.drain()

    async def status(self, key: str) -> Status | None:
        """What consent knows of a key."""
        (found,) = await self.consent.status([key])
        return found

    async def close(self) -> None:
        """The end of a life, in good order."""
        async with asyncio.timeout(20):
            await self.mailer.close()
        await self.dispatch.finish()
        self.attempts.close()


Opener = Callable[..., Office]
"""Opens an office; what it is given are the arguments of one, and `client`."""


async def until(holds: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let others work until something holds; `meanwhile` is done between looks."""
    for _ in range(4000):
        if holds():
            return
        meanwhile()
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to that")
