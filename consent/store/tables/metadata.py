"""What all tables share: where they are listed, what a position is, an index of some rows only."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, MetaData, TextClause

metadata = MetaData()


def where(rows: ColumnElement[bool] | TextClause) -> dict[str, Any]:
    """That an index is of some rows only."""
    return {"sqlite_where": rows, "postgresql_where": rows}


NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Positions and moments (ms UTC). SQLite lays rows in the order of what is called an integer."""
