"""The text part of a mail, derived once from its HTML template.

The HTML is read tag by tag in the order in which it stands, so that Jinja's own tags, which stand anywhere,
keep their place; they pass through untouched.
"""

import re
from html.parser import HTMLParser

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MARK = re.compile("\ue000(\\d+)\ue001")
_BLOCKS = frozenset(
    "address article aside blockquote body dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr "
    "html li main nav ol p pre section table tbody tfoot thead tr ul".split()
)
_SILENT = frozenset({"head", "style", "script", "title", "template"})


def text_template(html: str) -> str:
    """A Jinja template for plain text that says what the HTML one says. Links stand behind their words."""
    tags: list[str] = []

    def hide(found: re.Match[str]) -> str:
        tags.append(found.group())
        return f"\ue000{len(tags) - 1}\ue001"

    reader = _Reader()
    reader.feed(_JINJA.sub(hide, html))
    reader.close()
    return _MARK.sub(lambda found: tags[int(found.group(1))], _tidy(reader.text()))


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._hidden: list[str] = []  # open elements that are not shown, outermost first
        self._links: list[tuple[str, int]] = []

    def text(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._hidden:
            if tag == self._hidden[0]:
                self._hidden.append(tag)
            return
        if tag in _SILENT or given.get("aria-hidden") == "true" or "display:none" in _bare(given):
            if tag not in ("meta", "link", "img", "br", "hr", "input"):
                self._hidden.append(tag)
            return
        if tag == "br":
            self._parts.append("\n")
        elif tag == "li":
            self._parts.append("\n- ")
        elif tag == "img":
            self._parts.append(given.get("alt", ""))
        elif tag == "a":
            self._links.append((given.get("href", ""), len(self._parts)))
        elif tag in ("td", "th"):
            self._parts.append(" ")
        elif tag in _BLOCKS:
            self._parts.append("\n\n" if tag in ("p", "h1", "h2", "h3", "ul", "ol", "table") else "\n")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            if tag == self._hidden[-1]:
                self._hidden.pop()
            return
        if tag == "a" and self._links:
            href, start = self._links.pop()
            words = "".join(self._parts[start:]).strip()
            if href and href != words and not href.startswith("#"):
                self._parts.append(f": {href} " if words else href)
        elif tag in _BLOCKS:
            self._parts.append("\n\n" if tag in ("p", "h1", "h2", "h3", "ul", "ol", "table") else "\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._parts.append(re.sub(r"\s+", " ", data))
        else:
            # what is hidden says nothing, but Jinja's statements (blocks, conditions) must stay whole
            self._parts.extend(found.group() for found in _MARK.finditer(data))


def _bare(given: dict[str, str]) -> str:
    return given.get("style", "").replace(" ", "")
