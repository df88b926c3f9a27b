"""The text part of a mail, derived once from its HTML template.

The HTML is read tag by tag in the order in which it stands, so that Jinja's own tags, which stand anywhere,
keep their place; they pass through untouched. What is hidden says nothing, but the statements in it (blocks,
conditions) are kept: they must stay whole.
"""

import re
from html.parser import HTMLParser

from dsl.templates.text import JINJA

# each of Jinja's tags is a mark while the HTML is read; that of a statement has a sign of its own
_OPEN, _STATES, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"{_OPEN}([0-9]+){_STATES}?{_CLOSE}")
_STATEMENT = re.compile(f"{_OPEN}[0-9]+{_STATES}{_CLOSE}")
# a new line, a new paragraph, `<br>`: marks until the text is rendered, since no part or macro knows what
# will stand before it. They are ASCII, so that texts in ASCII stay so, which take a third of the time
_LINE, _PARAGRAPH, _BREAK = "\x01", "\x02", "\x03"
_AROUND = f" {_LINE}"
_TAKEN = re.compile("[\x01-\x03\ue000-\ue002]")
_MEETING = re.compile(f" *[{_LINE}{_PARAGRAPH}][ {_LINE}{_PARAGRAPH}]*")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*\n")
_BRACES = re.compile(r"\{[{%#]")
_APART = frozenset({"p", "h1", "h2", "h3", "ul", "ol", "table"})
_BLOCKS = _APART | frozenset(
    "address article aside blockquote body dd div dl dt fieldset footer form h4 h5 h6 header hr html li main "
    "nav pre section tbody tfoot thead tr".split()
)
_SILENT = frozenset({"head", "style", "script", "title", "template"})
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def text_template(html: str) -> str:
    """A Jinja template for plain text that says what the HTML one says. Links stand behind their words."""
    tags: list[str] = []

    def hide(found: re.Match[str]) -> str:
        tags.append(found.group())
        return f"{_OPEN}{len(tags) - 1}{_STATES if found.group().startswith('{%') else ''}{_CLOSE}"

    reader = _Reader()
    reader.feed(JINJA.sub(hide, _TAKEN.sub("", html)))
    reader.close()
    # braces that were written as entities are text, not Jinja's
    text = _BRACES.sub(lambda found: f"{{{{ '{found.group()}' }}}}", reader.text())
    return _MARK.sub(lambda found: tags[int(found.group(1))], text)


def tidy(text: str) -> str:
    """A rendered text, its lines broken: none blank at its ends, one at most between two others."""
    paragraphs = [part for each in text.split(_PARAGRAPH) if (part := each.strip(_AROUND))]
    tidied = "\n\n".join(paragraphs)
    loose = "\n" in text or any(map(str.isspace, paragraphs))  # else no two blank lines can meet
    if _LINE in tidied:
        tidied = "\n".join(filter(None, [part.strip(" ") for part in tidied.split(_LINE)]))
        loose = True
    if _BREAK in tidied:
        tidied = tidied.replace(f" {_BREAK}", "\n").replace(f"{_BREAK} ", "\n").replace(_BREAK, "\n")
        loose = True
    return (_BLANK_LINES.sub("\n\n", tidied) if loose else tidied).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden: list[str] = []  # open elements that are not shown, outermost first
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        """Marks that meet, with blanks between, are one: what `tidy` would make of them for every reader."""
        text = re.sub(" +", " ", "".join(self._parts))
        return _MEETING.sub(lambda found: _PARAGRAPH if _PARAGRAPH in found[0] else _LINE, text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        hidden = bool(self._hidden) or _is_hidden(tag, given)
        said = "" if hidden else given.get({"a": "href", "img": "alt"}.get(tag, ""), "")
        self._keep_statements(self.get_starttag_text() or "", said)
        if hidden:
            if not self._hidden or tag == self._hidden[0]:
                self._hidden += [] if tag in _VOID else [tag]
        elif tag == "br":
            self._parts.append(_BREAK)
        elif tag == "li":
            self._parts.append(f"{_LINE}- ")
        elif tag == "img":
            self._parts.append(said)
        elif tag == "a":
            self._links.append((said, len(self._parts)))
        elif tag in ("td", "th"):
            self._parts.append(" ")
        elif tag in _BLOCKS:
            self._parts.append(_PARAGRAPH if tag in _APART else _LINE)

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
        elif tag == "a" and self._links:
            href, start = self._links.pop()
            words = "".join(self._parts[start:]).strip(f" {_LINE}{_PARAGRAPH}{_BREAK}")
            if href and href != words and not href.startswith("#"):
                self._parts.append(f": {href} " if words else href)
        elif tag in _BLOCKS:
            self._parts.append(_PARAGRAPH if tag in _APART else _LINE)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            self._keep_statements(data)
        else:
            self._parts.append(re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        self._keep_statements(data)

    def _break(self, lines: str) -> None:
        """Begin a new line, or one behind a blank line, unless that is so already."""
        if not self._ends_with(lines):
            self._parts.append("\n" if self._ends_with("\n") else lines)

    def _ends_with(self, lines: str) -> bool:
        return "".join(self._parts[-2:]).endswith(lines)

    def _keep_statements(self, written: str, said: str = "") -> None:
        """All statements in `written`, but for those in `said`, which are put out with it."""
        elsewhere = _STATEMENT.findall(said)
        self._parts += [found for found in _STATEMENT.findall(written) if found not in elsewhere]


def _is_hidden(tag: str, given: dict[str, str]) -> bool:
    style = given.get("style", "").replace(" ", "")
    return tag in _SILENT or given.get("aria-hidden") == "true" or "display:none" in style
