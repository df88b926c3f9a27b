"""A coffee stall whose stores are in files or on a server, and all that stands in them."""

import itertools
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
from postgres_server import Running
from serving import Served, eventually
from stall import own_port

from consent.service import Service, open_service
from virta.command import run
from virta.database_url import consent_place
from virta.keys import read_keys
from virta.settings import read_settings
from virta.wiring import wall_clock

KINDS = ("files", "server")
KEY = {"Authorization": "Bearer the stall's key"}
SCHEMA = "stall"

Rows = dict[str, list[tuple[Any, ...]]]
_NUMBERS = itertools.count(1)


def order(id_: str) -> dict[str, object]:
    """Anna buys something."""
    who = {"email": "anna@example.com"}
    return {"id": id_, "event": "order_placed", "contact": who, "data": {"order_id": id_}}


def run_once(folder: Path) -> Path:
    """A project that has run: an order is known whose mail could not go, for no mail server was there; its
    backup was taken meanwhile."""
    with Served(folder) as served, httpx2.Client(base_url=served.url, headers=KEY) as http:
        assert http.post("/v1/events", json={"events": [order("o-1")]}).json()["accepted"] == 1
        eventually(lambda: served.told("mails wait"))
        assert run(["backup", str(folder), "--to", str(folder / "kept")]) == 0
        assert served.stop() == 0
    return folder


def copied(stall: Path, to: Path) -> Path:
    """A copy with a mail server's port of its own."""
    shutil.copytree(stall, to)
    settings = to / "virta.toml"
    text = settings.read_text("utf-8")
    settings.write_text(re.sub(r"smtp://127.0.0.1:\d+", f"smtp://127.0.0.1:{own_port()}", text), "utf-8")
    return to


class Database:
    """A database of its own on the tests' server, for one project."""

    def __init__(self, server: Running, like: str = "template1") -> None:
        self._server = server
        self.name = f"stall_{os.getpid()}_{next(_NUMBERS)}"
        server.ask(f"CREATE DATABASE {self.name} TEMPLATE {like}")
        self.url = server.url.replace("postgres:@", "postgres@").replace("/virta?", f"/{self.name}?")

    def drop(self) -> None:
        """Take it away."""
        self._server.ask(f"DROP DATABASE {self.name} WITH (FORCE)")


def name_server(stall: Path, url: str) -> None:
    """From here on the project's stores are in this database."""
    name_files(stall)
    file = stall / "virta.toml"
    more = f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{SCHEMA}"\n'
    file.write_text(file.read_text("utf-8") + more, "utf-8")


def name_files(stall: Path) -> None:
    """From here on they are in files."""
    file = stall / "virta.toml"
    file.write_text(file.read_text("utf-8").partition("\n[stores]")[0], "utf-8")


def url_of(stall: Path) -> str:
    """Where the stores are, empty: in files."""
    return read_settings(stall).stores.url


def lose(stall: Path, postgres: Running) -> None:
    """Nothing is left but the project and its keys."""
    shutil.rmtree(stall / "data")
    if url_of(stall):
        for name in schemas_of(stall, postgres):
            postgres.ask_at(url_of(stall), f"DROP SCHEMA {name} CASCADE")


def schemas_of(stall: Path, postgres: Running) -> list[str]:
    """What the project has on the server, and what was put aside of it there."""
    asked = "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s) ORDER BY 1"
    return [name for (name,) in postgres.ask_at(url_of(stall), asked, SCHEMA)]


def rows_in(backup: Path) -> dict[str, Rows]:
    """Every row of every table of a backup, and the numbers that were given out."""
    return {path.name: dict(_tables(path)) for path in sorted(backup.glob("*.db"))}


def kept(stall: Path, to: Path) -> dict[str, Rows]:
    """What the stores hold, by way of a backup."""
    assert run(["backup", str(stall), "--to", str(to)]) == 0
    return rows_in(to)


def _tables(path: Path) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    with closing(sqlite3.connect(path)) as file:
        names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in names:
            yield name, sorted(file.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)


@contextmanager
def consenting(stall: Path) -> Iterator[Service]:
    """The consent service of a project whose engine does not run."""
    settings = read_settings(stall)
    with closing(
        open_service(
            consent_place(stall, settings),
            read_keys(settings, stall).consent,
            origin="x",
            public_url=settings.url,
            team=(),
            clock=wall_clock,
            entropy=secrets.token_bytes,
        )
    ) as service:
        yield service
