"""HTML cut into tags and text: what is written plainly by one pattern, anything else by Python's own parser,
which takes eight times as long."""

import re
from html import unescape
from html.parser import HTMLParser

_PIECE = re.compile(
    r"<(?P<tag>[a-zA-Z][a-zA-Z0-9]*+)"
    r"(?P<attributes>(?:[ \t\n]++[a-zA-Z][a-zA-Z0-9-]*+(?:=\"[^\"]*+\")?+)*+)[ \t\n]*+/?+>"
    r"|</(?P<end>[a-zA-Z][a-zA-Z0-9]*+)>"
    r"|(?P<text>[^<]++)"
)
_ATTRIBUTE = re.compile(r"[ \t\n]++([a-zA-Z][a-zA-Z0-9-]*+)(?:=\"([^\"]*+)\")?+")
_RAW = frozenset("iframe noembed noframes noscript plaintext script style textarea title xmp".split())
"""Elements that hold no tags, or none to some versions of Python's parser."""


class TagReader(HTMLParser):
    """Hears of tags and text in order. An empty `<div/>` opens like any other."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def open_tag(self, tag: str, attributes: list[tuple[str, str | None]], text: str) -> None:
        """A tag that opens, as it is written in `text`."""

    def feed(self, data: str) -> None:
        """Read on. Marks that Python's parser waits for may keep something back until `close`."""
        position = 0 if self.rawdata or self.cdata_elem else self._plain(data)
        if position < len(data):
            super().feed(data[position:])

    def _plain(self, data: str) -> int:
        """Read as far as all is written plainly."""
        position = 0
        while piece := _PIECE.match(data, position):
            kind = piece.lastgroup
            if kind == "text":
                text = piece.group()
                if "&" in text:
                    if piece.end() == len(data):  # the sign that it stands for may go on
                        break
                    text = unescape(text)
                self.handle_data(text)
            elif kind == "end":
                self.handle_endtag(piece["end"].lower())
            else:
                tag = piece["tag"].lower()
                if tag in _RAW:
                    break
                written = _ATTRIBUTE.findall(piece["attributes"])
                given: list[tuple[str, str | None]] = [
                    (name.lower(), unescape(value) if "&" in value else value) for name, value in written
                ]
                self.open_tag(tag, given, piece.group())
            position = piece.end()
        return position

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open_tag(tag, attrs, self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def updatepos(self, i: int, j: int) -> int:
        """Where in the text something stands is never asked for, and costs time."""
        return j
