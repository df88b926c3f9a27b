"""`virta doctor`: what is not as it should be, and what to do about it."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from engine.insight.held_back import held_back, sentences
from engine.insight.records import open_records
from engine.store.database import StoreFault
from virta.commands.consent_opening import reading
from virta.database_url import engine_place
from virta.keeping.places import places_of
from virta.keeping.versions import refuse_other_versions
from virta.operating import checks
from virta.operating.complaint import Complaint
from virta.operating.mail_server import mail_server
from virta.operating.ordering import is_running, now
from virta.settings import BrokenProject, Settings, read_settings
from virta.wiring import login_of


class Report(Struct, frozen=True):
    """What `--format json` prints. `held_back` are orders in force: no fault."""

    running: bool
    held_back: tuple[str, ...]
    findings: tuple[Complaint, ...]


def doctor(
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    integrity: Annotated[
        bool, Parameter(negative="", help="Read every page of the stores; takes a while.")
    ] = False,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Look at stores, keys, disk, clock and mail server, also while Virta serves, and change nothing. Exit
    code 1: something is to be done."""
    settings = read_settings(folder.resolve())
    place, at = engine_place(folder, settings), now()
    running = is_running(place)
    orders: list[str] = []
    stores = _stores(folder, settings, at, running, orders)
    found = tuple(chain(stores, _around(folder, settings, at, integrity)))
    if output == "json":
        print(msgspec.json.format(msgspec.json.encode(Report(running, tuple(orders), found))).decode())
        return 1 if found else 0
    print("An engine runs." if running else "No engine runs.")
    print("\n".join(orders or ["Nothing is held back."]))
    for one in found:
        print(f"{one.what}: {one.says}\n    {one.do}")
    print("All is well." if not found else f"{len(found)} to look at.")
    return 1 if found else 0


def _stores(
    folder: Path, settings: Settings, at: int, running: bool, orders: list[str]
) -> Iterator[Complaint]:
    try:
        refuse_other_versions(places_of(folder, settings), folder)
        with open_records(engine_place(folder, settings)) as records:
            orders += sentences(held_back(records, at).orders, ZoneInfo(settings.time_zone))
            yield from checks.journeys(records, at, running)
            yield from checks.unknown_outcomes(records, at)
            yield from checks.set_aside(records)
            yield from checks.clock(records, at)
    except (BrokenProject, StoreFault) as fault:
        yield Complaint("engine-store", str(fault), "Mend that first: nothing else about people can be told.")


def _around(folder: Path, settings: Settings, at: int, integrity: bool) -> Iterator[Complaint]:
    data = folder / settings.stores.folder
    yield from checks.disk(data)
    yield from checks.keys(folder, settings, at)
    try:
        with reading(folder):
            pass
    except BrokenProject as fault:
        yield Complaint("consent", str(fault), "Without the consent store no mail goes: mend that first.")
    try:
        yield from mail_server(login_of(settings))
    except BrokenProject as fault:  # a password that is not set
        yield Complaint("mail-server", str(fault), "Set it where `virta serve` is started.")
    for path in sorted(data.glob("*.db")) if integrity else ():
        yield from checks.integrity(path)
