"""Whoever a command names, as the consent service knows them, wherever that is."""

import asyncio
from pathlib import Path

from msgspec import Struct

from consent.client.operating import RemoteOperator
from consent.contract import InvalidAddress, Unavailable
from consent.contract.operator import NotAllowed
from engine.insight.story import Person
from engine.run.inbox import is_contact_id
from engine.store.database import StoreFault
from virta.commands.consent_opening import reading
from virta.database_url import consent_place
from virta.operating.asking import elsewhere
from virta.operators_door import is_there
from virta.settings import BrokenProject, Settings, secret
from virta.telling.people import People, person_of


class Whoever(Struct, frozen=True):
    """`person` None: nobody is known by it. `not_told`: why nothing but their id is told of them."""

    person: Person | None
    not_told: str | None = None


def whoever(folder: Path, settings: Settings, who: str) -> Whoever:
    """Whoever has this address or id. Raises `BrokenProject`."""
    try:
        if settings.consent.url:
            return asyncio.run(_apart(folder, settings, who))
        place = consent_place(folder, settings)
        if isinstance(place, Path) and not place.is_file():
            raise BrokenProject(
                f"Nothing has happened in {folder} yet. Start `virta serve {folder} --mailbox` and sign up."
            )
        with reading(folder) as service:
            return Whoever(People(service).person(who))
    except InvalidAddress as fault:
        raise BrokenProject(f"`{who}` is no e-mail address: {fault}") from None
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None


async def _apart(folder: Path, settings: Settings, who: str) -> Whoever:
    if not is_there(folder / settings.stores.folder) and (why := _no_key(settings)):
        return await _by_id(settings, who, why)
    async with elsewhere(folder, settings) as consent:
        try:
            subject = who if is_contact_id(who) else await consent.find(who)
            found = await consent.history(subject) if subject is not None else None
            if found is None:
                return Whoever(None)
            titles = {purpose.topic: purpose.title for purpose in await consent.offered()}
        except NotAllowed as fault:
            return await _by_id(settings, who, str(fault))
        except Unavailable as fault:
            return _nameless(who, str(fault))
    return Whoever(person_of(found, titles, settings.languages[0]))


def _no_key(settings: Settings) -> str:
    """Why there is no operator's key here; empty: there is one."""
    if not settings.consent.operator_key:
        return "`operator_key` under [consent] is not set"
    try:
        secret(settings.consent.operator_key)
    except BrokenProject as fault:
        return str(fault)
    return ""


async def _by_id(settings: Settings, who: str, why: str) -> Whoever:
    """An engine's key tells who has an address, and no more."""
    if is_contact_id(who):
        return _nameless(who, why)
    consent = RemoteOperator(settings.consent.url, secret(settings.consent.key), settings.consent.timeout)
    try:
        subject = await consent.find(who)
    except Unavailable as fault:
        return _nameless(who, str(fault))
    finally:
        await consent.close()
    return Whoever(None) if subject is None else Whoever(Person(subject, who, "", (), ()), why)


def _nameless(who: str, why: str) -> Whoever:
    if not is_contact_id(who):
        raise BrokenProject(f"{why} By a person's id what the engine did can be told all the same.")
    return Whoever(Person(who, who, "", (), ()), why)
