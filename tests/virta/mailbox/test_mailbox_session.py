"""One conversation with the mailbox, byte by byte: every reply in order, every mail as it was meant."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoken import CODES, GROUP, KEPT, Kept, codes

from virta.mailbox.faults import Faults
from virta.mailbox.session import LARGEST_MAIL, LONGEST_LINE, MOST_MISTAKES, MOST_RECIPIENTS, Session
from virta.mailbox.store import StorageFull


def conversation(faults: Faults | None = None) -> tuple[Session, Kept]:
    """A session whose mails land in a list."""
    kept: Kept = []

    def keep(sender: str, recipients: list[str], content: bytes) -> int:
        kept.append((sender, list(recipients), content))
        return len(kept)

    return Session(keep, faults or Faults()), kept


def opened(session: Session) -> None:
    """Up to the first byte of the content."""
    session.feed(b"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")


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
