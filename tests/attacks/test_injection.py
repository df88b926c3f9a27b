"""Whatever people, shops and files say ends up in mails: never as a header, a tag or a part of its own."""

import email
import email.policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from person import MONDAY
from written_letter import BODY, DECISION, letters

from engine.core.bundle import replace
from engine.mail.letters import LetterFault
from engine.mail.message import Letter, build, wire

KEY = "0a" * 16
PERMITTED = (("List-Unsubscribe", "<https://kafija.example/u/1>"), ("Auto-Submitted", "auto-generated"))
TEMPLATE = """---
subject: Hello {{ contact.first_name }}, {{ trigger.order_id }} {{ received.note }} {{ tag }}
preheader: For {{ contact.first_name }}
---
<html><body><a href="{{ trigger.url }}" title="{{ contact.first_name }}">{{ trigger.order_id }}</a>
<p class='{{ tag }}'>{{ received.note }}</p></body></html>"""
LETTERS = letters(tips=TEMPLATE)
HOSTILE = (
    "x\r\nBcc: evil@elsewhere.example",
    "x\nBcc: evil@elsewhere.example\n\n<h1>mine</h1>",
    "x\r\n\r\n--=_" + KEY + "\r\nContent-Type: text/html\r\n\r\n<script>1</script>",
    "=?utf-8?b?DQpCY2M6IGV2aWxAZWxzZXdoZXJlLmV4YW1wbGU=?=",
    "=?utf-8?q?x=0D=0ABcc:_evil@elsewhere.example?=",
    "x\u2028Bcc: evil@elsewhere.example",
    "x\x85Bcc: evil@elsewhere.example",
    "x\x0bBcc: evil\x0c@elsewhere.example\x00",
    "\r\n.\r\nMAIL FROM:<evil@elsewhere.example>",
    '" onmouseover="alert(1)" x="',
    "' onmouseover='alert(1)' x='",
    "</p></body><script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% raw %}{{ contact.__class__ }}",
)
said = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=60), st.sampled_from(HOSTILE).map(lambda x: x * 9)
)


class Tags(HTMLParser):
    """The tags of a page with the names of their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


def mail(**values: str) -> tuple[Letter, EmailMessage]:
    """The letter, and the finished message as a reader's program takes it apart."""
    known: dict[str, Any] = {
        "attributes": {"first_name": values["name"]},
        "trigger": {"order_id": values["order"], "url": values["url"]},
        "received": {"note": values["note"]},
        "values": {"tag": values["tag"]},
    }
    letter = LETTERS.letter(replace(BODY, **known), DECISION)
    data = wire(build(KEY, letter, "kafija.example", MONDAY), "anna@example.com", PERMITTED)
    arrived = b"\r\n".join(line.removeprefix(b".") for line in data.split(b"\r\n"))
    assert b"\r\n.\r\n" not in data
    parsed = email.message_from_bytes(arrived, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return letter, parsed


PLAIN = dict.fromkeys(("name", "order", "url", "note", "tag"), "plain")


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(PLAIN, said)))
@example(dict.fromkeys(PLAIN, HOSTILE[0]))
@example(dict.fromkeys(PLAIN, HOSTILE[9]))
def test_no_value_becomes_a_header_a_part_or_a_tag(values: dict[str, str]) -> None:
    """Name, order, tag, link and note may hold anything: the finished message, parsed again, has the headers,
    the parts and the tags of one in which all of them are plain; and the subject says what was said."""
    try:
        letter, parsed = mail(**values)
    except LetterFault:  # nothing to show: a value of blanks alone is not known
        assert any(not value.strip() for value in values.values())
        return
    plain_letter, plain = mail(**PLAIN)
    assert sorted(parsed.keys()) == sorted(plain.keys())
    assert [part.get_content_type() for part in parsed.walk()] == [
        part.get_content_type() for part in plain.walk()
    ]
    for name in ("From", "To", "Message-ID", "List-Unsubscribe", "Auto-Submitted", "Content-Type"):
        assert parsed[name] == plain[name]
    assert parsed["Subject"] == letter.subject
    assert Tags(letter.html).found == Tags(plain_letter.html).found


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_subject_of_hostile_words_is_one_line(hostile: str) -> None:
    """Each of them, in the place where all of them are shown."""
    letter, parsed = mail(**{**PLAIN, "name": hostile})
    assert letter.subject.splitlines() == [letter.subject]
    assert parsed["Bcc"] is None
    assert parsed["Subject"] == letter.subject
