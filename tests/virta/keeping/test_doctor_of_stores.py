"""`virta doctor`: what it says of where the stores are, and of what restores and moves leave behind."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kept_stall import SCHEMA, consenting, name_server, schemas_of, url_of
from postgres_server import Running

from virta.command import run
from virta.operating import on_server


def found(stall: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, list[str]]:
    """What each kind of finding says, but for the mail server that nobody runs here; notes too."""
    capsys.readouterr()
    run(["doctor", str(stall), "--format", "json", *more])
    report = json.loads(capsys.readouterr().out)
    told: dict[str, list[str]] = {"notes": report["notes"], "running": [str(report["running"])]}
    for one in report["findings"]:
        if one["what"] != "mail-server":
            told.setdefault(one["what"], []).append(one["says"])
    return told


def test_a_doctor_looks_at_the_stores_wherever_they_are(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a server it says what it sees: how large the stores are, and settings that lose data (the tests' own
    server has two). Every row can be read."""
    told = found(stall, capsys, "--integrity")
    assert told["running"] == ["False"]
    if url_of(stall):
        sizes = [note.partition(" takes ")[0] for note in told["notes"] if " takes " in note]
        assert sizes == ["The store of the engine", "The store of the consent"]
        assert [says.partition(" with ")[2].partition(":")[0] for says in told["server"]] == [
            "autovacuum = off",
            "fsync = off",
        ]
    assert set(told) <= {"notes", "running", "server"}


def test_a_server_that_writes_values_into_its_log_is_told_of(
    stall: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """For nothing that Virta erases is erased there; without the values it may write what it likes."""
    if not url_of(stall):
        return
    [(name,)] = postgres.ask_at(url_of(stall), "SELECT current_database()")
    for setting, says in (("log_statement = 'mod'", True), ("log_parameter_max_length = 0", False)):
        postgres.ask(f"ALTER DATABASE {name} SET {setting}")
        told = " ".join(found(stall, capsys)["server"])
        assert ("into its log with the values" in told) is says


def test_a_restore_that_was_cut_short_is_told_of(
    stall: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the schema that it was making."""
    (stall / "data" / "restore-unfinished").write_text("/backups/one\n")
    if url_of(stall):
        postgres.ask_at(url_of(stall), f"CREATE SCHEMA {SCHEMA}_engine_new")
        postgres.ask_at(url_of(stall), f"CREATE TABLE {SCHEMA}_engine_new.note (name text)")
    told = found(stall, capsys)
    assert "virta restore /backups/one" in told["restore-unfinished"][0]
    assert ("left-over" in told) == bool(url_of(stall))


def test_what_was_put_aside_is_told_of_after_a_month(
    stall: Path,
    backup: Path,
    postgres: Running,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Erased people may be in it: the folders, and the schemas."""
    assert run(["restore", str(backup), str(stall), "--over-newer"]) == 0
    assert "put-aside" not in found(stall, capsys)
    later = round(datetime.now(UTC).timestamp() * 1000) + 31 * 86_400_000
    monkeypatch.setattr("virta.commands.doctor.now", lambda: later)
    (aside,) = (stall / "data").glob("before-restore-*")
    schemas = schemas_of(stall, postgres) if url_of(stall) else []
    names = [str(aside), *(f"The schema {name}" for name in reversed(schemas) if name.endswith("z"))]
    assert [says.partition(" holds ")[0] for says in found(stall, capsys)["put-aside"]] == names


def test_files_of_before_a_move_are_told_of(
    filed: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody named a server, and moved nothing."""
    name_server(filed, postgres.url.replace("postgres:@", "postgres@"))
    told = found(filed, capsys)
    assert [says.partition(" is still ")[0] for says in told["left-behind"]] == [
        str(filed / "data" / "engine.db"),
        str(filed / "data" / "consent.db"),
    ]


def test_a_server_that_is_away_is_told_of(filed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether an engine runs is not known then."""
    name_server(filed, "postgresql://virta@127.0.0.1:1/virta")
    told = found(filed, capsys)
    assert told["running"] == ["None"]
    assert (
        "the schema stall_engine in the PostgreSQL database virta at 127.0.0.1 cannot be" in told["server"][0]
    )


@pytest.mark.parametrize("stall", ["server"], indirect=True)
def test_a_writer_that_does_not_end_is_named(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what ends it; the command that is written here takes longer than it may."""
    monkeypatch.setattr(on_server, "_LONG", -1)
    assert "locked" not in found(stall, capsys)
    with consenting(stall) as service:
        writer = service.store.writer
        assert writer is not None
        with writer.begin():
            told = found(stall, capsys)
    (says,) = told["locked"]
    assert says.startswith("virta consent, process ")
    assert f"has been writing into the schema {SCHEMA}_consent" in says
