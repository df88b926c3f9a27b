"""What the studio shows of a mail's HTML beside the mail itself: the line below its subject, its links."""

import re
from html import unescape
from html.parser import HTMLParser

from engine.mail.foreign import Foreign

_LINK = re.compile(r"https?://\S+")
_BODY = re.compile(r"<body[^>]*>\s*", re.IGNORECASE)
_HIDDEN = re.compile(r"<(div|span|p)\b[^>]*display:\s*none[^>]*>([^<]*)</\1>", re.IGNORECASE)
_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SHAPELESS = dict.fromkeys(map(ord, "\u034f\u00ad\u200b\u200c\u200d\u2007\ufeff"))
"""Signs that keep the text behind a hidden line out of a list of mails."""
_PREVIEW = 140


def preview(mail: Foreign) -> str:
    """What a mail program shows beside the subject: the hidden line at the top, else how the text begins."""
    html = mail.html or ""
    body = _BODY.search(html)
    hidden = _HIDDEN.match(html, body.end()) if body else None
    words = unescape(hidden[2]).translate(_SHAPELESS).strip() if hidden else ""
    return " ".join((words or _LINK.sub("", mail.plain or "")).split())[:_PREVIEW]


def in_scheme(html: str, scheme: str) -> str:
    """The HTML with its rules for `dark` and `light` settled: a preview is the same in every browser."""

    def settled(found: re.Match[str]) -> str:
        return "(min-width: 0)" if found[1].lower() == scheme else "(max-width: 0)"

    return _SCHEME.sub(settled, html)


def links_in(html: str) -> list[tuple[str, str]]:
    """Words and target of each link to a web page, in order, each target once, without that of a logo to the
    front page. In a preview that can do nothing they cannot be followed, so they are listed beside it."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    found = reader.found
    if found and found[0][1].count("/") <= 3 and found[0][1].endswith("/"):
        found = found[1:]
    return list({target: (words, target) for words, target in reversed(found)}.values())[::-1]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._target = ""
        self._words: list[str] = []

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![…]>`, in which the library's own reading raises for words that it does not know."""
        return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._target, self._words = given.get("href") or "", []
        elif tag == "img" and self._target:
            self._words.append(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target.startswith(("http://", "https://")):
            self.found.append((" ".join(" ".join(self._words).split()) or self._target, self._target))
        if tag == "a":
            self._target = ""

    def handle_data(self, data: str) -> None:
        if self._target:
            self._words.append(data)
