"""Nothing undeclared is in a template that is published: what draws on a value that its flow does not give,
or that no mail has, is refused, and of a refused project nothing is published."""

import pytest
from golden_cases import compiled
from hypothesis import given
from hypothesis import strategies as st
from mail_template import BOTH, HEAD

FLOW = b"flow case\n    topic news\n    start on order_placed\n    send mail with things trigger.items\n"
HAS = {"contact", "sender", "links", "things", "loop", "browser", "recommend"}
NAMES = st.from_regex(r"[a-z][a-z_]{0,11}", fullmatch=True)


def refused(written: str) -> bool:
    """Whether a project whose mail has this is no program."""
    found = compiled(
        ("case.flow", FLOW), templates=(("templates/mail.html", (HEAD + BOTH + written).encode()),)
    )
    faults = [each for each in found.findings if each.code.startswith("E")]
    assert (found.program is None) == bool(faults)
    return bool(faults)


def test_what_is_declared_is_not_refused() -> None:
    """So that the others are not refused for another reason."""
    assert not refused("{% for one in things %}{{ one.sku }}{% endfor %}")


@pytest.mark.parametrize(
    "written",
    [
        "{{ points }}",
        "{{ trigger.shoe_size }}",
        "{{ contact.shoe_size }}",
        "{{ sender.password }}",
        "{{ links.secret }}",
        "{{ journey.id }}",
        "{{ self }}",
        "{{ config }}",
        "{% for one in others %}{{ one }}{% endfor %}",
        "{% if points %}yes{% endif %}",
        "{{ things[0].__class__ }}",
        "{% include 'secrets' %}",
        "{{ lookup('points') }}",
        "{{ things | map(attribute='x') }}",
        '<a href="https://kafija.example/?p={{ points }}">P</a>',
        "{# {{ sku }} #}{{ sku }}",
    ],
)
def test_what_nobody_declared_is_refused(written: str) -> None:
    """Wherever it stands: shown, asked for in a condition, looped over, made up, in a link."""
    assert refused(written)


@given(NAMES.filter(lambda name: name not in HAS))
def test_no_name_that_nobody_declared_passes(name: str) -> None:
    """Whatever it is."""
    assert refused("{{ " + name + " }}")
