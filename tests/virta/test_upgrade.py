"""`virta upgrade`: stores of older versions are brought to this one, whole or not at all."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import sqlite
from stall import make_stall

import consent.store
import engine.store.version
from consent.sqlite import open_file
from engine.store.store import Store
from virta.command import run
from virta.keeping import upgrading
from virta.keeping.manifest import CONSENT, ENGINE, FILES
from virta.keeping.upgrading import TABLES, opened, steps, upgrade
from virta.keeping.versions import version_of
from virta.migrations.first import _DIALECTS, statements
from virta.migrations.statements import path_of

NEXT = '''"""One more column, and one more table."""
from alembic import op
revision, down_revision = "0002", "0001"

def upgrade():
    op.execute("ALTER TABLE note ADD COLUMN more VARCHAR")
    op.execute("{second}")
'''
SOUND, FAULTY = "CREATE TABLE further (id INTEGER)", "CREATE TABLE note (id INTEGER)"


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """A project whose stores are those of this version."""
    folder = make_stall(tmp_path / "stall")
    (folder / "data").mkdir()
    Store(folder / "data" / ENGINE).close()
    open_file(folder / "data" / CONSENT, durable=True).close()
    return folder


def further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str) -> None:
    """From here on this version is one that has one more migration of the engine's store."""
    steps_ = Path(upgrading.__file__).parents[1] / "migrations"
    shutil.copytree(steps_, tmp_path / "migrations")
    versions = tmp_path / "migrations" / "engine" / "versions"
    (versions / "v0002.py").write_text(NEXT.format(second=second), "utf-8")
    monkeypatch.setattr(
        "virta.commands.upgrade.steps", lambda store: ScriptDirectory(str(tmp_path / "migrations" / store))
    )
    monkeypatch.setattr(
        upgrading, "steps", lambda store: ScriptDirectory(str(tmp_path / "migrations" / store))
    )
    monkeypatch.setattr(engine.store.version, "HEAD", "0002")


def tables(path: Path) -> list[str]:
    """Tables and indexes as they were made."""
    with closing(sqlite3.connect(path)) as driver:
        rows = driver.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return sorted(" ".join(row[0].split()) for row in rows if "alembic_version" not in row[0])


@pytest.mark.parametrize("store", TABLES)
def test_the_migrations_make_what_a_new_store_has(store: str, tmp_path: Path) -> None:
    """All steps on an empty store, against all tables made at once. Before the first release
    `python -m virta.migrations.first` writes the first step anew; after it, a change wants a migration."""
    with opened(tmp_path / "stepped.db") as connection:
        assert upgrade(connection, store) == [
            step.revision for step in reversed(list(steps(store).walk_revisions()))
        ]
    made = create_engine(f"sqlite:///{tmp_path / 'made.db'}")
    with made.begin() as connection:
        TABLES[store].create_all(connection)
    made.dispose()
    assert tables(tmp_path / "stepped.db") == tables(tmp_path / "made.db")
    assert version_of(tmp_path / "stepped.db") == version_of(tmp_path / "made.db")


@pytest.mark.parametrize("store", TABLES)
def test_the_first_step_for_a_server_has_the_same_tables(store: str) -> None:
    """As long as there is no second one."""
    for name, dialect in _DIALECTS.items():
        assert path_of(store, "0001", name).read_text("utf-8") == statements(TABLES[store], dialect)
    assert sqlite.dialect.name in _DIALECTS


def test_the_newest_step_is_the_one_that_new_stores_are_made_with() -> None:
    """What the stores call their head is the last migration."""
    assert steps("engine").get_current_head() == engine.store.version.HEAD
    assert steps("consent").get_current_head() == consent.store.HEAD


def test_there_is_nothing_to_do_for_stores_of_this_version(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no backup is made."""
    assert run(["upgrade", str(stall)]) == 0
    assert capsys.readouterr().out == "The stores are those of this version: nothing is to be done.\n"
    assert list((stall / "data").glob("before-*")) == []


def test_an_older_store_is_not_served_until_it_is_upgraded(
    stall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The start says what to do; the upgrade makes a backup first."""
    further(tmp_path, monkeypatch, SOUND)
    assert run(["serve", str(stall), "--port", "0"]) == 2
    assert f"Run `virta upgrade {stall}`, which makes a backup first." in capsys.readouterr().err
    with closing(open_file(stall / "data" / CONSENT, durable=True)):
        assert run(["upgrade", str(stall)]) == 2
        assert "Virta is running on" in capsys.readouterr().err
    assert run(["upgrade", str(stall)]) == 0
    assert "engine.db: 0002" in capsys.readouterr().out
    assert version_of(stall / "data" / ENGINE) == "0002"
    (kept,) = (stall / "data").glob("before-upgrade-*")
    assert version_of(kept / ENGINE) == "0001"


def test_a_step_that_fails_leaves_the_store_as_it_was(
    stall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its first half is undone with its second, and the version says so."""
    before = tables(stall / "data" / ENGINE)
    further(tmp_path, monkeypatch, FAULTY)
    assert run(["upgrade", str(stall)]) == 2
    assert "cannot be upgraded: table note already exists. It is as it was." in capsys.readouterr().err
    assert tables(stall / "data" / ENGINE) == before
    assert version_of(stall / "data" / ENGINE) == "0001"


def test_a_store_of_a_newer_version_is_refused(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the start and by the upgrade."""
    with closing(sqlite3.connect(stall / "data" / CONSENT)) as driver:
        driver.execute("UPDATE alembic_version SET version_num = '9999'")
        driver.commit()
    for words in (["serve", str(stall), "--port", "0"], ["upgrade", str(stall)]):
        assert run(words) == 2
        assert "was made by a newer version of Virta" in capsys.readouterr().err


def test_a_store_of_before_versions_were_kept_is_taken_along(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If it has exactly the tables of the first one; else it is told so."""
    for name in FILES:
        with closing(sqlite3.connect(stall / "data" / name)) as driver:
            driver.execute("DROP TABLE alembic_version")
            driver.commit()
    assert run(["serve", str(stall), "--port", "0"]) == 2
    assert "virta upgrade" in capsys.readouterr().err
    assert run(["upgrade", str(stall)]) == 0
    assert {version_of(stall / "data" / name) for name in FILES} == {"0001"}
    with opened(tmp_path / "old.db") as connection, connection.begin():
        connection.execute(text("CREATE TABLE inbox (seq INTEGER)"))
    shutil.copy(tmp_path / "old.db", stall / "data" / ENGINE)
    assert run(["upgrade", str(stall)]) == 2
    assert "has other tables than it" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["backup", "--to", "kept"], ["upgrade"]])
def test_a_server_that_is_not_there_is_told(
    words: list[str], stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the name of the schema and of the machine."""
    text = (stall / "virta.toml").read_text("utf-8")
    url = "postgresql://virta@127.0.0.1:1/virta"
    (stall / "virta.toml").write_text(
        f'{text}\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "stall"\n', "utf-8"
    )
    assert run([words[0], str(stall), *words[1:]]) == 2
    told = capsys.readouterr().err
    assert "the schema stall_engine in the PostgreSQL database virta at 127.0.0.1 cannot be reached" in told
