"""Many rows by one statement: those in slots that are told as a list.

A statement for each row costs a multiple of what the row costs, with a server above all.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Select, String, bindparam, cast, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

_encode = msgspec.json.Encoder().encode


class json_each(GenericFunction[Any]):
    """The parts of a list, one a row."""

    inherit_cache = True


@compiles(json_each, "postgresql")
def _on_server(element: Any, compiler: SQLCompiler, **given: Any) -> str:
    inner = compiler.process(element.clauses, **given)
    return f"json_array_elements_text(CAST({inner} AS JSON))"


def listed(*before: Any) -> Select[Any]:
    """A query for the slots of the list that is given last, behind columns that are the same for all."""
    rows = func.json_each(bindparam("slots", type_=String)).table_valued("value", name="listed")
    return select(*before, cast(rows.c.value, BigInteger))


def as_list(slots: Sequence[int]) -> str:
    """Slots as a statement takes them."""
    return _encode(slots).decode()
