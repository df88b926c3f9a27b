"""Carrying an import out: consent first, row by row with its proof, then what else is known of people."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from consent.address import read_address
from consent.contract.imports import PART, Brought, Entry, ImportRecord, Taken
from consent.subscriber.imported import DONE
from engine.insight.records import open_records
from engine.store.arrivals import Received
from engine.store.server import Place
from virta.database_url import engine_place
from virta.importing.arriving import arriving
from virta.importing.order import Prepared
from virta.importing.passing import Counted, rows_of
from virta.importing.person import Person
from virta.importing.scratch import Met
from virta.importing.weighing import parts
from virta.operating.asking import Asked, patiently
from virta.settings import BrokenProject, Settings

_WITH_ATTRIBUTES = (Brought.ATTESTED, Brought.UNPROVEN, Brought.KNOWN)


async def take_all(
    folder: Path,
    settings: Settings,
    consent: Asked,
    prepared: Prepared,
    now: int,
    behind: Callable[[int], None],
) -> ImportRecord:
    """Carry an import out, from where it has come to; faulty rows are passed over. `behind` is told how many
    rows are. While the consent service or the engine is away, it waits a while. Raises `BrokenProject`,
    `StoreFault`, `Unavailable`."""
    what = prepared.what
    try:
        record = await patiently(lambda: consent.begin_import(what, prepared.attestation))
    except ValueError as fault:
        offered = {purpose.topic for purpose in await consent.offered()}
        do = "" if offered.issuperset(what.topics) else " Run `virta apply` first, which makes it so."
        raise BrokenProject(f"{fault}{do}") from None
    if record.state == DONE:
        return record
    # The last part may have been taken, and its attributes not: it is gone through once more.
    begin = max(0, record.position - 1) // PART * PART
    counted = Counted()
    place = engine_place(folder, settings)
    with arriving(place) as inbox, Met() as met:
        first = 0
        for part in parts(rows_of(prepared, met, counted, now, lambda fault: None)):
            if first >= begin:
                taken = await _take(consent, what.id, first, [entry for entry, _ in part])
                await inbox.accept(list(_attributes(place, what.id, first, part, taken, now)))
            first += len(part)
            behind(counted.gone)
        inbox.tell(f"import {what.id}")
    return await patiently(lambda: consent.end_import(what.id, counted.beside))


async def _take(consent: Asked, id_: str, first: int, entries: list[Entry]) -> list[Taken]:
    return await patiently(lambda: consent.take_import(id_, first, entries))


def _attributes(
    place: Place,
    id_: str,
    first: int,
    part: Sequence[tuple[Entry, Person]],
    taken: Sequence[Taken],
    now: int,
) -> Iterator[Received]:
    """What the files know of people, for the engine's inbox. Of somebody who was known here it fills in what
    was not: what people do here is younger than another system's copy of it."""
    with open_records(place) as records:
        for number, ((_, person), one) in enumerate(zip(part, taken, strict=True), first):
            if one.brought not in _WITH_ATTRIBUTES or not one.subject:
                continue
            data: dict[str, Any] = dict(person.attributes)
            if not one.made:
                known = records.bundle(one.subject).attributes
                data = {name: value for name, value in data.items() if name not in known}
            else:
                data["email_domain"] = read_address(person.email).domain()
            if data:
                yield Received(f"import\x1f{id_}\x1f{number}", "", now, now, one.subject, "", data)
