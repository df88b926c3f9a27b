"""What stands above a letter: its subject, its preheader, and who writes it."""

from decimal import Decimal

import pytest
from written_letter import BODY, DECISION, HEAD, letter, letters

from dsl.graph import Money
from engine.core.bundle import replace
from engine.mail.letters import LetterFault


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Your €1,234.50 wait"), ("lv", "Your 1 234,50 € wait"), ("fi", "Your 1 234,50 € wait")],
)
def test_an_amount_in_a_subject_is_written_as_the_mail_s_language_does(language: str, expected: str) -> None:
    """As `money` does it in a template."""
    parts = ("Your ", Money(Decimal("1234.5"), "EUR"), " wait")
    files = {"tips": "x", "tips__lv": "x", "tips__fi": "x"}
    body = replace(BODY, attributes={"language": language}, subject=parts)
    written = letters(("en", "lv", "fi"), **files).letter(body, DECISION).subject
    assert written == expected


def test_a_subject_of_an_earlier_version_is_text() -> None:
    """As it stands in the store."""
    assert letter("x", subject="Hello there").subject == "Hello there"


def test_a_subject_is_one_line_of_plain_words() -> None:
    """Values are not escaped in it, and can break no line, whether the flow or the template writes it."""
    name = "Anna\r\nBcc: x@example.com\t\x00\x85\u2028 <b> & 👩‍👧"
    text = HEAD.format(subject="Dear {{ contact.name }},") + "x"
    expected = "Dear Anna Bcc: x@example.com <b> & 👩‍👧"
    assert letter(text, attributes={"name": name}).subject == expected + ","
    assert letter(text, attributes={"name": name}, subject=f"Dear {name}").subject == expected


def test_the_preheader_is_hidden_at_the_top_of_the_html_only() -> None:
    """Escaped, behind `<body>`; a template may place it itself."""
    head = "---\nsubject: S\npreheader: For {{ contact.name }}\n---\n"
    found = letter(head + "<html><body class='a'><p>Hi</p></body></html>", attributes={"name": "<b>"})
    before, _, after = found.html.partition("<p>Hi</p>")
    assert "display:none" in before
    assert "For &lt;b&gt;</div>" in before
    assert found.text == "Hi\n"
    assert "For" not in after
    own = letter(head + "<body><i>{{ preheader }}</i></body>", attributes={"name": "A"})
    assert own.html.strip() == "<body><i>For A</i></body>"
    assert own.text == "For A\n"


@pytest.mark.parametrize(
    ("header", "step", "sender"),
    [
        ("", "", "Kafija <info@kafija.example>"),
        ("from: anna@kafija.example\n", "", "Kafija <anna@kafija.example>"),
        ("from: Anna <anna@kafija.example>\n", "", "Anna <anna@kafija.example>"),
        ("from: Anna <anna@kafija.example>\n", "Berta <b@kafija.example>", "Berta <b@kafija.example>"),
        ("", "b@kafija.example", "Kafija <b@kafija.example>"),
    ],
)
def test_the_sender_is_the_step_s_the_template_s_or_the_project_s(
    header: str, step: str, sender: str
) -> None:
    """With the project's name where none is written."""
    text = f"---\nsubject: S\nreply_to: help@kafija.example\n{header}---\nx"
    found = letter(text, sender=step)
    assert found.sender == sender
    assert found.reply_to == "help@kafija.example"
    assert letter(text, reply_to="me@kafija.example").reply_to == "me@kafija.example"


def test_a_sender_that_is_no_address_is_told_when_it_is_loaded() -> None:
    """Not when the first mail goes."""
    with pytest.raises(LetterFault, match="is no address"):
        letters(tips="---\nsubject: S\nfrom: nobody\n---\nx")
