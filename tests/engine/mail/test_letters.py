"""Letters from templates: in the reader's language, from layouts and parts, as HTML and as text."""

from decimal import Decimal

import pytest
from written_letter import BODY, DECISION, letter, letters

from consent.contract import Links
from dsl.graph import Money
from dsl.templates.facts import Readings
from dsl.templates.files import read_templates
from engine.core.bundle import replace
from engine.mail.letters import LetterFault, Letters, Sender


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("lv", "Sveiki"),
        ("lv-LV", "Sveiki"),
        ("LV", "Sveiki"),
        ("lv_LV", "Sveiki"),
        ("pt-BR", "Oi"),
        ("pt-br", "Oi"),
        ("pt", "Hello"),
        ("fi", "Hello"),
        ("", "Hello"),
        (None, "Hello"),
        ("../../etc", "Hello"),
    ],
)
def test_the_variant_is_the_reader_s_or_the_first(language: str | None, word: str) -> None:
    """By the whole tag, then by the language alone, then the project's languages in order."""
    made = letters(
        ("en", "lv", "pt-BR"), **{"tips": "Hello {{ language }}", "tips__lv": "Sveiki", "tips__pt-BR": "Oi"}
    )
    attributes = {} if language is None else {"language": language}
    assert made.letter(replace(BODY, attributes=attributes), DECISION).text.split()[0] == word


def test_a_text_file_takes_the_place_of_the_derived_text() -> None:
    """And one without HTML makes a letter without HTML."""
    made = letters(
        tips="<p>rich</p>", tips_txt="plain", only_txt="---\nsubject: S\n---\nplain {{ contact.id }}"
    )
    both = made.letter(BODY, DECISION)
    assert (both.html.strip(), both.text.strip()) == ("<p>rich</p>", "plain")
    only = made.letter(replace(BODY, template="only", attributes={"id": "a1"}), DECISION)
    assert (only.html, only.text.strip(), only.subject) == ("", "plain a1", "S")


def test_a_template_that_is_not_there_is_a_fault() -> None:
    """Of that one mail."""
    with pytest.raises(LetterFault, match="there is no template `gone`"):
        letters(tips="x").letter(replace(BODY, template="gone"), DECISION)


PARTS = {
    "_parts": "{% macro price(item) %}{{ item.price | money }}{% endmacro %}"
    "{% macro button(words, href) %}<a href='{{ href }}'>{{ words }}</a>{% endmacro %}",
    "_foot": "<p>Bye {{ contact.name }}</p>",
    "_foot__lv": "<p>Atā {{ contact.name }}</p>",
    "_layout": '<body>{% block body %}{% endblock %}{% include "_foot.html" %}</body>',
}
MAIL = (
    '{% extends "_layout.html" %}{% from "_parts.html" import price, button %}'
    "{% block body %}<ul>"
    "{% for item in trigger.items %}<li>{{ item.name }} {{ price(item) }}</li>{% endfor %}"
    '</ul>{{ button("Go", "https://kafija.example") }}{% endblock %}'
)


@pytest.mark.parametrize(
    ("language", "price", "bye"),
    [("en", "€4.90", "Bye"), ("lv", "4,90\u00a0€", "Atā"), ("fi", "€4.90", "Bye")],
)
def test_layouts_parts_and_macros_are_those_of_the_mail_s_language(
    language: str, price: str, bye: str
) -> None:
    """However deep they are brought in; a macro sees the language and the contact, in both parts."""
    made = letters(("en", "lv"), tips=MAIL, tips__lv=MAIL, **PARTS)
    trigger = {"items": [{"name": "Rīts", "price": Money(Decimal("4.9"), "EUR")}]}
    body = replace(BODY, attributes={"language": language, "name": "Anna"}, trigger=trigger)
    found = made.letter(body, DECISION)
    assert f"<li>Rīts {price}</li>" in found.html
    assert "<a href='https://kafija.example'>Go</a>" in found.html
    assert f"<p>{bye} Anna</p>" in found.html
    assert found.text == f"- Rīts {price}\n\nGo: https://kafija.example\n\n{bye} Anna\n"


def test_rows_from_a_part_stay_rows_in_the_text() -> None:
    """Each on a line of its own."""
    made = letters(
        tips='<table>{% for x in xs %}{% include "_row.html" %}{% endfor %}</table><p>end</p>',
        _row="<tr><td>{{ x }}</td></tr>",
    )
    found = made.letter(replace(BODY, values={"xs": ["a", "b"]}), DECISION)
    assert found.text == "a\nb\n\nend\n"


def test_a_template_that_jinja_cannot_read_is_told_when_it_is_loaded() -> None:
    """With its file."""
    with pytest.raises(LetterFault, match=r"template `tips\.html` cannot be read"):
        letters(tips="{% if %}")


def test_links_and_sender_stand_ready() -> None:
    """In both parts."""
    text = '<a href="{{ links.unsubscribe }}">Stop</a> {{ sender.imprint }} {{ sender.name }}'
    found = letter(text)
    assert found.html.strip() == '<a href="https://kafija.example/u/1">Stop</a> SIA Kafija, Rīga Kafija'
    assert found.text == "Stop: https://kafija.example/u/1 SIA Kafija, Rīga Kafija\n"


def test_the_proof_mail_shows_what_will_be_agreed_to() -> None:
    """Its links, and each sentence; in the language that was signed up in."""
    text = '{% for w in wording %}<p>{{ w }}</p>{% endfor %}<a href="{{ links.confirm }}">Yes</a>'
    decision = replace(DECISION, links=Links(confirm="https://kafija.example/c/1"))
    found = letters(confirm=text).proof("lv", ("I want <news>.", "And offers."), decision)
    assert found.html.strip() == (
        '<p>I want &lt;news&gt;.</p><p>And offers.</p><a href="https://kafija.example/c/1">Yes</a>'
    )
    assert found.text.split("\n\n") == ["I want <news>.", "And offers.", "Yes: https://kafija.example/c/1\n"]


def test_a_mail_in_mjml_is_laid_out_once_and_filled_in_for_each() -> None:
    """With its text beside it."""
    text = (
        "---\nsubject: S\n---\n<mjml><mj-body><mj-section>"
        "{% for x in xs %}<mj-column><mj-text>{{ x }}</mj-text>"
        '<mj-button href="https://kafija.example/{{ x }}">'
        "Buy</mj-button></mj-column>{% endfor %}</mj-section></mj-body></mjml>"
    )
    templates, findings = read_templates([("templates/tips.mjml", text.encode())], ("en",))
    assert findings == []
    files = Readings(templates).rendered()
    made = Letters(files, {}, ("en",), Sender("Kafija", "info@kafija.example", "Rīga"), "UTC")
    found = made.letter(replace(BODY, values={"xs": ["Rīts", "<b>"]}), DECISION)
    assert 'href="https://kafija.example/&lt;b&gt;"' in found.html
    assert found.html.count("mj-column") >= 2
    assert found.text == (
        "Rīts\n\nBuy: https://kafija.example/Rīts\n\n<b>\n\nBuy: https://kafija.example/<b>\n"
    )
