"""The mailbox keeps each mail exactly once, as it was meant, before it says so."""

import smtplib
import socket
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
from spoken import CODES, GROUP, KEPT, codes, everything_said

from virta.mailbox import MailboxFailed, Running, mails, start
from virta.mailbox.framing import mail_file


def letter(recipient: str, subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "hello@kafija.example"
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject.encode().hex()}@kafija.example>"
    message.set_content("Labrīt!\n.\n..\nA line\n")
    return message


def test_the_standard_library_can_deliver(mailbox: Running) -> None:
    """smtplib sends; To, Subject, Message-ID and the text come back as they were."""
    with smtplib.SMTP("127.0.0.1", mailbox.port) as client:
        client.send_message(letter("jānis@example.com", "Rīta kafija"))
    (mail,) = mails(mailbox.folder)
    assert mail.recipients == ("jānis@example.com",)
    assert mail.subject == "Rīta kafija"
    assert mail.message_id == f"<{'Rīta kafija'.encode().hex()}@kafija.example>"
    assert mail.parsed().get_content().replace("\r\n", "\n") == "Labrīt!\n.\n..\nA line\n"
    assert mail.received_at > 1_600_000_000_000


def test_a_mail_is_stored_before_it_is_acknowledged(mailbox: Running) -> None:
    """The 250 names a position, and killing the server right after it loses nothing."""
    with socket.create_connection(("127.0.0.1", mailbox.port)) as client:
        client.sendall(GROUP[: GROUP.index(b"MAIL FROM:<>")])
        said = b""
        while b"Kept at" not in said or not said.endswith(b"\r\n"):
            said += client.recv(4096)
        mailbox.process.kill()
    mailbox.stop()
    position = int(said.rsplit(b" ", 1)[1])
    assert [(mail.position, mail.content) for mail in mails(mailbox.folder)] == [(position, KEPT[0][2])]


def test_a_group_split_at_every_byte_over_a_real_socket(mailbox: Running) -> None:
    """For every cut a connection of its own; each leaves exactly the two mails."""

    def talk(cut: int) -> list[int]:
        with socket.create_connection(("127.0.0.1", mailbox.port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(GROUP[:cut])
            client.sendall(GROUP[cut:])
            return codes(everything_said(client))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(talk, range(1, len(GROUP))))
    assert answers == [[220, *CODES]] * (len(GROUP) - 1)
    contents = [mail.content for mail in mails(mailbox.folder)]
    assert len(contents) == 2 * len(answers)
    assert contents.count(b"") == len(answers)


def test_many_connections_at_once_lose_and_double_nothing(mailbox: Running) -> None:
    """Three hundred open connections, each with its own mail, all answered, all kept once."""
    clients = [socket.create_connection(("127.0.0.1", mailbox.port)) for _ in range(300)]
    for number, client in enumerate(clients):
        client.sendall(
            b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<c%d@example.com>\r\nDATA\r\n%d\r\n.\r\nQUIT\r\n"
            % (number, number)
        )
    for client in clients:
        assert codes(everything_said(client))[-2:] == [250, 221]
    kept = {mail.recipients[0]: mail.content for mail in mails(mailbox.folder)}
    assert kept == {f"c{number}@example.com": b"%d\r\n" % number for number in range(300)}
    assert len(list(mails(mailbox.folder))) == 300


def test_a_client_that_reads_late_gets_every_reply(mailbox: Running) -> None:
    """More replies than a socket holds wait for the client instead of being dropped."""
    many = 200_000
    client = socket.create_connection(("127.0.0.1", mailbox.port))
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(client.sendall, b"NOOP\r\n" * many + b"QUIT\r\n")
        said = everything_said(client)
        sent.result()
    assert said.count(b"250 2.0.0 OK\r\n") == many


def test_it_ends_on_sigterm_and_starts_again_where_it_was(tmp_path: Path) -> None:
    """Exit code 0; the next one appends."""
    for number in range(2):
        with start(tmp_path) as running, smtplib.SMTP("127.0.0.1", running.port) as client:
            client.send_message(letter("anna@example.com", str(number)))
        assert running.process.returncode == 0
    assert [mail.subject for mail in mails(tmp_path)] == ["0", "1"]


def test_what_hinders_the_start_is_said_in_words(mailbox: Running, tmp_path: Path) -> None:
    """A folder in use, a port in use, a file that is something else."""
    with pytest.raises(MailboxFailed, match="is being written by another mailbox"):
        start(mailbox.folder)
    with pytest.raises(MailboxFailed, match="cannot listen on"):
        start(tmp_path / "other", port=mailbox.port)
    mail_file(tmp_path).write_bytes(b"a shopping list, no mails")
    with pytest.raises(MailboxFailed, match="was not written by a mailbox"):
        start(tmp_path)
