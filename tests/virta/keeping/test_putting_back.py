"""`virta restore`: nothing is lost, and no mail goes twice."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from kept_stall import KEY, kept, lose, order, rows_in, url_of
from postgres_server import Running
from serving import Served, eventually

from virta.command import run
from virta.keeping.manifest import CONSENT
from virta.mailbox.reader import mails

PAGE = Path(__file__).parents[3] / "docs" / "backup.md"


def told(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


def serve_until(stall: Path, done: Callable[[], object]) -> None:
    with Served(stall, "--mailbox") as served:
        eventually(done)
        assert served.stop() == 0


def subjects(stall: Path) -> list[str]:
    return sorted(mail.subject for mail in mails(stall / "data" / "mailbox"))


def test_it_is_refused_while_virta_runs(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stop it first, it says."""
    with Served(stall, "--mailbox") as served:
        assert run(["restore", str(backup), str(stall), "--over-newer"]) == 2
        said = told(capsys)
        assert "Virta is running on" in said
        assert f"process {served.process.pid} at" in said or not url_of(stall)
        assert served.stop() == 0


def test_what_was_accepted_before_the_backup_is_mailed_after_it(
    stall: Path, backup: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a new machine: nothing is there but the project and its backup."""
    lose(stall, postgres)
    assert run(["restore", str(backup), str(stall)]) == 0
    assert " back in " in told(capsys)
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])


def test_an_old_backup_of_the_engine_sends_no_claimed_key_again(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mail has gone since; the engine of before wants it to go, and consent says that it has."""
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])
    assert run(["restore", str(backup), str(stall), "--engine-only"]) == 2
    assert "is newer than the backup" in told(capsys)
    assert run(["restore", str(backup), str(stall), "--engine-only", "--over-newer"]) == 0
    with Served(stall, "--mailbox") as served, httpx2.Client(base_url=served.url, headers=KEY) as http:
        assert http.post("/v1/events", json={"events": [order("o-1"), order("o-2")]}).status_code == 202
        eventually(lambda: "Order o-2" in subjects(stall))
        assert served.stop() == 0
    assert subjects(stall) == ["Order o-1", "Order o-2"]


def test_newer_data_is_not_forgotten_without_a_word(
    stall: Path, backup: Path, tmp_path: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the word, what was there stands aside, whole."""
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])
    before = kept(stall, tmp_path / "before")
    assert run(["restore", str(backup), str(stall)]) == 2
    says = told(capsys)
    assert "its log of consent has" in says
    assert "Nothing was changed. To put the backup back all the same, add `--over-newer`" in says
    assert kept(stall, tmp_path / "after") == before
    assert run(["restore", str(backup), str(stall), "--over-newer"]) == 0
    assert kept(stall, tmp_path / "back")["engine.db"] == rows_in(backup)["engine.db"]
    (aside,) = (stall / "data").glob("before-restore-*")
    url = url_of(stall)
    if url:
        schemas = postgres.ask_at(
            url, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'stall%' ORDER BY 1"
        )
        names = [name for (name,) in schemas]
        assert [re.sub(r"\d{8}t\d{6}z", "…", name) for name in names] == [
            "stall_consent",
            "stall_consent_…",
            "stall_engine",
            "stall_engine_…",
        ]
        assert postgres.ask_at(url, f"SELECT count(*) FROM {names[1]}.leaves") == [
            (len(before[CONSENT]["leaves"]),)
        ]
    else:
        assert rows_in(aside) == before


def test_the_commands_of_the_page_put_a_backup_back_where_virta_went_on(stall: Path, tmp_path: Path) -> None:
    """As they are written there: backed up, served, looked at, put back."""
    block = re.search(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert block is not None
    words = block[1].replace("/srv/kafija", str(stall)).replace("/backups/2026-04-07", str(tmp_path / "kept"))
    backup, check, restore = (line.split()[1:] for line in words.splitlines())
    assert run(backup) == 0
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])
    assert run(check) == 0
    assert run(restore) == 0


def test_a_restore_that_was_cut_short_is_not_served(
    stall: Path, backup: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of it is new: the start says what to do, and doing it again mends it."""
    (stall / "data" / "restore-unfinished").write_text(f"{backup}\n")
    if url_of(stall):
        postgres.ask_at(url_of(stall), "ALTER SCHEMA stall_consent RENAME TO stall_gone")
    else:
        (stall / "data" / CONSENT).unlink()
    assert run(["serve", str(stall), "--port", "0"]) == 2
    assert f"Do it again: virta restore {backup}" in told(capsys)
    assert run(["restore", str(backup), str(stall)]) == 0
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])
