"""`virta serve`: the whole of Virta in one process: pages, API, engine, mails."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import structlog
import uvloop

from consent.contract import Unavailable
from engine.returns.at_once import every_mail
from engine.run.erasing import watch_backups
from engine.run.retention import keep_forgetting
from engine.store.database import StoreFault
from engine.store.patience import patience
from engine.store.releases import Release
from virta.command_table import VERSION
from virta.garbage import settled
from virta.keeping.places import places_of, refuse_unfinished
from virta.keeping.versions import refuse_other_versions
from virta.keys import ProjectKeys, make_missing_keys, read_keys_apart, read_or_make_keys
from virta.listening import LOOPBACK, listen, pages_of, place_of, reachable
from virta.logs import set_up_logs
from virta.mailbox.beside import Beside, start_beside
from virta.monitoring.pages import digests, watch
from virta.operating.timekeeping import watch_life, watch_times
from virta.operators_door import keep_door
from virta.project.folder import load_project
from virta.release.choosing import tell, to_run
from virta.release.coming import Coming, world_of
from virta.release.content import compiled_of
from virta.release.unasked import apply_unasked
from virta.settings import BrokenProject, Settings
from virta.stopping import Stopping
from virta.telling.studio import open_studio
from virta.wiring import System, World, open_system, wall_clock
from web.api.admission import Admission
from web.studio.guard import is_loopback
from web.studio.routes import to_studio

log = structlog.get_logger("virta")

LEVELS = {name.lower(): level for name, level in logging.getLevelNamesMapping().items()}
_PROOF_PAUSE = 0.25  # seconds between looks for new proof mails
_DEAF_PAUSE = 1.0  # the same while the consent service does not answer


def serve(
    folder: Path = Path("."),
    *,
    host: str = "127.0.0.1",
    port: int = 8025,
    mailbox: bool = False,
    apply: bool = False,
    now: datetime | None = None,
) -> int:
    """Serve the pages and the API, move people through the flows and send their mails.

    It runs until it gets SIGTERM, or Ctrl-C: then what is under way is finished, and the exit code is 0.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    host
        The address to listen on.
    port
        The port to listen on; 0 takes any free one, and the first line says which.
    mailbox
        Run a local mailbox as the mail server, for trying things out: nothing leaves this machine.
        `virta mailbox` shows what it holds.
    apply
        Apply what stands in the folder first, without asking. Not in production.
    now
        Let the clock begin at this moment, as in 2026-04-07T08:00, in the project's time zone: to go on where
        `virta simulate --keep` ended. In development only.
    """
    set_up_logs()
    settings, compiled = load_project(folder)
    set_up_logs(LEVELS[settings.serving.log_level], settings.serving.log)
    clock = wall_clock if now is None else _clock_from(now, settings)
    refuse_unfinished(folder / settings.stores.folder)
    refuse_other_versions(places_of(folder, settings), folder)
    if apply:
        apply_unasked(folder, settings, compiled, clock())
    release = to_run(folder, settings, compiled, clock())
    world = world_of(release, settings, clock, every_mail if mailbox else None)
    keys = _keys(settings, folder, world)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        there = reachable(settings, listener)
        moved, settings = there != settings.url, msgspec.structs.replace(settings, url=there)
        if mailbox:
            box = start_beside(folder, settings)
            smtp = msgspec.structs.replace(settings.smtp, url=stack.enter_context(box.running).url)
            settings = msgspec.structs.replace(settings, smtp=smtp)
        shown = partial(
            _tell, box if mailbox else None, settings, partial(tell, folder, settings, compiled, release)
        )
        # much goes back and forth between threads here, and this loop is told of it in half the time
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(folder, settings, release, keys, world, listener, moved, shown))
    return 0


def _keys(settings: Settings, folder: Path, world: World) -> ProjectKeys:
    """Those of the consent service stay with its process, where it has one of its own."""
    if settings.consent.url:
        make_missing_keys(settings, folder, world.entropy)
        return read_keys_apart(settings, folder)
    return read_or_make_keys(settings, folder, world.entropy)


def _clock_from(now: datetime, settings: Settings) -> Callable[[], int]:
    """A clock that shows `now` at first, and goes on as the wall's."""
    if settings.environment != "development":
        raise BrokenProject(
            "--now is for trying things out; outside development the clock is that of the wall."
        )
    zoned = now if now.tzinfo is not None else now.replace(tzinfo=ZoneInfo(settings.time_zone))
    ahead = round(zoned.timestamp() * 1000) - wall_clock()
    return lambda: wall_clock() + ahead


def _tell(box: Beside | None, settings: Settings, release: Callable[[], None]) -> None:
    if box is not None:
        print(box.says(), flush=True)
    if box is not None and settings.consent.url:
        print(
            "Mails that ask for a confirmation are sent by the consent service: start that one with "
            "--mailbox too.",
            flush=True,
        )
    release()


async def _serve(
    folder: Path,
    settings: Settings,
    release: Release,
    keys: ProjectKeys,
    world: World,
    listener: socket.socket,
    moved: bool,
    tell_release: Callable[[], None],
) -> None:
    """One life after the other, each of the release that runs then; people notice no more of it than a moment
    in which their requests wait."""
    stop, stopped = asyncio.Event(), asyncio.Event()

    def end() -> None:
        stopped.set()
        stop.set()

    stopping = Stopping(settings.serving.stop_seconds, end, _say_at_once)

    def say(studio: bool) -> None:
        _say_where(listener, settings, moved, studio)
        tell_release()

    told: Callable[[bool], None] = say
    while not stopped.is_set():
        stop.clear()
        coming = Coming(folder, settings, world)
        await _live(folder, settings, release, keys, world, listener, stop, coming, told)
        if coming.release is None:
            break
        release, world, told = coming.release, coming.world, _say_nothing
    stopping.done()
    log.info("stopped", virta=VERSION)


async def _live(
    folder: Path,
    settings: Settings,
    release: Release,
    keys: ProjectKeys,
    world: World,
    listener: socket.socket,
    stop: asyncio.Event,
    coming: Coming,
    say: Callable[[bool], None],
) -> None:
    compiled = compiled_of(release.content)
    system = await open_system(folder, settings, compiled, keys, world, release)
    settled()
    admission = Admission(system.pages, lambda: system.store.waiting, settings.serving.most_waiting)
    watch(system, admission, settings, folder, world.clock)
    pages = pages_of(admission)
    faults: list[StoreFault] = []

    async def working(loop: Coroutine[Any, Any, None]) -> None:
        try:
            with patience():
                await loop
        except* StoreFault as group:
            faults.append(_first(group))
            stop.set()

    studio = contextlib.ExitStack()
    try:
        shown = _has_studio(settings, listener)
        if shown:
            opened = open_studio(folder, settings, compiled, keys, world.clock, system.inbox)
            system.pages.mount("/studio", studio.enter_context(opened))
            system.pages.add_route("/studio", to_studio)
        await system.start()
        async with asyncio.TaskGroup() as tasks:
            work = [
                tasks.create_task(working(system.runner.run())),
                tasks.create_task(system.dispatch.run()),
                tasks.create_task(working(system.measurement.run())),
                tasks.create_task(working(system.shown.run())),
                tasks.create_task(
                    working(
                        keep_forgetting(
                            system.store,
                            world.clock,
                            settings.stores.events_months,
                            settings.stores.journal_months,
                        )
                    )
                ),
                tasks.create_task(working(system.caller.run())),
            ]
            work.append(tasks.create_task(working(watch_life(system.consent, system.store))))
            if system.door.service is not None:  # else its own process does so
                work.append(tasks.create_task(_fetch_proofs(system)))
                work.append(tasks.create_task(system.day_end.run(system.dispatch.wake)))
                watching = watch_backups(system.consent, settings.stores.backups_days)
                work.append(tasks.create_task(working(watching)))
                work.append(tasks.create_task(working(watch_times(system.consent))))
                data = folder / settings.stores.folder
                work.append(tasks.create_task(keep_door(system.door.service, data)))
            serving = tasks.create_task(pages.serve(sockets=[listener.dup()]))
            say(shown)
            log.info("running", virta=VERSION, **digests(system, compiled.program))
            work.append(tasks.create_task(working(coming.watch(system, stop))))
            await stop.wait()
            if coming.release is None:
                log.info("stopping")
            else:
                log.info("a newer release takes over", release=coming.release.number)
            admission.closing = True
            pages.should_exit = True
            await serving
            for task in work:
                task.cancel()
    finally:
        studio.close()
        await system.close()
    if faults:
        raise BrokenProject(
            f"Virta stopped, because {faults[0]}. What was accepted is kept; the next start goes on with it."
        )


def _say_at_once(why: str) -> None:
    log.warning("stopped at once", why=why)


def _say_nothing(studio: bool) -> None:
    """Of a further life; what has changed is in the log already."""


def _has_studio(settings: Settings, listener: socket.socket) -> bool:
    """The studio shows everything about everybody, so it is there only while trying things out, and only for
    whoever sits at this machine. A `url` of another name says that others are led here."""
    return (
        settings.environment == "development"
        and is_loopback(listener.getsockname()[0])
        and urlsplit(settings.url).hostname in LOOPBACK
        and not settings.consent.url  # what it shows of consent is in another process
    )


def _say_where(listener: socket.socket, settings: Settings, moved: bool, studio: bool) -> None:
    place = place_of(listener)
    if settings.consent.url:
        print(
            f"The API is at {place}/v1. The consent service is asked at {settings.consent.url}: it has the "
            "pages of people, and the links in mails are its own. Ctrl-C stops.",
            flush=True,
        )
        log.info("serving", at=place, mail_server=settings.smtp.url)
        return
    links = f" Links in mails lead to {settings.url}, not to the `url` in virta.toml." if moved else ""
    looks = f" The studio is at {place}/studio/." if studio else ""
    print(
        f"The pages are at {place}/signup, the API is at {place}/v1.{looks}{links} Ctrl-C stops.", flush=True
    )
    log.info("serving", at=place, mail_server=settings.smtp.url)


async def _fetch_proofs(system: System) -> None:
    while True:
        try:
            if await system.proofs.fetch():
                system.dispatch.wake()
            await asyncio.sleep(_PROOF_PAUSE)
        except Unavailable:  # the dispatch says so in the log
            await asyncio.sleep(_DEAF_PAUSE)


def _first(group: BaseExceptionGroup[StoreFault]) -> StoreFault:
    fault: BaseException = group
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    assert isinstance(fault, StoreFault)
    return fault
