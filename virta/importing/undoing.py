"""Undoing an import: whoever has not acted since is as if they had not come; who left stays away."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from msgspec import Struct

from consent.contract.imports import BroughtOne, ImportRecord, TakenBack
from consent.subscriber.imported import UNDONE
from engine.insight.records import open_records
from engine.store.database import exists
from engine.store.server import Place
from virta.database_url import engine_place
from virta.importing.informing import told_id
from virta.importing.weighing import PART
from virta.operating.asking import Asked, patiently
from virta.settings import BrokenProject, Settings


class Undone(Struct, frozen=True):
    """What undoing an import came to, or would come to, in people: who is forgotten, who stands again where
    they stood, and who stays as they are, since they acted."""

    id: str
    forgotten: int
    put_back: int
    stay: int


async def undo(
    folder: Path, settings: Settings, consent: Asked, id_: str, really: bool, behind: Callable[[int], None]
) -> Undone:
    """Take back what the import brought, or only count. `behind` is told how many people are. While the
    consent service is away, it waits a while. Raises `BrokenProject`, `StoreFault`, `Unavailable`."""
    record = await find_import(consent, id_)
    if record is None:
        raise BrokenProject(f"There is no import {id_}. `virta import list` shows those there are.")
    if record.state == UNDONE:
        raise BrokenProject(f"Import {id_} was undone before.")
    place = engine_place(folder, settings)
    forgotten = put_back = stay = 0
    after = -1
    while people := await _page(consent, id_, after):
        known = _known(place, people)
        found = await _take_back(consent, id_, people, known) if really else _count(people, known)
        forgotten, put_back = forgotten + found.forgotten, put_back + found.put_back
        stay += found.stay
        after = people[-1].row
        behind(forgotten + put_back + stay)
    if really:
        await patiently(lambda: consent.end_undoing(id_))
    return Undone(id_, forgotten, put_back, stay)


async def find_import(consent: Asked, id_: str) -> ImportRecord | None:
    """The import of this id; None: there is none."""
    return next((one for one in await patiently(consent.imports) if one.what.id == id_), None)


async def _page(consent: Asked, id_: str, after: int) -> list[BroughtOne]:
    return await patiently(lambda: consent.brought_by(id_, after, PART))


async def _take_back(
    consent: Asked, id_: str, people: Sequence[BroughtOne], known: Collection[str]
) -> TakenBack:
    ids = [one.subject for one in people]
    return await patiently(lambda: consent.take_back(id_, ids, sorted(known)))


def _known(place: Place, people: Sequence[BroughtOne]) -> set[str]:
    """Of whom the engine knows something that they did: they are customers here by now."""
    asked = [one.subject for one in people if one.made and not one.acted]
    if not asked or not exists(place):
        return set()
    with open_records(place) as records:
        return {
            subject
            for subject in asked
            if any(event.id != told_id(event.kind, subject) for event in records.events_of(subject))
        }


def _count(people: Sequence[BroughtOne], known: Collection[str]) -> TakenBack:
    stay = sum(one.acted for one in people)
    forgotten = sum(one.made and not one.acted and one.subject not in known for one in people)
    return TakenBack(forgotten, len(people) - stay - forgotten, stay)
