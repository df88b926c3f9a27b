"""A condition that a column is one of many values, in one statement whatever their number."""

from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler


class Among(ColumnElement[bool]):
    """`column` is one of the values in the JSON array bound to `name`: one statement whatever their
    number."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: Column[Any], name: str) -> None:
        self.column = column
        self.given = bindparam(name, type_=String())

    def self_group(self, against: object = None) -> "Among":
        """As it stands it is true or false for every database."""
        return self


def among(column: Column[Any], name: str) -> ColumnElement[bool]:
    """See `Among`."""
    return Among(column, name)


@compiles(Among, "sqlite")
def _among_in_file(element: Among, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(each, **given) for each in (element.column, element.given))
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(Among, "postgresql")
def _among_on_server(element: Among, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(each, **given) for each in (element.column, element.given))
    kind = "text" if isinstance(element.column.type, String) else "bigint"
    return f"{column} = ANY (ARRAY(SELECT json_array_elements_text(CAST({values} AS json))::{kind}))"
