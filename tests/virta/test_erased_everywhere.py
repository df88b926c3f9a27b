"""Somebody who left traces wherever one can is erased; then everything is searched for them, byte by byte."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from erased_life import (
    ANNA,
    BELA,
    KEY,
    TRACES,
    arrives,
    found_in,
    kept_of,
    leave_traces,
    make_traced_stall,
    rows_of,
)
from postgres_server import Running as Database
from serving import Served, eventually

from virta.command import run
from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def stall(tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    monkeypatch.setenv("CRM_SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    return make_traced_stall(tmp_path / "stall", mailbox.url)


@pytest.fixture
def on_server(stall: Path, postgres: Database, schema: Callable[[], str]) -> Iterator[Path]:
    """The same project with its stores on a server."""
    name, url = schema(), postgres.url.replace("postgres:@", "postgres@")
    with (stall / "virta.toml").open("a") as file:
        file.write(f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{name}"\n')
    yield stall
    for part in ("engine", "consent"):
        postgres.drop(f"{name}_{part}")


def erased_while_it_serves(stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]) -> list[bytes]:
    """Two people leave traces, one is erased by the command, and Virta stops; what was sealed of them."""
    with Served(stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        leave_traces(http, mailbox, ANNA, "Zebulina Quagmire", "zebulina")
        leave_traces(http, mailbox, BELA, "Bela", "bela")
        (anna, kept), (bela, _) = kept_of(stall, ANNA), kept_of(stall, BELA)
        assert len(kept) > 6  # evidence and its salts are among it
        eventually(lambda: min(rows_of(stall, anna)) and min(rows_of(stall, bela)))
        others = rows_of(stall, bela)
        assert run(["consent", "erase", ANNA, str(stall), "--yes"]) == 0
        assert f"Subject {anna} was erased on" in capsys.readouterr().out
        assert rows_of(stall, anna) == (0, 0, 0)
        assert rows_of(stall, bela) >= others
        assert run(["consent", "erase", anna, str(stall)]) == 0
        assert "All stores had forgotten them on" in capsys.readouterr().out
        data = {"order_id": "order-of-zebulina"}
        late = {"id": "late", "event": "order_placed", "contact": {"id": anna}, "data": data}
        assert http.post("/v1/events", json={"events": [late]}, headers=KEY).status_code == 202
        arrived = [mail.subject for mail in mails(mailbox.folder)]
        told = {"id": "o-2", "event": "order_placed", "contact": {"email": BELA}, "data": {"order_id": "b-2"}}
        assert http.post("/v1/events", json={"events": [told]}, headers=KEY).status_code == 202
        arrives(mailbox, BELA, "Order b-2")
        assert rows_of(stall, anna) == (0, 0, 0)
        assert [s for s in arrived if "zebulina" in s] == [
            mail.subject for mail in mails(mailbox.folder) if "zebulina" in mail.subject
        ]
        assert served.stop() == 0
    return kept


def test_nothing_of_them_is_in_any_file(
    stall: Path, mailbox: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Databases, write-ahead logs, attempt file, stops, logs: neither address nor name nor what they did, nor
    a key or salt of theirs."""
    kept = erased_while_it_serves(stall, mailbox, capsys)
    files = [*(stall / "data").rglob("*"), stall.parent / "stall.log"]
    assert {"engine.db", "consent.db", "attempts", "consent.db.stops", "stall.log"} <= {f.name for f in files}
    assert found_in(files, kept, TRACES) == set()


def test_nothing_of_them_is_in_the_files_of_a_server(
    on_server: Path,
    mailbox: Running,
    postgres: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same of the files in which a server keeps its tables."""
    kept = erased_while_it_serves(on_server, mailbox, capsys)
    postgres.ask("CHECKPOINT")
    [(data,)] = postgres.ask("SHOW data_directory")
    files = [*(Path(data) / "base").rglob("*"), *(on_server / "data").rglob("*"), tmp_path / "stall.log"]
    assert len(files) > 100
    assert found_in(files, kept, TRACES) == set()


def test_it_is_done_at_once_where_nothing_runs(
    stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look before changes nothing, and neither does a command that nobody agrees to."""
    with Served(stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        leave_traces(http, mailbox, ANNA, "Zebulina Quagmire", "zebulina")
        assert served.stop() == 0
    anna, kept = kept_of(stall, ANNA)
    before = rows_of(stall, anna)
    assert run(["consent", "erase", ANNA, str(stall), "--dry-run"]) == 0
    assert "Nothing was changed." in capsys.readouterr().out
    assert run(["consent", "erase", ANNA, str(stall)]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert rows_of(stall, anna) == before
    assert run(["consent", "erase", ANNA, str(stall), "--yes"]) == 0
    assert "backups from before, which you delete by" in capsys.readouterr().out
    assert found_in(list((stall / "data").rglob("*")), kept, TRACES) == set()
    assert run(["consent", "erase", ANNA, str(stall), "--yes"]) == 1
    assert capsys.readouterr().out.startswith("Nobody is known here as")
    assert run(["consent", "erase", "nobody at all", str(stall), "--yes"]) == 2
    assert "neither an e-mail address nor the id" in capsys.readouterr().err


def test_the_answer_for_programs_is_all_that_is_on_standard_output(stall: Path, mailbox: Running) -> None:
    """Where nothing runs, the engine's code does its work in the command itself, and what it logs is no part
    of the answer."""
    with Served(stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        leave_traces(http, mailbox, ANNA, "Zebulina Quagmire", "zebulina")
        assert served.stop() == 0
    words = ["consent", "erase", ANNA, str(stall), "--yes", "--format", "json"]
    program = [sys.executable, "-c", "from virta.command import main; main()", *words]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (ended.returncode, json.loads(ended.stdout)["erasure"]["primary"] > 0) == (0, True), ended.stderr
