"""The file that the server appends to."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from virta.mailbox.framing import SIGNATURE, head_and_tail, mail_file
from virta.mailbox.reader import whole_until


class MailboxInUse(Exception):
    """Another process writes to this folder."""


class StorageFull(Exception):
    """The mail could not be stored; nothing of it stays in the file."""


class Store:
    """The open file of one mailbox. One process at a time may hold it.

    A mail that `append` has returned from outlives the process, however it ends (not a loss of power).
    `clock` gives milliseconds since 1970 UTC.
    """

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = mail_file(folder)
        self._clock = clock
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise MailboxInUse(f"{path} is being written by another mailbox.") from None
        if os.fstat(self._file).st_size < len(SIGNATURE):
            os.ftruncate(self._file, 0)
            os.write(self._file, SIGNATURE)
        self._end = whole_until(path)
        # What an earlier process left half written would hide every mail that came after it.
        os.ftruncate(self._file, self._end)

    def append(self, sender: str, recipients: list[str], content: bytes) -> int:
        """Store one mail and return its position. Raises `StorageFull`."""
        envelope = "\n".join((sender, *recipients)).encode()
        head, tail = head_and_tail(self._clock(), envelope, len(content))
        position = self._end
        size = len(head) + len(content) + len(tail)
        try:
            written = os.writev(self._file, (head, content, tail))
        except OSError as fault:
            os.ftruncate(self._file, position)
            raise StorageFull(str(fault)) from None
        if written != size:
            os.ftruncate(self._file, position)
            raise StorageFull("no space left")
        self._end = position + size
        return position

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
