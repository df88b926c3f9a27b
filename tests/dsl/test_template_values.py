"""What templates may show without a word: values that are known, and operations that cannot fail."""

import pytest
from golden_cases import compiled, compiled_text
from mail_template import BOTH, HEAD

from dsl.compile import Compiled

FLOW = """coupon endless "10% off"
    10% off
    code "TEN-{random 8}"
coupon week "10% off"
    10% off
    valid 7 days
    code "TEN-{random 8}"
flow case
    topic news
    start on order_placed
    send mail with GIVEN
"""


def codes(written: str, given: str = "things trigger.items", flow: str = FLOW) -> list[str]:
    """The codes of what is found in a mail of the flow, beside the translation that it lacks."""
    found: Compiled = compiled(
        ("case.flow", flow.replace("GIVEN", given).encode()),
        templates=(("templates/mail.html", (HEAD + BOTH + written).encode()),),
    )
    return [each.code for each in found.findings if each.code != "W204"]


@pytest.mark.parametrize(
    ("given", "written", "told"),
    [
        ("n contact.visits", "{{ n }}", True),
        ("n contact.visits", "{{ n | default(0) }}", False),
        ("n contact.visits + 1", "{{ n }}", True),
        ("n contact.visits", "{{ n | round }}", True),
        ("n contact.language", "{{ n }}", False),
        ("n count of order_placed", "{{ n }}", False),
        ("n trigger.order_id", "{{ n }}", False),
        ("n last order_paid.at", "{{ n | date }}", True),
        ("n last order_paid.at", "{% if n %}{{ n | date }}{% endif %}", False),
        ("n last order_placed.at", "{{ n | date }}", False),
        ("n last order_placed.at in last 1 hours", "{{ n | date }}", True),
        ("n last order_placed.at where total > 5 EUR", "{{ n | date }}", True),
        ("n last product_viewed.name", "{{ n }}", True),
        ("n sum of order_paid.total", "{{ n | money }}", True),
        ("n coupon endless", "{{ n }}", False),
        ("n coupon endless", "{{ n_until | date }}", True),
        ("n coupon endless", "{% if n_until %}{{ n_until | date }}{% endif %}", False),
        ("n coupon week", "{{ n_until | date }}", False),
    ],
)
def test_what_the_flow_gives_may_be_unknown(given: str, written: str, told: bool) -> None:
    """It is as unknown as what it was taken from."""
    assert codes(written, given) == (["W207"] if told else [])


def test_a_list_of_somebody_who_never_ordered_is_unknown() -> None:
    """Going through it fails, unless an order began the journey or there is an empty list instead."""
    flow = FLOW.replace("start on order_placed", "start on subscribed")
    loop = "{% for each in things %}{{ each.name }}{% endfor %}"
    assert codes(loop, "things last order_placed.items", flow) == ["W207"]
    assert codes(loop.replace("things", "things | default([])"), "things last order_placed.items", flow) == []
    assert codes(loop, "things last order_placed.items") == []


def test_an_attribute_that_the_flow_sets_above_is_known() -> None:
    """Until it is set anew, or only under a condition."""
    flow = FLOW.replace("    send mail", '    set contact.plan to "pro"\n    send mail')
    assert codes("{{ n }}", "n contact.plan", flow) == []
    for between in (
        "    set contact.plan to unknown\n",
        "    if contact.vip is yes\n        set contact.plan to unknown\n",
    ):
        assert codes("{{ n }}", "n contact.plan", flow.replace("    send", between + "    send")) == ["W207"]
    dated = FLOW.replace("start on order_placed", "start on date contact.birthday every year at 09:00")
    assert codes("{{ n | date }}", "n contact.birthday", dated) == []


NAME = "contact.first_name"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{% if N %}a{% else %}{{ N }}{% endif %}", True),
        ("{% if N %}a{% elif contact.vip %}{{ N }}{% endif %}", True),
        ("{% if N or contact.city %}{{ N }}{% endif %}", True),
        ("{% if N and contact.city %}{{ N }}{% endif %}", False),
        ("{% if not N %}a{% else %}{{ N }}{% endif %}", False),
        ("{% if not N %}a{% elif contact.vip %}{{ N }}{% endif %}", False),
        ("{% if not N or contact.vip %}a{% else %}{{ N }}{% endif %}", False),
        ("{% if not N and contact.vip %}a{% else %}{{ N }}{% endif %}", True),
        ("{% if N == 'x' %}{{ N }}{% endif %}", False),
        ("{% if N != 'x' %}{{ N }}{% endif %}", False),
        ("{% if N in ['x'] %}{{ N }}{% endif %}", False),
        ("{% if N not in ['x'] %}{{ N }}{% endif %}", True),
        ("{% if N is defined %}{{ N }}{% endif %}", False),
        ("{% if N is undefined %}a{% else %}{{ N }}{% endif %}", False),
        ("{% if N | default('x') == 'x' %}{{ N }}{% endif %}", True),
        ("{% if N | default('') %}{{ N }}{% endif %}", False),
        ("{% if N | default('x') %}{{ N }}{% endif %}", True),
        ("{% if N | length > 3 %}a{% endif %}", True),
        ("{% if N and N | length > 3 %}a{% endif %}", False),
        ("{{ N if N else 'x' }}", False),
        ("{{ 'x' if N else N }}", True),
        ("{{ N or 'x' }}", False),
        ("{{ N and 'x' }}", True),
        ("{{ N | upper | default('x') }}", True),
        ("{{ N | default('x') | upper }}", False),
        ("{{ 'Dear ' ~ N }}", True),
    ],
)
def test_only_what_a_condition_proves_is_known(written: str, told: bool) -> None:
    """The way on which the value is known, and no other; a word in its place proves nothing."""
    assert codes(written.replace("N", NAME)) == (["W207"] if told else [])


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{% if contact.vip %}{% set n = 1 %}{% endif %}{{ n }}", True),
        ("{% if contact.vip %}{% set n = 1 %}{% else %}{% set n = 2 %}{% endif %}{{ n }}", False),
        (
            "{% if contact.vip %}{% set n = 1 %}{% elif things %}{% else %}{% set n = 2 %}{% endif %}{{ n }}",
            True,
        ),
        ("{% if contact.vip %}{% set n = 1 %}{% endif %}{% if n %}{{ n }}{% endif %}", False),
        (
            "{% if contact.vip %}{% set n = 1 %}{% endif %}{% if not n %}{% set n = 2 %}{% endif %}{{ n }}",
            False,
        ),
        ("{% set n = 0 %}{% if contact.vip %}{% set n = 1 %}{% endif %}{{ n }}", False),
        ("{% if contact.vip %}{% macro n() %}x{% endmacro %}{% endif %}{{ n() }}", True),
    ],
)
def test_a_name_is_certain_if_every_way_sets_it(written: str, told: bool) -> None:
    """Where no branch gave it a meaning there is nothing to show."""
    assert codes(written) == (["W207"] if told else [])


def test_a_name_that_the_flow_gives_may_be_set_under_a_condition() -> None:
    """On the other ways it means what the flow gave, if that is known."""
    written = "{% if contact.vip %}{% set n = 1 %}{% endif %}{{ n }}"
    assert codes(written, "n count of order_placed") == []
    assert codes(written, "n contact.visits") == ["W207"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{% for p in recommend(3) %}{{ p.name }} {{ p.url }} {{ p.reason }}{% endfor %}", False),
        ("{% for p in recommend(3) %}{{ p.price | money }}{% endfor %}", True),
        ("{% for p in recommend(3) %}{% if p.price %}{{ p.price | money }}{% endif %}{% endfor %}", False),
        ("{% for p in recommend(3) %}{{ p.image }}{% endfor %}", True),
        ("{% for p in recommend(3) if p.image %}{{ p.image }}{% endfor %}", False),
        ("{{ recommend(3)[0].name }}", True),
        ("{{ (recommend(3) | first).name }}", True),
        ("{{ recommend(3)[0].name | default('x') }}", True),
        ("{% set r = recommend(3) %}{% if r %}{{ r[0].name }}{{ (r | last).name }}{% endif %}", False),
        ("{% set r = recommend(3) %}{% if r %}{{ r[1].name }}{% endif %}", True),
        ("{% set r = recommend(3) %}{% if r[1] %}{{ r[1].name }}{% endif %}", False),
        ("{% for p in recommend(3) %}{{ loop.previtem.name }}{% endfor %}", True),
        (
            "{% for p in things %}{% if loop.previtem %}{{ loop.previtem.name }}{% endif %}{% endfor %}",
            False,
        ),
        (
            "{% for p in things %}{% if not loop.last %}{{ loop.nextitem.name }}{% endif %}{% endfor %}",
            False,
        ),
        ("{{ things[2].name }}", True),
        ("{% if things[2] %}{{ things[2].name }}{% endif %}", False),
    ],
)
def test_a_product_and_what_it_has_may_not_be_there(written: str, told: bool) -> None:
    """A list may be too short; a picture and a price are not known of all products."""
    assert codes(written) == (["W207"] if told else [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("{% if trigger.total > 10 %}{% endif %}", "E518"),
        ("{% if 10 < trigger.total %}{% endif %}", "E518"),
        ("{{ trigger.total + 1 }}", "E518"),
        ("{{ 2 * trigger.total }}", "E518"),
        ("{{ -trigger.total }}", "E518"),
        ("{{ trigger.total | abs }}", "E518"),
        ("{{ trigger.order_id + 1 }}", "E518"),
        ("{{ pieces * 1.5 }}", "E518"),
        ("{{ pieces + trigger.order_id }}", "E518"),
        ("{% if trigger.total.amount > 10 %}{{ trigger.total.amount * 2 }}{% endif %}", None),
        ("{% if trigger.total == 10 %}{% endif %}", None),
        ("{{ pieces * 3 / 2 }} {{ pieces % 2 }} {% if pieces > 1.5 %}{% endif %}", None),
        ("{{ 'No. ' + trigger.order_id }} {{ trigger.order_id * 2 }} {{ '%s' % pieces }}", None),
        ("{% if contact.birthday and contact.birthday > contact.birthday %}{% endif %}", None),
        ("{{ trigger.total | default(0) | money }}", "E515"),
        ("{{ trigger.at | default('soon') | date }}", "E515"),
        ("{{ 0 | money }}", "E515"),
        ("{{ trigger.total | default(trigger.discount) | money }}", None),
    ],
)
def test_an_operation_that_would_fail_is_told(written: str, code: str | None) -> None:
    """Amounts are no numbers, texts are not added to numbers, and no word is an amount or a date."""
    assert codes(written, "pieces count of order_placed") == ([code] if code else [])


@pytest.mark.parametrize(
    "written",
    [
        "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% macro m(f) %}{{ f(f) }}{% endmacro %}{{ m(m) }}",
    ],
)
def test_a_macro_that_brings_itself_in_is_told(written: str) -> None:
    """Directly, through another one or as its own value."""
    assert codes(written) == ["E519"]


def test_a_box_in_a_box_is_no_recursion() -> None:
    """What stands between `call` and its end belongs to the mail, not to the macro."""
    box = "{% macro box() %}<p>{{ caller() }}</p>{% endmacro %}"
    assert codes(box + "{% call box() %}{% call box() %}x{% endcall %}{% endcall %}") == []


def rounds(body: str) -> list[str]:
    """The codes of a flow with these steps."""
    text = "flow case\n    topic news\n    start on order_placed\n" + body + "    send first\n"
    return [each.code for each in compiled_text(text).findings]


def test_rounds_in_rounds_without_a_wait_are_bounded() -> None:
    """By what a journey can come to at one instant, whichever way it takes."""
    nested = '    repeat up to 100 times\n        repeat up to N times\n            add tag "x"\n'
    assert rounds(nested.replace("N", "10")) == []
    assert rounds(nested.replace("N", "11")) == ["E427"]
    for wait in ("wait 1 day", "wait until 10:00", "wait until monday", "wait for order_paid up to 1 day"):
        assert rounds(nested.replace("N", "100") + f"            {wait}\n") == [], wait
    met = "            wait until contact.vip is yes up to 1 day\n"
    assert rounds(nested.replace("N", "100") + met) == ["E427"]
    around = "            if contact.vip is yes\n                wait 1 day\n"
    assert rounds(nested.replace("N", "100") + around) == ["E427"]
    assert (
        rounds(nested.replace("N", "100") + around + "            else\n                wait 2 days\n") == []
    )


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{% set n = contact.first_name | default('you') %}{{ n }}", []),
        ("{% set n = contact.first_name %}{{ n | default('you') }}", []),
        ("{% set n = contact.first_name %}{{ n }}", ["W207"]),
        ("{% set n = contact.first_name or contact.city %}{{ n }}", ["W207"]),
        ("{% macro p(x) %}{{ x | default('you') }}{% endmacro %}{{ p(contact.first_name) }}", []),
        ("{% macro p(x) %}{{ x }}{% endmacro %}{{ p(contact.first_name) }}", ["W207"]),
        ("{% macro p(x) %}{{ x }}{% endmacro %}{{ p(contact.first_name | default('you')) }}", []),
        ("{% set n = paid | default('-') %}{{ n | money }}", ["E515"]),
        ("{% set n = paid | default(trigger.total) %}{{ n | money }}", []),
        ("{% set n = paid | default('') %}{% if n %}{{ n | money }}{% endif %}", []),
    ],
)
def test_a_word_that_stands_in_goes_with_the_value(written: str, told: list[str]) -> None:
    """By `set` and into macros; it must fit there too."""
    assert codes(written, "paid last order_paid.total") == told


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{{ trigger.total | length }}", "E518"),
        ("{{ n | first }}", "E518"),
        ("{{ n | truncate(3) }}", "E518"),
        ("{% if 'a' in n %}x{% endif %}", "E518"),
        ("{% if 'a' in trigger.order_id %}x{% endif %}", ""),
        ("{{ trigger.items | length }} {{ trigger.order_id | truncate(3) | length }}", ""),
        ("{{ trigger.items | sum(attribute='price') }}", "E518"),
        ("{{ trigger.items | sum('name') }}", "E518"),
        ("{{ trigger.items | sum('quantity') }}", ""),
        ("{% for item in trigger.items | sort(attribute='price') %}{{ item.name }}{% endfor %}", "E518"),
        ("{% for item in trigger.items | sort(attribute='price.amount') %}{{ item.name }}{% endfor %}", ""),
        ("{% for item in trigger.items | selectattr('nme') %}{{ item.name }}{% endfor %}", "E504"),
        ("{% for row in trigger.items | batch(2) %}{{ row | length }}{% endfor %}", ""),
        (
            "{% for row in trigger.items | batch(2) %}{% for i in row %}{{ i.nme }}{% endfor %}{% endfor %}",
            "E504",
        ),
        ("{% for g in trigger.items | groupby('nme') %}{{ g.grouper }}{% endfor %}", "E504"),
        (
            "{% for g, of in trigger.items | groupby('sku') %}"
            "{% for i in of %}{{ i.nme }}{% endfor %}{% endfor %}",
            "E504",
        ),
        (
            "{% for g in trigger.items | groupby('sku') %}"
            "{% for i in g.list %}{{ i.sku }}{% endfor %}{% endfor %}",
            "",
        ),
        ("{% for i in trigger.items %}{{ loop.indx }}{% endfor %}", "E504"),
        ("{{ trigger.at | date(trigger.order_id) }}", "E507"),
        ("{% filter money %}5{% endfilter %}", "E515"),
        ("{% for i in trigger.items %}{% block x %}{{ i.name }}{% endblock %}{% endfor %}", "E504"),
        ("{% for i in trigger.items %}{% block x scoped %}{{ i.name }}{% endblock %}{% endfor %}", ""),
        ("{{ trigger.order_id | replace('a') }}", "E512"),
        ("{{ trigger.order_id | replace('a', 'b') | trim | upper }}", ""),
    ],
)
def test_a_filter_takes_values_of_certain_kinds(written: str, told: str) -> None:
    """As many as it knows what to do with; rows and groups of a list are made of its members."""
    assert codes(written, "n count of order_placed") == ([told] if told else [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("from: nobody", True),
        ("from: Anna <anna@kafija.example>", False),
        ("from: {{ sender.name }} <anna@kafija.example>", True),
        ("reply_to: {{ contact.email }}", True),
        ("reply_to: anna@kafija.example", False),
    ],
)
def test_a_mail_comes_from_an_address(line: str, told: bool) -> None:
    """And answers go to one; neither may hold a value."""
    mail = f"---\nsubject: Hello\n{line}\n---\n{BOTH}"
    found = compiled(
        ("case.flow", FLOW.replace(" with GIVEN", "").encode()),
        templates=(("templates/mail.html", mail.encode()),),
    )
    assert [each.code for each in found.findings if each.code != "W204"] == (["E417"] if told else [])
