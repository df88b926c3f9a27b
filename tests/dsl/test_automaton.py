"""Our walk over Lark's tables reads what Lark reads, to the last column."""

from pathlib import Path

import pytest
from grammar_texts import derived
from hypothesis import given
from hypothesis import strategies as st
from lark import Token as LarkToken
from lark import Tree as LarkTree
from lark import UnexpectedInput
from lark.grammar import NonTerminal, Rule
from lark.indenter import DedentError

from dsl.found.source import read_source
from dsl.read.automaton import _reduction_of
from dsl.read.layout import lay_out
from dsl.read.parser import parser, read
from dsl.read.tree import Token, Tree

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for folder in ("examples", "tests/golden", "tests/rules") for path in (ROOT / folder).rglob("*.flow")
)


def by_lark(text: str) -> LarkTree[LarkToken] | None:
    try:
        return parser().parse(text, start="start")
    except (UnexpectedInput, DedentError):
        return None


def told(part: LarkTree[LarkToken] | LarkToken) -> object:
    """A part of Lark's tree as plain data: its kind, its place and what hangs from it."""
    if isinstance(part, LarkToken):
        return part.type, str(part), (part.line, part.column, part.end_line, part.end_column)
    meta = part.meta
    place = meta.line, meta.column, meta.end_line, meta.end_column
    return part.data, place, [told(each) for each in part.children]


def ours(part: Tree | Token) -> object:
    """The same of one of ours."""
    if isinstance(part, Token):
        return part.type, part.text, (part.line, part.column, part.end_line, part.end_column)
    place = part.first.line, part.first.column, part.last.end_line, part.last.end_column
    return part.data, place, [ours(each) for each in part.children]


def same(text: str) -> bool:
    """Whether both take a text; the trees are compared."""
    theirs, found = by_lark(text), read(text)
    assert (found is None) == (theirs is None), text
    if found is not None and theirs is not None:
        assert ours(found[0]) == told(theirs)
    return found is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_is_read_as_lark_reads_it(path: Path) -> None:
    """Trees, their places and the words in them, of declarations with and without faults."""
    for chunk in lay_out(read_source(path.name, path.read_bytes())[0])[0]:
        same(chunk.text)


def test_the_files_have_declarations_of_both_kinds() -> None:
    """So that neither side of the comparison stands empty."""
    taken = [
        same(chunk.text)
        for path in FILES
        for chunk in lay_out(read_source(path.name, path.read_bytes())[0])[0]
    ]
    assert taken.count(True) > 500
    assert taken.count(False) > 20


@given(
    derived(),
    st.integers(0, 400),
    st.integers(0, 3),
    st.sampled_from(["", " ", "\n", "(", "and", '"', "wait"]),
)
def test_any_text_is_read_as_lark_reads_it(text: str, at: int, less: int, more: str) -> None:
    """Declarations that the grammar can write, whole and with a few letters changed somewhere."""
    same(text)
    same(text[:at] + more + text[at + less :])


def test_words_come_in_order_without_the_layout() -> None:
    """Keywords among them, which the tree leaves out."""
    found = read("segment a\n    count of order_placed > 1\n")
    assert found is not None
    assert [each.text for each in found[1]] == ["segment", "a", "count of", "order_placed", ">", "1"]


def test_a_rule_that_stands_for_nothing_is_refused() -> None:
    """The parts of such a rule would be all that was read before it."""
    with pytest.raises(AssertionError, match="`nothing` of the grammar may stand for nothing"):
        _reduction_of(Rule(NonTerminal("nothing"), []))
