"""One layout for marketing and service: what asks for the links to unsubscribe, and what that proves."""

import pytest
from golden_cases import compiled
from jinja2 import nodes
from mail_template import HEAD, LINK, errors, mail, with_templates

from dsl.templates.proofs import certain
from dsl.templates.text import read_text

SERVICE = b"flow case\n    topic orders\n    start on order_placed\n    send mail\n"
IMPRINT = " {{ sender.imprint }}"
ASKED = "{% if links.unsubscribe %}" + LINK + "{% endif %}"


def for_service(**files: str) -> list[str]:
    """The codes of the errors in a mail of a flow for service; `__` stands for a point."""
    files = {"mail": HEAD + IMPRINT, **files}
    given = {f"templates/{name.replace('__', '.')}.html": text for name, text in files.items()}
    found = compiled(("case.flow", SERVICE), templates=tuple((n, t.encode()) for n, t in given.items()))
    return errors(found)


@pytest.mark.parametrize(
    "foot",
    [
        ASKED,
        "{% if links.preferences %}" + LINK + "{% else %}You ordered.{% endif %}",
        "{% if not links.unsubscribe %}You ordered.{% else %}" + LINK + "{% endif %}",
        "{% if links.unsubscribe and links.preferences %}" + LINK + "{% endif %}",
        "{% if not links.unsubscribe %}<p hidden>{% elif links.preferences or contact.vip %}"
        + LINK
        + "{% endif %}",
        '{% if links["unsubscribe"] %}{% set x = links.unsubscribe %}<a href="{{ x }}">Stop</a>{% endif %}',
    ],
)
def test_a_marketing_mail_surely_has_the_links_that_are_asked_for(foot: str) -> None:
    """So what stands within is always shown to people, and nothing is to be mended for service either."""
    found = with_templates(mail=HEAD + foot + IMPRINT, mail__lv=HEAD + foot + IMPRINT)
    assert found.findings == ()
    assert mail(found).unsubscribe
    assert for_service(mail=HEAD + foot + IMPRINT) == []


@pytest.mark.parametrize(
    "foot",
    [
        "{% if not links.unsubscribe %}" + LINK + "{% endif %}",
        "{% if links.unsubscribe %}Hello{% else %}" + LINK + "{% endif %}",
        "{% if links.unsubscribe and contact.vip %}" + LINK + "{% endif %}",
        "{% if contact.vip %}Hello{% elif links.unsubscribe %}" + LINK + "{% endif %}",
        "{% if links.unsubscribe is defined %}Hello{% endif %}",
        "{% if links.browser %}" + LINK + "{% endif %}",
        "{% if contact.vip %}" + ASKED + "{% endif %}",
        "<div hidden>{% if links.unsubscribe %}Hello{% else %}</div>{% endif %}" + LINK,
        "{% if links.unsubscribe %}<div hidden>{% endif %}" + LINK,
    ],
)
def test_anything_else_that_stands_around_the_link_may_hide_it(foot: str) -> None:
    """Another question, the arm for service, or an element that it leaves open."""
    found = with_templates(mail=HEAD + IMPRINT + foot)
    assert errors(found) == ["E505"]
    assert not mail(found).unsubscribe


def test_the_imprint_is_owed_by_marketing_mails() -> None:
    """Within the question for the link it is shown in each of them, which is what the fact says; a mail for
    service shows none then, and owes none. In the arm for service it proves nothing."""
    foot = "{% if links.unsubscribe %}" + LINK + IMPRINT + "{% endif %}"
    found = with_templates(mail=HEAD + foot)
    assert (errors(found), mail(found).imprint) == ([], True)
    assert for_service(mail=HEAD + foot) == for_service(mail=HEAD) == []
    other = with_templates(mail=HEAD + ASKED + "{% if not links.unsubscribe %}" + IMPRINT + "{% endif %}")
    assert (errors(other), mail(other).imprint) == (["E509"], False)


@pytest.mark.parametrize(
    "foot",
    [
        LINK,
        "{% if contact.vip %}" + LINK + "{% endif %}",
        "{% if not links.unsubscribe %}" + LINK + "{% endif %}",
        "{% if links.unsubscribe %}Hello{% else %}" + LINK + "{% endif %}",
        '<a href="{{ links.preferences }}">Choose</a>',
    ],
)
def test_a_mail_for_service_shows_no_such_link_unasked(foot: str) -> None:
    """There it is empty."""
    assert for_service(mail=HEAD + foot + IMPRINT) == ["E526"]


def test_a_layout_is_told_of_once_however_many_links_and_mails_it_has() -> None:
    """The fault is there, and the mails have none of their own. In another language it is another."""
    body = HEAD + '{% extends "_frame.html" %}{% block text %}Hello{% endblock %}'
    frame = (
        "{% block text %}{% endblock %}" + LINK + ' <a href="{{ links.preferences }}">Choose</a>' + IMPRINT
    )
    assert for_service(mail=body, mail__lv=body, _frame=frame) == ["E526"]
    assert for_service(mail=body, mail__lv=body, _frame=frame, _frame__lv=frame) == ["E526", "E526"]
    assert for_service(mail=body, mail__lv=body, _frame=frame.replace(LINK, ASKED)) == ["E526"]


def test_one_mail_for_both_must_ask() -> None:
    """As soon as one flow sends it for service."""
    both = SERVICE + b"    wait 1 day\n    send mail as again\n        topic news\n"
    for foot, told in ((LINK, ["E526"]), (ASKED, [])):
        template = ("templates/mail.html", (HEAD + foot + IMPRINT).encode())
        assert errors(compiled(("case.flow", both), templates=(template,))) == told


def test_the_mail_that_asks_for_the_confirmation_may_stand_in_the_same_layout() -> None:
    """It has no link to unsubscribe either; what it owes must be shown where there is none."""
    owed = '<a href="{{ links.confirm }}">Yes</a> <a href="{{ links.refuse }}">No</a>' + IMPRINT
    assert for_service(confirm=HEAD + owed + ASKED) == []
    assert for_service(confirm=HEAD + IMPRINT + "{% if not links.unsubscribe %}" + owed + "{% endif %}") == []
    assert for_service(confirm=HEAD + owed + LINK) == ["E504"]
    within = "{% if links.unsubscribe %}" + owed + "{% endif %}"
    assert for_service(confirm=HEAD + IMPRINT + within) == ["E510", "E510"]


@pytest.mark.parametrize("marketing", [True, False])
@pytest.mark.parametrize(
    "test", ["A", "not A", "A and B", "A or x", "not (A and x)", "not A or B", "x", "not x"]
)
def test_what_is_sure_of_a_question_is_what_comes_of_it(test: str, marketing: bool) -> None:
    """Whatever the other value is; and if that makes no difference, it is sure."""
    written = test.replace("A", "links.unsubscribe").replace("B", "links.preferences")
    tree = read_text("{% if " + written + " %}{% endif %}").tree
    assert tree is not None
    asked = tree.find(nodes.If)
    assert asked is not None
    results = {bool(eval(test, {}, {"A": marketing, "B": marketing, "x": other})) for other in (True, False)}
    found = certain(asked.test, marketing)
    assert found == (results.pop() if len(results) == 1 else None)
