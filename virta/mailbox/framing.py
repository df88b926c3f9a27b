"""How mails stand in the file `mails.bin`.

The file begins with the 16 bytes `virta mailbox 1\\n`. Records follow, without gaps, each:

    4 bytes   the letters `mail`
    4 bytes   S, the size of the whole record
    8 bytes   when the mail was received, in milliseconds since 1970 UTC
    4 bytes   E, the size of the envelope
    E bytes   the envelope in UTF-8: sender (empty for bounces), then the recipients, separated by line feeds
    …         the mail as the client meant it: CRLF line ends, doubled dots undone
    4 bytes   S again, so that the file can be read from its end

Numbers are unsigned and big-endian. A record is only ever appended; its position in the file names it. A last
record that is cut short was never answered with 250, and is no mail.
"""

from pathlib import Path
from struct import Struct

SIGNATURE = b"virta mailbox 1\n"
MARK = b"mail"
HEAD = Struct(">4sIQI")
TAIL = Struct(">I")
SMALLEST = HEAD.size + TAIL.size
START = len(SIGNATURE)


def mail_file(folder: Path) -> Path:
    """The file that holds the mails of the mailbox in `folder`."""
    return folder / "mails.bin"


def head_and_tail(received_at: int, envelope: bytes, content_size: int) -> tuple[bytes, bytes]:
    """What stands before and after the content of a record; `received_at` in ms UTC."""
    size = SMALLEST + len(envelope) + content_size
    return HEAD.pack(MARK, size, received_at, len(envelope)) + envelope, TAIL.pack(size)
