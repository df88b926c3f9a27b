"""MJML: laid out once, with Jinja's tags in their places."""

import re

import pytest
from golden_cases import compiled

from dsl.compile import Compiled
from dsl.templates.files import TemplateFile

FLOW = (
    b"flow case\n    topic news\n    start on order_placed\n    send mail with code 3, items trigger.items\n"
)
HEAD = "---\nsubject: Hello\n---\n"
FOOT = '<mj-text><a href="{{ links.unsubscribe }}">Stop</a> {{ sender.imprint }}</mj-text>'
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def whole(inside: str) -> str:
    return HEAD + f"<mjml><mj-body><mj-section><mj-column>{inside}</mj-column></mj-section></mj-body></mjml>"


def with_files(**files: str) -> Compiled:
    """The flow above with MJML files; `__` stands for a point, names that end in `_html` are HTML."""
    given = []
    for name, text in files.items():
        stem, ending = (name.removesuffix("_html"), "html") if name.endswith("_html") else (name, "mjml")
        given.append((f"templates/{stem.replace('__', '.')}.{ending}", text.encode()))
    return compiled(("case.flow", FLOW), templates=tuple(given))


def errors(found: Compiled) -> list[str]:
    return [each.code for each in found.findings if each.severity == "error"]


def file(found: Compiled, path: str = "mail.mjml") -> TemplateFile:
    return next(each for each in found.template_files if each.path == path)


@pytest.mark.parametrize(
    "inside",
    [
        "<mj-text>{{ code }}{% if code %}<p>x</p>{% endif %}</mj-text>",
        "{% for item in items %}<mj-text>{{ item.name }} &nbsp; {{ item.price }}</mj-text>{% endfor %}",
        "{% if code > 3 and code < 5 %}<mj-divider />{% else %}<mj-spacer />{% endif %}",
        '<mj-button href="{{ links.preferences }}">{{ contact.first_name | default("Go") }}</mj-button>',
        '<mj-image src="https://kafija.example/{{ code }}.png" alt="{{ code }}" />',
        "<mj-table>{% for item in items %}<tr><td>{{ item.sku }}</td></tr>{% endfor %}</mj-table>",
        '{% set a = "</mjml>" %}<mj-text>{{ a }}</mj-text>',
        "<mj-raw>{% set a = 3 %}</mj-raw><mj-text>{{ a }}</mj-text>",
    ],
)
def test_jinja_s_tags_keep_their_places(inside: str) -> None:
    """All of them, in order, as they were written."""
    found = with_files(mail=whole(inside + FOOT))
    assert errors(found) == []
    html = file(found)
    assert html.kind == "html"
    assert JINJA.findall(html.body) == JINJA.findall(inside + FOOT)
    assert "<mj-" not in html.body
    assert html.header == {"subject": "Hello"}


def test_the_facts_are_those_of_the_mail_as_it_is_laid_out() -> None:
    """A hidden or conditional link does not count; the digest follows each part."""
    assert errors(with_files(mail=whole(FOOT))) == []
    assert errors(with_files(mail=whole("<mj-text>Hello</mj-text>"))) == ["E505", "E509"]
    assert errors(with_files(mail=whole("{% if code %}" + FOOT + "{% endif %}"))) == ["E505", "E509"]
    part = {"mail": whole('{% include "_foot.mjml" %}')}
    digests = {
        next(each.digest for each in with_files(**part, _foot=foot).templates if each.name == "mail")
        for foot in (FOOT, FOOT.replace("Stop", "Halt"))
    }
    assert len(digests) == 2


def test_layouts_and_parts_in_mjml_come_in_the_mail_s_language() -> None:
    """Blocks fill a layout, `super()` keeps what it has; statements outside of blocks stay."""
    mail = HEAD + (
        '{% extends "_layout.mjml" %}{% from "_macros.html" import price %}{% set greeting = "Hi" %}'
        "{% block body %}"
        "<mj-text>{{ greeting }}{% for item in items %}{{ price(item) }}{% endfor %}</mj-text>"
        "{% block inner %}<mj-text>inner</mj-text>{% endblock %}{% endblock %}"
        "{% block foot %}{{ super() }}<mj-text>bye</mj-text>{% endblock %}"
    )
    found = with_files(
        mail=mail,
        mail__lv=mail,
        _layout="<mjml><mj-body><mj-section><mj-column>{% block body %}nothing{% endblock %}"
        '{% block foot %}{% include "_foot.mjml" %}{% endblock %}</mj-column></mj-section></mj-body></mjml>',
        _foot=FOOT,
        _foot__lv=FOOT.replace("Stop", "Beigt"),
        _macros_html="{% macro price(item) %}{{ item.price | money }}{% endmacro %}",
    )
    assert errors(found) == []
    english, latvian = file(found).body, file(found, "mail.lv.mjml").body
    for word in ("import price %}", 'greeting = "Hi"', "inner", "{{ price(item) }}", "Stop", "bye"):
        assert english.count(word) == 1, word
    assert "nothing" not in english
    assert english.index("Stop") < english.index("bye")
    assert latvian.count("Beigt") == 1
    assert "Stop" not in latvian
    assert "_layout.mjml" not in {each.path for each in found.template_files}


def test_what_mjml_mails_ask_for_is_checked_where_it_is_written() -> None:
    """In the part, on its line."""
    found = with_files(
        mail=whole('{% for item in items %}{% include "_item.mjml" %}{% endfor %}' + FOOT),
        _item="<mj-text>\n{{ item.nam }}</mj-text>",
    )
    told = [each for each in found.findings if each.severity == "error"]
    assert [(each.code, each.span.file, each.span.line) for each in told] == [
        ("E504", "templates/_item.mjml", 2)
    ]


@pytest.mark.parametrize(
    ("inside", "line"),
    [
        ("<mj-text>\na < b</mj-text>", 5),
        ("<mj-text>\n\n<p>a</mj-text>", 6),
        ("\n<mj-section {% if code %}padding='0'{% endif %}></mj-section>", 5),
        ("\n<mj-image src=x />", 5),
        ("\n<mj-txt>x</mj-txt>", 5),
    ],
)
def test_broken_mjml_is_told_with_its_line(inside: str, line: int) -> None:
    """Once."""
    told = [each for each in with_files(mail=whole(inside + FOOT)).findings if each.severity == "error"]
    assert [(each.code, each.span.line) for each in told] == [("E516", line)]


@pytest.mark.parametrize(
    "inside", ["a & b", "a&nbsp;b", "one<br>two<br/>three", '<img src="x" alt="">', "ā—“”"]
)
def test_what_people_write_in_texts_is_taken(inside: str) -> None:
    """HTML's entities and tags that are never closed."""
    assert errors(with_files(mail=whole(f"<mj-text>{inside}</mj-text>" + FOOT))) == []


def test_letters_keep_their_shape_in_attributes() -> None:
    """Also blanks that do not break, and signs that another program would escape."""
    alt = "Rīta\u00a0kafija — “ātri” \\ o‘z"
    found = with_files(mail=whole(f'<mj-image src="https://kafija.example/a.png" alt="{alt}" />' + FOOT))
    assert errors(found) == []
    assert f'alt="{alt}"' in file(found).body


def test_html_cannot_bring_in_mjml() -> None:
    """It would not be laid out."""
    found = with_files(mail_html=HEAD + '{% include "_foot.mjml" %}', _foot=FOOT)
    assert "E521" in errors(found)


def test_a_mail_that_is_no_mjml_at_all_is_told() -> None:
    """Empty, or without a body."""
    for text in (HEAD, HEAD + "Hello", HEAD + "<mjml></mjml>x", HEAD + '{% extends "_gone.mjml" %}'):
        found = with_files(mail=text)
        assert {"E516", "E508", "E505"} & set(errors(found)), text
