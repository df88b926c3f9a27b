"""The bytes of a mail, read back by the standard library: what went in comes out, and nothing else."""

import email
import email.policy
import re
from email.headerregistry import Address
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from person import MONDAY

from engine.mail import headers
from engine.mail.headers import HeaderFault
from engine.mail.message import Letter, Message, build, wire

KEY = "0123456789abcdef" * 2
FROM = "Kafija <info@kafija.example>"
TO = "anna@example.com"

# no control characters: the inbox and the letters refuse or remove them; no halves of characters
words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
lines = words.map(lambda text: " ".join(text.split()))
bodies = st.text(st.characters(exclude_categories=["Cs"]), max_size=600)
AWKWARD = [
    "👩‍👩‍👧‍👦 sveiki, Žanna! 🇱🇻",
    "e\u0301\u0302 combining \u200f right-to-left \u202e",
    "x" * 3000,
    "ж" * 3000,
    "word " * 600,
    "=?utf-8?b?QmNjOiBldmlsQGV4YW1wbGUuY29t?=",
    "price =?= 5 ?= 6",
    "a  b   c",
    "10\u00a0000\u00a0€",
    '"quoted", (comment) <x@example.com>; a:b',
    ".",
    "",
]


def read(message: Message, recipient: str = TO, permitted: tuple[tuple[str, str], ...] = ()) -> EmailMessage:
    """The mail as the reader's program sees it, after the wire's dots are taken out."""
    data = wire(message, recipient, permitted)
    assert data.endswith(b"\r\n")
    assert b"\0" not in data
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert b"\r" not in data.replace(b"\r\n", b"")
    arrived = b"\r\n".join(line.removeprefix(b".") for line in data.split(b"\r\n"))
    for line in arrived.split(b"\r\n"):
        assert len(line) <= 998
    parsed = email.message_from_bytes(arrived, policy=email.policy.SMTPUTF8)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    again = email.message_from_bytes(arrived, policy=email.policy.default)
    assert again.items() == parsed.items()
    return parsed


def content(part: EmailMessage) -> str:
    """A part's text, its lines ended as they were."""
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset() or "").replace("\r\n", "\n")


def unified(text: str) -> str:
    """Line ends as a mail has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("before", ["", "short\n", "x" * 998 + "\n", "a\n" * 700])
@pytest.mark.parametrize(
    ("line", "coding"), [("x" * 998, "8bit"), ("x" * 999, "base64"), ("ж" * 499, "8bit")]
)
@pytest.mark.parametrize("behind", ["", "\n", "\nend"])
def test_only_lines_that_are_too_long_ask_for_base64(
    before: str, line: str, coding: str, behind: str
) -> None:
    """Wherever such a line stands; its bytes are counted, not its characters."""
    message = build(KEY, Letter("s", "", before + line + behind, "shop@kafija.example"), "m.example", 0, True)
    assert read(message)["Content-Transfer-Encoding"] == coding


@pytest.mark.parametrize("eight_bit", [True, False])
@given(lines, bodies, bodies)
@example("👩‍👩‍👧‍👦 Žanna", "x" * 5000, "ж" * 998)
@example("s", ".\n..\n.\r\n.", "\n.\n")
@example("s", "a\rb\r\nc\n\rd", "\0 \0")
@example("s", f"--=_{KEY}--", f"\n--=_{KEY}\n")
@example("s", "", " ")
@example("s", "From me\n>From you", "x\u2028y\u0085z")
def test_what_is_built_reads_back(eight_bit: bool, subject: str, text: str, html: str) -> None:
    """Subject, text and HTML, whatever they hold, with and without 8BITMIME."""
    # nobody who writes a template knows the key
    key = "f" * 32 if KEY in text or KEY in html else KEY
    parsed = read(build(key, Letter(subject, html, text, FROM), "kafija.example", MONDAY, eight_bit))
    assert parsed["Subject"] == subject
    if html:
        assert parsed.get_content_type() == "multipart/alternative"
        plain, rich = parsed.iter_parts()
        assert isinstance(plain, EmailMessage)
        assert isinstance(rich, EmailMessage)
        assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
        assert content(rich) == unified(html)
    else:
        plain = parsed
    found = content(plain)
    assert found.removesuffix("\n") == unified(text).removesuffix("\n")
    encodings = {part["Content-Transfer-Encoding"] for part in parsed.walk()} - {None}
    assert encodings <= ({"8bit", "base64"} if eight_bit else {"base64"})


@pytest.mark.parametrize("subject", AWKWARD)
def test_an_awkward_subject_is_read_as_it_was_written(subject: str) -> None:
    """Emoji of several parts, long words, blanks, and what looks like an encoded word and is none."""
    parsed = read(build(KEY, Letter(subject, "<p>", "x", FROM), "kafija.example", MONDAY))
    assert parsed["Subject"] == subject
    assert set(parsed.keys()) == {
        "From",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "To",
    }


@given(words)
@example("Anna =?utf-8?q?x?=")
@example('Anna "the" \\ Bean, (x) <y>')
@example("x" * 500)
def test_names_beside_addresses(name: str) -> None:
    """Quoted, encoded or plain, the reader sees the name, and one address.

    (The standard library leaves a blank between two encoded words of a name, against RFC 2047 6.2.)"""
    parsed = read(
        build(KEY, Letter("s", "", "x", headers.mailbox("info@kafija.example", name)), "kafija.example", 0)
    )
    (found,) = parsed["From"].addresses
    assert found.addr_spec == "info@kafija.example"
    assert found.display_name.replace(" ", "") == "".join(name.split())
    if len(name.encode()) <= 42:
        assert found.display_name == " ".join(name.split())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("info@kafija.example", Address("Kafija", addr_spec="info@kafija.example")),
        ("Anna of Kafija <anna@kafija.example>", Address("Anna of Kafija", addr_spec="anna@kafija.example")),
        ('"Anna, B." <anna@kafija.example>', Address("Anna, B.", addr_spec="anna@kafija.example")),
        ("<anna@kafija.example>", Address("Kafija", addr_spec="anna@kafija.example")),
        ("Žanna <anna@kafeinīca.example>", Address("Žanna", addr_spec="anna@xn--kafeinca-fjb.example")),
    ],
)
def test_a_sender_is_written_with_or_without_a_name(written: str, expected: Address) -> None:
    """The project's name stands in where none is written."""
    parsed = read(build(KEY, Letter("s", "", "x", headers.mailbox(written, "Kafija")), "kafija.example", 0))
    assert parsed["From"].addresses == (expected,)


SMUGGLED = ["a\r\nBcc: evil@example.com", "a\nX: y", "a\rX: y", "a\0", "a\x85X: y", "a\u2028X: y", "a\ud800"]


@pytest.mark.parametrize("value", SMUGGLED)
def test_no_field_takes_a_line_break_or_a_control_character(value: str) -> None:
    """Subject, sender, reply address, recipient, and what a permit carries."""
    letter = Letter("s", "<p>", "x", FROM)
    with pytest.raises(HeaderFault):
        headers.text("Subject", value)
    with pytest.raises(HeaderFault):
        headers.mailbox("info@kafija.example", value)
    with pytest.raises(HeaderFault):
        headers.mailbox(f"{value} <info@kafija.example>")
    with pytest.raises(HeaderFault):
        headers.mailbox(value)
    for broken in (
        Letter(value, "<p>", "x", FROM),
        Letter("s", "<p>", "x", value),
        Letter("s", "<p>", "x", FROM, value),
    ):
        with pytest.raises(HeaderFault):
            build(KEY, broken, "kafija.example", 0)
    message = build(KEY, letter, "kafija.example", 0)
    with pytest.raises(HeaderFault):
        wire(message, value, ())
    with pytest.raises(HeaderFault):
        wire(message, TO, (("List-Unsubscribe", value),))


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "anna",
        "anna@",
        "@example.com",
        "a@b@c.example",
        "a b@example.com",
        "a,b@example.com",
        "<a@example.com>",
        "a@example.com>",
        '"a b"@example.com',
        "jānis@example.com",
        "a@ex ample.com",
        "a@\u2025.example",
    ],
)
def test_a_recipient_is_one_plain_address(recipient: str) -> None:
    """Nothing that a header could take for two, or for a comment; nor one that needs SMTPUTF8."""
    with pytest.raises(HeaderFault):
        wire(build(KEY, Letter("s", "", "x", FROM), "kafija.example", 0), recipient, ())


def test_a_domain_in_any_script_is_reached_by_its_ascii_name() -> None:
    """IDNA, as the mail server's own records have it."""
    parsed = read(build(KEY, Letter("s", "", "x", FROM), "kafija.example", 0), "anna@rīga.example")
    assert parsed["To"].addresses[0].addr_spec == "anna@xn--rga-uta.example"


def test_the_permit_s_headers_stay_on_one_line() -> None:
    """Readers of RFC 8058 break on a folded List-Unsubscribe."""
    url = "<https://kafija.example/u/" + "x" * 700 + ">"
    permitted = (("List-Unsubscribe", url), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    message = build(KEY, Letter("s", "<p>", "x", FROM), "kafija.example", 0)
    data = wire(message, TO, permitted)
    assert f"\r\nList-Unsubscribe: {url}\r\n".encode() in data
    assert read(message, TO, permitted)["List-Unsubscribe"] == url
    with pytest.raises(HeaderFault):
        wire(message, TO, (("List-Unsubscribe", url + "x" * 900),))


@given(lines)
def test_header_lines_are_folded(subject: str) -> None:
    """None is longer than 78 characters; what follows begins with one blank and is never blank."""
    message = build(KEY, Letter(subject, "<p>", "x", FROM, "help@kafija.example"), "kafija.example", MONDAY)
    for line in message.head.split(b"\r\n")[:-1]:
        assert len(line) <= 78 or line.startswith(b"Content-Type")
        assert line.strip()
        assert re.match(rb"[A-Za-z-]+: |[A-Za-z-]+:$| \S", line) or line == b"Subject: "


def test_a_message_id_follows_from_the_key() -> None:
    """It is the same in every attempt; only the date differs."""
    letter = Letter("s", "<p>", "x", FROM)
    one, other = (read(build(KEY, letter, "kafija.example", instant)) for instant in (MONDAY, MONDAY + 9_000))
    assert one["Message-ID"] == other["Message-ID"] == f"<{KEY}@kafija.example>"
    assert one["Date"].datetime.timestamp() * 1000 == MONDAY
    assert other["Date"] != one["Date"]


def test_a_reply_goes_where_the_letter_says() -> None:
    """With a name or without."""
    parsed = read(build(KEY, Letter("s", "", "x", FROM, "Anna <anna@kafija.example>"), "kafija.example", 0))
    assert parsed["Reply-To"].addresses == (Address("Anna", addr_spec="anna@kafija.example"),)
