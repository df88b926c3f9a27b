"""The stores of lives on a server: each life has schemas of its own, which a killed one leaves to another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from virta.stores_settings import Stores

STORES = ("engine", "consent")


class Schemas:
    """Those of one story, in a database that nobody else uses meanwhile."""

    def __init__(self, url: str, story: str) -> None:
        self._url = url
        self._story = story

    def stores(self, folder: Path) -> Stores:
        """What virta.toml would say of a life in this folder."""
        name = f"{self._story}_{folder.name}"
        return Stores(folder=str(folder), url=self._url, consent_url=self._url, schema=name)

    def bequeath(self, dead: str, heir: str) -> None:
        """End the sessions of a life, with all that it has not committed, and keep what it has for another;
        whatever it would still do finds nothing."""
        with psycopg.connect(self._url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            for store in STORES:
                admin.execute(
                    sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(
                        sql.Identifier(f"{self._story}_{dead}_{store}"),
                        sql.Identifier(f"{self._story}_{heir}_{store}"),
                    )
                )

    def tables(self, life: str, store: str) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """The rows of every table of one of a life's stores."""
        schema = f"{self._story}_{life}_{store}"
        with psycopg.connect(self._url, autocommit=True) as admin:
            names = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
            for (name,) in names.fetchall():
                rows = admin.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, name)))
                yield name, rows.fetchall()

    def drop(self) -> None:
        """Take all of them away."""
        with psycopg.connect(self._url, autocommit=True) as admin:
            found = admin.execute(
                "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", [f"{self._story}_"]
            )
            for (name,) in found.fetchall():
                admin.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
