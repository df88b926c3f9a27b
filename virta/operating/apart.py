"""What commands do where the consent service is a process of its own: the engine's side asks it over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from consent.client.operating import RemoteOperator
from consent.contract import Erasure, Unavailable
from consent.contract.operator import NotAllowed
from engine.run.erasing import OPERATOR
from virta.database_url import consent_place
from virta.keeping.places import serves_an_engine
from virta.operating.complaint import Complaint
from virta.operating.found import Found, Keeping
from virta.settings import BrokenProject, Settings, secret

_LOOK_AGAIN = 0.5


@asynccontextmanager
async def asked_apart(settings: Settings) -> AsyncIterator[RemoteOperator]:
    """The consent service that `consent.url` names. Raises `BrokenProject` when it does not answer."""
    there = settings.consent
    client = RemoteOperator(there.url, secret(there.key), there.timeout)
    try:
        yield client
    except Unavailable as fault:
        raise BrokenProject(str(fault)) from None
    finally:
        await client.close()


def is_apart(folder: Path, settings: Settings) -> bool:
    """Whether the consent service is a process of its own whose store is not here."""
    place = consent_place(folder, settings)
    return bool(settings.consent.url) and isinstance(place, Path) and not place.exists()


def look_apart(settings: Settings) -> Iterator[Complaint]:
    """Whether it answers, and takes our key."""
    try:
        asyncio.run(_offered(settings))
    except BrokenProject as fault:
        yield Complaint(
            "consent",
            str(fault),
            "Start `virta serve consent`, or mend `consent.url` and `consent.key`. Mails wait meanwhile.",
        )


async def _offered(settings: Settings) -> None:
    async with asked_apart(settings) as consent:
        await consent.offered()


async def find_apart(settings: Settings, who: str, is_id: bool) -> Found | None:
    """Whoever has this address or id. What is held of them there is not told over HTTP, but for legal holds,
    to whoever has an operator's key. Raises `BrokenProject`."""
    async with asked_apart(settings) as consent:
        subject = who if is_id else await consent.find(who)
        if subject is None:
            return None
        untold = await consent.to_be_told(subject)
        try:
            theirs = [one for one in await consent.holds() if one.subject == subject]
        except NotAllowed:
            return Found(subject, None, None, untold, None)
    return Found(subject, None, None, untold, tuple(Keeping(one.subject, one.until) for one in theirs))


async def wait_apart(settings: Settings, subject: str, patience: float) -> Erasure | None:
    """How far a running engine has come after so many seconds at most; None: there is no such person."""
    until = time.monotonic() + patience
    async with asked_apart(settings) as consent:
        while True:
            found = await consent.erase(subject, OPERATOR)
            if found is None or found.primary or time.monotonic() >= until:
                return found
            await asyncio.sleep(_LOOK_AGAIN)


def refuse_where_the_engine_is_elsewhere(folder: Path, settings: Settings) -> None:
    """Raise `BrokenProject` in the folder of a consent service that an engine asks over HTTP: only that one
    can say that it has forgotten somebody."""
    if serves_an_engine(folder / settings.stores.folder):
        raise BrokenProject(
            "An engine asks this consent service over HTTP, and has to hear of this too: name the folder of "
            "the engine."
        )
