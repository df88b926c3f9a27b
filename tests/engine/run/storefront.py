"""A whole shop that runs: flows from text, the real consent service, a mailbox, and a clock in hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dice import Dice
from flows import compiled
from handed_in import Event

from consent.contract import BESIDE_TOPICS, Outcome, Settlement, SignUp, Visit
from consent.keys import Keys
from dsl.read.sold import read_similar
from engine.calls.call import Answer, Call
from engine.calls.caller import Post
from engine.calls.recorder import Recorder
from engine.insight.records import open_records
from engine.returns.at_once import Delivers
from engine.run.simulate import Simulation, VirtualClock
from engine.store.control import open_desk
from engine.store.releases import Backfill
from virta.keys import ProjectKeys
from virta.mailbox.reader import Mail, mails
from virta.release.content import content_of, draft
from virta.settings import Controller, Delivery, Purpose, Sender, Settings
from virta.smtp_settings import Smtp
from virta.stores_settings import Stores
from virta.wiring import System, World, open_system

MONDAY = 1_772_434_800_000  # 2 March 2026, 09:00 in Riga
TEAM = "care@kafija.example"
KEYS = ProjectKeys(Keys.random(Dice("keys")), b"a key for the keys of journeys..")


@dataclass(frozen=True, slots=True)
class Shop:
    """One life of it. `settle` does all that can be done now."""

    system: System
    clock: VirtualClock
    mailbox: Path

    async def settle(self) -> None:
        system = self.system
        parts = (system.queue, system.dispatch, system.proofs, system.runner, system.caller)
        await Simulation(self.clock, *parts).settle()

    async def join(self, email: str, *topics: str) -> str:
        """Somebody signs up and confirms, and all that follows from it at once; their id."""
        subject = await self.agree(email, *topics)
        await self.settle()
        return subject

    async def agree(self, email: str, *topics: str) -> str:
        """Somebody signs up and confirms, which the engine has not heard of yet; their id."""
        consent = self.system.consent
        await consent.sign_up(SignUp(email, topics, "en", "footer"))
        asks = [proof.ask for proof in await consent.proofs()]
        decided = await consent.decide(asks)
        claimed = await consent.claim("by hand", asks, [])
        done = [Settlement(one.key, one.attempt, Outcome.ACCEPTED, 250) for one in claimed.permits]
        await consent.settle("by hand", done)
        for decision in decided:
            await consent.confirm(decision.links.confirm.rpartition("/")[2], Visit())
        (subject,) = await consent.subjects([email])
        assert subject is not None
        return subject

    async def happens(self, event: str, email: str, **data: object) -> None:
        """Something happens in the shop, and all that follows from it at once."""
        now = self.clock()
        reasons = await self.system.inbox.accept_events([Event(f"{event}-{now}", event, email, now, data)])
        assert reasons == [None]
        await self.settle()

    async def until(self, moment: int) -> None:
        """Let time pass; timers fire in order."""
        while True:
            await self.settle()
            due = self.system.runner.next_due
            if due is None or due > moment:
                break
            self.clock.set(due)
        self.clock.set(moment)
        await self.settle()

    def mails(self) -> list[Mail]:
        """What reached the mailbox, oldest first."""
        return list(mails(self.mailbox))

    async def story(self, flow: str) -> list[str]:
        """The journal of a flow as `what step reason`."""
        return [
            " ".join(word for word in (entry.what, entry.step, entry.reason) if word)
            for entry in await self.system.store.journal()
            if entry.flow == flow
        ]


Opener = Callable[..., AbstractAsyncContextManager[Shop]]
"""Opens lives of one shop: its flows, and what else `open_shop` takes behind the mailbox."""


class Written(Recorder):
    """One whose `calls` are those that a receiver would have got, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    async def post(self, call: Call, now: int) -> Answer:
        self.calls.append(call)
        return await super().post(call, now)


@asynccontextmanager
async def open_shop(
    folder: Path,
    text: str,
    url: str,
    mailbox: Path,
    now: int = MONDAY,
    lists: tuple[tuple[str, bytes], ...] = (),
    post: Post | None = None,
    templates: tuple[tuple[str, bytes], ...] = (),
    delivers: Delivers | None = None,
    environment: Literal["development", "staging"] = "development",
    applied: bool = False,
    backfills: tuple[Backfill, ...] = (),
    delivery: Delivery | None = None,
    sales: str = "",
) -> AsyncIterator[Shop]:
    """A life of the shop whose stores are in `folder`; mails go to `url`, calls are made by `post`; mails
    are plain but for `templates`; with `delivers` the mail server is one of our own; `sales` is what
    virta.toml says of them. What an earlier life ran goes on by itself, unless these flows are `applied`."""
    settings = Settings(
        name="shop",
        environment=environment,
        sender=Sender(name="Kafija", address="hello@kafija.example", imprint="Kafija SIA, Riga"),
        controller=Controller(name="Kafija SIA", address="Riga", contact="privacy@kafija.example"),
        smtp=Smtp(url=url, timeout=5, final_timeout=5, connections=1),
        stores=Stores(folder=str(folder)),
        delivery=delivery or Delivery(),
        time_zone="Europe/Riga",
        team=(TEAM,),
        purposes={name: Purpose(title=name.title(), consent=f"I agree to {name}.") for name in BESIDE_TOPICS},
        similar=read_similar(sales.encode()),
    )
    clock = VirtualClock(now)
    world = World(post or Recorder(), clock, Dice(f"{folder}/{now}"), durable=False, delivers=delivers)
    project = compiled(text, lists=lists, templates=templates, settings=sales)
    if applied:
        content = content_of(folder, settings, project)
        with open_records(folder / "engine.db") as records, open_desk(folder / "engine.db") as desk:
            number = records.releases()[-1].number + 1
            desk.release(draft(content, "apply", now, number, backfills))
    system = await open_system(folder, settings, project, KEYS, world)
    await system.start()
    try:
        yield Shop(system, clock, mailbox)
    finally:
        await system.close()
