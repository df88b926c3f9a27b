"""Greeting, encryption and login: a connection opens, or a plain sentence says why not."""

import asyncio
import base64
import datetime
import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from office import Consent, Office, item
from servers import Act, Script, Server

from consent.contract import Outcome, Permit
from engine.delivery.job import Job
from engine.delivery.login import Login, ServerFault
from engine.delivery.smtp import Connection

pytestmark = pytest.mark.anyio
Opener = Callable[..., Office]
ALL = ("PIPELINING", "8BITMIME", "STARTTLS", "AUTH PLAIN")


class Nobody:
    """An account without mails, for connections that are only opened."""

    def next_job(self, eight_bit: bool) -> Job | None:
        return None

    def may_begin(self, permit: Permit) -> bool:
        return False

    def begins(self, permit: Permit) -> None:
        raise AssertionError("there was no mail")

    def ended(self, permit: Permit, outcome: Outcome, code: int, text: str) -> None:
        raise AssertionError("there was no mail")

    def lost(self, connection: Connection, why: str) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server with that certificate uses."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def fault(login: Login) -> str:
    """Why it cannot be opened."""
    with pytest.raises(ServerFault) as found:
        await Connection(login, Nobody()).open()
    return str(found.value)


CASES: list[tuple[str, Script, dict[str, object], str]] = [
    (
        "421 in place of a greeting",
        {"connect": b"421 too busy\r\n"},
        {},
        "refused the greeting: 421 too busy",
    ),
    ("554 in place of a greeting", {"connect": b"554-go\r\n554 away\r\n"}, {}, "the greeting: 554 go away"),
    ("garbage for a greeting", {"connect": b"HTTP/1.1 400 Bad Request\r\n"}, {}, "a reply that is none"),
    ("hanging up at once", {"connect": Act.CLOSE}, {}, "hung up: the server closed the connection."),
    ("no greeting", {"connect": Act.HANG}, {"timeout": 0.05}, "does not answer."),
    ("two greetings", {"connect": b"220 a\r\n220 b\r\n"}, {}, "hung up: the server said, unasked: 220 b."),
    ("EHLO refused", {"EHLO": b"502 what\r\n"}, {}, "refused the EHLO: 502 what"),
    ("hanging up at EHLO", {"EHLO": Act.CLOSE}, {}, "hung up"),
    ("silence at EHLO", {"EHLO": Act.HANG}, {"timeout": 0.05}, "does not answer."),
    (
        "a wrong password",
        {"AUTH": b"535 no\r\n"},
        {"user": "a", "password": "b"},
        "refused the login: 535 no",
    ),
    ("hanging up at login", {"AUTH": Act.CLOSE}, {"user": "a", "password": "b"}, "hung up"),
    ("no encryption", {"STARTTLS": b"454 no\r\n"}, {"tls": "starttls"}, "encryption (STARTTLS): 454 no"),
    ("hanging up at STARTTLS", {"STARTTLS": Act.CLOSE}, {"tls": "starttls"}, "hung up"),
    ("no TLS behind STARTTLS", {}, {"tls": "starttls", "timeout": 0.1}, "does not answer."),
    ("no TLS at all", {}, {"tls": "implicit"}, "cannot be reached"),
]


@pytest.mark.parametrize(
    ("script", "changes", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
async def test_fault_in_opening_is_said_in_plain_words(
    script: Script, changes: dict[str, object], words: str
) -> None:
    """Whatever goes wrong, the message names the server and what it said."""
    async with Server(script, words=ALL) as server:
        said = await fault(server.login(**changes))
        assert said.startswith(f"The mail server at 127.0.0.1:{server.port} ")
        assert words in said
        await server.left()  # the connection was given up, not forgotten


async def test_nobody_listening_is_said_in_plain_words() -> None:
    """A port at which nobody listens."""
    async with Server() as server:
        login = server.login()
    assert "cannot be reached" in await fault(login)


async def test_login_is_by_plain(open_office: Opener, consent: Consent) -> None:
    """User and password go as RFC 4616 says."""
    [anna] = await consent.join()
    async with Server(words=ALL) as server:
        office = open_office(server.login(user="kafija", password="pärole"))
        office.put(item(anna))
        await office.drain()
        word, kind, secret = next(one for one in server.commands if one.startswith("AUTH")).split(" ")
        assert (word, kind) == ("AUTH", "PLAIN")
        assert base64.b64decode(secret) == "\0kafija\0pärole".encode()
        assert len(server.mails) == 1


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])
async def test_mails_go_over_tls_when_the_certificate_is_trusted(
    open_office: Opener,
    consent: Consent,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    implicit: bool,
) -> None:
    """Encrypted from the first byte or after STARTTLS; what the server offers is asked for once more."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    people = await consent.join(10)
    async with Server(words=ALL, tls=tls, implicit=implicit) as server:
        office = open_office(
            server.login(tls="implicit" if implicit else "starttls", user="u", password="p"), connections=2
        )
        keys = office.put(*map(item, people))
        await office.drain()
        assert consent.outcomes() == {key: ["accepted"] for key in keys}
        assert len(server.mails) == 10
        hello = [line for line in server.commands if line.startswith(("EHLO", "STARTTLS", "AUTH"))]
        assert len(hello) == server.connections * (2 if implicit else 4)


async def test_server_that_does_not_let_go_is_left(
    open_office: Opener,
    consent: Consent,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing in good order needs the server, which has stopped to listen; Virta stops all the same."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    [anna] = await consent.join()
    async with Server({"QUIT": Act.CHOKE}, words=ALL, tls=tls) as server:
        office = open_office(server.login(tls="starttls"))
        office.put(item(anna))
        await office.drain()
        await office.mailer.close()
        assert not office.mailer.free
        assert "QUIT" in server.commands
        server.say()


async def test_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext) -> None:
    """A self-made certificate is not trusted unless the machine trusts it, and no mail is offered."""
    async with Server(words=ALL, tls=tls) as server:
        assert "certificate" in await fault(server.login(tls="starttls"))
        assert not server.mails
        assert "AUTH" not in server.seen


async def test_words_before_encryption_are_not_believed(
    open_office: Opener, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What someone on the wire puts behind the STARTTLS answer ends the connection (CVE-2011-0411)."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    injected = b"220 begin\r\n250-mail.example\r\n250 AUTH PLAIN\r\n"
    async with Server({"STARTTLS": injected}, words=ALL, tls=tls) as server:
        said = await fault(server.login(tls="starttls", user="u", password="p"))
        assert "unasked" in said
        assert "AUTH" not in server.seen


async def test_giving_up_while_connecting_leaves_nothing_open() -> None:
    """A connection that is cancelled while it is being opened is closed."""
    async with Server({"EHLO": Act.HANG}) as server:
        opening = asyncio.get_running_loop().create_task(Connection(server.login(), Nobody()).open())
        await server.heard("EHLO")
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await server.left()
