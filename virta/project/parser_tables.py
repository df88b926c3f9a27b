"""The tables of the language's parser, kept beside its compiled modules."""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

import dsl
from dsl.read import parser

KEPT = Path(str(dsl.__file__)).parent / "__pycache__"


def warm_up(folder: Path = KEPT, keep: bool = not sys.dont_write_bytecode) -> None:
    """Have the parser stand: from the kept tables if they are there and whole; else it is made, and its
    tables are kept if that is wanted and the folder can be written to."""
    place = folder / f"grammar.{parser.digest()}.tables"
    with contextlib.suppress(OSError):
        if parser.begin_with(place.read_bytes()):
            return
    if keep:
        with contextlib.suppress(OSError):
            _keep(parser.tables(), place)


def _keep(tables: bytes, place: Path) -> None:
    """Whole or not at all; tables of earlier grammars go."""
    place.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as fresh:
        fresh.write(tables)
    os.replace(fresh.name, place)
    for older in place.parent.glob("grammar.*.tables"):
        if older != place:
            older.unlink(missing_ok=True)
