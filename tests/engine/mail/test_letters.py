"""Letters from templates: in the reader's language, with values that can do no harm."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from babel import Locale
from person import MONDAY, at

from consent.contract import Decision, Links
from dsl.graph import Money
from dsl.template_facts import Readings
from dsl.template_files import read_templates
from engine.core.bundle import MailBody, replace
from engine.mail.letters import LetterFault, Letters, Sender
from engine.mail.message import Letter
from engine.people.catalogue import Catalogue

LINKS = Links(unsubscribe="https://kafija.example/u/1", preferences="https://kafija.example/p/1")
DECISION = Decision("k" * 32, 1, True, None, "personalised", "", 0, 0, LINKS)
BODY = MailBody(
    flow="alpha",
    journey="j",
    step="tips",
    template="tips",
    topic="news",
    service=False,
    at=MONDAY,
    trigger_id="t",
    attributes={},
    trigger={},
    received={},
    values={},
)
HEAD = "---\nsubject: {subject}\n---\n"


def letters(
    languages: tuple[str, ...] = ("en",), catalogue: Catalogue | None = None, **files: str
) -> Letters:
    """Templates by file name, `__` for the dot before a language; names that end in `_txt` are no HTML."""
    given = []
    for name, text in files.items():
        stem, ending = (name.removesuffix("_txt"), "txt") if name.endswith("_txt") else (name, "html")
        if not stem.startswith("_") and not text.startswith("---"):
            text = HEAD.format(subject="Hello") + text
        given.append((f"templates/{stem.replace('__', '.')}.{ending}", text.encode()))
    templates, findings = read_templates(given, languages)
    assert findings == []
    sender = Sender("Kafija", "info@kafija.example", "SIA Kafija, Rīga")
    return Letters(templates.files, {"tips": "digest"}, languages, sender, "Europe/Riga", catalogue=catalogue)


def letter(text: str, **changes: Any) -> Letter:
    """The letter of one template."""
    return letters(tips=text).letter(replace(BODY, **changes), DECISION)


# ---------------------------------------------------------------- languages


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


# ---------------------------------------------------------------- filters

SHOWN = "{{ trigger.total | money }}|{{ trigger.day | date }}|{{ trigger.at | date }}|{{ trigger.at | time }}"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "€1,234.50|24 December 2026|2 March 2026|09:00"),
        ("lv", "1\u00a0234,50\u00a0€|2026. gada 24. decembris|2026. gada 2. marts|09:00"),
        ("fi", "1\u00a0234,50\u00a0€|24. joulukuuta 2026|2. maaliskuuta 2026|9.00"),
        ("uz", "1\u00a0234,50\u00a0€|24-dekabr, 2026|2-mart, 2026|09:00"),
        ("en-US", "$1,234.50|December 24, 2026|March 2, 2026|9:00\u202fAM"),
    ],
)
def test_money_dates_and_times_as_the_language_writes_them(language: str, text: str) -> None:
    """On the contact's clock; by CLDR."""
    made = letters(
        ("en", "lv", "fi", "uz", "en-US"),
        **dict.fromkeys(("tips", "tips__lv", "tips__fi", "tips__uz", "tips__en-US"), SHOWN),
    )
    currency = "USD" if language == "en-US" else "EUR"
    trigger = {"total": Money(Decimal("1234.5"), currency), "day": date(2026, 12, 24), "at": MONDAY}
    found = made.letter(replace(BODY, attributes={"language": language}, trigger=trigger), DECISION)
    assert found.text.strip() == text


STYLES = (
    '{{ trigger.day | date("long") }}|{{ trigger.day | date("short") }}|{{ trigger.day | date("weekday") }}'
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "24 December 2026|24/12/2026|Thursday 24 December"),
        ("lv", "2026. gada 24. decembris|24.12.26|ceturtdiena, 24. decembris"),
        ("fi", "24. joulukuuta 2026|24.12.2026|torstai 24. joulukuuta"),
        ("uz", "24-dekabr, 2026|24/12/26|payshanba, 24-dekabr"),
    ],
)
def test_a_date_has_three_styles(language: str, text: str) -> None:
    """Each with CLDR's own words and order."""
    made = letters(
        ("en", "lv", "fi", "uz"),
        **dict.fromkeys(("tips", "tips__lv", "tips__fi", "tips__uz"), STYLES),
    )
    body = replace(BODY, attributes={"language": language}, trigger={"day": date(2026, 12, 24)})
    assert made.letter(body, DECISION).text.strip() == text


@pytest.mark.parametrize("language", ["en", "lv", "fi", "uz"])
def test_day_and_month_have_the_names_of_cldr(language: str) -> None:
    """On each day of a year."""
    shown = '{{ trigger.day | date("weekday") }}|{{ trigger.day | date }}'
    made = letters(("en", "lv", "fi", "uz"), **{"tips": shown, f"tips__{language}": shown})
    locale = Locale.parse(language)
    for number in range(0, 365, 17):
        day = date(2026, 1, 1) + timedelta(number)
        body = replace(BODY, attributes={"language": language}, trigger={"day": day})
        weekday, long = made.letter(body, DECISION).text.strip().split("|")
        assert locale.days["stand-alone"]["wide"][day.weekday()].casefold() in weekday.casefold()
        assert locale.months["format"]["wide"][day.month] in weekday
        assert locale.months["format"]["wide"][day.month] in long
        assert str(day.year) in long
        assert str(day.year) not in weekday


@pytest.mark.parametrize(
    ("language", "euros", "soms"),
    [
        ("en", "€49.90", "UZS49,900.00"),
        ("lv", "49,90\u00a0€", "49\u00a0900,00\u00a0UZS"),
        ("fi", "49,90\u00a0€", "49\u00a0900,00\u00a0UZS"),
        ("uz", "49,90\u00a0€", "49\u00a0900,00\u00a0soʻm"),
    ],
)
def test_money_is_written_as_each_language_writes_it(language: str, euros: str, soms: str) -> None:
    """Sign, comma and place by CLDR; so‘m with its letter."""
    shown = "{{ euros | money }}|{{ soms | money }}"
    made = letters(("en", "lv", "fi", "uz"), **{"tips": shown, f"tips__{language}": shown})
    values = {"euros": Money(Decimal("49.90"), "EUR"), "soms": Money(Decimal(49900), "UZS")}
    body = replace(BODY, attributes={"language": language}, values=values)
    assert made.letter(body, DECISION).text.strip() == f"{euros}|{soms}"


# ---------------------------------------------------------------- layouts, parts, macros

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


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("zone", "shown"), [("Asia/Tashkent", "12:00"), ("Mars/Base", "09:00"), (7, "09:00")]
)
def test_times_are_on_the_contact_s_clock(zone: Any, shown: str) -> None:
    """The project's, if the contact's is no zone."""
    found = letter(
        "{{ trigger.at | time }}", attributes={"time_zone": zone}, trigger={"at": at("2026-03-02T07:00")}
    )
    assert found.text.startswith(shown)


def test_money_without_a_filter_reads_as_money() -> None:
    """Plain, but not as a program would write it."""
    assert (
        letter("{{ trigger.total }}", trigger={"total": Money(Decimal("4.90"), "EUR")}).text == "4.90 EUR\n"
    )


@pytest.mark.parametrize("filter_", ["money", "date", "time"])
def test_a_fault_names_the_kind_of_a_value_and_not_the_value(filter_: str) -> None:
    """The value may be someone's name, and faults go into the log."""
    with pytest.raises(LetterFault, match="was given a text, which is no") as caught:
        letter("{{ trigger.name | " + filter_ + " }}", trigger={"name": "Anna Bērziņa"})
    assert "Anna" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ trigger.name | money }}",
        "{{ trigger.name | date }}",
        "{{ trigger.day | time }}",
        "{{ trigger.name | time }}",
    ],
)
def test_a_filter_on_the_wrong_value_is_a_fault(text: str) -> None:
    """Not a mail with nonsense in it."""
    with pytest.raises(LetterFault, match=r"template `tips` \(en\)"):
        letter(text, trigger={"name": "Anna", "day": date(2026, 1, 1)})


# ---------------------------------------------------------------- unknown values


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


def test_a_template_that_jinja_cannot_read_is_told_when_it_is_loaded() -> None:
    """With its file."""
    with pytest.raises(LetterFault, match=r"template `tips\.html` cannot be read"):
        letters(tips="{% if %}")


# ---------------------------------------------------------------- attacks


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


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Your €1,234.50 wait"), ("lv", "Your 1 234,50 € wait"), ("fi", "Your 1 234,50 € wait")],
)
def test_an_amount_in_a_subject_is_written_as_the_mail_s_language_does(language: str, expected: str) -> None:
    """As `money` does it in a template."""
    parts = ("Your ", Money(Decimal("1234.5"), "EUR"), " wait")
    files = {"tips": "x", "tips__lv": "x", "tips__fi": "x"}
    body = replace(BODY, attributes={"language": language}, subject=parts)
    written = letters(("en", "lv", "fi"), **files).letter(body, DECISION).subject
    assert written == expected


def test_a_subject_of_an_earlier_version_is_text() -> None:
    """As it stands in the store."""
    assert letter("x", subject="Hello there").subject == "Hello there"


def test_a_subject_is_one_line_of_plain_words() -> None:
    """Values are not escaped in it, and can break no line, whether the flow or the template writes it."""
    name = "Anna\r\nBcc: x@example.com\t\x00\x85\u2028 <b> & 👩‍👧"
    text = HEAD.format(subject="Dear {{ contact.name }},") + "x"
    expected = "Dear Anna Bcc: x@example.com <b> & 👩‍👧"
    assert letter(text, attributes={"name": name}).subject == expected + ","
    assert letter(text, attributes={"name": name}, subject=f"Dear {name}").subject == expected


def test_the_preheader_is_hidden_at_the_top_of_the_html_only() -> None:
    """Escaped, behind `<body>`; a template may place it itself."""
    head = "---\nsubject: S\npreheader: For {{ contact.name }}\n---\n"
    found = letter(head + "<html><body class='a'><p>Hi</p></body></html>", attributes={"name": "<b>"})
    before, _, after = found.html.partition("<p>Hi</p>")
    assert "display:none" in before
    assert "For &lt;b&gt;</div>" in before
    assert found.text == "Hi\n"
    assert "For" not in after
    own = letter(head + "<body><i>{{ preheader }}</i></body>", attributes={"name": "A"})
    assert own.html.strip() == "<body><i>For A</i></body>"
    assert own.text == "For A\n"


def test_links_and_sender_stand_ready() -> None:
    """In both parts."""
    text = '<a href="{{ links.unsubscribe }}">Stop</a> {{ sender.imprint }} {{ sender.name }}'
    found = letter(text)
    assert found.html.strip() == '<a href="https://kafija.example/u/1">Stop</a> SIA Kafija, Rīga Kafija'
    assert found.text == "Stop: https://kafija.example/u/1 SIA Kafija, Rīga Kafija\n"


# ---------------------------------------------------------------- who writes


@pytest.mark.parametrize(
    ("header", "step", "sender"),
    [
        ("", "", "Kafija <info@kafija.example>"),
        ("from: anna@kafija.example\n", "", "Kafija <anna@kafija.example>"),
        ("from: Anna <anna@kafija.example>\n", "", "Anna <anna@kafija.example>"),
        ("from: Anna <anna@kafija.example>\n", "Berta <b@kafija.example>", "Berta <b@kafija.example>"),
        ("", "b@kafija.example", "Kafija <b@kafija.example>"),
    ],
)
def test_the_sender_is_the_step_s_the_template_s_or_the_project_s(
    header: str, step: str, sender: str
) -> None:
    """With the project's name where none is written."""
    text = f"---\nsubject: S\nreply_to: help@kafija.example\n{header}---\nx"
    found = letter(text, sender=step)
    assert found.sender == sender
    assert found.reply_to == "help@kafija.example"
    assert letter(text, reply_to="me@kafija.example").reply_to == "me@kafija.example"


def test_a_sender_that_is_no_address_is_told_when_it_is_loaded() -> None:
    """Not when the first mail goes."""
    with pytest.raises(LetterFault, match="is no address"):
        letters(tips="---\nsubject: S\nfrom: nobody\n---\nx")


# ---------------------------------------------------------------- the proof mail


def test_the_proof_mail_shows_what_will_be_agreed_to() -> None:
    """Its links, and each sentence; in the language that was signed up in."""
    text = '{% for w in wording %}<p>{{ w }}</p>{% endfor %}<a href="{{ links.confirm }}">Yes</a>'
    decision = replace(DECISION, links=Links(confirm="https://kafija.example/c/1"))
    found = letters(confirm=text).proof("lv", ("I want <news>.", "And offers."), decision)
    assert found.html.strip() == (
        '<p>I want &lt;news&gt;.</p><p>And offers.</p><a href="https://kafija.example/c/1">Yes</a>'
    )
    assert found.text.split("\n\n") == ["I want <news>.", "And offers.", "Yes: https://kafija.example/c/1\n"]


@pytest.mark.parametrize("shown", ["trigger.items", 'trigger["items"]'])
@pytest.mark.parametrize("trigger", [{"items": ["beans"]}, {}])
def test_a_field_named_like_a_method_is_the_field(shown: str, trigger: dict[str, Any]) -> None:
    """Known or unknown: what a dict can do is never seen."""
    text = f"{{% for one in {shown} | default([]) %}}<p>{{{{ one }}}}</p>{{% endfor %}}<p>.</p>"
    written = letter(text, trigger=trigger).html
    assert ("beans" in written) == bool(trigger)
    assert "built-in" not in written


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


# ---------------------------------------------------------------- recommendations

SHELF = (
    "{% for product in recommend(3) %}<p>{{ product.name }}|{{ product.reason }}|"
    "{% if product.price %}{{ product.price | money }}{% endif %}</p>{% else %}<p>nothing</p>{% endfor %}"
)


def shop() -> Catalogue:
    """Five orders of espresso with filters, and a mug that one person looked at."""
    made = Catalogue()
    facts = {sku: {"sku": sku, "name": sku.title(), "url": f"https://kafija.example/{sku}"} for sku in "abc"}
    price = {"price": Money(Decimal("9.9"), "EUR")}
    for _ in range(5):
        made.learn("order_placed", {"items": [facts["a"] | price, facts["b"]]}, MONDAY)
    made.learn("product_viewed", facts["c"], MONDAY)
    return made


@pytest.mark.parametrize(
    ("variant", "language", "lines"),
    [
        ("personalised", "en", ["C|You had a look at it|", "B|Often bought together with A|"]),
        ("personalised", "lv", ["C|Tu to nesen apskatīji|", "B|Bieži pērk kopā ar „A”|"]),
        ("plain", "en", ["A|Liked by many this month|€9.90", "B|Liked by many this month|"]),
        ("plain", "uz", ["A|Bu oy ko‘pchilikka yoqdi|9,90\u00a0€", "B|Bu oy ko‘pchilikka yoqdi|"]),
    ],
)
def test_a_mail_recommends_with_reasons_in_its_language(
    variant: str, language: str, lines: list[str]
) -> None:
    """By what the person viewed and bought, or for the plain variant by what many like; in both parts."""
    made = letters(
        ("en", "lv", "uz"), catalogue=shop(), **dict.fromkeys(("tips", "tips__lv", "tips__uz"), SHELF)
    )
    body = replace(BODY, attributes={"language": language}, viewed=("c",), bought=("a",))
    found = made.letter(body, replace(DECISION, variant=variant))
    assert found.text.strip().split("\n\n") == lines
    assert re.findall("<p>(.*?)</p>", found.html) == lines


def test_a_language_without_reasons_shows_the_products_all_the_same() -> None:
    """The reason is empty there; a mail that shows it goes as any other."""
    text = "{% for product in recommend(1) %}<p>{{ product.name }}|{{ product.reason }}</p>{% endfor %}"
    made = letters(("de",), catalogue=shop(), tips=text)
    assert made.letter(BODY, replace(DECISION, variant="plain")).text == "A|\n"


def test_what_started_the_journey_is_not_offered_again() -> None:
    """Nor is anything made up where nothing can be recommended."""
    made = letters(catalogue=shop(), tips=SHELF)
    plain = replace(DECISION, variant="plain")
    trigger = {"order_id": "1", "items": [{"sku": "a"}]}
    assert made.letter(replace(BODY, trigger=trigger), plain).text == "B|Liked by many this month|\n"
    assert letters(tips=SHELF).letter(BODY, plain).text == "nothing\n"
