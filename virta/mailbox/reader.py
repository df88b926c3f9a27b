"""Reading what a mailbox holds, also while the server is writing to it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import BinaryIO

from virta.mailbox.framing import HEAD, MARK, SIGNATURE, SMALLEST, START, TAIL, mail_file

HEAD_BYTES = 8192
"""How much of a record `heads` reads: more than the headers of any mail of ours."""


class NoMailbox(Exception):
    """The file is there, but a mailbox did not write it."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it came. `position` names it, `end` is where to read on; `received_at` is in ms UTC."""

    position: int
    end: int
    received_at: int
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    def parsed(self) -> EmailMessage:
        """The mail in the form of the standard library; slow, so it is done only when asked for."""
        return message_from_bytes(self.content, EmailMessage, policy=SMTPUTF8)

    def header(self, name: str) -> str:
        """The first header of that name, decoded and unfolded; empty if there is none. Spares the body."""
        end = self.content.find(b"\r\n\r\n")
        head = self.content if end < 0 else self.content[: end + 4]
        return str(message_from_bytes(head, EmailMessage, policy=SMTPUTF8).get(name, ""))

    @property
    def message_id(self) -> str:
        return self.header("Message-ID")

    @property
    def subject(self) -> str:
        return self.header("Subject")


def mails(folder: Path, after: int = 0) -> Iterator[Mail]:
    """All whole mails from the position `after` on, oldest first, read one at a time.

    To follow a mailbox, call again with `after` set to the last mail's `end`. An empty or missing mailbox
    gives nothing. Raises `NoMailbox`.
    """
    path = mail_file(folder)
    if not path.exists():
        return
    with path.open("rb") as file:
        for position, size in _records(file, max(after, START)):
            file.seek(position)
            yield _mail(position, size, file.read(size - TAIL.size))


def heads(folder: Path, after: int = 0) -> Iterator[Mail]:
    """The same, with no more of each mail's content than its first `HEAD_BYTES`. Raises `NoMailbox`."""
    path = mail_file(folder)
    if not path.exists():
        return
    with path.open("rb") as file:
        for position, size in _records(file, max(after, START)):
            file.seek(position)
            yield _mail(position, size, file.read(min(size - TAIL.size, HEAD_BYTES)))


def mail_at(folder: Path, position: int) -> Mail | None:
    """The whole mail at a position that another reading gave; None if none begins there."""
    path = mail_file(folder)
    if not path.exists() or not START <= position < path.stat().st_size:
        return None
    with path.open("rb") as file:
        found = next(_records(file, position), None)
        if found is None:
            return None
        file.seek(position)
        return _mail(*found, file.read(found[1] - TAIL.size))


def mails_backwards(folder: Path) -> Iterator[Mail]:
    """All whole mails, newest first. Raises `NoMailbox`."""
    path = mail_file(folder)
    if not path.exists():
        return
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        if not _ends_whole(file, end):
            end = _whole_until(file)
        while end > START:
            file.seek(end - TAIL.size)
            (size,) = TAIL.unpack(file.read(TAIL.size))
            file.seek(end - size)
            yield _mail(end - size, size, file.read(size - TAIL.size))
            end -= size


def newest(folder: Path, address: str) -> Mail | None:
    """The newest mail that was delivered to `address` (case does not matter)."""
    wanted = address.casefold()
    for mail in mails_backwards(folder):
        if any(recipient.casefold() == wanted for recipient in mail.recipients):
            return mail
    return None


def whole_until(path: Path) -> int:
    """Where the last whole record of the file ends. Raises `NoMailbox`."""
    with path.open("rb") as file:
        return _whole_until(file)


def _whole_until(file: BinaryIO) -> int:
    end = START
    for position, size in _records(file, START):
        end = position + size
    return end


def _records(file: BinaryIO, position: int) -> Iterator[tuple[int, int]]:
    """Position and size of every whole record. The file may grow meanwhile."""
    file.seek(0)
    signature = file.read(START)
    if signature != SIGNATURE[: len(signature)]:
        raise NoMailbox(f"{file.name} was not written by a mailbox.")
    while True:
        file.seek(position)
        head = file.read(HEAD.size)
        if len(head) < HEAD.size:
            return
        mark, size, _, envelope = HEAD.unpack(head)
        if mark != MARK or size < SMALLEST + envelope:
            return
        file.seek(position + size - TAIL.size)
        if file.read(TAIL.size) != TAIL.pack(size):
            return
        yield position, size
        position += size


def _ends_whole(file: BinaryIO, end: int) -> bool:
    """Whether a record ends at `end`, judged from its end; if not, the file must be walked from its start."""
    if end < START + SMALLEST:
        return False
    file.seek(end - TAIL.size)
    (size,) = TAIL.unpack(file.read(TAIL.size))
    if not SMALLEST <= size <= end - START:
        return False
    file.seek(end - size)
    mark, announced, _, envelope = HEAD.unpack(file.read(HEAD.size))
    return bool(mark == MARK and announced == size and size >= SMALLEST + envelope)


def _mail(position: int, size: int, record: bytes) -> Mail:
    """The mail in a record, whose last bytes need not be there."""
    _, _, received_at, envelope = HEAD.unpack_from(record)
    begin = HEAD.size + envelope
    sender, *recipients = record[HEAD.size : begin].decode().split("\n")
    return Mail(
        position=position,
        end=position + size,
        received_at=received_at,
        sender=sender,
        recipients=tuple(recipients),
        content=record[begin:],
    )
