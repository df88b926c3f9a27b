"""`virta serve consent`: the consent service in a process of its own."""

import asyncio
import contextlib
import secrets
import socket
from pathlib import Path

import msgspec
import structlog
import uvloop

from consent.keys import Keys
from engine.run.erasing import watch_backups
from virta.command_table import VERSION
from virta.commands.serve import LEVELS
from virta.consent_alone import open_alone
from virta.garbage import settled
from virta.keeping.places import places_of, refuse_unfinished
from virta.keeping.versions import refuse_other_versions
from virta.keys import make_missing_keys, read_consent_keys
from virta.listening import listen, pages_of, place_of, reachable
from virta.logs import set_up_logs
from virta.mailbox.beside import Beside, start_beside
from virta.monitoring.consent_pages import watch_consent
from virta.operators_door import keep_door
from virta.settings import Settings, read_settings
from virta.stopping import Stopping
from virta.wiring import wall_clock

log = structlog.get_logger("virta")


def serve_consent(
    folder: Path = Path("."), *, host: str = "127.0.0.1", port: int = 8026, mailbox: bool = False
) -> int:
    """Serve the consent service alone: it answers an engine and a shop over HTTP, shows people their pages,
    and sends the mails that ask for a confirmation.

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
    """
    set_up_logs()
    settings = read_settings(folder.resolve())
    set_up_logs(LEVELS[settings.serving.log_level], settings.serving.log)
    refuse_unfinished(folder / settings.stores.folder)
    refuse_other_versions(places_of(folder, settings), folder)
    make_missing_keys(settings, folder, secrets.token_bytes)
    keys = read_consent_keys(settings, folder)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        settings = msgspec.structs.replace(settings, url=reachable(settings, listener))
        box = start_beside(folder, settings) if mailbox else None
        if box is not None:
            smtp = msgspec.structs.replace(settings.smtp, url=stack.enter_context(box.running).url)
            settings = msgspec.structs.replace(settings, smtp=smtp)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(folder, settings, keys, listener, box))
    return 0


async def _serve(
    folder: Path, settings: Settings, keys: Keys, listener: socket.socket, box: Beside | None
) -> None:
    alone = open_alone(folder, settings, keys, wall_clock, secrets.token_bytes)
    settled()
    stop = asyncio.Event()
    stopping = Stopping(settings.serving.stop_seconds, stop.set, _say_at_once)
    watch_consent(alone, settings, folder)
    pages = pages_of(alone.pages)
    try:
        await alone.start()
        async with asyncio.TaskGroup() as tasks:
            work = (
                tasks.create_task(alone.mail()),
                tasks.create_task(watch_backups(alone.consent, settings.stores.backups_days)),
                tasks.create_task(keep_door(alone.service, folder / settings.stores.folder)),
            )
            serving = tasks.create_task(pages.serve(sockets=[listener.dup()]))
            _say_where(listener, settings, box)
            await stop.wait()
            log.info("stopping")
            alone.closing.set()
            pages.should_exit = True
            await serving
            for task in work:
                task.cancel()
    finally:
        await alone.close()
    stopping.done()
    log.info("stopped", virta=VERSION)


def _say_at_once(why: str) -> None:
    log.warning("stopped at once", why=why)


def _say_where(listener: socket.socket, settings: Settings, box: Beside | None) -> None:
    place = place_of(listener)
    print(
        f"The consent service is at {place}; its pages are at {place}/signup, and links in mails lead to "
        f"{settings.url}. Ctrl-C stops.",
        flush=True,
    )
    if box is not None:
        print(box.says(), flush=True)
    log.info("serving", at=place, mail_server=settings.smtp.url)
