"""Layouts and parts around mails in several languages."""

from dataclasses import replace

import pytest
from golden_cases import compiled, shared_project

from dsl.compile import compile_project

FLOW = ("case.flow", b"flow case\n    topic news\n    start on order_placed\n    send hello\n")
MAIL = b'---\nsubject: Hello\n---\n{% include "_foot.html" %}\n'
OWED = '<a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.imprint }}'


def told(part: str, *others: str) -> list[str]:
    """What is said of a mail in English and Latvian that brings in `_foot.html`, beside other files."""
    files = {"hello.html": MAIL, "hello.lv.html": MAIL, "_foot.html": f"{part} {OWED}".encode()}
    files |= {name: OWED.encode() for name in others}
    found = compiled(FLOW, templates=tuple((f"templates/{name}", data) for name, data in files.items()))
    return [f"{each.code} {each.span.file}" for each in found.findings]


@pytest.mark.parametrize(
    "part",
    [
        "<p>You get this because you asked for it.</p>",
        "<p>Šī ir vēstule <b>par jūsu pasūtījumu</b></p>",
        "<td>{{ sender.name }}</td><p>{% if contact.vip %}Our very best regards{% endif %}</p>",
        '<html lang="{{ language }}"><p>You get this because you asked for it.</p>',
        "{% macro foot() %}<p>This is our address.</p>{% endmacro %}",
        "<p>ეს არის თქვენი წერილი</p>",
    ],
)
def test_a_sentence_belongs_to_a_language(part: str) -> None:
    """Wherever it stands, in whatever letters."""
    assert told(part) == ["W216 templates/_foot.html"]


@pytest.mark.parametrize(
    "part",
    [
        "<p>Kafija</p>",
        "<p>Northern Light Coffee Roasters</p>",
        "<style>a b c { colour of words }</style><!-- not a single word of this is seen -->",
        "{# not a single word of this is seen #}<p>{{ contact.city | default('your town') }}</p>",
        "{% if language == 'lv' %}Jo jūs to vēlējāties{% else %}Because you asked for it{% endif %}",
        "{{ {'lv': 'Jo jūs to vēlējāties'}[language] | default('x') }} <p>one, two and three</p>",
    ],
)
def test_a_name_or_a_choice_by_language_serves_all(part: str) -> None:
    """Nobody needs a second file of it."""
    assert told(part) == []


def test_a_part_that_stands_in_its_language_is_not_told() -> None:
    """The mail in Latvian takes that one."""
    assert told("<p>You get this because you asked.</p>", "_foot.lv.html") == []


def test_a_file_of_a_part_in_no_language_of_the_project_is_told() -> None:
    """Nobody sees it, unless something names it; and the part is still not written in Latvian."""
    assert told("<p>Kafija</p>", "_foot.fi.html") == ["W206 templates/_foot.fi.html"]
    assert told('<p>{% include "_foot.new.html" %}</p>', "_foot.new.html") == []
    assert told("<p>Kafija</p>", "_feet.fi.html") == []


def test_a_part_in_some_language_is_missed_in_the_others() -> None:
    """Somebody saw to it for one, whatever words it has."""
    part = [("_foot.html", OWED), ("_foot.fi.html", OWED)]
    files = [*part, *((f"hello{each}.html", MAIL.decode()) for each in ("", ".lv", ".fi"))]
    given = tuple((f"templates/{name}", text.encode()) for name, text in files)
    project = replace(shared_project(FLOW, templates=given), languages=("en", "lv", "fi"))
    found = [each for each in compile_project(project).findings if each.code == "W216"]
    assert [each.message for each in found] == [
        "`_foot.html` has no text in `lv`; a mail in that language shows it in `en`."
    ]
