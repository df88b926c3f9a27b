"""The text that is derived from HTML: it says the same, and Jinja's statements stay whole and in order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined

from engine.mail.text import text_template, tidy

STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)


def rendered(html: str, **values: object) -> str:
    """The derived text, filled in."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return tidy(environment.from_string(text_template(html)).render(values))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo\n"),
        ("<h1>Sveiki</h1>Text<br>below", "Sveiki\n\nText\nbelow\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ('<a href="https://x.example/a?b=1&amp;c=2">here</a>', "here: https://x.example/a?b=1&c=2\n"),
        ('<a href="https://x.example">https://x.example</a>', "https://x.example\n"),
        ('<a href="https://x.example"><img src="i.png" alt="Shop"></a>', "Shop: https://x.example\n"),
        ('<a href="https://x.example"><img src="i.png"></a>', "https://x.example\n"),
        ('<a href="#top">up</a> and <a>none</a>', "up and none\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ("<head><title>T</title><style>p {}</style></head><body>B<script>1<2</script></body>", "B\n"),
        ('<div style="display: none">hidden<br><div>too</div></div>shown', "shown\n"),
        ('<span aria-hidden="true">*</span>shown', "shown\n"),
        ('<img style="display:none" alt="pixel">shown', "shown\n"),
        ("Tom &amp; Jerry &lt;3 &nbsp; &euro;5", "Tom & Jerry <3 €5\n"),
        ("a <!-- note --> b", "a b\n"),
        ("", "\n"),
        ("<div><div>a</div></div><div> <p>b</p> </div>c", "a\n\nb\n\nc\n"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n\n- b\n"),
        ("one\n   line <b>only</b>", "one line only\n"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    """As a person would write it down."""
    assert rendered(html) == text


@pytest.mark.parametrize(
    ("html", "values", "text"),
    [
        ("<p>Hi {{ name }}!</p>", {"name": "Anna"}, "Hi Anna!\n"),
        ('<a href="{{ link }}">here</a>', {"link": "https://x.example"}, "here: https://x.example\n"),
        ("{% if a < 5 %}<p>few</p>{% else %}<p>many</p>{% endif %}", {"a": 3}, "few\n"),
        ("<ul>{% for x in xs %}<li>{{ x }}</li>{% endfor %}</ul>", {"xs": "ab"}, "- a\n- b\n"),
        ('<p {% if a %}class="b"{% endif %}>x</p>', {"a": True}, "x\n"),
        ('<a href="{% if a %}one{% else %}two{% endif %}">w</a>', {"a": False}, "w: two\n"),
        ('<img alt="{% if a %}one{% endif %}">', {"a": True}, "one\n"),
        ('<div style="display:none">{{ preheader }}</div>x', {"preheader": "P"}, "x\n"),
        ("<title>{{ t }}{% if a %}!{% endif %}</title>x", {"t": "T", "a": True}, "x\n"),
        ("<style>{% if a %}p{}{% endif %}</style>x", {"a": True}, "x\n"),
        ("<!-- {% if a %} -->x<!-- {% endif %} -->", {"a": False}, "\n"),
        ("{# a <b> note #}x", {}, "x\n"),
        ("&#123;&#123; name &#125;&#125; is how", {"name": "Anna"}, "{{ name }} is how\n"),
        ("&#123;% if %} x", {}, "{% if %} x\n"),
        ("\ue000" + "7\ue002 {{ name }}", {"name": "Anna"}, "7 Anna\n"),
        ("\x01a\x02b\x03 {{ name }}", {"name": "Anna"}, "ab Anna\n"),
        ("<p>a</p><p>{{ tab }}</p><p>b</p>", {"tab": "\t"}, "a\n\nb\n"),
        (
            "<p>a</p> <div> <p>{{ empty }}</p></div><br>{{ lines }}<hr>b",
            {"empty": "", "lines": "1\n\n\n2"},
            "a\n\n1\n\n2\nb\n",
        ),
        ("{{ '<b>' }} {{ a if a > 1 else 'x' }}", {"a": 2}, "<b> 2\n"),
    ],
)
def test_jinja_passes_through(html: str, values: dict[str, object], text: str) -> None:
    """Wherever it stands: in words, addresses, attributes, hidden parts and comments."""
    assert rendered(html, **values) == text


def test_layouts_and_parts_are_derived_like_templates() -> None:
    """`extends`, `block` and `include` keep their places and names."""
    text = text_template(
        '{% extends "_layout.html" %}{% block body %}<p>x</p>{% include "_part.html" %}{% endblock %}'
    )
    assert STATEMENT.findall(text) == [
        '{% extends "_layout.html" %}',
        "{% block body %}",
        '{% include "_part.html" %}',
        "{% endblock %}",
    ]


pieces = st.recursive(
    st.sampled_from(
        ["text ", "{{ value }}", "<br>", "&amp;", "<!-- c -->", '<img alt="x">', "<hr>", "1 < 2 "]
    ),
    lambda inner: st.builds(
        lambda around, parts: around[0] + "".join(parts) + around[1],
        st.sampled_from(
            [
                ("<p>", "</p>"),
                ("{% if value %}", "{% endif %}"),
                ("{% for x in 'ab' %}", "{% endfor %}"),
                ("<table><tr><td>", "</td></tr></table>"),
                ('<a href="{{ value }}">', "</a>"),
                ('<div style="display:none">', "</div>"),
                ("<b {% if value %}id=1{% endif %}>", "</b>"),
                ("<style>", "</style>"),
                ("<ul><li>", "</li></ul>"),
                ("<!-- ", " -->"),
            ]
        ),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


@given(st.lists(pieces, max_size=4).map("".join))
def test_statements_stay_whole_and_in_order(html: str) -> None:
    """Every statement of the HTML is in the text, once, where it was; so what was a template is one."""
    text = text_template(html)
    assert STATEMENT.findall(text) == STATEMENT.findall(html)
    rendered(html, value="v")


BROKEN = [*"<>{}%#&;/='\" ab1\n\ue000\ue001\ue002", "{{", "}}", "{%", "%}", "<a href=", "</style>", "<!--"]


@given(st.lists(st.sampled_from(BROKEN), max_size=40).map("".join))
def test_no_text_makes_it_fail(html: str) -> None:
    """However broken the HTML, there is a text."""
    assert tidy(text_template(html)).endswith("\n")
