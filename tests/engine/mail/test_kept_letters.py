"""What is kept of a mail for the browser is that mail, the reader's address put back, or nothing."""

import pytest
from written_letter import BODY, DECISION, HEAD

from consent.contract import Decision
from dsl.templates.files import read_templates
from engine.core.bundle import replace
from engine.mail.kept import STAND_IN, addressed
from engine.mail.letters import Letters, Sender
from engine.mail.measured import Marks
from engine.mail.message import Letter

MARKS = Marks("https://mail.kafija.example", b"s" * 32)
SEEN = replace(DECISION, key="0a" * 16)
ADDRESS = "anna+x@example.com"

WHOLE = (
    "{{ contact.email }}",
    "{{ contact.email | e }}",
    "{{ contact.email | urlencode }}",
    "{{ contact.email | trim }}",
    "{{ contact.email | lower }}",
    '{{ contact.email | default("you") }}',
    '{{ "For " ~ contact.email }}',
    '{{ "<%s>" | format(contact.email) }}',
    '{{ contact.email.split("@") | join(" at ") }}',
    '{{ contact.email.split("@")[1] }}',
    '{{ contact.email | replace("@", " at ") }}',
    '<a href="https://kafija.example/?for={{ contact.email | urlencode }}" title="{{ contact.email }}">x</a>',
    "{% if contact.email %}{{ contact.email }}{% endif %}",
)
"""The same with another address in its place, which is then changed for this one."""

OTHERWISE = (
    "{{ contact.email[:3] }}***",
    "{{ contact.email | truncate(6, true, '') }}",
    "{{ contact.email | first }}",
    "{{ contact.email | last }}",
    "{{ contact.email | tojson }}",
    '{% if contact.email == "anna+x@example.com" %}A{% else %}B{% endif %}',
    '{% if contact.email.endswith("example.com") %}A{% else %}B{% endif %}',
    "{{ contact.email | length }}",
    "{{ contact.email | list | join('-') }}",
    "{{ contact.email | reverse }}",
    "{{ contact.email | title }}",
    "{{ contact.email | upper }}",
    "{{ contact.email | urlize }}",
    "{{ contact.email | pprint }}",
    "{{ contact.email.encode() }}",
    "{{ contact.email | center(40) }}|",
    '{{ contact.email.split("@")[1].split(".")[1] }}',
    "{{ contact.email | wordcount }}",
    "{% for letter in contact.email %}{{ letter }} {% endfor %}",
)
"""With another address in its place, this would be another text."""


def letter(
    said: str, kind: str = "html", address: str = ADDRESS, decision: Decision = SEEN, name: str = "Anna"
) -> Letter:
    """The letter to `address` by a template that says this, and can be seen in the browser."""
    text = HEAD.format(subject="Hello") + f"{said} {{{{ contact.first_name }}}} {{{{ links.browser }}}}"
    templates, findings = read_templates([(f"templates/tips.{kind}", text.encode())], ("en",))
    assert findings == []
    shows = ("tips",) if "contact.email" in said else ()
    sender = Sender("Kafija", "info@kafija.example", "SIA Kafija, Rīga")
    letters = Letters(
        templates.files, {}, ("en",), sender, "Europe/Riga", MARKS, addressed=shows, kept=("tips",)
    )
    body = replace(BODY, attributes={"first_name": name})
    return letters.letter(body, decision, address if shows else "")


def sent(letter: Letter) -> str:
    """The body that went out."""
    return letter.html or letter.text


@pytest.mark.parametrize("kind", ["html", "txt"])
@pytest.mark.parametrize("said", WHOLE)
def test_an_address_that_is_shown_is_put_back_as_it_was_sent(said: str, kind: str) -> None:
    """And what is kept has nothing of it."""
    found = letter(said, kind)
    assert found.kept
    assert "anna" not in found.kept
    assert "example.com" not in found.kept
    assert addressed(found.kept, kind == "html", ADDRESS) == sent(found)


@pytest.mark.parametrize("kind", ["html", "txt"])
@pytest.mark.parametrize("said", OTHERWISE)
def test_a_mail_that_does_more_with_the_address_is_not_kept(said: str, kind: str) -> None:
    """The page would show another mail, or more of the address than the mail did."""
    found = letter(said, kind)
    assert sent(found)
    assert found.kept == ""


@pytest.mark.parametrize("address", ["o'hara&sons@example.com", '"a b"@example.com', "Ā@kafija.example"])
def test_an_odd_address_comes_back_as_it_was_sent(address: str) -> None:
    """Escaped in HTML, written for a link in a link."""
    found = letter('<p title="{{ contact.email }}">{{ contact.email | urlencode }}</p>', address=address)
    assert found.kept
    assert addressed(found.kept, True, address) == found.html


def test_the_sign_that_stands_for_an_address_is_not_taken_from_elsewhere() -> None:
    """A name with such a sign in it would be shown as the reader's address: that mail is not kept."""
    assert letter("Hello", name="Anna").kept
    assert letter("Hello", name=STAND_IN).kept == ""
    assert letter("{{ contact.email }}", name=STAND_IN).kept == ""


def test_a_mail_that_is_measured_is_kept_as_it_was_before() -> None:
    """Links that lead through Virta are no difference."""
    measured = replace(SEEN, measured=True)
    found = letter('<a href="https://kafija.example/">{{ contact.email }}</a>', decision=measured)
    assert "/l/" in found.html
    assert found.kept
    assert "/l/" not in found.kept
