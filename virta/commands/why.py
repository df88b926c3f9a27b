"""`virta why`: one person's story, and why the last mail did not go."""

import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from cyclopts import Parameter
from msgspec import Struct

from engine.core import calendar
from engine.core.calendar import NEVER
from engine.insight.apart import Apart, apart, known_of, sentence
from engine.insight.outside import one_line
from engine.insight.records import open_records
from engine.insight.rulings import with_rulings
from engine.insight.story import Line, Person, last_refusal, own_zone, story, their_hour, told
from engine.insight.words import STATES
from engine.store.database import StoreFault
from virta.database_url import engine_place
from virta.settings import BrokenProject, read_settings
from virta.telling.names import names_of
from virta.telling.whoever import Whoever, whoever
from virta.terminal.named import named


class Waiting(Struct, frozen=True):
    """A flow that the person is in. `step` is where, `due` the next deadline in ms UTC, None: none is set."""

    flow: str
    step: str
    due: int | None


class Answer(Struct, frozen=True):
    """What `--format json` prints. `not_sent` is the newest line that says why something did not go,
    `until` the newest moment in the stores (ms UTC), `time_zone` the person's own where it is known.
    `set_aside`: Virta itself fails at the person, who takes no step meanwhile; null: it does not. `not_told`:
    why the consent service, in a process of its own, does not tell what it knows; null: it does."""

    person: Person
    under_way: tuple[Waiting, ...]
    story: tuple[Line, ...]
    not_sent: Line | None
    until: int | None
    time_zone: str | None
    set_aside: Apart | None
    not_told: str | None


def why(
    address: Annotated[
        str, Parameter(help="An e-mail address; `-` reads it from standard input.", allow_leading_hyphen=True)
    ],
    folder: Annotated[Path, Parameter(help="The project's folder.")] = Path(),
    *,
    flow: Annotated[str, Parameter(help="Only what this flow did.")] = "",
    since: Annotated[date | None, Parameter(name="--from", help="The first day, as in 2026-03-02.")] = None,
    to: Annotated[date | None, Parameter(help="The last day.")] = None,
    time_zone: Annotated[str, Parameter(help="The clock to tell times by, as in Europe/Riga.")] = "",
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Tell a person's story in plain sentences, the newest last, and why the last mail did not go: all of it,
    or what one flow did, or some days. Exit code 1: unknown."""
    if "@" not in address and "@" in str(folder):
        raise BrokenProject(f"The address comes first: `virta why {folder} {address}`.")
    settings, address = read_settings(folder.resolve()), named(address)
    clock = _clock(time_zone or settings.time_zone)
    asked = whoever(folder, settings, address)
    person = asked.person
    if person is None:
        if output == "json":
            print("null")
        else:
            print(
                f"Nobody with the address {address} is known here: no sign-up and no event has named it, "
                "or they were erased."
            )
        return 1
    try:
        answer = _answer(folder, asked, Asked(flow, *_period(since, to, clock)), clock)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    if output == "json":
        print(msgspec.json.format(msgspec.json.encode(answer)).decode())
    else:
        _print(answer, clock, sys.stdout.isatty())
    return 0


def _clock(name: str) -> ZoneInfo:
    clock = calendar.zone(name)
    if clock is None:
        raise BrokenProject(f"`{name}` is no time zone; write one as in `Europe/Riga`.")
    return clock


def _period(since: date | None, to: date | None, clock: ZoneInfo) -> tuple[int, int]:
    """The first moment and the one behind the last, in ms UTC."""
    if since is not None and to is not None and since > to:
        raise BrokenProject(f"--from {since} lies behind --to {to}: write the earlier day first.")
    first = calendar.midnight(since, clock) if since is not None else 0
    return first, calendar.midnight(to + timedelta(days=1), clock) if to is not None else NEVER


class Asked(Struct, frozen=True):
    """What of a story is asked for: a flow (empty: all), from a moment up to before another (ms UTC)."""

    flow: str
    since: int
    before: int

    def meets(self, line: Line) -> bool:
        """Whether a line is asked for."""
        return self.since <= line.at < self.before and (not self.flow or line.flow == self.flow)


def _check_flow(name: str, known: Iterable[str]) -> None:
    flows = sorted(set(known))
    if name and name not in flows:
        near = get_close_matches(name, flows, 1)
        hint = f"Do you mean `{near[0]}`?" if near else f"There are {', '.join(f'`{one}`' for one in flows)}."
        raise BrokenProject(f"No flow `{name}` has ever run here. {hint}")


def _answer(folder: Path, whose: Whoever, asked: Asked, clock: ZoneInfo) -> Answer:
    person = whose.person
    assert person is not None
    settings = read_settings(folder.resolve())
    with open_records(engine_place(folder, settings)) as records:
        graphs = records.graphs()
        names = names_of(folder, graphs)
        journal, events = records.lines(person.contact), records.events_of(person.contact)
        lines = story(names, person, journal, events, clock)
        lines = with_rulings(lines, names.flows, records.rulings())
        _check_flow(asked.flow, (graph.flow for graph in graphs.values()))
        lines = [line for line in lines if asked.meets(line)]
        aside = next(iter(apart(records, person.contact)), None)
        bundle = known_of(records, person.contact, aside)
        under_way = tuple(
            Waiting(
                journey.flow,
                names.step(journey.flow, graphs[journey.graph].nodes[journey.node].step),
                None if journey.due == NEVER else journey.due,
            )
            for journey in bundle.journeys
            if journey.graph in graphs and asked.flow in ("", journey.flow)
        )
        until = records.newest()
    zone = own_zone(bundle)
    own = zone.key if zone is not None else None
    return Answer(person, under_way, tuple(lines), last_refusal(lines), until, own, aside, whose.not_told)


def _print(answer: Answer, clock: ZoneInfo, bold: bool) -> None:
    def moment(at: int) -> str:
        return datetime.fromtimestamp(at // 1000, clock).strftime("%Y-%m-%d %H:%M")

    theirs = ZoneInfo(answer.time_zone) if answer.time_zone else clock
    person = answer.person
    print(f"{one_line(person.address)}{f', language {person.language}' if person.language else ''}")
    for stand in person.stands:
        state = STATES.get(stand.state, stand.state)
        print(f"  {stand.title}: {state} since {moment(stand.since)} (leaf {stand.leaf} of the log)")
    for flow in answer.under_way:
        until = f", until {moment(flow.due)} at the latest" if flow.due is not None else ""
        print(f"  Under way in {flow.flow}: {flow.step}{until}")
    if answer.set_aside is not None:
        print(
            f"  {one_line(sentence(answer.set_aside, clock))}. Virta itself failed at them, and takes no step"
        )
        print(f"  of theirs meanwhile; all that happens is kept: {one_line(answer.set_aside.error)}")
    if answer.not_told is not None:
        print(f"  What the consent service knows of them is not told here: {one_line(answer.not_told)}")
    elif not person.stands:
        print("  Has agreed to nothing: no marketing mail can go.")
    print()
    day = ""
    for line in answer.story:
        date, _, hour = moment(line.at).partition(" ")
        if date != day:
            weekday = datetime.fromtimestamp(line.at // 1000, clock).strftime("%A")
            print(f"\033[1m{weekday}, {date}\033[0m" if bold else f"{weekday}, {date}")
            day = date
        own = their_hour(line, clock, theirs)
        print(f"  {hour}  {one_line(told(line, clock))}{f' ({own} for them)' if own else ''}")
        if line.quote:
            print(f"         “{one_line(line.quote)}”")
    if not answer.story:
        print("Nothing has happened that was asked for.")
    refused = answer.not_sent
    print()
    if refused is None:
        print("No mail was refused.")
    else:
        print(f"The last that did not go, {moment(refused.at)}: {one_line(refused.text)}")
    end = f"; the stores end at {moment(answer.until)}" if answer.until is not None else ""
    print(f"Times are those of {clock.key}{end}.")
