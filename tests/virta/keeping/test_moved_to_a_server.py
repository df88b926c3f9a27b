"""A backup of files is put back on a server, and the other way round: the way to move a project."""

from pathlib import Path

import pytest
from kept_stall import SCHEMA, Database, copied, kept, name_files, name_server
from played import play

from virta.command import run


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The coffee stall after a few days, in files."""
    return play(tmp_path_factory.mktemp("moving") / "stall")


@pytest.fixture
def stall(played: Path, tmp_path: Path) -> Path:
    return copied(played, tmp_path / "stall")


def proved(stall: Path, to: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The log's proofs verify with the project's key."""
    capsys.readouterr()
    assert run(["consent", "keys", str(stall)]) == 0
    key = capsys.readouterr().out.strip()
    assert run(["consent", "export", str(stall), "--out", str(to)]) == 0
    assert run(["consent", "verify", str(to), "--key", key]) == 0


def test_a_project_moves_to_a_server_and_back(
    stall: Path, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row for row, each table of both stores; the log proves the same on each side."""
    before = kept(stall, tmp_path / "one")
    assert sum(len(rows) for tables in before.values() for rows in tables.values()) > 100
    name_server(stall, database.url)
    assert run(["restore", str(tmp_path / "one"), str(stall)]) == 0
    assert f"engine.db is back in the schema {SCHEMA}_engine in the PostgreSQL" in capsys.readouterr().out
    assert not list((stall / "data").glob("*.db"))
    assert list((stall / "data").glob("before-restore-*/engine.db"))
    proved(stall, tmp_path / "there.zip", capsys)
    assert kept(stall, tmp_path / "two") == before
    assert run(["restore", str(tmp_path / "two"), str(stall), "--check"]) == 0
    name_files(stall)
    assert run(["restore", str(tmp_path / "two"), str(stall)]) == 0
    proved(stall, tmp_path / "back.zip", capsys)
    assert kept(stall, tmp_path / "three") == before
