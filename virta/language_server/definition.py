"""From a name to where it is declared, and to all places that speak of it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from lsprotocol.types import Location, Position

from dsl.found.finding import Span
from virta.language_server.mentions import Mention, Thing
from virta.language_server.snapshot import Snapshot

UriOf = Callable[[Path], str]
"""Gives the URI of a file, as the editor writes it."""


def mentions_at(snapshot: Snapshot, file: str, position: Position) -> tuple[Mention, ...]:
    """The mentions at a position: those of the word it stands in, or else of the one it stands behind."""
    line, column = snapshot.text(file).place(position)
    found = snapshot.index.at(file, line, column)
    inside = tuple(each for each in found if column < each.span.end_column)
    return inside or found


def definitions(snapshot: Snapshot, file: str, position: Position, uri_of: UriOf) -> list[Location]:
    """Where the thing at a position is declared; of a template, all its files."""
    found = mentions_at(snapshot, file, position)
    uses = [each for each in found if not each.declares] or list(found)
    spans = [span for each in uses for span in snapshot.index.declared(each.thing)]
    return locations(snapshot, spans, uri_of)


def references(
    snapshot: Snapshot, file: str, position: Position, uri_of: UriOf, *, declared: bool
) -> list[Location]:
    """All places that speak of what stands at a position, those that declare it if that is wanted."""
    things = thing_and_aliases(snapshot, mentions_at(snapshot, file, position))
    every = (each for thing in things for each in snapshot.index.of(thing))
    return locations(snapshot, (each.span for each in every if declared or not each.declares), uri_of)


def thing_and_aliases(snapshot: Snapshot, found: Iterable[Mention]) -> list[Thing]:
    """What mentions speak of, each once. A mail without a name of its own goes by that of its template, in
    conditions and in scenarios: they are one."""
    things = dict.fromkeys(each.thing for each in found)
    for thing in list(things):
        if thing.kind == "step":
            things |= dict.fromkeys(_templates_of(thing, snapshot))
    for thing in list(things):
        if thing.kind == "template":
            things |= dict.fromkeys(_steps_of(thing, snapshot))
    return list(things)


def _templates_of(step: Thing, snapshot: Snapshot) -> Iterable[Thing]:
    spans = set(snapshot.index.declared(step))
    template = Thing("template", step.name)
    return [template] if any(each.span in spans for each in snapshot.index.of(template)) else []


def _steps_of(template: Thing, snapshot: Snapshot) -> Iterable[Thing]:
    for each in snapshot.index.of(template):
        for step in snapshot.index.at(each.span.file, each.span.line, each.span.column):
            if step.span == each.span and step.thing.kind == "step" and step.declares:
                yield step.thing


def locations(snapshot: Snapshot, spans: Iterable[Span], uri_of: UriOf) -> list[Location]:
    """Places as the protocol writes them, each once."""
    return [
        Location(uri_of(snapshot.folder / span.file), snapshot.text(span.file).range_of(span))
        for span in dict.fromkeys(spans)
    ]
