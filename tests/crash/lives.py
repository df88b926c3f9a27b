"""What a life does: the whole system over files, as `virta serve` runs it, until everything is done."""

import asyncio
import contextlib
from pathlib import Path

from commits import census, watch
from nursery import Life, Seed
from points import POINTS, Fate
from power import keep_what_is_synced
from shop import FLOWS, MORE, address, agree, compiled, open_shop, orders, settings

from consent.client import InProcess
from consent.contract import Unavailable
from dsl.compile import Compiled
from engine.delivery import attempts
from engine.mail.letters import Letters
from engine.mail.measured import Marks
from virta import wiring
from virta.settings import Settings
from virta.wiring import System

SHOP = compiled(FLOWS + MORE)
LETTERS = wiring.letters_of(SHOP, settings(0))
TOPICS = ("news", "offers")


def _loaded(compiled: Compiled, settings: Settings, marks: Marks | None = None) -> Letters:
    """The templates were read before the fork: they are the same in every life."""
    return LETTERS


wiring.letters_of = _loaded


async def seed(wanted: Seed) -> None:
    """Files of a shop to which people have agreed; nothing was sent yet."""
    system = await open_shop(Path(wanted.folder), 1, SHOP, durable=False)
    await agree(system, [address(number) for number in range(wanted.people)], TOPICS)
    await system.close()


async def live(life: Life) -> None:
    """One life."""
    if life.boot:
        attempts._boot_id = life.boot.encode
    if life.shadow:
        keep_what_is_synced(Path(life.folder) / "data", Path(life.shadow))
    if life.census:
        watch(census(Path(life.census)))
    _be_doomed(life)
    system = await open_shop(Path(life.folder), life.port, SHOP, durable=True)
    if life.orders:
        reasons = await system.inbox.accept_events(orders(range(life.orders), life.at))
        assert not any(reasons), reasons
    await system.start()
    async with asyncio.TaskGroup() as tasks:
        work = [
            tasks.create_task(system.runner.run()),
            tasks.create_task(system.dispatch.run()),
            tasks.create_task(system.caller.run()),
            tasks.create_task(_proofs(system)),
        ]
        if life.deaf:
            await _deafness(life.deaf)
        await _until_done(system)
        for task in work:
            task.cancel()
    await system.close()


def _be_doomed(life: Life) -> None:
    fate = Fate(life.nth)
    if life.point in POINTS:
        POINTS[life.point][0](fate)
    elif life.point:
        watch(lambda moment: fate.strike(moment == life.point))


async def _proofs(system: System) -> None:
    while True:
        with contextlib.suppress(Unavailable):
            if await system.proofs.fetch():
                system.dispatch.wake()
        await asyncio.sleep(0.05)


async def _deafness(seconds: float) -> None:
    """The consent service is away for so long: every call fails, half of them after the work was done."""
    reads, writes = InProcess._read, InProcess._write
    calls = 0

    async def deaf(self: InProcess, work: object) -> object:
        nonlocal calls
        calls += 1
        if calls % 2:
            await writes(self, work)  # type: ignore[arg-type]
        raise Unavailable("the line is dead")

    async def deaf_reads(self: InProcess, work: object) -> object:
        raise Unavailable("the line is dead")

    InProcess._write, InProcess._read = deaf, deaf_reads  # type: ignore[method-assign, assignment]
    await asyncio.sleep(seconds)
    InProcess._write, InProcess._read = writes, reads  # type: ignore[method-assign]


async def _until_done(system: System) -> None:
    """Nothing to gather, nothing open, nothing on its way, several looks long."""
    quiet = 0
    while quiet < 3:
        await asyncio.sleep(0.01)
        done = system.runner.idle and not system.runner.open_mails and not len(system.queue)
        done = done and not system.caller.open
        quiet = quiet + 1 if done and not system.mailer.outstanding else 0
