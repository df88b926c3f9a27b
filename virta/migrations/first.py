"""Writes the files of the first migration from the tables as they are: `python -m virta.migrations.first`.

For before the first release only; from then on they stay as they are, and each change is a migration."""

from sqlalchemy import Dialect, MetaData
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from engine.store.postgres import compare_bytes
from virta.keeping.upgrading import TABLES
from virta.migrations.statements import BETWEEN, path_of

_DIALECTS: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(),
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
}


def statements(tables: MetaData, dialect: Dialect) -> str:
    """What makes all tables but Alembic's own, which it makes itself. On a server texts are in the order of
    their bytes, whatever language it speaks."""
    made = MetaData()
    for table in tables.sorted_tables:
        table.to_metadata(made)
    if dialect.name == postgresql.dialect.name:
        compare_bytes(made)
    found = []
    for table in made.sorted_tables:
        if table.name == "alembic_version":
            continue
        found.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        found += [str(CreateIndex(index).compile(dialect=dialect)).strip() for index in indexes]
    lines = [line.rstrip() for line in BETWEEN.join(found).splitlines()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for store, tables in TABLES.items():
        for name, dialect in _DIALECTS.items():
            path_of(store, "0001", name).write_text(statements(tables, dialect), "utf-8")
