"""One fault, one finding: single mistakes in a good text, of which each is told once."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from golden_cases import compiled_text

GOOD = """\
coupon ten "Ten"
    10% off
    code "TEN-{random 8}"

event points_given
    points number

segment regulars "Regulars"
    count of order_placed in last 90 days >= 3

flow cart "Cart"
    topic news
    start on cart_updated where cart_total > 0
    enter again after 60 days
    leave on order_placed
    goal order_placed within 40 days

    wait until no cart_updated in last 1 hour up to 1 day
    send first with total trigger.cart_total as reminder
    wait 1 day at 10:00
    if in segment regulars and contact.city is known
        send second with code coupon ten
    else if clicked reminder
        emit points_given with points 10
    else
        finish as silent
    wait 2 days
    split length
        50% short
            send third
        50% long
            send thanks
"""
LINES = GOOD.splitlines()
_WORDS = re.compile(r'"[^"]*"|\S+')


def _words(line: str) -> list[tuple[int, int]]:
    return [found.span() for found in _WORDS.finditer(line)]


def without_a_word(line: str) -> Iterator[str]:
    """The line lacks one of its words."""
    words = _words(line)
    for start, end in words if len(words) > 1 else ():
        yield (line[:start] + line[end:].lstrip()) if line[end:] else line[:start].rstrip()


def with_a_word_twice(line: str) -> Iterator[str]:
    """One word stands twice in a row."""
    for start, end in _words(line):
        yield f"{line[:end]} {line[start:]}"


def with_two_words_turned(line: str) -> Iterator[str]:
    """Two words stand in each other's place."""
    words = _words(line)
    for (a, b), (c, d) in pairwise(words):
        yield line[:a] + line[c:d] + line[b:c] + line[a:b] + line[d:]


def at_the_left_edge(line: str) -> Iterator[str]:
    """A line right below its declaration is not indented."""
    if re.match(r"    (start|enter|leave|goal|wait|send|code|points)", line):
        yield line.lstrip()


def test_the_text_is_good() -> None:
    """Nothing is to mend in it."""
    assert compiled_text(GOOD).findings == ()


@pytest.mark.parametrize(
    "mistake",
    [without_a_word, with_a_word_twice, with_two_words_turned, at_the_left_edge],
    ids=lambda each: each.__name__,
)
def test_a_mistake_is_told_once(mistake: Callable[[str], Iterator[str]]) -> None:
    """Whatever line it is made in: what follows from it is not told beside it."""
    told = {}
    for at, line in enumerate(LINES):
        for changed in mistake(line) if line else ():
            found = compiled_text("\n".join([*LINES[:at], changed, *LINES[at + 1 :]]))
            if len(found.findings) > 1:
                told[changed] = [f"{each.code} {each.span.line}" for each in found.findings]
    assert told == {}
