"""How commands reach a consent service that another process serves: at a Unix socket in the data folder for
whoever may write there, and over HTTP, with a key of the scope `operator`, where the service is elsewhere.

The calls are the same, and so is what answers them. At the socket no key is asked for: it opens for the
user who serves, and for nobody else.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import structlog
from starlette.applications import Starlette
from starlette.routing import Mount

from consent.app.access import LetIn
from consent.app.routes import Tally, build_app
from consent.calls import PREFIX, Scope
from consent.client.operating import Operating, RemoteOperator
from consent.ledger.remote_signer import listen_at
from consent.service import Service
from virta.keeping.places import LOCKS
from virta.listening import pages_of
from virta.settings import BrokenProject, Settings, secret

log = structlog.get_logger("virta")

SOCKET = "operator.sock"
_LONGEST = 100
"""Bytes in the path of a socket; systems take a few more."""
_PATIENCE = 60.0
"""Seconds within which a call of an operator is answered: a part of an import waits for mails."""


class _WhoeverReachesIt:
    """Who comes by the socket is let in: the system has looked who they are."""

    def let_in(self, presented: bytes) -> LetIn | None:
        """See `Lets`."""
        return LetIn(frozenset({Scope.OPERATOR}))


async def keep_door(service: Service, data: Path) -> None:
    """Answer commands at the socket in `data`, until this is cancelled."""
    path = data / SOCKET
    calls = build_app(Operating(service), _WhoeverReachesIt(), asyncio.Event(), Tally())
    server = pages_of(Starlette(routes=[Mount(PREFIX.rstrip("/"), calls)]))
    try:
        listener = listen_at(path, 0o600)  # whoever has the store is the only one to serve it
    except OSError as fault:
        log.warning("commands cannot reach the consent service", at=str(path), why=fault.strerror)
        return
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await serving
        listener.close()
        path.unlink(missing_ok=True)


def is_there(data: Path) -> bool:
    """Whether a process of this machine serves the store of `data` now. One that was killed leaves its socket
    behind, and not its lock."""
    return (data / SOCKET).is_socket() and not _is_free(data / LOCKS[1])


def _is_free(lock: Path) -> bool:
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is held; or there is none, as for a store on a server
        return False
    return True


@asynccontextmanager
async def at_socket(data: Path) -> AsyncIterator[RemoteOperator]:
    """The service that another process of this machine serves from `data`."""
    with _short(data / SOCKET) as name:
        transport = httpx2.AsyncHTTPTransport(uds=name)
        client = RemoteOperator("http://operator", "none", _PATIENCE, transport)
        try:
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def over_http(settings: Settings) -> AsyncIterator[RemoteOperator]:
    """The service that `consent.url` names. Raises `BrokenProject` where no operator's key is set."""
    there = settings.consent
    if not there.operator_key:
        raise BrokenProject(
            f"The consent service of this project is a process of its own, at {there.url}, and this wants a "
            "key for operators. Make one in its folder: `virta consent access --make NAME --scope operator`. "
            'Set it as an environment variable, and name that under [consent]: `operator_key = "env:NAME"`. '
            "Name the folder where its store is, to do it there."
        )
    client = RemoteOperator(there.url, secret(there.operator_key), max(there.timeout, _PATIENCE))
    try:
        yield client
    finally:
        await client.close()


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket that is short enough for the system, whatever the folder is called."""
    name = str(path.absolute())
    if len(os.fsencode(name)) <= _LONGEST:
        yield name
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
