"""Whether the mail server answers: a connection, a greeting, and how long its certificate holds. No mail is
handed to it, and nobody logs in."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing

from engine.delivery.login import Login
from virta.operating.complaint import Complaint

_PATIENCE = 5.0
_DAYS = 14
_DAY = 86_400


def mail_server(login: Login) -> Iterator[Complaint]:
    """What is wrong with the way to the mail server."""
    place = f"{login.host}:{login.port}"
    try:
        ends = _greeted(login)
    except ssl.SSLCertVerificationError as fault:
        yield Complaint(
            "mail-server",
            f"The certificate of the mail server at {place} is not good: {fault.verify_message}.",
            "Renew it there, or name the server in `smtp.url` as its certificate does.",
        )
        return
    except (OSError, ValueError) as fault:
        yield Complaint(
            "mail-server",
            f"The mail server at {place} does not answer as one: {fault}.",
            "Start it, or mend `smtp.url` in virta.toml. Mails wait meanwhile.",
        )
        return
    left = None if ends is None else (ends - time.time()) / _DAY
    if left is not None and left < _DAYS:
        yield Complaint(
            "mail-server",
            f"The certificate of the mail server at {place} ends in {left:.0f} days.",
            "Renew it there: from then on no mail is handed over.",
        )


def _greeted(login: Login) -> float | None:
    """When the certificate ends (seconds UTC); None without TLS. Raises `OSError`, or `ValueError` for words
    that no mail server says."""
    with closing(socket.create_connection((login.host, login.port), _PATIENCE)) as plain:
        if login.tls == "implicit":
            return _spoken(ssl.create_default_context().wrap_socket(plain, server_hostname=login.host), login)
        if login.tls == "none":
            return _spoken(plain, login)
        _expect(plain, b"220")
        plain.sendall(b"EHLO " + login.name.encode() + b"\r\n")
        _expect(plain, b"250")
        plain.sendall(b"STARTTLS\r\n")
        _expect(plain, b"220")
        with ssl.create_default_context().wrap_socket(plain, server_hostname=login.host) as secured:
            return _end_of(secured)


def _spoken(connection: socket.socket, login: Login) -> float | None:
    _expect(connection, b"220")
    connection.sendall(b"EHLO " + login.name.encode() + b"\r\n")
    _expect(connection, b"250")
    connection.sendall(b"QUIT\r\n")
    return _end_of(connection) if isinstance(connection, ssl.SSLSocket) else None


def _expect(connection: socket.socket, code: bytes) -> None:
    """A whole reply of that code (RFC 5321, 4.2.1)."""
    said = b""
    while not said.endswith(b"\r\n") or said.splitlines()[-1][3:4] == b"-":
        part = connection.recv(4096)
        if not part or len(said) > 65_536:
            raise ValueError("it hung up")
        said += part
    if not said.startswith(code):
        raise ValueError(f"it said {said[:80].decode('latin-1').strip()!r}")


def _end_of(connection: ssl.SSLSocket) -> float | None:
    certificate = connection.getpeercert() or {}
    ends = certificate.get("notAfter")
    return ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else None
