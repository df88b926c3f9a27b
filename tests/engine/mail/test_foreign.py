"""Whatever somebody sends to a mailbox can be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.mail.foreign import Foreign, read_foreign


def body(kind: str, more: str = "", content: bytes = b"hello") -> bytes:
    return f"From: a@b.example\r\nContent-Type: {kind}{more}\r\n\r\n".encode() + content + b"\r\n"


def test_a_mail_is_read_with_its_parts_and_its_words_decoded() -> None:
    """Folded headers in one line, encoded words in letters, the parts with plain line ends."""
    mail = read_foreign(
        b"From: =?utf-8?q?Kafija_=C4=81?= <hello@kafija.example>\r\nTo: anna@example.com\r\n"
        b"Subject: =?utf-8?q?Tava_kafija?=\r\n =?utf-8?q?_ir_ce=C4=BC=C4=81?= now\r\n"
        b"Date: Mon, 02 Mar 2026 10:03:00 +0200\r\nMessage-ID: <1@kafija.example>\r\n"
        b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\xc4\x81\r\n"
        b"--b\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"PGI+5DwvYj4=\r\n--b--\r\n"
    )
    assert mail == Foreign(
        subject="Tava kafija ir ceļā now",
        sender="Kafija ā <hello@kafija.example>",
        recipient="anna@example.com",
        date="Mon, 02 Mar 2026 10:03:00 +0200",
        message_id="<1@kafija.example>",
        at=1772438580000,
        plain="one\ntwoā",
        html="<b>ä</b>",
    )


@pytest.mark.parametrize("charset", ["bogus-1", "rot13", "undefined", "base64", "a\0b", "x" * 300, '"'])
def test_a_character_set_that_there_is_not_is_read_as_utf_8(charset: str) -> None:
    """Nor is one that turns text into text a character set."""
    assert read_foreign(body("text/plain", f"; charset={charset}", "ā".encode())).plain == "ā\n"


def test_half_characters_are_replaced() -> None:
    """No page could hold them."""
    assert read_foreign(body("text/html", "; charset=utf-7", b"+2AA-")).html == "\ufffd\n"
    assert read_foreign(b"Subject: =?utf-16be?b?2AA=?=\r\n\r\n").subject == "\ufffd"


@pytest.mark.parametrize("header", ["To", "From", "Subject", "Message-ID"])
@pytest.mark.parametrize("value", ['"', "<>@@[", "<[x]@@>", "=?bogus?q?x?=", "=?utf-8?b?a?=", "\\u12", ""])
def test_no_header_is_too_odd(header: str, value: str) -> None:
    """It is shown as far as it can be decoded, as one line."""
    found = read_foreign(f"{header}: {value}\r\n\r\nhello\r\n".encode())
    shown = (found.recipient, found.sender, found.subject, found.message_id)
    assert all("\n" not in text for text in shown)
    assert found.plain == "hello\n"


def test_a_line_break_in_an_encoded_word_begins_no_line() -> None:
    """A subject is a line of a list."""
    assert read_foreign(b"Subject: =?utf-8?q?a=0D=0A_b=E2=80=A8c?=\r\n\r\n").subject == "a b c"


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 99 Foo 99999 99:99:99 +9999",
        "Mon, 01 Jan 0100 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "\xff",
        "",
    ],
)
def test_a_date_that_is_no_moment_is_none(date: str) -> None:
    """Nor one at the end of the calendar, which another zone would push over."""
    assert read_foreign(f"Date: {date}\r\n\r\n".encode()).at is None


def test_parts_in_parts_without_end_are_not_read() -> None:
    """The head is shown all the same."""
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000)
    )
    mail = read_foreign(b"Subject: deep\r\n" + deep)
    assert (mail.subject, mail.plain, mail.html) == ("deep", None, None)


@given(st.binary(max_size=400), st.text(max_size=60))
def test_nothing_that_comes_raises(content: bytes, header: str) -> None:
    """Bytes of any kind, and heads of any kind."""
    read_foreign(content)
    named = "".join(f"{name}: {header}\r\n" for name in ("Subject", "From", "Date", "Content-Type"))
    found = read_foreign(named.encode("utf-8", "surrogatepass") + content)
    found.subject.encode()
    (found.plain or "").encode()
