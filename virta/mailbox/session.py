"""One SMTP conversation as a function of the bytes that arrive: RFC 5321, with pipelining (RFC 2920), SIZE
(RFC 1870), 8BITMIME (RFC 6152) and SMTPUTF8 (RFC 6531). No sockets here.
"""

import re
from collections.abc import Callable

from virta.mailbox.faults import AtDot, Faults
from virta.mailbox.store import StorageFull

LONGEST_LINE = 2_048
MOST_RECIPIENTS = 1_000
MOST_MISTAKES = 20
LARGEST_MAIL = 26_214_400

_END = b"\r\n.\r\n"
_DOT = b"\r\n."
_PATH = rb'<((?:"(?:[^"\\\r\n]|\\.)*"|[^\s"<>])*)>(?: (.*))?'
_MAIL = re.compile(rb"MAIL FROM: ?" + _PATH, re.IGNORECASE)
_RCPT = re.compile(rb"RCPT TO: ?" + _PATH, re.IGNORECASE)

_OK = b"250 2.0.0 OK\r\n"
_SENDER_OK = b"250 2.1.0 Sender OK\r\n"
_RECIPIENT_OK = b"250 2.1.5 Recipient OK\r\n"
_GO_AHEAD = b"354 End with a dot on a line of its own\r\n"
_TOO_LARGE = b"552 5.3.4 The mail is larger than %d bytes\r\n" % LARGEST_MAIL
_EHLO = (
    b"250-virta.mailbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250 SIZE %d\r\n" % LARGEST_MAIL
)

Keep = Callable[[str, list[str], bytes], int]


class Session:
    """Feed it what arrives and send what it returns.

    `keep(sender, recipients, content)` must have stored the mail when it returns; it gives the mail's
    position or raises `StorageFull`. `over`: send the rest, then close. `silent`: a fault was asked for, and
    nothing more will ever be said.
    """

    greeting = b"220 virta.mailbox ESMTP, keeps everything\r\n"

    __slots__ = (
        "_content",
        "_faults",
        "_greeted",
        "_keep",
        "_mistakes",
        "_oversize",
        "_recipients",
        "_rest",
        "_sender",
        "_skipping",
        "_utf8",
        "over",
        "silent",
    )

    def __init__(self, keep: Keep, faults: Faults) -> None:
        self.over = False
        self.silent = False
        self._keep = keep
        self._faults = faults
        self._greeted = False
        self._mistakes = 0
        self._rest = b""  # a command whose line end has not come yet
        self._skipping = False  # within a line that was too long
        self._content: bytearray | None = None  # the mail that is coming in, after a leading CRLF
        self._oversize = False
        self._sender: str | None = None
        self._recipients: list[str] = []
        self._utf8 = False

    def feed(self, chunk: bytes) -> bytes:
        """The replies to what has now arrived completely; cut the stream where you like."""
        if self._rest:
            chunk = self._rest + chunk
            self._rest = b""
        replies: list[bytes] = []
        position = 0
        while position < len(chunk) and not self.over and not self.silent:
            if self._content is not None:
                position = self._read_content(self._content, chunk, position, replies)
            else:
                position = self._read_line(chunk, position, replies)
        return b"".join(replies)

    # ------------------------------------------------------------ lines

    def _read_line(self, chunk: bytes, position: int, replies: list[bytes]) -> int:
        end = chunk.find(b"\n", position) + 1
        if not end:
            if len(chunk) - position > LONGEST_LINE:
                self._skipping = True
            else:
                self._rest = chunk[position:]
            return len(chunk)
        if self._skipping or end - position > LONGEST_LINE:
            self._skipping = False
            replies.append(self._mistake(b"500 5.5.2 The line is too long\r\n"))
        elif chunk[end - 2 : end] != b"\r\n" or end - position < 2:
            replies.append(self._mistake(b"500 5.5.2 A line must end with CR LF\r\n"))
        else:
            replies.append(self._command(chunk[position : end - 2]))
        return end

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"RCPT":
            return self._rcpt(line)
        if verb == b"MAIL":
            return self._mail(line)
        word, _, argument = line.partition(b" ")
        match word.upper():
            case b"DATA":
                return self._data(argument)
            case b"EHLO" | b"HELO" as hello:
                if not argument.strip():
                    return self._mistake(b"501 5.5.4 Say who you are\r\n")
                self._greeted = True
                self._forget()
                return _EHLO if hello == b"EHLO" else b"250 virta.mailbox\r\n"
            case b"RSET":
                self._forget()
                return _OK
            case b"NOOP":
                return _OK
            case b"VRFY":
                return b"252 2.5.0 Send to it and see\r\n"
            case b"QUIT":
                self.over = True
                return b"221 2.0.0 Bye\r\n"
            case b"EXPN" | b"HELP" | b"AUTH" | b"STARTTLS" | b"BDAT" | b"ETRN":
                return self._mistake(b"502 5.5.1 Not offered here\r\n")
        return self._mistake(b"500 5.5.2 Not understood\r\n")

    def _mail(self, line: bytes) -> bytes:
        if not self._greeted:
            return self._mistake(b"503 5.5.1 EHLO comes first\r\n")
        if self._sender is not None:
            return self._mistake(b"503 5.5.1 One mail at a time\r\n")
        found = _MAIL.fullmatch(line)
        if found is None:
            return self._mistake(b"501 5.5.4 Write MAIL FROM:<address>\r\n")
        path, parameters = found.groups()
        utf8 = False
        for parameter in (parameters or b"").upper().split():
            if parameter == b"SMTPUTF8":
                utf8 = True
            elif parameter.startswith(b"SIZE="):
                if not parameter[5:].isdigit():
                    return self._mistake(b"501 5.5.4 SIZE is a number\r\n")
                if int(parameter[5:]) > LARGEST_MAIL:
                    return _TOO_LARGE
            elif parameter not in (b"BODY=8BITMIME", b"BODY=7BIT"):
                return self._mistake(b"555 5.5.4 That parameter is not known here\r\n")
        self._utf8 = utf8
        sender = self._address(path)
        if isinstance(sender, bytes):
            return sender
        self._sender = sender
        return _SENDER_OK

    def _rcpt(self, line: bytes) -> bytes:
        if self._sender is None:
            return self._mistake(b"503 5.5.1 MAIL comes first\r\n")
        found = _RCPT.fullmatch(line)
        if found is None or not found[1]:
            return self._mistake(b"501 5.5.4 Write RCPT TO:<address>\r\n")
        if found[2]:
            return self._mistake(b"555 5.5.4 That parameter is not known here\r\n")
        if len(self._recipients) >= MOST_RECIPIENTS:
            return b"452 4.5.3 Too many recipients\r\n"
        recipient = self._address(found[1])
        if isinstance(recipient, bytes):
            return recipient
        refusal = self._faults.recipient(recipient)
        if refusal is not None:
            return refusal
        self._recipients.append(recipient)
        return _RECIPIENT_OK

    def _address(self, path: bytes) -> str | bytes:
        """The address, or the reply that refuses it."""
        if path.isascii():
            return path.decode("ascii")
        if not self._utf8:
            return b"553 5.6.7 Such an address needs SMTPUTF8\r\n"
        try:
            return path.decode()
        except UnicodeDecodeError:
            return self._mistake(b"501 5.5.4 The address is not UTF-8\r\n")

    def _data(self, argument: bytes) -> bytes:
        if argument:
            return self._mistake(b"501 5.5.4 DATA takes no argument\r\n")
        if self._sender is None:
            return self._mistake(b"503 5.5.1 MAIL comes first\r\n")
        if not self._recipients:
            return b"554 5.5.1 No valid recipients\r\n"
        self._content = bytearray()
        return _GO_AHEAD

    def _mistake(self, reply: bytes) -> bytes:
        self._mistakes += 1
        if self._mistakes < MOST_MISTAKES:
            return reply
        self.over = True
        return reply + b"421 4.7.0 Too many mistakes\r\n"

    # ------------------------------------------------------------ content

    def _read_content(self, content: bytearray, chunk: bytes, position: int, replies: list[bytes]) -> int:
        """Take what belongs to the mail and return where the next command begins."""
        if not content:
            # The usual case, a whole mail in which no line begins with a dot, is looked through only once.
            dot = chunk.find(_DOT, position)
            if dot >= 0 and chunk.startswith(_END, dot) and not chunk.startswith(b".", position):
                replies.append(self._finish(chunk[position : dot + 2]))
                return dot + 5
            content += b"\r\n"
        known = len(content)
        content += memoryview(chunk)[position:]
        end = content.find(_END, max(0, known - 4))
        if end >= 0:
            replies.append(self._finish(bytes(content[: end + 2].replace(_DOT, b"\r\n")[2:])))
            return position + end + 5 - known
        if len(content) > LARGEST_MAIL + 7:
            self._oversize = True
            del content[:-4]
        return len(chunk)

    def _finish(self, content: bytes) -> bytes:
        reply = self._accept(content)
        self._content = None
        self._forget()
        return reply

    def _accept(self, content: bytes) -> bytes:
        if self._oversize or len(content) > LARGEST_MAIL:
            return _TOO_LARGE
        if not self._faults.stores(self._recipients):
            self.over = True
            return b""
        assert self._sender is not None
        try:
            position = self._keep(self._sender, self._recipients, content)
        except StorageFull:
            return b"452 4.3.1 No room left\r\n"
        match self._faults.at_dot(self._recipients):
            case AtDot.HANG:
                self.silent = True
                return b""
            case AtDot.DROP:
                self.over = True
                return b""
        return b"250 2.0.0 Kept at %d\r\n" % position

    def _forget(self) -> None:
        self._sender = None
        self._recipients = []
        self._utf8 = False
        self._oversize = False
