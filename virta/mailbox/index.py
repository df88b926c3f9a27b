"""What a mailbox holds, by person and Message-ID, kept up to date without reading the mails themselves."""

import re
import threading
from dataclasses import dataclass
from pathlib import Path

from virta.mailbox.reader import heads, mail_at

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^@>\s]+)@", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Posted:
    """One mail: where it stands in the file, when it came (ms UTC), to whom, and the key that its Message-ID
    holds."""

    position: int
    received_at: int
    recipient: str
    key: str


class Index:
    """The mails of the mailbox in `folder`, oldest first. It may be asked from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read = 0
        self._posted: list[Posted] = []
        self._by_key: dict[str, int] = {}

    def posted(self) -> list[Posted]:
        """All mails that are there now. Raises `NoMailbox`."""
        with self._lock:
            for head in heads(self._folder, self._read):
                self._read = head.end
                found = _MESSAGE_ID.search(head.content)
                key = found[1].decode("ascii", "replace") if found else ""
                self._by_key[key] = head.position
                self._posted += (
                    Posted(head.position, head.received_at, recipient, key) for recipient in head.recipients
                )
            return list(self._posted)

    def position(self, key: str) -> int | None:
        """Where the newest mail with this key stands; None: it is not here. Raises `NoMailbox`."""
        self.posted()
        return self._by_key.get(key) if key else None

    def content(self, position: int) -> bytes | None:
        """A whole mail; None if there is none at that position."""
        mail = mail_at(self._folder, position)
        return mail.content if mail else None
