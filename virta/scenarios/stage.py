"""Where a scenario is played: a whole system in memory, one contact in it, a clock that is moved by hand."""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import structs

from consent.contract import BESIDE_TOPICS
from consent.keys import Keys
from dsl.compile import Compiled
from dsl.graph import Program
from dsl.graph.scenario import Occurs, Scenario
from engine.calls.recorder import Recorder
from engine.core import calendar
from engine.core.bundle import Bundle, Entry
from engine.core.loaded import Loaded
from engine.insight.grounds import WORDING
from engine.run.simulate import Simulation, VirtualClock
from engine.store.handed import Handed
from virta.keys import ProjectKeys
from virta.scenarios.post import Mail, Post
from virta.scenarios.staged import readable, staged, standing_still
from virta.settings import Settings
from virta.wiring import Blank, System, World, blank_of, open_system

_NOWHERE = "smtp://nowhere.example:25"


@dataclass(frozen=True, slots=True)
class House:
    """What the scenarios of a project share: nothing that one of them could change."""

    folder: Path
    settings: Settings
    compiled: Compiled
    program: Program
    blank: Blank

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.time_zone)


def open_house(folder: Path, settings: Settings, compiled: Compiled) -> House:
    """The project, ready for its scenarios; `compiled` has a program. Raises `BrokenProject`."""
    assert compiled.program is not None
    smtp = structs.replace(settings.smtp, url=_NOWHERE, user="", password="", per_second=0, connections=1)
    quiet = structs.replace(settings, smtp=smtp, api=())
    blank = asyncio.run(blank_of(folder, quiet, compiled, KEYS))
    return House(folder, quiet, compiled, compiled.program, blank)


def _key(name: str) -> bytes:
    return hashlib.sha256(f"{name} of scenarios, which guards nothing".encode()).digest()


KEYS = ProjectKeys(
    Keys((_key("log signing"),), (_key("master"),), (_key("pepper"),), (_key("link"),)), _key("journeys")
)
"""The same in every run, so that codes of coupons are; a scenario needs none of the project's own keys."""


@dataclass(frozen=True, slots=True)
class Stage:
    """An open system with the parts that a scenario drives. `contact` is whom it is about. `ticked` are the
    purposes that stand on the form of their first sign-up, where they have agreed to no topic before.
    `returned` are the keys of mails that came back."""

    house: House
    system: System
    clock: VirtualClock
    post: Post
    simulation: Simulation
    loaded: Loaded
    address: str
    contact: str
    ticked: tuple[str, ...] = ()
    returned: set[str] = field(default_factory=set)

    async def run_to(self, moment: int) -> None:
        """Let everything happen that is due up to `moment` (ms UTC), and stand there."""
        await self.simulation.play(iter(()), moment, _nothing)
        self.clock.set(moment)
        await self.simulation.settle()

    async def begin(self) -> None:
        """From here on events start flows: until now they stood still."""
        self.system.runner.load(self.loaded)
        await self.simulation.settle()

    async def bundle(self) -> Bundle:
        """What the engine knows of the contact."""
        return (await self.system.store.load([self.contact]))[self.contact]

    def zone_of(self, bundle: Bundle) -> ZoneInfo:
        """The contact's own clock, or the project's."""
        return self.loaded.clock(bundle)

    async def journal(self) -> list[Entry]:
        """What the journal says of the contact, in order of time."""
        every = await self.system.store.journal()
        return readable(entry for entry in every if entry.contact == self.contact)

    async def handed(self) -> list[tuple[Handed, Mail]]:
        """The mails of flows that have gone to the contact, oldest first."""
        mails = self.post.mails
        known = await self.system.store.handed([mail.key for mail in mails if mail.key])
        by_key = {mail.key: mail for mail in mails}
        found = [mail for mail in known if mail is not None and mail.contact == self.contact]
        return [(mail, by_key[mail.key]) for mail in found]


@contextlib.asynccontextmanager
async def open_stage(
    house: House, scenario: Scenario, address: str, start: int, undelivered: Set[str] = frozenset()
) -> AsyncIterator[Stage]:
    """A stage whose clock stands at `start` (ms UTC), with the contact known, and nothing that starts a flow
    yet. Its mail server delivers all that it takes, but for mails with `undelivered` keys. Raises
    `BrokenProject`."""
    program = staged(house.program, scenario)
    clock, post = VirtualClock(start), Post()
    world = World(
        Recorder(),
        clock,
        random.Random(f"{scenario.file}\0{scenario.line}").randbytes,
        durable=False,
        dial=post.dial,
        blank=house.blank,
        delivers=lambda key: key not in undelivered,
    )
    still = replace(house.compiled, program=standing_still(program))
    system = await open_system(house.folder, house.settings, still, KEYS, world)
    try:
        await system.start()
        (contact,) = await system.consent.subjects([address])
        assert contact is not None
        yield Stage(
            house,
            system,
            clock,
            post,
            Simulation(clock, system.queue, system.dispatch, system.proofs, system.runner, system.caller),
            Loaded(program, (), house.settings.time_zone, KEYS.journey, house.settings.currency, WORDING),
            address,
            contact,
            _ticked(scenario),
        )
    finally:
        await system.close()


def _ticked(scenario: Scenario) -> tuple[str, ...]:
    """What a sign-up further below takes along: nobody can agree to a purpose without a topic."""
    agreed = scenario.profile.agreed
    signs_up = any(
        isinstance(line.does, Occurs) and line.does.event == "subscribed" for line in scenario.lines
    )
    return agreed if signs_up and set(agreed) <= set(BESIDE_TOPICS) else ()


def zone_named(name: object, otherwise: ZoneInfo) -> ZoneInfo:
    """The zone of that name, if it is one."""
    return (calendar.zone(name) if isinstance(name, str) else None) or otherwise


def _nothing(_moment: int) -> None:
    """Nobody watches the clock."""
