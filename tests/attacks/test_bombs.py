"""A template that would take for ever, or all memory, is a fault of its mail."""

import pytest
from written_letter import letter

from engine.mail.letters import LetterFault

MANY = {"xs": list(range(1000))}


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'a' * 10000000000 }}",
        "{{ 10000000000 * 'a' }}",
        "{{ [1] * 10000000000 }}",
        "{{ 10 ** 10000000000 }}",
        "{% set x = trigger.n ** 9999999999 %}",
        "{{ '%10000000000d' % 1 }}",
        "{{ '%*d' % (10000000000, 1) }}",
        "{{ 'a' | center(10000000000) }}",
        "{{ '%10000000000d' | format(1) }}",
        "{{ 'a'.ljust(10000000000) }}",
        "{{ 'a'.zfill(10000000000) }}",
        "{% for a in trigger.xs %}{% for b in trigger.xs %}{% for c in trigger.xs %}{% endfor %}{% endfor %}"
        "{% endfor %}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    ],
)
def test_a_bomb_is_a_fault_of_its_mail(text: str) -> None:
    """By growth, by width, by loops in loops, by calls that double: told before it goes off."""
    with pytest.raises(LetterFault, match="template `tips`"):
        letter(text, trigger={**MANY, "n": 7})


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("{% for a in trigger.xs %}{% for b in trigger.ys %}{% endfor %}{% endfor %}", 199),
        ("{{ ('a' * trigger.n) | length }}", 1_000_000),
        ("{{ ([1] * trigger.n) | length }}", 1_000_000),
    ],
)
def test_a_template_that_does_too_much_is_told_a_little_behind_the_bound(text: str, most: int) -> None:
    """Turns of loops, and the size of what one operation makes: what is no danger yet is refused already."""
    assert letter(text, trigger={**MANY, "n": most, "ys": [1] * min(most, 199)})
    with pytest.raises(LetterFault, match=r"too much|more than"):
        letter(text, trigger={**MANY, "n": most + 1, "ys": [1] * 200})


def test_what_mails_need_is_no_bomb() -> None:
    """Sums, lines of dashes, loops over what was bought, and macros."""
    text = (
        "{% macro row(x) %}<p>{{ x * 2 }}</p>{% endmacro %}{{ '-' * 40 }}{{ 2 ** 10 }}{{ 7 % 4 }}"
        "{% for x in trigger.xs %}{{ row(x) }}{{ loop.index }} of {{ loop.length }}{% endfor %}"
        "{% for x in nothing | default([]) %}{% else %}none{% endfor %}"
    )
    for _ in range(3):  # what one mail took is not missing for the next
        found = letter(text, trigger=MANY).text
        assert "1024" in found
        assert "1000 of 1000" in found
        assert "none" in found
