"""The shop whose lives are cut short: two flows of several mails each, people who agreed, their orders."""

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from consent.contract import Outcome, Settlement, SignUp, Visit
from consent.keys import Keys
from dsl.compile import Compiled, Project, compile_project
from engine.calls.call import Answer, Answered, Call
from virta.keys import ProjectKeys
from virta.settings import Controller, Sender, Settings
from virta.smtp_settings import Smtp
from virta.wiring import System, World, open_system

CONNECTIONS = 2
FLOWS = """
use shop
topic news "News"
    for marketing
    consent "I want news by e-mail."
topic orders "Orders"
    for service
event thanked
    order_id text
webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET

flow welcome "Welcome"
    topic news
    start on subscribed where topic is "news"
    send hello
    send story

flow after_order "After an order"
    topic news
    start on order_placed
    one journey per trigger.order_id
    send thanks
        topic orders
    call crm with order_id trigger.order_id, place "thanks"
    emit thanked with order_id trigger.order_id
    send tips
    call crm with order_id trigger.order_id, place "tips"
    send offer

flow noted "Noted"
    start on thanked
    one journey per trigger.order_id
    call crm with order_id trigger.order_id, place "noted"
"""
MORE = """
topic offers "Offers"
    for marketing
    consent "I want offers by e-mail."

flow closed "Closed"
    start on thanked
    one journey per trigger.order_id
    tell "team@kafija.example" "{trigger.order_id} is under way"
    unsubscribe from offers
"""
"""What is no mail to the reader, no call and no event."""

TEAM = "team@kafija.example"
PLACES = ("thanks", "noted", "tips")
"""What the receiver is told of each order, in this order."""
STEPS = {"welcome": ("hello", "story"), "after_order": ("thanks", "tips", "offer")}
TEMPLATE = """---
subject: {name}
---
<p>Hello</p>
{{% if links.unsubscribe %}}<a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a>{{% endif %}}
{{{{ sender.imprint }}}}
"""
PROOF = """---
subject: Please confirm
---
<a href="{{ links.confirm }}">Yes</a> <a href="{{ links.refuse }}">No</a> {{ sender.imprint }}
"""


class Dice:
    """Reproducible bytes."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = itertools.count()

    def __call__(self, size: int) -> bytes:
        drawn = b""
        while len(drawn) < size:
            drawn += hashlib.sha256(f"{self._seed}/{next(self._count)}".encode()).digest()
        return drawn[:size]


KEYS = ProjectKeys(Keys.random(Dice("keys")), b"a key for the keys of journeys..")


class Receiver:
    """One that takes every call and writes it down, a line each: what it has, a kill does not take away."""

    def __init__(self, file: Path) -> None:
        self.file = file

    async def post(self, call: Call, now: int) -> Answer:
        values = json.loads(call.body)["data"]["values"]
        with self.file.open("a") as file:
            file.write(f"{call.id}\t{values['order_id']}\t{values['place']}\n")
        return Answer(Answered.TAKEN)

    async def close(self) -> None:
        """There is nothing to close."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event as the API hands it in."""

    id: str
    event: str
    email: str | None
    at: int
    contact: str | None = None
    data: dict[str, object] = field(default_factory=dict)


def compiled(flows: str = FLOWS) -> Compiled:
    """The shop's flows and templates."""
    mails = [
        (f"templates/{name}.html", TEMPLATE.format(name=name)) for steps in STEPS.values() for name in steps
    ]
    mails.append(("templates/confirm.html", PROOF))
    found = compile_project(
        Project(
            (("shop.flow", flows.encode()),),
            tuple((path, text.encode()) for path, text in mails),
            ("en",),
            "EUR",
            "UTC",
            date(2026, 3, 2),
        )
    )
    assert found.program is not None, found.findings
    return found


def settings(port: int, **changes: object) -> Settings:
    """The shop's settings, with a mail server at `port` on this machine."""
    smtp: Mapping[str, object] = {
        "url": f"smtp://127.0.0.1:{port}",
        "connections": CONNECTIONS,
        "timeout": 5,
        "final_timeout": 5,
        **changes,
    }
    return Settings(
        name="shop",
        sender=Sender(name="Kafija", address="hello@kafija.example", imprint="Kafija SIA, Riga"),
        controller=Controller(name="Kafija SIA", address="Riga", contact="privacy@kafija.example"),
        team=(TEAM,),
        smtp=Smtp(**smtp),  # type: ignore[arg-type]
    )


def address(number: int) -> str:
    return f"person{number}@example.com"


async def open_shop(folder: Path, port: int, flows: Compiled, *, durable: bool, **changes: object) -> System:
    """The whole system over the files in `folder`, on the real clock."""
    world = World(Receiver(folder / "calls"), durable=durable)
    return await open_system(folder, settings(port, **changes), flows, KEYS, world)


async def agree(system: System, people: Sequence[str], topics: tuple[str, ...] = ("news",)) -> None:
    """They sign up, get their proof mails in a way that no sink sees, and confirm."""
    consent = system.consent
    for person in people:
        await consent.sign_up(SignUp(person, topics, "en", "footer"))
    while asks := [proof.ask for proof in await consent.proofs()]:
        decided = await consent.decide(asks)
        claimed = await consent.claim("by hand", asks, [])
        done = [Settlement(one.key, one.attempt, Outcome.ACCEPTED, 250) for one in claimed.permits]
        await consent.settle("by hand", done)
        for decision in decided:
            await consent.confirm(decision.links.confirm.rpartition("/")[2], Visit())


def orders(numbers: Sequence[int], at: int) -> list[Event]:
    """One order of each of these people, placed at `at`."""
    return [
        Event(f"order-{number}", "order_placed", address(number), at, data={"order_id": f"o{number}"})
        for number in numbers
    ]
