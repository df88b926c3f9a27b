"""What the compiler knows of templates: facts, digests, the values they ask for."""

from typing import Any

import jinja2
import pytest
from golden_cases import compiled

from dsl.compile import Compiled
from dsl.graph import Send
from dsl.template_facts import Template
from dsl.template_text import read_text

FLOW = (
    b"flow case\n    topic news\n    start on order_placed\n    send mail with code 3, items trigger.items\n"
)
HEAD = "---\nsubject: Hello\n---\n"
BOTH = '<a href="{{ links.unsubscribe }}">x</a> {{ sender.imprint }}'


def with_templates(**files: str) -> Compiled:
    """The flow above with template files; `__` stands for a point, and `.html` comes behind."""
    return compiled(
        ("case.flow", FLOW),
        templates=tuple(
            (f"templates/{name.replace('__', '.')}.html", text.encode()) for name, text in files.items()
        ),
    )


def errors(found: Compiled) -> list[str]:
    return [each.code for each in found.findings if each.severity == "error"]


def mail(found: Compiled) -> Template:
    return next(each for each in found.templates if each.name == "mail")


def test_the_link_counts_where_no_condition_can_hide_it() -> None:
    """In a branch, a loop, a comment or a part that is not there it does not."""
    for hidden in (
        "{% if code %}" + BOTH + "{% endif %}",
        "{% for item in items %}" + BOTH + "{% endfor %}",
        "<!-- " + BOTH + " -->",
        "{% set x %}" + BOTH + "{% endset %}",
        "{% macro x() %}" + BOTH + "{% endmacro %}",
    ):
        found = with_templates(mail=HEAD + hidden)
        assert errors(found) == ["E505", "E509"], hidden
        assert (mail(found).unsubscribe, mail(found).imprint) == (False, False)
    for shown in (
        BOTH,
        "{% block a %}" + BOTH + "{% endblock %}",
        "{% with x = 1 %}" + BOTH + "{% endwith %}",
    ):
        found = with_templates(mail=HEAD + shown)
        assert errors(found) == []
        assert (mail(found).unsubscribe, mail(found).imprint) == (True, True)


LINK = '<a href="{{ links.unsubscribe }}">Stop</a>'
UNSEEN = (
    f'<div style="color: red; Display : None"><p>{LINK}</p></div>',
    f"<div hidden>{LINK}</div>",
    f'<p style="visibility:hidden">{LINK}</p>',
    f'<p style="font-size: 0px">{LINK}</p>',
    f'<p style="opacity:0">{LINK}</p>',
    f"<style>{LINK}</style>",
    f"<head>{LINK}</head>",
    f"<!-- {LINK} -->",
    '<p title="{{ links.unsubscribe }}">Stop</p>',
    '<a name="{{ links.unsubscribe }}">Stop</a>',
    '<a href="{{ links.unsubscribe }}"></a>',
    '<a href="{{ links.unsubscribe }}"> &nbsp;&zwnj;<b></b></a>',
    '<a href="{{ links.unsubscribe }}"><span style="display:none">Stop</span></a>',
    '<a href="{{ links.unsubscribe }}">{% if code %}Stop{% endif %}</a>',
    '<a href="{{ links.unsubscribe | truncate(0) }}">Stop</a>',
    '<a href="{% if code %}{{ links.unsubscribe }}{% endif %}">Stop</a>',
    '<a href="https://else.example/?{{ links.unsubscribe }}">Stop</a>',
    '<a href="https://else.example/">{{ links.unsubscribe }}</a>',
    '<a href="https://else.example/" href="{{ links.unsubscribe }}">Stop</a>',
    f'{{% if code %}}<div style="display:none">{{% else %}}<div>{{% endif %}}{LINK}</div>',
    f'<div {{% if code %}}style="display:none"{{% endif %}}>{LINK}</div>',
)
SEEN = (
    f'<div style="display:none">Preview</div>{LINK}',
    f'<td style="font-size:0"><p style="font-size:14px">{LINK}</p></td>',
    f'<p style="opacity:0.9; font-size:0.8em; max-height:10px">{LINK}</p>',
    '<a href=" {{ links.unsubscribe }} " class="x"><b>Stop</b></a>',
    '<a href="{{ links.unsubscribe }}"><img src="x.png" alt="Stop"></a>',
    '<a href="{{ links.unsubscribe }}">{% if code %}Stop{% else %}Halt{% endif %}</a>',
    '<a href="{{ links.unsubscribe }}">{{ contact.first_name | default("Stop") }}</a>',
    "<p>To stop: {{ links.unsubscribe }}</p>",
)


@pytest.mark.parametrize("text", UNSEEN)
def test_a_link_that_no_reader_sees_does_not_count(text: str) -> None:
    """Hidden, without words, elsewhere than in the target of a link, or changed on the way."""
    found = with_templates(mail=HEAD + "<p>{{ sender.imprint }}</p>" + text)
    assert errors(found) == ["E505"]


@pytest.mark.parametrize("text", SEEN)
def test_a_link_that_every_reader_sees_counts(text: str) -> None:
    """Whatever else is hidden, and however the words are made."""
    assert errors(with_templates(mail=HEAD + text + "<p>{{ sender.imprint }}</p>")) == []


def test_an_imprint_that_no_reader_sees_does_not_count() -> None:
    """Hidden, in an attribute, or cut by a filter."""
    for text in (
        '<p style="display:none">{{ sender.imprint }}</p>',
        '<p title="{{ sender.imprint }}"></p>',
        "{{ sender.imprint | truncate(0) }}",
    ):
        assert errors(with_templates(mail=HEAD + LINK + text)) == ["E509"], text


def test_links_and_sender_keep_their_meaning() -> None:
    """However a template would give them another one."""
    for text in (
        "{% set links = contact %}",
        "{% set links %}x{% endset %}",
        "{% with sender = contact %}{% endwith %}",
        "{% for a, links in items %}{% endfor %}",
        "{% macro sender() %}{% endmacro %}",
        '{% import "_part.html" as links %}',
        '{% from "_part.html" import x as sender %}',
    ):
        assert "E511" in errors(with_templates(mail=HEAD + BOTH + text, _part="x")), text


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


def test_the_digest_covers_all_that_the_mail_is_made_from() -> None:
    """Another word in a translation, the header or a part is another digest; another template is not."""
    files = {"mail": HEAD + BOTH + '{% include "_a.html" %}', "mail__lv": HEAD + BOTH, "_a": "a"}
    first = mail(with_templates(**files)).digest
    assert mail(with_templates(**files, other=HEAD + BOTH)).digest == first
    changed = [
        {**files, "mail": files["mail"].replace("Hello", "Hi")},
        {**files, "mail__lv": files["mail__lv"].replace("Hello", "Sveiki")},
        {**files, "_a": "b"},
    ]
    digests = {mail(with_templates(**each)).digest for each in changed}
    assert len(digests | {first}) == 4


def test_names_of_a_loop_are_known_within_it() -> None:
    """What the template names itself is not asked of the flow."""
    text = (
        HEAD
        + BOTH
        + "{% for item in items %}{{ item.name }} {{ loop.index }}{% endfor %}{% set y = code %}{{ y }}"
    )
    assert errors(with_templates(mail=text)) == []
    assert errors(with_templates(mail=text + "{{ item }}")) == ["E504"]


def test_a_value_is_asked_of_every_send() -> None:
    """Two sends of one template: the one that does not give a value is named."""
    flow = FLOW + b"    wait 1 day\n    send mail with items trigger.items as again\n"
    template = (HEAD + BOTH + "{{ code }}").encode()
    found = compiled(("case.flow", flow), templates=(("templates/mail.html", template),))
    assert errors(found) == ["E504"]


def test_a_text_variant_is_a_variant_too() -> None:
    """`.txt` beside `.html` must show the same."""
    found = compiled(
        ("case.flow", FLOW),
        templates=(
            ("templates/mail.html", (HEAD + BOTH).encode()),
            ("templates/mail.txt", (HEAD + "Hello").encode()),
        ),
    )
    assert errors(found) == ["E505", "E509"]
    assert {each.kind for each in found.template_files if each.name == "mail"} == {"html", "txt"}


def test_service_mail_needs_no_link() -> None:
    """Nobody can unsubscribe from a receipt."""
    flow = FLOW.replace(b"topic news", b"topic orders")
    found = compiled(("case.flow", flow), templates=(("templates/mail.html", (HEAD + "Hello").encode()),))
    assert errors(found) == []


def test_the_body_begins_below_the_header() -> None:
    """Header entries are plain texts that Jinja renders later; the body keeps its own lines."""
    found = with_templates(mail="---\nsubject: A: {{ code }}\npreheader:  b\n\n---\n<p>\n" + BOTH)
    file = next(each for each in found.template_files if each.path == "mail.html")
    assert file.header == {"subject": "A: {{ code }}", "preheader": "b"}
    assert file.body == "<p>\n" + BOTH + "\n"
    assert file.line == 6


# ---------------------------------------------------------------- parts and macros

FOOT = "<footer>" + BOTH + "</footer>"


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


def test_the_digest_covers_the_parts_of_each_language() -> None:
    """And none that no mail brings in."""
    files = {"mail": HEAD + '{% include "_a.html" %}' + BOTH, "_a": "a"}
    files["mail__lv"] = files["mail"]
    first = mail(with_templates(**files)).digest
    assert mail(with_templates(**files, _a__lv="b")).digest != first
    assert mail(with_templates(**files, _b="b")).digest == first


BUTTON = '{% macro button(words, href) %}<a href="{{ href }}">{{ words }}</a>{% endmacro %}'


@pytest.mark.parametrize(
    "written",
    [
        '{% from "_parts.html" import button %}{{ button("Stop", links.unsubscribe) }}',
        '{% from "_parts.html" import button as b %}{{ b(href=links.unsubscribe, words="Stop") }}',
        '{% import "_parts.html" as parts %}{{ parts.button("Stop", links.unsubscribe) }}',
        BUTTON + '{{ button("Stop", links.unsubscribe) }}',
        '{% from "_parts.html" import box %}{% call box() %}' + LINK + "{% endcall %}",
        '{% from "_parts.html" import foot %}{{ foot() }}',
        '{% set stop = links.unsubscribe %}<a href="{{ stop }}">Stop</a>',
    ],
)
def test_a_link_that_a_macro_shows_is_shown(written: str) -> None:
    """Whatever way the macro and its values take."""
    parts = (
        BUTTON
        + "{% macro box() %}<div>{{ caller() }}</div>{% endmacro %}"
        + '{% macro foot() %}{{ button("Stop", links.unsubscribe) }}{% endmacro %}'
    )
    found = with_templates(mail=HEAD + written + "{{ sender.imprint }}", _parts=parts)
    assert errors(found) == []


@pytest.mark.parametrize(
    "written",
    [
        "{% if code %}" + BUTTON + '{% endif %}{{ button("Stop", links.unsubscribe) }}',
        BUTTON + '{{ button("", links.unsubscribe) }}',
        BUTTON + '{% if code %}{{ button("Stop", links.unsubscribe) }}{% endif %}',
        BUTTON + "{% set x %}{{ button('Stop', links.unsubscribe) }}{% endset %}",
        '{% macro hidden(href) %}<p style="display:none"><a href="{{ href }}">x</a></p>{% endmacro %}'
        "{{ hidden(links.unsubscribe) }}",
        '{% set a = links.unsubscribe %}{% if code %}{% set a = "x" %}{% endif %}<a href="{{ a }}">Stop</a>',
    ],
)
def test_a_link_that_a_macro_may_not_show_does_not_count(written: str) -> None:
    """Under a condition, without words, hidden, or never put out."""
    found = with_templates(mail=HEAD + written + "{{ sender.imprint }}")
    assert errors(found) == ["E505"]


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


# ---------------------------------------------------------------- recommendations

LOOP = "{% for product in recommend(N) %}<p>{{ product.name }}</p>{% endfor %}"


def test_the_largest_number_of_products_counts() -> None:
    """Over all variants, subjects, parts and macros; and a mail that recommends is promotional."""
    mails = {
        "mail": HEAD + BOTH + LOOP.replace("N", "2"),
        "mail__lv": HEAD + BOTH + '{% include "_a.html" %}',
        "_a": LOOP.replace("N", "3"),
        "_a__lv": "{% macro m() %}" + LOOP.replace("N", "5") + "{% endmacro %}{{ m() }}",
        "other": HEAD + BOTH,
    }
    found = with_templates(**mails)
    assert errors(found) == []
    assert (mail(found).recommends, mail(found).promotional) == (5, True)
    other = next(each for each in found.templates if each.name == "other")
    assert (other.recommends, other.promotional) == (0, False)
    assert found.program is not None
    (flow,) = found.program.flows
    assert [node.recommends for node in flow.nodes if isinstance(node, Send)] == [5]
    assert (
        mail(with_templates(mail=HEAD.replace("Hello", "{{ recommend(7) | length }}") + BOTH)).recommends == 7
    )


def test_a_mail_that_recommends_asks_for_no_history() -> None:
    """What a person viewed and bought is kept short and apart; a whole history of it would serve nobody."""
    found = with_templates(mail=HEAD + BOTH + LOOP.replace("N", "2"))
    assert found.program is not None
    assert [flow.needs.events for flow in found.program.flows] == [()]


@pytest.mark.parametrize("number", ["0", "13", "2.5", '"4"', "code", "-1", "true", "", "1, 2", "most=3"])
def test_the_number_of_products_is_written_down(number: str) -> None:
    """From 1 to 12."""
    assert errors(with_templates(mail=HEAD + BOTH + LOOP.replace("N", number))) == ["E513"]


# ---------------------------------------------------------------- reading once


def test_every_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many mails, languages and checks look at it."""
    read: list[str] = []
    original = jinja2.Environment.parse

    def counted(self: jinja2.Environment, source: str, *rest: Any) -> Any:
        read.append(source)
        return original(self, source, *rest)

    monkeypatch.setattr(jinja2.Environment, "parse", counted)
    read_text.cache_clear()
    part = '{% include "_foot.html" %}'
    files = {f"m{number}": HEAD + f"{number}" + part for number in range(5)}
    with_templates(
        mail=HEAD + part, **files, **{f"{name}__lv": text for name, text in files.items()}, _foot=FOOT
    )
    assert len(read) == len(set(read))
    assert sum("<footer>" in text for text in read) == 1
