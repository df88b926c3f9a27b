"""`virta mailbox`: what a project's local mailbox holds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from stall import make_stall

from virta.command import run
from virta.mailbox.framing import mail_file
from virta.mailbox.store import Store

NOON = 1_772_445_600_000  # 2026-03-02 10:00 UTC, in ms

MAIL = """Date: Mon, 02 Mar 2026 10:0{number}:00 +0000\r
Message-ID: <{number}@stall.example>\r
From: Coffee stall <hello@stall.example>\r
To: {to}\r
Subject: =?utf-8?q?K=C4=81_tev_gar=C5=A1o{number}=3F?=\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="b"\r
\r
--b\r
Content-Type: text/plain; charset=utf-8\r
\r
Sveiki, {to}\r
Visu labu!\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<p>Sveiki</p>\r
--b--\r
"""
PEOPLE = ("anna@example.com", "Berta@Example.com", "anna@example.com")


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """A project whose mailbox holds three mails."""
    folder = make_stall(tmp_path / "stall")
    mailbox = Store(folder / "data" / "mailbox", lambda: NOON)
    for number, to in enumerate(PEOPLE, start=1):
        mailbox.append("hello@stall.example", [to], MAIL.format(number=number, to=to).encode())
    mailbox.close()
    return folder


def shown(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    assert run(["mailbox", str(folder), *words]) == 0
    return capsys.readouterr().out


def test_a_line_a_mail_newest_first(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Date, recipient, and the subject in plain text."""
    assert shown(capsys, stall) == (
        "2026-03-02 10:03:00  anna@example.com  Kā tev garšo3?\n"
        "2026-03-02 10:02:00  Berta@Example.com  Kā tev garšo2?\n"
        "2026-03-02 10:01:00  anna@example.com  Kā tev garšo1?\n"
    )


def test_only_so_many_and_only_those_to_one_address(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--count` counts what `--to` lets through; case does not matter in an address."""
    assert "garšo3" in shown(capsys, stall, "--count", "1")
    assert shown(capsys, stall, "--to", "berta@example.com", "--count", "1").count("garšo2") == 1
    assert shown(capsys, stall, "--to", "nobody@example.com") == (
        "No mail went to nobody@example.com. In all there are 3 mails in the mailbox.\n"
    )


@pytest.mark.parametrize(
    ("show", "held"),
    [("text", "Sveiki, anna@example.com\nVisu labu!"), ("html", "<p>Sveiki</p>")],
)
def test_the_mail_itself(stall: Path, capsys: pytest.CaptureFixture[str], show: str, held: str) -> None:
    """The text or the HTML, below its line and without CR; as JSON under the same name."""
    told = shown(capsys, stall, "--count", "1", "--show", show)
    assert told.startswith("2026-03-02 10:03:00  anna@example.com")
    assert held in told
    assert "\r" not in told
    [one] = json.loads(shown(capsys, stall, "--count", "1", "--show", show, "--format", "json"))
    assert held in one[show]


def test_the_source_is_a_mail_file(stall: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """The newest mail, byte for byte, with nothing around it; where there is none, not a byte."""
    assert run(["mailbox", str(stall), "--show", "source"]) == 0
    assert capfdbinary.readouterr().out == MAIL.format(number=3, to="anna@example.com").encode()
    assert run(["mailbox", str(stall), "--show", "source", "--to", "nobody@example.com"]) == 1
    told = capfdbinary.readouterr()
    assert told.out == b""
    assert told.err.startswith(b"No mail went to nobody@example.com.")


def test_a_reader_that_stops_early_is_no_fault(stall: Path) -> None:
    """As in `virta mailbox | head -1`: exit code 141, and nothing on standard error."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from virta.command import main; main()", "mailbox", str(stall)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait() == 141


def test_a_part_that_a_mail_lacks_is_said_to_be_missing(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mail of text only has no HTML."""
    mailbox = Store(stall / "data" / "mailbox", lambda: NOON)
    mailbox.append("a@stall.example", ["carl@example.com"], b"Subject: plain\r\n\r\nHello\r\n")
    mailbox.close()
    told = shown(capsys, stall, "--to", "carl@example.com", "--show", "html")
    assert "(This mail has no such part.)" in told


def test_facts_for_programs(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list of objects, newest first."""
    found = json.loads(shown(capsys, stall, "--format", "json"))
    assert found[0] == {
        "date": "Mon, 02 Mar 2026 10:03:00 +0000",
        "received": "2026-03-02T10:00:00+00:00",
        "to": "anna@example.com",
        "subject": "Kā tev garšo3?",
        "message_id": "<3@stall.example>",
    }
    assert len(found) == 3


def test_a_mail_of_anybody_is_shown_and_steers_nothing(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown character set, no date, and orders to the terminal in subject and text."""
    mailbox = Store(stall / "data" / "mailbox", lambda: NOON)
    odd = b"Subject: =?utf-8?q?a=0A_b=1B[2J?=\r\nDate: x\r\nContent-Type: text/plain; charset=bogus\r\n\r\n"
    mailbox.append("", ["odd@example.com"], odd + b"one\r\n\x1b]0;title\x07two\r\n")
    mailbox.close()
    told = shown(capsys, stall, "--count", "1", "--show", "text")
    assert told == "x  odd@example.com  a b[2J\n\none\n]0;titletwo\n\n\n"


def test_an_empty_mailbox_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first mail there is nothing to show."""
    folder = make_stall(tmp_path / "other")
    assert shown(capsys, folder) == "No mails yet.\n"
    assert shown(capsys, folder, "--format", "json") == "[]\n"


def test_what_is_no_mailbox(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another program's file, a folder, a count of nothing: one plain line each, exit code 2."""
    path = mail_file(stall / "data" / "mailbox")
    path.write_bytes(b"something else altogether")
    assert run(["mailbox", str(stall)]) == 2
    assert capsys.readouterr().err == f"virta: {path} was not written by a mailbox.\n"
    path.unlink()
    path.mkdir()
    assert run(["mailbox", str(stall)]) == 2
    assert capsys.readouterr().err == f"virta: {path} cannot be read: Is a directory.\n"
    assert run(["mailbox", str(stall), "--count", "0"]) == 2
    assert capsys.readouterr().err == "virta: --count must be at least 1.\n"
