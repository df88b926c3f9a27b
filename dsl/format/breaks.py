"""Where a line that is too long is broken: before the loosest words that hold its parts together."""

from collections.abc import Sequence
from itertools import pairwise

from dsl.format.spelling import Word

WIDEST = 100
STEP = 4
_RANKS = {"with": 0, "or": 1, "and": 2, "where": 3}


def joined(words: Sequence[Word]) -> str:
    """The words in one line, with one blank between them."""
    first, *others = words
    return first.text + "".join(word.text if word.close else f" {word.text}" for word in others)


def margin(word: str, above: str, further: int) -> int:
    """By how many blanks a continued line is indented that begins with `word`, below one that begins with
    `above`: a `where` stands deeper than the `and` that it belongs to."""
    return further + STEP if word == "where" and above in ("and", "or") else further


def broken(
    words: Sequence[Word], indent: int, further: int, above: str = ""
) -> list[tuple[int, Sequence[Word]]]:
    """The words in lines that fit, if they can, each with its indentation: that of the first is `indent`,
    others are indented by `further` or more. `above` is the word with which the line above begins. What comes
    out stays as it is when it is broken again."""
    if indent + len(joined(words)) <= WIDEST:
        return [(indent, words)]
    places = _places(words)
    if not places:
        return _filled(words, indent, further)
    ends = [*places, len(words)]
    pieces = broken(words[: places[0]], indent, further, above)
    for start, end in pairwise(ends):
        last = pieces[-1][1][0].text
        pieces += broken(words[start:end], margin(words[start].text, last, further), further, last)
    return pieces


def _places(words: Sequence[Word]) -> list[int]:
    """The places before all words of the loosest kind, outside of as many brackets as can be."""
    found = {
        place: (word.depth, _RANKS[word.text])
        for place, word in enumerate(words)
        if place and word.text in _RANKS and not word.ties
    }
    loosest = min(found.values(), default=None)
    return [place for place, kind in found.items() if kind == loosest]


def _filled(words: Sequence[Word], indent: int, further: int) -> list[tuple[int, Sequence[Word]]]:
    """As much in each line as fits, cut behind commas in brackets."""
    lines: list[tuple[int, Sequence[Word]]] = []
    start = 0
    for place, word in enumerate(words):
        if place + 1 < len(words) and not (word.text == "," and word.depth):
            continue
        piece = words[start : place + 1]
        start = place + 1
        if lines and lines[-1][0] + len(joined([*lines[-1][1], *piece])) <= WIDEST:
            lines[-1] = (lines[-1][0], [*lines[-1][1], *piece])
        else:
            lines.append((further if lines else indent, piece))
    return lines
