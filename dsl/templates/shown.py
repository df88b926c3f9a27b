"""What a reader sees of HTML in which values are marked: text that nothing hides, and links with words."""

import re
from collections.abc import Hashable, Iterable
from functools import lru_cache

from dsl.templates.tags import TagReader

OPEN, CLOSE = "\ue000", "\ue001"
"""They stand around the name of a value."""
MAYBE, SURE = "\ue002", "\ue003"
"""They stand around what is there under a condition only."""
WORD = "\ue004"
"""Some words, whatever they are."""
SEAM = "\ue005"
"""Stands where the text of one file meets that of another. What mails have in common, a layout's beginning
and end, is then read once for all of them."""

_OTHER = "\uf8ff"
_TAKEN = dict.fromkeys(map(ord, (OPEN, CLOSE, MAYBE, SURE, WORD, SEAM)), _OTHER)
_REFERENCE = re.compile("&#(?:x0*e00[0-5](?![0-9a-f])|0*5734[4-9](?![0-9]));?", re.IGNORECASE)
"""How HTML writes one of the marks."""

_VALUE = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_MARKS = re.compile(f"[{MAYBE}{SURE}]")
_APART = re.compile(f"([{MAYBE}{SURE}])")
_BLANK = re.compile("[\\s\u00ad\u034f\u200b-\u200f\u2060\ufeff]+")
_SILENT = frozenset(
    "audio canvas head iframe noembed noframes object script select style template textarea title "
    "video".split()
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_NOTHING = r"0+(\.0*)?(px|pt|em|rem|%)?(?![\w.])"
_HIDING = re.compile(
    rf"(?<![\w-])(display:none|visibility:(hidden|collapse)|opacity:{_NOTHING}|max-height:{_NOTHING})"
)
_SIZE = re.compile(r"(?<![\w-])font-size:([^;]*)")
_NO_SIZE = re.compile(_NOTHING)
_KEPT = 2048


def unmarked(text: str) -> str:
    """A text as somebody wrote it, fit to stand between the marks: a sign for private use that they have
    too, an icon's for one, is another that they have not."""
    return text if text.isascii() else text.translate(_TAKEN)


def marked(name: str) -> str:
    """A value in the text."""
    return f"{OPEN}{unmarked(name)}{CLOSE}"


def values_in_text(text: str) -> frozenset[str]:
    """The names of the values in plain text; all of it is seen."""
    return frozenset(_VALUE.findall(text))


def values_in_html(html: str) -> frozenset[str]:
    """The names of the values that a reader of the HTML sees: as text that no element or style of its own
    hides, or as the whole target of a link that has words. What a style sheet hides is not known here."""
    if "&#" in html and _REFERENCE.search(whole := html.replace(SEAM, "")):
        html = _REFERENCE.sub(_OTHER, whole)
    seen: set[str] = set()
    state: _State = ()
    for piece in html.split(SEAM):
        state, found = _read_on(state, piece)
        seen |= found
    return frozenset(seen | _left(state))


_State = tuple[tuple[str, Hashable], ...]
"""How a reader stands between two pieces of a text, but for what it has seen."""


@lru_cache(_KEPT)
def _read_on(state: _State, piece: str) -> tuple[_State, frozenset[str]]:
    """How a reader stands behind a piece, and what it saw in it."""
    reader = _Reader(state)
    reader.feed(piece)
    return tuple((name, each) for name, each in vars(reader).items() if name != "seen"), frozenset(
        reader.seen
    )


@lru_cache(_KEPT)
def _left(state: _State) -> frozenset[str]:
    """What a reader sees once nothing follows any more."""
    reader = _Reader(state)
    reader.close()
    reader.end_link()
    return frozenset(reader.seen)


class _Reader(TagReader):
    """All that it holds beside `seen` can be compared and kept, so that it may go on from there."""

    def __init__(self, state: _State) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self._stack: tuple[tuple[str, bool, bool], ...] = ()  # open elements: hidden, of size nothing
        self._maybe = 0
        self._in_link = False
        self._target = ""
        self._words = False
        vars(self).update(state)

    def open_tag(self, tag: str, attributes: list[tuple[str, str | None]], text: str) -> None:
        plain = [(name, value or "") for name, value in attributes]
        whole = True
        if _MARKS.search(text):
            whole = text.count(MAYBE) == text.count(SURE)
            self._conditions(text)
            plain = [(_MARKS.sub("", name), _MARKS.sub("", value)) for name, value in plain]
        given: dict[str, str] = {}
        for name, value in plain:
            given.setdefault(name, value)  # the first of two counts, as in browsers
        if tag == "a":
            self.end_link()
            found = _VALUE.fullmatch(given.get("href", "").strip())
            self._in_link = True
            self._target = found[1] if found and whole else ""
        hidden, tiny = self._stack[-1][1:] if self._stack else (False, False)
        styles = [re.sub(r"\s+", "", value).lower() for name, value in plain if name == "style"]
        hidden = hidden or tag in _SILENT or "hidden" in given or any(map(_HIDING.search, styles))
        for style in styles:
            for size in _SIZE.findall(style):
                tiny = bool(_NO_SIZE.match(size))
        if tag == "img" and not hidden:
            self._read(given.get("alt", ""))
        if tag not in _VOID:
            self._stack = (*self._stack, (tag, hidden, tiny))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self.end_link()
        for place in reversed(range(len(self._stack))):
            if self._stack[place][0] == tag:
                self._stack = self._stack[:place]
                return

    def handle_data(self, data: str) -> None:
        for piece in _APART.split(data):
            if piece in (MAYBE, SURE):
                self._conditions(piece)
                continue
            hidden = bool(self._stack) and (self._stack[-1][1] or self._stack[-1][2])
            if hidden or self._maybe > 0:
                continue
            found: Iterable[str] = _VALUE.findall(piece) if OPEN in piece else ()
            if not self._in_link:
                self.seen.update(found)
            else:  # an address as the words of a link says nothing of where it leads
                self._read(piece)
                self.seen.update(name for name in found if not name.startswith("links."))

    def handle_comment(self, data: str) -> None:
        self._conditions(data)

    def end_link(self) -> None:
        """The link ends here, or is never closed."""
        if self._in_link and self._target and self._words:
            self.seen.add(self._target)
        self._in_link, self._target, self._words = False, "", False

    def _read(self, text: str) -> None:
        self._words = self._words or bool(_BLANK.sub("", _MARKS.sub("", text)))

    def _conditions(self, text: str) -> None:
        self._maybe += text.count(MAYBE) - text.count(SURE)
