"""`virta serve`: the whole of Virta in one process: pages, API, engine, mails."""

import asyncio
import contextlib
from pathlib import Path

import structlog
import uvicorn

from engine.store.database import StoreFault
from virta.keys import read_or_make_keys
from virta.logs import set_up_logs
from virta.mailbox.running import MailboxFailed, Running, start
from virta.project import load_project
from virta.settings import BrokenProject, Settings
from virta.wiring import System, World, login_of, open_system

log = structlog.get_logger("virta")

_PROOF_PAUSE = 0.25  # seconds between looks for new proof mails
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    folder: Path = Path("."), *, host: str = "127.0.0.1", port: int = 8025, mailbox: bool = False
) -> int:
    """Serve the pages and the API, move people through the flows and send their mails.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    host
        The address to listen on.
    port
        The port to listen on.
    mailbox
        Run a local mailbox as the mail server, for trying things out: nothing leaves this machine.
        `virta mailbox` shows what it holds.
    """
    set_up_logs()
    settings, _ = load_project(folder)
    with contextlib.ExitStack() as stack:
        if mailbox:
            stack.enter_context(_mailbox(folder, settings))
        try:
            asyncio.run(_serve(folder, host, port))
        except* StoreFault as faults:
            raise BrokenProject(str(faults.exceptions[0])) from None
    return 0


def _mailbox(folder: Path, settings: Settings) -> Running:
    login = login_of(settings)
    if login.host not in _LOOPBACK:
        raise BrokenProject(
            f"smtp.url in virta.toml names {login.host}; a local mailbox can only stand in for a server "
            "on this machine, as in smtp://127.0.0.1:2525."
        )
    try:
        return start(folder / settings.stores.folder / "mailbox", login.port)
    except MailboxFailed as fault:
        raise BrokenProject(str(fault)) from None


async def _serve(folder: Path, host: str, port: int) -> None:
    settings, compiled = load_project(folder)
    world = World()
    keys = read_or_make_keys(settings, folder, world.entropy)
    system = await open_system(folder, settings, compiled, keys, world)
    server = uvicorn.Server(
        uvicorn.Config(
            system.pages,
            host=host,
            port=port,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            lifespan="off",
        )
    )
    try:
        await system.start()
        log.info("serving", pages=f"http://{host}:{port}/signup", mail_server=settings.smtp.url)
        async with asyncio.TaskGroup() as tasks:
            work = [
                tasks.create_task(system.runner.run()),
                tasks.create_task(system.dispatch.run()),
                tasks.create_task(_fetch_proofs(system)),
            ]
            await server.serve()
            log.info("stopping")
            for task in work:
                task.cancel()
    finally:
        await system.close()


async def _fetch_proofs(system: System) -> None:
    while True:
        if await system.proofs.fetch():
            system.dispatch.wake()
        await asyncio.sleep(_PROOF_PAUSE)
