"""The mailbox keeps each mail exactly once, as it was meant, before it says so."""

import os
import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virta.mailbox import MailboxFailed, Running, mails, newest, start
from virta.mailbox.faults import AtDot, Faults
from virta.mailbox.framing import START, mail_file
from virta.mailbox.reader import NoMailbox, mails_backwards
from virta.mailbox.session import LARGEST_MAIL, LONGEST_LINE, MOST_MISTAKES, MOST_RECIPIENTS, Session
from virta.mailbox.store import MailboxInUse, StorageFull, Store

Kept = list[tuple[str, list[str], bytes]]

GROUP = (
    b"EHLO shop.example\r\n"
    b"MAIL FROM:<hello@kafija.example> SIZE=40 BODY=8BITMIME\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n"
    b"Subject: one\r\n\r\n..hidden\r\n...\r\n.\r\n"
    b"MAIL FROM:<>\r\nRCPT TO:<bert@example.com>\r\nRCPT TO:<cilla@example.com>\r\nDATA\r\n"
    b".\r\n"
    b"MAIL FROM:<a@example.com>\r\nRSET\r\nNOOP\r\nVRFY anna\r\nQUIT\r\n"
)
CODES = [250] * 6 + [250, 250, 354, 250, 250, 250, 250, 354, 250, 250, 250, 250, 252, 221]
KEPT: Kept = [
    ("hello@kafija.example", ["anna@example.com"], b"Subject: one\r\n\r\n.hidden\r\n..\r\n"),
    ("", ["bert@example.com", "cilla@example.com"], b""),
]


def conversation(faults: Faults | None = None) -> tuple[Session, Kept]:
    """A session whose mails land in a list."""
    kept: Kept = []

    def keep(sender: str, recipients: list[str], content: bytes) -> int:
        kept.append((sender, list(recipients), content))
        return len(kept)

    return Session(keep, faults or Faults()), kept


def codes(replies: bytes) -> list[int]:
    return [int(line[:3]) for line in replies.splitlines()]


def everything_said(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    with client:
        return b"".join(iter(lambda: client.recv(65_536), b""))


def opened(session: Session) -> None:
    """Up to the first byte of the content."""
    session.feed(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")


def letter(recipient: str, subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "hello@kafija.example"
    message["To"] = recipient
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject.encode().hex()}@kafija.example>"
    message.set_content("Labrīt!\n.\n..\nA line\n")
    return message


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


# ---------------------------------------------------------------- the conversation


def test_a_pipelined_group_gets_all_its_replies_in_order() -> None:
    """Two mails and five other commands in one piece: every reply, the mails with their dots undone."""
    session, kept = conversation()
    assert codes(session.feed(GROUP)) == CODES
    assert kept == KEPT
    assert session.over


def test_where_the_stream_is_cut_makes_no_difference() -> None:
    """Every possible cut into two pieces gives the same replies and the same mails."""
    for cut in range(1, len(GROUP)):
        session, kept = conversation()
        assert codes(session.feed(GROUP[:cut]) + session.feed(GROUP[cut:])) == CODES, cut
        assert kept == KEPT, cut


def test_byte_by_byte_is_the_same_too() -> None:
    """A client may send single bytes."""
    session, kept = conversation()
    assert codes(b"".join(session.feed(bytes([byte])) for byte in GROUP)) == CODES
    assert kept == KEPT


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(
        st.sampled_from([b"", b".", b"..", b".a", b"a.", b"\n.\n", b"\r", b"\r.\r", b"text"]), max_size=8
    ),
    cuts=st.lists(st.integers(0, 120), max_size=6),
)
def test_any_content_survives_the_dots(lines: list[bytes], cuts: list[int]) -> None:
    """What was doubled by the client is undone, whatever the lines and wherever the pieces end."""
    session, kept = conversation()
    opened(session)
    meant = b"".join(line + b"\r\n" for line in lines)
    sent = (
        b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
        + b".\r\nNOOP\r\n"
    )
    replies, begin = b"", 0
    for cut in [*sorted(cuts), len(sent)]:
        replies += session.feed(sent[begin:cut])
        begin = max(begin, cut)
    assert codes(replies) == [250, 250]
    assert [content for _, _, content in kept] == [meant]


@pytest.mark.parametrize("end", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r"])
def test_only_a_dot_between_two_crlf_ends_a_mail(end: bytes) -> None:
    """No second mail can be smuggled in behind a bare line feed."""
    session, kept = conversation()
    opened(session)
    assert session.feed(b"text" + end + b"MAIL FROM:<evil@example.com>\r\n") == b""
    assert not kept
    assert codes(session.feed(b".\r\n")) == [250]
    assert len(kept) == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"MAIL FROM:<a@example.com>\r\n", 503),
        (b"EHLO x\r\nRCPT TO:<a@example.com>\r\n", 503),
        (b"EHLO x\r\nDATA\r\n", 503),
        (b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nDATA\r\n", 554),
        (b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nMAIL FROM:<a@example.com>\r\n", 503),
        (b"EHLO x\r\nMAIL FROM:a@example.com\r\n", 501),
        (b"EHLO x\r\nMAIL FROM:<a b@example.com>\r\n", 501),
        (b"EHLO x\r\nMAIL FROM:<a@example.com> AUTH=<>\r\n", 555),
        (b"EHLO x\r\nMAIL FROM:<a@example.com> SIZE=many\r\n", 501),
        (b"EHLO x\r\nMAIL FROM:<a@example.com> SIZE=%d\r\n" % (LARGEST_MAIL + 1), 552),
        (b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<>\r\n", 501),
        (b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com> NOTIFY=NEVER\r\n", 555),
        ("EHLO x\r\nMAIL FROM:<jānis@example.com>\r\n".encode(), 553),
        (b"EHLO x\r\nMAIL FROM:<\xff@example.com> SMTPUTF8\r\n", 501),
        (b"EHLO\r\n", 501),
        (b"STARTTLS\r\n", 502),
        (b"HELLO\r\n", 500),
        (b"\r\n", 500),
        (b"NOOP\n", 500),
        (b"NOOP " + b"x" * LONGEST_LINE + b"\r\n", 500),
        (b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA now\r\n", 501),
    ],
)
def test_a_wrong_command_gets_its_own_error_and_the_talk_goes_on(said: bytes, code: int) -> None:
    """The last command of each is at fault; a NOOP afterwards is fine."""
    session, _ = conversation()
    assert codes(session.feed(said))[-1] == code
    assert codes(session.feed(b"NOOP\r\n")) == [250]


def test_a_line_too_long_is_skipped_to_its_end_whatever_the_pieces() -> None:
    """Its rest is never taken for commands."""
    session, _ = conversation()
    replies = b"".join(session.feed(b"QUIT " * 200) for _ in range(20)) + session.feed(b"QUIT\r\nNOOP\r\n")
    assert codes(replies) == [500, 250]
    assert not session.over


def test_who_makes_too_many_mistakes_is_shown_out() -> None:
    """421 after the twentieth, and the connection ends."""
    session, _ = conversation()
    replies = session.feed(b"WHAT\r\n" * (MOST_MISTAKES + 5))
    assert codes(replies) == [500] * MOST_MISTAKES + [421]
    assert session.over


def test_recipients_have_a_limit() -> None:
    """One more than allowed is told so, the others stay."""
    session, kept = conversation()
    session.feed(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\n")
    replies = session.feed(b"RCPT TO:<b@example.com>\r\n" * (MOST_RECIPIENTS + 1) + b"DATA\r\n.\r\n")
    assert codes(replies) == [250] * MOST_RECIPIENTS + [452, 354, 250]
    assert len(kept[0][1]) == MOST_RECIPIENTS


def test_a_mail_beyond_the_size_limit_is_refused_and_the_next_is_taken() -> None:
    """Its bytes are not kept while they come in."""
    session, kept = conversation()
    opened(session)
    piece = b"x" * 998 + b"\r\n"
    for _ in range(LARGEST_MAIL // 100_000 + 1):
        assert session.feed(piece * 100) == b""
    assert codes(session.feed(b".\r\n")) == [552]
    assert not kept
    opened(session)
    assert codes(session.feed(b"small\r\n.\r\n")) == [250]
    assert kept == [("a@example.com", ["b@example.com"], b"small\r\n")]


def test_a_disk_without_room_is_told_and_not_counted() -> None:
    """452 to the final dot; the client may try again."""

    def keep(sender: str, recipients: list[str], content: bytes) -> int:
        raise StorageFull("no space left")

    session = Session(keep, Faults())
    opened(session)
    assert codes(session.feed(b"text\r\n.\r\nNOOP\r\n")) == [452, 250]


def test_quoted_and_international_addresses_are_kept_as_written() -> None:
    """A quoted local part may hold anything; other scripts need SMTPUTF8."""
    session, kept = conversation()
    session.feed(b"EHLO x\r\n")
    session.feed(
        'MAIL FROM:<jānis@example.com> SMTPUTF8\r\nRCPT TO:<"a> b"@example.com>\r\nDATA\r\n.\r\n'.encode()
    )
    assert kept == [("jānis@example.com", ['"a> b"@example.com'], b"")]


# ---------------------------------------------------------------- the server


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


# ---------------------------------------------------------------- faults


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


# ---------------------------------------------------------------- the folder


def filled(folder: Path) -> list[int]:
    """Three mails, two of them to Anna; their positions."""
    store = Store(folder, clock=iter(range(1_000, 2_000)).__next__)
    positions = [
        store.append("a@example.com", ["anna@example.com"], b"Subject: first\r\n\r\n"),
        store.append("a@example.com", ["bert@example.com"], b"Subject: second\r\n\r\n"),
        store.append("", ["cilla@example.com", "Anna@Example.com"], b"Subject: third\r\n\r\nmail" * 50),
    ]
    store.close()
    return positions


def test_mails_are_read_in_order_from_any_position(tmp_path: Path) -> None:
    """`end` is where to go on; nothing comes from an empty or missing folder."""
    assert list(mails(tmp_path)) == []
    positions = filled(tmp_path)
    everything = list(mails(tmp_path))
    assert [(mail.position, mail.received_at) for mail in everything] == list(
        zip(positions, (1_000, 1_001, 1_002), strict=True)
    )
    assert list(mails(tmp_path, after=everything[0].end)) == everything[1:]
    assert list(mails(tmp_path, after=everything[-1].end)) == []
    assert list(mails_backwards(tmp_path)) == everything[::-1]


def test_the_newest_mail_to_an_address_is_found(tmp_path: Path) -> None:
    """Whatever the case; among several recipients too."""
    filled(tmp_path)
    found = newest(tmp_path, "ANNA@example.com")
    assert found is not None
    assert found.subject == "third"
    assert newest(tmp_path, "dora@example.com") is None


def test_a_record_cut_anywhere_is_no_mail_and_hides_no_other(tmp_path: Path) -> None:
    """Reading forwards, backwards and opening again all give the whole mails before it."""
    third = filled(tmp_path)[2]
    path = mail_file(tmp_path)
    whole = path.read_bytes()
    for cut in range(third, len(whole)):
        os.truncate(path, cut)
        assert [mail.subject for mail in mails(tmp_path)] == ["first", "second"]
        assert [mail.subject for mail in mails_backwards(tmp_path)] == ["second", "first"]
        path.write_bytes(whole)
    os.truncate(path, len(whole) - 1)
    store = Store(tmp_path, clock=lambda: 5_000)
    assert store.append("", ["dora@example.com"], b"Subject: fourth\r\n\r\n") == third
    store.close()
    assert [mail.subject for mail in mails(tmp_path)] == ["first", "second", "fourth"]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second one is told; after the first has closed, it may."""
    store = Store(tmp_path, clock=lambda: 0)
    with pytest.raises(MailboxInUse):
        Store(tmp_path, clock=lambda: 0)
    store.close()
    Store(tmp_path, clock=lambda: 0).close()


def test_a_foreign_file_is_not_touched(tmp_path: Path) -> None:
    """Neither read as mails nor overwritten."""
    mail_file(tmp_path).write_bytes(b"x" * (START + 10))
    with pytest.raises(NoMailbox):
        list(mails(tmp_path))
    with pytest.raises(NoMailbox):
        Store(tmp_path, clock=lambda: 0)
    assert mail_file(tmp_path).read_bytes() == b"x" * (START + 10)
