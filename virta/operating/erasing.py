"""An erasure that an operator asks for: who is meant, what is held of them, and carrying it through."""

import asyncio
import secrets
import time
from contextlib import closing
from pathlib import Path

import msgspec

from consent.address import read_address
from consent.client import InProcess
from consent.contract import ConsentClient, Erasure, InvalidAddress, Unavailable
from consent.contract.history import History
from consent.errors import ConsentError
from consent.ledger.subjects import find
from consent.service import open_service
from consent.subscriber.erasure import find_erasure
from consent.subscriber.history import history_of
from consent.subscriber.hold_notice import under_way
from engine.insight.records import open_records
from engine.run.erasing import ERASE, OPERATOR, Erase, Erasing
from engine.run.inbox import is_contact_id
from engine.store.control import open_desk
from engine.store.database import StoreFault, exists
from engine.store.store import Store
from virta.commands.consent_opening import reading
from virta.database_url import consent_place, engine_place
from virta.keys import read_keys
from virta.operating.apart import (
    asked_apart,
    find_apart,
    refuse_where_the_engine_is_elsewhere,
    wait_apart,
)
from virta.operating.found import Found, Held
from virta.operating.holding import backups_since, keeping
from virta.operating.ordering import author, is_running, now
from virta.settings import BrokenProject, Settings

PATIENCE = 30.0
"""Seconds within which a running engine carries it through; in a long journal it takes longer."""

_LOOK_AGAIN = 0.1


def find_person(folder: Path, settings: Settings, who: str) -> Found | None:
    """Whoever has this address or id; None: nobody is known by it. Raises `BrokenProject`."""
    try:
        address = None if is_contact_id(who) else read_address(who)
    except InvalidAddress as fault:
        raise BrokenProject(f"`{who}` is neither an e-mail address nor the id of a person: {fault}") from None
    if settings.consent.url:
        return asyncio.run(find_apart(settings, who, address is None))
    refuse_where_the_engine_is_elsewhere(folder, settings)
    with reading(folder) as service:
        subject = who if address is None else service.read(lambda store: find(store, address))
        if subject is None:
            return None
        erasure = service.read(lambda store: find_erasure(store, subject))
        if erasure is not None:
            kept = service.read(lambda store: keeping(store, erasure.subject))
            since = service.read(lambda store: backups_since(store, erasure.subject))
            return Found(erasure.subject, None, erasure, 0, kept, since)
        told = service.read(lambda store: history_of(store, subject))
        if told is None:
            return None
        untold = service.read(lambda store: under_way(store, told.subject))
        kept = service.read(lambda store: keeping(store, told.subject))
    return Found(told.subject, _held(folder, settings, told), None, untold, kept)


def _held(folder: Path, settings: Settings, told: History) -> Held:
    kept = sum(event.evidence is not None for event in told.events)
    held = Held(len(told.standings), kept, len(told.decisions))
    place = engine_place(folder, settings)
    try:
        if not exists(place):
            return held
        with open_records(place) as records:
            bundle = records.bundle(told.subject)
            events, lines = records.events_of(told.subject), records.lines(told.subject)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    return msgspec.structs.replace(
        held,
        attributes=len(bundle.attributes),
        journeys=len(bundle.journeys),
        events=len(events),
        lines=len(lines),
    )


def erase_person(folder: Path, settings: Settings, subject: str) -> Erasure | None:
    """Have somebody erased: by the engine if it runs, else here and now. What came of it until now; None: a
    running engine has not begun with it. Raises `BrokenProject`."""
    place = engine_place(folder, settings)
    try:
        if is_running(place):
            with open_desk(place) as desk:
                desk.instruct(ERASE, msgspec.json.encode(Erase(subject)), author(), now())
            if settings.consent.url:
                return asyncio.run(wait_apart(settings, subject, PATIENCE))
            return _wait(folder, subject)
        return asyncio.run(_erase_here(folder, settings, subject))
    except (StoreFault, ConsentError, Unavailable) as fault:
        raise BrokenProject(str(fault)) from None


def _wait(folder: Path, subject: str) -> Erasure | None:
    until = time.monotonic() + PATIENCE
    while True:
        with reading(folder) as service:
            found = service.read(lambda store: find_erasure(store, subject))
        if (found is not None and found.primary) or time.monotonic() >= until:
            return found
        time.sleep(_LOOK_AGAIN)


async def _erase_here(folder: Path, settings: Settings, subject: str) -> Erasure | None:
    if settings.consent.url:
        async with asked_apart(settings) as consent:
            return await _carry_through(folder, settings, consent, subject)
    service = open_service(
        consent_place(folder, settings),
        read_keys(settings, folder).consent,
        origin="erasing",  # a log that exists keeps the name it has
        public_url=settings.url,
        team=settings.team,
        clock=now,
        entropy=secrets.token_bytes,
    )
    with closing(service):
        return await _carry_through(folder, settings, InProcess(service), subject)


async def _carry_through(
    folder: Path, settings: Settings, consent: ConsentClient, subject: str
) -> Erasure | None:
    place = engine_place(folder, settings)
    if not exists(place):
        done = await consent.erase(subject, OPERATOR)
        await consent.forgotten([subject if done is None else done.subject])
    else:
        with closing(Store(place)) as store:
            erasing = Erasing(store, consent, now)
            await erasing.begin()
            done = await erasing.erase(subject)
            await erasing.forget([subject if done is None else done.subject])
            while await erasing.go_on():
                pass
    return await consent.erase(subject, OPERATOR)  # once more: it changes nothing, and tells how far it is
