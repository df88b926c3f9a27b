"""The consent service wired without the engine: its store, its own proof mails, and what people and the
engine reach over HTTP."""

import asyncio
import contextlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette

from consent.app.access import Access
from consent.app.front import Fronted
from consent.app.pace import Pace
from consent.app.routes import Tally, build_app
from consent.calls import PREFIX
from consent.contract import Unavailable
from consent.errors import ConsentError
from consent.keys import Keys
from consent.service import Service
from dsl.templates.files import PROOF, TemplateFile, read_templates
from engine.delivery.attempts import AttemptFile, AttemptsFault
from engine.delivery.brakes import Brakes
from engine.delivery.day_end import DayEnd
from engine.delivery.dispatch import Dispatch
from engine.delivery.mailer import Mailer
from engine.delivery.proofs import Proofs
from engine.delivery.queue import Queue
from engine.delivery.recover import recover
from engine.mail.letters import LetterFault, Letters
from virta.brand import brand_of
from virta.consent_door import ACCESS, admission_of, open_consent
from virta.database_url import consent_place
from virta.disk_fault import disk_fault
from virta.mailing import dkim_of, login_of, written_by
from virta.operating.timekeeping import watch_times
from virta.project.folder import template_files
from virta.proof_mail import with_notice, with_proof
from virta.settings import BrokenProject, Settings
from web.app import build_consent_app

log = structlog.get_logger("virta")

_LAST_REPLIES = 20  # seconds
_PAUSE = 0.25  # seconds between looks for new proof mails
_DEAF_PAUSE = 1.0  # the same while the store does not answer


@dataclass(frozen=True, slots=True)
class Alone:
    """The parts that somebody drives; `close` ends them in order. Set `closing` when the end is near."""

    service: Service
    consent: Fronted
    attempts: AttemptFile
    queue: Queue
    mailer: Mailer
    dispatch: Dispatch
    proofs: Proofs
    day_end: DayEnd
    pages: Starlette
    tally: Tally
    closing: asyncio.Event

    async def start(self) -> None:
        """Settle what an earlier life left behind, and connect to the mail server. Raises `BrokenProject`."""
        try:
            await recover(self.consent, self.attempts)
        except Unavailable as fault:
            raise BrokenProject(str(fault)) from None
        self.mailer.open()

    async def mail(self) -> None:
        """Work for ever: send the proof mails that are queued, and the day's checkpoint to auditors."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.dispatch.run())
            tasks.create_task(self._fetch())
            tasks.create_task(self.day_end.run(self.dispatch.wake))
            tasks.create_task(watch_times(self.consent))

    async def _fetch(self) -> None:
        while True:
            # The store knows what became of each: nobody here has to act on it.
            self.dispatch.take_verdicts()
            self.dispatch.take_retries()
            try:
                if await self.proofs.fetch():
                    self.dispatch.wake()
                await asyncio.sleep(_PAUSE)
            except Unavailable:  # the dispatch says so in the log
                await asyncio.sleep(_DEAF_PAUSE)

    async def close(self) -> None:
        """Wait a little for the last replies of the mail server, settle, close connections and the store."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_REPLIES):
                    while self.mailer.outstanding:
                        self.mailer.changed.clear()
                        await self.mailer.changed.wait()
            await self.mailer.close()
            await self.dispatch.finish()
        except Unavailable as fault:  # the attempt file knows them
            log.error("the last outcomes will be taken up at the next start", why=str(fault))
        finally:
            self.attempts.close()
            self.service.close()


def open_alone(
    folder: Path,
    settings: Settings,
    keys: Keys,
    clock: Callable[[], int],
    entropy: Callable[[int], bytes],
) -> Alone:
    """Open the store and put everything together; nothing runs yet. Raises `BrokenProject`."""
    data = folder / settings.stores.folder
    try:
        with contextlib.ExitStack() as opened:
            service = open_consent(
                consent_place(folder, settings), keys, settings, clock=clock, entropy=entropy
            )
            opened.callback(service.close)
            attempts = AttemptFile(data / "consent.attempts", sender_of(service.parts.origin))
            opened.callback(attempts.close)
            alone = _put_together(folder, settings, keys, service, attempts, clock, entropy)
            opened.pop_all()  # from here on its `close` does it
            return alone
    except (ConsentError, Unavailable, LetterFault, AttemptsFault) as fault:
        raise BrokenProject(str(fault)) from None
    except DBAPIError as fault:
        raise BrokenProject(f"{data / 'consent.db'} cannot be used as a database: {fault.orig}.") from None
    except OSError as fault:
        raise disk_fault(fault, data, "used") from None


def _put_together(
    folder: Path,
    settings: Settings,
    keys: Keys,
    service: Service,
    attempts: AttemptFile,
    clock: Callable[[], int],
    entropy: Callable[[int], bytes],
) -> Alone:
    consent = Fronted(service, admission_of(settings), Pace(entropy))
    files = proof_files(folder, settings)
    letters = Letters(
        files,
        {},
        settings.languages,
        written_by(settings),
        settings.time_zone,
    )
    queue = Queue(Brakes())
    mailer = Mailer(login_of(settings), settings.smtp.connections, attempts, clock, dkim=dkim_of(settings))
    domain = settings.sender.address.rpartition("@")[2]
    dispatch = Dispatch(consent, mailer, queue, domain, clock, lambda: None, settings.smtp.per_second)
    closing, tally = asyncio.Event(), Tally()
    access = Access(folder / settings.stores.folder / ACCESS)
    pages = build_consent_app(
        consent,
        build_app(consent, access, closing, tally),
        PREFIX.rstrip("/"),
        brand_of(settings, files),
        languages=settings.languages,
        url=settings.url,
    )
    proofs = Proofs(consent, letters, queue, clock)
    secret = hmac.digest(keys.links[0], b"day end", "sha256")
    day_end = DayEnd(consent, letters, queue, clock, settings.auditors, secret)
    return Alone(service, consent, attempts, queue, mailer, dispatch, proofs, day_end, pages, tally, closing)


def proof_files(folder: Path, settings: Settings) -> tuple[TemplateFile, ...]:
    """The templates of the proof mail, the project's own or else ours, and of the notice of a hold. Whatever
    is wrong with any other does not count here."""
    found, _ = read_templates(template_files(folder), settings.languages)
    wanted = [file for file in found.files if file.partial or file.name == PROOF]
    return with_notice(with_proof(wanted, settings.languages), settings.languages)


def sender_of(log: str) -> bytes:
    """The mailer's identity towards the consent service. It follows from the log's name and from no key, so
    that permits can be settled when the attempt file is lost, and when a stolen key was taken out."""
    return sha256(b"proof mailer\0" + log.encode()).digest()[:16]
