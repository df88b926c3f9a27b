"""Whom a command asks about people: the consent service of a project, wherever it is, whoever has it now.

The store stands here and nobody has it: it is opened. It stands here and is served: its process is asked, at
the socket beside it. It stands elsewhere: `consent.url` is asked, with the operator's key."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

from sqlalchemy.exc import DBAPIError

from consent.client.operating import Operating, RemoteOperator
from consent.contract import InvalidAddress, Unavailable
from consent.contract.operator import NotAllowed
from consent.errors import AlreadyOpen, ConsentError
from consent.service import Service, open_reader
from engine.run.inbox import is_contact_id
from virta.consent_door import open_consent
from virta.database_url import consent_place
from virta.keeping.manifest import CONSENT
from virta.keeping.places import exists, places_of, refuse_unfinished
from virta.keeping.versions import refuse_other_versions
from virta.keys import read_consent_keys
from virta.operating.ordering import now
from virta.operators_door import at_socket, is_there, over_http
from virta.settings import BrokenProject, Settings

T = TypeVar("T")
Asked: TypeAlias = Operating | RemoteOperator

_TRIES, _PAUSE = 60, 1.0  # seconds: as long as a service takes to be started anew
_DOOR_TRIES, _DOOR_PAUSE = 8, 0.25  # that between two lives of a process that serves


@asynccontextmanager
async def writing(
    folder: Path, settings: Settings, opened: Callable[[Service], None] | None = None
) -> AsyncIterator[Asked]:
    """Whoever may change the store. `opened` is called with the service if it is opened here; without it
    there must be a store. Raises `BrokenProject`."""
    with in_plain_words():
        data = folder / settings.stores.folder
        if settings.consent.url:
            async with elsewhere(folder, settings) as client:
                yield client
            return
        refuse_unfinished(data)
        service = await _opened(folder, settings, makes=opened is not None)
        if service is None:
            async with at_socket(data) as client:
                yield client
        else:
            with closing(service):
                if opened is not None:
                    opened(service)
                yield Operating(service)


def elsewhere(folder: Path, settings: Settings) -> AbstractAsyncContextManager[RemoteOperator]:
    """The service that is a process of its own: at its socket, if it serves from this folder, else where
    `consent.url` says. Raises `BrokenProject`."""
    data = folder / settings.stores.folder
    return at_socket(data) if is_there(data) else over_http(settings)


async def _opened(folder: Path, settings: Settings, makes: bool) -> Service | None:
    """None: it is served by another process, which has a door."""
    places = places_of(folder, settings)
    refuse_other_versions(places, folder)
    if not makes and not exists(places.stores[CONSENT]):
        raise BrokenProject(f"There is no store of consent in {places.data}: nothing has happened here yet.")
    keys = read_consent_keys(settings, folder)
    for _ in range(_DOOR_TRIES):
        try:
            return open_consent(places.consent, keys, settings, clock=now, entropy=secrets.token_bytes)
        except AlreadyOpen:
            if is_there(places.data):
                return None
        await asyncio.sleep(_DOOR_PAUSE)
    raise BrokenProject(
        "Another command works with this project's store of consent, or Virta serves it on another machine. "
        "Wait for the one, or run this where the other is."
    )


@asynccontextmanager
async def reading(
    folder: Path, settings: Settings, blank: Callable[[], Service] | None = None
) -> AsyncIterator[Asked]:
    """Whoever can be asked and changes nothing: beside whoever has the store. Where there is no store yet, it
    is `blank`. Raises `BrokenProject`."""
    with in_plain_words():
        if settings.consent.url:
            async with elsewhere(folder, settings) as client:
                yield client
            return
        places = places_of(folder, settings)
        refuse_other_versions(places, folder)
        if blank is not None and not exists(places.stores[CONSENT]):
            service = blank()
        else:
            keys = read_consent_keys(settings, folder)
            service = open_reader(consent_place(folder, settings), keys, clock=now)
        with closing(service):
            yield Operating(service)


async def subject_of(consent: Asked, who: str) -> str | None:
    """The id of whoever has this address or id; None: nobody has the address. Raises `BrokenProject`."""
    if is_contact_id(who):
        return who
    try:
        return await consent.find(who)
    except InvalidAddress as fault:
        raise BrokenProject(f"`{who}` is neither an e-mail address nor the id of a person: {fault}") from None


@contextmanager
def in_plain_words() -> Iterator[None]:
    """What the service says of itself, or refuses, is for the operator. Raises `BrokenProject`."""
    try:
        yield
    except (ConsentError, Unavailable, ValueError) as fault:
        raise BrokenProject(str(fault)) from None
    except DBAPIError as fault:
        raise BrokenProject(f"The consent store cannot be used as a database: {fault.orig}.") from None


async def patiently(
    ask: Callable[[], Awaitable[T]], pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> T:
    """The answer to what may be asked again: a service that is started anew is waited for. Raises
    `Unavailable` when it stays away."""
    for _ in range(_TRIES):
        try:
            return await ask()
        except NotAllowed:
            raise
        except Unavailable:
            await pause(_PAUSE)
    return await ask()
