"""Undoing an import: whoever has not acted since is as if they had not come; who left stays away."""

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from consent import forgetting
from consent.service import Service
from consent.subscriber import taken_back
from consent.subscriber.imported import UNDONE, find_import
from consent.subscriber.taken_back import BroughtOne
from engine.insight.records import Records, open_records
from engine.store.database import exists
from virta.database_url import engine_place
from virta.importing.weighing import PART
from virta.settings import BrokenProject, Settings


class Undone(Struct, frozen=True):
    """What undoing an import came to, or would come to, in people: who is forgotten, who stands again where
    they stood, and who stays as they are, since they acted."""

    id: str
    forgotten: int
    put_back: int
    stay: int


def undo(
    folder: Path, settings: Settings, service: Service, id_: str, really: bool, behind: Callable[[int], None]
) -> Undone:
    """Take back what the import brought, or only count. `behind` is told how many people are. Raises
    `BrokenProject`, `StoreFault`."""
    record = service.read(lambda reading: find_import(reading, id_))
    if record is None:
        raise BrokenProject(f"There is no import {id_}. `virta import list` shows those there are.")
    if record.state == UNDONE:
        raise BrokenProject(f"Import {id_} was undone before.")
    place = engine_place(folder, settings)
    forgotten = put_back = stay = 0
    with ExitStack() as opened:
        records = opened.enter_context(open_records(place)) if exists(place) else None
        after = -1
        while people := _page(service, id_, after):
            known = {one.subject for one in people if one.made and not one.acted and _did(records, one)}
            found = _take_back(service, id_, people, known) if really else _count(people, known)
            forgotten, put_back = forgotten + found.forgotten, put_back + found.put_back
            stay += found.stay
            after = people[-1].row
            behind(forgotten + put_back + stay)
    if really:
        service.write(lambda tx: taken_back.undone(tx, id_))
        forgetting.rewrite(service)
    return Undone(id_, forgotten, put_back, stay)


def _page(service: Service, id_: str, after: int) -> list[BroughtOne]:
    return service.read(lambda reading: taken_back.brought_by(reading, id_, after, PART))


def _take_back(
    service: Service, id_: str, people: Sequence[BroughtOne], known: Collection[str]
) -> taken_back.TakenBack:
    return service.write(lambda tx: taken_back.take_back(tx, id_, people, known))


def _count(people: Sequence[BroughtOne], known: Collection[str]) -> taken_back.TakenBack:
    stay = sum(one.acted for one in people)
    forgotten = sum(one.made and not one.acted and one.subject not in known for one in people)
    return taken_back.TakenBack(forgotten, len(people) - stay - forgotten, stay)


def _did(records: Records | None, one: BroughtOne) -> bool:
    """Whether the engine knows of something that they did: then they are customers here by now."""
    return records is not None and bool(records.events_of(one.subject))
