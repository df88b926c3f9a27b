"""One name for another, in all flows, scenarios and templates, and in the names of a template's files."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace

from lsprotocol.types import (
    OptionalVersionedTextDocumentIdentifier,
    Position,
    Range,
    RenameFile,
    TextDocumentEdit,
    TextEdit,
    WorkspaceEdit,
)

from dsl.compile import Project
from dsl.found.finding import Finding, Severity, Span
from dsl.read.spoken import SETTINGS, table_place
from virta.language_server.definition import UriOf, mentions_at, thing_and_aliases
from virta.language_server.mending import edited
from virta.language_server.mentions import Thing
from virta.language_server.snapshot import Snapshot

_WORDS = {"template": "mail", "attribute": "attribute of contacts"}


class NotRenamed(Exception):
    """A name stays as it is; the message says why."""


def renamable(snapshot: Snapshot, file: str, position: Position) -> tuple[Range, str]:
    """The range of the name at a position, and the name. Raises `NotRenamed` if it cannot change."""
    found = mentions_at(snapshot, file, position)
    named = [each for each in found if each.span.column < each.span.end_column]
    if not named:
        raise NotRenamed("There is no name here that the project gives.")
    _things(snapshot, file, position)
    return snapshot.text(file).range_of(named[0].span), named[0].thing.name


def renamed(
    snapshot: Snapshot, file: str, position: Position, name: str, uri_of: UriOf, *, files: bool
) -> WorkspaceEdit:
    """The edits that give the thing at a position another name. `files`: the editor can rename files. Raises
    `NotRenamed` for a name that does not fit."""
    name = unicodedata.normalize("NFC", name.strip())
    if not name.isidentifier():
        raise NotRenamed(
            f"`{name}` is no name: write one word of letters, digits and `_`, and begin with a letter."
        )
    things = _things(snapshot, file, position)
    edits = _edits(snapshot, things, name)
    moves = _moves(snapshot, things, name)
    if moves and not files:
        raise NotRenamed("This editor cannot rename the files of the mail: rename them and the name by hand.")
    _try(snapshot, edits, moves)
    texts = {uri_of(snapshot.folder / path): changes for path, changes in edits.items()}
    if not files:
        return WorkspaceEdit(changes=texts)
    return WorkspaceEdit(
        document_changes=[
            *(
                TextDocumentEdit(OptionalVersionedTextDocumentIdentifier(uri), list(changes))
                for uri, changes in texts.items()
            ),
            *(
                RenameFile(uri_of(snapshot.folder / old), (snapshot.folder / new).as_uri())
                for old, new in moves.items()
            ),
        ]
    )


def _things(snapshot: Snapshot, file: str, position: Position) -> list[Thing]:
    things = thing_and_aliases(snapshot, mentions_at(snapshot, file, position))
    if not things:
        raise NotRenamed("There is no name here that the project gives.")
    for thing in things:
        if not snapshot.index.declared(thing):
            what = _WORDS.get(thing.kind, thing.kind)
            reason = (
                "comes with Virta or with the shop"
                if thing.kind in ("event", "field", "attribute", "topic")
                else "is declared nowhere"
            )
            raise NotRenamed(f"The {what} `{thing.name}` {reason}, so its name cannot change here.")
    return things


def _edits(snapshot: Snapshot, things: Iterable[Thing], name: str) -> dict[str, list[TextEdit]]:
    spans: dict[Span, None] = {}
    for thing in things:
        spans |= dict.fromkeys(each.span for each in snapshot.index.of(thing))
    edits: dict[str, list[TextEdit]] = {}
    for span in sorted(spans):
        if span.column < span.end_column:
            edits.setdefault(span.file, []).append(TextEdit(snapshot.text(span.file).range_of(span), name))
    for span in _tables(snapshot, things):
        edits.setdefault(span.file, []).append(TextEdit(snapshot.text(span.file).range_of(span), name))
    return edits


def _tables(snapshot: Snapshot, things: Iterable[Thing]) -> Iterator[Span]:
    """Where the words of a topic in other languages have its name."""
    for file, data in snapshot.project.words or ():
        for thing in things:
            if file != SETTINGS and thing.kind == "topic":
                place = table_place(thing.name, data.decode("utf-8", "replace").splitlines())
                if place is not None:
                    line, column = place
                    yield Span(file, line, column, line, column + len(thing.name))


def _moves(snapshot: Snapshot, things: Iterable[Thing], name: str) -> dict[str, str]:
    """The new names of the files of templates, by path."""
    return {
        f"templates/{each.path}": f"templates/{name}{each.path.removeprefix(thing.name)}"
        for thing in things
        if thing.kind == "template"
        for each in snapshot.draft.templates.variants(thing.name)
    }


def _try(snapshot: Snapshot, edits: dict[str, list[TextEdit]], moves: dict[str, str]) -> None:
    """Check the project as it would be. What the compiler then refuses is the reason not to rename."""

    def changed(given: tuple[tuple[str, bytes], ...]) -> tuple[tuple[str, bytes], ...]:
        return tuple(
            (
                moves.get(path, path),
                edited(snapshot.text(path), edits[path]).encode() if path in edits else data,
            )
            for path, data in given
        )

    project: Project = snapshot.project
    taken = {path for path, _ in project.templates} & set(moves.values())
    if taken:
        raise NotRenamed(f"There is a file {min(taken)} already.")
    new = replace(
        project,
        files=changed(project.files),
        templates=changed(project.templates),
        words=None if project.words is None else changed(project.words),
    )
    after = replace(snapshot, project=new)
    errors, known = _errors(after.findings), _errors(snapshot.findings)
    if len(errors) > len(known):
        said = {each.message for each in known}
        first = next((each for each in errors if each.message not in said), errors[0])
        raise NotRenamed(f"{first.message} {first.help}".strip())


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is Severity.ERROR]
