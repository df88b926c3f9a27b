"""Offers as the protocol's items, each with the text that it takes the place of."""

import re
from collections.abc import Iterable, Iterator

from lsprotocol.types import (
    CompletionItem,
    CompletionItemKind,
    InsertTextFormat,
    InsertTextMode,
    MarkupContent,
    MarkupKind,
    Position,
    Range,
    TextEdit,
)

from dsl.before import Before, before
from dsl.read.phrases import phrases
from dsl.reference import Entry, entries
from virta.language_server.completion.offer import Offer, Sort
from virta.language_server.completion.places import names_at, texts_at
from virta.language_server.completion.standpoint import Standpoint
from virta.language_server.completion.texts import fillings_at
from virta.language_server.hover import explained
from virta.language_server.snapshot import Snapshot

_KINDS = {
    Sort.NAME: CompletionItemKind.Reference,
    Sort.FIELD: CompletionItemKind.Field,
    Sort.VALUE: CompletionItemKind.Value,
    Sort.WORD: CompletionItemKind.Keyword,
    Sort.LINE: CompletionItemKind.Snippet,
}
_HOLE = re.compile(r"\$\{\d+:([^}]*)\}")
_TIMED = (("_AT", "MOMENT"), ("_AFTER", "DURATION"))


def complete(
    snapshot: Snapshot, file: str, position: Position, *, snippets: bool = True
) -> list[CompletionItem]:
    """What may stand at a position of a `.flow` file. `snippets`: the editor leads through what is to be
    filled in."""
    source = snapshot.texts.sources.get(file)
    if source is None:
        return []
    line, column = snapshot.text(file).place(position)
    there = before(source, line, column)
    if there is None:
        return []
    written = source.lines[line - 1] if line <= len(source.lines) else ""
    found: dict[tuple[str, int], Offer] = {}
    for start, offer in _offers(Standpoint(there, snapshot.draft, file, line), written[: column - 1]):
        found.setdefault((offer.label, start), offer)
    text = snapshot.text(file)
    return [
        item(offer, Range(text.position(line, start), position), snippets=snippets)
        for (_, start), offer in found.items()
    ]


def _offers(at: Standpoint, typed: str) -> Iterator[tuple[int, Offer]]:
    """Each offer with the column at which what it takes the place of begins. `typed` is the line up to the
    cursor."""
    there = at.there
    if there.quoted:
        yield from fillings_at(at, typed)
        yield from ((there.column + 1, Offer(text, Sort.VALUE)) for text in texts_at(at))
        return
    if "NAME" in there.choices:
        yield from ((there.column, offer) for offer in names_at(at))
    begun = list(_lines(there))
    yield from ((there.column, offer) for offer in begun)
    labels = {offer.label for offer in begun}
    for start, offer in _words(there, typed):
        if start != there.column or offer.label not in labels:
            yield start, offer


def _lines(there: Before) -> Iterator[Offer]:
    """Whole lines to fill in, where a line begins."""
    timed = tuple(word.kind for word in there.words) in _TIMED
    if there.words and not timed:
        return
    accepted = _spelled(there.choices)
    for entry in entries():
        begins = entry.begins or (entry.words[0] if entry.words else "")
        heads = entry.heads if there.opens else (there.head,)
        if not entry.snippets or not any(
            entry.stands(head, there.above, opens=there.opens) for head in heads
        ):
            continue
        if (
            there.opens
            or any(f"{begins} ".startswith(f"{each} ") for each in accepted)
            or _percent(entry, there)
        ):
            yield from (_line(snippet, entry) for snippet in entry.snippets)


def _percent(entry: Entry, there: Before) -> bool:
    """The lines of a coupon that begin with a number."""
    return "off" in entry.words and "PERCENT" in there.choices


def _line(snippet: str, entry: Entry) -> Offer:
    label = _HOLE.sub(r"\1", snippet.partition("\n")[0])
    return Offer(label + (" …" if "\n" in snippet else ""), Sort.LINE, "", explained(entry), snippet)


def _words(there: Before, typed: str) -> Iterator[tuple[int, Offer]]:
    """Words of the language; those of several that have been begun take the place of their beginning."""
    yield from ((there.column, _word(each, there)) for each in _spelled(there.choices))
    for word in there.words[-3:]:
        so_far = " ".join(typed[word.column - 1 :].split()) if word.line else ""
        if not so_far:
            continue
        for each in _spelled(word.choices):
            if " " in each and each.startswith(so_far) and each != so_far:
                yield word.column, _word(each, there)


def _word(phrase: str, there: Before) -> Offer:
    found = [
        entry
        for entry in entries()
        if phrase in (entry.begins, *entry.words) and entry.stands(there.head, there.above, opens=there.opens)
    ]
    return Offer(phrase, Sort.WORD, "", explained(found[0]) if found else "")


def _spelled(terminals: Iterable[str]) -> list[str]:
    known = phrases()
    return [each for name in sorted(terminals) for each in known.get(name, ())]


def item(offer: Offer, range_: Range, *, snippets: bool) -> CompletionItem:
    """An offer that takes the place of a range."""
    filled = bool(offer.insert and snippets)
    new = offer.insert if filled else _HOLE.sub(r"\1", offer.insert or offer.label)
    return CompletionItem(
        offer.label,
        kind=_KINDS[offer.sort],
        detail=offer.detail or None,
        documentation=MarkupContent(MarkupKind.Markdown, offer.says) if offer.says else None,
        sort_text=f"{offer.sort.value}{offer.label}",
        filter_text=offer.label,
        insert_text_format=InsertTextFormat.Snippet if filled else InsertTextFormat.PlainText,
        insert_text_mode=InsertTextMode.AdjustIndentation if offer.insert else None,
        text_edit=TextEdit(range_, new),
    )
