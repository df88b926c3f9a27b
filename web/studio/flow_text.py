"""A flow as it is written, cut out of its file, in pieces that a page can colour."""

import re
from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup, escape

_FLOW = re.compile(r"flow\s+(\w+)")
_PIECES = re.compile(r'(?P<remark>#.*$)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>[^"#]+)', re.MULTILINE)
_DEEPEST = 6
_FIRST = re.compile(r"(\s*)(\S+)(.*)", re.DOTALL)


def flows_in(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each flow in a `.flow` file, with the remarks that stand right above it."""
    starts = [(at, found[1]) for at, line in enumerate(lines) if (found := _FLOW.match(line))]
    for at, name in starts:
        first, last = at, at + 1
        while first and lines[first - 1].startswith("#"):
            first -= 1
        while last < len(lines) and (not lines[last].strip() or lines[last][0] in " \t"):
            last += 1
        yield name, "\n".join(lines[first:last]).rstrip()


def coloured(text: str) -> Markup:
    """The text as HTML, a line each with its depth: remarks, quoted words and first words are marked."""
    return Markup("").join(
        Markup('<span class="line in{}">{}</span>').format(_depth(line), Markup("").join(_line(line)))
        for line in text.splitlines()
    )


def _depth(line: str) -> int:
    """By how many steps a line is indented: what is broken of it hangs below its beginning."""
    return min((len(line) - len(line.lstrip())) // 4, _DEEPEST)


def _line(line: str) -> Iterable[Markup]:
    begun = False
    for piece in _PIECES.finditer(line):
        kind, words = str(piece.lastgroup), piece.group()
        if kind == "word" and not begun and words.strip():
            begun = True
            found = _FIRST.match(words)
            assert found is not None
            yield Markup("{}<b>{}</b>{}").format(found[1], found[2], found[3])
        elif kind == "word":
            yield escape(words)
        else:
            begun = begun or kind == "text"
            yield Markup('<span class="{}">{}</span>').format(kind, words)
