"""Places in a text: UTF-16 in the editor, signs in NFC for the language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, Range

from dsl.found.finding import Span
from dsl.found.source import read_source
from virta.language_server.positions import Text


@pytest.mark.parametrize(
    ("text", "line", "column", "position"),
    [
        ("flow a\n    send b", 2, 10, Position(1, 9)),
        ("# 😀\nsegment rīdzinieki", 2, 9, Position(1, 8)),
        ('subject "😀 {x}"', 1, 11, Position(0, 11)),  # the face is two units wide
        ("flow a\r\n    send b", 2, 10, Position(1, 9)),
        ("\ufeffflow a\nflow b", 1, 6, Position(0, 6)),  # the mark is a unit of the first line
        ("\ufeffflow a\nflow b", 2, 6, Position(1, 5)),
        ("segment ri\u0304ga x", 1, 14, Position(0, 14)),  # ī in two signs
        ("a\rb\nc", 2, 1, Position(2, 0)),  # a lone CR ends a line in the editor
        ("a\rbc\nd", 1, 4, Position(1, 1)),
        ("\ufeff\ra", 1, 2, Position(1, 0)),
    ],
)
def test_a_column_of_the_language_is_a_position_and_back(
    text: str, line: int, column: int, position: Position
) -> None:
    """Faces, Latvian letters in one sign or two, line ends of Windows, byte order marks."""
    assert Text(text).position(line, column) == position
    assert Text(text).place(position) == (line, column)


def test_a_place_behind_a_line_is_its_end() -> None:
    """An editor may be ahead of the text."""
    text = Text("ab\ncd")
    assert text.place(Position(0, 99)) == (1, 3)
    assert text.place(Position(99, 0)) == (2, 1)
    assert text.position(9, 9) == Position(1, 2)


def test_a_range_covers_what_a_finding_marks() -> None:
    """From its first to behind its last sign."""
    text = Text('😀 "Rīga"')
    assert text.range_of(Span("x", 1, 3, 1, 9)) == Range(Position(0, 3), Position(0, 9))


TEXTS = st.text(st.sampled_from("aī😀i\u0304 \r\n\ufeff#"), max_size=30)


@given(TEXTS)
def test_every_sign_of_the_language_has_its_own_position(text: str) -> None:
    """Whatever the text: the way there and back ends where it began."""
    source, _ = read_source("x", text.encode())
    shown = Text(text)
    for number, line in enumerate(source.lines, start=1):
        for column in range(1, len(line) + 2):
            assert shown.place(shown.position(number, column)) == (number, column)


@given(TEXTS, st.integers(0, 5), st.integers(0, 9))
def test_any_position_is_a_place_in_the_text(text: str, line: int, character: int) -> None:
    """No editor can ask for one that breaks the server."""
    shown = Text(text)
    number, column = shown.place(Position(line, character))
    assert 1 <= number <= len(shown.rows)
    assert 1 <= column <= len(shown.rows[number - 1]) + 1
    assert 0 <= shown.offset(Position(line, character)) <= len(text)
