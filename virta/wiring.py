"""All wiring, top to bottom: a compiled project becomes a system that runs."""

import asyncio
import contextlib
import hmac
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from consent.app.limits import Admission
from consent.app.pace import Pace
from consent.contract import Unavailable
from consent.errors import ConsentError
from consent.service import Service
from consent.store.server import Server
from dsl.compile import Compiled
from engine.calls.caller import Caller, Post
from engine.calls.recorder import Recorder
from engine.core.loaded import Loaded
from engine.delivery.attempts import AttemptFile, AttemptsFault
from engine.delivery.brakes import Brakes, Late
from engine.delivery.day_end import DayEnd
from engine.delivery.dispatch import Dispatch
from engine.delivery.mailer import Mailer
from engine.delivery.proofs import Proofs
from engine.delivery.queue import Queue
from engine.delivery.recover import recover
from engine.delivery.retrying import MENDED_WITHIN
from engine.delivery.smtp import Dial, by_tcp
from engine.insight.grounds import WORDING
from engine.mail.letters import LetterFault, Letters
from engine.returns.at_once import Delivers, teller
from engine.returns.intake import Intake
from engine.run.apply import Applying
from engine.run.control import LOOK_EVERY, Control
from engine.run.inbox import Inbox
from engine.run.measurement import Measurement
from engine.run.runner import Runner
from engine.run.shown import ShownMails
from engine.store.database import StoreFault
from engine.store.releases import Release
from engine.store.store import Store
from virta.brand import brand_of
from virta.consent_door import Door, door_in_process, door_over_http, open_consent
from virta.consent_door import log_name as log_name
from virta.database_url import consent_place, engine_place
from virta.disk_fault import disk_fault
from virta.keys import ProjectKeys
from virta.mailing import dkim_of, letters_of, login_of, marks_of, sender_of
from virta.monitoring.tallies import CountedConsent, CountedRemote
from virta.proof_mail import with_proof
from virta.release.content import content_of, draft
from virta.settings import BrokenProject, Settings, secret
from web.api.keys import ApiKeys
from web.app import build_app

log = structlog.get_logger("virta")

_LAST_REPLIES = 20  # seconds


def wall_clock() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Blank:
    """What systems in memory begin with, made once: stores in which nothing has happened yet, and the
    templates, loaded. `blank_of` makes it."""

    consent: bytes
    engine: bytes
    letters: Letters


@dataclass(frozen=True, slots=True)
class World:
    """What a system takes from outside itself. `clock` gives ms UTC, `entropy(n)` n random bytes; not
    `durable` gives up on power loss. `dial` reaches the mail server. With `blank` nothing is on the disk.
    `post` makes the calls of webhooks: what it says is taken is not asked for again. `delivers`: the mail
    server is one of our own; else its reports come by the API. `apart`: the consent service may be a process
    of its own, if the settings name one. `admission` counts the sign-ups of the world and `pace` has them
    answered alike; without it they are not counted."""

    post: Post
    clock: Callable[[], int] = wall_clock
    entropy: Callable[[int], bytes] = secrets.token_bytes
    durable: bool = True
    dial: Dial = by_tcp
    blank: Blank | None = None
    delivers: Delivers | None = None
    apart: bool = False
    admission: Admission | None = None
    pace: Pace | None = None


@dataclass(frozen=True, slots=True)
class System:
    """The parts that somebody drives; `close` ends them in order. `release` is what runs, None in a trial."""

    release: Release | None
    door: Door
    policy: str  # the digest of the one in force; empty in a trial
    store: Store
    attempts: AttemptFile
    queue: Queue
    mailer: Mailer
    dispatch: Dispatch
    caller: Caller
    proofs: Proofs
    day_end: DayEnd
    runner: Runner
    inbox: Inbox
    intake: Intake
    measurement: Measurement
    shown: ShownMails
    pages: Starlette

    @property
    def consent(self) -> CountedConsent | CountedRemote:
        """The consent service, wherever it is."""
        return self.door.consent

    @property
    def service(self) -> Service:
        """What stands behind it. To be used only where it is in this process."""
        assert self.door.service is not None
        return self.door.service

    async def start(self) -> None:
        """Settle what an earlier life left behind, take up its effects, connect to the mail server. Raises
        `BrokenProject`."""
        try:
            await recover(self.consent, self.attempts)
            await self.runner.start()
        except (Unavailable, StoreFault) as fault:
            raise BrokenProject(str(fault)) from None
        self.mailer.open()

    async def close(self) -> None:
        """Wait a little for the last replies of the mail server, settle, close connections and stores. Call
        it when nothing uses the system any more."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_REPLIES):
                    while self.mailer.outstanding:
                        self.mailer.changed.clear()
                        await self.mailer.changed.wait()
            await self.mailer.close()
            await self.caller.close()
            await self.dispatch.finish()
            await self.measurement.finish()
            await self.runner.step()  # so that hand-overs count from now, and not from the next start
        except (Unavailable, StoreFault) as fault:  # the attempt file and the consent service know them
            log.error("the last outcomes will be taken up at the next start", why=str(fault))
        finally:
            self.attempts.close()
            self.store.close()
            await self.door.close()


async def open_system(
    folder: Path,
    settings: Settings,
    compiled: Compiled,
    keys: ProjectKeys,
    world: World,
    release: Release | None = None,
) -> System:
    """Open the stores and put everything together; nothing runs yet. `release` is the one that `compiled`
    comes from; without it, one is made where what ran last was something else. Raises `BrokenProject`."""
    try:
        with contextlib.ExitStack() as opened:
            system = await _open(folder, settings, compiled, keys, world, release, opened)
            opened.pop_all()  # from here on its `close` does it
            return system
    except (ConsentError, Unavailable, StoreFault, LetterFault, AttemptsFault) as fault:
        raise BrokenProject(str(fault)) from None
    except DBAPIError as fault:
        place = folder / settings.stores.folder / "consent.db"
        raise BrokenProject(f"{place} cannot be used as a database: {fault.orig}.") from None
    except OSError as fault:
        raise disk_fault(fault, folder / settings.stores.folder, "used") from None


async def _open(
    folder: Path,
    settings: Settings,
    compiled: Compiled,
    keys: ProjectKeys,
    world: World,
    release: Release | None,
    opened: contextlib.ExitStack,
) -> System:
    program = compiled.program
    if program is None:
        raise BrokenProject("The flows have errors; `virta check` shows them.")
    data = folder / settings.stores.folder
    blank = world.blank
    door = _door(folder, settings, keys, world)
    if door.service is not None:
        opened.callback(door.service.close)
    consent, policy = door.consent, ""
    if blank is None:
        release = release or draft(content_of(folder, settings, compiled), "start", world.clock())
        policy = await consent.publish(release.published)

    if blank is None:
        store = Store(engine_place(folder, settings), world.durable)
    else:
        store = Store(None, world.durable, blank.engine)
    opened.callback(store.close)
    older = await store.graphs_beside([graph.digest for graph in program.flows])
    await store.keep_graphs(program.flows)
    await store.keep_lists(compiled.codes)
    if release is not None and not release.number:
        release = await store.enact(release)
    loaded = Loaded(program, older, settings.time_zone, keys.journey, settings.currency, WORDING)
    marks = marks_of(settings, keys)
    letters = letters_of(compiled, settings, marks) if blank is None else blank.letters.afresh()

    attempts = AttemptFile(data / "attempts" if blank is None else None, sender_of(keys))
    opened.callback(attempts.close)
    brakes = Brakes(Late(settings.delivery.late, settings.delivery.late_per_hour))
    queue = Queue(brakes)
    login = login_of(settings, notices=settings.smtp.delivery_notices and loaded.hears_of_deliveries)
    dkim = dkim_of(settings) if world.dial is by_tcp else None  # nobody verifies the mails of a simulation
    mailer = Mailer(login, settings.smtp.connections, attempts, world.clock, world.dial, dkim)
    wake: list[Callable[[], None]] = []
    dispatch = Dispatch(
        consent,
        mailer,
        queue,
        settings.sender.address.rpartition("@")[2],
        world.clock,
        lambda: wake[0](),
        settings.smtp.per_second,
        store.keep_mails if blank is None else None,  # nobody looks at the mails of a test
        MENDED_WITHIN if world.durable and blank is None else 0,
        lambda: store.held and not store.shut,
    )
    caller = Caller(
        consent,
        world.post,
        [webhook.name for webhook in program.webhooks],
        world.clock,
        lambda: wake[0](),
    )
    every = LOOK_EVERY if world.durable else 0.0
    control = Control(store, brakes, mailer, world.clock, every) if blank is None else None
    inbox = Inbox(store, program, world.clock, lambda: wake[0]())
    runner = Runner(
        store,
        loaded,
        consent,
        letters,
        queue,
        mailer,
        dispatch,
        caller,
        world.clock,
        settings.team,
        teller(inbox, world.delivers),
        control,
        applying=Applying(release),
    )
    wake.append(runner.wake.set)
    intake = Intake(consent, store, inbox, world.clock)
    measurement = Measurement(store, inbox, marks, world.clock)
    shown = ShownMails(store, consent, marks, world.clock, settings.stores.mails_days)
    pages = build_app(
        door.front,
        inbox,
        intake,
        measurement,
        shown,
        ApiKeys.of((secret(api.key), api.scopes) for api in settings.api),
        brand_of(settings, with_proof(compiled.template_files, settings.languages)),
        languages=settings.languages,
        url=settings.url,
        clock=world.clock,
    )
    proofs = Proofs(consent, letters, queue, world.clock)
    day_end = DayEnd(
        consent,
        letters,
        queue,
        world.clock,
        settings.auditors,
        hmac.digest(keys.journey, b"day end", "sha256"),
    )
    return System(
        release,
        door,
        policy,
        store,
        attempts,
        queue,
        mailer,
        dispatch,
        caller,
        proofs,
        day_end,
        runner,
        inbox,
        intake,
        measurement,
        shown,
        pages,
    )


async def blank_of(folder: Path, settings: Settings, compiled: Compiled, keys: ProjectKeys) -> Blank:
    """Stores as they are before anything has happened: the project's policy is published, no more. Raises
    `BrokenProject`."""
    program = compiled.program
    if program is None:
        raise BrokenProject("The flows have errors; `virta check` shows them.")
    with contextlib.ExitStack() as opened:
        world = World(Recorder(), lambda: 0, random.Random(0).randbytes, durable=False)
        try:
            service = _service(None, settings, keys, world)
            opened.callback(service.close)
            await CountedConsent(service).publish(content_of(folder, settings, compiled).policy)
            store = Store(None, durable=False)
            opened.callback(store.close)
            letters = letters_of(compiled, settings, marks_of(settings, keys))
        except (ConsentError, Unavailable, StoreFault, LetterFault) as fault:
            raise BrokenProject(str(fault)) from None
        return Blank(service.store.image(), store.image(), letters)


def _door(folder: Path, settings: Settings, keys: ProjectKeys, world: World) -> Door:
    if world.apart and settings.consent.url:
        return door_over_http(settings, world.clock)
    place = consent_place(folder, settings) if world.blank is None else None
    return door_in_process(_service(place, settings, keys, world), world.admission, world.pace)


def _service(place: Path | Server | None, settings: Settings, keys: ProjectKeys, world: World) -> Service:
    image = world.blank.consent if world.blank is not None else None
    return open_consent(
        place,
        keys.consent,
        settings,
        clock=world.clock,
        entropy=world.entropy,
        durable=world.durable,
        image=image,
    )
