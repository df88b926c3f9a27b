"""`virta upgrade`: stores of older versions are brought to this one, whole or not at all, in files and on a
server."""

import secrets
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from kept_stall import KINDS, Database, consenting, name_server
from next_version import FAULTY, SOUND, run_later, write_further
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.dialects import sqlite
from stall import make_stall

import consent.store.tables
import engine.store.version
from consent.store.postgres import open_on_server
from consent.store.server import Server as ConsentServer
from engine.store.server import Place, Server
from engine.store.store import Store
from virta.command import run
from virta.keeping.manifest import CONSENT, ENGINE, FILES
from virta.keeping.places import places_of
from virta.keeping.upgrading import TABLES, opened, steps, upgrade
from virta.keeping.versions import version_at
from virta.keys import read_or_make_keys
from virta.migrations.first import _DIALECTS, statements
from virta.migrations.statements import path_of
from virta.settings import read_settings


@pytest.fixture(params=KINDS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A project whose stores are those of this version, with nothing in them."""
    folder = make_stall(tmp_path / "stall")
    (folder / "data").mkdir()
    if request.param == "server":
        name_server(folder, request.getfixturevalue("database").url)
    settings = read_settings(folder)
    read_or_make_keys(settings, folder, secrets.token_bytes)
    Store(places_of(folder, settings).engine).close()
    with consenting(folder):
        pass
    return folder


def engine_of(folder: Path) -> Place:
    return places_of(folder, read_settings(folder)).engine


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Somebody has the store of consent."""
    with consenting(folder):
        yield


def further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str) -> None:
    """From here on this version is one that has one more migration of the engine's store."""
    folder = write_further(tmp_path, second)
    for name in (
        "virta.commands.upgrade.steps",
        "virta.commands.restore.steps",
        "virta.keeping.upgrading.steps",
        "virta.keeping.crossing.steps",
    ):
        monkeypatch.setattr(name, lambda store: ScriptDirectory(str(folder / store)))
    monkeypatch.setattr(engine.store.version, "HEAD", "0002")


def tables(place: Place) -> dict[str, Any]:
    """Tables as they were made: columns, keys and indexes."""
    with opened(place) as connection:
        look = inspect(connection)
        names = sorted(set(look.get_table_names()) - {"newest_transaction", "alembic_version"})
        return {
            name: (
                [{**column, "type": str(column["type"])} for column in look.get_columns(name)],
                look.get_pk_constraint(name),
                sorted(_told(index) for index in look.get_indexes(name)),
                sorted(look.get_unique_constraints(name), key=repr),
            )
            for name in names
        }


def _told(index: Any) -> str:
    options = {key: str(value) for key, value in sorted(index.pop("dialect_options", {}).items())}
    return repr((sorted(index.items()), options))


def sql_of(path: Path) -> list[str]:
    """The words in which a file's tables were made."""
    with closing(sqlite3.connect(path)) as driver:
        rows = driver.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return sorted(" ".join(row[0].split()) for row in rows if "alembic_version" not in row[0])


def make_all(place: Place, metadata: MetaData) -> None:
    with opened(place) as connection, connection.begin():
        metadata.create_all(connection)


def every_step(store: str) -> list[str]:
    return [step.revision for step in reversed(list(steps(store).walk_revisions()))]


@pytest.mark.parametrize("store", TABLES)
def test_the_migrations_make_what_a_new_store_has(store: str, tmp_path: Path) -> None:
    """All steps on an empty store, against all tables made at once. Before the first release
    `python -m virta.migrations.first` writes the first step anew; after it, a change wants a migration."""
    stepped, made = tmp_path / "stepped.db", tmp_path / "made.db"
    with opened(stepped) as connection:
        assert upgrade(connection, store) == every_step(store)
    make_all(made, TABLES[store])
    assert sql_of(stepped) == sql_of(made)
    assert version_at(stepped) == version_at(made)


@pytest.mark.parametrize("store", TABLES)
def test_the_migrations_make_what_a_new_store_has_on_a_server(
    store: str, database: Database, tmp_path: Path
) -> None:
    """Types, keys, indexes, and the order of texts."""
    stepped, made = Server(database.url, "stepped"), Server(database.url, "made")
    with opened(stepped) as connection, connection.begin():
        connection.execute(text("CREATE SCHEMA stepped"))
    with opened(stepped) as connection:
        assert upgrade(connection, store) == every_step(store)
    if store == "engine":
        Store(made).close()
    else:
        open_on_server(ConsentServer(made.url, made.schema, tmp_path / "stops"), durable=False).close()
    found = tables(stepped)
    assert len(found) > 10
    assert 'COLLATE "C"' in repr(found)
    assert repr(found).replace("stepped", "made") == repr(tables(made))
    assert version_at(stepped) == version_at(made)


@pytest.mark.parametrize("store", TABLES)
def test_the_first_step_for_a_server_has_the_same_tables(store: str) -> None:
    """As long as there is no second one."""
    for name, dialect in _DIALECTS.items():
        assert path_of(store, "0001", name).read_text("utf-8") == statements(TABLES[store], dialect)
    assert sqlite.dialect.name in _DIALECTS


def test_the_newest_step_is_the_one_that_new_stores_are_made_with() -> None:
    """What the stores call their head is the last migration."""
    assert steps("engine").get_current_head() == engine.store.version.HEAD
    assert steps("consent").get_current_head() == consent.store.tables.HEAD


def test_there_is_nothing_to_do_for_stores_of_this_version(
    fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no backup is made."""
    capsys.readouterr()
    assert run(["upgrade", str(fresh)]) == 0
    assert capsys.readouterr().out == "The stores are those of this version: nothing is to be done.\n"
    assert list((fresh / "data").glob("before-*")) == []


def test_an_older_store_is_not_served_until_it_is_upgraded(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The start says what to do; the upgrade makes a backup first, which can be put back."""
    further(tmp_path, monkeypatch, SOUND)
    assert run(["serve", str(fresh), "--port", "0"]) == 2
    assert f"Run `virta upgrade {fresh}`, which makes a backup first." in capsys.readouterr().err
    with held(fresh):
        assert run(["upgrade", str(fresh)]) == 2
        assert "Virta is running on" in capsys.readouterr().err
    assert run(["upgrade", str(fresh)]) == 0
    assert "engine.db: 0002" in capsys.readouterr().out
    assert version_at(engine_of(fresh)) == "0002"
    (kept,) = (fresh / "data").glob("before-upgrade-*")
    assert version_at(kept / ENGINE) == "0001"
    assert run(["restore", str(kept), str(fresh)]) == 0
    assert f"run `virta upgrade {fresh}` before you serve them" in capsys.readouterr().out
    assert version_at(engine_of(fresh)) == "0001"
    assert run(["upgrade", str(fresh)]) == 0


def test_a_step_that_fails_leaves_the_store_as_it_was(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its first half is undone with its second, and the version says so."""
    before = tables(engine_of(fresh))
    further(tmp_path, monkeypatch, FAULTY)
    assert run(["upgrade", str(fresh)]) == 2
    told = capsys.readouterr().err
    assert ("table note already exists" in told) or ('relation "note" already exists' in told)
    assert told.endswith("It is as it was.\n")
    assert tables(engine_of(fresh)) == before
    assert version_at(engine_of(fresh)) == "0001"


def test_a_step_that_is_killed_leaves_the_store_as_it_was(fresh: Path, tmp_path: Path) -> None:
    """Between its two halves; after that it goes through."""
    before = tables(engine_of(fresh))
    migrations = write_further(tmp_path)
    killed = run_later(migrations, "upgrade", str(fresh), CUT_SHORT="1")
    assert killed.returncode == -signal.SIGKILL
    assert (tables(engine_of(fresh)), version_at(engine_of(fresh))) == (before, "0001")
    again = run_later(migrations, "upgrade", str(fresh))
    assert (again.returncode, again.stderr) == (0, "")
    assert version_at(engine_of(fresh)) == "0002"
    assert set(tables(engine_of(fresh))) - set(before) == {"further"}


def test_a_store_of_a_newer_version_is_refused(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the start and by the upgrade."""
    place = places_of(fresh, read_settings(fresh)).stores[CONSENT]
    with opened(place) as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for words in (["serve", str(fresh), "--port", "0"], ["upgrade", str(fresh)]):
        assert run(words) == 2
        assert "was made by a newer version of Virta" in capsys.readouterr().err


def test_a_store_of_before_versions_were_kept_is_taken_along(
    fresh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If it has exactly the tables of the first one; else it is told so."""
    places = places_of(fresh, read_settings(fresh)).stores
    for place in places.values():
        with opened(place) as connection, connection.begin():
            connection.execute(text("DROP TABLE alembic_version"))
    assert run(["serve", str(fresh), "--port", "0"]) == 2
    assert "virta upgrade" in capsys.readouterr().err
    assert run(["upgrade", str(fresh)]) == 0
    assert {version_at(places[name]) for name in FILES} == {"0001"}
    with opened(places[ENGINE]) as connection, connection.begin():
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text("CREATE TABLE older (seq INTEGER)"))
    assert run(["upgrade", str(fresh)]) == 2
    assert "has other tables than it" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["backup", "--to", "kept"], ["upgrade"]])
def test_a_server_that_is_not_there_is_told(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the name of the schema and of the machine."""
    stall = make_stall(tmp_path / "stall")
    name_server(stall, "postgresql://virta@127.0.0.1:1/virta")
    assert run([words[0], str(stall), *words[1:]]) == 2
    told = capsys.readouterr().err
    assert "the schema stall_engine in the PostgreSQL database virta at 127.0.0.1 cannot be reached" in told


def test_a_project_that_never_ran_has_nothing_to_upgrade(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is told."""
    assert run(["upgrade", str(make_stall(tmp_path / "stall"))]) == 2
    assert "nothing has happened here yet" in capsys.readouterr().err
