"""What the compiler knows of templates: facts, digests, the values they ask for."""

import pytest
from golden_cases import compiled

from dsl.compile import Compiled
from dsl.template_facts import Template

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
    assert errors(found) == ["E508"]


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
