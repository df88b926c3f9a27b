"""The coffee stall in files and on a server; whatever is done to it, is done to a copy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kept_stall import KINDS, Database, copied, name_server, run_once
from postgres_server import Running
from stall import make_stall


@pytest.fixture(scope="session")
def in_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has run."""
    return run_once(make_stall(tmp_path_factory.mktemp("files") / "stall"))


@pytest.fixture(scope="session")
def on_server(tmp_path_factory: pytest.TempPathFactory, postgres: Running) -> tuple[Path, Database]:
    """The same on a server, in a database that others begin as."""
    folder = make_stall(tmp_path_factory.mktemp("server") / "stall")
    database = Database(postgres)
    name_server(folder, database.url)
    return run_once(folder), database


@pytest.fixture
def database(postgres: Running) -> Iterator[Database]:
    """One with nothing in it."""
    made = Database(postgres)
    yield made
    made.drop()


@pytest.fixture(params=KINDS)
def stall(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A project that has run, whose stores are in files or on a server."""
    if request.param == "files":
        yield copied(request.getfixturevalue("in_files"), tmp_path / "stall")
        return
    model, like = request.getfixturevalue("on_server")
    database = Database(request.getfixturevalue("postgres"), like.name)
    stall = copied(model, tmp_path / "stall")
    name_server(stall, database.url)
    yield stall
    database.drop()


@pytest.fixture
def filed(in_files: Path, tmp_path: Path) -> Path:
    """A project that has run, whose stores are in files."""
    return copied(in_files, tmp_path / "filed")


@pytest.fixture
def backup(stall: Path) -> Path:
    """The one that was taken while it ran."""
    return stall / "kept"
