"""The statements of a migration that stand in a file of their own, one for each kind of database."""

from pathlib import Path

from alembic import op

BETWEEN = "\n;;\n"
"""Between two statements."""


def path_of(store: str, revision: str, dialect: str) -> Path:
    """Where they stand."""
    return Path(__file__).parent / store / f"{revision}.{dialect}.sql"


def run_file(store: str, revision: str) -> None:
    """Run them in the migration's transaction."""
    dialect = op.get_bind().dialect.name
    for statement in path_of(store, revision, dialect).read_text("utf-8").split(BETWEEN):
        op.get_bind().exec_driver_sql(statement.strip())
