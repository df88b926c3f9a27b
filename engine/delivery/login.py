"""How a mail server is reached, and why it is not, in words."""

import os
import ssl

from msgspec import Struct

from engine.delivery.replies import Reply


class ServerFault(Exception):
    """The mail server cannot be used now; the message says why in plain words."""


class Login(Struct, frozen=True):
    """How to reach the server. `tls` is `none`, `starttls` or `implicit`; times are seconds. `name` and
    `bounce_to` are ASCII. `notices`: ask a server that offers it (DSN) to tell which mails were delivered."""

    host: str
    port: int
    tls: str = "none"
    user: str = ""
    password: str = ""
    timeout: float = 30
    final_timeout: float = 600
    name: str = "localhost"  # what we call ourselves in EHLO
    bounce_to: str = ""  # the envelope sender
    notices: bool = False


class Refused(Exception):
    """Why a connection cannot be opened: the end of a sentence that begins with the server's name."""


def expect(reply: Reply, code: int, what: str) -> None:
    """Raises `Refused` unless the server answered `what` by that code."""
    if reply.code != code:
        raise Refused(f"refused the {what}: {reply.text}")


def why_of(fault: OSError) -> str:
    """The reason in the system's own words, without the program's."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({fault.verify_message})"
    if isinstance(fault, ssl.SSLError):
        return f"TLS failed ({fault.reason})"
    if fault.errno is not None and fault.errno > 0:
        return os.strerror(fault.errno)
    return fault.strerror or str(fault)
