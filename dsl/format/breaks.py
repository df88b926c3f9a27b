"""Where a line that is too long is broken: before the loosest words that hold its parts together."""

from collections.abc import Sequence

from dsl.format.spelling import Word

WIDEST = 100
STEP = 4
_RANKS = {"with": 0, "or": 1, "and": 2, "where": 3}

Lines = list[tuple[int, Sequence[Word]]]
"""The lines of one logical line, each with its indentation."""


def joined(words: Sequence[Word]) -> str:
    """The words in one line, with one blank between them."""
    first, *others = words
    return first.text + "".join(word.text if word.close else f" {word.text}" for word in others)


def add_broken(words: Sequence[Word], indent: int, further: int, done: Lines) -> None:
    """Add the words to `done` in lines that fit, if they can. The first line of all is indented by `indent`
    blanks, others by `further` or more. What came out stays as it is when it is broken again."""
    if _margin(words[0], indent, further, done) + len(joined(words)) <= WIDEST:
        done.append((_margin(words[0], indent, further, done), words))
        return
    places = _places(words)
    if not places:
        _add_filled(words, indent, further, done)
        return
    start = 0
    for end in (*places, len(words)):
        add_broken(words[start:end], indent, further, done)
        start = end


def _margin(word: Word, indent: int, further: int, done: Lines) -> int:
    """By how many blanks a line is indented that begins with `word`: within brackets deeper than the line in
    which they open; a `where` deeper than the `and` that it belongs to."""
    if not done:
        return indent
    for number, (margin, line) in enumerate(done):
        if line[0].place <= word.opener <= line[-1].place:
            return margin + STEP if number else further
    return further + STEP if word.text == "where" and done[-1][1][0].text in ("and", "or") else further


def _places(words: Sequence[Word]) -> list[int]:
    """The places before all words of the loosest kind, outside of as many brackets as can be."""
    found = {
        place: (word.depth, _RANKS[word.text])
        for place, word in enumerate(words)
        if place and word.text in _RANKS and not word.ties
    }
    loosest = min(found.values(), default=None)
    return [place for place, kind in found.items() if kind == loosest]


def _add_filled(words: Sequence[Word], indent: int, further: int, done: Lines) -> None:
    """As much in each line as fits, cut behind commas in brackets."""
    start, fresh = 0, True
    for end, word in enumerate(words, start=1):
        if end < len(words) and not (word.text == "," and word.depth):
            continue
        piece = words[start:end]
        if not fresh and done[-1][0] + len(joined([*done[-1][1], *piece])) <= WIDEST:
            done[-1] = (done[-1][0], [*done[-1][1], *piece])
        else:
            done.append((_margin(piece[0], indent, further, done), piece))
        start, fresh = end, False
