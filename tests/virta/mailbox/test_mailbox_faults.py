"""Faults that the mailbox shows when it is asked to."""

import smtplib
import socket
from pathlib import Path

import pytest
from spoken import CODES, GROUP, codes, everything_said

from virta.mailbox import mails, start
from virta.mailbox.faults import AtDot, Faults


def test_recipients_can_be_refused_and_deferred(tmp_path: Path) -> None:
    """550 and 451 by pattern, 451 once by another; the rest of the mail is delivered."""
    with (
        start(tmp_path, refuse="*@gone.example", defer="late*", defer_once="new@*") as running,
        smtplib.SMTP("127.0.0.1", running.port) as client,
    ):
        everyone = ["Anna@gone.example", "late1@example.com", "new@example.com", "bert@example.com"]
        refused = client.sendmail("a@example.com", everyone, "text")
        assert {who: code for who, (code, _) in refused.items()} == dict(
            zip(everyone[:3], (550, 451, 451), strict=True)
        )
        assert client.sendmail("a@example.com", ["new@example.com"], "again") == {}
    assert [mail.recipients for mail in mails(tmp_path)] == [("bert@example.com",), ("new@example.com",)]


@pytest.mark.parametrize(("fault", "kept"), [("drop", 1), ("lose", 0)])
def test_the_connection_can_break_at_the_final_dot(tmp_path: Path, fault: str, kept: int) -> None:
    """With `drop` the mail was stored, with `lose` it was not; the client sees the same."""
    faults = {"drop": "", "lose": "", fault: "b@*"}
    with start(tmp_path, drop=faults["drop"], lose=faults["lose"]) as running:
        with smtplib.SMTP("127.0.0.1", running.port) as client, pytest.raises(smtplib.SMTPServerDisconnected):
            client.sendmail("a@example.com", ["b@example.com"], "text")
        assert len(list(mails(tmp_path))) == kept


def test_the_server_can_hang_at_the_final_dot(tmp_path: Path) -> None:
    """The mail is stored, the connection stays open, nothing is said any more."""
    with (
        start(tmp_path, hang="b@*") as running,
        socket.create_connection(("127.0.0.1", running.port)) as client,
    ):
        client.sendall(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n.\r\nNOOP\r\n")
        said = b""
        while b"354" not in said:
            said += client.recv(4096)
        # Another conversation that has been answered shows that the server has handled the first one.
        with smtplib.SMTP("127.0.0.1", running.port) as other:
            other.noop()
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(4096)
        assert len(list(mails(tmp_path))) == 1


def test_replies_can_be_held_back_and_still_come_in_order(tmp_path: Path) -> None:
    """A slow server answers the same."""
    with (
        start(tmp_path, delay=0.02) as running,
        socket.create_connection(("127.0.0.1", running.port)) as client,
    ):
        client.sendall(GROUP)
        assert codes(everything_said(client)) == [220, *CODES]
    assert len(list(mails(tmp_path))) == 2


def test_hanging_wins_over_dropping() -> None:
    """One fault at a time, in a fixed order."""
    assert Faults(hang="a@*", drop="*").at_dot(["b@example.com", "A@example.com"]) is AtDot.HANG
    assert Faults().at_dot(["a@example.com"]) is AtDot.ANSWER
