"""The parser of the grammar. Its tables take a third of a second to make, so whoever can keep them may hand
them in."""

import hashlib
import pickle
import sys
from importlib.resources import files
from io import BytesIO

import lark
from lark import Lark
from lark.indenter import Indenter

from dsl.read.automaton import Automaton
from dsl.read.tree import Token, Tree

_DAMAGED = (
    OSError,
    EOFError,
    ImportError,
    pickle.UnpicklingError,
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)


class Lines(Indenter):
    """What Lark has to know of our blocks."""

    NL_type = "_NL"
    OPEN_PAREN_types: list[str] = []  # noqa: RUF012 - the library asks for a class attribute
    CLOSE_PAREN_types: list[str] = []  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 4


DECLARATION, FILL = "start", "fill"
"""What a text may be: the rules of the grammar that stand for a whole one."""

_standing: list[tuple[Lark, Automaton]] = []


def parser() -> Lark:
    """The grammar, ready to read; made on first use."""
    return _stood()[0]


def read(text: str, what: str = DECLARATION) -> tuple[Tree, list[Token]] | None:
    """The tree of a declaration, or of what else it is said to be, and its words in order without those of
    its layout. None: the grammar does not take it, and `parser` can say why."""
    return _stood()[1].read(text, what)


def stands() -> bool:
    """Whether the parser has been made, or taken."""
    return bool(_standing)


def digest() -> str:
    """What tables follow from: the grammar, Lark's version and Python's. 16 hex digits."""
    mark = f"{_grammar()}\0{lark.__version__}\0{sys.implementation.cache_tag}"
    return hashlib.sha256(mark.encode()).hexdigest()[:16]


def tables() -> bytes:
    """The parser's tables, for `begin_with` in a later process of the same digest. They are a pickle: keep
    them where nobody else can write."""
    written = BytesIO()
    parser().save(written)
    return written.getvalue()


def begin_with(tables: bytes) -> bool:
    """Take tables instead of making them; False, and nothing is taken, for damaged ones."""
    found = restored(tables)
    if found is not None:
        _standing[:] = [(found, Automaton(found))]
    return found is not None


def made(grammar: str) -> Lark:
    """The parser of a grammar. Raises `lark.exceptions.GrammarError` for one that is none."""
    return Lark(
        grammar,
        start=[DECLARATION, FILL],
        parser="lalr",
        lexer="contextual",
        postlex=Lines(),
        propagate_positions=True,
        maybe_placeholders=False,
    )


def restored(tables: bytes) -> Lark | None:
    """The parser whose tables these are, None for damaged ones."""
    try:
        return Lark.load(BytesIO(tables))
    except _DAMAGED:
        return None


def _stood() -> tuple[Lark, Automaton]:
    if not _standing:
        lark = made(_grammar())
        _standing.append((lark, Automaton(lark)))
    return _standing[0]


def _grammar() -> str:
    return files("dsl").joinpath("grammar.lark").read_text("utf-8")
