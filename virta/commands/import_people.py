"""`virta import`: bring people, and where they stand, from another system."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter

from consent.contract import Unavailable
from consent.contract.imports import Brought, ImportRecord, Stood, Untold
from consent.contract.operator import NotAllowed
from consent.subscriber.imported import DONE
from dsl.compile import Compiled
from engine.store.database import StoreFault
from virta.commands.consent_opening import Format
from virta.importing import telling
from virta.importing.attestation import refuse_other_log
from virta.importing.formats.products import PRODUCTS
from virta.importing.informing import refuse_other_events, send_event
from virta.importing.order import Order, Prepared, prepare
from virta.importing.stores import weighing, writing
from virta.importing.taking import take_all
from virta.importing.undoing import Undone, find_import
from virta.importing.undoing import undo as undo_import
from virta.importing.weighing import Weighed, weigh_all
from virta.operating.ordering import author, now
from virta.project.folder import load_project
from virta.settings import BrokenProject, Settings, read_settings
from virta.terminal.progress import Bar

T = TypeVar("T")
What: TypeAlias = Literal["mailchimp", "klaviyo", "brevo", "listmonk", "csv", "list"]
_None: TypeAlias = Literal["unsubscribed", "bounced", "complained"]


def bring(
    what: Annotated[
        What | None,
        Parameter(help="Where the files come from; csv: any table; list: the imports that were done."),
    ] = None,
    files: Annotated[
        tuple[Path, ...] | None, Parameter(help="Its export files, as they were downloaded.")
    ] = None,
    *,
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    yes: Annotated[bool, Parameter(negative="", help="Do it. Otherwise it is only shown.")] = False,
    topic: Annotated[
        tuple[str, ...] | None, Parameter(help="What the people subscribed to. May repeat.")
    ] = None,
    map_: Annotated[
        tuple[str, ...] | None,
        Parameter(name="--map", help='What a column is, as in "First Name=first_name". May repeat.'),
    ] = None,
    unsubscribed: Annotated[
        tuple[Path, ...] | None, Parameter(help="A file of those who unsubscribed.")
    ] = None,
    bounced: Annotated[
        tuple[Path, ...] | None, Parameter(help="A file of those whose mail came back.")
    ] = None,
    complained: Annotated[
        tuple[Path, ...] | None, Parameter(help="A file of those who called it spam.")
    ] = None,
    none: Annotated[
        tuple[_None, ...] | None, Parameter(help="There are none of these in the other system.")
    ] = None,
    attestation: Annotated[
        Path | None, Parameter(help="The signed note in which the controller attests how people agreed.")
    ] = None,
    skip_faulty: Annotated[
        bool, Parameter(negative="", help="Import without the rows that cannot be read.")
    ] = False,
    encoding: Annotated[str, Parameter(help="How the files are written, as in windows-1257.")] = "",
    undo: Annotated[str, Parameter(help="Take back what the import with this id brought.")] = "",
    tell: Annotated[
        str,
        Parameter(
            help="Start this flow, which tells them, for all who do not know where their data is from."
        ),
    ] = "",
    output: Format = "text",
) -> int:
    """Show what an import would do, and with --yes do it: first all who get nothing in the other system, then
    the others. Doing it twice changes nothing. Exit code 1: rows cannot be read, and nothing was imported."""
    if what == "list" and not undo and not tell:
        return _list(folder, read_settings(folder.resolve()), output)
    settings, compiled = load_project(folder)
    if compiled.program is None:
        raise BrokenProject("The flows have errors; `virta check` shows them.")
    if undo:
        return _undo(folder, settings, compiled, undo, yes, output)
    if tell:
        return _tell(folder, settings, compiled, tell, yes, output)
    if what is None or what == "list":
        raise BrokenProject(f"Say where the files come from: virta import {'|'.join(PRODUCTS)} FILE…")
    _refuse_by_settings(settings, attestation)
    if not files:
        raise BrokenProject(f"Name the files: virta import {what} FILE…")
    stopped = {
        Stood.UNSUBSCRIBED: unsubscribed or (),
        Stood.BOUNCED: bounced or (),
        Stood.COMPLAINED: complained or (),
    }
    there_are_none = tuple(map(Stood, none or ()))
    order = Order(what, files, stopped, there_are_none, map_ or (), topic or (), attestation, encoding)
    with _shown("Reading", _size([*files, *chain(*stopped.values())]), "MB", 20) as behind:
        prepared = prepare(order, compiled.program, settings.controller, author(), behind, now())
    before, weighed, faults = _run(_weigh(folder, settings, prepared))
    again = before is not None and before.state == DONE
    doing = yes and not again and not (weighed.faults and not skip_faulty)
    record = _run(_import(folder, settings, compiled, prepared)) if doing else before
    if output == "json":
        print(msgspec.json.encode(_Report(prepared.what.id, weighed, record, doing)).decode())
    else:
        print("\n".join(_report(settings, prepared, weighed, faults, record, doing, yes)))
    return 1 if weighed.faults and not skip_faulty and not again else 0


def _run(work: Coroutine[None, None, T]) -> T:
    try:
        return asyncio.run(work)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None


async def _import(folder: Path, settings: Settings, compiled: Compiled, prepared: Prepared) -> ImportRecord:
    async with writing(folder, settings, compiled) as consent:
        with _shown("Importing", prepared.length) as behind:
            try:
                return await take_all(folder, settings, consent, prepared, now(), behind)
            except NotAllowed:
                raise
            except Unavailable as fault:
                raise BrokenProject(
                    f"{fault} What was imported until now stands: the same command goes on with it."
                ) from None


_LONG = 5000
"""So many rows take long enough to be told how far it is."""


@contextmanager
def _shown(title: str, total: int, what: str = "rows", shift: int = 0) -> Iterator[Callable[[int], None]]:
    """Shows how far long work has come; `what` are so many of what is counted, halved `shift` times."""
    if total >> shift <= _LONG >> (shift // 2):
        yield lambda count: None
        return
    with Bar(title, total, what) as bar:
        yield lambda count: bar.at(count, count >> shift)


class _Report(msgspec.Struct, frozen=True):
    """What `--format json` prints. `record` null: there is no such import yet."""

    id: str
    weighed: Weighed
    record: ImportRecord | None
    done: bool


def _size(paths: list[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())


async def _weigh(
    folder: Path, settings: Settings, prepared: Prepared
) -> tuple[ImportRecord | None, Weighed, telling.FaultsFile]:
    path = folder / settings.stores.folder / "imports" / f"{prepared.what.id}-faults.csv"
    faults = telling.FaultsFile(path)
    async with weighing(folder, settings) as consent:
        with closing(faults), _shown("Looking", prepared.length) as behind:
            await refuse_other_log(consent, prepared.what.attested)
            before = await find_import(consent, prepared.what.id)
            weighed = await weigh_all(consent, prepared, now(), faults.add, behind)
    return before, weighed, faults


def _report(
    settings: Settings,
    prepared: Prepared,
    weighed: Weighed,
    faults: telling.FaultsFile,
    record: ImportRecord | None,
    done: bool,
    yes: bool,
) -> list[str]:
    clock = ZoneInfo(settings.time_zone)
    lines = [*telling.about_files(prepared), *telling.about_columns(prepared)]
    if record is not None and record.state == DONE and not done:
        return [
            *lines,
            "This was imported already, and nothing is left to do:",
            *telling.about_import(record, clock),
        ]
    counts = record.counts if done and record is not None else weighed.counts
    lines += telling.about_rows(weighed.rows, counts, weighed.faults, done)
    lines += telling.about_notes(prepared.sources)
    if weighed.faults:
        lines += telling.about_faults(faults.first, weighed.faults, faults.path)
    if done:
        return [*lines, f"Import {prepared.what.id} is done."]
    if weighed.faults and yes:
        return [*lines, "Nothing was imported. Correct these rows, or leave them out with --skip-faulty."]
    return [*lines, "Nothing was imported. With --yes it is done."]


def _refuse_by_settings(settings: Settings, attestation: Path | None) -> None:
    if settings.imports == "never":
        raise BrokenProject('`imports` in virta.toml is "never": nothing is imported into this project.')
    if settings.imports == "unproven" and attestation is not None:
        raise BrokenProject(
            '`imports` in virta.toml is "unproven": no consent is taken over on anybody\'s word. Leave out '
            "--attestation."
        )


def _undo(folder: Path, settings: Settings, compiled: Compiled, id_: str, yes: bool, output: str) -> int:
    found = _run(_taken_back(folder, settings, compiled, id_, yes))
    if output == "json":
        print(msgspec.json.encode({"undone": found, "done": yes}).decode())
    else:
        print("\n".join(telling.about_undoing(found, yes)))
    return 0


async def _taken_back(folder: Path, settings: Settings, compiled: Compiled, id_: str, yes: bool) -> Undone:
    opened = writing(folder, settings, compiled) if yes else weighing(folder, settings)
    async with opened as consent:
        record = await find_import(consent, id_)
        counts = record.counts if record is not None else {}
        people = counts.get(Brought.UNPROVEN, 0) + counts.get(Brought.ATTESTED, 0)
        with _shown("Undoing", people, "people") as behind:
            return await undo_import(folder, settings, consent, id_, yes, behind)


def _tell(folder: Path, settings: Settings, compiled: Compiled, event: str, yes: bool, output: str) -> int:
    refuse_other_events(settings, compiled, event)
    waiting = _run(_told(folder, settings, compiled, event, yes))
    if output == "json":
        print(msgspec.json.encode({"waiting": waiting, "done": yes}).decode())
    else:
        print("\n".join(telling.about_notices(waiting, event, yes, ZoneInfo(settings.time_zone))))
    return 0


async def _told(folder: Path, settings: Settings, compiled: Compiled, event: str, yes: bool) -> Untold:
    async with weighing(folder, settings) as consent:
        waiting = await consent.untold()
        if yes and waiting.people:
            with _shown("Telling", waiting.people, "people") as behind:
                await send_event(folder, settings, compiled, consent, event, behind)
    return waiting


def _list(folder: Path, settings: Settings, output: str) -> int:
    found = _run(_imports(folder, settings))
    if output == "json":
        print(msgspec.json.encode(found).decode())
        return 0
    clock = ZoneInfo(settings.time_zone)
    lines = [line for record in found for line in telling.about_import(record, clock)]
    print("\n".join(lines or ["Nothing has been imported."]))
    return 0


async def _imports(folder: Path, settings: Settings) -> list[ImportRecord]:
    async with weighing(folder, settings) as consent:
        return await consent.imports()
