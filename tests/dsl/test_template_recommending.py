"""Templates that recommend products."""

import pytest
from mail_template import BOTH, HEAD, errors, mail, with_templates

from dsl.graph import Send

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
