"""Styles that are written into each tag: they leave everything else of a mail as it is."""

import re

import pytest
from golden_cases import compiled

from dsl.compile import Compiled
from dsl.templates.styles import inlined

FLOW = (
    b"flow case\n    topic news\n    start on order_placed\n    send mail with code 3, items trigger.items\n"
)
FOOT = '<mj-text><a href="{{ links.unsubscribe }}">Stop</a> {{ sender.imprint }}</mj-text>'
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
RULES = ".red { color: red } .big td { padding: 9px } td.cell { width: {{ code }}px }"


def mail(inside: str, rules: str = RULES, head: str = "") -> Compiled:
    """A mail in MJML with such a style in its head."""
    text = (
        "---\nsubject: Hello\n---\n"
        f'<mjml><mj-head><mj-style inline="inline">{rules}</mj-style>{head}</mj-head>\n'
        f"<mj-body><mj-section><mj-column>{inside}{FOOT}</mj-column></mj-section></mj-body></mjml>"
    )
    return compiled(("case.flow", FLOW), templates=(("templates/mail.mjml", text.encode()),))


def errors(found: Compiled) -> list[tuple[str, int]]:
    return [(each.code, each.span.line) for each in found.findings if each.severity == "error"]


def body(found: Compiled) -> str:
    assert errors(found) == []
    return next(each.body for each in found.template_files if each.path == "mail.mjml")


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ('<mj-text><p class="red">x</p></mj-text>', '<p class="red" style="color: red;">x</p>'),
        (
            '<mj-table>{% for item in items %}<tr class="red"><td>{{ item.sku }}</td></tr>{% endfor %}'
            "</mj-table>",
            '{% for item in items %}<tr class="red" style="color: red;"><td>{{ item.sku }}</td></tr>'
            "{% endfor %}</table>",
        ),
        (
            '<mj-table><tr>{% if code > 3 %}<td class="cell">a</td>{% else %}<td class="red">b</td>'
            "{% endif %}</tr></mj-table>",
            '<tr>{% if code > 3 %}<td class="cell" style="width: {{ code }}px;">a</td>{% else %}'
            '<td class="red" style="color: red;">b</td>{% endif %}</tr>',
        ),
        (
            '<mj-text><a class="red" href="https://kafija.example/?a={{ code }}&amp;b=2" '
            'title="{{ code }}">x</a></mj-text>',
            '<a class="red" href="https://kafija.example/?a={{ code }}&amp;b=2" title="{{ code }}" '
            'style="color: red;">x</a>',
        ),
        (
            '<mj-text><p class="{% if code %}x{% endif %} red" style="top: {{ code }}px">x</p></mj-text>',
            '<p class="{% if code %}x{% endif %} red" style="color: red;top: {{ code }}px">x</p>',
        ),
        (
            '<mj-text>{% if code %}<b class="red">1</b>{% endif %}'
            '<br class="red" />a &amp; b&nbsp;c</mj-text>',
            '{% if code %}<b class="red" style="color: red;">1</b>{% endif %}'
            '<br class="red" style="color: red;" />a &amp; b&nbsp;c',
        ),
        (
            '{% for item in items %}<mj-text css-class="red">{{ item.name }}</mj-text>{% endfor %}',
            'class="red" style="color: red;font-size:0px;',
        ),
        ("<mj-text><p style='color: blue' class='red'>x</p></mj-text>", "color: red;color: blue"),
    ],
)
def test_a_rule_stands_in_the_tags_that_it_speaks_of(inside: str, expected: str) -> None:
    """Before a tag's own style, which is the stronger; what Jinja has between rows and cells stays there."""
    html = body(mail(inside))
    assert expected in html
    assert JINJA.findall(html.replace("width: {{ code }}px", "")) == JINJA.findall(inside + FOOT)


def test_nothing_else_of_a_mail_changes() -> None:
    """Without the styles in its tags it is the mail that it is without the rules."""
    inside = (
        "<mj-table>{% for item in items %}<tr><td class='cell'>{{ item.sku }}</td></tr>"
        "{% endfor %}</mj-table>"
        '<mj-button href="{{ links.preferences }}">Go</mj-button><mj-raw><!-- <p class="red"> --></mj-raw>'
        '<mj-text><p class="red">x</p></mj-text>'
    )
    plain = body(mail(inside, rules=""))
    styled = body(mail(inside))
    for style in ('style="color: red;"', 'style="width: {{ code }}px;"'):
        assert style in styled
        styled = styled.replace(f" {style}", "")
    assert styled == plain


def test_other_styles_stay_in_the_head() -> None:
    """Also where mail programs read them there: `@media` and `:hover`."""
    html = body(
        mail('<mj-text><p class="red">x</p></mj-text>', head="<mj-style>.red { top: 1px }</mj-style>")
    )
    assert ".red { top: 1px }" in html
    assert "top: 1px;" not in html.partition("<body")[2]


def test_several_styles_hold_together_and_the_later_is_the_stronger() -> None:
    """But for one that says `!important`."""
    later = '<mj-style inline="inline">.red { color: blue; top: 1px } p { top: 2px !important }</mj-style>'
    html = body(mail('<mj-text><p class="red">x</p></mj-text>', head=later))
    (style,) = re.findall(r'<p class="red" style="(.*?)">', html)
    said = dict(each.split(": ") for each in style.strip(";").split(";"))
    assert said == {"color": "blue", "top": "2px !important"}


def test_a_style_in_a_comment_is_none() -> None:
    """Of Jinja's or of MJML's."""
    head = '<!-- <mj-style inline="inline">p { top: 1px }</mj-style> -->'
    jinja = '{# <mj-style inline="often">{% if %}</mj-style> #}'
    html = body(mail(f"<mj-text><p>x</p>{jinja}</mj-text>", head=head))
    assert "top: 1px" not in html.partition("<body")[2]


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ("{% if code %}\n.a { top: 0 }\n{% endif %}", 4),
        ("\n.x{{ code }} { top: 0 }", 5),
        (".a { top: 0; {# no #} }", 4),
        (".a { {% if code %}top{% endif %}: 0 }", 4),
    ],
)
def test_what_no_tag_could_show_is_told(rules: str, line: int) -> None:
    """Once for each style: the rules are laid on the tags before anything is known of the reader."""
    assert errors(mail("<mj-text>x</mj-text>", rules=rules)) == [("E516", line)]


def test_inline_has_one_value() -> None:
    """Another one would leave the styles where they are, without a word."""
    head = '<mj-style inline="true">p { top: 0 }</mj-style>'
    assert errors(mail("<mj-text>x</mj-text>", head=head)) == [("E516", 4)]


def test_nothing_is_fetched_and_nothing_breaks() -> None:
    """Whatever stands in the rules."""
    html = '<p>x</p><title>a <p> b</title><table>1<tr><td title="<b>">x</td></tr></table>'
    assert inlined(html, "@import url(https://kafija.example/x.css); } { p", "zq") == html
    found = inlined(html, """td { font-family: "A B"; background: url('/a?b=1&copy=2') }""", "zq")
    assert found.startswith('<p>x</p><title>a <p> b</title><table>1<tr><td title="<b>" style="')
    assert "font-family: 'A B';" in found
    assert "url('/a?b=1&amp;copy=2');" in found


RED = '<p class="red">x</p>'
IN_RED = '<p class="red" style="color: red;">x</p>'


ENDLESS = (
    "<!--",
    "<a ",
    " ",
    "/ ",
    "<style ",
    "<style>",
    "</style ",
    '<a "',
    "<a \"'",
    '<a ""',
    "<a<",
    "x ",
    "= ",
)


@pytest.mark.parametrize("unit", ENDLESS)
@pytest.mark.parametrize("before", ["", "<a x"])
def test_what_has_no_end_is_read_once(before: str, unit: str) -> None:
    """A mail like this is broken, and stays as it is. Read again from each of its signs, it would take
    an hour, and this test would never come to its end."""
    rest = before + unit * 100_000
    assert inlined(RED + rest, ".red { color: red }", "sign") == IN_RED + rest


@pytest.mark.parametrize("comment", ["<!-->", "<!--->", "<!---->", "<!--[if !mso]><!-->", "<!-- <p> -->"])
def test_a_comment_ends_where_browsers_end_it(comment: str) -> None:
    """Also one of nothing; what stands behind it has its style."""
    written = inlined(f"{comment}{RED}<!-- c -->{RED}", ".red { color: red }", "sign")
    assert written == f"{comment}{IN_RED}<!-- c -->{IN_RED}"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ('<br class="red"/>', '<br class="red" style="color: red;"/>'),
        ('<br class="red" / >', '<br class="red" style="color: red;" >'),
        ("<br\n class = 'red'  />", "<br\n class = 'red' style=\"color: red;\"  />"),
        ('<img class="red" src=/a/>', '<img class="red" src=/a style="color: red;"/>'),
        ('<img alt="a > b" class="red">', '<img alt="a > b" class="red" style="color: red;">'),
    ],
)
def test_the_end_of_a_tag_stays_as_it_is_written(tag: str, expected: str) -> None:
    """With the slash and the blanks before it."""
    assert inlined(tag, ".red { color: red }", "sign") == expected
