"""Layouts, parts and macros are checked as if the mail had them written in itself."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail_template import BOTH, FOOT, HEAD, errors, with_templates

from dsl.checks.template_parts import seen_pieces


def test_layouts_and_parts_count() -> None:
    """A footer that every mail includes shows the link for all; a block that is overridden does not."""
    layout = "<html>{% block body %}{% endblock %}{% block foot %}" + BOTH + "{% endblock %}</html>"
    extended = HEAD + '{% extends "_layout.html" %}{% block body %}Hello{% endblock %}'
    assert errors(with_templates(mail=extended, _layout=layout)) == []
    overridden = extended + "{% block foot %}nothing{% endblock %}"
    assert errors(with_templates(mail=overridden, _layout=layout)) == ["E505", "E509"]
    included = HEAD + 'Hello {% include "_foot.html" %}'
    assert errors(with_templates(mail=included, _foot=BOTH)) == []


def test_parts_that_bring_in_each_other_are_told() -> None:
    """They would go on without end in every mail."""
    found = with_templates(
        mail=HEAD + '{% include "_a.html" %}' + BOTH,
        _a='{% include "_b.html" %}',
        _b='{% include "_a.html" %}',
    )
    assert errors(found) == ["E519"]


def test_a_part_comes_in_the_language_of_the_mail() -> None:
    """`_foot.lv.html` where there is one, for layouts as deep as they go; else the file itself."""
    body = HEAD + '{% extends "_layout.html" %}{% block body %}Hello{% endblock %}'
    layout = '{% block body %}{% endblock %}{% include "_foot.html" %}'
    found = with_templates(mail=body, mail__lv=body, _layout=layout, _foot=FOOT, _foot__lv="Atā")
    assert [(each.code, each.span.file) for each in found.findings] == [
        ("E505", "templates/mail.lv.html"),
        ("E509", "templates/mail.lv.html"),
    ]
    assert with_templates(mail=body, mail__lv=body, _layout=layout, _foot=FOOT).findings == ()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{% for item in items %}{{ item.nam }}{% endfor %}", "There is no `nam` in an entry of `items`."),
        ("{% for item in trigger.items %}{{ item.nam }}{% endfor %}", "There is no `nam` in an entry of "),
        ("{% for x in items | sort(attribute='nam') %}{% endfor %}", "There is no `nam` in an entry of "),
        ("{{ items[0].nam }}", "There is no `nam` in an entry of `items`."),
        ("{{ (items | first).nam }}", "There is no `nam` in an entry of `items`."),
        ("{{ items.name }}", "`items` is a list, which has no `name` of its own."),
        (
            "{% for x in trigger.total %}{% endfor %}",
            "`trigger.total` is no list, so nobody can go through it.",
        ),
        ("{{ trigger.order_id.name }}", "`trigger.order_id` has nothing inside, and so no `name`."),
        (
            "{% set all = items %}{% for x in all %}{{ x.nam }}{% endfor %}",
            "There is no `nam` in an entry of ",
        ),
        (
            "{% for item in items %}{% include '_item.html' %}{% endfor %}",
            "There is no `nam` in an entry of `items`.",
        ),
        (
            "{% from '_parts.html' import row %}{% for item in items %}{{ row(item) }}{% endfor %}",
            "There is no `nam` in an entry of `items`.",
        ),
        (
            "{% from '_parts.html' import lone %}{{ lone() }}",
            "`cod` is not given to the mail `mail`, sent in line ",
        ),
        ("{% include '_lone.html' %}", "`cod` is not given to the mail `mail`, sent in line "),
        ("{% from '_parts.html' import rows %}", "`templates/_parts.html` has no macro `rows`."),
        (
            "{% import '_parts.html' as parts %}{{ parts.rows() }}",
            "`templates/_parts.html` has no macro `rows`.",
        ),
        (
            "{% from '_parts.html' import row %}{{ row() }}",
            "`item` is not given to the macro `row` everywhere.",
        ),
        ("{% include '_part.html' %}", "There is no file `templates/_part.html`."),
    ],
)
def test_what_parts_macros_and_loops_ask_for_is_checked(written: str, message: str) -> None:
    """As if the mail itself had asked; the fault is told where it stands."""
    found = with_templates(
        mail=HEAD + BOTH + written,
        _parts="{% macro row(item) %}{{ item.nam }}{% endmacro %}{% macro lone() %}{{ cod }}{% endmacro %}",
        _item="{{ item.nam }}",
        _lone="{{ cod }}",
    )
    told = [each for each in found.findings if each.severity == "error"]
    assert len(told) == 1
    assert told[0].message.startswith(message)
    source = found.sources[told[0].span.file].lines[told[0].span.line - 1]
    shown = source[told[0].span.column - 1 : told[0].span.end_column - 1]
    assert shown.split(".")[-1] in message + "_part.html"


@pytest.mark.parametrize(
    "written",
    [
        "{% for item in items | default([]) %}{{ item.name }} {{ item.price | money }}{% endfor %}",
        "{% for item in trigger.items[:3] %}{{ item.sku }}{% else %}none{% endfor %}",
        "{% for item in items | selectattr('price') | list %}{{ item.category }}{% endfor %}",
        "{{ items | length }} {{ items | map(attribute='name') | join(', ') }}",
        "{{ trigger.total.amount }} {{ trigger.at | date('short') }}",
        "{% for label, words in [('a', 'b')] %}{{ label }}{{ words }}{% endfor %}",
        "{% macro m(a, b='x') %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(b=2, a=1) }}",
        "{% macro m(a) %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, c=3) }}",
        "{% macro m(a) %}{% if a %}{{ a }}{% endif %}{% endmacro %}{{ m() }}",
        "{% include ['_gone.html', '_item.html'] %}{% include '_gone.html' ignore missing %}",
    ],
)
def test_what_is_there_is_not_complained_of(written: str) -> None:
    """Lists with defaults, slices and filters, macros with fallbacks, parts that may be missing."""
    assert errors(with_templates(mail=HEAD + BOTH + written, _item="x")) == []


def test_a_layout_s_own_block_can_be_kept() -> None:
    """`super()` shows what the layout has there."""
    layout = "{% block body %}{% endblock %}{% block foot %}" + BOTH + "{% endblock %}"
    kept = HEAD + '{% extends "_layout.html" %}{% block foot %}{{ super() }}, bye{% endblock %}'
    assert errors(with_templates(mail=kept, _layout=layout)) == []


HIDDEN = re.compile(r"<!--.*?-->|<(style|script|head)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
SCRAPS = ("<!--", "-->", "<style ", "</STYLE >", "<Head>", "</head>", "<script", "</script>", "<", ">", "a b")


@given(st.lists(st.sampled_from(SCRAPS)).map("".join))
def test_what_a_reader_sees_of_a_part_is_all_but_tags_comments_and_styles(html: str) -> None:
    """As two patterns say it, which look at the rest of a text again for each that is not closed."""
    assert seen_pieces(html) == re.split("<[^>]*>", HIDDEN.sub("<>", html))


@pytest.mark.parametrize(
    "opened", ["<!--", "<style ", "<script>", "<head ", "</style ", "<", "<!-- <style <"]
)
def test_a_part_of_things_never_closed_is_read_once(opened: str) -> None:
    """With a look at the rest for each of them, these would take an hour."""
    assert " three words more" in "".join(seen_pieces(opened * 200_000 + " three words more"))
