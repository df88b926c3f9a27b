"""What comes from outside cannot pretend to be ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.insight.outside import one_line, some_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ok\n  11:30  Confirmed “News”.", "ok 11:30 Confirmed “News”."),
        ("a\r\n\tb\x85c\u2028d\u2029e\vf", "a b c d e f"),
        ("\x1b[31mred\x9b0m", "[31mred0m"),
        ("abc\u202etxt.exe\u2066", "abctxt.exe"),
        ("a\u200bb\ufeffc\x00d\ud800e", "abcde"),
        ("می\u200cخواهم 👩\u200d🌾", "می\u200cخواهم 👩\u200d🌾"),
    ],
)
def test_a_line_stays_a_line(text: str, shown: str) -> None:
    """No breaks of any kind, no orders to a terminal, no turned writing; what letters need stays."""
    assert one_line(text) == shown


@given(st.text())
def test_no_text_breaks_a_line(text: str) -> None:
    """Whatever it holds; and once made plain it stays as it is."""
    shown = one_line(text)
    assert len(shown.splitlines()) <= 1
    assert one_line(shown) == shown


def test_a_mail_keeps_its_lines_and_nothing_that_steers() -> None:
    """Lines and tabs are its own."""
    assert some_lines("a\r\nb\tc\x1b]0;title\x07\u202ed\u2028e") == "a\nb\tc]0;titled\ne"
