"""`virta doctor`: what is not as it should be, and what to do about it."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter
from msgspec import Struct
from msgspec.structs import replace

from engine.insight.held_back import held_back, sentences
from engine.insight.records import open_records
from engine.store.database import StoreFault
from virta.commands.consent_opening import reading
from virta.keeping.places import Places, places_of, serves_an_engine
from virta.keeping.versions import refuse_other_versions
from virta.mailing import dkim_of, login_of
from virta.operating import checks, resolving
from virta.operating.apart import is_apart, look_apart
from virta.operating.clock_believed import acts_of_clock, believe_clock, clock_of_consent
from virta.operating.complaint import Complaint
from virta.operating.doubted import in_doubt, round_in_time
from virta.operating.holding import holds_in_order, kept_in_backups
from virta.operating.key_checks import controllers_key, journey_key, keys_in_words, keys_of_consent
from virta.operating.mail_server import mail_server
from virta.operating.ordering import is_running, now
from virta.operating.origin import told_of_origin
from virta.operating.remnants import remnants
from virta.operating.shut import acts_of_log, open_marketing, shut_for_length
from virta.operating.timekeeping import old_decisions, overdue_wishes, unanswered_requests
from virta.settings import BrokenProject, Settings, read_settings
from virta.terminal.asking import Unanswered, ask

_RUNNING = {
    True: "An engine runs.",
    False: "No engine runs.",
    None: "Whether an engine runs cannot be told.",
}


_WORDS = {resolving.LOG_BEHIND: open_marketing, resolving.CLOCK: believe_clock}
"""What is done in the consent store, by an operator's word."""

_ALONE = "Here is the consent service of an engine elsewhere; what that one does is told in its own folder."


class Report(Struct, frozen=True):
    """What `--format json` prints. `running` null: it cannot be told. `held_back` are orders in force and
    `notes` what else is no fault."""

    running: bool | None
    held_back: tuple[str, ...]
    notes: tuple[str, ...]
    findings: tuple[Complaint, ...]


def doctor(
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    integrity: Annotated[
        bool, Parameter(negative="", help="Read every page of the stores; takes a while.")
    ] = False,
    resolve: Annotated[
        list[str] | None,
        Parameter(
            consume_multiple=True,
            help="Put it right: a kind (`set-aside`, `unknown`, `leftovers`, `log-behind`, `clock`), the id "
            "of one of them, and of what is `unknown` the word `arrived` or `again`. Without any, list what "
            "can be done, and at a terminal ask.",
        ),
    ] = None,
    dry_run: Annotated[bool, Parameter(help="With --resolve: only say what would be done.")] = False,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Look at stores, keys, disk, clock and mail server, also while Virta serves, and change nothing but by
    `--resolve`. Exit code 1: something is to be done."""
    settings = read_settings(folder.resolve())
    places, at = places_of(folder, settings), now()
    if resolve is not None:
        return _resolve(folder, settings, places, resolve, dry_run, output)
    running = _running(places)
    orders: list[str] = []
    notes: list[str] = []
    alone = _serves_consent_alone(places)
    stores = () if alone else _stores(folder, settings, places, at, running is not False, orders)
    kept = chain(_on_server(places, integrity, notes), remnants(places, at))
    found = tuple(chain(stores, kept, _around(folder, settings, at, integrity, notes, alone)))
    if output == "json":
        report = Report(running, tuple(orders), tuple(notes), found)
        print(msgspec.json.format(msgspec.json.encode(report)).decode())
        return 1 if found else 0
    if alone:
        print("\n".join([_ALONE, *notes]))
    else:
        print("\n".join([_RUNNING[running], *(orders or ["Nothing is held back."]), *notes]))
    for one in found:
        print(f"{one.what}: {one.says}\n    {one.do}")
    print("All is well." if not found else f"{len(found)} to look at.")
    return 1 if found else 0


def _running(places: Places) -> bool | None:
    try:
        return is_running(places.engine)
    except StoreFault:
        return None


def _serves_consent_alone(places: Places) -> bool:
    return isinstance(places.engine, Path) and not places.engine.exists() and serves_an_engine(places.data)


def _resolve(
    folder: Path, settings: Settings, places: Places, words: list[str], dry_run: bool, output: str
) -> int:
    """Do what `words` name, or what is chosen at the terminal; without either, list what can be done."""
    place, data = places.engine, places.data
    if len(words) > 3:
        raise BrokenProject(
            "--resolve takes a kind, an id and a word: `virta doctor --resolve unknown ID arrived`."
        )
    of_consent = (words and words[0] in resolving.OF_CONSENT) or _serves_consent_alone(places)
    found = [] if of_consent else resolving.acts(place, data, settings)
    found += _of_consent(folder, settings)
    asked = not words and sys.stdin.isatty() and output == "text" and bool(found)
    if words:
        chosen = resolving.choose(found, *words)
        dry_run = dry_run or words == [resolving.UNKNOWN]  # they are said one by one
    elif asked:
        chosen = _asked(found)
    else:
        chosen, dry_run = found, True
    if dry_run:
        done = resolving.Done(tuple(chosen), None, ())
    else:
        kinds = [one.kind for one in chosen if one.kind in _WORDS]
        others = [one for one in chosen if one.kind not in _WORDS]
        done = resolving.resolve(place, data, others, whole=len(words) == 1)
        says = (*done.says, *(_WORDS[kind](folder, settings) for kind in kinds))
        done = replace(done, acts=tuple(chosen), says=says)
    if output == "json":
        print(resolving.told(done))
    else:
        nothing = "Nothing was done." if asked else "There is nothing to resolve."
        print("\n".join([*map(_line, chosen), *done.says]) or nothing)
    return 1 if any(one.seen is False for one in done.given or ()) else 0


def _of_consent(folder: Path, settings: Settings) -> list[resolving.Act]:
    """What the consent store waits for, if it is here and can be read."""
    if is_apart(folder, settings):
        return []
    try:
        with reading(folder) as service:
            return [*acts_of_log(service), *acts_of_clock(service)]
    except BrokenProject:  # the doctor's own look says why
        return []


def _asked(found: list[resolving.Act]) -> list[resolving.Act]:
    """Those whose numbers are typed at the terminal."""
    for number, one in enumerate(found, 1):
        print(f"{number:>4}  {one.says}")
    try:
        answer = ask("Which? Numbers, `all`, or nothing: ").replace(",", " ").split()
    except Unanswered:
        return []
    if answer == ["all"]:
        return [one for one in found if not one.word]  # what became of a mail is said one by one
    if not all(word.isdecimal() and 0 < int(word) <= len(found) for word in answer):
        raise BrokenProject(f"Write numbers from 1 to {len(found)}, or `all`. Nothing was done.")
    return [found[int(word) - 1] for word in dict.fromkeys(answer)]


def _line(act: resolving.Act) -> str:
    return f"{' '.join(filter(None, (act.kind, act.id, act.word)))}: {act.says}"


def _stores(
    folder: Path, settings: Settings, places: Places, at: int, running: bool, orders: list[str]
) -> Iterator[Complaint]:
    try:
        refuse_other_versions(places, folder)
        with open_records(places.engine) as records:
            orders += sentences(held_back(records, at).orders, ZoneInfo(settings.time_zone))
            yield from checks.journeys(records, at, running)
            yield from checks.unknown_outcomes(records)
            yield from checks.set_aside(records, ZoneInfo(settings.time_zone))
            yield from checks.clock(records, at)
    except (BrokenProject, StoreFault) as fault:
        yield Complaint("engine-store", str(fault), "Mend that first: nothing else about people can be told.")


def _on_server(places: Places, integrity: bool, notes: list[str]) -> Iterator[Complaint]:
    """What is wrong with stores that are on a server."""
    if all(isinstance(place, Path) for place in places.stores.values()):
        return
    from virta.operating.on_server import on_server  # its driver is an extra

    yield from on_server(places, integrity, notes)


def _consent(folder: Path, settings: Settings, at: int, notes: list[str]) -> Iterator[Complaint]:
    clock = ZoneInfo(settings.time_zone)
    try:
        with reading(folder) as service:
            yield from keys_of_consent(service)
            yield from controllers_key(service, settings)
            notes += keys_in_words(service, settings, folder)
            yield from in_doubt(service)
            if settings.environment != "development":  # where nobody serves all day
                yield from round_in_time(service, at)
            yield from shut_for_length(service)
            yield from clock_of_consent(service, clock)
            yield from overdue_wishes(service)
            yield from old_decisions(service, settings.times.kept(settings.time_zone), at)
            yield from unanswered_requests(service, at, clock, notes)
            yield from told_of_origin(service, at, clock)
            yield from holds_in_order(service, at, clock)
            notes += kept_in_backups(service, settings.stores.backups_days, clock)
    except BrokenProject as fault:
        yield Complaint("consent", str(fault), "Without the consent store no mail goes: mend that first.")


def _around(
    folder: Path, settings: Settings, at: int, integrity: bool, notes: list[str], alone: bool
) -> Iterator[Complaint]:
    data = folder / settings.stores.folder
    yield from checks.disk(data)
    yield from checks.left_over(data)
    yield from checks.keys(folder, settings, at)
    if not alone:
        yield from journey_key(settings, folder)
    yield from look_apart(settings) if is_apart(folder, settings) else _consent(folder, settings, at, notes)
    try:
        yield from mail_server(login_of(settings))
    except BrokenProject as fault:  # a password that is not set
        yield Complaint("mail-server", str(fault), "Set it where `virta serve` is started.")
    try:
        dkim_of(settings)
    except BrokenProject as fault:
        yield Complaint(
            "dkim", str(fault), "Set it right where `virta serve` is started: it does not start so."
        )
    for path in sorted(data.glob("*.db")) if integrity else ():
        yield from checks.integrity(path)
