"""What the compiler knows of templates: facts, digests, the values they ask for."""

import pytest
from golden_cases import compiled
from jinja2.lexer import Token
from mail_template import BOTH, FLOW, FOOT, HEAD, errors, mail, with_templates

from dsl.templates.text import read_text
from dsl.templates.words import tokens


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


def test_the_digest_covers_the_parts_of_each_language() -> None:
    """And none that no mail brings in."""
    files = {"mail": HEAD + '{% include "_a.html" %}' + BOTH, "_a": "a"}
    files["mail__lv"] = files["mail"]
    first = mail(with_templates(**files)).digest
    assert mail(with_templates(**files, _a__lv="b")).digest != first
    assert mail(with_templates(**files, _b="b")).digest == first


def test_every_text_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many mails, languages and checks look at it."""
    read: list[str] = []

    def counted(text: str) -> list[Token] | None:
        read.append(text)
        return tokens(text)

    monkeypatch.setattr("dsl.templates.text.tokens", counted)
    read_text.cache_clear()
    part = '{% include "_foot.html" %}'
    files = {f"m{number}": HEAD + f"{number}" + part for number in range(5)}
    with_templates(
        mail=HEAD + part, **files, **{f"{name}__lv": text for name, text in files.items()}, _foot=FOOT
    )
    assert len(read) == len(set(read))
    assert sum("<footer>" in text for text in read) == 1
