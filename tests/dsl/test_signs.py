"""Names: letters of any script with their marks, digits and `_`."""

import re
import unicodedata
from importlib.resources import files

import pytest
from golden_cases import compiled_text
from hypothesis import given
from hypothesis import strategies as st

from dsl.format import format_source
from dsl.found.finding import Severity
from dsl.read.signs import HOLE, NAME, STRING, readable

SCRIPTS = ("rīdzinieki", "x̂", "ऑर्डर", "สั่งซื้อ", "אָלֶף", "طَلَب", "한국", "注文", "ப௧", "a·b", "cart_2")
NONE = ("x²", "a≥b", "a–b", "x½", "x€", "x🎉", "”a", "ำa")


def test_the_grammar_has_the_same_shapes() -> None:
    """What is told of a fault is measured by what the grammar reads."""
    lines = (files("dsl") / "grammar.lark").read_text("utf-8").split("\n")
    assert "NAME: /{}/".format(NAME.replace("/", r"\/")) in lines
    assert f"STRING: /{STRING}/" in lines


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_has_letters_and_marks_of_its_script(name: str) -> None:
    """It declares an event with a field, and a flow speaks of both in a condition and in a text."""
    name = unicodedata.normalize("NFC", name)
    text = (
        f"event {name}\n    {name}_x number\n"
        f"flow f\n    topic news\n    start on {name} where {name}_x > 2\n"
        f'    tell "care@kafija.example" "Now {{trigger.{name}_x}}"\n'
    )
    found = compiled_text(text)
    assert found.findings == ()
    assert format_source("case.flow", text.encode(), "EUR").findings == ()


@pytest.mark.parametrize("name", NONE)
def test_other_signs_stand_in_no_name(name: str) -> None:
    """Each is an error at the sign, or at the name that has it."""
    found = compiled_text(f"event {name}\n").findings
    assert found
    assert all(each.severity is Severity.ERROR for each in found)
    assert any(each.span.column <= len("event ") + len(name) for each in found)


def test_exactly_the_signs_of_unicode_stand_in_names() -> None:
    """XID_Start first and XID_Continue behind, by the Unicode that Python has, but for four that begin no
    word of any language."""
    odd = {chr(each) for each in (0x1885, 0x1886, 0x2118, 0x212E)}
    signs = [chr(code) for code in (*range(0x80, 0x32400), *range(0xE0000, 0xE0200)) if chr(code) != HOLE]
    behind = readable("\n".join(f"a{sign}" for sign in signs)).split("\n")
    first = readable("\n".join(signs)).split("\n")
    name = re.compile(NAME)
    for sign, one, other in zip(signs, behind, first, strict=True):
        assert bool(name.fullmatch(one)) == f"a{sign}".isidentifier(), ascii(sign)
        assert bool(name.fullmatch(other)) == (sign.isidentifier() and sign not in odd), ascii(sign)


@given(st.text())
def test_nothing_moves(text: str) -> None:
    """What is hidden leaves its column, and texts in quotes stay as they are."""
    seen = readable(text)
    assert len(seen) == len(text)
    assert readable(f'"{text}"') == f'"{text}"' or '"' in text or "\n" in text or "\\" in text
