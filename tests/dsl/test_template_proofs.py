"""A marketing mail must show its link and its imprint to every reader."""

import pytest
from golden_cases import compiled
from mail_template import BOTH, FLOW, HEAD, LINK, errors, mail, with_templates


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


LINK_SIGNS = "\ue000links.unsubscribe\ue001"
IMPRINT_SIGNS = "\ue000sender.imprint\ue001"
FORGED = (
    f"<p>{LINK_SIGNS} {IMPRINT_SIGNS}</p>",
    f'<a href="{LINK_SIGNS}">Stop</a> {IMPRINT_SIGNS}',
    "<p>&#xE000;links.unsubscribe&#xe001; &#57344;sender.imprint&#57345;</p>",
    '<a href="&#x0e000links.unsubscribe&#57345">Stop</a> &#xe000;sender.imprint&#xe001;',
    '<p>&#xe0{{ "" }}00;links.unsubscribe&#xe001; &#xe000;sender.imprint&#xe001;</p>',
    f"{{% raw %}}{LINK_SIGNS} {IMPRINT_SIGNS}{{% endraw %}}",
    f'{{{{ "{LINK_SIGNS} {IMPRINT_SIGNS}" }}}}',
    f'{{{{ trigger["x\ue001{LINK_SIGNS}{IMPRINT_SIGNS}"] | default("") }}}}'
    f'{{{{ trigger["x\ue001{LINK_SIGNS}{IMPRINT_SIGNS}"] }}}}',
)


@pytest.mark.parametrize("forged", FORGED)
def test_no_sign_in_a_text_stands_for_a_link_or_the_imprint(forged: str) -> None:
    """Whatever somebody writes, as a sign, as its number or in quotes: only the values themselves count."""
    found = with_templates(mail=HEAD + forged)
    assert {"E505", "E509"} <= set(errors(found))
    assert (mail(found).unsubscribe, mail(found).imprint) == (False, False)


@pytest.mark.parametrize("kind", ["txt", "html"])
def test_no_sign_in_a_part_or_in_plain_text_stands_for_them(kind: str) -> None:
    """Half of its number in the mail, half in a part of it; or as the sign that it is."""
    split = "<p>&#xe{% include '_half.html' %} &#xe000;sender.imprint&#xe001;</p>"
    text = split if kind == "html" else f"{LINK_SIGNS} {IMPRINT_SIGNS}"
    given = ((f"templates/mail.{kind}", (HEAD + text).encode()), ("templates/_half.html", HALF))
    found = compiled(("case.flow", FLOW), templates=given)
    assert {"E505", "E509"} <= set(errors(found))


HALF = b"{% block half %}000;links.unsubscribe&#xe001;{% endblock %}"


@pytest.mark.parametrize("sign", ["\ue000", "\ue001", "\ue002", "\ue003", "\ue004", "\ue005", "\ue010"])
@pytest.mark.parametrize("written", ["{0}", "&#x{1:x};", "&#{1};"])
def test_the_sign_of_an_icon_hides_nothing(sign: str, written: str) -> None:
    """Fonts of icons use the signs that the reading of templates uses, too: one before a link, within it or
    in its style takes nothing from it, and one alone is what there is to press on."""
    icon = written.format(sign, ord(sign))
    for mail_of in (
        f"<i>{icon}</i> {BOTH}",
        f'<a href="{{{{ links.unsubscribe }}}}" title="{icon}">{icon} Stop</a> {{{{ sender.imprint }}}}',
        f'<a href="{{{{ links.unsubscribe }}}}">{icon}</a> {{{{ sender.imprint }}}}',
    ):
        assert errors(with_templates(mail=HEAD + mail_of)) == [], mail_of
