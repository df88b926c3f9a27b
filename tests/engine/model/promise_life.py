"""Lives of one shop on the same files: opened, watched at every commit, and ended in good order or killed."""

import asyncio
import re
import shutil
from collections.abc import Awaitable, Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from dice import Dice
from flows import compiled
from promise_flows import VERSIONS
from promise_ledger import Ledger
from promise_schemas import Schemas
from promise_wire import Letter, Wire

from consent.contract import BESIDE_TOPICS, Heard
from consent.export.archive import write_archive
from consent.keys import Keys
from engine.calls.recorder import Recorder
from engine.run.simulate import Simulation, VirtualClock
from virta.keys import ProjectKeys
from virta.settings import Controller, Purpose, Sender, Settings
from virta.smtp_settings import Smtp
from virta.stores_settings import Stores
from virta.wiring import System, World, open_system

KEYS = ProjectKeys(Keys.random(Dice("keys")), b"a key for the keys of journeys..")
POINTS = ("heard", "committing", "committed", "deciding", "decided", "claimed", "data", "arrived", "settling")
"""Where a life can be stepped into, or killed."""

_TURNS = 20  # of the loop, which is more than the feed needs to reach the mailer
_CONFIRM = re.compile(r"/c/([\w.\-]+)")
_LEFT_BEHIND = ("-shm", ".lock")  # of no use to who finds the files after a kill

Step = Callable[[], Awaitable[None]]


class Killed(Exception):
    """The life is over; its files are as they were at that moment."""


class Life:
    """One life. `meanwhile` says what is done when a point is reached next, and whether the work goes on so
    hastily that the feed has not told of it yet; `kill` ends it there."""

    def __init__(
        self,
        folder: Path,
        version: int,
        clock: VirtualClock,
        ledger: Ledger,
        number: int,
        schemas: Schemas | None = None,
    ) -> None:
        self.folder = folder
        self.schemas = schemas
        self.clock = clock
        self.ledger = ledger
        self.meanwhile: dict[str, tuple[Step, bool]] = {}
        self.aired = 0  # up to what place in the ledger the feed has surely told
        self.letters: list[Letter] = []
        self.dies_at = ""  # the word of the journal behind whose commit it is killed
        self.left: Path | None = None  # the files as the kill found them
        self._version = version
        self._number = number
        self._killed = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None
        self.wire = Wire(self._reached, lambda: self.aired, self._took)

    async def open(self) -> None:
        """Begin. A life may be killed while it takes up what the last one left."""
        self._compiled = compiled(VERSIONS[self._version])
        assert self._compiled.program is not None
        self._topics = {graph.flow: graph.topic or "" for graph in self._compiled.program.flows}
        dice = Dice(f"life {self._number}")
        world = World(Recorder(), self.clock, dice, durable=False, dial=self.wire.dial)
        settings = _settings(self.folder, self.schemas)
        self.system = await open_system(self.folder, settings, self._compiled, KEYS, world)
        self._watch(self.system)
        await self._or_killed(self.system.start())
        self._listening = asyncio.create_task(self.system.runner.listen())

    async def work(self, until: int) -> None:
        """All that can be done up to a moment (ms UTC). Raises `Killed`."""
        system = self.system
        await self._air()
        await self._or_killed(system.proofs.fetch())
        parts = (system.queue, system.dispatch, system.proofs, system.runner, system.caller)
        simulation = Simulation(self.clock, *parts)
        await self._or_killed(simulation.play(iter(()), until, lambda _moment: None))
        self.clock.set(until)
        await self._or_killed(simulation.settle())

    async def kill(self) -> None:
        """End it here and now; whatever it would still have done never happens."""
        self.left = self.folder.with_name(f"{self.folder.name}x")
        shutil.copytree(
            self.folder,
            self.left,
            ignore=lambda _, names: [name for name in names if name.endswith(_LEFT_BEHIND)],
        )
        if self.schemas is not None:
            self.schemas.bequeath(self.folder.name, self.left.name)
        self.wire.cut = True
        self._killed.set()

    async def close(self) -> None:
        """Let go of everything; in good order, unless it was killed."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self.left is None:
            await self.system.close()
            await self.wire.close()
            return
        await self.wire.close()
        await self.system.mailer.close()
        await self.system.caller.close()
        self.system.attempts.close()
        self.system.store.close()
        self.system.service.close()

    def proof(self) -> ZipFile:
        """The export that proves what was done, and whose signature can be checked by `key`."""
        file = BytesIO()
        self.system.service.read(lambda reading: write_archive(reading, file))
        return ZipFile(file)

    # ------------------------------------------------------------ watching

    async def _or_killed(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        killed = asyncio.ensure_future(self._killed.wait())
        await asyncio.wait((task, killed), return_when=asyncio.FIRST_COMPLETED)
        killed.cancel()
        if self._killed.is_set():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise Killed
        await task

    async def _reached(self, point: str) -> None:
        await self._stay_dead()
        step, hasty = self.meanwhile.pop(point, (None, False))
        if step is not None:
            self.ledger.counts[f"stepped in at {point}"] += 1
            await step()
            if not hasty:
                await self._air()
            await self._stay_dead()

    async def _air(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        self.aired = self.ledger.number

    async def _stay_dead(self) -> None:
        if self._killed.is_set():
            await asyncio.Event().wait()

    def _took(self, letter: Letter, let: int) -> None:
        self.letters.append(letter)
        self.ledger.takes(letter.key, let, self.clock())

    def _watch(self, system: System) -> None:
        """Step in where something is about to be committed, or just was."""
        consent, store, ledger = system.consent, system.store, self.ledger
        changes, decide, claim, settle = consent.changes, consent.decide, consent.claim, consent.settle
        complained, bounced, by_flow = consent.complained, consent.bounced, consent.withdraw_by_flow
        commit = store.commit

        async def watched_changes(after: int, limit: int | None = None) -> Any:
            if limit is None:  # the feed: it tells the mailer, and the flows hear of nothing
                return await changes(after)
            await self._stay_dead()
            ledger.hears()
            found = await changes(after, limit)
            await self._reached("heard")
            return found

        async def watched_decide(asks: Any) -> Any:
            ledger.decides(asks)
            await self._reached("deciding")
            found = await decide(asks)
            await self._reached("decided")
            return found

        async def watched_claim(sender: str, asks: Any, settlements: Any) -> Any:
            await self._stay_dead()
            found = await claim(sender, asks, settlements)
            ledger.claims(asks, found, self.clock())
            await self._reached("claimed")
            return found

        async def watched_settle(sender: str, settlements: Any) -> None:
            await self._reached("settling")
            await settle(sender, settlements)

        async def watched_commit(batch: Any) -> None:
            await self._reached("committing")
            await commit(batch)
            ledger.commits(batch.entries, batch.effects, self._topics)
            if self.dies_at in {entry.what for entry in batch.entries}:
                ledger.counts["killed"] += 1
                await self.kill()
            await self._reached("committed")

        async def watched_complained(key: str, at: int | None = None) -> Heard:
            heard = await complained(key, at)
            if heard is Heard.NEW:
                ledger.stop(ledger.permits[key].subject, (), self.clock(), "complaint", everything=True)
            return heard

        async def watched_bounced(key: str, kind: str) -> Heard:
            heard = await bounced(key, kind)
            if heard is Heard.NEW:
                ledger.bounces(ledger.permits[key].subject, self.clock())
            return heard

        async def watched_by_flow(
            subject: str, topic: str, flow: str, key: str, at: int | None = None
        ) -> Heard:
            await self._stay_dead()
            heard = await by_flow(subject, topic, flow, key, at)
            ledger.flow_withdraws(subject, topic, at, self.clock(), heard)
            return heard

        replaced: Mapping[str, Any] = {
            "changes": watched_changes,
            "decide": watched_decide,
            "claim": watched_claim,
            "settle": watched_settle,
            "complained": watched_complained,
            "bounced": watched_bounced,
            "withdraw_by_flow": watched_by_flow,
        }
        for name, watched in replaced.items():
            setattr(consent, name, watched)
        store.commit = watched_commit  # type: ignore[method-assign]


def _settings(folder: Path, schemas: Schemas | None) -> Settings:
    return Settings(
        name="shop",
        sender=Sender(name="Kafija", address="hello@kafija.example", imprint="Kafija SIA, Riga"),
        controller=Controller(name="Kafija SIA", address="Riga", contact="privacy@kafija.example"),
        smtp=Smtp(url="smtp://nowhere.example:25", connections=2),
        stores=Stores(folder=str(folder)) if schemas is None else schemas.stores(folder),
        time_zone="Europe/Riga",
        purposes={name: Purpose(title=name.title(), consent=f"I agree to {name}.") for name in BESIDE_TOPICS},
    )


def confirmation(letter: Letter) -> str:
    """The token of the link to confirm in a mail; empty where it has none."""
    found = _CONFIRM.search(letter.text())
    return found[1] if found is not None else ""
