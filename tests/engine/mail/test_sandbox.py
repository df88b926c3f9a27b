"""Values and templates can do no harm: not to Python, not to the page, and to no mail but their own."""

from decimal import Decimal
from typing import Any

import pytest
from written_letter import letter

from dsl.graph import Money
from engine.mail.letters import LetterFault


def test_an_unknown_value_has_its_default_and_is_no_in_conditions() -> None:
    """Missing, None and blank alike."""
    text = (
        "{{ contact.name | default('friend') }} {{ city | default('town') }} {{ trigger.x.y | default('z') }}"
        "{% if contact.name %}A{% endif %}{% if city %}B{% endif %}{% if contact.name == 'x' %}C{% endif %}"
        "{% if contact.name != 'x' %}D{% endif %}{% if contact.visits > 3 %}E{% endif %}"
        "{% if contact.visits <= 3 %}F{% endif %}{% if 'x' in contact.list %}G{% endif %}"
        "{% if contact.name is defined %}H{% endif %}{% if not contact.name %}!{% endif %}"
    )
    for attributes in ({}, {"name": "  ", "list": None}):
        found = letter(text, attributes=attributes, values={"city": None}, trigger={"x": {}})
        assert found.text == "friend town z!\n"
        assert found.html.strip() == "friend town z!"


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.name }}",
        "{{ nothing }}",
        "{{ trigger.x.y }}",
        "{% for x in contact.list %}{% endfor %}",
        "{{ contact.visits + 1 }}",
        "{{ 1 / 0 }}",
        "{{ trigger.xs[5] }}",
        "{{ 'a' + 1 }}",
        "{{ ('a' * 2000000) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'gone.html' %}",
        "{{ 'x' | round }}",
    ],
)
def test_what_cannot_be_written_is_a_fault_of_that_mail(text: str) -> None:
    """It is named, and raises nothing else."""
    with pytest.raises(LetterFault, match=r"template `tips` \(en\)"):
        letter(text, trigger={"x": {}, "xs": []})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "{{ contact.city }}",
            "`city` is shown, but not known for this person; write `| default(…)` behind it",
        ),
        ("{{ trigger[contact.name] }}", "`a value` is shown, but not known for this person"),
        ("{{ [1] | map(contact.name) | list }}", "(TemplateRuntimeError)"),
        ("{{ '{a}'.format_map({}) }} {{ contact.name.index('x') }}", "with which this can be done"),
        ("{% include contact.name %}", "(TemplateNotFound)"),
        ("{{ contact.name | date('short') }}", "was given a text, which is no date and no moment"),
    ],
)
def test_a_fault_names_what_is_wrong_and_nothing_that_is_known_of_the_reader(text: str, told: str) -> None:
    """Its words go into the journal."""
    with pytest.raises(LetterFault) as caught:
        letter(text, attributes={"name": "Aurelia"})
    assert told in str(caught.value)
    assert "Aurelia" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ contact.__class__ }}",
        "{{ trigger.total.__class__.__init__.__globals__ }}",
        "{{ trigger.total.__struct_fields__.__class__ }}",
        "{{ contact['__class__'] }}",
        "{{ ''.format.__globals__ }}",
        "{{ '{0.__class__}'.format(contact) }}",
        "{{ contact.update({'a': 1}) }}",
        "{{ trigger.xs.append(1) }}",
        "{{ contact.pop('name') }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ lipsum }}",
        "{{ joiner }}",
        "{{ namespace }}",
        "{{ range(10) }}",
        "{{ config }}",
        "{{ request }}",
        "{{ open('/etc/passwd') }}",
        "{% for x in [] %}{% else %}{{ loop.__class__ }}{% endfor %}",
        "{{ contact | attr('__class__') }}",
        "{{ contact | map(attribute='__class__') | list }}",
    ],
)
def test_the_sandbox_holds(text: str) -> None:
    """No way from a value to Python, no change of what others see: a fault, or nothing shown."""
    attributes = {"name": "Anna"}
    trigger = {"total": Money(Decimal(5), "EUR"), "xs": [1]}
    try:
        found = letter(text, attributes=attributes, trigger=trigger).text
    except LetterFault:
        found = ""
    assert "class" not in found
    assert "<" not in found
    assert attributes == {"name": "Anna"}
    assert trigger["xs"] == [1]


HOSTILE = "<script>alert(1)</script> & \"quotes\" 'too' {{ 7 * 7 }} {% raw %}"


def test_values_are_escaped_in_html_and_stand_as_they_are_in_text() -> None:
    """Nor are they read as templates; wherever they come from."""
    text = '<p title="{{ contact.name }}">{{ trigger.name }} {{ received.name }} {{ given }}</p>'
    found = letter(
        text,
        attributes={"name": HOSTILE},
        trigger={"name": HOSTILE},
        received={"name": HOSTILE},
        values={"given": HOSTILE},
    )
    escaped = (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quotes&#34; &#39;too&#39; {{ 7 * 7 }} {% raw %}"
    )
    assert found.html.strip() == f'<p title="{escaped}">{escaped} {escaped} {escaped}</p>'
    assert found.text.strip() == f"{HOSTILE} {HOSTILE} {HOSTILE}"


@pytest.mark.parametrize("shown", ["trigger.items", 'trigger["items"]'])
@pytest.mark.parametrize("trigger", [{"items": ["beans"]}, {}])
def test_a_field_named_like_a_method_is_the_field(shown: str, trigger: dict[str, Any]) -> None:
    """Known or unknown: what a dict can do is never seen."""
    text = f"{{% for one in {shown} | default([]) %}}<p>{{{{ one }}}}</p>{{% endfor %}}<p>.</p>"
    written = letter(text, trigger=trigger).html
    assert ("beans" in written) == bool(trigger)
    assert "built-in" not in written
