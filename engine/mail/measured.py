"""Links and a pixel that tell of clicks and opening, for people who agreed to be measured; and the link by
which a mail is seen in the browser.

A token is its signature, the key of the mail and the target, in URL-safe Base64: nobody can make one, or lead
one elsewhere, without the key, and it says nothing of the person. It never expires, since a mail does not.
"""

import base64
import binascii
import hmac
import re
from html import escape, unescape

from msgspec import Struct

from consent.contract import Links

LINK, PIXEL, VIEW = "/l/", "/o/", "/v/"
LONGEST_TARGET = 1500
"""Characters; a longer link stays as it is, since some mail programs cut long ones."""

_SIGNATURE, _KEY = 12, 16  # bytes
_TAG = re.compile(r"<(?:a|area|v:roundrect|v:rect)\s", re.IGNORECASE)
_VALUE = re.compile(r"""href\s*=\s*(?:"(https?://[^"<>]+)"|'(https?://[^'<>]+)')""", re.IGNORECASE)
_HREF = ("href", "HREF", "Href")
_ENDS = ("</body>", "</BODY>")
_NO_TARGET = re.compile(r"[\x00-\x20\x7f\\]")
"""Where browsers read a URL otherwise than the specification of URLs does, another host could be meant."""
_OWN_LINK = re.compile(r"https?://[^\s\"'<>/]+/l/([A-Za-z0-9_-]+)")
_OWN_PIXEL = re.compile(r"<img src=\"https?://[^\s\"'<>/]+/o/([A-Za-z0-9_-]+)\.gif\"[^<>]*>")
_SHORT = re.compile(r"[A-Za-z0-9_-]+\Z")


class Marks(Struct, frozen=True):
    """Makes the links of mails, and reads them again. `url` is where people reach the pages, `secret` what
    tokens are signed with."""

    url: str
    secret: bytes

    def html(self, html: str, mail: str, links: Links) -> str:
        """The HTML part of the mail with key `mail`, its links and its pixel leading through here. The links
        that Virta itself gives (to unsubscribe, to the preferences, to the browser) stay as they are."""
        own = tuple(link for link in (getattr(links, name) for name in links.__struct_fields__) if link)
        own += (f"{self.url}{VIEW}",)
        key = bytes.fromhex(mail)
        parts: list[str] = []
        copied = 0
        for found in _web_links(html):
            target = unescape(found[1] or found[2]).strip()
            if target.startswith(own) or len(target) > LONGEST_TARGET or _NO_TARGET.search(target):
                continue
            parts += (html[copied : found.start()], 'href="', escape(self._url(LINK, key, target)), '"')
            copied = found.end()
        marked = "".join((*parts, html[copied:]))
        end = max(marked.rfind(body) for body in _ENDS)
        head, tail = (marked[:end], marked[end:]) if end >= 0 else (marked, "")
        return f"{head}{self._pixel(key)}{tail}"

    def removed(self, html: str) -> str:
        """The HTML of a mail as it was before `html` led it through here: for whoever looks at the mail of
        somebody else, and must not be taken for them."""

        def target(found: re.Match[str]) -> str:
            link = self.link(found[1])
            return escape(link[1]) if link is not None else found[0]

        def nothing(found: re.Match[str]) -> str:
            return "" if self.pixel(found[1]) is not None else found[0]

        return _OWN_PIXEL.sub(nothing, _OWN_LINK.sub(target, html))

    def link(self, token: str) -> tuple[str, str] | None:
        """The key of the mail and the target of a link's token; None: it was not made here."""
        return self._read(LINK, token)

    def pixel(self, token: str) -> str | None:
        """The key of the mail of a pixel's token; None: it was not made here."""
        found = self._read(PIXEL, token)
        return found[0] if found is not None else None

    def view(self, mail: str) -> str:
        """Where the mail with key `mail` is seen in the browser: the same in every attempt."""
        return self._url(VIEW, bytes.fromhex(mail), "")

    def viewed(self, token: str) -> str | None:
        """The key of the mail that a token of `view` shows; None: it was not made here."""
        found = self._read(VIEW, token)
        return found[0] if found is not None else None

    def _pixel(self, key: bytes) -> str:
        url = escape(self._url(PIXEL, key, ""))
        return f'<img src="{url}.gif" width="1" height="1" alt="" style="border:0;width:1px;height:1px">'

    def _url(self, use: str, key: bytes, target: str) -> str:
        said = key + target.encode("utf-8", "replace")
        return f"{self.url}{use}{_token(self._signature(use, said) + said)}"

    def _read(self, use: str, token: str) -> tuple[str, str] | None:
        if not _SHORT.match(token):
            return None
        try:
            whole = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        if _token(whole) != token:  # the last letter may have bits to spare, which nobody signed
            return None
        signature, said = whole[:_SIGNATURE], whole[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._signature(use, said)):
            return None
        return said[:_KEY].hex(), said[_KEY:].decode()

    def _signature(self, use: str, said: bytes) -> bytes:
        """The use is signed too, so that a pixel is no link."""
        return hmac.digest(self.secret, use.encode() + said, "sha256")[:_SIGNATURE]


def _token(whole: bytes) -> str:
    return base64.urlsafe_b64encode(whole).rstrip(b"=").decode()


def _web_links(html: str) -> list[re.Match[str]]:
    """The `href` attributes with a web address of all elements that are followed, in order. Searching for the
    word and looking around it costs a fraction of what one expression for the whole element does."""
    links = []
    for word in _HREF:
        place = html.find(word)
        while place >= 0:
            found, tag = _VALUE.match(html, place), html.rfind("<", 0, place)
            if found and html[place - 1].isspace() and _TAG.match(html, tag) and ">" not in html[tag:place]:
                links.append(found)
            place = html.find(word, place + len(word))
    return sorted(links, key=re.Match.start)
