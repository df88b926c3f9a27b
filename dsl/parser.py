"""The parser of the grammar. Its tables take a third of a second to make, so they are kept beside the
compiled modules, under the digest of all that they follow from."""

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import lark
from lark import Lark
from lark.indenter import Indenter

_KEPT = Path(__file__).parent / "__pycache__"
_DAMAGED = (OSError, EOFError, pickle.UnpicklingError, AttributeError, KeyError, TypeError, ValueError)


class Lines(Indenter):
    """What Lark has to know of our blocks."""

    NL_type = "_NL"
    OPEN_PAREN_types: list[str] = []  # noqa: RUF012 - the library asks for a class attribute
    CLOSE_PAREN_types: list[str] = []  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 4


@cache
def parser() -> Lark:
    """The grammar, ready to read."""
    grammar = files("dsl").joinpath("grammar.lark").read_text("utf-8")
    mark = f"{grammar}\0{lark.__version__}\0{sys.implementation.cache_tag}"
    digest = hashlib.sha256(mark.encode()).hexdigest()[:16]
    return kept(grammar, _KEPT / f"grammar.{digest}.tables", keep=not sys.dont_write_bytecode)


def kept(grammar: str, tables: Path, keep: bool = True) -> Lark:
    """The parser of a grammar, from its tables if they are there and whole; else they are made, and kept if
    that is wanted and the folder can be written to."""
    with contextlib.suppress(*_DAMAGED):
        return Lark.load(BytesIO(tables.read_bytes()))
    made = Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        postlex=Lines(),
        propagate_positions=True,
        maybe_placeholders=False,
    )
    if keep:
        with contextlib.suppress(OSError):
            _keep(made, tables)
    return made


def _keep(made: Lark, tables: Path) -> None:
    """Whole or not at all; tables of earlier grammars go."""
    tables.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=tables.parent, delete=False) as fresh:
        made.save(fresh)
    os.replace(fresh.name, tables)
    for older in tables.parent.glob("grammar.*.tables"):
        if older != tables:
            older.unlink(missing_ok=True)
