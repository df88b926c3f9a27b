"""What each person got, read from a mailbox as it grows: the heads of all mails, the bodies of few."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from consent.address import read_address
from consent.contract import InvalidAddress
from engine.store.handed import Handed
from virta.mailbox.reader import heads, mail_at

_KEY = re.compile(rb"^Message-ID: <([0-9a-f]{32})@", re.MULTILINE)
_UNSUBSCRIBE = re.compile(rb"^List-Unsubscribe: <https?://[^/>]+(/[^>]*)>\r$", re.MULTILINE)
_PROOF = b"\r\nAuto-Submitted: auto-generated\r\n"
_ENCODED = b"\r\nContent-Transfer-Encoding: base64\r\n"

Whose: TypeAlias = Callable[[Sequence[str]], Awaitable[list[Handed | None]]]
"""Which step sent the mails with these keys."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `unsubscribe` is the path in its `List-Unsubscribe` header, empty where it has none."""

    position: int
    key: str
    unsubscribe: str
    proof: bool


class Postbox:
    """The mails in `mailbox` by the address that they went to."""

    def __init__(self, mailbox: Path, whose: Whose) -> None:
        self._mailbox = mailbox
        self._whose = whose
        self._read = 0
        self._letters: dict[str, list[Letter]] = {}
        self._steps: dict[str, tuple[str, str]] = {}  # flow and step by key

    def newest_first(self, address: str) -> Iterator[Letter]:
        """All mails to this address, however it is spelled."""
        for mail in heads(self._mailbox, self._read):
            self._read = mail.end
            (recipient,) = mail.recipients
            letter = _letter(mail.position, mail.content)
            self._letters.setdefault(_folded(recipient), []).append(letter)
        return reversed(self._letters.get(_folded(address), ()))

    async def newest(self, address: str, flow: str, step: str) -> Letter | None:
        """The newest mail of a flow to this address, of that step if one is named."""
        letters = [letter for letter in self.newest_first(address) if not letter.proof]
        if not flow and not step:
            return letters[0] if letters else None
        new = [letter.key for letter in letters if letter.key not in self._steps]
        for mail in await self._whose(new) if new else ():
            if mail is not None:
                self._steps[mail.key] = (mail.flow, mail.step)
        for letter in letters:
            known = self._steps.get(letter.key)
            if known is not None and flow in ("", known[0]) and step in ("", known[1]):
                return letter
        return None

    def content(self, letter: Letter) -> bytes:
        """Its head and its body, decoded: what a mail program can find links in."""
        mail = mail_at(self._mailbox, letter.position)
        if mail is None:
            return b""
        if _ENCODED not in mail.content:
            return mail.content
        parts = (part.get_payload(decode=True) for part in mail.parsed().walk())
        return b"\n".join(part for part in parts if isinstance(part, bytes))


def _folded(address: str) -> str:
    """The same for every spelling of one mailbox."""
    try:
        return read_address(address).folded
    except InvalidAddress:
        return address


def _letter(position: int, content: bytes) -> Letter:
    head = content[: content.find(b"\r\n\r\n") + 2]
    key, unsubscribe = _KEY.search(head), _UNSUBSCRIBE.search(head)
    return Letter(
        position,
        key[1].decode() if key is not None else "",
        unsubscribe[1].decode() if unsubscribe is not None else "",
        _PROOF in head,
    )
