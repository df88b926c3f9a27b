"""What stands under the pointer: the declaration of a name, or the meaning of a word of the language."""

from lsprotocol.types import Hover, MarkupContent, MarkupKind, Position, Range

from dsl.before import before
from dsl.found.finding import Span
from dsl.found.source import Source
from dsl.read.signs import goes_on
from dsl.reference import Entry, entry_of
from virta.language_server.declared import shown
from virta.language_server.definition import mentions_at
from virta.language_server.snapshot import Snapshot


def hover(snapshot: Snapshot, file: str, position: Position) -> Hover | None:
    """What is known of the word at a position; None if nothing is."""
    text = snapshot.text(file)
    for each in mentions_at(snapshot, file, position):
        told = shown(each.thing, snapshot)
        if told:
            return _hover(told, text.range_of(each.span))
    found = _word(snapshot, file, *text.place(position))
    if found is None:
        return None
    entry, span = found
    return _hover(explained(entry), text.range_of(span))


def explained(entry: Entry) -> str:
    """A construct's form and meaning as Markdown."""
    form = entry.form if "`" in entry.form else f"`{entry.form}`"
    without = f"\n\nWithout it: {entry.without}." if entry.without else ""
    says = entry.says[:1].upper() + entry.says[1:]
    return f"{form}\n\n{says}{'' if says.endswith('.') else '.'}{without}"


def _word(snapshot: Snapshot, file: str, line: int, column: int) -> tuple[Entry, Span] | None:
    """The construct to which the word at a place belongs, and the word's own place."""
    source = snapshot.texts.sources.get(file)
    if source is None or line > len(source.lines):
        return None
    written = source.lines[line - 1]
    for part in dict.fromkeys((written, written[: _word_end(written, column)])):
        cut = Source(source.path, (*source.lines[: line - 1], part + " "))
        found = before(cut, line, len(part) + 2)
        if found is None:
            continue
        for index, word in enumerate(found.words):
            if word.line == line and word.column <= column < word.column + len(word.text):
                entry = entry_of(found.words, index, found.head, found.above, opens=found.opens)
                span = Span(file, line, word.column, line, word.column + len(word.text))
                return (entry, span) if entry else None
    return None


def _word_end(line: str, column: int) -> int:
    end = column - 1
    while end < len(line) and goes_on(line[end]):
        end += 1
    return end


def _hover(markdown: str, range_: Range) -> Hover:
    return Hover(MarkupContent(MarkupKind.Markdown, markdown), range_)
