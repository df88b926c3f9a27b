"""One way leads to the mail server, and it asks for a permit."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from consent.contract import Permit
from engine.delivery.mailer import Mailer
from tests.house.test_layers import ROOT, imported, sources

OPENERS = {
    "create_connection",
    "create_unix_connection",
    "open_connection",
    "open_unix_connection",
    "start_tls",
    "sock_connect",
    "connect_ex",
    "create_datagram_endpoint",
}
"""Functions that open a connection to somewhere."""

CLIENTS = {"smtplib", "aiosmtplib", "telnetlib", "ftplib", "imaplib", "poplib", "http.client", "requests"}
"""Libraries that bring a way of their own."""

DOOR = "engine/delivery/smtp.py"
SIGNER = "consent/ledger/remote_signer.py"
"""Asks whoever signs the log, by a socket of this machine that has a path and no address."""

OPERATORS = "virta/operators_door.py"
"""Listens for commands, and asks for them, by a socket of this machine that has a path and no address."""

LOOKS = "virta/operating/mail_server.py"
"""Greets the mail server for the doctor, and says neither whom a mail is for nor what it says."""

BENCH = "virta/bench/"
WIRE = BENCH + "wire.py"
"""Reaches what `virta bench` has started itself, on this machine; nothing that serves knows that room."""


def where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, by the last part of what is called."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):
                yield called.attr, node
            elif isinstance(called, ast.Name):
                yield called.id, node


def users(name: str) -> set[str]:
    """The files that call `name`, whatever it hangs on."""
    return {where(path) for path in sources() for called, _ in calls(path) if called == name}


def test_one_file_opens_connections() -> None:
    """All code is walked: nothing else connects, and no library that could is imported. What is given a
    socket that stands already (`sock=`), which an editor's connection was accepted on, opens none; the
    doctor's look sends no mail."""
    opening = {
        where(path)
        for path in sources()
        for called, node in calls(path)
        if called in OPENERS and not any(each.arg == "sock" for each in node.keywords)
    }
    assert opening == {DOOR, LOOKS, WIRE}
    said = (ROOT / LOOKS).read_text("utf-8").upper()
    assert not [word for word in ("MAIL FROM", "RCPT", "DATA") if f'"{word}' in said or f'B"{word}' in said]
    for path in sources():
        assert not imported(path) & CLIENTS, where(path)


def test_the_bench_reaches_this_machine_only_and_nothing_that_serves_knows_it() -> None:
    """Its one connection goes to 127.0.0.1, whatever it is given; only its own command calls it."""
    ((_, opened),) = [(name, node) for name, node in calls(ROOT / WIRE) if name in OPENERS]
    assert ast.unparse(opened) == "socket.create_connection(('127.0.0.1', port))"
    knowing = {
        where(path) for path in sources() if any(each.startswith("virta.bench") for each in imported(path))
    }
    assert {name for name in knowing if not name.startswith(BENCH)} == {"virta/commands/bench.py"}


def test_sockets_are_made_by_listeners_only() -> None:
    """`socket` is known to the local mailbox and other servers, which bind and never connect, to what looks
    names up for webhooks, to the doctor's look and to the bench's one way."""
    known = {where(path) for path in sources() if "socket" in {name.split(".")[0] for name in imported(path)}}
    listeners = (
        "virta/mailbox/",
        "virta/commands/serve",
        "virta/listening",
        OPERATORS,
        "virta/commands/lsp",
        "virta/language_server/",
    )
    others = ("engine/calls/destination", LOOKS, WIRE, BENCH + "sink.py", SIGNER)
    assert all(name.startswith((*listeners, *others)) for name in known), known
    for path in sources():
        if where(path) in known - {SIGNER}:
            assert not [node for called, node in calls(path) if called == "connect"], where(path)


def test_the_signer_and_commands_are_answered_by_a_path_of_this_machine() -> None:
    """Every socket there is one of Unix's, which leads to no other machine."""
    made = [ast.unparse(node) for called, node in calls(ROOT / SIGNER) if called == "socket"]
    assert made
    assert set(made) == {"socket.socket(socket.AF_UNIX)"}
    assert not [node for called, node in calls(ROOT / OPERATORS) if called == "socket"]
    [asks] = [node for called, node in calls(ROOT / OPERATORS) if called == "AsyncHTTPTransport"]
    assert [each.arg for each in asks.keywords] == ["uds"]


def test_only_the_mailer_holds_such_connections() -> None:
    """`Connection` is made in one place, and mails are handed to the mailer in one place."""
    makers = {
        where(path)
        for path in sources()
        if "engine.delivery.smtp.Connection" in imported(path)
        for called, _ in calls(path)
        if called == "Connection"
    }
    assert makers == {"engine/delivery/mailer.py"}
    senders = {
        where(path)
        for path in sources()
        if where(path).startswith(("engine/", "virta/", "web/"))
        for called, node in calls(path)
        if called == "send" and len(node.args) == 2 and "mailer" in ast.unparse(node.func).lower()
    }
    assert senders == {"engine/delivery/dispatch.py"}


def test_the_mailer_wants_a_permit_and_only_consent_makes_one() -> None:
    """`Mailer.send(message, permit)`; nobody outside consent/ calls `Permit(…)` or copies one."""
    assert list(inspect.signature(Mailer.send).parameters) == ["self", "message", "permit"]
    assert inspect.signature(Mailer.send).parameters["permit"].annotation is Permit
    makers = users("Permit")
    assert makers
    assert all(name.startswith("consent/") for name in makers), makers


def test_webhooks_are_called_in_one_file_and_nothing_else_is() -> None:
    """Beside the door to a consent service that is elsewhere. The replay calls the pages in process, as a
    function. What calls webhooks knows no mail server."""
    clients = {"httpx2", "httpx", "requests", "aiohttp", "urllib3", "urllib.request", "http.client"}
    found = {where(path): imported(path) for path in sources()}
    callers = {
        name for name, known in found.items() if clients & (known | {each.split(".")[0] for each in known})
    }
    assert callers == {"engine/calls/post.py", "consent/client/remote.py", OPERATORS}
    assert not [each for each in found["engine/calls/post.py"] if each.startswith("engine.delivery")]


def test_programs_are_started_for_the_mailbox_only() -> None:
    """No `sendmail` by the back door: one file starts a process, and it starts our own mailbox; the bench's
    starts Python."""
    starters = {"system", "popen", "execv", "execve", "execvp", "spawnv", "posix_spawn", "fork"}
    assert {where(p) for p in sources() if "subprocess" in {n.split(".")[0] for n in imported(p)}} == {
        "virta/mailbox/running.py",
        BENCH + "process.py",
    }
    assert not {where(p) for p in sources() for called, _ in calls(p) if called in starters}
    assert not [p for p in sources() if "sendmail" in p.read_text("utf-8").lower()]
